//! Aedes, a broker of another world (Node.js): client certificates are demanded, everything else is as its authors made
//! it.

mod broker;

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use telit_core::Category;
use telit_core::tls::TlsOptions;
use telit_mqtt::{LastWill, MqttClient, MqttOptions, MqttSecurity, OfflineQueue, Publish, QoS, Subscription};
use tokio::time::timeout;

use self::broker::{Aedes, HOST};
use super::credentials::DEVICE;
use super::device::Device;
use crate::rig::hostile_payloads;

const SOON: Duration = Duration::from_secs(60);
/// The largest payload of the module. Source: M37 p1035.
const LARGEST: usize = 65536;

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

/// How the broker writes a message down.
fn line(topic: &str, qos: QoS, retain: bool, payload: &[u8]) -> String {
    let hash: String = Sha256::digest(payload).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("publish {topic} {} {} {} {hash} by {DEVICE}", qos.number(), u8::from(retain), payload.len())
}

#[tokio::test]
async fn messages_go_both_ways_exact_at_every_quality() {
    let Some(broker) = Aedes::start().await else { return };
    let device = broker.device().await;
    let client = connect(&device, broker.credentials.tls()).await;
    broker.server.printed(&format!("ready {DEVICE} clean true")).await;
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let filter = format!("back/+/{}", qos.number());
        let mut back = client.subscribe(filter, qos).await.expect("it subscribes");
        for (number, payload) in payloads().into_iter().enumerate() {
            let topic = format!("{number}/{}", qos.number());
            client.publish(format!("echo/{topic}"), payload.clone(), qos).await.expect("it is published");
            let message = next(&mut back).await;
            assert!(message.payload == payload, "{topic}: {} bytes arrived", message.payload.len());
            assert_eq!(message.topic, format!("back/{topic}"));
            broker.server.printed(&line(&format!("echo/{topic}"), qos, false, &payload)).await;
        }
        assert_eq!((back.try_next(), back.missed()), (None, 0));
    }
    client.disconnect().await.expect("it disconnects");
}

#[tokio::test]
async fn without_a_certificate_or_with_a_strangers_nobody_gets_in() {
    let Some(broker) = Aedes::start().await else { return };
    let device = broker.device().await;
    for tls in [broker.credentials.anonymous_tls(), broker.credentials.rogue_tls()] {
        let error = MqttClient::connect(&device.modem, options(tls)).await.expect_err("it is refused");
        assert_eq!(error.category(), Category::Network, "{error}");
        assert_eq!(device.modem.tls_holder(), None);
    }
    let client = connect(&device, broker.credentials.tls()).await;
    client.publish("things/x", "x", QoS::AtLeastOnce).await.expect("the right certificate does it");
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_will_and_comes_back_with_what_waited() {
    let Some(broker) = Aedes::start().await else { return };
    let device = broker.device().await;
    let will = LastWill::new("things/will", "{\"on\":false}").qos(QoS::AtLeastOnce).retain(true);
    let options = options(broker.credentials.tls()).last_will(will).offline_queue(OfflineQueue::new(100));
    let client = MqttClient::connect(&device.modem, options).await.expect("it connects");
    let mut back = client.subscribe("back/#", QoS::AtLeastOnce).await.expect("it subscribes");
    // At most once: it is not sent a second time, on which the broker would hang up again.
    let drop_it = Publish::new("control/drop", "now").qos(QoS::AtMostOnce);
    drop(client.enqueue(drop_it).expect("it is taken"));
    let numbers = 0..20_u8;
    for number in numbers.clone() {
        drop(client.enqueue(Publish::new("echo/number", vec![number])).expect("it is taken"));
    }
    for number in numbers {
        let mut payload = next(&mut back).await.payload;
        // The one that was under way may have arrived twice.
        while number > 0 && payload[..] == [number - 1] {
            payload = next(&mut back).await.payload;
        }
        assert_eq!(payload[..], [number]);
    }
    broker.server.printed("publish things/will 1 1 12 ").await;
    timeout(SOON, client.flush()).await.expect("nothing is left");
    client.disconnect().await.expect("it disconnects");
}

#[tokio::test]
async fn a_session_that_is_kept_gets_what_was_published_meanwhile() {
    let Some(broker) = Aedes::start().await else { return };
    let device = broker.device().await;
    let kept = options(broker.credentials.tls()).clean_session(false);
    let client = MqttClient::connect(&device.modem, kept).await.expect("it connects");
    broker.server.printed(&format!("ready {DEVICE} clean false")).await;
    let mut messages = client.subscribe("back/kept", QoS::AtLeastOnce).await.expect("it subscribes");
    client.pause().await.expect("it pauses");
    let other = MqttOptions::new(HOST, "other", MqttSecurity::Tls(broker.credentials.tls()));
    let other = MqttClient::connect(&device.modem, other).await.expect("it connects");
    for payload in hostile_payloads() {
        other.publish("echo/kept", payload, QoS::AtLeastOnce).await.expect("it is published");
    }
    other.disconnect().await.expect("it disconnects");
    client.resume().await.expect("it resumes");
    for payload in hostile_payloads() {
        assert_eq!(next(&mut messages).await.payload, payload);
    }
}
