//! MQTT on this computer over the TLS sockets of modules that have no MQTT client, and of one that has.

use bytes::Bytes;
use telit_core::Category;
use telit_core::tls::{CipherPolicy, TlsOptions};
use telit_mqtt::{Engine, LastWill, MqttClient, MqttOptions, MqttSecurity, QoS};
use telit_simulator::Platform;

use crate::interop::credentials::DEVICE;
use crate::interop::device::Device;
use crate::interop::mqtt::{Broker as _, HOST, Mosquitto, next};
use crate::rig::{MQTTS, hostile_payloads};

/// With topic and header just what the broker takes.
const LARGEST: usize = 131_000;

async fn device(broker: &Mosquitto, platform: Platform) -> Device {
    Device::online_in_haste(platform, &[(HOST, MQTTS, broker.port())]).await
}

/// Shows the certificate that the broker asks for; what the platform cannot do is waived, and nothing else.
fn tls(broker: &Mosquitto, device: &Device) -> TlsOptions {
    let able = &device.modem.profile().tls;
    let mut builder = broker.credentials.builder().identity(broker.credentials.identity());
    if !able.checks_host_name() {
        builder = builder.danger_skip_host_check();
    }
    if !able.sends_server_name() {
        builder = builder.without_server_name();
    }
    builder.cipher_policy(CipherPolicy::Compatible).build().expect("they fit together")
}

#[tokio::test]
async fn every_quality_of_service_byte_by_byte_in_both_directions() {
    let Some(broker) = Mosquitto::start().await else { return };
    for platform in [Platform::P12, Platform::P23, Platform::P37] {
        let device = device(&broker, platform).await;
        let mut observer = broker.observe("things/up").await;
        let options = options(tls(&broker, &device)).engine(Engine::Host);
        let client = MqttClient::connect(&device.modem, options).await.expect("it connects");
        let mut messages = client.subscribe("things/down", QoS::ExactlyOnce).await.expect("it subscribes");
        assert_eq!(messages.granted(), Some(QoS::ExactlyOnce));
        let largest = Bytes::from((0..LARGEST).map(|n| n.to_le_bytes()[n % 2]).collect::<Vec<u8>>());
        for payload in hostile_payloads().into_iter().chain([largest]) {
            for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
                client.publish("things/up", payload.clone(), qos).await.expect("it is published");
                let seen = observer.next().await;
                assert!(seen.payload == payload, "{platform:?}: {} bytes", seen.payload.len());
                assert_eq!(seen.qos, qos.number());
            }
            broker.publish("things/down", &payload, QoS::ExactlyOnce).await;
            let message = next(&mut messages).await;
            assert!(message.payload == payload, "{platform:?}: {} bytes", message.payload.len());
            assert_eq!(message.qos, Some(QoS::ExactlyOnce));
        }
        client.disconnect().await.expect("it disconnects");
        broker.server.printed(&format!("Client {DEVICE} disconnected.")).await;
        assert_eq!(device.modem.tls_holder(), None);
    }
}

#[tokio::test]
async fn a_last_will_is_published_when_the_module_is_gone() {
    let Some(broker) = Mosquitto::start_like_aws().await else { return };
    let mut observer = broker.observe("things/status").await;
    let device = device(&broker, Platform::P12).await;
    let will = LastWill::new("things/status", &b"{\"online\":false}\x00\xff"[..]).retain(true);
    let options = options(tls(&broker, &device)).engine(Engine::Host).last_will(will);
    let client = MqttClient::connect(&device.modem, options).await.expect("it connects");
    drop(device);
    let seen = observer.next().await;
    assert_eq!(
        (seen.topic.as_str(), &seen.payload[..]),
        ("things/status", &b"{\"online\":false}\x00\xff"[..])
    );
    drop(client);
}

#[tokio::test]
async fn what_is_granted_is_told() {
    let Some(broker) = Mosquitto::start_like_aws().await else { return };
    let device = device(&broker, Platform::P37).await;
    let options = options(tls(&broker, &device)).engine(Engine::Host);
    let client = MqttClient::connect(&device.modem, options).await.expect("it connects");
    let messages = client.subscribe("things/x", QoS::ExactlyOnce).await.expect("it subscribes");
    assert_eq!(messages.granted(), Some(QoS::AtLeastOnce), "what the broker has at most");
    let error = client.subscribe("/".repeat(250), QoS::AtLeastOnce).await.expect_err("it is refused");
    assert_eq!(error.category(), Category::Network, "{error}");
}

fn options(tls: TlsOptions) -> MqttOptions {
    MqttOptions::new(HOST, DEVICE, MqttSecurity::Tls(tls))
}
