use openssl::pkey::{Id, PKey};
use openssl::x509::{X509, X509VerifyResult};
use telit_simulator::servers::{Authority, CertificateRequest, Front, FrontOptions, Issued, KeyKind};
use tokio::net::TcpStream;

use super::client::{Client, within};

fn parsed(pem: &str) -> X509 {
    X509::from_pem(pem.as_bytes()).unwrap()
}

#[test]
fn a_server_certificate_is_signed_and_names_its_hosts() {
    let authority = Authority::new().unwrap();
    let request = CertificateRequest::server("rest.test").dns_name("localhost").address([127, 0, 0, 1]);
    let issued = authority.issue(&request).unwrap();

    let certificate = parsed(issued.certificate_pem());
    let root = parsed(&authority.certificate_pem());
    assert_eq!(root.issued(&certificate), X509VerifyResult::OK);
    assert!(certificate.verify(&root.public_key().unwrap()).unwrap());
    let names = certificate.subject_alt_names().unwrap();
    let dns: Vec<_> = names.iter().filter_map(|name| name.dnsname()).collect();
    let addresses: Vec<_> = names.iter().filter_map(|name| name.ipaddress()).collect();
    assert_eq!(dns, ["rest.test", "localhost"]);
    assert_eq!(addresses, [[127, 0, 0, 1]]);
}

#[test]
fn keys_come_in_both_forms_and_fit_the_certificate() {
    let authority = Authority::new().unwrap();
    let rsa = authority.issue(&CertificateRequest::client("device")).unwrap();
    let curve = authority.issue(&CertificateRequest::client("device").key(KeyKind::P256)).unwrap();

    assert!(rsa.key_pem().starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert!(curve.key_pem().starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
    for (issued, kind) in [(&rsa, Id::RSA), (&curve, Id::EC)] {
        assert!(issued.key_pkcs8_pem().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        for pem in [issued.key_pem(), issued.key_pkcs8_pem()] {
            let key = PKey::private_key_from_pem(pem.as_bytes()).unwrap();
            assert_eq!(key.id(), kind);
            assert!(key.public_eq(&parsed(issued.certificate_pem()).public_key().unwrap()));
        }
    }
}

#[test]
fn a_self_signed_certificate_has_no_authority_behind_it() {
    let issued = CertificateRequest::server("rest.test").self_signed().unwrap();
    let certificate = parsed(issued.certificate_pem());
    assert!(certificate.verify(&certificate.public_key().unwrap()).unwrap());
    assert_eq!(certificate.issuer_name().to_der().unwrap(), certificate.subject_name().to_der().unwrap());
    let key = PKey::private_key_from_pem(issued.key_pem().as_bytes()).unwrap();
    assert!(key.public_eq(&certificate.public_key().unwrap()));
}

#[test]
fn debug_shows_no_key() {
    let authority = Authority::new().unwrap();
    let issued = authority.issue(&CertificateRequest::client("device")).unwrap();
    assert_eq!(format!("{issued:?}"), r#"Issued { common_name: "device", .. }"#);
    assert_eq!(format!("{authority:?}"), "Authority { .. }");
}

// OpenSSL's verification results, from x509_vfy.h.
const UNKNOWN_ISSUER: i32 = 20;
const BAD_SIGNATURE: i32 = 7;
const NOT_YET_VALID: i32 = 9;
const EXPIRED: i32 = 10;
const WRONG_PURPOSE: i32 = 26;
const WRONG_HOST: i32 = 62;

#[tokio::test]
async fn wrong_certificates_are_refused_for_the_right_reason() {
    let authority = Authority::new().unwrap();
    let good = CertificateRequest::server("rest.test");
    let cases = [
        (good.clone(), None),
        (good.clone().key(KeyKind::P256), None),
        (good.clone().expired(), Some(EXPIRED)),
        (good.clone().not_yet_valid(), Some(NOT_YET_VALID)),
        (CertificateRequest::server("other.test"), Some(WRONG_HOST)),
        (CertificateRequest::client("rest.test").dns_name("rest.test"), Some(WRONG_PURPOSE)),
    ];
    for (request, expected) in cases {
        let issued = authority.issue(&request).unwrap();
        assert_eq!(refusal(&authority, &issued).await, expected, "{request:?}");
    }
    let foreign = Authority::new().unwrap().issue(&good).unwrap();
    let refused = refusal(&authority, &foreign).await.expect("a foreign certificate is refused");
    assert!([UNKNOWN_ISSUER, BAD_SIGNATURE].contains(&refused), "{refused}");
}

async fn refusal(trusted: &Authority, presented: &Issued) -> Option<i32> {
    within(async {
        // Nothing listens behind; the handshake is over by then.
        let front = Front::start(&FrontOptions::new(presented), ([127, 0, 0, 1], 1).into()).await.unwrap();
        let stream = TcpStream::connect(front.addr()).await.unwrap();
        Client::new(trusted, "rest.test").verify_result(stream).await
    })
    .await
}
