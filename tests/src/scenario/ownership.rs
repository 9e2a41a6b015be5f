//! One service at a time owns TLS; leftovers of a dead process are cleaned, what another port owns is not.

use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::exclusive::{Holder, LeaseError, Service};
use telit_core::{Category, Modem};
use telit_mqtt::MqttClient;

use crate::rig::Rig;

async fn raw(modem: &Modem, line: &str) {
    let line = CommandLine::verbatim(line).expect("it is a command");
    let deadline = std::time::Duration::from_secs(60);
    let exchange = Exchange::new(line, Expect::result()).deadline(deadline);
    modem.channel().execute(exchange).await.expect("the module takes it");
}

/// A second process on the same port, which knows nothing of the first.
async fn restarted(rig: &Rig) -> Modem {
    Modem::from_channel(std::sync::Arc::clone(rig.modem.channel()), rig.modem.profile())
}

#[tokio::test]
async fn sockets_left_enabled_are_switched_off() {
    let rig = Rig::start().await;
    raw(&rig.modem, "AT#SSLEN=1,1").await;
    assert_eq!(rig.modem.tls_owner().await.expect("it answers"), Some(Service::Socket));
    MqttClient::connect(&restarted(&rig).await, rig.mqtt("thing-1")).await.expect("it connects");
}

#[tokio::test]
async fn an_http_profile_left_with_tls_is_switched_off_and_keeps_its_other_values() {
    let rig = Rig::start().await;
    raw(&rig.modem, "AT#HTTPCFG=1,\"left.test\",8443,1,\"user\",\"swordfish\",1,77,1").await;
    assert_eq!(rig.modem.tls_owner().await.expect("it answers"), Some(Service::Http));
    let modem = restarted(&rig).await;
    MqttClient::connect(&modem, rig.mqtt("thing-2"))
        .await
        .expect("it connects")
        .disconnect()
        .await
        .expect("it ends");
    let read = Exchange::new(CommandLine::read("#HTTPCFG"), Expect::lines("#HTTPCFG"));
    let profiles = modem.channel().execute(read).await.expect("it answers").values("#HTTPCFG");
    let ours = profiles.iter().find(|line| line.starts_with("1,")).expect("the profile is there");
    assert!(ours.starts_with("1,\"left.test\",8443,1,\"user\","), "{ours}");
    assert!(ours.contains(",0,77,1"), "{ours}");
}

#[tokio::test]
async fn an_mqtt_session_of_a_killed_process_is_ended() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-3")).await.expect("it connects");
    // A killed process says goodbye to nobody.
    std::mem::forget(client);
    let modem = restarted(&rig).await;
    let lease = modem.acquire_tls(Service::Ftp).await.expect("the session is ended");
    assert_eq!(modem.tls_owner().await.expect("it answers"), None);
    lease.release();
}

#[tokio::test]
async fn an_ftp_configuration_left_with_tls_is_switched_off() {
    let rig = Rig::start().await;
    raw(&rig.modem, "AT#FTPCFG=600,1,1").await;
    assert_eq!(rig.modem.tls_owner().await.expect("it answers"), Some(Service::Ftp));
    MqttClient::connect(&restarted(&rig).await, rig.mqtt("thing-4")).await.expect("it connects");
}

#[tokio::test]
async fn what_another_port_owns_is_busy_and_stays() {
    let rig = Rig::start().await;
    let other =
        Modem::builder().open(rig.module.attach_duplex()).await.expect("the module has a second port");
    raw(&other, "AT#SSLEN=1,1").await;
    let error = rig.modem.acquire_tls(Service::Mqtt).await.expect_err("it is held elsewhere");
    assert_eq!(error.category(), Category::Busy, "{error}");
    let LeaseError::Busy(busy) = &error else {
        panic!("{error}");
    };
    assert_eq!(busy.holder, Holder::OtherPort(Service::Socket));
    let error = MqttClient::connect(&rig.modem, rig.mqtt("thing-5")).await.expect_err("it is held elsewhere");
    assert_eq!(error.category(), Category::Busy, "{error}");
    assert_eq!(other.tls_owner().await.expect("it answers"), Some(Service::Socket));
}

#[tokio::test]
async fn a_session_on_another_port_goes_on() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-6")).await.expect("it connects");
    let other =
        Modem::builder().open(rig.module.attach_duplex()).await.expect("the module has a second port");
    let error = other.acquire_tls(Service::Ftp).await.expect_err("it is held elsewhere");
    assert_eq!(error.category(), Category::Busy, "{error}");
    client.publish("still", "there", telit_mqtt::QoS::AtLeastOnce).await.expect("the session goes on");
}

#[tokio::test]
async fn services_of_one_program_take_turns() {
    let rig = Rig::start().await;
    let lease = rig.modem.acquire_tls(Service::Http).await.expect("TLS is free");
    let error = rig.modem.try_acquire_tls(Service::Ftp).await.expect_err("it is held");
    assert_eq!(error.to_string(), "the module's TLS is held by the http service of this program");
    let modem = rig.modem.clone();
    let waiting =
        tokio::spawn(async move { modem.acquire_tls(Service::Ftp).await.map(|lease| lease.service()) });
    tokio::task::yield_now().await;
    assert_eq!(rig.modem.tls_holder(), Some(Service::Http));
    lease.release();
    assert_eq!(waiting.await.expect("it runs").expect("its turn comes"), Service::Ftp);
}
