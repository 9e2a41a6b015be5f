//! What becomes of a connection whose module has restarted, or whose port was lost.

use super::error::SocketError;
use crate::driver::Loss;
use crate::error::CommandError;
use crate::modem::Basis;

/// What is gone of what a connection stands on.
pub(super) fn loss(basis: &Basis) -> Option<SocketError> {
    basis.loss().map(error)
}

/// Fails if something of it is gone.
pub(super) fn check(basis: &Basis) -> Result<(), SocketError> {
    loss(basis).map_or(Ok(()), Err)
}

/// Waits until something of it is gone.
pub(super) async fn lost(basis: &Basis) -> SocketError {
    error(basis.lost().await)
}

/// Names the restart if one is behind an error.
pub(super) async fn explain(basis: &Basis, error: SocketError) -> SocketError {
    let loss = if error.is_silence() { basis.ask_for_loss().await } else { basis.loss() };
    match loss {
        Some(Loss::ModuleRestarted) if error.may_be_loss() => SocketError::ModuleRestarted,
        _ => error,
    }
}

fn error(loss: Loss) -> SocketError {
    match loss {
        Loss::ModuleRestarted => SocketError::ModuleRestarted,
        Loss::PortLost => {
            let (command, reason) =
                ("#SSLD".to_owned(), "the port was lost, and the connection is given up".to_owned());
            SocketError::Command(CommandError::LinkLost { command, reason, sent: true })
        }
    }
}
