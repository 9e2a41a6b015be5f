//! TLS against an OpenSSL acceptor on loopback.

use std::time::SystemTime;

use openssl::pkey::{PKey, Private};
use openssl::ssl::SslVersion;
use openssl::x509::X509;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::test_support::{AMPLE, Authority, LeafOptions, TlsServer, at, listen, tls_settings};
use super::super::{Connection, NetError, Network, StreamEnd};
use super::*;

/// Makes one handshake and returns what both sides think of it.
async fn shake(server: &TlsServer, settings: &TlsSettings) -> (Result<Connection, NetError>, bool) {
    let (listener, port) = listen().await;
    let network = Network::default();
    let dialled = network.connect("127.0.0.1", port, Some(settings), AMPLE);
    let (dialled, accepted) = tokio::join!(dialled, server.accept(&listener));
    (dialled, accepted.is_ok())
}

fn failure(result: (Result<Connection, NetError>, bool)) -> TlsFailure {
    result.0.unwrap_err().tls_failure().expect("a TLS failure")
}

struct World {
    authority: Authority,
    leaf: (X509, PKey<Private>),
}

fn world(options: &LeafOptions) -> World {
    let authority = Authority::new("Test CA");
    let leaf = authority.issue(options);
    World { authority, leaf }
}

fn one_suite(authority: &Authority, version: TlsVersion, suite: u16) -> TlsSettings {
    TlsSettings { min: version, max: version, suites: vec![suite], ..tls_settings(authority) }
}

#[tokio::test]
async fn a_trusted_server_is_connected_and_data_passes() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::new(&leaf);
    let (listener, port) = listen().await;
    let network = Network::new(vec![format!("server.test:8883=127.0.0.1:{port}").parse().unwrap()]);
    let settings = tls_settings(&authority);
    let dialled = network.connect("server.test", 8883, Some(&settings), AMPLE);
    let (dialled, accepted) = tokio::join!(dialled, server.accept(&listener));
    let (mut connection, mut peer) = (dialled.unwrap(), accepted.unwrap());

    connection.write_all(b"ping").await.unwrap();
    peer.answer("ping", "pong!").await;
    let mut answer = [0; 5];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"pong!");
    assert_eq!((connection.suite(), connection.version()), (Some(0x1301), Some(TlsVersion::V1_3)));
    assert_eq!(connection.traffic(), (4, 5));
    assert_eq!(network.traffic(), (4, 5));
    assert_eq!(server.names(), [Some("server.test".to_owned())]);
}

#[tokio::test]
async fn an_unknown_authority_is_refused_unless_nothing_is_verified() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::new(&leaf);
    let stranger = Authority::new("Other CA");
    assert_eq!(failure(shake(&server, &tls_settings(&stranger)).await), TlsFailure::UnknownAuthority);
    // Not even one of the same name.
    let impostor = Authority::new("Test CA");
    let refused = shake(&server, &tls_settings(&impostor)).await;
    assert!(matches!(failure(refused), TlsFailure::UnknownAuthority | TlsFailure::BadCertificate));

    let trusting =
        TlsSettings { verify: Verify::None, ca_certificates: Vec::new(), ..tls_settings(&authority) };
    let (connected, accepted) = shake(&server, &trusting).await;
    assert!(connected.is_ok() && accepted);
}

#[tokio::test]
async fn validity_is_by_the_clock_of_the_module() {
    // Today's date is in none of the checks: this certificate ended long ago.
    let World { authority, leaf } = world(&LeafOptions { years: (2004, 2008), ..LeafOptions::default() });
    let server = TlsServer::new(&leaf);
    let with_clock = |now: SystemTime| TlsSettings { now, ..tls_settings(&authority) };
    assert!(shake(&server, &with_clock(at(2006))).await.0.is_ok());
    assert_eq!(failure(shake(&server, &with_clock(at(2009))).await), TlsFailure::CertificateExpired);
    assert_eq!(failure(shake(&server, &with_clock(at(2003))).await), TlsFailure::CertificateNotYetValid);
    let before_the_epoch = SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1);
    assert_eq!(
        failure(shake(&server, &with_clock(before_the_epoch)).await),
        TlsFailure::CertificateNotYetValid
    );
}

#[tokio::test]
async fn the_host_is_checked_if_asked() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::new(&leaf);
    let with_host =
        |host: Option<&str>| TlsSettings { check_host: host.map(str::to_owned), ..tls_settings(&authority) };
    assert_eq!(failure(shake(&server, &with_host(Some("other.test"))).await), TlsFailure::HostMismatch);
    assert_eq!(failure(shake(&server, &with_host(Some("127.0.0.1"))).await), TlsFailure::HostMismatch);
    assert!(shake(&server, &with_host(None)).await.0.is_ok());

    let by_address = authority.issue(&LeafOptions { name: "127.0.0.1", ..LeafOptions::default() });
    let server = TlsServer::new(&by_address);
    assert!(shake(&server, &with_host(Some("127.0.0.1"))).await.0.is_ok());
}

#[tokio::test]
async fn no_server_name_is_sent_unless_set_and_never_an_address() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::new(&leaf);
    for name in [None, Some("127.0.0.1"), Some("a.test")] {
        let settings = TlsSettings {
            server_name: name.map(str::to_owned),
            check_host: None,
            ..tls_settings(&authority)
        };
        assert!(shake(&server, &settings).await.0.is_ok());
    }
    assert_eq!(server.names(), [None, None, Some("a.test".to_owned())]);
}

#[tokio::test]
async fn exactly_the_configured_suite_is_negotiated_at_every_version() {
    let World { authority, leaf } = world(&LeafOptions { rsa: true, ..LeafOptions::default() });
    let server = TlsServer::new(&leaf);
    // Every suite of platform 37 that an RSA certificate serves, at each of its versions.
    let old = [0x002F, 0x0035, 0x0033, 0x0039, 0xC013, 0xC014];
    let only_1_2 = [
        0x003C, 0x0067, 0x003D, 0x006B, 0x009C, 0x009D, 0x009E, 0x009F, 0xC027, 0xC028, 0xC02F, 0xC030,
        0xC0A0, 0xC0A1, 0xCCA8, 0xCCAA,
    ];
    let old_versions = [TlsVersion::V1_0, TlsVersion::V1_1, TlsVersion::V1_2];
    let mut cases: Vec<_> =
        old_versions.iter().flat_map(|version| old.map(|suite| (*version, suite))).collect();
    cases.extend(only_1_2.map(|suite| (TlsVersion::V1_2, suite)));
    cases.extend([0x1301, 0x1302, 0x1303, 0x1304, 0x1305].map(|suite| (TlsVersion::V1_3, suite)));
    let server_1_3 = TlsServer::with(&leaf, |builder| {
        let all = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:\
                   TLS_AES_128_CCM_8_SHA256";
        builder.set_ciphersuites(all).unwrap();
    });
    for (version, suite) in cases {
        let server = if version == TlsVersion::V1_3 { &server_1_3 } else { &server };
        let (connection, _) = shake(server, &one_suite(&authority, version, suite)).await;
        let connection = connection.unwrap_or_else(|error| panic!("{suite:04X} at {version:?}: {error}"));
        assert_eq!((connection.suite(), connection.version()), (Some(suite), Some(version)));
    }
}

#[tokio::test]
async fn elliptic_suites_of_platform_37_are_negotiated() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::new(&leaf);
    for suite in [0xC009, 0xC00A, 0xC023, 0xC024, 0xC02B, 0xC02C, 0xCCA9] {
        let (connection, _) = shake(&server, &one_suite(&authority, TlsVersion::V1_2, suite)).await;
        assert_eq!(connection.unwrap().suite(), Some(suite));
    }
}

#[tokio::test]
async fn the_order_of_the_suites_is_ours() {
    let World { authority, leaf } = world(&LeafOptions { rsa: true, ..LeafOptions::default() });
    let server = TlsServer::new(&leaf);
    for suites in [[0x002F, 0xC030], [0xC030, 0x002F]] {
        let first = suites[0];
        let settings =
            TlsSettings { max: TlsVersion::V1_2, suites: suites.to_vec(), ..tls_settings(&authority) };
        assert_eq!(shake(&server, &settings).await.0.unwrap().suite(), Some(first));
    }
}

#[tokio::test]
async fn nothing_is_offered_besides_the_configured_suites() {
    // Without a suite of TLS 1.3 there is no TLS 1.3, and with no other there is nothing below it.
    let World { authority, leaf } = world(&LeafOptions { rsa: true, ..LeafOptions::default() });
    let server = TlsServer::new(&leaf);
    let only_old = TlsSettings { suites: vec![0xC02F], ..tls_settings(&authority) };
    assert_eq!(shake(&server, &only_old).await.0.unwrap().version(), Some(TlsVersion::V1_2));

    let server = TlsServer::with(&leaf, |builder| {
        builder.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
    });
    let only_new = TlsSettings { suites: vec![0x1301], ..tls_settings(&authority) };
    assert!(matches!(failure(shake(&server, &only_new).await), TlsFailure::Alert(70) | TlsFailure::Version));
}

#[tokio::test]
async fn a_server_without_our_suite_answers_with_an_alert() {
    let World { authority, leaf } = world(&LeafOptions { rsa: true, ..LeafOptions::default() });
    let server = TlsServer::with(&leaf, |builder| {
        builder.set_cipher_list("AES256-SHA:@SECLEVEL=0").unwrap();
    });
    let (dialled, accepted) = shake(&server, &one_suite(&authority, TlsVersion::V1_2, 0x002F)).await;
    assert_eq!(dialled.unwrap_err().tls_failure(), Some(TlsFailure::Alert(40)));
    assert!(!accepted);
}

#[tokio::test]
async fn no_common_version_is_an_alert() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::with(&leaf, |builder| {
        builder.set_min_proto_version(Some(SslVersion::TLS1_3)).unwrap();
    });
    let old = one_suite(&authority, TlsVersion::V1_2, 0xC02B);
    assert_eq!(failure(shake(&server, &old).await), TlsFailure::Alert(70));
}

#[test]
fn suites_that_cannot_be_offered_are_named() {
    // Static ECDH, PSK and EXPORT; never in OpenSSL 3, or without a secret to use.
    assert_eq!(unavailable_suites(&[0xC02D, 0x002F, 0x008C, 0x1301, 0x0003]), [0xC02D, 0x008C, 0x0003]);
    let authority = Authority::new("Test CA");
    let error = Client::new(&one_suite(&authority, TlsVersion::V1_2, 0xC031)).unwrap_err();
    assert_eq!(error, NetError::tls(TlsFailure::NoSuite, "suite not available: 0xC031"));
    let error = Client::new(&one_suite(&authority, TlsVersion::V1_2, 0x1301)).unwrap_err();
    assert_eq!(error, NetError::tls(TlsFailure::NoSuite, "no suite for these versions"));
}

#[tokio::test]
async fn a_suite_of_a_later_version_than_allowed_is_no_suite() {
    let World { authority, leaf } = world(&LeafOptions { rsa: true, ..LeafOptions::default() });
    let server = TlsServer::new(&leaf);
    assert_eq!(
        failure(shake(&server, &one_suite(&authority, TlsVersion::V1_0, 0x009C)).await),
        TlsFailure::NoSuite
    );
}

#[tokio::test]
async fn a_client_certificate_is_presented_when_the_server_asks() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::mutual(&leaf, &authority);
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        let identity = Some(authority.identity("device"));
        let settings = TlsSettings { min: version, max: version, identity, ..tls_settings(&authority) };
        let (connection, accepted) = shake(&server, &settings).await;
        assert!(connection.is_ok() && accepted, "{version:?}");
    }
}

#[tokio::test]
async fn a_missing_client_certificate_shows_in_the_handshake_of_tls_1_2() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::mutual(&leaf, &authority);
    let settings = TlsSettings { max: TlsVersion::V1_2, ..tls_settings(&authority) };
    assert_eq!(failure(shake(&server, &settings).await), TlsFailure::Alert(40));
}

#[tokio::test]
async fn a_missing_client_certificate_shows_after_the_handshake_of_tls_1_3() {
    let World { authority, leaf } = world(&LeafOptions::default());
    let server = TlsServer::mutual(&leaf, &authority);
    let settings = TlsSettings { min: TlsVersion::V1_3, ..tls_settings(&authority) };
    let (connection, accepted) = shake(&server, &settings).await;
    assert!(!accepted);
    let mut connection = connection.unwrap();
    let error = NetError::from(connection.read_u8().await.unwrap_err());
    assert_eq!(error.tls_failure(), Some(TlsFailure::Alert(116)));
    assert_eq!(connection.end(), Some(StreamEnd::Alert(Some(116))));
}

#[test]
fn credentials_that_cannot_work_fail_before_the_dial() {
    let authority = Authority::new("Test CA");
    let good = authority.identity("device");
    let foreign_key = Identity { key: authority.identity("other").key, ..good.clone() };
    let no_key = Identity { key: b"-----BEGIN NOTHING-----".to_vec(), ..good.clone() };
    let no_certificate = Identity { certificate: Vec::new(), ..good };
    let base = tls_settings(&authority);
    for identity in [foreign_key, no_key, no_certificate] {
        let error = Client::new(&TlsSettings { identity: Some(identity), ..base.clone() }).unwrap_err();
        assert_eq!(error.tls_failure(), Some(TlsFailure::Credentials), "{error}");
    }
    for ca_certificates in [Vec::new(), vec![Vec::new()], vec![b"garbage".to_vec()]] {
        let error = Client::new(&TlsSettings { ca_certificates, ..base.clone() }).unwrap_err();
        assert_eq!(error.tls_failure(), Some(TlsFailure::Credentials), "{error}");
    }
}

#[tokio::test]
async fn an_encrypted_key_is_refused_without_asking_anybody() {
    let authority = Authority::new("Test CA");
    let (certificate, key) = authority.issue(&LeafOptions::default());
    let encrypted =
        key.private_key_to_pem_pkcs8_passphrase(openssl::symm::Cipher::aes_256_cbc(), b"secret").unwrap();
    let identity = Identity { certificate: certificate.to_pem().unwrap(), key: encrypted };
    let settings = TlsSettings { identity: Some(identity), ..tls_settings(&authority) };
    assert_eq!(Client::new(&settings).unwrap_err().tls_failure(), Some(TlsFailure::Credentials));
}

#[test]
fn keys_do_not_show() {
    let authority = Authority::new("Test CA");
    let settings = TlsSettings { identity: Some(authority.identity("device")), ..tls_settings(&authority) };
    assert!(format!("{settings:?}").contains("Identity(hidden)"));
}
