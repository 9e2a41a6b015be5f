//! Fleet provisioning: a device that has a claim certificate only gets an identity of its own.

mod activation;
mod enrolment;
mod error;
mod new_identity;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use telit_core::Modem;
use telit_core::at::InvalidValue;
use telit_core::tls::PrivateKey;

use super::AwsIot;
use super::names::check_template;
use super::request::TIMEOUT;

pub use error::{ActivationError, ProvisioningError};
pub use new_identity::NewIdentity;

/// Provisioning by claim, with a provisioning template.
///
/// In two steps, so that what AWS gives out can be kept on this computer before the module gives its claim up. A module
/// has room for one client certificate and its key: storing the new ones replaces those of the claim.
///
/// ```no_run
/// # async fn example(modem: telit_core::Modem, claim: telit_core::tls::Identity) -> Result<(), Box<dyn std::error::Error>> {
/// use telit_mqtt::aws::AwsIot;
/// use telit_mqtt::aws::provisioning::FleetProvisioning;
///
/// let claim = AwsIot::new("prefix-ats.iot.eu-central-1.amazonaws.com", "claim-123", claim)?;
/// let provisioning = FleetProvisioning::new(claim, "template-1")?.parameter("SerialNumber", "123");
/// let new = provisioning.enrol(&modem).await?;
/// std::fs::write("device.pem.crt", new.certificate_pem())?;
/// std::fs::write("device.pem.key", new.private_key_pem())?;
/// let client = new.activate(&modem).await?;
/// # Ok(())
/// # }
/// ```
///
/// Source: AWS IoT documentation, "Device provisioning MQTT API", "Provisioning by claim".
#[derive(Clone, Debug)]
#[must_use = "nothing happens until enrol() is called"]
pub struct FleetProvisioning {
    claim: AwsIot,
    template: String,
    parameters: BTreeMap<String, String>,
    request: Option<SigningRequest>,
    timeout: Duration,
}

/// A request for a certificate, and the key that it is for.
#[derive(Clone, Debug)]
struct SigningRequest {
    pem: String,
    key: PrivateKey,
}

impl FleetProvisioning {
    /// Provisions with this template. `claim` is the device as long as it has its claim certificate only: the policy of
    /// that has to allow its client identifier.
    ///
    /// # Errors
    /// The name of the template is none.
    pub fn new(claim: AwsIot, template: &str) -> Result<Self, InvalidValue> {
        check_template(template)?;
        let (template, parameters) = (template.to_owned(), BTreeMap::new());
        Ok(Self { claim, template, parameters, request: None, timeout: TIMEOUT })
    }

    /// A parameter of the template, such as the serial number.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Has a certificate made for a key of one's own (RSA), so that no key comes from AWS and the answer is much smaller.
    /// Default: AWS makes both. `pem` is the certificate signing request for `key`.
    pub fn signing_request(mut self, pem: impl Into<String>, key: PrivateKey) -> Self {
        self.request = Some(SigningRequest { pem: pem.into(), key });
        self
    }

    /// How long an answer may take. Default 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects with the claim, has a certificate made and registers the thing, and disconnects again. Nothing but the
    /// claim is stored on the module. Keep what it gives, then [activate](NewIdentity::activate) it.
    ///
    /// # Errors
    /// See [`ProvisioningError`]. A certificate that no thing was registered for is deleted by AWS within an hour.
    ///
    /// # Cancel safety
    /// Dropped before the registration: nothing lasts. Later: the thing may be registered with a certificate that nobody
    /// has.
    pub async fn enrol(&self, modem: &Modem) -> Result<NewIdentity, ProvisioningError> {
        enrolment::enrol(self, modem).await
    }
}
