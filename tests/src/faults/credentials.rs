//! Certificates and keys, made once a process.

use std::sync::OnceLock;

use telit_core::tls::{CaCertificate, Identity};
use telit_simulator::servers::{Authority, CertificateRequest, Issued};

pub(super) struct Credentials {
    pub(super) authority: Authority,
    pub(super) client: Issued,
}

pub(super) fn credentials() -> &'static Credentials {
    static MADE: OnceLock<Credentials> = OnceLock::new();
    MADE.get_or_init(|| {
        let authority = Authority::new().expect("an authority can be made");
        let client = authority.issue(&CertificateRequest::client("thing")).expect("it is issued");
        Credentials { authority, client }
    })
}

impl Credentials {
    pub(super) fn ca(&self) -> CaCertificate {
        CaCertificate::from_pem(self.authority.certificate_pem().as_bytes()).expect("it is a CA certificate")
    }

    pub(super) fn identity(&self) -> Identity {
        let (certificate, key) = (self.client.certificate_pem(), self.client.key_pem());
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).expect("they fit")
    }
}
