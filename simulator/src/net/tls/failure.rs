//! Why TLS failed, and how a TLS stream ended, read from OpenSSL's error queue.

use std::io;

use openssl::error::ErrorStack;
use openssl::ssl;
use openssl::x509::X509VerifyResult;

use super::super::{NetError, StreamEnd};

/// Why TLS failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub(crate) enum TlsFailure {
    /// The authority, the certificate or the key is missing, unreadable, or they do not fit. Nothing was sent.
    Credentials,
    /// None of the configured suites can be offered within the configured versions. Nothing was sent.
    NoSuite,
    /// The peer and we have no version in common.
    Version,
    /// The server's certificate has expired by the module's clock.
    CertificateExpired,
    /// The server's certificate is not yet valid by the module's clock.
    CertificateNotYetValid,
    /// The server's chain does not end in a trusted authority.
    UnknownAuthority,
    /// The server's certificate is for another name.
    HostMismatch,
    /// The server's certificate is not acceptable for another reason.
    BadCertificate,
    /// The peer sent this fatal alert (RFC 8446, 6).
    Alert(u8),
    /// Anything else: the peer left in the middle, does not speak TLS, or broke the protocol.
    Handshake,
}

/// OpenSSL's library number of its TLS part (`ERR_LIB_SSL`, `openssl/err.h`).
const TLS_LIBRARY: i32 = 20;
/// `openssl/sslerr.h`: `SSL_AD_REASON_OFFSET`. An alert is reported under this plus its number.
const ALERT_OFFSET: i32 = 1000;
/// `openssl/sslerr.h`: `SSL_R_UNEXPECTED_EOF_WHILE_READING`.
const UNEXPECTED_END: i32 = 294;
/// `openssl/sslerr.h`: `SSL_R_CERTIFICATE_VERIFY_FAILED`.
const VERIFY_FAILED: i32 = 134;
/// `openssl/sslerr.h`: `SSL_R_NO_CIPHERS_AVAILABLE`.
const NO_CIPHERS_AVAILABLE: i32 = 181;
/// `openssl/sslerr.h`: `SSL_R_WRONG_SSL_VERSION`, `SSL_R_UNSUPPORTED_PROTOCOL`, `SSL_R_WRONG_VERSION_NUMBER`.
/// The last is what a peer that speaks no TLS at all looks like, so that it stays a plain handshake failure.
const WRONG_VERSIONS: [i32; 2] = [266, 258];

/// The error of a handshake that failed. `verified` is the result of the check of the server's certificate.
pub(super) fn of_handshake(error: &ssl::Error, verified: X509VerifyResult) -> NetError {
    let Some(stack) = error.ssl_error() else {
        return error.io_error().map_or_else(
            || NetError::tls(TlsFailure::Handshake, "the peer left during the handshake"),
            |error| NetError::from(io::Error::new(error.kind(), error.to_string())),
        );
    };
    let Some(reason) = tls_reason(stack) else {
        return NetError::tls(TlsFailure::Handshake, words(stack));
    };
    match reason {
        VERIFY_FAILED => NetError::tls(of_verification(verified), verified.error_string()),
        NO_CIPHERS_AVAILABLE => NetError::tls(TlsFailure::NoSuite, "no suite for these versions"),
        UNEXPECTED_END => NetError::tls(TlsFailure::Handshake, "the peer left during the handshake"),
        _ if WRONG_VERSIONS.contains(&reason) => NetError::tls(TlsFailure::Version, words(stack)),
        _ => NetError::tls(alert(reason).map_or(TlsFailure::Handshake, TlsFailure::Alert), words(stack)),
    }
}

/// How a stream ended, and the error to report, from an error of its I/O.
pub(in super::super) fn classify_stream_error(error: io::Error) -> (StreamEnd, NetError) {
    let stack =
        error.get_ref().and_then(|inner| inner.downcast_ref::<ssl::Error>()).and_then(ssl::Error::ssl_error);
    let Some(stack) = stack else {
        return (StreamEnd::Reset, error.into());
    };
    match tls_reason(stack) {
        Some(UNEXPECTED_END) => (StreamEnd::Fin, NetError::Closed),
        reason => {
            let alert = reason.and_then(alert);
            let failure = alert.map_or(TlsFailure::Handshake, TlsFailure::Alert);
            (StreamEnd::Alert(alert), NetError::tls(failure, words(stack)))
        }
    }
}

fn tls_reason(stack: &ErrorStack) -> Option<i32> {
    stack.errors().iter().find(|error| error.library_code() == TLS_LIBRARY).map(|error| error.reason_code())
}

fn alert(reason: i32) -> Option<u8> {
    u8::try_from(reason.checked_sub(ALERT_OFFSET)?).ok()
}

fn words(stack: &ErrorStack) -> String {
    let reasons: Vec<_> = stack.errors().iter().filter_map(openssl::error::Error::reason).collect();
    if reasons.is_empty() { "protocol failure".to_owned() } else { reasons.join(", ") }
}

/// `openssl/x509_vfy.h`: the `X509_V_ERR_` numbers.
fn of_verification(result: X509VerifyResult) -> TlsFailure {
    match result.as_raw() {
        9 => TlsFailure::CertificateNotYetValid,
        10 => TlsFailure::CertificateExpired,
        2 | 18..=21 => TlsFailure::UnknownAuthority,
        62 | 64 => TlsFailure::HostMismatch,
        _ => TlsFailure::BadCertificate,
    }
}
