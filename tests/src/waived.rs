//! TLS options that every platform can keep.

use telit_core::platform::Profile;
use telit_core::tls::{CipherPolicy, Probed, TlsOptionsBuilder, resolve};

/// What the platform cannot do is waived, and nothing else.
pub(crate) fn waived(profile: &Profile, builder: TlsOptionsBuilder) -> TlsOptionsBuilder {
    let builder = with_server_name(profile, builder);
    if profile.tls.checks_host_name() { builder } else { builder.danger_skip_host_check() }
}

/// Without the server name where the platform cannot send it.
pub(crate) fn with_server_name(profile: &Profile, builder: TlsOptionsBuilder) -> TlsOptionsBuilder {
    if profile.tls.sends_server_name() { builder } else { builder.without_server_name() }
}

/// The recommended suites where the platform can be pinned to one, else the compatible ones.
pub(crate) fn strongest(profile: &'static Profile, builder: TlsOptionsBuilder) -> TlsOptionsBuilder {
    let options = builder.clone().build().expect("they fit together");
    match resolve(profile, &options, &Probed::default()) {
        Ok(_) => builder,
        Err(_) => builder.cipher_policy(CipherPolicy::Compatible),
    }
}
