//! The new identity takes the place of the claim, or does not.

use std::time::Duration;

use telit_core::exclusive::Service;
use telit_core::tls::{self, TlsError};
use telit_core::{Backoff, Modem};

use super::ActivationError;
use crate::aws::AwsIot;
use crate::client::MqttClient;
use crate::error::ConnectError;

const ATTEMPTS: u32 = 3;
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(4), Duration::from_secs(16));

pub(super) async fn activate(
    modem: &Modem,
    new: &AwsIot,
    claim: &AwsIot,
) -> Result<MqttClient, ActivationError> {
    match connect(modem, new).await {
        Ok(client) => Ok(client),
        Err(error) => {
            tracing::warn!(%error, "the new identity cannot connect, the module gets its claim back");
            Err(ActivationError { error, restored: restore(modem, claim).await })
        }
    }
}

/// Connecting stores what the module does not hold yet. Source: M37 p914-917 refuses that while there is a connection,
/// and the claim's has ended.
async fn connect(modem: &Modem, new: &AwsIot) -> Result<MqttClient, ConnectError> {
    let mut attempt = 1;
    loop {
        match new.connect(modem).await {
            Err(error) if attempt < ATTEMPTS && !error.is_permanent() => {
                tracing::debug!(%error, attempt, "the new identity cannot connect yet");
                tokio::time::sleep(BACKOFF.draw(attempt)).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn restore(modem: &Modem, claim: &AwsIot) -> Result<(), TlsError> {
    let lease = modem.acquire_tls(Service::Mqtt).await?;
    let restored = tls::provision(modem, &lease, &[], Some(claim.identity())).await;
    lease.release();
    restored.map(drop)
}
