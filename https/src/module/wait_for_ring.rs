//! Waiting for the module to tell of the answer.

use std::time::Duration;

use telit_core::CommandError;
use telit_core::driver::{Loss, Unsolicited};
use telit_core::modem::Basis;
use tokio::time::timeout;

use crate::error::RequestError;
use crate::module::ring::Ring;

/// The ring of this profile. `patience` covers the module's own timeout and what comes on top. A module that restarts
/// will never tell.
pub(crate) async fn wait_for_ring(
    unsolicited: &mut Unsolicited,
    profile: u8,
    patience: Duration,
    basis: &Basis,
) -> Result<Ring, RequestError> {
    let waiting = async {
        tokio::select! {
            biased;
            ring = next_ring(unsolicited, profile) => ring.ok_or_else(port_lost),
            loss = basis.lost() => Err(lost(loss)),
        }
    };
    timeout(patience, waiting).await.unwrap_or(Err(RequestError::Lost { waited: patience }))
}

fn lost(loss: Loss) -> RequestError {
    match loss {
        Loss::ModuleRestarted => RequestError::ModuleRestarted { sent: true },
        _ => port_lost(),
    }
}

fn port_lost() -> RequestError {
    let (command, reason) = ("#HTTPRING".to_owned(), "the port was lost".to_owned());
    CommandError::LinkLost { command, reason, sent: true }.into()
}

/// `None` when the port is closed.
async fn next_ring(unsolicited: &mut Unsolicited, profile: u8) -> Option<Ring> {
    loop {
        match unsolicited.next().await? {
            Ok(line) => {
                if let Some(ring) = Ring::parse(&line.text(), profile) {
                    return Some(ring);
                }
            }
            Err(missed) => tracing::warn!(missed, "unsolicited lines were lost, the ring may be one of them"),
        }
    }
}
