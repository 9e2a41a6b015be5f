//! Giving TLS back.

use telit_core::CommandError;
use telit_core::exclusive::TlsLease;
use telit_core::modem::Basis;

use crate::module::commands::{Configure, ProfileSettings};
use crate::shared::Shared;

/// TLS that a client keeps between two requests.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) lease: TlsLease,
    /// What the module's HTTP profile holds.
    pub(crate) settings: ProfileSettings,
    /// What its set-up stands on.
    pub(crate) basis: Basis,
}

/// Switches TLS off in the HTTP profile, then releases the lease. If that fails, the next owner of TLS
/// cleans up. Source: SSL guide 9.1.
pub(crate) async fn switch_off(shared: &Shared, kept: Kept) -> Result<(), CommandError> {
    let Kept { lease, settings, .. } = kept;
    if !settings.tls {
        lease.release();
        return Ok(());
    }
    let settings = ProfileSettings { tls: false, ..settings };
    let deadline = shared.modem.profile().timeouts.local;
    shared.modem.run(Configure { profile: shared.options.profile, settings, deadline }).await?;
    lease.release();
    Ok(())
}
