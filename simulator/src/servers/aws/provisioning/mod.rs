//! Fleet provisioning: a device that has a claim certificate gets one of its own.
//!
//! Source: "Device provisioning MQTT API" of the AWS IoT Core developer guide.

mod certificate;
mod owner;
mod rejection;
mod template;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::certificate::Made;
pub(super) use self::certificate::Order;
use self::rejection::Rejection;
pub use self::template::ProvisioningTemplate;
use super::answer::{Answer, object};
use super::registry::{CertificateStatus, Registered, Registry};
use super::{Policy, state::State};

/// How long an ownership token is good, in seconds.
const TOKEN_LIFETIME: u64 = 60 * 60;

/// Templates, and certificates that have been given out but not yet registered.
#[derive(Debug, Default)]
pub(super) struct Provisioning {
    templates: BTreeMap<String, ProvisioningTemplate>,
    tokens: BTreeMap<String, Ownership>,
}

/// Who has the token owns the certificate, until then.
#[derive(Debug)]
struct Ownership {
    certificate: String,
    ends: u64,
}

impl State {
    /// `$aws/certificates/create...`: a certificate has been made. It is registered, but not active until its device registers a thing.
    pub(super) fn hand_out(&mut self, topic: &str, made: Result<Made, Rejection>, now: u64) -> Answer {
        let handed_out = made.map(|made| {
            let registered =
                Registered { status: CertificateStatus::Inactive, policy: Policy::nothing(), thing: None };
            self.registry.insert(made.id.clone(), registered);
            let ownership = Ownership { certificate: made.id.clone(), ends: now + TOKEN_LIFETIME };
            self.provisioning.tokens.insert(made.token.clone(), ownership);
            made.payload()
        });
        respond(topic, handed_out)
    }

    /// `$aws/provisioning-templates/<template>/provision/<format>`
    pub(super) fn register_thing(&mut self, topic: &str, template: &str, payload: &[u8], now: u64) -> Answer {
        let registered = match topic.strip_suffix("/json") {
            Some(_) => self.provisioning.register(&mut self.registry, template, payload, now),
            None => Err(Rejection::format()),
        };
        respond(topic, registered)
    }
}

impl Provisioning {
    fn register(
        &mut self,
        registry: &mut Registry,
        template: &str,
        payload: &[u8],
        now: u64,
    ) -> Result<Value, Rejection> {
        let request = object(payload).ok_or_else(Rejection::json)?;
        let token = request.get("certificateOwnershipToken").and_then(Value::as_str);
        let token = token.ok_or_else(|| Rejection::invalid("certificateOwnershipToken is missing"))?;
        let parameters: BTreeMap<String, String> = match request.get("parameters") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(parameters) => serde_json::from_value(parameters.clone())
                .map_err(|_| Rejection::invalid("parameters is no map of texts"))?,
        };
        let template = self.templates.get(template).ok_or_else(|| Rejection::template(template))?;
        if let Some(missing) = template.missing(&parameters) {
            return Err(Rejection::invalid(format!("the parameter {missing} is missing")));
        }
        if !template.admits(&parameters) {
            return Err(Rejection::hook());
        }
        self.tokens.retain(|_, ownership| now < ownership.ends);
        let ownership = self.tokens.remove(token).ok_or_else(Rejection::token)?;
        let thing = template.thing_name(&parameters);
        let (policy, thing_name) = (template.policy.clone(), Some(thing.clone()));
        let active = Registered { status: CertificateStatus::Active, policy, thing: thing_name };
        registry.insert(ownership.certificate, active);
        Ok(json!({ "deviceConfiguration": template.device_configuration, "thingName": thing }))
    }
}

fn respond(topic: &str, outcome: Result<Value, Rejection>) -> Answer {
    match outcome {
        Ok(payload) => Answer::response(format!("{topic}/accepted"), payload),
        Err(rejection) => Answer::response(format!("{topic}/rejected"), rejection.payload()),
    }
}
