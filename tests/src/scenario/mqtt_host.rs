//! MQTT on this computer over a TLS socket of the module, on every platform.

use std::time::Duration;

use bytes::Bytes;
use telit_core::Category;
use telit_core::exclusive::Service;
use telit_mqtt::{
    ClientState, Engine, EngineReason, Event, Events, MqttClient, MqttOptions, QoS, SubscribeError,
    Subscription,
};
use telit_simulator::Platform;
use tokio::time::timeout;

use crate::rig::{Rig, for_each_platform, hostile_payloads};

const SOON: Duration = Duration::from_secs(60);
const LARGE: usize = 128 * 1024;

/// Every platform has names of its own at the one broker.
fn name(rig: &Rig, what: &str) -> String {
    format!("{what}/{}", rig.platform.id())
}

fn options(rig: &Rig) -> MqttOptions {
    rig.mqtt(&format!("host-{}", rig.platform.id())).engine(Engine::Host)
}

async fn connect(rig: &Rig) -> MqttClient {
    MqttClient::connect(&rig.modem, options(rig)).await.expect("it connects")
}

async fn next(subscription: &mut Subscription) -> telit_mqtt::Message {
    timeout(SOON, subscription.next()).await.expect("it arrives in time").expect("the subscription goes on")
}

async fn event(events: &mut Events, wanted: impl Fn(&Event) -> bool) {
    let found = async {
        while let Some(event) = events.next().await {
            if wanted(&event) {
                return;
            }
        }
        panic!("the client is closed");
    };
    timeout(SOON, found).await.expect("it happens in time");
}

#[tokio::test]
async fn every_platform_speaks_mqtt() {
    for_each_platform(|rig| async move {
        let client = MqttClient::connect(&rig.modem, rig.mqtt(&format!("auto-{}", rig.platform.id())))
            .await
            .expect("it connects");
        let own = rig.modem.profile().mqtt.is_some();
        assert_eq!(
            client.engine().engine,
            if own { Engine::Module } else { Engine::Host },
            "{}",
            client.engine()
        );
        let topic = name(&rig, "auto");
        let mut messages = client.subscribe(topic.as_str(), QoS::AtLeastOnce).await.expect("it subscribes");
        client.publish(topic.as_str(), "21.5 C", QoS::AtLeastOnce).await.expect("it is published");
        assert_eq!(next(&mut messages).await.payload, "21.5 C");
        client.disconnect().await.expect("it disconnects");
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}

#[tokio::test]
async fn hostile_payloads_arrive_exact_in_both_directions() {
    for_each_platform(|rig| async move {
        let client = connect(&rig).await;
        let (up, down) = (name(&rig, "up"), name(&rig, "grün \"down\""));
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let mut messages = client.subscribe(up.as_str(), qos).await.expect("it subscribes");
            assert_eq!(messages.granted(), Some(qos));
            for payload in hostile_payloads() {
                client.publish(up.as_str(), payload.clone(), qos).await.expect("it is published");
                let message = next(&mut messages).await;
                assert_eq!((&message.payload, message.qos), (&payload, Some(qos)), "{}", rig.platform.id());
                assert_eq!((message.retained, message.duplicate), (Some(false), Some(false)));
            }
            client.unsubscribe(up.as_str()).await.expect("it unsubscribes");
        }
        let mut messages = client.subscribe(down.as_str(), QoS::AtLeastOnce).await.expect("it subscribes");
        for payload in hostile_payloads() {
            rig.servers.broker().publish(&down, payload.clone());
            let message = next(&mut messages).await;
            assert_eq!((message.topic.as_str(), &message.payload), (down.as_str(), &payload));
        }
        client.disconnect().await.expect("it disconnects");
    })
    .await;
}

#[tokio::test]
async fn what_no_module_client_carries() {
    for_each_platform(|rig| async move {
        let client = connect(&rig).await;
        let topic = name(&rig, "large");
        let mut messages = client.subscribe(topic.as_str(), QoS::AtLeastOnce).await.expect("it subscribes");
        let payload: Bytes = (0..LARGE).map(|n| n.to_le_bytes()[n % 2]).collect::<Vec<u8>>().into();
        for payload in [payload, Bytes::new()] {
            client.publish(topic.as_str(), payload.clone(), QoS::AtLeastOnce).await.expect("it is published");
            let message = next(&mut messages).await;
            assert!(message.payload == payload, "{} bytes arrived", message.payload.len());
        }
        let topic = name(&rig, "kept");
        client.publish_retained(topic.as_str(), "kept", QoS::AtLeastOnce).await.expect("it is published");
        let mut later = client.subscribe(topic.as_str(), QoS::AtLeastOnce).await.expect("it subscribes");
        let message = next(&mut later).await;
        assert_eq!((&message.payload[..], message.retained), (&b"kept"[..], Some(true)));
    })
    .await;
}

#[tokio::test]
async fn a_payload_that_the_module_cannot_carry_decides() {
    for platform in [Platform::P30, Platform::P37] {
        let rig = Rig::start_on(platform).await;
        let options = rig.mqtt("thing").largest_payload(LARGE);
        let client = MqttClient::connect(&rig.modem, options).await.expect("it connects");
        let choice = client.engine();
        assert_eq!(choice.engine, Engine::Host);
        assert!(matches!(choice.reason, EngineReason::ModuleCannot { .. }), "{choice}");
        client.publish("t", vec![0; LARGE], QoS::AtLeastOnce).await.expect("it is published");
        assert_eq!(rig.servers.broker().wait_for_messages(1).await[0].payload.len(), LARGE);
    }
}

#[tokio::test]
async fn a_paused_session_yields_tls_and_comes_back_with_its_subscriptions() {
    for_each_platform(|rig| async move {
        let client = connect(&rig).await;
        let topic = name(&rig, "commands");
        let mut messages = client.subscribe(topic.as_str(), QoS::AtLeastOnce).await.expect("it subscribes");
        assert_eq!(rig.modem.tls_holder(), Some(Service::Socket));
        let busy = rig.modem.try_acquire_tls(Service::Ftp).await.expect_err("TLS has one user");
        assert_eq!(busy.category(), Category::Busy);
        client.pause().await.expect("it pauses");
        assert_eq!(rig.modem.tls_holder(), None);
        let lease = rig.modem.try_acquire_tls(Service::Ftp).await.expect("TLS is free");
        let error = client.resume().await.expect_err("somebody else has TLS");
        assert_eq!(error.category(), Category::Busy, "{error}");
        lease.release();
        client.resume().await.expect("it resumes");
        rig.servers.broker().publish(&topic, "now");
        assert_eq!(next(&mut messages).await.payload, "now");
        client.disconnect().await.expect("it disconnects");
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_comes_back_with_its_subscriptions() {
    for platform in [Platform::P13, Platform::P12, Platform::P37] {
        let rig = Rig::start_on(platform).await;
        let client = connect(&rig).await;
        let mut events = client.events();
        let mut messages = client.subscribe("commands", QoS::AtLeastOnce).await.expect("it subscribes");
        rig.servers.broker().front().disconnect_all();
        event(&mut events, |event| matches!(event, Event::State(ClientState::Reconnecting(_)))).await;
        event(&mut events, |event| matches!(event, Event::Resumed { subscriptions: 1, .. })).await;
        rig.servers.broker().publish("commands", "again");
        assert_eq!(next(&mut messages).await.payload, "again");
        assert_eq!(client.session_present(), Some(false));
        client.disconnect().await.expect("it disconnects");
    }
}

#[tokio::test]
async fn a_module_that_restarts_is_logged_in_again() {
    let (rig, _supervisor) = Rig::supervised().await;
    let client = connect(&rig).await;
    let mut events = client.events();
    let mut messages = client.subscribe("commands", QoS::AtLeastOnce).await.expect("it subscribes");
    rig.module.reboot();
    event(&mut events, |event| matches!(event, Event::Resumed { subscriptions: 1, .. })).await;
    rig.servers.broker().publish("commands", "again");
    assert_eq!(next(&mut messages).await.payload, "again");
    client.publish("telemetry", "on", QoS::ExactlyOnce).await.expect("it is published");
}

#[tokio::test]
async fn what_waited_at_the_broker_arrives() {
    let rig = Rig::start_on(Platform::P20).await;
    let options = options(&rig).clean_session(false);
    let client = MqttClient::connect(&rig.modem, options).await.expect("it connects");
    assert_eq!(client.session_present(), Some(false));
    let mut messages = client.subscribe("waits", QoS::AtLeastOnce).await.expect("it subscribes");
    client.pause().await.expect("it pauses");
    for number in 0..50_u8 {
        rig.servers.broker().publish("waits", vec![number]);
    }
    client.resume().await.expect("it resumes");
    assert_eq!(client.session_present(), Some(true));
    for number in 0..50_u8 {
        assert_eq!(next(&mut messages).await.payload[..], [number]);
    }
}

#[tokio::test]
async fn several_clients_share_one_module() {
    let rig = Rig::start_on(Platform::P37).await;
    let options = |id| rig.mqtt(id).engine(Engine::Host);
    let one = MqttClient::connect(&rig.modem, options("one")).await.expect("it connects");
    let two = MqttClient::connect(&rig.modem, options("two")).await.expect("it connects");
    let mut messages = two.subscribe("t", QoS::AtLeastOnce).await.expect("it subscribes");
    one.publish("t", "x", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(next(&mut messages).await.payload, "x");
    one.disconnect().await.expect("it disconnects");
    assert_eq!(rig.modem.tls_holder(), Some(Service::Socket));
    two.disconnect().await.expect("it disconnects");
    assert_eq!(rig.modem.tls_holder(), None);
}

#[tokio::test]
async fn what_mqtt_itself_cannot_carry_is_refused() {
    let rig = Rig::start_on(Platform::P10).await;
    let client = connect(&rig).await;
    for topic in ["a/+", "#", "", "a\0b"] {
        let error = client.publish(topic, "x", QoS::AtMostOnce).await.expect_err("it is invalid");
        assert_eq!(error.category(), Category::Usage, "{topic:?}: {error}");
        assert!(!error.may_have_been_published());
    }
    let error = client.subscribe("a+", QoS::AtMostOnce).await.expect_err("it is invalid");
    assert!(matches!(error, SubscribeError::InvalidFilter(_)), "{error}");
}
