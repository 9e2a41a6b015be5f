//! What can go wrong while a server is set up.

use std::io;

use openssl::error::ErrorStack;

/// Why a certificate could not be made or a server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// OpenSSL refused: a cipher list without a known suite, a version this build lacks, a malformed key.
    #[error("cannot {doing}")]
    Tls {
        /// What was tried.
        doing: &'static str,
        /// OpenSSL's own report.
        source: ErrorStack,
    },
    /// The operating system refused a socket, a thread or a file.
    #[error("cannot {doing}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A time outside the range a certificate can state.
    #[error("a certificate cannot be valid at {seconds} seconds from 1970")]
    InvalidTime {
        /// The time asked for, in seconds since 1970.
        seconds: i128,
    },
    /// A file name that would leave the served folder.
    #[error("file name {name:?} leaves the served folder")]
    InvalidFileName {
        /// The name asked for.
        name: String,
    },
    /// The server ended before it accepted a connection.
    #[error("the {server} did not start: {reason}")]
    NotStarted {
        /// Which server.
        server: &'static str,
        /// What it said.
        reason: String,
    },
}

impl ServerError {
    /// For `map_err`: OpenSSL failed while `doing`.
    pub(super) fn tls(doing: &'static str) -> impl FnOnce(ErrorStack) -> Self {
        move |source| Self::Tls { doing, source }
    }

    /// For `map_err`: the operating system failed while `doing`.
    pub(super) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}
