//! What a connection needs before the module is touched: an instance, and TLS if it is asked for.

use telit_core::at::Command;
use telit_core::commands::ReadClock;
use telit_core::exclusive::{Claim, Service, TlsLease};
use telit_core::tls;

use super::Engine;
use super::claim::InstanceClaim;
use crate::capabilities::Capabilities;
use crate::commands::EnabledClients;
use crate::error::ConnectError;
use crate::options::MqttSecurity;

/// An instance of the module's client, and the right to use TLS on the secure socket of the same number.
#[derive(Debug)]
pub(crate) struct Place {
    claim: InstanceClaim,
    lease: Option<TlsLease>,
}

/// How long to wait for another service of this program to give TLS back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// As long as the options say.
    Asked,
    /// Until it is our turn.
    Unbounded,
}

impl Place {
    /// The number of the module's client.
    pub(super) fn instance(&self) -> u8 {
        self.claim.instance()
    }

    pub(super) fn lease(&self) -> Option<&TlsLease> {
        self.lease.as_ref()
    }

    /// Gives both back. The module must not use them any more.
    pub(super) fn release(self) {
        if let Some(lease) = self.lease {
            lease.release();
        }
    }
}

impl Engine {
    /// Takes an instance, and TLS if it is needed.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue.
    pub(crate) async fn place(&self, patience: Patience) -> Result<Place, ConnectError> {
        let wanted = self.options.instance;
        let instances = wanted.map_or_else(|| self.profile.instances.clone(), |instance| instance..=instance);
        let claim = InstanceClaim::take(self.modem.module_id(), instances)
            .ok_or(ConnectError::InstanceInUse { instance: wanted })?;
        self.look_ahead(claim.instance()).await?;
        let lease = self.lease(claim.instance(), patience).await?;
        Ok(Place { claim, lease })
    }

    /// Everything that is read before the first change, on as few lines as possible.
    async fn look_ahead(&self, instance: u8) -> Result<(), ConnectError> {
        let profile = self.modem.profile();
        let mut reads = self.modem.leftover_reads();
        reads.push(EnabledClients { instance }.exchange()?);
        reads.extend(self.modem.unknown_forms(&Capabilities::forms(self.profile)));
        if matches!(self.options.security, MqttSecurity::Tls(_)) {
            reads.extend(self.modem.unknown_forms(&tls::forms(profile)));
            reads.push(ReadClock.exchange()?);
        }
        self.modem.look_ahead(&reads).await.map_err(ConnectError::of_command)
    }

    async fn lease(&self, socket: u8, patience: Patience) -> Result<Option<TlsLease>, ConnectError> {
        if !matches!(self.options.security, MqttSecurity::Tls(_)) {
            return Ok(None);
        }
        let claim = Claim::on(Service::Mqtt, socket);
        let wait = match patience {
            Patience::Unbounded => return Ok(Some(self.modem.acquire_tls(claim).await?)),
            Patience::Asked => self.options.tls_wait,
        };
        if !wait.is_zero()
            && let Ok(lease) = tokio::time::timeout(wait, self.modem.acquire_tls(claim)).await
        {
            return Ok(Some(lease?));
        }
        Ok(Some(self.modem.try_acquire_tls(claim).await?))
    }
}
