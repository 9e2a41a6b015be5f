//! What the OpenSSL inside the virtual module has.

use std::net::{Ipv4Addr, SocketAddr};

use telit_core::platform::CipherSuite;
use telit_core::tls::TlsOptions;
use telit_simulator::servers::{Front, FrontOptions, Issued};

use super::socket::dial;
use super::suite_names::needs_ecdsa;
use crate::interop::credentials::Credentials;
use crate::interop::device::Device;

const RSA_PORT: u16 = 9443;
const ECDSA_PORT: u16 = 9444;

/// Servers with the same OpenSSL as the virtual module, with every suite and version of it: what fails there, too, the
/// module does not have.
pub(super) struct ModuleSuites {
    rsa: Front,
    ecdsa: Front,
}

impl ModuleSuites {
    pub(super) async fn start(credentials: &Credentials) -> Self {
        Self { rsa: front(credentials.server()).await, ecdsa: front(credentials.server_ecdsa()).await }
    }

    /// As the virtual network calls them, and the real ones.
    pub(super) fn ports(&self) -> [(u16, u16); 2] {
        [(RSA_PORT, self.rsa.addr().port()), (ECDSA_PORT, self.ecdsa.addr().port())]
    }

    /// Whether it can use the suite, which is all that the options allow.
    pub(super) async fn have(&self, device: &Device, tls: TlsOptions, suite: CipherSuite) -> bool {
        let (front, port) =
            if needs_ecdsa(suite) { (&self.ecdsa, ECDSA_PORT) } else { (&self.rsa, RSA_PORT) };
        let before = front.handshakes().len();
        // There is nothing behind it, so it does not matter how this ends.
        drop(dial(&device.modem, tls, port).await);
        front.handshakes()[before..].iter().any(|handshake| handshake.is_established())
    }
}

/// RC4 and 3DES are not built in, static ECDH is gone since OpenSSL 1.1.0, and no command of a module stores a PSK.
pub(super) fn is_not_in_the_openssl_of_a_module(suite: CipherSuite) -> bool {
    let name = suite.to_string();
    name.starts_with("TLS_ECDH_") || ["_RC4_", "_3DES_", "_PSK_"].iter().any(|part| name.contains(part))
}

async fn front(certificate: &Issued) -> Front {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let options = FrontOptions::new(certificate).danger_accept_everything();
    Front::start(&options, nobody).await.expect("it starts")
}
