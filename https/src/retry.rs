//! How often a request is tried again.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use telit_core::{Backoff, Category};

use crate::call::Call;
use crate::error::RequestError;

/// How often a request is made again by itself after it failed, and how long the client waits before.
///
/// Tried again are requests that could not be sent, and those that do no harm when they are done twice (GET, HEAD, OPTIONS,
/// TRACE, PUT and DELETE), if their body can be sent again: after failures of the network and of the link to the module,
/// and after the statuses 429, 502, 503 and 504. The default is three more attempts, with waits that double from 1 second
/// to 30 and are drawn at random below that. A longer wait that the server asks for (`Retry-After` in seconds, which only
/// [`Engine::Socket`](crate::Engine::Socket) sees) is kept up to a bound; a server that wants more is not asked again.
///
/// What a server's refusal or a certificate decides is not tried again, and neither is a body that breaks off while it is
/// read. The waits for a module that a [supervisor](telit_core::supervisor) is getting back come on top, and the
/// supervisor bounds them.
///
/// Source: RFC 9110, sections 9.2.2 and 10.2.3.
///
/// ```
/// use std::time::Duration;
/// use telit_core::Backoff;
/// use telit_https::{HttpsOptions, Retry};
///
/// let waits = Backoff::new(Duration::from_secs(5), Duration::from_secs(600));
/// let options = HttpsOptions::new().retry(Retry::default().max_attempts(10).backoff(waits));
/// # drop(options);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing changes until it is given to HttpsOptions::retry()"]
pub struct Retry {
    backoff: Backoff,
    max_attempts: u32,
    max_retry_after: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(30)),
            max_attempts: 3,
            max_retry_after: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// How long to wait before an attempt. Default at random, at first up to 1 s, in the end up to 30 s.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How many more attempts a request gets. Default 3. 0 is the same as [`never`](Self::never).
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// The longest wait that a server can ask for. Default 1 minute. The answer of one that asks for more is handed through;
    /// a download waits for so long, and asks again.
    pub fn max_retry_after(mut self, wait: Duration) -> Self {
        self.max_retry_after = wait;
        self
    }

    /// Not at all. The default of a client.
    pub fn never() -> Self {
        Self::default().max_attempts(0)
    }

    /// How long a server wants to be left alone, as far as it can ask for that.
    pub(crate) fn asked(self, headers: &HeaderMap) -> Option<Duration> {
        retry_after(headers).map(|asked| asked.min(self.max_retry_after))
    }

    pub(crate) fn is_never(self) -> bool {
        self.max_attempts == 0
    }

    /// The wait before attempt `attempt` after this error; the first one again is 1. `None`: it is told.
    pub(crate) fn after_error(self, attempt: u32, call: &Call, error: &RequestError) -> Option<Duration> {
        let again = is_passing(error) && (call.is_idempotent() || !error.may_have_taken_effect());
        (again && attempt <= self.max_attempts).then(|| self.backoff.draw(attempt))
    }

    /// As [`after_error`](Self::after_error), for an answer.
    pub(crate) fn after_answer(
        self,
        attempt: u32,
        call: &Call,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Duration> {
        let again = matches!(status.as_u16(), 429 | 502 | 503 | 504) && call.is_idempotent();
        if !again || attempt > self.max_attempts {
            return None;
        }
        let asked = retry_after(headers).unwrap_or_default();
        (asked <= self.max_retry_after).then(|| self.backoff.draw(attempt).max(asked))
    }
}

/// Whether trying again can help.
pub(crate) fn is_passing(error: &RequestError) -> bool {
    match error {
        RequestError::Dns { .. }
        | RequestError::NotOnline { .. }
        | RequestError::Connect { .. }
        | RequestError::Interrupted { .. }
        | RequestError::TimedOut { .. }
        | RequestError::NoAnswer { .. }
        | RequestError::Lost { .. } => true,
        RequestError::Tls { sent, .. } => *sent,
        RequestError::Socket { error, .. } => {
            matches!(error.category(), Category::Network | Category::Link)
        }
        error => error.category() == Category::Link,
    }
}

/// In seconds. A date needs a clock that is right, which a device may not have.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};
    use telit_core::tls::TlsFailure;

    use super::*;
    use crate::choice::Engine;

    const AT_ONCE: Backoff = Backoff::new(Duration::ZERO, Duration::ZERO);

    fn call(method: Method) -> Call {
        let url = "https://api.example/".parse().unwrap();
        Call::new(method, url, HeaderMap::new(), Duration::from_secs(1), Engine::Auto, true).unwrap()
    }

    fn retry() -> Retry {
        Retry::default().backoff(AT_ONCE)
    }

    #[test]
    fn what_may_have_been_done_is_done_again_only_if_that_is_the_same() {
        let host = || "a.example".to_owned();
        let in_doubt = RequestError::NoAnswer { host: host() };
        let not_sent = RequestError::ModuleRestarted { sent: false };
        for (method, error, again) in [
            (Method::GET, &in_doubt, true),
            (Method::PUT, &in_doubt, true),
            (Method::DELETE, &in_doubt, true),
            (Method::POST, &in_doubt, false),
            (Method::PATCH, &in_doubt, false),
            (Method::POST, &not_sent, true),
        ] {
            let wait = retry().after_error(1, &call(method.clone()), error);
            assert_eq!(wait.is_some(), again, "{method} after {error}");
        }
    }

    #[test]
    fn what_stays_as_it_is_is_not_tried_again() {
        let get = call(Method::GET);
        let host = || "a.example".to_owned();
        for error in [
            RequestError::Tls { host: host(), failure: TlsFailure::Handshake, sent: false },
            RequestError::Malformed { host: host(), reason: String::new() },
            RequestError::HeadTooLarge { host: host(), limit: 1 },
            RequestError::TooLong { what: "the body is", length: 2, limit: 1 },
            RequestError::Stopped,
        ] {
            assert_eq!(retry().after_error(1, &get, &error), None, "{error}");
        }
    }

    #[test]
    fn attempts_are_counted() {
        let (get, error) = (call(Method::GET), RequestError::NoAnswer { host: "a.example".into() });
        let tries =
            |retry: Retry| (1..100).take_while(|n| retry.after_error(*n, &get, &error).is_some()).count();
        assert_eq!((tries(retry()), tries(retry().max_attempts(7)), tries(Retry::never())), (3, 7, 0));
    }

    #[test]
    fn the_server_says_how_long_within_reason() {
        let after = |method, status, text: Option<&'static str>| {
            let headers = text.map(|text| (RETRY_AFTER, HeaderValue::from_static(text)));
            let status = StatusCode::from_u16(status).unwrap();
            retry().after_answer(1, &call(method), status, &HeaderMap::from_iter(headers))
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(after(Method::GET, 503, Some("7")), seconds(7));
        assert_eq!(after(Method::GET, 429, Some("60")), seconds(60));
        assert_eq!(after(Method::GET, 503, Some("61")), None);
        assert_eq!(after(Method::GET, 503, Some("99999999999999999999")), None);
        assert_eq!(after(Method::GET, 502, Some("Fri, 31 Dec 1999 23:59:59 GMT")), seconds(0));
        assert_eq!(after(Method::PUT, 504, None), seconds(0));
        assert_eq!(after(Method::POST, 503, Some("7")), None);
        for status in [200, 400, 404, 408, 500, 501, 505] {
            assert_eq!(after(Method::GET, status, None), None, "{status}");
        }
    }

    #[test]
    fn no_server_asks_for_more_than_the_bound() {
        let asked = |text: &'static str| {
            retry().asked(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]))
        };
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("7200"), Some(Duration::from_secs(60)));
        assert_eq!(asked("soon"), None);
        assert_eq!(retry().asked(&HeaderMap::new()), None);
    }
}
