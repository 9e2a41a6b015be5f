//! Holds the module's TLS, and what its settings were.

use crate::exclusive::{SocketTurn, TlsLease};
use crate::modem::Modem;
use crate::socket::{KeptSettings, SocketError};

/// The module's TLS while it is examined. Dropped, it puts the settings back in the background.
#[derive(Debug)]
pub(super) struct Keeper {
    modem: Modem,
    turn: Option<SocketTurn>,
    kept: Option<KeptSettings>,
}

impl Keeper {
    pub(super) fn new(modem: &Modem, turn: SocketTurn) -> Self {
        Self { modem: modem.clone(), turn: Some(turn), kept: None }
    }

    pub(super) fn lease(&self) -> Option<&TlsLease> {
        self.turn.as_ref().and_then(SocketTurn::lease)
    }

    /// From now on what the module holds is put back.
    pub(super) async fn keep(&mut self) -> Result<(), SocketError> {
        self.kept = Some(KeptSettings::read(&self.modem).await?);
        Ok(())
    }

    pub(super) async fn put_back(mut self) -> Result<(), SocketError> {
        let Some(kept) = self.kept.as_ref() else { return Ok(()) };
        kept.put_back(&self.modem).await?;
        self.kept = None;
        Ok(())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let (Some(kept), Ok(runtime)) = (self.kept.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let (modem, turn) = (self.modem.clone(), self.turn.take());
        runtime.spawn(async move {
            if let Err(error) = kept.put_back(&modem).await {
                tracing::warn!(%error, "the settings of TLS could not be put back");
            }
            drop(turn);
        });
    }
}
