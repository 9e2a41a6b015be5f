//! What the 2G platforms 10, 13 and 16 share. The SSL guide treats them as one.

use super::tls::{
    ClosureTypes, Configuration, Credentials, ErrorNumbers, Slots, TlsProfile, TlsScope, Transfer, suites,
};
use super::{CommandSpec, tls};

/// The commands of all three. Source: SSL guide 6.3.1 (no `#SSLSECCFG2`), 7.3 (`#SSLFASTD`).
pub(super) const COMMANDS: &[&[CommandSpec]] = &[tls::COMMON, tls::FAST_DIAL];

/// The same with `#CPUMODE`, which the guide names for 10 and 16. Source: SSL guide 7.
pub(super) const COMMANDS_WITH_CPU_MODE: &[&[CommandSpec]] = &[tls::COMMON, tls::FAST_DIAL, tls::CPU_MODE];

/// Source: SSL guide 6.1-6.7. `credential_limit` differs.
pub(super) const fn tls(commands: &'static [&'static [CommandSpec]], credential_limit: u32) -> TlsProfile {
    TlsProfile {
        commands,
        scope: TlsScope::Module,
        // 6.2.1
        sockets: 1,
        // No source; the choice is that only what M37 says of its own platform and newer ones is kept.
        settings_kept: false,
        // 12.2
        numbers: ErrorNumbers::Guide,
        // 6.7.1. SSL is fixed to context 1: IPE28 p93.
        configuration: Configuration {
            fields: 8,
            contexts: 1..=1,
            packet_size: 300,
            host_check: false,
            equalize: false,
            connect_timeout: false,
            blank: true,
        },
        // 6.2.1: three fields. 6.5: PEM only.
        certificate_format: false,
        // 6.3.1. Offered are TLS 1.0 to 1.2, those of table 4.
        protocol: None,
        credentials: Credentials {
            slots: Slots::PerSocket,
            limit: credential_limit,
            ram: false,
            key_protection: false,
        },
        preloaded: None,
        // 7, table 3
        closure_types: ClosureTypes { printed: "(0,1)", taken: 0..=1, keeps_session: true },
        // 256: 7.1.2.2. 1023 and 1000 as on 37; 1024 is what `#SSENDEXT` takes there.
        transfer: Transfer { terminated: 1023, counted: 1024, receive: 1000, ring: 256 },
        suites: suites::PLATFORMS_2G,
    }
}
