use openssl::ssl::SslVersion;
use telit_simulator::servers::{Authority, CertificateRequest, Front, FrontOptions, KeyKind, TlsVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::client::{Client, Secured, read_all, within};

/// Sends back what comes.
async fn echo_backend() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    addr
}

async fn echo(stream: &mut Secured, text: &[u8]) {
    stream.write_all(text).await.unwrap();
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back).await.unwrap();
    assert_eq!(back, text);
}

#[tokio::test]
async fn relays_and_logs_name_version_suite_and_client() {
    within(async {
        let authority = Authority::new().unwrap();
        let server = authority.issue(&CertificateRequest::server("front.test")).unwrap();
        let device = authority.issue(&CertificateRequest::client("device-7")).unwrap();
        let options = FrontOptions::new(&server).require_client_certificate(&authority);
        let front = Front::start(&options, echo_backend().await).await.unwrap();

        let client = Client::new(&authority, "front.test").identity(&device);
        let mut stream = client
            .version(SslVersion::TLS1_2)
            .cipher_list("ECDHE-RSA-AES128-GCM-SHA256")
            .connect(front.addr())
            .await
            .unwrap();
        echo(&mut stream, b"over the wall").await;

        let [handshake] = front.wait_for_handshakes(1).await.try_into().unwrap();
        assert_eq!(handshake.server_name.as_deref(), Some("front.test"));
        assert_eq!(handshake.version, Some(TlsVersion::Tls12));
        assert_eq!(handshake.suite.as_deref(), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        assert_eq!(handshake.suite_openssl.as_deref(), Some("ECDHE-RSA-AES128-GCM-SHA256"));
        assert_eq!(handshake.client_subject.as_deref(), Some("O=Telit Simulator, CN=device-7"));
        assert_eq!(handshake.error, None);
        assert_eq!(Some(handshake.peer), stream.get_ref().local_addr().ok());
    })
    .await;
}

#[tokio::test]
async fn accepts_old_versions_and_suites_only_when_told() {
    within(async {
        let authority = Authority::new().unwrap();
        let server = authority.issue(&CertificateRequest::server("front.test")).unwrap();
        let backend = echo_backend().await;
        let modern = Front::start(&FrontOptions::new(&server), backend).await.unwrap();
        let legacy =
            Front::start(&FrontOptions::new(&server).danger_accept_everything(), backend).await.unwrap();

        let suites = [
            (SslVersion::TLS1, "AES128-SHA", TlsVersion::Tls10),
            (SslVersion::TLS1_1, "DHE-RSA-AES256-SHA", TlsVersion::Tls11),
            (SslVersion::TLS1_2, "NULL-SHA", TlsVersion::Tls12),
            (SslVersion::TLS1_2, "AES128-CCM8", TlsVersion::Tls12),
        ];
        for (version, suite, logged) in suites {
            let client = Client::new(&authority, "front.test").version(version).cipher_list(suite);
            let mut stream = client.connect(legacy.addr()).await.unwrap();
            echo(&mut stream, b"old").await;
            let handshake = legacy.handshakes().pop().unwrap();
            assert_eq!((handshake.version, handshake.suite_openssl.as_deref()), (Some(logged), Some(suite)));
        }
        let client = Client::new(&authority, "front.test");
        assert!(client.clone().version(SslVersion::TLS1).connect(modern.addr()).await.is_err());
        assert!(
            client
                .clone()
                .version(SslVersion::TLS1_2)
                .cipher_list("NULL-SHA")
                .connect(modern.addr())
                .await
                .is_err()
        );
        let refused = modern.wait_for_handshakes(2).await;
        assert!(refused.iter().all(|handshake| !handshake.is_established() && handshake.version.is_none()));
        echo(&mut client.version(SslVersion::TLS1_3).connect(modern.addr()).await.unwrap(), b"new").await;
    })
    .await;
}

#[tokio::test]
async fn serves_an_elliptic_curve_certificate() {
    within(async {
        let authority = Authority::new().unwrap();
        let server = authority.issue(&CertificateRequest::server("front.test").key(KeyKind::P256)).unwrap();
        let front = Front::start(&FrontOptions::new(&server), echo_backend().await).await.unwrap();
        let client = Client::new(&authority, "front.test").version(SslVersion::TLS1_2);
        let mut stream =
            client.cipher_list("ECDHE-ECDSA-AES128-GCM-SHA256").connect(front.addr()).await.unwrap();
        echo(&mut stream, b"curved").await;
    })
    .await;
}

#[tokio::test]
async fn refuses_clients_without_the_right_certificate() {
    within(async {
        let authority = Authority::new().unwrap();
        let server = authority.issue(&CertificateRequest::server("front.test")).unwrap();
        let rogue = Authority::new().unwrap().issue(&CertificateRequest::client("device")).unwrap();
        let expired = authority.issue(&CertificateRequest::client("device").expired()).unwrap();
        let options = FrontOptions::new(&server).require_client_certificate(&authority);
        let front = Front::start(&options, echo_backend().await).await.unwrap();

        // Up to TLS 1.2, where the client learns of it within the handshake.
        let client = Client::new(&authority, "front.test").version(SslVersion::TLS1_2);
        assert!(client.connect(front.addr()).await.is_err());
        assert!(client.clone().identity(&rogue).connect(front.addr()).await.is_err());
        assert!(client.clone().identity(&expired).connect(front.addr()).await.is_err());
        let handshakes = front.wait_for_handshakes(3).await;
        let errors: Vec<_> = handshakes.iter().map(|handshake| handshake.error.clone().unwrap()).collect();
        assert!(errors[0].contains("peer did not return a certificate"), "{}", errors[0]);
        assert!(errors[1].contains("certificate verify failed"), "{}", errors[1]);
        assert!(errors[2].contains("certificate verify failed"), "{}", errors[2]);
        assert!(handshakes.iter().all(|handshake| handshake.server_name.as_deref() == Some("front.test")));
    })
    .await;
}

#[tokio::test]
async fn cuts_connections_on_request_and_takes_new_ones() {
    within(async {
        let authority = Authority::new().unwrap();
        let server = authority.issue(&CertificateRequest::server("front.test")).unwrap();
        let front = Front::start(&FrontOptions::new(&server), echo_backend().await).await.unwrap();
        let client = Client::new(&authority, "front.test");
        for _ in 0..2 {
            let mut stream = client.connect(front.addr()).await.unwrap();
            echo(&mut stream, b"before").await;
            front.disconnect_all();
            assert_eq!(read_all(&mut stream).await, b"");
        }
        echo(&mut client.connect(front.addr()).await.unwrap(), b"after").await;
    })
    .await;
}

#[tokio::test]
async fn closes_when_dropped() {
    within(async {
        let authority = Authority::new().unwrap();
        let server = authority.issue(&CertificateRequest::server("front.test")).unwrap();
        let front = Front::start(&FrontOptions::new(&server), echo_backend().await).await.unwrap();
        let addr = front.addr();
        let mut stream = Client::new(&authority, "front.test").connect(addr).await.unwrap();
        echo(&mut stream, b"alive").await;
        drop(front);
        assert_eq!(read_all(&mut stream).await, b"");
        assert!(TcpStream::connect(addr).await.is_err());
    })
    .await;
}
