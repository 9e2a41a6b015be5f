//! Two clients of the module at once.

use std::time::Duration;

use telit_core::Category;
use telit_core::exclusive::{Holder, Service};
use telit_mqtt::{ClientState, ConnectError, Event, MqttClient, MqttOptions, MqttSecurity, QoS};
use tokio::time::timeout;

use crate::fake::Fake;
use crate::{next_event, plain, secure};

fn other() -> MqttOptions {
    MqttOptions::new("other.example", "client-2", MqttSecurity::DangerPlain)
}

#[tokio::test(start_paused = true)]
async fn a_second_client_uses_the_second_instance_and_a_third_is_refused() {
    let (modem, fake) = Fake::start();
    let first = MqttClient::connect(&modem, secure()).await.unwrap();
    fake.lines();
    let second = MqttClient::connect(&modem, other()).await.unwrap();
    let expected = [
        "AT#MQEN?",
        "AT#MQEN=2,1",
        "AT#MQCFG=2,\"other.example\",1883,1,0",
        "AT#MQCFG2=2,60,1",
        "AT#MQTCFG=2,10",
        "AT#MQCONN=2,\"client-2\",\"\",\"\"",
        "AT#MQCONN?",
        "AT#MQREAD?",
    ];
    assert_eq!(fake.lines(), expected);
    let error = MqttClient::connect(&modem, other()).await.unwrap_err();
    assert_eq!(error, ConnectError::InstanceInUse { instance: None });
    assert_eq!(error.to_string(), "all MQTT clients of the module are in use by this program");
    assert_eq!(error.category(), Category::Busy);
    assert_eq!(fake.lines(), [""; 0]);

    second.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
    first.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
    let _inbox = second.subscribe("a", QoS::AtMostOnce).await.unwrap();
    second.unsubscribe("a").await.unwrap();
    first.disconnect().await.unwrap();
    second.disconnect().await.unwrap();
    let expected = [
        "AT#MQPUBS=2,\"t\",0,1,\"x\"",
        "AT#MQPUBS=1,\"t\",0,1,\"x\"",
        "AT#MQSUB=2,\"a\",0",
        "AT#MQUNS=2,\"a\"",
        "AT#MQDISC=1",
        "AT#MQEN=1,0",
        "AT#MQDISC=2",
        "AT#MQEN=2,0",
    ];
    assert_eq!(fake.lines(), expected);
    MqttClient::connect(&modem, other()).await.unwrap();
    assert!(fake.lines().contains(&"AT#MQEN=1,1".to_owned()), "what is given back is used again");
}

#[tokio::test(start_paused = true)]
async fn an_instance_can_be_asked_for() {
    let (modem, fake) = Fake::start();
    let client = MqttClient::connect(&modem, secure().instance(2)).await.unwrap();
    let lines = fake.lines();
    assert!(lines.contains(&"AT#MQCFG=2,\"broker.example\",8883,1,1,2".to_owned()), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("AT#SSLCFG=2,")), "{lines:?}");
    let error = MqttClient::connect(&modem, other().instance(2)).await.unwrap_err();
    assert_eq!(error, ConnectError::InstanceInUse { instance: Some(2) });
    assert_eq!(error.to_string(), "the module's MQTT client 2 is in use by this program");
    let error = MqttClient::connect(&modem, other().instance(3)).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid instance: the module has the clients 1 to 2");
    assert_eq!(fake.lines(), [""; 0]);
    client.disconnect().await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQDISC=2", "AT#MQEN=2,0"]);
}

#[tokio::test(start_paused = true)]
async fn tls_has_one_owner_whatever_the_instance() {
    let (modem, fake) = Fake::start();
    let first = MqttClient::connect(&modem, secure()).await.unwrap();
    fake.lines();
    let error = MqttClient::connect(&modem, secure()).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Busy(busy) if busy.holder == Holder::Here(Service::Mqtt)));
    assert_eq!(fake.lines(), [""; 0]);
    let _beside = MqttClient::connect(&modem, plain()).await.unwrap();
    first.pause().await.unwrap();
    let error = MqttClient::connect(&modem, secure().instance(2)).await.unwrap_err();
    assert_eq!(error, ConnectError::InstanceInUse { instance: Some(2) });
    let second = MqttClient::connect(&modem, secure()).await.unwrap();
    assert_eq!(modem.tls_holder(), Some(Service::Mqtt));
    let error = first.resume().await.unwrap_err();
    assert_eq!(error, ConnectError::InstanceInUse { instance: None });
    second.disconnect().await.unwrap();
    first.resume().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_client_gets_its_own_messages() {
    let (modem, fake) = Fake::start();
    let first = MqttClient::connect(&modem, secure()).await.unwrap();
    let second = MqttClient::connect(&modem, other()).await.unwrap();
    let mut to_first = first.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    let mut to_second = second.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    fake.publish_for(2, 1, "t", b"second");
    fake.publish_for(1, 2, "t", b"first");
    assert_eq!(to_first.next().await.unwrap().payload, "first");
    assert_eq!(to_second.next().await.unwrap().payload, "second");
    assert_eq!((to_first.try_next(), to_second.try_next()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn full_slots_make_both_look() {
    let (modem, fake) = Fake::start();
    let first = MqttClient::connect(&modem, secure()).await.unwrap();
    let second = MqttClient::connect(&modem, other()).await.unwrap();
    let mut to_first = first.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    let mut to_second = second.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    let (mut first_events, mut second_events) = (first.events(), second.events());
    fake.store(3, "t", b"first");
    fake.publish_for(2, 30, "t", b"second");
    assert_eq!(to_second.next().await.unwrap().payload, "second");
    fake.store(1, "t", b"last");
    fake.send("\r\n#MQRING: 0\r\n");
    for expected in ["last", "first"] {
        assert_eq!(to_first.next().await.unwrap().payload, expected);
    }
    assert_eq!(next_event(&mut first_events).await, Event::SlotsFull);
    assert_eq!(next_event(&mut second_events).await, Event::SlotsFull);
    assert_eq!(to_second.try_next(), None);
    assert_eq!(fake.filled_slots(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_ends_one_connection_does_not_end_the_other() {
    let (modem, fake) = Fake::start();
    let first = MqttClient::connect(&modem, secure()).await.unwrap();
    let second = MqttClient::connect(&modem, other()).await.unwrap();
    let mut events = first.events();
    fake.set_connection(2);
    let back = async { while !matches!(next_event(&mut events).await, Event::Resumed { .. }) {} };
    timeout(Duration::from_secs(600), back).await.unwrap();
    assert_eq!(second.state(), ClientState::Connected);
    let lines = fake.mqtt_lines();
    assert!(lines.contains(&"AT#MQCONN=1,\"client-1\",\"\",\"\"".to_owned()), "{lines:?}");
    assert!(!lines.contains(&"AT#MQDISC=2".to_owned()), "{lines:?}");
    second.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
}
