//! `gnutls-serv`, which wants to know the client.

use telit_core::socket::SocketError;
use telit_core::tls::TlsOptions;
use telit_simulator::Platform;
use telit_simulator::servers::{Authority, CertificateRequest, Issued, KeyKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{HOST, dial, is_refused, tls};
use crate::interop::credentials::{Credentials, identity};
use crate::interop::device::Device;
use crate::interop::gnutls::{Described, GnutlsServ};

const PORT: u16 = 5556;
/// TLS 1.2 with what every platform has.
const EVERYBODY: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.2:+RSA:+DHE-RSA:+SHA1:+SHA256:+SHA384:%COMPAT";
const OLD: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:+RSA:+DHE-RSA:+SHA1:%COMPAT";
const OTHER_SUITES: &str =
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-256-CBC:+RSA:+SHA1:+SHA256:%COMPAT";
/// The latter is said of modules that offer suites of old versions, and end the handshake themselves.
const NOTHING_IN_COMMON: [&str; 2] = [
    "No supported cipher suites have been found.",
    "A packet with illegal or unsupported version was received.",
];
const MUTUAL: &[&str] = &["--require-client-cert", "--verify-client-cert", "--x509cafile=ca.pem"];

#[tokio::test]
async fn gnutls_serv_lets_in_only_clients_that_it_knows() {
    let credentials = Credentials::new(HOST);
    let Some(server) = GnutlsServ::start(&credentials, EVERYBODY, MUTUAL).await else { return };
    let stranger = Authority::new().expect("keys");
    let (known, unknown) = (client(credentials.authority()), client(&stranger));
    for platform in Platform::ALL {
        let device = Device::online_in_haste(platform, &[(HOST, PORT, server.port())]).await;
        let mark = server.mark();
        is_refused(&device, PORT, tls(&device, &credentials).build().expect("it fits")).await;
        assert!(server.says_since(mark, "No certificate was found.").await, "{}", server.since(mark));
        let unknown = tls(&device, &credentials).identity(identity(&unknown)).build().expect("it fits");
        let mark = server.mark();
        is_refused(&device, PORT, unknown).await;
        assert!(server.says_since(mark, "The certificate is NOT trusted.").await, "{}", server.since(mark));
        let known = tls(&device, &credentials).identity(identity(&known)).build().expect("it fits");
        let page = page(&device, known).await.expect("it is let in");
        assert_eq!(Described::read(&page).expect("it describes the connection").version, "TLS1.2");
    }
}

#[tokio::test]
async fn gnutls_serv_without_a_version_or_a_suite_in_common_is_refused() {
    let credentials = Credentials::new(HOST);
    for priority in [OLD, OTHER_SUITES] {
        let Some(server) = GnutlsServ::start(&credentials, priority, &["--disable-client-cert"]).await else {
            return;
        };
        for platform in Platform::ALL {
            let device = Device::online_in_haste(platform, &[(HOST, PORT, server.port())]).await;
            let mark = server.mark();
            is_refused(&device, PORT, tls(&device, &credentials).build().expect("it fits")).await;
            server.says_since(mark, "Error in handshake").await;
            let said = server.since(mark);
            assert!(NOTHING_IN_COMMON.iter().any(|words| said.contains(words)), "{platform}: {said}");
        }
    }
}

/// Platform 10 stores no key of 2048 bits.
fn client(authority: &Authority) -> Issued {
    let request = CertificateRequest::client("device").key(KeyKind::Rsa(1536));
    authority.issue(&request).expect("it is issued")
}

/// What it says about the connection.
async fn page(device: &Device, tls: TlsOptions) -> Result<String, SocketError> {
    let mut socket = dial(device, PORT, tls).await?;
    socket.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("it is sent");
    let mut page = String::new();
    socket.read_to_string(&mut page).await.expect("it ends");
    socket.close().await?;
    Ok(page)
}
