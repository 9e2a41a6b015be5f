use std::time::Duration;

use telit_core::{Category, CommandError};
use telit_mqtt::rules::BrokerRules;
use telit_mqtt::{
    ClientState, Doubt, LastWill, LossReason, MqttClient, Publish, PublishError, QoS, Reconnect,
    SubscribeError, TopicError,
};

use crate::fake::{ERROR, Fake, OK, PAYLOAD};
use crate::{connected, plain, secure};

#[tokio::test(start_paused = true)]
async fn every_byte_is_carried_unchanged() {
    let (client, _modem, fake) = connected(plain()).await;
    let all: Vec<u8> = (0..=255).collect();
    let hostile: [&[u8]; 6] =
        [&all, b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\x1a\x1b\x08", b"{\"a\":\"\\22\"}", b"\\22"];
    for payload in hostile {
        client.publish("telemetry/1", payload.to_vec(), QoS::AtLeastOnce).await.unwrap();
        assert_eq!(fake.lines(), [format!("AT#MQPUBSEXT=1,\"telemetry/1\",0,1,{}", payload.len())]);
        assert_eq!(fake.payloads(), [payload]);
    }
    for plain in [">>>", "+++", "A/", ";,?*", " "] {
        client.publish("telemetry/1", plain, QoS::AtLeastOnce).await.unwrap();
        assert_eq!(fake.lines(), [format!("AT#MQPUBS=1,\"telemetry/1\",0,1,\"{plain}\"")]);
        assert_eq!(fake.payloads(), [plain.as_bytes()]);
    }
    let large = vec![0x0d; 65_536];
    client.publish("t", large.clone(), QoS::AtMostOnce).await.unwrap();
    assert_eq!(fake.payloads(), [large]);
}

#[tokio::test(start_paused = true)]
async fn empty_payloads_with_and_without_prompt() {
    let (client, _modem, fake) = connected(plain()).await;
    client.publish_retained("t", "", QoS::AtLeastOnce).await.unwrap();
    fake.answer("AT#MQPUBSEXT=", OK);
    client.send(Publish::new("t", "").qos(QoS::ExactlyOnce)).await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQPUBSEXT=1,\"t\",1,1,0", "AT#MQPUBSEXT=1,\"t\",0,2,0"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_published_is_refused_before_anything_is_sent() {
    let (client, _modem, fake) = connected(plain()).await;
    for topic in ["a\rb", "a\nATD1;", "a\"b", "a\0b", "", "a/+", "#", "grün"] {
        let error = client.publish(topic, "x", QoS::AtLeastOnce).await.unwrap_err();
        assert!(matches!(error, PublishError::InvalidTopic(_)), "{topic:?}: {error:?}");
        assert_eq!(error.category(), Category::Usage);
    }
    let error = client.publish("t".repeat(257), "x", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, PublishError::InvalidTopic(TopicError::TooLong { length: 257, limit: 256 }));
    let error = client.publish("t", vec![0; 65_537], QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, PublishError::TooLarge { size: 65_537, limit: 65_536 });
    assert_eq!(fake.lines(), [""; 0]);
}

/// What could end a line, a string or an entry, and what modules and terminals edit with, anywhere in a topic.
fn unsendable() -> impl Iterator<Item = String> {
    let bad = ["\r", "\n", "\0", "\u{1a}", "\u{1b}", "\u{8}", "\u{7f}", "\u{85}", "\"", "é", "\u{2028}"];
    bad.into_iter().flat_map(|bad| [format!("{bad}a/b"), format!("a/{bad}/b"), format!("a/b{bad}")])
}

#[tokio::test(start_paused = true)]
async fn topics_that_could_end_the_line_or_the_string_are_refused_before_a_byte_is_sent() {
    let (client, _modem, fake) = connected(plain()).await;
    for topic in unsendable() {
        let published = client.publish(&*topic, "x", QoS::AtLeastOnce).await;
        assert!(matches!(published, Err(PublishError::InvalidTopic(_))), "{topic:?}: {published:?}");
        let subscribed = client.subscribe(&*topic, QoS::AtLeastOnce).await.map(drop);
        assert!(matches!(subscribed, Err(SubscribeError::InvalidFilter(_))), "{topic:?}: {subscribed:?}");
        let unsubscribed = client.unsubscribe(&*topic).await;
        assert!(matches!(unsubscribed, Err(SubscribeError::InvalidFilter(_))), "{topic:?}: {unsubscribed:?}");
    }
    for topic in unsendable() {
        let (modem, fake) = Fake::start();
        let will = plain().last_will(LastWill::new(&*topic, "x"));
        let error = MqttClient::connect(&modem, will).await.map(drop).unwrap_err();
        assert_eq!(error.category(), Category::Usage, "{topic:?}");
        assert_eq!(fake.lines(), [""; 0], "{topic:?}");
    }
    assert_eq!((fake.lines(), fake.payloads()), (Vec::new(), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_belongs_to_nobody() {
    let (client, _modem, fake) = connected(plain()).await;
    fake.answer(PAYLOAD, "");
    let error = client.publish("t", "first", QoS::AtLeastOnce).await.unwrap_err();
    assert!(
        matches!(error, PublishError::InDoubt(Doubt::Command(CommandError::TimedOut { .. }))),
        "{error:?}"
    );
    assert!(error.may_have_been_published());
    fake.send(OK);
    fake.answer(PAYLOAD, "\r\n+CME ERROR: operation not allowed\r\n");
    let error = client.publish("t", "second", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused(_)), "{error:?}");
    client.publish("t", "third", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(fake.payloads(), [&b"first"[..], b"second", b"third"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_acknowledgement_leaves_a_doubt() {
    let (client, _modem, fake) = connected(plain()).await;
    for (words, qos) in [
        ("MQTT Command Timeout Fail", QoS::AtLeastOnce),
        ("1105", QoS::ExactlyOnce),
        ("MQTT PUBSEXT Fail", QoS::AtLeastOnce),
    ] {
        fake.answer(PAYLOAD, format!("\r\n+CME ERROR: {words}\r\n"));
        let error = client.publish("t", "x", qos).await.unwrap_err();
        assert!(matches!(error, PublishError::InDoubt(_)), "{words}: {error:?}");
        assert_eq!(error.category(), Category::Network);
    }
    fake.answer(PAYLOAD, "\r\n+CME ERROR: 1105\r\n");
    let error = client.publish("t", "x", QoS::AtMostOnce).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused(_)), "{error:?}");
    assert_eq!(client.state(), ClientState::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_finds_the_connection_gone() {
    let (client, modem, fake) = connected(secure().reconnect(Reconnect::never())).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    fake.answer("AT#MQPUBS=", ERROR);
    fake.set_connection(2);
    let error = client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, PublishError::InDoubt(_)), "{error:?}");
    let lost = ClientState::Lost(LossReason::ClosedByBroker);
    assert_eq!(client.state(), lost);
    assert_eq!(messages.next().await, None);
    assert_eq!(
        fake.mqtt_lines(),
        ["AT#MQPUBS=1,\"t\",0,1,\"x\"", "AT#MQCONN?", "AT#MQDISC=1", "AT#MQEN=1,0"]
    );
    assert_eq!(modem.tls_holder(), None);
    let error = client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, PublishError::NotConnected { state: lost });
    assert_eq!(error.category(), Category::Network);
    assert_eq!(fake.mqtt_lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn old_firmware_publishes_text_only() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQPUBSEXT=?", ERROR);
    let client = MqttClient::connect(&modem, plain()).await.unwrap();
    assert!(fake.lines().contains(&"AT#MQPUBS=?".to_owned()));
    client.publish("t", "21.5 C", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQPUBS=1,\"t\",0,1,\"21.5 C\""]);
    let error = client.publish("t", "{\"a\":1}", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, PublishError::NotRepresentable { .. }));
    assert_eq!(fake.lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_is_given_up_before_its_turn_is_not_sent() {
    let (client, _modem, fake) = connected(plain()).await;
    fake.answer(PAYLOAD, "");
    let (other, waiter) = (client.clone(), fake.clone());
    let first = tokio::spawn(async move { other.publish("first", "x", QoS::AtLeastOnce).await });
    waiter.saw("AT#MQPUBS=1,\"first\"").await;
    let second = client.publish("second", "x", QoS::AtLeastOnce);
    assert!(tokio::time::timeout(Duration::from_secs(1), second).await.is_err());
    assert!(first.await.unwrap().unwrap_err().may_have_been_published());
    client.publish("third", "x", QoS::AtLeastOnce).await.unwrap();
    let lines = fake.lines();
    assert!(!lines.iter().any(|line| line.contains("second")), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_would_not_take_is_not_sent() {
    let rules = BrokerRules::new("the broker").highest_qos(QoS::AtLeastOnce).subscription_limit(1);
    let (client, _modem, fake) = connected(plain().rules(rules)).await;
    let error = client.publish("t", "x", QoS::ExactlyOnce).await.unwrap_err();
    assert_eq!(error.to_string(), "the broker takes quality of service 1 at the most");
    assert_eq!((error.category(), error.hint()), (Category::Usage, Some("use quality of service 1")));
    let first = client.subscribe("a", QoS::AtMostOnce).await.unwrap();
    let again = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let error = client.subscribe("b", QoS::AtMostOnce).await.unwrap_err();
    assert_eq!(error.to_string(), "the broker takes at most 1 subscriptions a connection");
    assert_eq!(error.category(), Category::Usage);
    assert_eq!(fake.mqtt_lines(), ["AT#MQSUB=1,\"a\",0", "AT#MQSUB=1,\"a\",1"]);

    drop((first, again));
    client.subscribe("b", QoS::AtMostOnce).await.unwrap();
    assert_eq!(fake.mqtt_lines(), ["AT#MQUNS=1,\"a\"", "AT#MQSUB=1,\"b\",0"]);
}
