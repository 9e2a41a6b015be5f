//! Making the certificate of a device. It takes a tenth of a second, so that it is done aside.

use std::time::{Duration, UNIX_EPOCH};

use openssl::rand::rand_bytes;
use openssl::x509::X509Req;
use serde_json::{Map, Value, json};

use super::super::answer::object;
use super::super::registry::certificate_id_of_pem;
use super::rejection::Rejection;
use crate::servers::{Authority, CertificateRequest, ServerError};

/// What AWS writes as the subject of certificates that it makes.
const SUBJECT: &str = "AWS IoT Certificate";
/// Until when they are valid: the end of 2049, in seconds since 1970.
const VALID_UNTIL: u64 = 2_524_607_999;

/// What a device wants.
#[derive(Debug)]
pub(in crate::servers::aws) enum Order {
    KeysAndCertificate,
    /// For the key of a signing request (PEM).
    FromRequest(String),
    /// Nothing that can be made.
    Refused(Rejection),
}

/// A certificate that was made.
#[derive(Debug)]
pub(in crate::servers::aws) struct Made {
    pub(super) id: String,
    pub(super) token: String,
    certificate: String,
    key: Option<String>,
}

impl Order {
    /// `format` is the last level of the topic.
    pub(in crate::servers::aws) fn read(from_request: bool, format: &str, payload: &[u8]) -> Self {
        if format != "json" {
            return Self::Refused(Rejection::format());
        }
        let Some(request) = object(payload) else { return Self::Refused(Rejection::json()) };
        match request.get("certificateSigningRequest").and_then(Value::as_str) {
            _ if !from_request => Self::KeysAndCertificate,
            Some(pem) => Self::FromRequest(pem.to_owned()),
            None => Self::Refused(Rejection::request()),
        }
    }

    /// Slow.
    pub(in crate::servers::aws) fn make(self, authority: &Authority) -> Result<Made, Rejection> {
        match self {
            Self::KeysAndCertificate => {
                let issued = authority.issue(&request()).map_err(internal)?;
                Made::new(issued.certificate_pem(), Some(issued.key_pem()))
            }
            Self::FromRequest(pem) => {
                let signed = X509Req::from_pem(pem.as_bytes()).map_err(|_| Rejection::request())?;
                let key = signed.public_key().map_err(|_| Rejection::request())?;
                if !signed.verify(&key).unwrap_or(false) {
                    return Err(Rejection::request());
                }
                Made::new(&authority.certify_public(&request(), &key).map_err(internal)?, None)
            }
            Self::Refused(rejection) => Err(rejection),
        }
    }
}

fn request() -> CertificateRequest {
    let request = CertificateRequest::client(SUBJECT);
    let from = request.valid_from;
    request.valid(from, UNIX_EPOCH + Duration::from_secs(VALID_UNTIL))
}

fn internal(error: ServerError) -> Rejection {
    tracing::error!(%error, "cannot make a certificate");
    Rejection::internal()
}

impl Made {
    fn new(certificate: &str, key: Option<&str>) -> Result<Self, Rejection> {
        let mut token = [0; 32];
        rand_bytes(&mut token).map_err(|_| Rejection::internal())?;
        Ok(Self {
            id: certificate_id_of_pem(certificate).map_err(|_| Rejection::internal())?,
            token: openssl::base64::encode_block(&token),
            certificate: certificate.to_owned(),
            key: key.map(str::to_owned),
        })
    }

    pub(super) fn payload(&self) -> Value {
        let mut payload = Map::new();
        payload.insert("certificateId".to_owned(), json!(self.id));
        payload.insert("certificatePem".to_owned(), json!(self.certificate));
        if let Some(key) = &self.key {
            payload.insert("privateKey".to_owned(), json!(key));
        }
        payload.insert("certificateOwnershipToken".to_owned(), json!(self.token));
        Value::Object(payload)
    }
}
