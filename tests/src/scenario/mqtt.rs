//! Publishing and receiving through the module, byte for byte.

use std::time::Duration;

use bytes::Bytes;
use telit_core::driver::Recorder;
use telit_core::exclusive::Service;
use telit_core::{Category, Modem};
use telit_mqtt::{MqttClient, QoS, Subscription};
use tokio::time::timeout;

use crate::rig::{Lines, Rig, hostile_payloads};

const SOON: Duration = Duration::from_secs(20);
/// Source: M37 p1035.
const LARGEST: usize = 65536;

async fn next(subscription: &mut Subscription) -> telit_mqtt::Message {
    timeout(SOON, subscription.next()).await.expect("it arrives in time").expect("the subscription goes on")
}

#[tokio::test]
async fn hostile_payloads_arrive_exact_in_both_directions() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-1")).await.expect("it connects");
    let mut messages = client.subscribe("hostile/#", QoS::AtLeastOnce).await.expect("it subscribes");
    for (number, payload) in hostile_payloads().into_iter().enumerate() {
        let topic = format!("hostile/{number}");
        client.publish(topic.as_str(), payload.clone(), QoS::AtLeastOnce).await.expect("it is published");
        let message = next(&mut messages).await;
        assert_eq!((message.topic.as_str(), &message.payload), (topic.as_str(), &payload));
        rig.servers.broker().publish("hostile/down", payload.clone());
        let message = next(&mut messages).await;
        assert_eq!((message.topic.as_str(), &message.payload), ("hostile/down", &payload));
    }
    client.disconnect().await.expect("it disconnects");
}

/// A prompt costs a turn, so a short text does without where it can.
#[tokio::test]
async fn plain_text_goes_on_the_command_line_and_all_else_behind_a_prompt() {
    let lines = Lines::default();
    let builder = Modem::builder().recorder(Recorder::new(lines.clone()));
    let rig = Rig::start_with(|module| module, builder).await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-7")).await.expect("it connects");
    let (longest, too_long) = ("x".repeat(140), "x".repeat(141));
    let plain = ["21.5 C", " a;b,c?*#@'{}[]/~ ", "+++", "AT", &longest];
    let other = [
        "{\"t\":21}",
        "a\rb",
        "a\nb",
        "\u{1a}",
        "\u{1b}",
        "\u{8}",
        "\0",
        "21.5 \u{b0}C",
        "\\41",
        "",
        &too_long,
    ];
    lines.take();
    for (payload, quality) in
        plain.iter().zip([QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce].into_iter().cycle())
    {
        client.publish("t/1", (*payload).to_owned(), quality).await.expect("it is published");
        let number = quality as u8;
        // What is published is not shown.
        assert_eq!(lines.take(), [format!("AT#MQPUBS=1,\"t/1\",0,{number},\"[redacted]\"")]);
    }
    for payload in other {
        client.publish("t/1", payload.to_owned(), QoS::AtLeastOnce).await.expect("it is published");
        assert_eq!(lines.take(), [format!("AT#MQPUBSEXT=1,\"t/1\",0,1,{}", payload.len())]);
    }
    client.disconnect().await.expect("it disconnects");
    let arrived: Vec<Bytes> =
        rig.servers.broker().messages().iter().map(|message| message.payload.clone()).collect();
    let sent: Vec<Bytes> =
        plain.iter().chain(&other).map(|payload| Bytes::copy_from_slice(payload.as_bytes())).collect();
    assert_eq!(arrived, sent);
}

#[tokio::test]
async fn the_largest_payload_arrives_and_one_byte_more_is_refused() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-2")).await.expect("it connects");
    let mut messages = client.subscribe("large", QoS::AtLeastOnce).await.expect("it subscribes");
    let payload: Bytes = (0..LARGEST).map(|n| n.to_le_bytes()[n % 2]).collect::<Vec<u8>>().into();
    client.publish("large", payload.clone(), QoS::AtLeastOnce).await.expect("it is published");
    let message = next(&mut messages).await;
    assert!(message.payload == payload, "{} bytes arrived", message.payload.len());
    let error =
        client.publish("large", vec![0; LARGEST + 1], QoS::AtLeastOnce).await.expect_err("it is too large");
    assert_eq!(error.category(), Category::Usage);
    assert!(error.to_string().contains("65536"), "{error}");
    client.publish("large", "last", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(next(&mut messages).await.payload, "last", "nothing else was sent");
}

#[tokio::test]
async fn every_quality_of_service_and_retained_messages() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-3")).await.expect("it connects");
    for (qos, number) in [(QoS::AtMostOnce, 0), (QoS::AtLeastOnce, 1), (QoS::ExactlyOnce, 2)] {
        let topic = format!("qos/{number}");
        let mut messages = client.subscribe(topic.as_str(), qos).await.expect("it subscribes");
        client.publish(topic.as_str(), "once", qos).await.expect("it is published");
        assert_eq!(next(&mut messages).await.payload, "once");
        // What comes next would be the first one again.
        client.publish(topic.as_str(), "marker", qos).await.expect("it is published");
        assert_eq!(next(&mut messages).await.payload, "marker", "at QoS {number}");
    }
    client.publish_retained("kept", "retained", QoS::AtLeastOnce).await.expect("it is published");
    let mut messages = client.subscribe("kept", QoS::AtLeastOnce).await.expect("it subscribes");
    assert_eq!(next(&mut messages).await.payload, "retained");
}

#[tokio::test]
async fn invalid_topics_are_refused_before_anything_is_sent() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-4")).await.expect("it connects");
    for topic in ["a\rATD", "a\nb", "a/+/b", "a/#", "", "say \"hi\"", "naïve", &"t".repeat(257)] {
        let error = client.publish(topic, "x", QoS::AtMostOnce).await.expect_err("it is invalid");
        assert_eq!(error.category(), Category::Usage, "{topic:?}: {error}");
    }
    for filter in ["a\rATD", "a/#/b", "a+", ""] {
        let error = client.subscribe(filter, QoS::AtMostOnce).await.expect_err("it is invalid");
        assert_eq!(error.category(), Category::Usage, "{filter:?}: {error}");
    }
    client.publish("fine", "x", QoS::AtLeastOnce).await.expect("the client is still connected");
    let seen = rig.servers.broker().wait_for_messages(1).await;
    assert_eq!(seen.iter().map(|message| message.topic.as_str()).collect::<Vec<_>>(), ["fine"]);
}

#[tokio::test]
async fn each_subscription_gets_what_matches() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-5")).await.expect("it connects");
    let mut one_level =
        client.subscribe("rooms/+/temperature", QoS::AtLeastOnce).await.expect("it subscribes");
    let mut kitchen =
        client.subscribe("rooms/kitchen/humidity", QoS::AtLeastOnce).await.expect("it subscribes");
    client.publish("rooms/kitchen/humidity", "60", QoS::AtLeastOnce).await.expect("it is published");
    client.publish("rooms/hall/temperature", "19", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(next(&mut one_level).await.topic, "rooms/hall/temperature");
    assert_eq!(next(&mut kitchen).await.payload, "60");
    client.unsubscribe("rooms/kitchen/humidity").await.expect("it unsubscribes");
    client.publish("rooms/kitchen/humidity", "61", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(timeout(SOON, kitchen.next()).await.expect("it ends at once"), None);
}

#[tokio::test]
async fn a_paused_session_yields_tls_and_comes_back_with_its_subscriptions() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-6")).await.expect("it connects");
    let mut messages = client.subscribe("commands/#", QoS::AtLeastOnce).await.expect("it subscribes");
    assert_eq!(rig.modem.tls_holder(), Some(Service::Mqtt));
    client.pause().await.expect("it pauses");
    assert_eq!(rig.modem.tls_holder(), None);
    rig.modem.try_acquire_tls(Service::Ftp).await.expect("TLS is free").release();
    client.resume().await.expect("it resumes");
    rig.servers.broker().publish("commands/go", "now");
    assert_eq!(next(&mut messages).await.payload, "now");
    client.disconnect().await.expect("it disconnects");
    assert_eq!(rig.modem.tls_holder(), None);
}

#[tokio::test]
async fn thirty_messages_at_once_are_all_read() {
    let rig = Rig::start().await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-7")).await.expect("it connects");
    let mut messages = client.subscribe("burst", QoS::AtLeastOnce).await.expect("it subscribes");
    for number in 0..30_u8 {
        rig.servers.broker().publish("burst", vec![number]);
    }
    for number in 0..30_u8 {
        assert_eq!(next(&mut messages).await.payload[..], [number]);
    }
}

#[tokio::test]
async fn a_session_that_the_broker_closes_is_told() {
    let rig = Rig::start().await;
    let options = rig.mqtt("thing-8").keep_alive(Duration::from_secs(60));
    let client = MqttClient::connect(&rig.modem, options).await.expect("it connects");
    rig.servers.broker().front().disconnect_all();
    let error = client.publish("t", "x", QoS::AtLeastOnce).await.expect_err("the session is gone");
    assert_eq!(error.category(), Category::Network, "{error}");
    client.publish("t", "x", QoS::AtLeastOnce).await.expect_err("and stays gone until it is resumed");
}
