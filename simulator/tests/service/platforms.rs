//! The same jobs on every platform.

use std::net::SocketAddr;

use telit_simulator::Platform;
use telit_simulator::servers::{
    Authority, CertificateRequest, Front, FrontOptions, Issued, KeyKind, TlsVersion,
};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::bench::store;
use crate::dialect::{ALL, Dialect};
use crate::peer::{Peer, receive, send};

const DIAL: &str = "AT#SSLD=1,443,\"peer.test\",0,1";
const CONNECTED: &str = "\r\nOK\r\n";
const HANDSHAKE: &str = "\r\n+CME ERROR: SSL error during handshake\r\n";

/// A server behind which nobody says anything.
struct Silent {
    front: Front,
    _backend: TcpListener,
}

impl std::ops::Deref for Silent {
    type Target = Front;

    fn deref(&self) -> &Front {
        &self.front
    }
}

async fn front(options: FrontOptions) -> Silent {
    let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let front = Front::start(&options, backend.local_addr().unwrap()).await.unwrap();
    Silent { front, _backend: backend }
}

/// Verifies `front` on every platform by what `authority` signs; the host calls it `name`.
async fn verify_everywhere(
    front: &Front,
    authority: &Authority,
    name: &str,
    expected: impl Fn(&Dialect) -> bool,
) {
    for dialect in &ALL {
        let (_module, mut port) = dialect.ready(dialect.module().resolve(name, 443, front.addr()), 0).await;
        dialect.secure(&mut port, 1).await;
        store(&mut port, 1, &authority.certificate_pem()).await;
        let answer = if expected(dialect) { CONNECTED } else { HANDSHAKE };
        port.ask(&format!("AT#SSLD=1,443,\"{name}\",0,1"), answer).await;
    }
}

fn issued(authority: &Authority, request: &CertificateRequest) -> Issued {
    authority.issue(request).unwrap()
}

#[tokio::test]
async fn a_trusted_server_is_connected_by_the_suite_and_name_of_the_platform() {
    let authority = Authority::new().unwrap();
    let front = front(FrontOptions::new(&issued(&authority, &CertificateRequest::server("peer.test")))).await;
    verify_everywhere(&front, &authority, "peer.test", |_| true).await;
    let handshakes = front.wait_for_handshakes(ALL.len()).await;
    for (dialect, handshake) in ALL.iter().zip(&handshakes) {
        assert_eq!(handshake.suite_number, Some(dialect.suite.1), "{}", dialect.platform);
        assert_eq!(handshake.version, Some(TlsVersion::Tls12), "{}", dialect.platform);
        let name = dialect.has_server_name.then_some("peer.test");
        assert_eq!(handshake.server_name.as_deref(), name, "{}", dialect.platform);
        assert!(!handshake.resumed, "{}", dialect.platform);
    }
}

#[tokio::test]
async fn a_wrong_authority_is_refused_everywhere() {
    let authority = Authority::new().unwrap();
    let front = front(FrontOptions::new(&issued(&authority, &CertificateRequest::server("peer.test")))).await;
    verify_everywhere(&front, &Authority::new().unwrap(), "peer.test", |_| false).await;
}

#[tokio::test]
async fn a_server_that_signs_for_itself_is_refused_everywhere() {
    let itself = CertificateRequest::server("peer.test").self_signed().unwrap();
    let front = front(FrontOptions::new(&itself)).await;
    verify_everywhere(&front, &Authority::new().unwrap(), "peer.test", |_| false).await;
}

#[tokio::test]
async fn validity_is_checked_everywhere() {
    let authority = Authority::new().unwrap();
    for request in [
        CertificateRequest::server("peer.test").expired(),
        CertificateRequest::server("peer.test").not_yet_valid(),
    ] {
        let front = front(FrontOptions::new(&issued(&authority, &request))).await;
        verify_everywhere(&front, &authority, "peer.test", |_| false).await;
    }
}

#[tokio::test]
async fn the_name_is_checked_where_the_platform_can() {
    let authority = Authority::new().unwrap();
    let front =
        front(FrontOptions::new(&issued(&authority, &CertificateRequest::server("other.test")))).await;
    verify_everywhere(&front, &authority, "peer.test", |dialect| !dialect.checks_host()).await;
}

/// 2G has no version to choose: it goes down to TLS 1.0, where its suites allow it.
#[tokio::test]
async fn an_old_server_is_refused_where_the_version_is_chosen() {
    let authority = Authority::new().unwrap();
    let options = FrontOptions::new(&issued(&authority, &CertificateRequest::server("peer.test")))
        .versions(TlsVersion::Tls10, TlsVersion::Tls11)
        .security_level(0);
    let front = front(options).await;
    verify_everywhere(&front, &authority, "peer.test", |_| false).await;
    let dialect = Dialect::of(Platform::P13);
    let (_module, mut port) =
        dialect.ready(dialect.module().resolve("peer.test", 443, front.addr()), 0).await;
    port.ok("AT#SSLSECCFG=1,3,0").await;
    port.ok(DIAL).await;
    let handshakes = front.wait_for_handshakes(ALL.len() + 1).await;
    assert_eq!(handshakes.last().unwrap().version, Some(TlsVersion::Tls11));
}

#[tokio::test]
async fn a_client_certificate_is_shown_by_every_platform() {
    let authority = Authority::new().unwrap();
    let server = issued(&authority, &CertificateRequest::server("peer.test"));
    // Platform 10 takes 1535 bytes: a key of 2048 bits is longer.
    let client = issued(&authority, &CertificateRequest::client("device").key(KeyKind::Rsa(1024)));
    let options = FrontOptions::new(&server).require_client_certificate(&authority).security_level(0);
    let front = front(options).await;
    for dialect in &ALL {
        let (_module, mut port) =
            dialect.ready(dialect.module().resolve("peer.test", 443, front.addr()), 0).await;
        dialect.secure(&mut port, 1).await;
        store(&mut port, 1, &authority.certificate_pem()).await;
        port.ask(DIAL, HANDSHAKE).await;
        dialect.secure(&mut port, 2).await;
        port.ask(DIAL, "\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n").await;
        store(&mut port, 0, client.certificate_pem()).await;
        store(&mut port, 2, client.key_pem()).await;
        port.ok(DIAL).await;
    }
    let handshakes = front.wait_for_handshakes(2 * ALL.len()).await;
    let shown = handshakes.iter().filter(|handshake| handshake.client_subject.is_some()).count();
    assert_eq!(shown, ALL.len());
}

/// Source: SSL guide 6.5, M37 p917: the private key is an RSA key.
#[tokio::test]
async fn an_elliptic_client_key_is_no_use_anywhere() {
    let authority = Authority::new().unwrap();
    let server = issued(&authority, &CertificateRequest::server("peer.test"));
    let client = issued(&authority, &CertificateRequest::client("device").key(KeyKind::P256));
    let front = front(FrontOptions::new(&server).require_client_certificate(&authority)).await;
    for dialect in &ALL {
        let (_module, mut port) =
            dialect.ready(dialect.module().resolve("peer.test", 443, front.addr()), 0).await;
        dialect.secure(&mut port, 2).await;
        store(&mut port, 0, client.certificate_pem()).await;
        store(&mut port, 1, &authority.certificate_pem()).await;
        store(&mut port, 2, client.key_pem()).await;
        port.ask(DIAL, "\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n").await;
    }
    assert!(front.handshakes().is_empty());
}

fn der(pem: &str) -> Vec<u8> {
    match openssl::x509::X509::from_pem(pem.as_bytes()) {
        Ok(certificate) => certificate.to_der().unwrap(),
        Err(_) => {
            openssl::pkey::PKey::private_key_from_pem(pem.as_bytes()).unwrap().private_key_to_der().unwrap()
        }
    }
}

#[tokio::test]
async fn der_is_as_good_where_there_is_a_format() {
    let authority = Authority::new().unwrap();
    let server = issued(&authority, &CertificateRequest::server("peer.test"));
    let client = issued(&authority, &CertificateRequest::client("device"));
    let front = front(FrontOptions::new(&server).require_client_certificate(&authority)).await;
    let with_format = [
        Platform::P12,
        Platform::P20,
        Platform::P23,
        Platform::P25Linux,
        Platform::P25ThreadX,
        Platform::P37,
    ];
    for platform in with_format {
        let dialect = Dialect::of(platform);
        let (_module, mut port) =
            dialect.ready(dialect.module().resolve("peer.test", 443, front.addr()), 0).await;
        dialect.secure(&mut port, 2).await;
        port.ok(&format!("AT#SSLSECCFG=1,{},2,0", dialect.suite.0)).await;
        for (kind, pem) in
            [client.certificate_pem(), &authority.certificate_pem(), client.key_pem()].into_iter().enumerate()
        {
            let bytes = der(pem);
            port.ask(&format!("AT#SSLSECDATA=1,1,{kind},{}", bytes.len()), "\r\n> ").await;
            port.write(bytes).await;
            port.expect("\r\nOK\r\n").await;
        }
        port.ok(DIAL).await;
    }
}

#[tokio::test]
async fn a_certificate_in_ram_serves_one_connection() {
    let authority = Authority::new().unwrap();
    let front = front(FrontOptions::new(&issued(&authority, &CertificateRequest::server("peer.test")))).await;
    let pem = authority.certificate_pem();
    for platform in [Platform::P23, Platform::P37] {
        let dialect = Dialect::of(platform);
        let (_module, mut port) =
            dialect.ready(dialect.module().resolve("peer.test", 443, front.addr()), 0).await;
        dialect.secure(&mut port, 1).await;
        port.ask(&format!("AT#SSLSECDATA=1,3,1,{}", pem.len()), "\r\n> ").await;
        port.write(format!("{pem}\x1a")).await;
        port.expect("\r\nOK\r\n").await;
        port.ask("AT#SSLSECDATA=1,2,1", "\r\n#SSLSECDATA: 1,1\r\nNo data stored\r\n\r\nOK\r\n").await;
        port.ok(DIAL).await;
        port.ok("AT#SSLH=1").await;
        port.ask(DIAL, "\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n").await;
    }
}

/// Source: SSL guide 7.1.2.2: 256 bytes on 2G, 1300 on the others.
#[tokio::test]
async fn ring_mode_2_cuts_the_data_as_the_platform_does() {
    let peer = Peer::new().await;
    let address: SocketAddr = peer.front.addr();
    for dialect in &ALL {
        let (_module, mut port) = dialect.ready(dialect.module().resolve("peer.test", 443, address), 2).await;
        dialect.secure(&mut port, 0).await;
        port.ok(DIAL).await;
        let mut remote = peer.accept().await;
        send(&mut remote, vec![b'z'; 1400]).await;
        let most = if matches!(dialect.platform, Platform::P10 | Platform::P13 | Platform::P16) {
            256
        } else {
            1300
        };
        let mut left = 1400;
        while left > 0 {
            let count = left.min(most);
            port.expect(&format!("\r\nSSLSRING: 1,{count},{}\r\n", "z".repeat(count))).await;
            left -= count;
        }
        drop(remote);
        port.expect("\r\nNO CARRIER:SSL,1,4\r\n").await;
    }
}

/// All at once, each with a peer of its own: the silence around the escape takes its time.
#[tokio::test]
async fn data_pass_in_both_modes_on_every_platform() {
    let mut running = tokio::task::JoinSet::new();
    for dialect in &ALL {
        running.spawn(both_modes(dialect));
    }
    running.join_all().await;
}

async fn both_modes(dialect: &'static Dialect) {
    let peer = Peer::new().await;
    let module = dialect.module().resolve("peer.test", 443, peer.front.addr());
    let (_module, mut port) = dialect.ready(module, 1).await;
    dialect.secure(&mut port, 0).await;
    port.ok("ATS12=20").await;
    port.ok(DIAL).await;
    let mut remote = peer.accept().await;
    port.ask("AT#SSLSENDEXT=1,4", "\r\n> ").await;
    port.write("\x1a\x1b\x08\0").await;
    port.expect("\r\nOK\r\n").await;
    port.ask("AT#SSLSEND=1", "\r\n> ").await;
    port.write("text\x1a").await;
    port.expect("\r\nOK\r\n").await;
    assert_eq!(receive(&mut remote, 8).await, b"\x1a\x1b\x08\0text");
    send(&mut remote, "answer").await;
    port.expect("\r\nSSLSRING: 1,6\r\n").await;
    port.ask("AT#SSLRECV=1,100", "\r\n#SSLRECV: 6\r\nanswer\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLO=1", "\r\nCONNECT\r\n").await;
    send(&mut remote, "online").await;
    port.expect("online").await;
    tokio::time::sleep(std::time::Duration::from_millis(420)).await;
    port.write("+++").await;
    port.expect("\r\nOK\r\n").await;
    port.ok("AT#SSLH=1").await;
    let mut rest = Vec::new();
    remote.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"+++", "{}", dialect.platform);
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,1\r\n\r\nOK\r\n").await;
}
