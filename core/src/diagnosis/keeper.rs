//! Holds the module's TLS, and what its settings were.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::{Category, CommandError};
use crate::exclusive::SocketTurn;
use crate::modem::Modem;
use crate::socket::{KeptSettings, SocketError};
use crate::tls::{SHARED_SOCKET, StoredCredential, TlsError, inventory};

/// How long a module that has restarted is waited for, and how often it is asked.
const RESTARTING: Duration = Duration::from_secs(60);
const ASKING: Duration = Duration::from_secs(1);

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

    /// The TLS socket whose settings are put back.
    pub(super) fn socket(&self) -> Option<u8> {
        self.kept.as_ref().map(KeptSettings::socket)
    }

    pub(super) async fn put_back(mut self) -> Result<(), SocketError> {
        let Some(kept) = self.kept.as_ref() else { return Ok(()) };
        put_back(&self.modem, kept).await?;
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
            if let Err(error) = put_back(&modem, &kept).await {
                tracing::warn!(%error, "the settings of TLS could not be put back");
            }
            drop(turn);
        });
    }
}

/// A module that does not answer is asked again: after a restart, too, it may hold what was written last.
async fn put_back(modem: &Modem, kept: &KeptSettings) -> Result<(), SocketError> {
    let until = Instant::now() + RESTARTING;
    loop {
        match kept.put_back(modem).await {
            Err(error) if may_come_back(&error) && Instant::now() < until => sleep(ASKING).await,
            outcome => return outcome,
        }
    }
}

fn may_come_back(error: &SocketError) -> bool {
    match error {
        SocketError::Command(CommandError::LinkLost { .. })
        | SocketError::Tls(TlsError::Command(CommandError::LinkLost { .. })) => false,
        error => error.category() == Category::Link,
    }
}
