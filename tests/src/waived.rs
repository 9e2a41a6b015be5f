//! TLS options that every platform can keep.

use telit_core::platform::{PlatformId, Profile};
use telit_core::tls::{CipherPolicy, TlsOptionsBuilder};

/// What the platform cannot do is waived, and nothing else.
pub(crate) fn waived(profile: &Profile, builder: TlsOptionsBuilder) -> TlsOptionsBuilder {
    let builder = with_server_name(profile, builder);
    if profile.tls.checks_host_name() { builder } else { builder.danger_skip_host_check() }
}

/// Without the server name where the platform cannot send it.
pub(crate) fn with_server_name(profile: &Profile, builder: TlsOptionsBuilder) -> TlsOptionsBuilder {
    if profile.tls.sends_server_name() { builder } else { builder.without_server_name() }
}

/// The recommended suites where the platform can be told to use them, else the compatible ones. Source: SSL guide,
/// Appendix A.
pub(crate) fn strongest(profile: &Profile, builder: TlsOptionsBuilder) -> TlsOptionsBuilder {
    match profile.id {
        PlatformId::P25ThreadX | PlatformId::P37 | PlatformId::P52 => builder,
        _ => builder.cipher_policy(CipherPolicy::Compatible),
    }
}
