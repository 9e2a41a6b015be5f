//! What a device gets.

use serde_json::{Map, Value};
use telit_core::Modem;
use telit_core::tls::Identity;

use super::wire::Registered;
use super::{ActivationError, activation};
use crate::aws::AwsIot;
use crate::client::MqttClient;

/// A thing that was registered, and its own certificate and key. Nothing of it is on the module yet.
#[derive(Clone, Debug)]
#[must_use = "keep its certificate and key, then activate it"]
pub struct NewIdentity {
    claim: AwsIot,
    aws: AwsIot,
    identity: Identity,
    certificate_id: String,
    device_configuration: Map<String, Value>,
}

impl NewIdentity {
    pub(super) fn new(
        claim: AwsIot,
        identity: Identity,
        certificate_id: String,
        registered: Registered,
    ) -> Self {
        let aws = claim.as_thing(registered.thing_name, identity.clone());
        let device_configuration = registered.device_configuration.unwrap_or_default();
        Self { claim, aws, identity, certificate_id, device_configuration }
    }

    /// The name of the thing.
    #[must_use]
    pub fn thing(&self) -> &str {
        self.aws.thing()
    }

    /// The certificate's identifier at AWS.
    #[must_use]
    pub fn certificate_id(&self) -> &str {
        &self.certificate_id
    }

    /// What the template has for the device.
    #[must_use]
    pub fn device_configuration(&self) -> &Map<String, Value> {
        &self.device_configuration
    }

    /// Certificate and key.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The certificate as PEM text, to be kept.
    #[must_use]
    pub fn certificate_pem(&self) -> &[u8] {
        self.identity.certificate().module_bytes()
    }

    /// The private key as PEM text, to be kept in secret. A module does not give it back.
    #[must_use]
    pub fn private_key_pem(&self) -> &[u8] {
        self.identity.private_key().module_bytes()
    }

    /// The device as it connects from now on.
    pub fn aws(&self) -> &AwsIot {
        &self.aws
    }

    /// Stores certificate and key on the module, in place of the claim's, and connects with them. A new certificate may
    /// take some seconds until it is known everywhere at AWS, so it is tried three times.
    ///
    /// If it cannot connect, the module gets its claim back.
    ///
    /// # Errors
    /// See [`ActivationError`]. The new identity is not lost: it can be activated again.
    ///
    /// # Cancel safety
    /// The module may have either identity then; the next connection stores the one that it needs.
    pub async fn activate(&self, modem: &Modem) -> Result<MqttClient, ActivationError> {
        activation::activate(modem, &self.aws, &self.claim).await
    }
}
