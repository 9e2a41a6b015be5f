//! The conversation with the provisioning service.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use telit_core::Modem;
use telit_core::at::InvalidValue;
use telit_core::tls::{ClientCertificate, Identity, PrivateKey};

use super::wire::{Certificate, CertificateRequest, Registered, Registration, Rejection};
use super::{FleetProvisioning, NewIdentity, ProvisioningError};
use crate::aws::request::{Answer, Exchange, decode_payload};
use crate::choice::{Engine, EngineChoice};
use crate::client::MqttClient;
use crate::error::ConnectError;
use crate::message::Publish;

/// Longer than any that was seen. It stands in for the token that AWS will give.
const TOKEN: usize = 600;

pub(super) async fn enrol(
    provisioning: &FleetProvisioning,
    modem: &Modem,
) -> Result<NewIdentity, ProvisioningError> {
    let creation = Creation::of(provisioning)?;
    check_sendable(provisioning, &creation, modem).await?;
    let client = provisioning.claim.connect(modem).await?;
    let enrolled = converse(provisioning, &creation, &client).await;
    if let Err(error) = client.disconnect().await {
        tracing::warn!(%error, "the claim's session did not end in order");
    }
    enrolled
}

/// How the certificate is asked for.
struct Creation {
    topic: &'static str,
    payload: Bytes,
}

impl Creation {
    fn of(provisioning: &FleetProvisioning) -> Result<Self, ProvisioningError> {
        let Some(request) = &provisioning.request else {
            // An empty message would do for AWS; no source says whether a module can send one.
            let payload = Bytes::from_static(b"{}");
            return Ok(Self { topic: "$aws/certificates/create/json", payload });
        };
        let request = CertificateRequest { certificate_signing_request: &request.pem };
        Ok(Self { topic: "$aws/certificates/create-from-csr/json", payload: json(&request)? })
    }
}

fn registration_topic(provisioning: &FleetProvisioning) -> String {
    format!("$aws/provisioning-templates/{}/provision/json", provisioning.template)
}

fn registration(provisioning: &FleetProvisioning, token: &str) -> Result<Bytes, ProvisioningError> {
    let parameters = &provisioning.parameters;
    json(&Registration { certificate_ownership_token: token, parameters })
}

fn json(value: &impl Serialize) -> Result<Bytes, ProvisioningError> {
    let encoded = serde_json::to_vec(value);
    encoded.map(Bytes::from).map_err(|error| InvalidValue::new("request", error.to_string()).into())
}

/// What the module cannot publish costs no certificate. MQTT on this computer publishes it all.
async fn check_sendable(
    provisioning: &FleetProvisioning,
    creation: &Creation,
    modem: &Modem,
) -> Result<(), ProvisioningError> {
    let options = provisioning.claim.mqtt_options(modem.profile()).map_err(ConnectError::from)?;
    if EngineChoice::of(modem, &options).await?.engine != Engine::Module {
        return Ok(());
    }
    let capabilities = MqttClient::capabilities(modem).await?;
    let token = "t".repeat(TOKEN);
    for (topic, payload) in [
        (creation.topic.to_owned(), creation.payload.clone()),
        (registration_topic(provisioning), registration(provisioning, &token)?),
    ] {
        capabilities.check(&Publish::new(topic, payload)).map_err(ProvisioningError::Unsendable)?;
    }
    Ok(())
}

async fn converse(
    provisioning: &FleetProvisioning,
    creation: &Creation,
    client: &MqttClient,
) -> Result<NewIdentity, ProvisioningError> {
    // Both are subscribed to before anything is made, so that nothing is made in vain.
    let mut register = Exchange::open(client, registration_topic(provisioning)).await?;
    let mut create = Exchange::open(client, creation.topic).await?;
    let timeout = provisioning.timeout;
    let answer = create.ask(client, creation.payload.clone(), None, timeout).await?;
    let certificate: Certificate = accepted(&create, &answer)?;
    let identity = identity(provisioning, &certificate)?;
    let request = registration(provisioning, &certificate.certificate_ownership_token)?;
    let answer = register.ask(client, request, None, timeout).await?;
    let registered: Registered = accepted(&register, &answer)?;
    Ok(NewIdentity::new(provisioning.claim.clone(), identity, certificate.certificate_id, registered))
}

/// The certificate joined with its key, before anything is registered for it.
fn identity(
    provisioning: &FleetProvisioning,
    certificate: &Certificate,
) -> Result<Identity, ProvisioningError> {
    let key = match (&provisioning.request, &certificate.private_key) {
        (Some(request), _) => request.key.clone(),
        (None, Some(key)) => PrivateKey::from_pem(key.as_bytes())?,
        (None, None) => return Err(ProvisioningError::NoKey),
    };
    let certificate = ClientCertificate::from_pem(certificate.certificate_pem.as_bytes())?;
    Ok(Identity::new(certificate, key)?)
}

fn accepted<T: DeserializeOwned>(exchange: &Exchange, answer: &Answer) -> Result<T, ProvisioningError> {
    match answer {
        Answer::Accepted(payload) => Ok(decode_payload(exchange.topic(), payload)?),
        Answer::Rejected(payload) => Err(decode_payload::<Rejection>(exchange.topic(), payload)?.into()),
    }
}
