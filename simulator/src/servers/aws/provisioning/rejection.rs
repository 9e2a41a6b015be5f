//! Why a device gets nothing, as `.../rejected` says it.

use serde_json::{Value, json};

/// Status as in HTTP, code and text. The documentation has the three fields; the codes are the names of the errors of
/// the same operations of the HTTPS API, as far as they have one.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::servers::aws) struct Rejection {
    status: u16,
    code: &'static str,
    message: String,
}

impl Rejection {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameters", message)
    }

    pub(super) fn json() -> Self {
        Self::new(400, "InvalidJson", "No JSON object")
    }

    /// CBOR, or something that AWS does not know either.
    pub(super) fn format() -> Self {
        Self::new(415, "UnsupportedFormat", "Only JSON is taken here")
    }

    pub(super) fn request() -> Self {
        Self::new(
            400,
            "InvalidCertificateSigningRequest",
            "No certificate signing request that is signed by its key",
        )
    }

    pub(super) fn token() -> Self {
        Self::new(400, "InvalidCertificateOwnershipToken", "The token is not known, used or too old")
    }

    pub(super) fn template(name: &str) -> Self {
        Self::new(404, "ResourceNotFound", format!("There is no template {name}"))
    }

    pub(super) fn hook() -> Self {
        Self::new(403, "AccessDenied", "The pre-provisioning hook refuses the device")
    }

    pub(super) fn internal() -> Self {
        Self::new(500, "InternalError", "No certificate could be made")
    }

    pub(super) fn payload(&self) -> Value {
        json!({ "statusCode": self.status, "errorCode": self.code, "errorMessage": self.message })
    }
}
