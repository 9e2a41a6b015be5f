//! Where a request goes: what the module wants to know of a URL.

use std::fmt;

use telit_core::at::{CommandLine, Parameters};
use url::{Host, Url};

use crate::error::RequestError;

/// Ports of `http` and `https`.
const PORTS: [u16; 2] = [80, 443];

/// Host, port and resource of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) resource: Resource,
}

/// Path and query, percent-encoded as the URL has them. A query often carries a signature or a token, so
/// with one the resource is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    text: String,
    path_length: usize,
}

impl Target {
    /// `tls` decides whether the URL must be an `https` or an `http` one: nothing is sent in the clear, or with TLS,
    /// because somebody mistyped a letter.
    pub(crate) fn of(url: &Url, tls: bool) -> Result<Self, RequestError> {
        let invalid = |reason: &str| RequestError::InvalidUrl { reason: reason.to_owned() };
        match (url.scheme(), tls) {
            ("https", true) | ("http", false) => {}
            (_, true) => return Err(invalid("only https is served")),
            (_, false) => return Err(invalid("only http is served by a client without TLS")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "it carries a user name or a password; send an Authorization header instead",
            ));
        }
        let host = match url.host() {
            Some(Host::Domain(domain)) => domain.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            // Without abbreviations and brackets. Source: M37 p857.
            Some(Host::Ipv6(address)) => address.segments().map(|segment| format!("{segment:04x}")).join(":"),
            None => return Err(invalid("it has no host")),
        };
        // URLs take characters in a host that no command carries, such as double quotes.
        if let Err(refused) = CommandLine::set("#HTTPCFG").text("host", &host).build() {
            return Err(invalid(&refused.to_string()));
        }
        let [http, https] = PORTS;
        let port = url.port().unwrap_or(if tls { https } else { http });
        if port == 0 {
            return Err(invalid("port 0 does not exist"));
        }
        let path_and_query =
            url.query().map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()));
        Ok(Self { host, port, resource: Resource::new(&path_and_query) })
    }
}

impl Resource {
    pub(crate) fn new(text: &str) -> Self {
        let path_length = text.find('?').unwrap_or(text.len());
        Self { text: text.to_owned(), path_length }
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn append_to(&self, line: Parameters) -> Parameters {
        match self.has_query() {
            true => line.secret_text("resource", &self.text),
            false => line.text("resource", &self.text),
        }
    }

    fn has_query(&self) -> bool {
        self.path_length < self.text.len()
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = if self.has_query() { "?[redacted]" } else { "" };
        write!(f, "{}{query}", self.text.get(..self.path_length).unwrap_or_default())
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, RequestError> {
        Target::of(&url.parse().unwrap(), true)
    }

    #[test]
    fn takes_a_url_apart() {
        let expected = Target {
            host: "api.example".to_owned(),
            port: 443,
            resource: Resource::new("/v1/status?q=a%20b"),
        };
        assert_eq!(target("https://API.example/v1/./status?q=a b#part"), Ok(expected));
        let bare = target("https://api.example:8443").unwrap();
        assert_eq!((bare.port, bare.resource), (8443, Resource::new("/")));
        assert_eq!(target("https://192.0.2.1/").unwrap().host, "192.0.2.1");
        assert_eq!(target("https://[2001:db8::1]/").unwrap().host, "2001:0db8:0000:0000:0000:0000:0000:0001");
        assert_eq!(target("https://bücher.example/").unwrap().host, "xn--bcher-kva.example");
    }

    #[test]
    fn what_could_end_a_string_is_percent_encoded() {
        let resource = target("https://a.example/say \"hi\"\u{e9}?q=\"\u{1}x").unwrap().resource;
        assert_eq!(resource.text, "/say%20%22hi%22%C3%A9?q=%22%01x");
    }

    #[test]
    fn refuses_what_is_no_plain_https_url() {
        for url in
            ["http://a.example/", "ftp://a.example/", "https://user@a.example/", "https://:p@a.example/"]
        {
            assert!(matches!(target(url), Err(RequestError::InvalidUrl { .. })), "{url}");
        }
        assert!(matches!(target("https://a.example:0/"), Err(RequestError::InvalidUrl { .. })));
        assert!(!target("https://:s3cr3t@a.example/").unwrap_err().to_string().contains("s3cr3t"));
    }

    #[test]
    fn without_tls_only_plain_urls_are_taken() {
        let plain = |url: &str| Target::of(&url.parse().unwrap(), false);
        assert_eq!(plain("http://a.example/").unwrap().port, 80);
        assert_eq!(plain("http://a.example:443/").unwrap().port, 443);
        let error = plain("https://a.example/").unwrap_err();
        assert_eq!(error.to_string(), "invalid URL: only http is served by a client without TLS");
        assert_eq!(target("https://a.example:80/").unwrap().port, 80);
    }

    #[test]
    fn queries_are_not_shown() {
        assert_eq!(Resource::new("/a?token=1").to_string(), "/a?[redacted]");
        assert_eq!(Resource::new("/a").to_string(), "/a");
    }
}
