//! Foreign servers that a module must not trust, and foreign servers that do not trust the module, on every platform.
//! That the right check was made is what the server's log tells.

mod gnutls;
mod nginx;

use telit_core::Category;
use telit_core::socket::{SocketError, TlsConnector, TlsSocket};
use telit_core::tls::{TlsOptions, TlsOptionsBuilder};

use super::credentials::Credentials;
use super::device::Device;
use crate::waived::{strongest, waived};

const HOST: &str = "peer.test";

/// What this platform can do at best, and whom it trusts.
fn tls(device: &Device, credentials: &Credentials) -> TlsOptionsBuilder {
    let profile = device.modem.profile();
    strongest(profile, waived(profile, credentials.builder()))
}

async fn dial(device: &Device, port: u16, tls: TlsOptions) -> Result<TlsSocket, SocketError> {
    TlsConnector::new(&device.modem, tls).connect(HOST, port).await
}

/// No connection, for a reason that the handshake gave.
async fn is_refused(device: &Device, port: u16, tls: TlsOptions) {
    let error = dial(device, port, tls).await.expect_err("it must be refused");
    assert_eq!(error.to_string(), format!("no connection to {HOST}:{port}: SSL error during handshake"));
    assert_eq!(error.category(), Category::Network);
    assert!(error.hint().is_some_and(|hint| hint.starts_with("the module does not say which check failed")));
    assert_eq!(device.modem.tls_holder(), None);
}
