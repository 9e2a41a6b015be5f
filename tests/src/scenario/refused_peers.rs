//! What is wrong on our side, or not there at all, and how a connection fails for it.

use std::time::{Duration, SystemTime};

use telit_core::Category;
use telit_core::tls::{CredentialError, Identity, TlsError, TlsOptions};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity};
use telit_simulator::servers::{Authority, CertificateRequest, Issued, TestServers};

use crate::rig::Rig;

const DAY: Duration = Duration::from_secs(86_400);

fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.certificate_pem().as_bytes(), issued.key_pem().as_bytes()).expect("they fit")
}

fn options(host: &str, tls: TlsOptions) -> MqttOptions {
    MqttOptions::new(host, "thing", MqttSecurity::Tls(tls))
}

#[tokio::test]
async fn a_client_without_a_certificate() {
    let rig = Rig::start().await;
    let tls = TlsOptions::builder().ca(rig.ca()).build().expect("it fits");
    let error = MqttClient::connect(&rig.modem, options(TestServers::BROKER_NAME, tls)).await;
    let error = error.expect_err("the broker wants one");
    assert_eq!(error.category(), Category::Network, "{error}");
    assert_eq!(error.to_string(), "TLS to the broker failed: SSL error during handshake");
    assert!(
        error.hint().is_some_and(|hint| hint.contains("the client certificate if the server asks for one"))
    );
}

#[tokio::test]
async fn a_client_certificate_that_has_expired_is_refused_before_it_is_stored() {
    let rig = Rig::start().await;
    let request =
        CertificateRequest::client("old").valid(SystemTime::now() - 9 * DAY, SystemTime::now() - DAY);
    let issued = rig.servers.authority().issue(&request).expect("it is issued");
    let tls = TlsOptions::builder().ca(rig.ca()).identity(identity(&issued)).build().expect("it fits");
    let error = MqttClient::connect(&rig.modem, options(TestServers::BROKER_NAME, tls))
        .await
        .expect_err("it expired");
    assert_eq!(error.category(), Category::Usage, "{error}");
    assert!(error.to_string().contains("expired on"), "{error}");
}

#[tokio::test]
async fn the_key_of_another_certificate_is_refused_at_once() {
    let authority = Authority::new().expect("keys");
    let one = authority.issue(&CertificateRequest::client("one")).expect("it is issued");
    let two = authority.issue(&CertificateRequest::client("two")).expect("it is issued");
    let error = Identity::from_pem(one.certificate_pem().as_bytes(), two.key_pem().as_bytes());
    assert!(matches!(error, Err(CredentialError::KeyMismatch { .. })));
    let text = TlsError::from(error.expect_err("they do not fit")).to_string();
    assert!(text.contains("does not belong to the client certificate"), "{text}");
}

#[tokio::test]
async fn an_unknown_host_and_a_closed_port() {
    let rig = Rig::start().await;
    let unknown = options("nowhere.invalid", rig.tls());
    let closed = options(TestServers::BROKER_NAME, rig.tls()).port(1);
    for options in [unknown, closed] {
        let error = MqttClient::connect(&rig.modem, options).await.expect_err("nobody is there");
        assert_eq!(error.category(), Category::Network);
        // The module does not tell these apart, nor from a broker that hangs up.
        assert_eq!(error.to_string(), "the broker was not reached: the login could not be delivered");
        assert!(error.hint().is_some_and(|hint| hint.starts_with("check host, port and network; ")));
    }
}
