//! Root certificates of the authorities behind well-known brokers, built in.
//!
//! They come from Mozilla's list of roots for servers, and their fingerprints are those that the authorities publish.

use telit_core::tls::{CaCertificate, CredentialError};

/// A root certificate that is built in.
///
/// ```
/// use telit_mqtt::roots::RootCa;
///
/// # fn main() -> Result<(), telit_core::tls::CredentialError> {
/// let root = RootCa::AmazonRootCa1.certificate()?;
/// assert_eq!(root.certificate().subject(), "CN=Amazon Root CA 1,O=Amazon,C=US");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RootCa {
    /// Amazon Root CA 1 (RSA 2048), behind the servers of AWS IoT with RSA certificates.
    AmazonRootCa1,
    /// Amazon Root CA 2 (RSA 4096), kept by Amazon for later.
    AmazonRootCa2,
    /// Amazon Root CA 3 (EC P-256), behind the servers of AWS IoT with ECDSA certificates.
    AmazonRootCa3,
    /// Amazon Root CA 4 (EC P-384), kept by Amazon for later.
    AmazonRootCa4,
    /// Starfield Services Root Certificate Authority - G2, which has signed the Amazon roots too.
    StarfieldServicesG2,
    /// `DigiCert` Global Root G2, behind Azure IoT Hub.
    DigiCertGlobalRootG2,
    /// Microsoft RSA Root Certificate Authority 2017, behind Azure IoT Hub.
    MicrosoftRsaRoot2017,
    /// ISRG Root X1, the root of Let's Encrypt.
    IsrgRootX1,
}

impl RootCa {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AmazonRootCa1,
        Self::AmazonRootCa2,
        Self::AmazonRootCa3,
        Self::AmazonRootCa4,
        Self::StarfieldServicesG2,
        Self::DigiCertGlobalRootG2,
        Self::MicrosoftRsaRoot2017,
        Self::IsrgRootX1,
    ];

    /// The certificate as PEM text.
    #[must_use]
    pub const fn pem(self) -> &'static str {
        match self {
            Self::AmazonRootCa1 => include_str!("amazon_root_ca_1.pem"),
            Self::AmazonRootCa2 => include_str!("amazon_root_ca_2.pem"),
            Self::AmazonRootCa3 => include_str!("amazon_root_ca_3.pem"),
            Self::AmazonRootCa4 => include_str!("amazon_root_ca_4.pem"),
            Self::StarfieldServicesG2 => include_str!("starfield_services_g2.pem"),
            Self::DigiCertGlobalRootG2 => include_str!("digicert_global_root_g2.pem"),
            Self::MicrosoftRsaRoot2017 => include_str!("microsoft_rsa_root_2017.pem"),
            Self::IsrgRootX1 => include_str!("isrg_root_x1.pem"),
        }
    }

    /// The certificate, to trust it in [`TlsOptions`](telit_core::tls::TlsOptions).
    ///
    /// # Errors
    /// None that a test has not ruled out.
    pub fn certificate(self) -> Result<CaCertificate, CredentialError> {
        CaCertificate::from_pem(self.pem().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: <https://www.amazontrust.com/repository/>, <https://www.digicert.com/kb/digicert-root-certificates.htm>,
    /// <https://www.microsoft.com/pkiops/docs/repository.htm> and <https://letsencrypt.org/certificates/>; the data are
    /// those of Mozilla's list in webpki-root-certs 1.0.11.
    const FINGERPRINTS: [(RootCa, &str, &str); 8] = [
        (
            RootCa::AmazonRootCa1,
            "CN=Amazon Root CA 1",
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        ),
        (
            RootCa::AmazonRootCa2,
            "CN=Amazon Root CA 2",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        ),
        (
            RootCa::AmazonRootCa3,
            "CN=Amazon Root CA 3",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        ),
        (
            RootCa::AmazonRootCa4,
            "CN=Amazon Root CA 4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        ),
        (
            RootCa::StarfieldServicesG2,
            "CN=Starfield Services Root Certificate Authority - G2",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ),
        (
            RootCa::DigiCertGlobalRootG2,
            "CN=DigiCert Global Root G2",
            "cb3ccbb76031e5e0138f8dd39a23f9de47ffc35e43c1144cea27d46a5ab1cb5f",
        ),
        (
            RootCa::MicrosoftRsaRoot2017,
            "CN=Microsoft RSA Root Certificate Authority 2017",
            "c741f70f4b2a8d88bf2e71c14122ef53ef10eba0cfa5e64cfa20f418853073e0",
        ),
        (
            RootCa::IsrgRootX1,
            "CN=ISRG Root X1",
            "96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6",
        ),
    ];

    #[test]
    fn the_roots_are_those_that_the_authorities_publish() {
        assert_eq!(FINGERPRINTS.map(|(root, ..)| root), RootCa::ALL);
        for (root, name, fingerprint) in FINGERPRINTS {
            let certificate = root.certificate().unwrap();
            let certificate = certificate.certificate();
            assert_eq!(certificate.subject().split(',').next(), Some(name));
            assert_eq!(certificate.fingerprint(), fingerprint, "{name}");
            assert!(certificate.is_ca() && certificate.is_self_signed(), "{name}");
        }
    }
}
