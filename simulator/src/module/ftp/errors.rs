//! What failures of an FTP session are called.

use crate::error::{AtError, cme};
use crate::module::tls_events::dial_error;
use crate::net::ftp::{FtpError, Reply};
use crate::net::{NetError, TlsFailure};

/// What a failed `#FTPOPEN` is called.
pub(super) fn open_error(error: &FtpError) -> AtError {
    AtError::Cme(match error {
        FtpError::Connect(NetError::Name { .. } | NetError::NetworkDown) => cme::FTP_CANNOT_RESOLVE,
        FtpError::Connect(error @ NetError::Tls { .. }) | FtpError::Tls(error @ NetError::Tls { .. }) => {
            match error.tls_failure() {
                Some(TlsFailure::Credentials) => cme::SSL_CERTIFICATES,
                _ => return dial_error(error),
            }
        }
        FtpError::Connect(_) => cme::FTP_CANNOT_CONNECT,
        FtpError::Login(_) => cme::FTP_LOGIN_INCORRECT,
        FtpError::Invalid => return AtError::Plain,
        _ => cme::FTP_BAD_RESPONSE,
    })
}

/// What the server said to a session that could not be opened.
pub(super) fn last_words(error: &FtpError) -> Vec<String> {
    match error {
        FtpError::Greeting(reply)
        | FtpError::TlsRefused(reply)
        | FtpError::Login(reply)
        | FtpError::Refused(reply) => reply.lines.clone(),
        _ => Vec::new(),
    }
}

/// What a failed command is called.
pub(super) fn command_error(error: &FtpError) -> AtError {
    AtError::Cme(match error {
        FtpError::Refused(Reply { code: 550, .. }) => cme::FTP_FILE_NOT_FOUND,
        FtpError::Refused(Reply { code: 530, .. }) | FtpError::Login(_) => cme::FTP_LOGIN_INCORRECT,
        FtpError::Refused(Reply { code: 425 | 426 | 450 | 522, .. }) | FtpError::Data(_) => {
            cme::FTP_OPEN_CHANNEL_TIMEOUT
        }
        FtpError::Busy => cme::FTP_DATA_SOCKET_OPEN,
        FtpError::Closed => cme::FTP_DISCONNECTED,
        FtpError::Timeout => cme::FTP_TIMED_OUT,
        FtpError::Invalid | FtpError::Unawaited => return AtError::Plain,
        _ => cme::FTP_BAD_RESPONSE,
    })
}
