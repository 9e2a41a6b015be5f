//! Mosquitto in the manner of AWS `IoT`: client certificates, their names as user names,
//! nothing above "at least once". Its own clients are at the other end.

mod broker;
mod host;

use bytes::Bytes;
use telit_core::Category;
use telit_core::tls::TlsOptions;
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS, Subscription};
use tokio::time::timeout;

use self::broker::{HOST, Mosquitto, SOON};
use super::credentials::DEVICE;
use super::device::Device;
use crate::rig::hostile_payloads;

/// The largest payload of the module. Source: M37 p1035.
const LARGEST: usize = 65536;

#[tokio::test]
async fn mosquitto_sub_receives_what_the_sdk_publishes() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let mut observer = broker.observe("things/#").await;
    let client = connect(&device, broker.credentials.tls()).await;
    // MQTT 3.1.1, clean session, 60 s keep-alive, and the name in our certificate as the user name.
    let login = broker.server.printed(&format!("as {DEVICE} (")).await;
    assert!(login.ends_with(&format!("as {DEVICE} (p2, c1, k60, u'{DEVICE}').")), "{login}");
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        for (number, payload) in payloads().into_iter().enumerate() {
            let topic = format!("things/{number}/qos/{}", qos.number());
            client.publish(topic.as_str(), payload.clone(), qos).await.expect("it is published");
            let seen = observer.next().await;
            assert!(
                seen.payload == payload,
                "{topic}: {} bytes instead of {}",
                seen.payload.len(),
                payload.len()
            );
            assert_eq!((seen.topic, seen.qos, seen.retained), (topic, qos.number(), false));
        }
    }
    client.disconnect().await.expect("it disconnects");
    broker.server.printed(&format!("Client {DEVICE} disconnected.")).await;
}

#[tokio::test]
async fn the_sdk_receives_what_mosquitto_pub_publishes() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let client = connect(&device, broker.credentials.tls()).await;
    let mut messages = client.subscribe("things/+/down", QoS::AtLeastOnce).await.expect("it subscribes");
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        for (number, payload) in payloads().into_iter().enumerate() {
            let topic = format!("things/{number}/down");
            broker.publish(&topic, &payload, qos).await;
            let message = next(&mut messages).await;
            assert!(message.payload == payload, "{topic}: {} bytes arrived", message.payload.len());
            assert_eq!(message.topic, topic);
        }
    }
    assert_eq!(messages.missed(), 0);
    client.disconnect().await.expect("it disconnects");
}

#[tokio::test]
async fn a_retained_message_is_kept_and_forgotten() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let client = connect(&device, broker.credentials.tls()).await;
    let topic = "things/status";
    client.publish_retained(topic, "on line", QoS::AtLeastOnce).await.expect("it is published");
    let seen = broker.observe(topic).await.next().await;
    assert_eq!((&seen.payload[..], seen.retained), (&b"on line"[..], true));
    client.publish_retained(topic, Bytes::new(), QoS::AtLeastOnce).await.expect("it is published");
    let mut observer = broker.observe(topic).await;
    client.publish(topic, "after", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(observer.next().await.payload, b"after", "nothing was kept");
}

#[tokio::test]
async fn without_a_certificate_or_with_a_strangers_nobody_gets_in() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    for tls in [broker.credentials.anonymous_tls(), broker.credentials.rogue_tls()] {
        let error = MqttClient::connect(&device.modem, options(tls)).await.expect_err("it is refused");
        assert_eq!(error.category(), Category::Network, "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("certificate")), "{error}: {:?}", error.hint());
        assert_eq!(device.modem.tls_holder(), None);
    }
    let client = connect(&device, broker.credentials.tls()).await;
    client.publish("things/x", "x", QoS::AtLeastOnce).await.expect("the right certificate does it");
}

#[tokio::test]
async fn qos_2_ends_the_session_and_it_can_be_resumed() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let mut observer = broker.observe("things/#").await;
    let client = connect(&device, broker.credentials.tls()).await;
    let error = client.publish("things/twice", "x", QoS::ExactlyOnce).await.expect_err("QoS 2 is refused");
    assert_eq!(error.category(), Category::Network, "{error}");
    let error = client.publish("things/lost", "x", QoS::AtLeastOnce).await.expect_err("the session is gone");
    assert!(!error.may_have_been_published(), "{error}");
    assert_eq!(device.modem.tls_holder(), None);
    client.resume().await.expect("it connects again");
    client.publish("things/again", "x", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(observer.next().await.topic, "things/again", "nothing else arrived");
}

#[tokio::test]
async fn qos_2_is_exactly_once_where_it_is_allowed() {
    let Some(broker) = Mosquitto::start_with(QoS::ExactlyOnce).await else { return };
    let device = broker.device().await;
    let mut observer = broker.observe("things/up").await;
    let client = connect(&device, broker.credentials.tls()).await;
    let mut messages = client.subscribe("things/down", QoS::ExactlyOnce).await.expect("it subscribes");
    for payload in hostile_payloads() {
        client.publish("things/up", payload.clone(), QoS::ExactlyOnce).await.expect("it is published");
        let seen = observer.next().await;
        assert_eq!((&seen.payload[..], seen.qos), (&payload[..], 2));
        broker.publish("things/down", &payload, QoS::ExactlyOnce).await;
        assert_eq!(next(&mut messages).await.payload, payload);
    }
    client.publish("things/up", "last", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(observer.next().await.payload, b"last", "nothing arrived twice");
}

#[tokio::test]
async fn a_session_that_is_kept_gets_what_was_published_meanwhile() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let options = options(broker.credentials.tls()).clean_session(false);
    let client = MqttClient::connect(&device.modem, options).await.expect("it connects");
    let mut messages = client.subscribe("things/down", QoS::AtLeastOnce).await.expect("it subscribes");
    client.pause().await.expect("it pauses");
    for payload in hostile_payloads() {
        broker.publish("things/down", &payload, QoS::AtLeastOnce).await;
    }
    client.resume().await.expect("it resumes");
    for payload in hostile_payloads() {
        assert_eq!(next(&mut messages).await.payload, payload);
    }
}

#[tokio::test]
async fn a_filter_that_the_broker_does_not_bear_ends_the_session_and_it_can_be_resumed() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let client = connect(&device, broker.credentials.tls()).await;
    // Mosquitto takes 200 levels and hangs up on more, as AWS does on more than 8.
    let error = client.subscribe("/".repeat(250), QoS::AtLeastOnce).await.expect_err("it is refused");
    assert_eq!(error.category(), Category::Network, "{error}");
    broker.server.printed("Invalid subscription string").await;
    client.resume().await.expect("it connects again");
    let mut messages = client.subscribe("things/#", QoS::AtLeastOnce).await.expect("it subscribes");
    broker.publish("things/x", b"x", QoS::AtLeastOnce).await;
    assert_eq!(next(&mut messages).await.payload, "x");
}

fn payloads() -> Vec<Bytes> {
    let largest: Vec<u8> = (0..LARGEST).map(|n| n.to_le_bytes()[n % 2]).collect();
    hostile_payloads().into_iter().chain([Bytes::from(largest)]).collect()
}

fn options(tls: TlsOptions) -> MqttOptions {
    MqttOptions::new(HOST, DEVICE, MqttSecurity::Tls(tls))
}

async fn connect(device: &Device, tls: TlsOptions) -> MqttClient {
    MqttClient::connect(&device.modem, options(tls)).await.expect("it connects")
}

async fn next(subscription: &mut Subscription) -> telit_mqtt::Message {
    timeout(SOON, subscription.next()).await.expect("it arrives in time").expect("the subscription goes on")
}
