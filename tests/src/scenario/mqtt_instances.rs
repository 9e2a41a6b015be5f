//! Two brokers at once through one module: one with TLS, one without.

use std::time::Duration;

use telit_core::exclusive::Service;
use telit_mqtt::{ConnectError, MqttClient, MqttOptions, MqttSecurity, QoS, Subscription};
use telit_simulator::servers::TestServers;
use tokio::time::timeout;

use crate::rig::{Rig, for_each_platform, hostile_payloads};

const SOON: Duration = Duration::from_secs(20);

fn plain(client_id: &str) -> MqttOptions {
    MqttOptions::new(TestServers::BROKER_NAME, client_id, MqttSecurity::DangerPlain)
}

async fn next(subscription: &mut Subscription) -> telit_mqtt::Message {
    timeout(SOON, subscription.next()).await.expect("it arrives in time").expect("the subscription goes on")
}

#[tokio::test]
async fn tls_and_plain_side_by_side_on_every_platform_that_has_the_client() {
    for_each_platform(async |rig| {
        if rig.modem.profile().mqtt.is_none() {
            return;
        }
        let name = rig.platform.id();
        let secure = rig.mqtt(&format!("secure-{name}"));
        let secure = MqttClient::connect(&rig.modem, secure).await.expect("it connects");
        let plain = plain(&format!("plain-{name}"));
        let plain = MqttClient::connect(&rig.modem, plain).await.expect("it connects beside the other one");
        let topics = [format!("both/{name}/secure"), format!("both/{name}/plain")];
        let mut to_secure = secure.subscribe(&topics[0], QoS::AtLeastOnce).await.expect("it subscribes");
        let mut to_plain = plain.subscribe(&topics[1], QoS::AtLeastOnce).await.expect("it subscribes");
        for number in 0..20 {
            let text = format!("message {number}");
            plain.publish(&topics[0], text.clone(), QoS::AtLeastOnce).await.expect("it is published");
            secure.publish(&topics[1], text.clone(), QoS::AtLeastOnce).await.expect("it is published");
            assert_eq!(next(&mut to_secure).await.payload, text, "on {name}");
            assert_eq!(next(&mut to_plain).await.payload, text, "on {name}");
        }
        secure.pause().await.expect("it pauses");
        assert_eq!(rig.modem.tls_holder(), None);
        plain.publish(&topics[1], "alone", QoS::AtLeastOnce).await.expect("the other one goes on");
        assert_eq!(next(&mut to_plain).await.payload, "alone");
        secure.resume().await.expect("it resumes");
        secure.publish(&topics[0], "back", QoS::AtLeastOnce).await.expect("it is published");
        assert_eq!(next(&mut to_secure).await.payload, "back");
    })
    .await;
}

#[tokio::test]
async fn messages_of_both_do_not_mix() {
    let rig = Rig::start().await;
    let secure = MqttClient::connect(&rig.modem, rig.mqtt("secure")).await.expect("it connects");
    let plain = MqttClient::connect(&rig.modem, plain("plain")).await.expect("it connects");
    let mut to_secure = secure.subscribe("mixed/#", QoS::AtLeastOnce).await.expect("it subscribes");
    let mut to_plain = plain.subscribe("mixed/#", QoS::AtLeastOnce).await.expect("it subscribes");
    for payload in hostile_payloads() {
        rig.servers.broker().publish("mixed/down", payload.clone());
        assert_eq!(next(&mut to_secure).await.payload, payload);
        assert_eq!(next(&mut to_plain).await.payload, payload);
    }
    assert_eq!((to_secure.try_next(), to_plain.try_next()), (None, None));
}

#[tokio::test]
async fn a_second_owner_of_tls_is_refused_by_name() {
    let rig = Rig::start().await;
    let first = MqttClient::connect(&rig.modem, rig.mqtt("first")).await.expect("it connects");
    let error = MqttClient::connect(&rig.modem, rig.mqtt("second")).await.expect_err("TLS has one owner");
    assert!(matches!(&error, ConnectError::Busy(busy) if busy.holder.service() == Service::Mqtt), "{error}");
    first.disconnect().await.expect("it disconnects");
    let second = MqttClient::connect(&rig.modem, rig.mqtt("second").instance(2)).await.expect("it connects");
    second.publish("t", "x", QoS::AtLeastOnce).await.expect("it is published");
}

#[tokio::test]
async fn what_a_dead_program_left_on_both_is_ended() {
    let rig = Rig::start().await;
    let secure = MqttClient::connect(&rig.modem, rig.mqtt("dead-1")).await.expect("it connects");
    let beside = MqttClient::connect(&rig.modem, plain("dead-2")).await.expect("it connects");
    // Another program that finds the module as those two leave it.
    std::mem::forget((secure, beside));
    let modem = telit_core::Modem::builder().apn("iot.test");
    let modem = modem.open(rig.module.attach_duplex()).await.expect("the module answers");
    modem.bring_up().await.expect("it is on line");
    let plain = MqttClient::connect(&modem, plain("alive-2").instance(2)).await;
    assert!(plain.is_ok(), "{plain:?}");
}
