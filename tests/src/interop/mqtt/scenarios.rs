//! What must go with every broker.

use bytes::Bytes;
use telit_core::Category;
use telit_mqtt::{
    ClientState, Engine, Event, Events, LastWill, MqttClient, MqttOptions, MqttSecurity, OfflineQueue,
    Publish, QoS,
};
use telit_simulator::Platform;
use tokio::time::timeout;

use super::relay::Relay;
use super::{Broker, HOST, SOON, next, payloads};
use crate::interop::credentials::DEVICE;
use crate::interop::device::Device;
use crate::rig::{MQTTS, hostile_payloads};

const EVERY_QUALITY: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

async fn connect(device: &Device, options: MqttOptions) -> MqttClient {
    MqttClient::connect(&device.modem, options).await.expect("it connects")
}

pub(super) async fn only_who_shows_the_right_certificate_gets_in(broker: &impl Broker, engine: Engine) {
    let device = broker.device().await;
    for tls in [broker.credentials().anonymous_tls(), broker.credentials().rogue_tls()] {
        let options = MqttOptions::new(HOST, DEVICE, MqttSecurity::Tls(tls)).engine(engine);
        let error = MqttClient::connect(&device.modem, options).await.expect_err("it is refused");
        assert_eq!(error.category(), Category::Network, "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("certificate")), "{error}: {:?}", error.hint());
        assert_eq!(device.modem.tls_holder(), None);
    }
    let client = connect(&device, broker.options(engine)).await;
    client.publish("things/x", "x", QoS::AtLeastOnce).await.expect("the right certificate does it");
    client.disconnect().await.expect("it disconnects");
    assert_eq!(device.modem.tls_holder(), None);
}

pub(super) async fn messages_go_up_exact_at_every_quality(broker: &impl Broker, engine: Engine) {
    let device = broker.device().await;
    let client = connect(&device, broker.options(engine)).await;
    for qos in EVERY_QUALITY {
        let mut observer = broker.observe_at(&format!("things/+/{}/up", qos.number()), qos).await;
        for (number, payload) in payloads().into_iter().enumerate() {
            let topic = format!("things/{number}/{}/up", qos.number());
            client.publish(topic.as_str(), payload.clone(), qos).await.expect("it is published");
            let seen = observer.next().await;
            assert!(seen.payload == payload, "{topic}: {} bytes arrived", seen.payload.len());
            assert_eq!((seen.topic, seen.qos, seen.retained), (topic, qos.number(), false));
        }
    }
    client.disconnect().await.expect("it disconnects");
}

pub(super) async fn messages_come_down_exact_at_every_quality(broker: &impl Broker, engine: Engine) {
    let device = broker.device().await;
    let client = connect(&device, broker.options(engine)).await;
    for qos in EVERY_QUALITY {
        let filter = format!("things/+/{}/down", qos.number());
        let mut messages = client.subscribe(filter, qos).await.expect("it subscribes");
        for (number, payload) in payloads().into_iter().enumerate() {
            let topic = format!("things/{number}/{}/down", qos.number());
            broker.publish(&topic, &payload, qos).await;
            let message = next(&mut messages).await;
            assert!(message.payload == payload, "{topic}: {} bytes arrived", message.payload.len());
            assert_eq!(message.topic, topic);
        }
        assert_eq!((messages.try_next(), messages.missed()), (None, 0), "nothing came twice");
    }
    client.disconnect().await.expect("it disconnects");
}

pub(super) async fn a_retained_message_is_kept_and_forgotten(broker: &impl Broker, engine: Engine) {
    let device = broker.device().await;
    let client = connect(&device, broker.options(engine)).await;
    let topic = "things/status";
    client.publish_retained(topic, "on line", QoS::AtLeastOnce).await.expect("it is published");
    let seen = broker.observe(topic).await.next().await;
    assert_eq!((&seen.payload[..], seen.retained), (&b"on line"[..], true));
    let mut kept = client.subscribe(topic, QoS::AtLeastOnce).await.expect("it subscribes");
    assert_eq!(next(&mut kept).await.payload, "on line");
    client.publish_retained(topic, Bytes::new(), QoS::AtLeastOnce).await.expect("it is published");
    let mut observer = broker.observe(topic).await;
    client.publish(topic, "after", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(observer.next().await.payload, b"after", "nothing was kept");
}

pub(super) async fn a_last_will_is_published_when_the_module_is_gone(broker: &impl Broker, engine: Engine) {
    const WILL: &str = r#"{"online":false,"why":"\"gone\" \\ lost"}"#;
    // Some brokers send everything with the quality that was subscribed to.
    let mut observer = broker.observe_at("things/status", QoS::AtLeastOnce).await;
    let device = broker.device().await;
    let will = LastWill::new("things/status", WILL).qos(QoS::AtLeastOnce).retain(true);
    let client = connect(&device, broker.options(engine).last_will(will)).await;
    client.publish("things/status", "on line", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(observer.next().await.payload, b"on line", "there was no will before");
    drop(device);
    let seen = observer.next().await;
    assert_eq!((&seen.payload[..], seen.qos, seen.retained), (WILL.as_bytes(), 1, false));
    let seen = broker.observe("things/status").await.next().await;
    assert_eq!((&seen.payload[..], seen.retained), (WILL.as_bytes(), true), "it is kept");
    drop(client);
}

pub(super) async fn a_session_that_is_kept_gets_what_was_published_meanwhile(
    broker: &impl Broker,
    engine: Engine,
) {
    let device = broker.device().await;
    let client = connect(&device, broker.options(engine).clean_session(false)).await;
    let mut messages = client.subscribe("things/down", QoS::AtLeastOnce).await.expect("it subscribes");
    client.pause().await.expect("it pauses");
    for payload in hostile_payloads() {
        broker.publish("things/down", &payload, QoS::AtLeastOnce).await;
    }
    client.resume().await.expect("it resumes");
    for payload in hostile_payloads() {
        assert_eq!(next(&mut messages).await.payload, payload);
    }
    client.disconnect().await.expect("it disconnects");
}

pub(super) async fn a_connection_that_breaks_comes_back_with_its_subscriptions(
    broker: &impl Broker,
    engine: Engine,
) {
    let relay = Relay::start(broker.port()).await;
    let device = Device::online_in_haste(Platform::P37, &[(HOST, MQTTS, relay.port())]).await;
    let mut observer = broker.observe("things/up").await;
    let options = broker.options(engine).offline_queue(OfflineQueue::new(100));
    let client = connect(&device, options).await;
    let mut events = client.events();
    let mut messages = client.subscribe("things/down", QoS::AtLeastOnce).await.expect("it subscribes");
    relay.cut();
    let numbers = 0..20_u8;
    for number in numbers.clone() {
        drop(client.enqueue(Publish::new("things/up", vec![number])).expect("it is taken"));
    }
    event(&mut events, |event| matches!(event, Event::State(ClientState::Reconnecting(_)))).await;
    event(&mut events, |event| matches!(event, Event::Resumed { subscriptions: 1, .. })).await;
    for number in numbers {
        let mut payload = observer.next().await.payload;
        // The one that was under way may have arrived twice.
        if number > 0 && payload == [number - 1] {
            payload = observer.next().await.payload;
        }
        assert_eq!(payload, [number]);
    }
    broker.publish("things/down", b"again", QoS::AtLeastOnce).await;
    assert_eq!(next(&mut messages).await.payload, "again");
    timeout(SOON, client.flush()).await.expect("nothing is left");
    client.disconnect().await.expect("it disconnects");
}

async fn event(events: &mut Events, wanted: impl Fn(&Event) -> bool) {
    let found = async {
        loop {
            if wanted(&events.next().await.expect("the client goes on")) {
                return;
            }
        }
    };
    timeout(SOON, found).await.expect("it happens in time");
}
