//! What a refusal of the module says about the network.

use telit_core::at::ModuleError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetworkFailure {
    NotOnline,
    Dns,
    Connect,
    Interrupted,
}

/// Failures of the IP family, and those of the FTP family that HTTP examples show too.
///
/// Source: M37 p23-26; IPE28 p133-134.
const NETWORK_FAILURES: [(NetworkFailure, u32, &str); 14] = [
    (NetworkFailure::NotOnline, 555, "activation failed"),
    (NetworkFailure::NotOnline, 556, "context not opened"),
    (NetworkFailure::NotOnline, 609, "context down"),
    (NetworkFailure::Dns, 558, "cannot resolve DN"),
    (NetworkFailure::Dns, 603, "cannot resolve name"),
    (NetworkFailure::Connect, 557, "cannot setup socket"),
    (NetworkFailure::Connect, 559, "time-out in opening socket"),
    (NetworkFailure::Connect, 560, "cannot open socket"),
    (NetworkFailure::Connect, 562, "connection failed"),
    (NetworkFailure::Connect, 567, "ip version type incompatible"),
    (NetworkFailure::Connect, 568, "ipv6 not enabled"),
    (NetworkFailure::Interrupted, 561, "remote disconnected or time-out"),
    (NetworkFailure::Interrupted, 563, "tx error"),
    (NetworkFailure::Interrupted, 565, "socket disconnection"),
];

impl NetworkFailure {
    pub(crate) fn of(error: &ModuleError) -> Option<Self> {
        NETWORK_FAILURES
            .iter()
            .find(|(_, number, text)| error.is(&[*number], text))
            .map(|(failure, ..)| *failure)
    }
}
