//! The echo on every platform of the guide, with what the platform cannot do waived and nothing else.

use telit_core::Modem;
use telit_core::platform::Profile;
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_core::tls::{CaCertificate, CipherPolicy, TlsOptions};
use telit_simulator::Platform;
use telit_simulator::servers::{Authority, CertificateRequest, Front, FrontOptions};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::peer::{MODES, NAME, PORT, echo, on_line, read};
use crate::rig::hostile_payloads;

#[tokio::test]
async fn every_byte_comes_back_on_every_platform() {
    let authority = Authority::new().expect("keys");
    let issued = authority.issue(&CertificateRequest::server(NAME)).expect("a certificate");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let options = FrontOptions::new(&issued).danger_accept_everything();
    let front = Front::start(&options, listener.local_addr().expect("it is bound")).await.expect("it starts");
    tokio::spawn(async move {
        while let Ok((remote, _)) = listener.accept().await {
            tokio::spawn(echo(remote));
        }
    });
    let ca = CaCertificate::from_pem(authority.certificate_pem().as_bytes()).expect("a CA");
    let mut platforms = JoinSet::new();
    for platform in Platform::ALL {
        let (ca, address) = (ca.clone(), front.addr());
        platforms.spawn(async move {
            let (_module, modem) = on_line(platform, address).await;
            let tls = options_for(modem.profile(), ca);
            for mode in MODES {
                talk(&modem, &tls, mode).await;
            }
        });
    }
    platforms.join_all().await;
}

fn options_for(profile: &Profile, ca: CaCertificate) -> TlsOptions {
    let builder = TlsOptions::builder().ca(ca).cipher_policy(CipherPolicy::Compatible);
    let builder = if profile.tls.checks_host_name() { builder } else { builder.danger_skip_host_check() };
    let builder = if profile.tls.sends_server_name() { builder } else { builder.without_server_name() };
    builder.build().expect("it fits together")
}

async fn talk(modem: &Modem, tls: &TlsOptions, mode: ConnectionMode) {
    let platform = modem.profile().id;
    let connector = TlsConnector::new(modem, tls.clone()).mode(mode);
    let socket = connector.connect(NAME, PORT).await;
    let mut socket = socket.unwrap_or_else(|error| panic!("{platform} {mode:?}: {error}"));
    for payload in hostile_payloads() {
        socket.write_all(&payload).await.unwrap_or_else(|error| panic!("{platform} {mode:?}: {error}"));
        socket.flush().await.unwrap_or_else(|error| panic!("{platform} {mode:?}: {error}"));
        assert_eq!(read(&mut socket, payload.len()).await, payload, "{platform} {mode:?}");
    }
    socket.close().await.unwrap_or_else(|error| panic!("{platform} {mode:?}: {error}"));
    assert_eq!(modem.tls_holder(), None, "{platform} {mode:?}");
}
