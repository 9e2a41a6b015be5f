//! Which redirects are followed, and what becomes of the request.

use std::fmt;

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, LOCATION,
    PROXY_AUTHORIZATION,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use url::Url;

use crate::call::Call;

/// Secrets that are meant for one server.
const FOR_ONE_ORIGIN: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];
/// What describes a body that is not sent any more.
const OF_THE_BODY: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION];

/// Which redirects (301, 302, 303, 307 and 308 with a `Location`) a client follows.
///
/// After 303, and after 301 and 302 in answer to POST, the next request is a GET without body. To another origin
/// `Authorization`, `Cookie` and `Proxy-Authorization` are not sent along. Nothing is ever followed to plain `http`. More
/// than the limit in a row are [`RequestError::TooManyRedirects`](crate::RequestError::TooManyRedirects). What is not
/// followed is an answer like others, with a [`RedirectNotFollowed`] in its extensions.
///
/// The module does not tell where a redirect leads. So under [`Engine::Auto`](crate::Engine::Auto) GET and HEAD are sent
/// once more from this computer when the module gets one, and so is any request after 307 or 308, since the server has
/// not done it. Other requests are not, as the server may have done them: the answer is handed through. To have them
/// followed choose [`Engine::Socket`](crate::Engine::Socket). With [`Engine::Module`](crate::Engine::Module), and by a
/// client without TLS, all are handed through.
///
/// Source: RFC 9110, section 15.4; M37 p862.
///
/// ```
/// use telit_https::{HttpsOptions, Redirects};
///
/// let options = HttpsOptions::new().redirects(Redirects::any_https(3));
/// assert_eq!(Redirects::default(), Redirects::same_origin(10));
/// # drop(options);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing changes until it is given to HttpsOptions::redirects()"]
pub struct Redirects {
    limit: usize,
    other_origins: bool,
}

impl Default for Redirects {
    /// [`same_origin(10)`](Self::same_origin).
    fn default() -> Self {
        Self::same_origin(10)
    }
}

impl Redirects {
    /// None is followed.
    pub const fn none() -> Self {
        Self { limit: 0, other_origins: false }
    }

    /// Those to the same host and port, at most so many in a row. 0 is the same as [`none`](Self::none).
    pub const fn same_origin(limit: usize) -> Self {
        Self { limit, other_origins: false }
    }

    /// Those to any `https` URL, at most so many in a row. 0 is the same as [`none`](Self::none).
    ///
    /// The client's certificate, if it has one, is shown to every server that asks for it.
    pub const fn any_https(limit: usize) -> Self {
        Self { limit, other_origins: true }
    }

    pub(crate) fn limit(self) -> usize {
        self.limit
    }

    pub(crate) fn follows(self) -> bool {
        self.limit > 0
    }
}

/// The URL that an answer is from, in its extensions: the last one, if redirects were followed.
///
/// A query often carries a signature or a token, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct FinalUrl(pub Url);

/// Why a redirect was not followed, in the extensions of the answer. `Debug` does not show the query of a location.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectNotFollowed {
    /// The client follows none.
    #[error("the client follows no redirects")]
    NotWanted,
    /// The module does not tell where to, and the request is not sent once more to learn it: the module alone was allowed,
    /// or the client has no TLS, or doing it twice could do harm.
    #[error("the module does not tell where the redirect leads")]
    LocationHidden,
    /// The server does not tell where to, or what it tells is no URL.
    #[error("the server does not tell where the redirect leads")]
    NoLocation,
    /// It leads to another server.
    #[error("the redirect leads to another server")]
    OtherOrigin {
        /// Where to.
        location: Url,
    },
    /// It leads to something that is not `https`.
    #[error("the redirect does not lead to https")]
    NotHttps {
        /// Where to.
        location: Url,
    },
    /// The body would have to be sent again, and can be sent once only.
    #[error("the body cannot be sent again")]
    BodyGone {
        /// Where to.
        location: Url,
    },
}

impl RedirectNotFollowed {
    /// Where the redirect leads, if that is known.
    #[must_use]
    pub fn location(&self) -> Option<&Url> {
        match self {
            Self::OtherOrigin { location } | Self::NotHttps { location } | Self::BodyGone { location } => {
                Some(location)
            }
            Self::NotWanted | Self::LocationHidden | Self::NoLocation => None,
        }
    }
}

impl fmt::Debug for RedirectNotFollowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        self.location().map_or(Ok(()), |location| write!(f, ": {}", without_query(location)))
    }
}

impl fmt::Debug for FinalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FinalUrl({})", without_query(&self.0))
    }
}

/// A URL as it can be shown.
pub(crate) fn without_query(url: &Url) -> String {
    let query = if url.query().is_some() { "?[redacted]" } else { "" };
    format!("{}{}{query}", url.origin().ascii_serialization(), url.path())
}

/// What comes after an answer with a redirect.
#[derive(Debug)]
pub(crate) enum Next {
    /// The answer is the end.
    Stop(RedirectNotFollowed),
    /// Another request, with or without the body.
    Follow { url: Url, method: Method, headers: HeaderMap, keep_body: bool },
}

pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether the server has done nothing, and wants the same request elsewhere.
pub(crate) fn is_repeated(status: StatusCode) -> bool {
    matches!(status.as_u16(), 307 | 308)
}

/// What to do about a redirect whose headers are all known.
pub(crate) fn next(call: &Call, status: StatusCode, answer: &HeaderMap, redirects: Redirects) -> Next {
    if !redirects.follows() {
        return Next::Stop(RedirectNotFollowed::NotWanted);
    }
    let Some(location) = location(&call.url, answer) else {
        return Next::Stop(RedirectNotFollowed::NoLocation);
    };
    if location.scheme() != "https" {
        return Next::Stop(RedirectNotFollowed::NotHttps { location });
    }
    let same_origin = location.origin() == call.url.origin();
    if !same_origin && !redirects.other_origins {
        return Next::Stop(RedirectNotFollowed::OtherOrigin { location });
    }
    let (mut method, mut headers) = (call.method.clone(), call.headers.clone());
    let keep_body = !becomes_get(status, &call.method);
    if !keep_body {
        method = if method == Method::HEAD { Method::HEAD } else { Method::GET };
        remove(&mut headers, &OF_THE_BODY);
    }
    if !same_origin {
        remove(&mut headers, &FOR_ONE_ORIGIN);
    }
    Next::Follow { url: location, method, headers, keep_body }
}

fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => true,
        301 | 302 => method == Method::POST,
        _ => false,
    }
}

fn remove(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}

/// Source: RFC 9110, section 10.2.2.
fn location(from: &Url, answer: &HeaderMap) -> Option<Url> {
    let text = answer.get(LOCATION)?.to_str().ok()?;
    let mut location = from.join(text).ok()?;
    if location.fragment().is_none() {
        location.set_fragment(from.fragment());
    }
    Some(location)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;
    use crate::choice::Engine;

    fn call(method: Method) -> Call {
        let pairs =
            [("authorization", "Bearer t"), ("cookie", "a=b"), ("content-type", "a/b"), ("accept", "c/d")];
        let headers =
            pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let url = "https://api.example/v1/items?a=b".parse().unwrap();
        let headers = HeaderMap::from_iter(headers);
        Call::new(method, url, headers, Duration::from_secs(1), Engine::Auto, true).unwrap()
    }

    fn after(method: Method, status: u16, location: &str, redirects: Redirects) -> Next {
        let value = HeaderValue::from_str(location).unwrap();
        let headers = HeaderMap::from_iter([(LOCATION, value)]);
        next(&call(method), StatusCode::from_u16(status).unwrap(), &headers, redirects)
    }

    /// URL, method, and the names of the headers that are left.
    fn followed(next: Next) -> (String, Method, Vec<String>, bool) {
        let Next::Follow { url, method, headers, keep_body } = next else { panic!("{next:?}") };
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        (url.to_string(), method, names, keep_body)
    }

    #[test]
    fn methods_and_bodies() {
        let all = ["accept", "authorization", "content-type", "cookie"];
        let without_body = ["accept", "authorization", "cookie"];
        for (method, status, becomes, keep) in [
            (Method::GET, 301, Method::GET, true),
            (Method::POST, 301, Method::GET, false),
            (Method::POST, 302, Method::GET, false),
            (Method::PUT, 302, Method::PUT, true),
            (Method::DELETE, 303, Method::GET, false),
            (Method::HEAD, 303, Method::HEAD, false),
            (Method::POST, 307, Method::POST, true),
            (Method::PATCH, 308, Method::PATCH, true),
        ] {
            let (url, method, names, keep_body) =
                followed(after(method, status, "/v2", Redirects::default()));
            assert_eq!((url.as_str(), method, keep_body), ("https://api.example/v2", becomes, keep));
            let expected = if keep { &all[..] } else { &without_body[..] };
            assert_eq!(names, expected, "{status}");
        }
    }

    #[test]
    fn locations() {
        for (location, expected) in [
            ("https://api.example/x", "https://api.example/x"),
            ("//api.example:443/x", "https://api.example/x"),
            ("other", "https://api.example/v1/other"),
            ("?c=d", "https://api.example/v1/items?c=d"),
            ("../x#part", "https://api.example/x#part"),
        ] {
            assert_eq!(followed(after(Method::GET, 302, location, Redirects::default())).0, expected);
        }
        let none = next(&call(Method::GET), StatusCode::FOUND, &HeaderMap::new(), Redirects::default());
        assert!(matches!(none, Next::Stop(RedirectNotFollowed::NoLocation)));
        let nonsense = after(Method::GET, 302, "https://[::1", Redirects::default());
        assert!(matches!(nonsense, Next::Stop(RedirectNotFollowed::NoLocation)));
    }

    #[test]
    fn secrets_stay_with_their_server() {
        let elsewhere = ["https://cdn.example/x", "https://api.example:8443/x", "https://sub.api.example/"];
        for location in elsewhere {
            let stopped = after(Method::GET, 302, location, Redirects::same_origin(10));
            assert!(matches!(stopped, Next::Stop(RedirectNotFollowed::OtherOrigin { .. })), "{location}");
            let (_, _, names, _) = followed(after(Method::PUT, 307, location, Redirects::any_https(10)));
            assert_eq!(names, ["accept", "content-type"], "{location}");
        }
    }

    #[test]
    fn queries_are_not_shown() {
        let url: Url = "https://user:s3cr3t@a.example/b?token=s3cr3t#s3cr3t".parse().unwrap();
        assert_eq!(format!("{:?}", FinalUrl(url.clone())), "FinalUrl(https://a.example/b?[redacted])");
        let why = RedirectNotFollowed::OtherOrigin { location: url };
        let expected = "the redirect leads to another server: https://a.example/b?[redacted]";
        assert_eq!(format!("{why:?}"), expected);
    }

    #[test]
    fn never_in_the_clear_and_never_when_not_wanted() {
        for location in ["http://api.example/", "ftp://api.example/", "file:///etc/passwd", "data:,x"] {
            let stopped = after(Method::GET, 302, location, Redirects::any_https(10));
            assert!(matches!(stopped, Next::Stop(RedirectNotFollowed::NotHttps { .. })), "{location}");
        }
        for redirects in [Redirects::none(), Redirects::same_origin(0), Redirects::any_https(0)] {
            let stopped = after(Method::GET, 302, "/x", redirects);
            assert!(matches!(stopped, Next::Stop(RedirectNotFollowed::NotWanted)));
        }
    }
}
