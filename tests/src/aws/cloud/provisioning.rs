//! The provisioning service. Source: AWS IoT documentation, "Device provisioning MQTT API".

use serde_json::{Value, json};

use super::Answers;

/// What is given out, and what was registered.
#[derive(Default)]
pub(super) struct Provisioning {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) registered: Vec<Value>,
}

const TOKEN: &str = "ownership-token";

impl Provisioning {
    pub(super) fn answer(&mut self, topic: &str, payload: &[u8]) -> Answers {
        let request: Value = serde_json::from_slice(payload).unwrap_or_else(|_| json!({}));
        let certificate = json!({
            "certificateId": "id-1", "certificatePem": self.certificate, "certificateOwnershipToken": TOKEN,
        });
        let outcome = match topic {
            "$aws/certificates/create/json" => {
                let mut answer = certificate;
                answer["privateKey"] = json!(self.key);
                Ok(answer)
            }
            "$aws/certificates/create-from-csr/json" if request["certificateSigningRequest"].is_string() => {
                Ok(certificate)
            }
            "$aws/provisioning-templates/template-1/provision/json" => self.register(&request),
            _ => Err((400, "InvalidRequest")),
        };
        let (ending, body) = match outcome {
            Ok(body) => ("accepted", body),
            Err((status, code)) => {
                ("rejected", json!({ "statusCode": status, "errorCode": code, "errorMessage": "it says" }))
            }
        };
        vec![(format!("{topic}/{ending}"), body.to_string().into_bytes())]
    }

    fn register(&mut self, request: &Value) -> Result<Value, (u16, &'static str)> {
        if request["certificateOwnershipToken"] != TOKEN {
            return Err((403, "InvalidCertificateOwnershipToken"));
        }
        let serial = request["parameters"]["SerialNumber"].as_str().ok_or((400, "InvalidParameters"))?;
        self.registered.push(request["parameters"].clone());
        Ok(json!({ "thingName": format!("thing-{serial}"), "deviceConfiguration": { "colour": "red" } }))
    }
}
