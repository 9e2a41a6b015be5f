//! Fresh certificates, as files for the servers and as options for the SDK.

use std::net::Ipv4Addr;
use std::path::Path;

use telit_core::tls::{CaCertificate, Identity, TlsOptions, TlsOptionsBuilder};
use telit_simulator::servers::{Authority, CertificateRequest, Issued, KeyKind};

/// The common name of the SDK's certificate.
pub(super) const DEVICE: &str = "device-1";

pub(super) struct Credentials {
    authority: Authority,
    server: Issued,
    server_ecdsa: Issued,
    device: Issued,
    observer: Issued,
}

impl Credentials {
    /// Server certificates with an RSA and an ECDSA key for `host`, `localhost` and 127.0.0.1, and two client
    /// certificates.
    pub(super) fn new(host: &str) -> Self {
        let authority = Authority::new().expect("keys can be made");
        let issue = |request| authority.issue(&request).expect("it is issued");
        let server = CertificateRequest::server(host).dns_name("localhost").address(Ipv4Addr::LOCALHOST);
        let server_ecdsa = issue(server.clone().key(KeyKind::P256));
        let (server, device) = (issue(server), issue(CertificateRequest::client(DEVICE)));
        let observer = issue(CertificateRequest::client("observer"));
        Self { authority, server, server_ecdsa, device, observer }
    }

    /// `ca.pem`, and `.pem` and `.key` of `server`, `server-ecdsa` and `observer`; `server-both.pem` holds both.
    pub(super) fn write_to(&self, folder: &Path) {
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("it is writable");
        write("ca.pem", &self.authority.certificate_pem());
        write("server.pem", self.server.certificate_pem());
        write("server.key", self.server.key_pem());
        write("server-ecdsa.pem", self.server_ecdsa.certificate_pem());
        write("server-ecdsa.key", self.server_ecdsa.key_pem());
        write("server-both.pem", &format!("{}{}", self.server.key_pem(), self.server.certificate_pem()));
        write("observer.pem", self.observer.certificate_pem());
        write("observer.key", self.observer.key_pem());
    }

    /// The authority that is trusted.
    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The server's certificate with an RSA key.
    pub(super) fn server(&self) -> &Issued {
        &self.server
    }

    /// The server's certificate with an ECDSA key.
    pub(super) fn server_ecdsa(&self) -> &Issued {
        &self.server_ecdsa
    }

    /// Trusts the authority and shows the device's certificate.
    pub(super) fn tls(&self) -> TlsOptions {
        self.builder().identity(identity(&self.device)).build().expect("they fit together")
    }

    /// The device's certificate.
    pub(super) fn identity(&self) -> Identity {
        identity(&self.device)
    }

    /// Trusts the authority and shows no certificate.
    pub(super) fn anonymous_tls(&self) -> TlsOptions {
        self.builder().build().expect("they fit together")
    }

    /// Trusts the authority and shows a certificate of another one.
    pub(super) fn rogue_tls(&self) -> TlsOptions {
        let stranger = Authority::new().expect("keys can be made");
        let rogue = stranger.issue(&CertificateRequest::client(DEVICE)).expect("it is issued");
        self.builder().identity(identity(&rogue)).build().expect("they fit together")
    }

    /// Trusts the authority.
    pub(super) fn builder(&self) -> TlsOptionsBuilder {
        let ca = CaCertificate::from_pem(self.authority.certificate_pem().as_bytes());
        TlsOptions::builder().ca(ca.expect("it is a CA certificate"))
    }
}

pub(super) fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.certificate_pem().as_bytes(), issued.key_pem().as_bytes()).expect("they fit")
}
