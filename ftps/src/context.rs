//! The packet data context that FTP and its TLS use.
//!
//! Newer platforms take it with each session, some bind protocols to contexts beforehand, and the others know one
//! context only. Source: IPE28 p93-99, p119-120.

use telit_core::at::InvalidValue;
use telit_core::platform::{Availability, FtpProfile, Profile};
use telit_core::{CommandError, Modem};

use crate::commands::{BindContext, BoundContext, Protocol};

/// The context where nothing chooses another one. Source: IPE28 p93.
const FIXED: u8 = 1;

/// How a platform is told which context FTP uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// With `#FTPOPEN`.
    WithEachSession,
    /// With `#PROTOCOLCFG`, for FTP and for TLS.
    Bound,
    /// It is context 1.
    Fixed,
}

/// Refuses a context that FTP cannot use, before anything is sent.
pub(crate) fn check_context(profile: &Profile, ftp: &FtpProfile, context: u8) -> Result<(), InvalidValue> {
    let refused = |problem: String| Err(InvalidValue::new("packet data context", problem));
    match choice(profile, ftp) {
        Choice::Fixed if context != FIXED => {
            refused(format!("it is {context}, FTP and its TLS use context {FIXED} on this platform"))
        }
        Choice::Bound if !profile.context.ids.contains(&context) => {
            refused(format!("there is no context {context} on this platform"))
        }
        _ => Ok(()),
    }
}

/// Binds FTP and TLS to the modem's context where that is a setting of its own and another one is bound.
pub(crate) async fn bind_context(modem: &Modem, ftp: &FtpProfile) -> Result<(), CommandError> {
    if choice(modem.profile(), ftp) != Choice::Bound {
        return Ok(());
    }
    let context = modem.context_id();
    let usual = modem.profile().context.attach_id_of(modem.model());
    for protocol in [Protocol::Ftp, Protocol::Tls] {
        // The module keeps it, so what is there is not written again.
        match modem.run(BoundContext(protocol)).await {
            Ok(bound) if bound == Some(context) => {}
            Ok(_) => modem.run(BindContext { protocol, context }).await?,
            // A firmware without the command uses the Internet's.
            Err(CommandError::Refused { .. }) if context == usual => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn choice(profile: &Profile, ftp: &FtpProfile) -> Choice {
    match (ftp.open_context_field, profile.context.protocol_config) {
        (Availability::Yes | Availability::Probe, _) => Choice::WithEachSession,
        (Availability::No, Availability::Yes | Availability::Probe) => Choice::Bound,
        (Availability::No, Availability::No) => Choice::Fixed,
    }
}
