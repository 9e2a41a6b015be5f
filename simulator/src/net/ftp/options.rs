//! What an FTP session is opened with.

use std::fmt;
use std::time::Duration;

use super::super::TlsSettings;

/// How the server is to represent files. The client itself never converts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransferType {
    /// `TYPE I`.
    Binary,
    /// `TYPE A`.
    Ascii,
}

/// What an FTP session is opened with.
#[derive(Clone)]
pub(crate) struct Options {
    /// The server.
    pub host: String,
    /// Its control port.
    pub port: u16,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
    /// Whether we dial the data connections (`true`) or the server does.
    pub passive: bool,
    /// `None` is plain FTP. With it the control connection is secured before the login, and every data connection is
    /// protected; there is no way back to plain.
    pub tls: Option<TlsSettings>,
    /// TLS from the first byte instead of after `AUTH TLS`. Means nothing without [`Options::tls`].
    pub implicit: bool,
    /// In passive mode: dial the server's own address if it announces an IPv4 address that is not public.
    /// Source: M37 p837 `<IPPignoring>`.
    pub ignore_passive_address: bool,
    /// `EPSV`/`EPRT` instead of `PASV`/`PORT`. They are used with IPv6 in any case.
    pub extended: bool,
    /// Downloads begin at the start where the server refuses `REST`.
    pub ignores_refused_restart: bool,
    /// Bound of opening a connection (control or data, with its handshake) and of each reply.
    pub timeout: Duration,
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls.is_some())
            .field("implicit", &self.implicit)
            .field("passive", &self.passive)
            .finish_non_exhaustive()
    }
}
