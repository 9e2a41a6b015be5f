//! What a session has lost with its module.

use telit_core::CommandError;
use telit_core::driver::Loss;
use telit_core::modem::Basis;

use crate::error::{ConnectError, TransferError};

/// Names the restart if one is behind the error of an operation.
pub(crate) async fn explain(basis: &Basis, error: TransferError) -> TransferError {
    let loss = if error.is_silence() { basis.ask_for_loss().await } else { basis.loss() };
    match loss {
        Some(Loss::ModuleRestarted) if error.is_loss() => {
            TransferError::ModuleRestarted { error: Box::new(error) }
        }
        _ => error,
    }
}

/// Names the restart if one is behind the failure to open a session.
pub(crate) async fn explain_connect(basis: &Basis, error: ConnectError) -> ConnectError {
    let loss = if error.is_silence() { basis.ask_for_loss().await } else { basis.loss() };
    match loss {
        Some(Loss::ModuleRestarted) if error.is_loss() => ConnectError::ModuleRestarted,
        _ => error,
    }
}

/// Fails if the module is not the one any more that was set up.
pub(crate) fn check(basis: &Basis, command: &str) -> Result<(), ConnectError> {
    match basis.loss() {
        None => Ok(()),
        Some(Loss::ModuleRestarted) => Err(ConnectError::ModuleRestarted),
        Some(_) => {
            let (command, reason) = (command.to_owned(), "the port was opened again meanwhile".to_owned());
            Err(ConnectError::Link(CommandError::LinkLost { command, reason, sent: false }))
        }
    }
}
