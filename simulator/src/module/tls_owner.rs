//! Who may use TLS. Source: SSL guide 6.1, 6.8, M37 p894.

use super::tls::Service;
use super::{InstanceId, Module};
use crate::error::{AtError, cme};
use crate::profile::TlsScope;

impl Module {
    /// Which services hold TLS now, on which secure socket.
    fn holders(&self) -> Vec<(Service, u8)> {
        let sockets = self.nvm.tls_sockets.iter().zip(1..).filter(|(socket, _)| socket.enabled);
        let mut holders: Vec<_> = sockets.map(|(_, id)| (Service::Sockets, id)).collect();
        if self.nvm.http.iter().any(|profile| profile.tls) {
            holders.push((Service::Http, 1));
        }
        if self.ftp.tls {
            holders.push((Service::Ftp, 1));
        }
        holders.extend(self.mqtt.tls_sockets().map(|id| (Service::Mqtt, id)));
        holders
    }

    /// The strict rule: a service may take TLS only if no other service holds it.
    pub(crate) fn claim_tls(
        &mut self,
        service: Service,
        socket: u8,
        instance: InstanceId,
    ) -> Result<(), AtError> {
        let scope = self.profile.tls.scope;
        let shares = |holder| {
            self.quirks.mqtt_takes_enabled_socket && (holder, service) == (Service::Sockets, Service::Mqtt)
        };
        let taken = self.holders().into_iter().any(|(holder, held)| {
            holder != service && !shares(holder) && (scope == TlsScope::Module || held == socket)
        });
        self.check_owner(socket, instance)?;
        if taken {
            return Err(AtError::Cme(cme::SSL_ALREADY_ACTIVATED));
        }
        self.tls.socket_mut(socket).owner = Some(instance);
        Ok(())
    }

    /// A service gives TLS back.
    pub(crate) fn release_tls(&mut self, socket: u8) {
        if !self.is_tls_active(socket) {
            self.tls.socket_mut(socket).owner = None;
        }
    }

    /// Whether any service has switched this secure socket on.
    pub(crate) fn is_tls_active(&self, socket: u8) -> bool {
        self.holders().iter().any(|(_, held)| *held == socket)
    }

    /// Whether any secure socket is on.
    pub(crate) fn is_any_tls_active(&self) -> bool {
        !self.holders().is_empty()
    }

    /// Another instance must not touch a socket that has an owner.
    pub(crate) fn check_owner(&self, socket: u8, instance: InstanceId) -> Result<(), AtError> {
        match self.tls.socket(socket).owner {
            Some(owner) if owner != instance && self.is_tls_active(socket) => {
                Err(AtError::Cme(cme::RESOURCE_USED))
            }
            _ => Ok(()),
        }
    }

    /// The socket is enabled by `#SSLEN`, and for this instance.
    pub(crate) fn usable_socket(&self, socket: u8, instance: InstanceId) -> Result<(), AtError> {
        if !self.tls_settings(socket).enabled {
            return Err(AtError::Cme(cme::SSL_NOT_ACTIVATED));
        }
        self.check_owner(socket, instance)
    }

    pub(crate) fn tls_settings(&self, socket: u8) -> &crate::nvm::TlsSocket {
        let index = usize::from(socket).wrapping_sub(1);
        self.nvm.tls_sockets.get(index).expect("the range of SSId has been checked")
    }

    pub(crate) fn tls_settings_mut(&mut self, socket: u8) -> &mut crate::nvm::TlsSocket {
        let index = usize::from(socket).wrapping_sub(1);
        self.nvm_mut().tls_sockets.get_mut(index).expect("the range of SSId has been checked")
    }
}
