//! How requests are made.

use std::time::Duration;

use telit_core::platform::HttpProfile;

use crate::error::RequestError;

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
}

impl Default for HttpsOptions {
    fn default() -> Self {
        Self {
            profile: 0,
            timeout: Duration::from_secs(120),
            block_size: 1500,
            keep_tls: false,
            wait_for_tls: Duration::from_secs(60),
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

    /// How long the module waits for the server's answer, in whole seconds. Default 2 minutes. Finding
    /// the host, connecting and sending come on top. Source: M37 p858; IPE28 p105.
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
    /// Taking TLS and giving it back each write the module's flash (M37 p857), so a client that asks
    /// every minute, on a module that does nothing else with TLS, should keep it. Other services find it
    /// busy until [`release_tls`](crate::HttpsClient::release_tls) is called or the client is dropped.
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

    /// Whether this platform can do it.
    pub(crate) fn check(&self, http: &HttpProfile) -> Result<(), RequestError> {
        if !http.profiles.contains(&self.profile) {
            return Err(invalid("profile", "the module has no such HTTP profile"));
        }
        if http.reserved_profile == Some(self.profile) {
            return Err(invalid("profile", "it belongs to the vendor's location service"));
        }
        if !http.timeout.contains(&self.timeout) {
            return Err(invalid("timeout", "the module takes 1 to 65535 seconds"));
        }
        if !http.receive.contains(&usize::from(self.block_size)) {
            return Err(invalid("block size", "the module takes 64 to 1500 bytes"));
        }
        Ok(())
    }

    /// In the module's unit; started seconds count.
    pub(crate) fn timeout_seconds(&self) -> u16 {
        let seconds = self.timeout.as_secs() + u64::from(self.timeout.subsec_nanos() > 0);
        u16::try_from(seconds).unwrap_or(u16::MAX)
    }
}

fn invalid(option: &'static str, reason: &str) -> RequestError {
    RequestError::InvalidOption { option, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};

    use super::*;

    fn check(options: HttpsOptions) -> Result<(), RequestError> {
        options.check(profile(PlatformId::P37).http.as_ref().unwrap())
    }

    #[test]
    fn limits_of_the_platform() {
        assert_eq!(check(HttpsOptions::new()), Ok(()));
        assert_eq!(check(HttpsOptions::new().profile(1).block_size(64)), Ok(()));
        for refused in [
            HttpsOptions::new().profile(2),
            HttpsOptions::new().profile(3),
            HttpsOptions::new().timeout(Duration::from_millis(999)),
            HttpsOptions::new().timeout(Duration::from_secs(65_536)),
            HttpsOptions::new().block_size(63),
            HttpsOptions::new().block_size(1501),
        ] {
            assert!(matches!(check(refused), Err(RequestError::InvalidOption { .. })));
        }
    }

    #[test]
    fn started_seconds_count() {
        assert_eq!(HttpsOptions::new().timeout(Duration::from_millis(1001)).timeout_seconds(), 2);
        assert_eq!(HttpsOptions::new().timeout(Duration::from_secs(65_535)).timeout_seconds(), 65_535);
    }
}
