//! The headers of a request, checked before the port is opened.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::arguments::{CredentialArguments, RequestArguments};
use crate::failure::Failure;
use crate::secret;

/// All of them, none of which is ever shown.
pub(super) fn headers(arguments: &RequestArguments) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for header in &arguments.header {
        let (name, value) = parse(header)?;
        headers.append(name, value);
    }
    if let Some(authorization) = authorization(&arguments.credentials)? {
        if headers.contains_key(AUTHORIZATION) {
            return Err(Failure::usage("there are two of the header authorization")
                .hint("give one of -H 'Authorization: ...', --user and --bearer-env"));
        }
        headers.append(AUTHORIZATION, authorization);
    }
    Ok(headers)
}

/// `Name: value`. The value can be secret, so it is not repeated in errors.
fn parse(text: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let malformed = || Failure::usage("a header is not NAME: VALUE").hint("write -H 'Name: value'");
    let (name, value) = text.split_once(':').ok_or_else(malformed)?;
    let name: HeaderName = name.trim().parse().map_err(|_| malformed())?;
    let value = secret_value(value.trim()).ok_or_else(|| {
        Failure::usage(format!("the value of the header {name} has characters that are not allowed"))
    })?;
    Ok((name, value))
}

/// Source: RFC 6750, section 2.1; RFC 7617.
fn authorization(credentials: &CredentialArguments) -> Result<Option<HeaderValue>, Failure> {
    if let Some(variable) = &credentials.bearer_env {
        let token = secret::from_environment(variable, "token", "--bearer-env")?;
        let value = secret_value(&format!("Bearer {token}")).ok_or_else(|| {
            Failure::usage(format!("the token in {variable} has characters that are not allowed"))
                .hint("it may end in a line feed: set the variable to the token alone")
        })?;
        return Ok(Some(value));
    }
    let (Some(user), Some(variable)) = (&credentials.user, &credentials.password_env) else {
        return Ok(None);
    };
    if user.contains(|c: char| c == ':' || c.is_control()) {
        return Err(Failure::usage("the user name has a character that is not allowed")
            .hint("a user name for --user has no colon and no control characters"));
    }
    let password = secret::password(variable)?;
    Ok(secret_value(&format!("Basic {}", BASE64.encode(format!("{user}:{password}")))))
}

/// `None` if it would end the line, or is no ASCII.
fn secret_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok().filter(|value| value.to_str().is_ok())?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_apart() {
        let (name, value) = parse("X-Device: a: b ").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-device", "a: b"));
        for bad in ["nothing", ": v", "a b: v"] {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
        let error = parse("Authorization: s3cr3t\r\nX: y").unwrap_err();
        assert!(!error.to_string().contains("s3cr3t"));
    }
}
