//! What the module says about one socket.

use super::error::SocketError;
use crate::commands::{ReadSocketCounters, ReadSocketState, SocketCounters, SocketState};
use crate::error::CommandError;
use crate::modem::Modem;
use crate::platform::CipherSuite;

/// Whether a socket is connected, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketStatus {
    /// The state.
    pub state: SocketState,
    /// The cipher suite in use, if the module tells it.
    pub suite: Option<CipherSuite>,
}

pub(super) async fn read(modem: &Modem, socket: u8) -> Result<SocketStatus, SocketError> {
    let report = modem.run(ReadSocketState { socket }).await?;
    let tls = &modem.profile().tls;
    let suite = report.suite.and_then(|value| tls.suite_from_value(&value));
    Ok(SocketStatus { state: report.state, suite })
}

pub(super) async fn counters(modem: &Modem, socket: u8) -> Result<Option<SocketCounters>, SocketError> {
    match modem.run(ReadSocketCounters { socket }).await {
        Ok(counters) => Ok(Some(counters)),
        Err(CommandError::Refused { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
