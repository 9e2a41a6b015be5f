//! Verification really verifies: every peer that is not who it should be is refused, and the error says
//! what to look at.

use std::time::{Duration, SystemTime};

use telit_core::tls::{CaCertificate, CredentialError, Identity, TlsError, TlsOptions};
use telit_core::{Category, Modem};
use telit_mqtt::{ConnectError, MqttClient, MqttOptions, MqttSecurity};
use telit_simulator::servers::{Authority, Broker, BrokerOptions, CertificateRequest, Issued, TestServers};
use telit_simulator::{Platform, VirtualModule};

use crate::rig::{MQTTS, Rig};

const DAY: Duration = Duration::from_secs(86_400);

fn ca(authority: &Authority) -> CaCertificate {
    CaCertificate::from_pem(authority.certificate_pem().as_bytes()).expect("it is a CA certificate")
}

fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.certificate_pem().as_bytes(), issued.key_pem().as_bytes()).expect("they fit")
}

fn options(host: &str, tls: TlsOptions) -> MqttOptions {
    MqttOptions::new(host, "thing", MqttSecurity::Tls(tls))
}

/// Nothing but a broker with this certificate, and a module that finds it as `broker.test`.
async fn connect_to(broker_certificate: &Issued, authority: &Authority, trusted: &Authority) -> ConnectError {
    let broker =
        Broker::start(&BrokerOptions::mutual_tls(broker_certificate, authority)).await.expect("it starts");
    let module = VirtualModule::builder(Platform::P37).resolve("broker.test", MQTTS, broker.addr()).build();
    let module = module.expect("the module starts");
    let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await.expect("it answers");
    modem.bring_up().await.expect("it comes on line");
    let client = authority.issue(&CertificateRequest::client("thing")).expect("it is issued");
    let tls = TlsOptions::builder().ca(ca(trusted)).identity(identity(&client)).build().expect("it fits");
    let error =
        MqttClient::connect(&modem, options("broker.test", tls)).await.expect_err("it must be refused");
    // The module is usable afterwards.
    assert_eq!(modem.tls_holder(), None);
    error
}

fn is_explained(error: &ConnectError) {
    assert_eq!(error.category(), Category::Network, "{error}");
    let hint = error.hint().expect("it says what to look at");
    assert!(hint.contains("certificate"), "{hint}");
    assert!(!error.to_string().contains('\n'));
}

#[tokio::test]
async fn a_server_of_another_authority() {
    let (ours, theirs) = (Authority::new().expect("keys"), Authority::new().expect("keys"));
    let certificate = theirs.issue(&CertificateRequest::server("broker.test")).expect("it is issued");
    is_explained(&connect_to(&certificate, &theirs, &ours).await);
}

#[tokio::test]
async fn a_server_with_the_certificate_of_another_host() {
    let authority = Authority::new().expect("keys");
    let certificate = authority.issue(&CertificateRequest::server("other.test")).expect("it is issued");
    is_explained(&connect_to(&certificate, &authority, &authority).await);
}

#[tokio::test]
async fn a_server_with_an_expired_certificate() {
    let authority = Authority::new().expect("keys");
    let certificate =
        authority.issue(&CertificateRequest::server("broker.test").expired()).expect("it is issued");
    is_explained(&connect_to(&certificate, &authority, &authority).await);
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_valid_yet() {
    let authority = Authority::new().expect("keys");
    let request = CertificateRequest::server("broker.test").not_yet_valid();
    let certificate = authority.issue(&request).expect("it is issued");
    is_explained(&connect_to(&certificate, &authority, &authority).await);
}

#[tokio::test]
async fn a_client_without_a_certificate() {
    let rig = Rig::start().await;
    let tls = TlsOptions::builder().ca(rig.ca()).build().expect("it fits");
    let error = MqttClient::connect(&rig.modem, options(TestServers::BROKER_NAME, tls)).await;
    let error = error.expect_err("the broker wants one");
    assert_eq!(error.category(), Category::Network, "{error}");
    assert!(error.hint().is_some());
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
    let tls = rig.tls();
    let unknown = MqttClient::connect(&rig.modem, options("nowhere.invalid", tls.clone())).await;
    assert_eq!(unknown.expect_err("no such host").category(), Category::Network);
    let closed = options(TestServers::BROKER_NAME, tls).port(1);
    let closed = MqttClient::connect(&rig.modem, closed).await.expect_err("nobody listens");
    assert_eq!(closed.category(), Category::Network);
}

#[tokio::test]
async fn the_danger_has_to_be_named_to_connect_to_the_wrong_host() {
    let authority = Authority::new().expect("keys");
    let certificate = authority.issue(&CertificateRequest::server("other.test")).expect("it is issued");
    let broker =
        Broker::start(&BrokerOptions::mutual_tls(&certificate, &authority)).await.expect("it starts");
    let module = VirtualModule::builder(Platform::P37).resolve("broker.test", MQTTS, broker.addr()).build();
    let module = module.expect("the module starts");
    let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await.expect("it answers");
    modem.bring_up().await.expect("it comes on line");
    let client = authority.issue(&CertificateRequest::client("thing")).expect("it is issued");
    let tls = TlsOptions::builder().ca(ca(&authority)).identity(identity(&client)).danger_skip_host_check();
    let tls = tls.build().expect("it fits");
    MqttClient::connect(&modem, options("broker.test", tls)).await.expect("the danger was named");
}
