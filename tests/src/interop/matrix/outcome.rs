//! What came of a cell.

use telit_core::platform::{CipherSuite, TlsVersion};
use telit_core::tls::PolicyRefusal;

use super::demand::Demand;

/// What a server told of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) version: TlsVersion,
    pub(super) suite: CipherSuite,
}

/// Why there was no connection.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// There was one, and the server told this of it.
    Used(Used),
    /// The SDK refused before anything was sent: the platform cannot do what was asked for.
    Refused(PolicyRefusal),
    /// The OpenSSL inside the virtual module does not have the suite.
    AbsentInModule,
    /// The server said that it has no suite in common with the module.
    AbsentInServer,
    /// Something that must not happen.
    Unexpected(String),
}

impl Outcome {
    /// As the table shows it.
    pub(super) fn shown(&self, demand: Demand) -> String {
        match (self, demand) {
            (Self::Used(used), Demand::Only(asked) | Demand::Default(asked)) if asked == used.suite => {
                used.version.to_string()
            }
            (Self::Used(used), _) => format!("{} {}", used.version, used.suite),
            (Self::Refused(refusal), _) => why(refusal).to_owned(),
            (Self::AbsentInModule, _) => "not in module".to_owned(),
            (Self::AbsentInServer, _) => "not in server".to_owned(),
            (Self::Unexpected(what), _) => format!("UNEXPECTED {what}"),
        }
    }
}

fn why(refusal: &PolicyRefusal) -> &'static str {
    match refusal {
        PolicyRefusal::Suites { .. } => "no such suite",
        PolicyRefusal::VersionNotKept { .. } => "not kept to TLS 1.2",
        PolicyRefusal::Version { .. } => "no such version",
        _ => "UNEXPECTED refusal",
    }
}

/// The version that a server writes as `1.2`.
pub(super) fn version(number: &str) -> Option<TlsVersion> {
    match number {
        // OpenSSL leaves the zero out.
        "1" | "1.0" => Some(TlsVersion::Tls10),
        "1.1" => Some(TlsVersion::Tls11),
        "1.2" => Some(TlsVersion::Tls12),
        "1.3" => Some(TlsVersion::Tls13),
        _ => None,
    }
}
