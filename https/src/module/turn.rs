//! Whose turn it is: the module's HTTP client serves one request at a time, and its TLS one service.

use std::sync::Arc;

use telit_core::exclusive::{Holder, Service, ServiceBusy};
use telit_core::modem::Basis;
use tokio::sync::{MutexGuard, OwnedMutexGuard};
use tokio::time::timeout;

use super::switch_off::{Kept, switch_off};
use super::transaction::Turn;
use crate::error::RequestError;
use crate::shared::Shared;

/// Waits for earlier requests of this client and for TLS, within the bound of the options.
pub(crate) async fn take_turn(shared: &Shared) -> Result<Turn, RequestError> {
    let wait = shared.options.wait_for_tls;
    let turn = Arc::clone(&shared.turn);
    if wait.is_zero() {
        let turn = turn.try_lock_owned().map_err(|_| busy(shared))?;
        return take_tls(shared, turn).await;
    }
    let waiting = async { take_tls(shared, turn.lock_owned().await).await };
    timeout(wait, waiting).await.unwrap_or_else(|_| Err(busy(shared)))
}

async fn take_tls(shared: &Shared, mut turn: OwnedMutexGuard<Option<Kept>>) -> Result<Turn, RequestError> {
    if let Some(Kept { lease, basis, .. }) = turn.take() {
        if basis.loss().is_none() {
            return Ok(Turn { turn, lease, basis, kept: true });
        }
        // Its flag is still on, and only a new owner finds that and switches it off before TLS is set up.
        drop(lease);
    }
    let lease = match shared.options.wait_for_tls.is_zero() {
        true => shared.modem.try_acquire_tls(Service::Http).await?,
        false => shared.modem.acquire_tls(Service::Http).await?,
    };
    Ok(Turn { turn, lease, basis: Basis::now(&shared.modem), kept: false })
}

/// Gives back what is kept between requests, after the request that is under way.
pub(crate) async fn release(shared: &Shared) -> Result<(), RequestError> {
    let turn = shared.turn.lock().await;
    give_back(shared, turn).await
}

#[cfg(feature = "socket")]
/// Gives back what is kept between requests, unless a request is under way.
pub(crate) async fn release_idle(shared: &Shared) -> Result<(), RequestError> {
    let turn = shared.turn.try_lock().map_err(|_| busy(shared))?;
    give_back(shared, turn).await
}

async fn give_back(shared: &Shared, mut turn: MutexGuard<'_, Option<Kept>>) -> Result<(), RequestError> {
    match turn.take() {
        Some(kept) => Ok(switch_off(shared, kept).await?),
        None => Ok(()),
    }
}

/// Whoever holds TLS in this program.
pub(crate) fn busy(shared: &Shared) -> RequestError {
    let service = shared.modem.tls_holder().unwrap_or(Service::Http);
    ServiceBusy { holder: Holder::Here(service) }.into()
}
