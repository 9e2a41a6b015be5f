//! A request as it goes over the wire.

use std::str::FromStr;

use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use url::Url;

use super::outgoing::Outgoing;
use crate::call::Call;
use crate::error::RequestError;
use crate::options::HttpsOptions;

const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Request line and headers, those included that the client adds.
pub(super) fn build(
    call: &Call,
    body: Outgoing,
    options: &HttpsOptions,
) -> Result<Request<Outgoing>, RequestError> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, host(&call.url)?);
    if !options.keep_tls {
        headers.insert(CONNECTION, CLOSE);
    }
    let user_agent = HeaderValue::from_str(options.own_user_agent()).map_err(invalid)?;
    headers.insert(USER_AGENT, user_agent);
    headers.insert(ACCEPT, ANYTHING);
    if http_body::Body::is_end_stream(&body) && expects_body(&call.method) {
        headers.insert(CONTENT_LENGTH, 0.into());
    }
    for name in call.headers.keys() {
        headers.remove(name);
    }
    headers.extend(call.headers.clone());
    let mut request = Request::new(body);
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = resource(&call.url)?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Source: RFC 9110, section 7.2.
fn host(url: &Url) -> Result<HeaderValue, RequestError> {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    HeaderValue::from_str(&host).map_err(invalid)
}

/// Path and query, as the URL has them. Source: RFC 9112, section 3.2.1.
fn resource(url: &Url) -> Result<Uri, RequestError> {
    let resource =
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    Uri::from_str(&resource).map_err(invalid)
}

/// Whether an empty body has to be announced. Source: RFC 9110, section 8.6.
fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn invalid(error: impl std::fmt::Display) -> RequestError {
    RequestError::InvalidUrl { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderName;

    use super::*;
    use crate::choice::Engine;
    use crate::request_body::RequestBody;

    fn request(method: Method, url: &str, body: &'static str, options: &HttpsOptions) -> Request<Outgoing> {
        let headers = [("accept", "a/b"), ("x-id", "1"), ("x-id", "2")];
        let headers =
            headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        let timeout = Duration::from_secs(1);
        let call = Call::new(method, url.parse().unwrap(), map, timeout, Engine::Socket, true).unwrap();
        build(&call, Outgoing::new(RequestBody::from(body), u64::MAX), options).unwrap()
    }

    fn shown(request: &Request<Outgoing>) -> String {
        let headers =
            request.headers().iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap()));
        let mut headers: Vec<String> = headers.collect();
        headers.sort();
        format!("{} {} {}", request.method(), request.uri(), headers.join(" "))
    }

    #[test]
    fn what_is_sent() {
        let get = request(Method::GET, "https://API.example/a b?c=%20\"d#e", "", &HttpsOptions::new());
        let expected = "GET /a%20b?c=%20%22d accept=a/b connection=close host=api.example \
                        user-agent=telit-https/0.1.0 x-id=1 x-id=2";
        assert_eq!(shown(&get), expected);
        let options = HttpsOptions::new().keep_tls(true).user_agent("device/7");
        let get = request(Method::GET, "https://[2001:db8::1]:8443", "", &options);
        let expected = "GET / accept=a/b host=[2001:db8::1]:8443 user-agent=device/7 x-id=1 x-id=2";
        assert_eq!(shown(&get), expected);
    }

    #[test]
    fn an_empty_body_is_announced_where_one_is_expected() {
        let length = |method, body| {
            let request = request(method, "https://a.example/", body, &HttpsOptions::new());
            request.headers().get(CONTENT_LENGTH).map(|value| value.to_str().unwrap().to_owned())
        };
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            assert_eq!(length(method.clone(), "").as_deref(), Some("0"), "{method}");
            assert_eq!(length(method, "a"), None, "it follows from the body");
        }
        for method in [Method::GET, Method::HEAD, Method::DELETE] {
            assert_eq!(length(method, ""), None);
        }
    }
}
