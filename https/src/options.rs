//! How requests are made.

use std::time::Duration;

use http::HeaderValue;
use telit_core::platform::HttpProfile;
use telit_core::socket::ConnectionMode;

use crate::choice::Engine;
use crate::error::RequestError;
use crate::redirect::Redirects;
use crate::retry::Retry;

/// Fewest bytes of an answer's head that can be bounded: what is read at once.
const SHORTEST_HEAD: usize = 8192;
const USER_AGENT: &str = concat!("telit-https/", env!("CARGO_PKG_VERSION"));

/// Options of an [`HttpsClient`](crate::HttpsClient). The defaults fit ordinary requests.
///
/// ```
/// use std::time::Duration;
/// use telit_https::HttpsOptions;
///
/// let options = HttpsOptions::new().timeout(Duration::from_secs(30)).keep_tls(true);
/// # drop(options);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct HttpsOptions {
    pub(crate) profile: u8,
    pub(crate) timeout: Duration,
    pub(crate) block_size: u16,
    pub(crate) keep_tls: bool,
    pub(crate) wait_for_tls: Duration,
    pub(crate) engine: Engine,
    pub(crate) redirects: Redirects,
    pub(crate) retry: Retry,
    /// `None`: each engine's own.
    pub(crate) user_agent: Option<String>,
    pub(crate) max_request_body: u64,
    pub(crate) max_response_body: u64,
    pub(crate) max_response_head: usize,
    pub(crate) connect_timeout: Duration,
    /// `None`: as the platform needs it.
    pub(crate) connection_mode: Option<ConnectionMode>,
}

impl Default for HttpsOptions {
    fn default() -> Self {
        Self {
            profile: 0,
            timeout: Duration::from_secs(120),
            block_size: 1500,
            keep_tls: false,
            wait_for_tls: Duration::from_secs(60),
            engine: Engine::Auto,
            redirects: Redirects::default(),
            retry: Retry::never(),
            user_agent: None,
            max_request_body: u64::MAX,
            max_response_body: u64::MAX,
            max_response_head: 64 * 1024,
            connect_timeout: Duration::from_secs(60),
            connection_mode: None,
        }
    }
}

impl HttpsOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The module's HTTP profile that is used. Default 0. Platform 37 has 0 and 1 to give; 2 belongs to
    /// the vendor's location service. Source: M37 p857.
    pub fn profile(mut self, profile: u8) -> Self {
        self.profile = profile;
        self
    }

    /// How long the server may be silent: until the answer's head is there, counted from when the request was sent, and
    /// between two blocks of its body. Default 2 minutes. Finding the host, connecting and sending come on top.
    ///
    /// The module counts in whole seconds from 1 to 65535; what it cannot count is counted on this computer
    /// ([`Engine::Socket`]). A single request can have [another](crate::RequestBuilder::timeout). Source: M37 p858; IPE28 p105.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Most bytes of the body in one answer of the module, 64 to 1500. Default 1500. Smaller blocks are
    /// for lines that lose bytes. Source: M37 p869.
    pub fn block_size(mut self, block_size: u16) -> Self {
        self.block_size = block_size;
        self
    }

    /// Keeps the module's TLS between requests. Default false: it is given back after each.
    ///
    /// On this computer the connection is kept too, for the next request to the same server, until the server closes it. It
    /// is used even for what the module could carry. The client keeps one, the last.
    ///
    /// Taking TLS and giving it back each write the module's flash (M37 p857), so a client that asks
    /// every minute, on a module that does nothing else with TLS, should keep it. Other services find it
    /// busy until [`release_tls`](crate::HttpsClient::release_tls) is called or the client is dropped.
    ///
    /// A connection of a [download](crate::HttpsClient::download_to_file) in another mode than that of requests is not kept,
    /// and closes the one that was: the next request takes TLS again.
    pub fn keep_tls(mut self, keep_tls: bool) -> Self {
        self.keep_tls = keep_tls;
        self
    }

    /// How long a request waits for its turn: for an earlier request, or for another service that holds
    /// TLS. Default 60 seconds; zero does not wait.
    pub fn wait_for_tls(mut self, wait_for_tls: Duration) -> Self {
        self.wait_for_tls = wait_for_tls;
        self
    }

    /// Who speaks HTTP. Default [`Engine::Auto`]: the module where it can. A single request can have
    /// [another](crate::RequestBuilder::engine).
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Which redirects are followed. Default: those to the same origin, ten in a row.
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// How often a request is tried again. Default: never.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// What the client calls itself (`User-Agent`). Default `telit-https/` and its version on this computer; the module
    /// calls itself whatever its firmware does, unless something is set here, which then counts as a header among others.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Most bytes of a request's body. Default: no limit but the module's own where it sends the request.
    pub fn max_request_body(mut self, bytes: u64) -> Self {
        self.max_request_body = bytes;
        self
    }

    /// Most bytes of an answer's body. Default no limit. Reading a longer one fails with
    /// [`BodyError::TooLarge`](crate::BodyError::TooLarge), before the first byte if its length was announced.
    pub fn max_response_body(mut self, bytes: u64) -> Self {
        self.max_response_body = bytes;
        self
    }

    /// Most bytes of an answer's status line and headers on this computer, 8 KiB at least. Default 64 KiB. More fail with
    /// [`RequestError::HeadTooLarge`]. The module has a limit of its own, which no manual tells.
    pub fn max_response_head(mut self, bytes: usize) -> Self {
        self.max_response_head = bytes.max(SHORTEST_HEAD);
        self
    }

    /// How long a connection of this computer may take, handshake included: 100 ms to a day. Default 60 s. See
    /// [`TlsConnector::connect_timeout`](telit_core::socket::TlsConnector::connect_timeout).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Who moves the bytes of a connection of this computer. Default: command mode, where other commands go on; online mode
    /// on modules whose command mode cannot carry every byte, and for [downloads](crate::HttpsDownload#online-and-command-mode)
    /// to a file whose hash is known.
    ///
    /// Online mode is faster, and meanwhile nothing else can use the port. See
    /// [`TlsConnector::mode`](telit_core::socket::TlsConnector::mode).
    pub fn connection_mode(mut self, mode: ConnectionMode) -> Self {
        self.connection_mode = Some(mode);
        self
    }

    /// How this computer calls itself.
    pub(crate) fn own_user_agent(&self) -> &str {
        self.user_agent.as_deref().unwrap_or(USER_AGENT)
    }

    /// Whether they make sense, whatever the platform.
    pub(crate) fn check(&self) -> Result<(), RequestError> {
        let value = HeaderValue::from_str(self.own_user_agent());
        if !value.is_ok_and(|value| value.to_str().is_ok()) {
            return Err(invalid("user agent", "it is not printable ASCII"));
        }
        Ok(())
    }

    /// Whether the module's client on this platform can do it.
    pub(crate) fn check_module(&self, http: &HttpProfile) -> Result<(), RequestError> {
        if !http.profiles.contains(&self.profile) {
            return Err(invalid("profile", "the module has no such HTTP profile"));
        }
        if http.reserved_profile == Some(self.profile) {
            return Err(invalid("profile", "it belongs to the vendor's location service"));
        }
        if !http.receive.contains(&usize::from(self.block_size)) {
            return Err(invalid("block size", "the module takes 64 to 1500 bytes"));
        }
        Ok(())
    }
}

/// A time in the module's unit; started seconds count.
pub(crate) fn whole_seconds(time: Duration) -> u16 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u16::try_from(seconds).unwrap_or(u16::MAX)
}

fn invalid(option: &'static str, reason: &str) -> RequestError {
    RequestError::InvalidOption { option, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};

    use super::*;

    fn check(options: HttpsOptions) -> Result<(), RequestError> {
        options.check_module(profile(PlatformId::P37).http.as_ref().unwrap())
    }

    #[test]
    fn limits_of_the_platform() {
        assert_eq!(check(HttpsOptions::new()), Ok(()));
        assert_eq!(check(HttpsOptions::new().profile(1).block_size(64)), Ok(()));
        for refused in [
            HttpsOptions::new().profile(2),
            HttpsOptions::new().profile(3),
            HttpsOptions::new().block_size(63),
            HttpsOptions::new().block_size(1501),
        ] {
            assert!(matches!(check(refused), Err(RequestError::InvalidOption { .. })));
        }
    }

    #[test]
    fn what_the_client_calls_itself_is_a_header() {
        assert_eq!(HttpsOptions::new().check(), Ok(()));
        assert_eq!(HttpsOptions::new().own_user_agent(), "telit-https/0.1.0");
        for bad in ["a\r\nEvil: 1", "gr\u{fc}n", "\0"] {
            let error = HttpsOptions::new().user_agent(bad).check().unwrap_err();
            assert!(matches!(error, RequestError::InvalidOption { option: "user agent", .. }), "{bad:?}");
        }
    }

    #[test]
    fn started_seconds_count() {
        assert_eq!(whole_seconds(Duration::from_millis(1001)), 2);
        assert_eq!(whole_seconds(Duration::from_secs(65_535)), 65_535);
    }
}
