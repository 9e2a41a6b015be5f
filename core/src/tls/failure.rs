//! What the module says when TLS fails, and what that usually means.

use std::fmt;

use crate::at::ModuleError;
use crate::error::CommandError;

/// A TLS failure as the module names it. Two numberings and several spellings exist; all are understood.
///
/// Source: SSL guide 12.2; M37 p27.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFailure {
    /// Nobody has enabled TLS.
    NotActivated,
    /// Certificates or key are missing, or do not fit.
    Credentials,
    /// Unspecific.
    Generic,
    /// Another service has TLS enabled.
    AlreadyActivated,
    /// The handshake failed.
    Handshake,
    /// The connection below TLS failed.
    Socket,
    /// The command does not fit the state.
    InvalidState,
    /// TLS cannot be enabled.
    CannotActivate,
    /// There is no connection.
    NotConnected,
    /// There is a connection already.
    AlreadyConnected,
    /// Data could not be encrypted or decrypted.
    Data,
    /// The connection ended.
    Disconnected,
    /// The versions of both sides have none in common.
    VersionMismatch,
}

/// Failure, numbers of both numberings, text.
const FAILURES: [(TlsFailure, &[u32], &str); 13] = [
    (TlsFailure::NotActivated, &[836, 1000], "SSL not activated"),
    (TlsFailure::Credentials, &[837, 1001], "SSL certs and keys wrong or not stored"),
    (TlsFailure::Generic, &[830, 1002], "SSL generic error"),
    (TlsFailure::AlreadyActivated, &[835, 1003], "SSL already activated"),
    (TlsFailure::Handshake, &[839, 1004], "SSL error during handshake"),
    (TlsFailure::Socket, &[832, 1005], "SSL socket error"),
    (TlsFailure::InvalidState, &[841, 1006], "SSL invalid state"),
    (TlsFailure::CannotActivate, &[831, 1007], "SSL cannot activate"),
    (TlsFailure::NotConnected, &[833, 1008], "SSL not connected"),
    (TlsFailure::AlreadyConnected, &[834, 1009], "SSL already connected"),
    (TlsFailure::Data, &[838, 1010], "SSL error enc/dec data"),
    (TlsFailure::Disconnected, &[840, 1011], "SSL disconnected"),
    (TlsFailure::VersionMismatch, &[1012], "SSL version mismatch"),
];

impl TlsFailure {
    /// The TLS failure behind an error of a command, if it is one.
    #[must_use]
    pub fn of(error: &CommandError) -> Option<Self> {
        error.module_error().and_then(Self::named_by)
    }

    /// The TLS failure that a module names.
    #[must_use]
    pub fn named_by(error: &ModuleError) -> Option<Self> {
        FAILURES.iter().find(|(_, numbers, text)| error.is(numbers, text)).map(|(failure, ..)| *failure)
    }

    /// What to look at.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Handshake => {
                "the module does not say which check failed; look at: the CA certificate (is it the server's?), \
                 the host name in the server's certificate, its validity and the module's clock, the client \
                 certificate if the server asks for one, TLS version and cipher suites of both sides"
            }
            Self::Credentials => {
                "the CA certificate, the client certificate or its key is missing on the module or does not fit"
            }
            Self::AlreadyActivated => "another service of the module holds TLS; end it first",
            Self::VersionMismatch => "server and module have no TLS version in common",
            Self::Socket | Self::Disconnected => {
                "the server closed or refused the connection; check host, port and firewall, and whether the \
                 server accepts the client certificate"
            }
            Self::NotActivated | Self::InvalidState | Self::CannotActivate => {
                "the module's TLS is in an unexpected state; restarting the module may help"
            }
            Self::NotConnected | Self::AlreadyConnected | Self::Data | Self::Generic => {
                "try again; if it stays, restart the module"
            }
        }
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            FAILURES.iter().find(|(failure, ..)| failure == self).map_or("SSL error", |(.., text)| text);
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numberings_and_the_text_mean_the_same() {
        for (failure, numbers, text) in FAILURES {
            for number in numbers {
                let error = ModuleError::equipment(&number.to_string());
                assert_eq!(TlsFailure::named_by(&error), Some(failure), "{number}");
            }
            let error = ModuleError::equipment(&text.to_uppercase());
            assert_eq!(TlsFailure::named_by(&error), Some(failure), "{text}");
            assert!(!failure.hint().is_empty());
        }
        assert_eq!(TlsFailure::named_by(&ModuleError::plain()), None);
    }
}
