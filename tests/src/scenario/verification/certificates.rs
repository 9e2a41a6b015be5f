//! Certificates, right and wrong.

use std::sync::Arc;

use telit_core::tls::{CaCertificate, Identity};
use telit_simulator::servers::{Authority, CertificateRequest, Issued, KeyKind};

/// The server that everybody means to speak with.
pub(super) const HOST: &str = "server.test";

/// Made once for all platforms: keys take time.
pub(super) struct Certificates {
    /// The one that the SDK trusts.
    pub(super) authority: Authority,
    pub(super) right: Issued,
    pub(super) of_stranger: Issued,
    pub(super) self_signed: Issued,
    pub(super) expired: Issued,
    pub(super) not_yet_valid: Issued,
    pub(super) of_another_host: Issued,
    pub(super) device: Issued,
    pub(super) strange_device: Issued,
}

impl Certificates {
    pub(super) fn new() -> Arc<Self> {
        let authority = Authority::new().expect("keys");
        // Of the same name, with another key.
        let stranger = Authority::new().expect("keys");
        let server = CertificateRequest::server(HOST);
        // Platform 10 stores 1535 bytes at most, less than an RSA key of 2048 bits takes.
        let device = CertificateRequest::client("device").key(KeyKind::Rsa(1024));
        let by = |authority: &Authority, request| authority.issue(&request).expect("it is issued");
        Arc::new(Self {
            right: by(&authority, server.clone()),
            of_stranger: by(&stranger, server.clone()),
            self_signed: server.self_signed().expect("it is made"),
            expired: by(&authority, server.clone().expired()),
            not_yet_valid: by(&authority, server.not_yet_valid()),
            of_another_host: by(&authority, CertificateRequest::server("other.test")),
            device: by(&authority, device.clone()),
            strange_device: by(&stranger, device),
            authority,
        })
    }
}

pub(super) fn ca(authority: &Authority) -> CaCertificate {
    CaCertificate::from_pem(authority.certificate_pem().as_bytes()).expect("it is a CA certificate")
}

pub(super) fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.certificate_pem().as_bytes(), issued.key_pem().as_bytes()).expect("they fit")
}
