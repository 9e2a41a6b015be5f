//! What is asked of the provisioning service, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ProvisioningError;

/// Both kinds of answers: only one has a key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Certificate {
    pub(super) certificate_id: String,
    pub(super) certificate_pem: String,
    pub(super) private_key: Option<String>,
    pub(super) certificate_ownership_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CertificateRequest<'a> {
    pub(super) certificate_signing_request: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registration<'a> {
    pub(super) certificate_ownership_token: &'a str,
    pub(super) parameters: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registered {
    pub(super) thing_name: String,
    #[serde(default)]
    pub(super) device_configuration: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rejection {
    #[serde(default)]
    status_code: u16,
    #[serde(default)]
    error_code: String,
    #[serde(default)]
    error_message: String,
}

impl From<Rejection> for ProvisioningError {
    fn from(Rejection { status_code, error_code, error_message }: Rejection) -> Self {
        Self::Rejected { status: status_code, code: error_code, message: error_message }
    }
}
