//! A socket number with TLS enabled, and how it is given back whatever happens.

use super::error::SocketError;
use super::limits::SocketLimits;
use crate::commands::{EnableSockets, HangUpSocket};
use crate::error::{Category, CommandError};
use crate::exclusive::{Holder, LeaseError, Leaving, Service, ServiceBusy, SocketSlot, TlsLease};
use crate::modem::Modem;
use crate::task::spawn;
use crate::tls::TlsError;

/// A socket number with TLS enabled.
///
/// Dropping it hangs up and disables TLS in the background. If nothing runs any more, the next owner of TLS
/// finds the number enabled and cleans it.
#[derive(Debug)]
pub(super) struct OpenSlot {
    modem: Modem,
    slot: Option<SocketSlot>,
    id: u8,
    leaving: Leaving,
}

impl OpenSlot {
    /// Takes a number and enables TLS for it.
    pub(super) async fn enable(modem: &Modem, limits: &SocketLimits) -> Result<Self, SocketError> {
        let mut slot = modem.sockets().acquire(limits.ids.clone(), modem.channel().as_ref()).await?;
        let id = slot.id();
        if slot.is_soiled() {
            clean(modem, &mut slot).await?;
        }
        slot.soil();
        let leaving = slot.leaving();
        let open = Self { modem: modem.clone(), slot: Some(slot), id, leaving };
        match modem.run(EnableSockets { socket: id, on: true }).await {
            Ok(()) => Ok(open),
            Err(error) => match TlsError::from(error) {
                error if error.category() == Category::Busy => {
                    Err(LeaseError::from(ServiceBusy { holder: Holder::OtherPort(Service::Socket) }).into())
                }
                error => Err(error.into()),
            },
        }
    }

    pub(super) fn id(&self) -> u8 {
        self.id
    }

    /// The lease that all sockets share.
    pub(super) fn lease(&self) -> Option<&TlsLease> {
        self.slot.as_ref().and_then(SocketSlot::lease)
    }

    /// Hangs up and disables TLS.
    pub(super) async fn hang_up(mut self) -> Result<(), CommandError> {
        let Some(slot) = self.slot.as_mut() else {
            return Ok(());
        };
        // Whoever asks for a number meanwhile gets this one. Dropped here, the rest happens in the background.
        self.leaving.soon();
        let cleaned = clean(&self.modem, slot).await;
        self.slot.take();
        cleaned
    }

    /// Hangs up and keeps the session for the next connection.
    pub(super) async fn park(&self) -> Result<(), CommandError> {
        hang_up(&self.modem, self.id, true).await
    }

    /// How others say that the number will be free soon.
    pub(super) fn leaving(&self) -> Leaving {
        self.leaving.clone()
    }

    /// The number stays in use after all.
    pub(super) fn stays(&self) {
        if let Some(slot) = &self.slot {
            slot.stays();
        }
    }
}

impl Drop for OpenSlot {
    fn drop(&mut self) {
        // Without a runtime nobody can clean it now.
        let (Some(mut slot), Ok(_)) = (self.slot.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        self.leaving.soon();
        let modem = self.modem.clone();
        spawn(Box::pin(async move {
            if let Err(error) = clean(&modem, &mut slot).await {
                tracing::debug!(%error, "a TLS socket could not be closed in order");
            }
        }));
    }
}

async fn clean(modem: &Modem, slot: &mut SocketSlot) -> Result<(), CommandError> {
    // TLS cannot be disabled while it is connected. Source: M37 p894.
    hang_up(modem, slot.id(), false).await?;
    modem.run(EnableSockets { socket: slot.id(), on: false }).await?;
    slot.cleaned();
    Ok(())
}

/// A refusal does not matter: the connection may have ended already.
async fn hang_up(modem: &Modem, socket: u8, keep_session: bool) -> Result<(), CommandError> {
    let deadline = modem.profile().timeouts.tls_close;
    match modem.run(HangUpSocket { socket, keep_session, deadline }).await {
        Ok(()) | Err(CommandError::Refused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
