//! The request's headers as the one string that the module takes.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::call::invalid;
use crate::error::RequestError;

/// What stands between two headers. Source: M37 p862.
const SEPARATOR: &str = ">>";

/// Joins all headers: `Accept: text/plain>>X-Id: 1`. Checks every name and value; `joined` tells whether
/// the platform takes more than one.
pub(crate) fn join(headers: &HeaderMap, joined: bool) -> Result<String, RequestError> {
    let mut line = String::new();
    for (name, value) in headers {
        let value = check(name, value)?;
        if !line.is_empty() {
            if !joined {
                return Err(invalid(name, "this platform takes one header a request"));
            }
            line.push_str(SEPARATOR);
        }
        line.push_str(&title_case(name));
        line.push_str(": ");
        line.push_str(value);
    }
    Ok(line)
}

/// Takes the content type out, for the command that has a parameter of its own for it.
pub(crate) fn take_content_type(headers: &mut HeaderMap) -> Result<Option<String>, RequestError> {
    if headers.get_all(CONTENT_TYPE).iter().count() > 1 {
        return Err(invalid(&CONTENT_TYPE, "it is given more than once"));
    }
    let Some(value) = headers.remove(CONTENT_TYPE) else {
        return Ok(None);
    };
    let value = check(&CONTENT_TYPE, &value)?;
    // `0`, `1:...` and so on are the module's own abbreviations. Source: M37 p866.
    if !value.contains('/') || value.starts_with('/') {
        return Err(invalid(&CONTENT_TYPE, "it is no media type"));
    }
    match value.as_bytes().get(1) {
        Some(b':') => Err(invalid(&CONTENT_TYPE, "it is no media type")),
        _ => Ok(Some(value.to_owned())),
    }
}

fn check<'a>(name: &HeaderName, value: &'a HeaderValue) -> Result<&'a str, RequestError> {
    let printable = |byte: &u8| (b' '..=b'~').contains(byte);
    let Some(text) = value.to_str().ok().filter(|text| text.as_bytes().iter().all(printable)) else {
        return Err(invalid(name, "its value has characters outside printable ASCII"));
    };
    if text.contains('"') {
        return Err(invalid(name, "its value has a double quote, which AT strings cannot carry"));
    }
    if text.contains(SEPARATOR) || text.ends_with('>') {
        return Err(invalid(name, "its value has >>, or > at its end, which separates headers"));
    }
    Ok(text)
}

/// `X-Request-Id`: names are equal in any case, but old servers have seen only this one.
fn title_case(name: &HeaderName) -> String {
    let mut start = true;
    let convert = |c: char| {
        let letter = if start { c.to_ascii_uppercase() } else { c };
        start = c == '-';
        letter
    };
    name.as_str().chars().map(convert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        map
    }

    #[test]
    fn joins_in_order() {
        let map = headers(&[("accept", b"text/plain, */*"), ("x-request-id", b"a>b"), ("x-request-id", b"")]);
        assert_eq!(join(&map, true).unwrap(), "Accept: text/plain, */*>>X-Request-Id: a>b>>X-Request-Id: ");
        assert_eq!(join(&HeaderMap::new(), false).unwrap(), "");
        assert_eq!(join(&headers(&[("a", b"b")]), false).unwrap(), "A: b");
    }

    #[test]
    fn refuses_what_would_become_another_header() {
        for value in [&b"a>>Evil: 1"[..], b">>", b"a>", b"a\tb", b"\"a\"", b"\xe9", b"\x80"] {
            let error = join(&headers(&[("x-id", value)]), true).unwrap_err();
            assert!(
                matches!(&error, RequestError::InvalidHeader { name, .. } if name == "x-id"),
                "{value:?}"
            );
        }
    }

    #[test]
    fn one_header_where_the_platform_takes_one() {
        assert!(join(&headers(&[("a", b"1"), ("b", b"2")]), false).is_err());
    }

    #[test]
    fn content_types() {
        let mut map = headers(&[("content-type", b"text/plain; charset=utf-8"), ("a", b"b")]);
        assert_eq!(take_content_type(&mut map).unwrap().as_deref(), Some("text/plain; charset=utf-8"));
        assert_eq!(join(&map, true).unwrap(), "A: b");
        assert_eq!(take_content_type(&mut map).unwrap(), None);
        for bad in
            [&b"3"[..], b"3:boundary=a/b", b"", b"/x", b"a/b>>Evil: 1", b"multipart/mixed; boundary=\"a\""]
        {
            assert!(take_content_type(&mut headers(&[("content-type", bad)])).is_err(), "{bad:?}");
        }
        let twice = &mut headers(&[("content-type", b"a/b"), ("content-type", b"c/d")]);
        assert!(take_content_type(twice).is_err());
    }
}
