//! What the servers have in common.

use crate::interop::credentials::Credentials;

pub(super) const HOST: &str = "web.test";

pub(super) trait Server: Sized {
    /// Its name, for the summary.
    const NAME: &'static str;

    /// The shapes that it cannot answer in, and why.
    const LEFT_OUT: &'static [(&'static str, &'static str)];

    /// `None` if it, or curl, is not installed.
    async fn start() -> Option<Self>;

    fn credentials(&self) -> &Credentials;

    /// Its port with TLS on loopback.
    fn port(&self) -> u16;
}
