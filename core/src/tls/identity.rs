//! A client certificate together with its key.

use super::certificate::ClientCertificate;
use super::credential_error::CredentialError;
use super::private_key::PrivateKey;

/// What the module proves itself with: a certificate and the private key that belongs to it.
#[derive(Debug, Clone)]
pub struct Identity {
    certificate: ClientCertificate,
    private_key: PrivateKey,
}

impl Identity {
    /// Joins the two if they belong together.
    ///
    /// # Errors
    ///
    /// [`CredentialError::KeyMismatch`] if the certificate was issued for another key: the module would store both
    /// and fail at the handshake.
    pub fn new(certificate: ClientCertificate, private_key: PrivateKey) -> Result<Self, CredentialError> {
        if !certificate.has_key(&private_key.public()?) {
            let subject = certificate.certificate().subject().to_owned();
            return Err(CredentialError::KeyMismatch { subject });
        }
        Ok(Self { certificate, private_key })
    }

    /// A client certificate and its key, both as PEM text.
    ///
    /// # Errors
    /// See [`CredentialError`].
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, CredentialError> {
        Self::new(ClientCertificate::from_pem(certificate)?, PrivateKey::from_pem(key)?)
    }

    /// A client certificate and its key, each as PEM text or binary (DER).
    ///
    /// # Errors
    /// See [`CredentialError`].
    pub fn from_bytes(certificate: &[u8], key: &[u8]) -> Result<Self, CredentialError> {
        Self::new(ClientCertificate::from_bytes(certificate)?, PrivateKey::from_bytes(key)?)
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &ClientCertificate {
        &self.certificate
    }

    /// The private key.
    #[must_use]
    pub fn private_key(&self) -> &PrivateKey {
        &self.private_key
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    fn join(key: &[u8]) -> Result<Identity, CredentialError> {
        let certificate = ClientCertificate::from_pem(fixtures::CLIENT).unwrap();
        Identity::new(certificate, PrivateKey::from_pem(key).unwrap())
    }

    #[test]
    fn a_key_joins_its_certificate() {
        let identity = join(fixtures::CLIENT_KEY_PKCS8).unwrap();
        assert_eq!(identity.certificate().module_bytes(), fixtures::CLIENT);
        assert_eq!(identity.private_key().module_bytes(), fixtures::CLIENT_KEY);
    }

    #[test]
    fn the_key_of_another_is_refused() {
        assert_eq!(
            join(fixtures::OTHER_KEY).unwrap_err().to_string(),
            "the private key does not belong to the client certificate CN=device\\, 1,O=Test only; \
             give the key it was issued for"
        );
    }

    #[test]
    fn debug_hides_the_key() {
        let text = format!("{:?}", join(fixtures::CLIENT_KEY).unwrap());
        assert!(text.ends_with("private_key: PrivateKey(RSA, 2048 bits) }"), "{text}");
        assert!(!text.contains("MII"), "{text}");
    }
}
