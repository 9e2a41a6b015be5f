//! From TLS to MQTT: which certificates come through, and whose connection it is.

use std::io;
use std::sync::Arc;

use openssl::x509::{X509StoreContextRef, X509VerifyResult};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::connection;
use super::hub::Hub;
use super::registry::certificate_id;
use crate::servers::front::{Backend, ClientCheck};

/// `X509_V_ERR_*` of OpenSSL: the issuer is not known, or the certificate is its own issuer. AWS takes certificates of
/// any authority, one by one.
const UNKNOWN_ISSUER: [i32; 4] = [18, 19, 20, 21];

impl Backend for Hub {
    async fn serve(self, secured: SslStream<TcpStream>) -> io::Result<()> {
        let certificate = secured.ssl().peer_certificate();
        let certificate = certificate.ok_or_else(|| io::Error::other("no client certificate"))?;
        let id = certificate_id(&certificate)?;
        connection::serve(self, secured, id).await;
        Ok(())
    }
}

/// A certificate has to be registered and active, and valid by itself.
pub(super) fn registered_only(hub: &Hub) -> ClientCheck {
    let hub = hub.clone();
    Arc::new(move |accepted, chain| {
        if !accepted && !UNKNOWN_ISSUER.contains(&chain.error().as_raw()) {
            return false;
        }
        if chain.error_depth() > 0 || is_active(&hub, chain) {
            return true;
        }
        chain.set_error(X509VerifyResult::APPLICATION_VERIFICATION);
        false
    })
}

fn is_active(hub: &Hub, chain: &X509StoreContextRef) -> bool {
    let id = chain.current_cert().and_then(|certificate| certificate_id(certificate).ok());
    id.is_some_and(|id| hub.state().registry.is_active(&id))
}
