//! Servers that are not who they should be, or that want what the module does not give.

use std::net::SocketAddr;

use telit_simulator::servers::{Front, FrontOptions, Issued, TlsVersion};

use super::certificates::Certificates;

/// One server of a bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Nothing is wrong with it.
    Right,
    /// An authority of the same name has signed its certificate.
    OfStranger,
    /// It vouches for itself.
    SelfSigned,
    /// Its certificate has expired.
    Expired,
    /// Its certificate is valid from tomorrow.
    NotYetValid,
    /// Its certificate is another host's.
    OfAnotherHost,
    /// It has TLS 1.0 and 1.1 alone.
    Old,
    /// It has one suite, which no module has.
    WithoutCommonSuite,
    /// It wants a client certificate, and has TLS 1.2 alone.
    WantsCertificate,
    /// The same with TLS 1.3 alone.
    WantsCertificateIn13,
}

impl Server {
    pub(super) const ALL: [Self; 10] = [
        Self::Right,
        Self::OfStranger,
        Self::SelfSigned,
        Self::Expired,
        Self::NotYetValid,
        Self::OfAnotherHost,
        Self::Old,
        Self::WithoutCommonSuite,
        Self::WantsCertificate,
        Self::WantsCertificateIn13,
    ];

    /// Those that there are as file servers, too.
    pub(super) const WITH_FILES: [Self; 6] = [
        Self::Right,
        Self::OfStranger,
        Self::SelfSigned,
        Self::Expired,
        Self::NotYetValid,
        Self::OfAnotherHost,
    ];

    /// As the virtual network calls it.
    pub(super) fn port(self) -> u16 {
        7000 + self as u16
    }

    /// The port of the file server.
    pub(super) fn file_port(self) -> u16 {
        self.port() + 100
    }

    /// Starts it before `backend`.
    pub(super) async fn start(self, certificates: &Certificates, backend: SocketAddr) -> Front {
        Front::start(&self.options(certificates), backend).await.expect("it starts")
    }

    pub(super) fn certificate(self, certificates: &Certificates) -> &Issued {
        match self {
            Self::OfStranger => &certificates.of_stranger,
            Self::SelfSigned => &certificates.self_signed,
            Self::Expired => &certificates.expired,
            Self::NotYetValid => &certificates.not_yet_valid,
            Self::OfAnotherHost => &certificates.of_another_host,
            _ => &certificates.right,
        }
    }

    fn options(self, certificates: &Certificates) -> FrontOptions {
        let options = FrontOptions::new(self.certificate(certificates)).danger_accept_everything();
        let wants_certificate = || options.clone().require_client_certificate(&certificates.authority);
        match self {
            Self::Old => options.versions(TlsVersion::Tls10, TlsVersion::Tls11),
            Self::WithoutCommonSuite => {
                options.versions(TlsVersion::Tls12, TlsVersion::Tls12).cipher_list("NULL-SHA256")
            }
            Self::WantsCertificate => wants_certificate().versions(TlsVersion::Tls12, TlsVersion::Tls12),
            Self::WantsCertificateIn13 => wants_certificate().versions(TlsVersion::Tls13, TlsVersion::Tls13),
            _ => options,
        }
    }
}
