//! A request as both engines see it.

use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use crate::choice::{Engine, EngineReason};
use crate::error::RequestError;
use crate::mode_wanted::ModeWanted;
use crate::target::Target;

/// Headers that the client itself sends, each with the reason.
pub(crate) const RESERVED: [(HeaderName, &str); 6] = [
    (HOST, "it is taken from the URL"),
    (CONTENT_LENGTH, "it is taken from the body"),
    // Source: M37 p863.
    (CONNECTION, "connections are kept or closed as the client's options say"),
    (TRANSFER_ENCODING, "it follows from the body"),
    (EXPECT, "the body is sent at once"),
    (UPGRADE, "the protocol cannot be changed"),
];

/// What one request wants otherwise than its client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) timeout: Option<Duration>,
    pub(crate) engine: Option<Engine>,
    pub(crate) mode: ModeWanted,
}

/// A request, its body apart.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
    pub(crate) engine: Engine,
    /// Why this engine, if it is not [`Engine::Auto`].
    pub(crate) because: EngineReason,
    /// Of its connection, if this computer makes one.
    pub(crate) mode: ModeWanted,
}

impl Call {
    /// Checks what no engine could send. `tls` as [`Target::of`] wants it.
    pub(crate) fn new(
        method: Method,
        url: Url,
        headers: HeaderMap,
        timeout: Duration,
        engine: Engine,
        tls: bool,
    ) -> Result<Self, RequestError> {
        let target = Target::of(&url, tls)?;
        if timeout.is_zero() {
            let reason = "it is zero".to_owned();
            return Err(RequestError::InvalidOption { option: "timeout", reason });
        }
        if method == Method::CONNECT {
            return Err(RequestError::UnsupportedMethod { method });
        }
        headers.iter().try_for_each(|(name, value)| check(name, value))?;
        let (because, mode) = (EngineReason::Asked, ModeWanted::Usual);
        Ok(Self { method, url, target, headers, timeout, engine, because, mode })
    }

    /// Doing it twice is the same as doing it once. Source: RFC 9110, section 9.2.2.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.is_safe() || matches!(self.method, Method::PUT | Method::DELETE)
    }

    /// It asks for nothing but an answer. Source: RFC 9110, section 9.2.1.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
    }
}

fn check(name: &HeaderName, value: &HeaderValue) -> Result<(), RequestError> {
    if let Some((_, reason)) = RESERVED.iter().find(|(reserved, _)| reserved == name) {
        return Err(invalid(name, reason));
    }
    // What else a header can hold has no meaning that all servers agree on. Source: RFC 9110, section 5.5.
    match value.to_str() {
        Ok(_) => Ok(()),
        Err(_) => Err(invalid(name, "its value has characters outside printable ASCII")),
    }
}

pub(crate) fn invalid(name: &HeaderName, reason: &str) -> RequestError {
    RequestError::InvalidHeader { name: name.to_string(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(headers: HeaderMap) -> Result<Call, RequestError> {
        let url = "https://api.example/".parse().unwrap();
        Call::new(Method::GET, url, headers, Duration::from_secs(1), Engine::Auto, true)
    }

    #[test]
    fn the_clients_own_headers_are_refused_with_the_reason() {
        for (name, reason) in RESERVED {
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static("close"))]);
            let expected = RequestError::InvalidHeader { name: name.to_string(), reason: reason.to_owned() };
            assert_eq!(with(headers).unwrap_err(), expected);
        }
    }

    #[test]
    fn values_are_printable() {
        for value in [&b"\xe9"[..], b"\x80", "gr\u{fc}n".as_bytes()] {
            let value = HeaderValue::from_bytes(value).unwrap();
            let error = with(HeaderMap::from_iter([(HeaderName::from_static("x-id"), value)])).unwrap_err();
            assert!(matches!(&error, RequestError::InvalidHeader { name, .. } if name == "x-id"));
        }
        let quoted = HeaderValue::from_static("\"a\"; b=c>>d\te");
        assert!(with(HeaderMap::from_iter([(HeaderName::from_static("x-id"), quoted)])).is_ok());
    }

    #[test]
    fn line_ends_do_not_even_become_header_values() {
        assert!(HeaderValue::from_bytes(b"a\r\nEvil: 1").is_err());
    }
}
