//! Holds the module's TLS, and what its settings were.

use crate::exclusive::SocketTurn;
use crate::modem::Modem;
use crate::socket::{KeptSettings, SocketError};
use crate::tls::{SHARED_SOCKET, StoredCredential, TlsError, inventory};

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

    /// What the module holds. TLS is enabled for that, and is switched off by the next owner if this is dropped.
    pub(super) async fn inventory(&self) -> Result<Vec<StoredCredential>, TlsError> {
        let Some((turn, lease)) = self.turn.as_ref().and_then(|turn| Some((turn, turn.lease()?))) else {
            return Ok(Vec::new());
        };
        turn.soil(SHARED_SOCKET);
        let stored = inventory(&self.modem, lease).await?;
        turn.cleaned(SHARED_SOCKET);
        Ok(stored)
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
