//! What a session has lost with its module.

use telit_core::commands::ReadErrorFormat;
use telit_core::driver::{Health, Loss};
use telit_core::{CommandError, Modem};

use crate::error::{ConnectError, TransferError};

/// The state of the module that a session relies on.
#[derive(Clone, Debug)]
pub(crate) struct Basis {
    modem: Modem,
    health: Health,
}

impl Basis {
    /// The module as it is now.
    pub(crate) fn now(modem: &Modem) -> Self {
        Self { modem: modem.clone(), health: modem.health().now() }
    }

    /// What is gone of it, as far as is known.
    pub(crate) fn loss(&self) -> Option<Loss> {
        self.health.loss_until(&self.modem.health().now())
    }

    /// Names the restart if one is behind the error of an operation.
    pub(crate) async fn explain(&self, error: TransferError) -> TransferError {
        if error.is_silence() {
            self.ask().await;
        }
        match self.loss() {
            Some(Loss::ModuleRestarted) if error.is_loss() => {
                TransferError::ModuleRestarted { error: Box::new(error) }
            }
            _ => error,
        }
    }

    /// Names the restart if one is behind the failure to open a session.
    pub(crate) async fn explain_connect(&self, error: ConnectError) -> ConnectError {
        if error.is_silence() {
            self.ask().await;
        }
        match self.loss() {
            Some(Loss::ModuleRestarted) if error.is_loss() => ConnectError::ModuleRestarted,
            _ => error,
        }
    }

    /// An error if the module is not the one any more that was set up.
    pub(crate) fn check(&self, command: &str) -> Result<(), ConnectError> {
        match self.loss() {
            None => Ok(()),
            Some(Loss::ModuleRestarted) => Err(ConnectError::ModuleRestarted),
            Some(_) => {
                let reason = "the port was opened again meanwhile".to_owned();
                Err(ConnectError::Link(CommandError::LinkLost {
                    command: command.to_owned(),
                    reason,
                    sent: false,
                }))
            }
        }
    }

    /// A module that has restarted shows it with its next answer. One that is still starting gives none.
    async fn ask(&self) {
        if self.loss().is_none() {
            // The answer itself does not matter.
            drop(self.modem.run(ReadErrorFormat).await);
        }
    }
}
