//! What a handshake showed.

use std::net::SocketAddr;

use openssl::ssl::{Error, NameType, SslRef};
use openssl::x509::X509NameRef;

use super::{TlsVersion, hello};

/// One TLS handshake as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshake {
    /// Where the client came from.
    pub peer: SocketAddr,
    /// The server name the client indicated (SNI). Seen on failed handshakes too, if the client hello came.
    pub server_name: Option<String>,
    /// The suites that the client offered, by their IANA numbers, in its order and without signalling values.
    pub offered: Vec<u16>,
    /// The version agreed on, if it got that far.
    pub version: Option<TlsVersion>,
    /// The suite agreed on by its IANA name, such as `TLS_RSA_WITH_AES_128_CBC_SHA`.
    pub suite: Option<String>,
    /// The same suite by its IANA number.
    pub suite_number: Option<u16>,
    /// The same suite by its OpenSSL name, such as `AES128-SHA`.
    pub suite_openssl: Option<String>,
    /// Whether an earlier session was resumed, so that no certificate was sent.
    pub resumed: bool,
    /// The subject of the client's certificate, such as `O=Telit Simulator, CN=device`.
    pub client_subject: Option<String>,
    /// Why the handshake failed. In TLS 1.3 a client counts itself connected before the server has judged its
    /// certificate, so that this can be set while the client saw no handshake error.
    pub error: Option<String>,
}

impl Handshake {
    /// Whether the handshake completed.
    pub fn is_established(&self) -> bool {
        self.error.is_none()
    }

    pub(super) fn observe(peer: SocketAddr, ssl: &SslRef, error: Option<&Error>) -> Self {
        let suite = ssl.current_cipher();
        Self {
            peer,
            server_name: ssl.servername(NameType::HOST_NAME).map(str::to_owned),
            offered: hello::offered(ssl),
            // Before a suite is chosen the version is only the highest one allowed.
            version: suite.and_then(|_| ssl.version2()).and_then(TlsVersion::from_openssl),
            suite: suite.and_then(|suite| suite.standard_name()).map(str::to_owned),
            suite_number: suite.map(|suite| u16::from_be_bytes(suite.protocol_id())),
            suite_openssl: suite.map(|suite| suite.name().to_owned()),
            resumed: ssl.session_reused(),
            client_subject: ssl
                .peer_certificate()
                .map(|certificate| subject_text(certificate.subject_name())),
            error: error.map(ToString::to_string),
        }
    }
}

fn subject_text(name: &X509NameRef) -> String {
    let entry_text = |entry: &openssl::x509::X509NameEntryRef| {
        let key = entry.object().nid().short_name().unwrap_or("?").to_owned();
        let value = String::from_utf8_lossy(entry.data().as_slice()).into_owned();
        format!("{key}={value}")
    };
    name.entries().map(entry_text).collect::<Vec<_>>().join(", ")
}
