//! Waiting for the module to tell of the answer.

use std::time::Duration;

use telit_core::CommandError;
use telit_core::driver::Unsolicited;
use tokio::time::timeout;

use crate::error::RequestError;
use crate::ring::Ring;

/// The ring of this profile. `patience` covers the module's own timeout and what comes on top.
pub(crate) async fn wait_for_ring(
    unsolicited: &mut Unsolicited,
    profile: u8,
    patience: Duration,
) -> Result<Ring, RequestError> {
    match timeout(patience, next_ring(unsolicited, profile)).await {
        Ok(Some(ring)) => Ok(ring),
        Ok(None) => {
            let (command, reason) = ("#HTTPRING".to_owned(), "the port is closed".to_owned());
            Err(CommandError::LinkLost { command, reason, sent: true }.into())
        }
        Err(_) => Err(RequestError::Lost { waited: patience }),
    }
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
