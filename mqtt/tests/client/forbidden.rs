//! A broker that hangs up on the same operation each time is not asked for it again and again.

use std::time::Duration;

use telit_core::Category;
use telit_mqtt::{
    ClientState, Event, Events, MqttClient, OfflineQueue, Operation, Publish, PublishError, QoS,
    SubscribeError,
};
use tokio::time::timeout;

use crate::fake::{ERROR, Fake, PAYLOAD};
use crate::{connected, plain, secure};

const LIMIT: Duration = Duration::from_secs(3600);

/// The next times that the client looks after its connection or logs in, the module reports these states.
fn states(fake: &Fake, states: &[u8]) {
    for state in states {
        fake.answer("AT#MQCONN?", format!("\r\n#MQCONN: 1,{state}\r\n\r\nOK\r\n"));
    }
}

fn to(topic: &str) -> Operation {
    Operation::Publish { topic: topic.to_owned() }
}

fn not_allowed(topic: &str, in_doubt: bool) -> PublishError {
    PublishError::ProbablyForbidden { topic: topic.into(), times: 3, in_doubt }
}

async fn forbidden(events: &mut Events) -> (Operation, u32) {
    let told = async {
        loop {
            if let Event::ProbablyForbidden { operation, times } = events.next().await.unwrap() {
                return (operation, times);
            }
        }
    };
    timeout(LIMIT, told).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_queued_message_that_the_broker_hangs_up_on_is_given_up_by_name() {
    let (client, _modem, fake) = connected(secure().offline_queue(OfflineQueue::new(9))).await;
    let mut events = client.events();
    for _ in 0..3 {
        fake.answer(PAYLOAD, ERROR);
    }
    states(&fake, &[2, 1, 2, 1, 2]);
    let first = client.enqueue(Publish::new("secret", "x")).unwrap();
    let next = client.enqueue(Publish::new("public", "x")).unwrap();
    let again = client.enqueue(Publish::new("secret", "y")).unwrap();
    assert_eq!(forbidden(&mut events).await, (to("secret"), 3));
    let error = timeout(LIMIT, first).await.unwrap().unwrap_err();
    assert_eq!(error, not_allowed("secret", true));
    assert_eq!(error.category(), Category::Refused);
    assert!(error.hint().unwrap().contains("policy") && error.may_have_been_published());
    timeout(LIMIT, next).await.unwrap().unwrap();
    let refused = timeout(LIMIT, again).await.unwrap().unwrap_err();
    assert_eq!(refused, not_allowed("secret", false), "no more of that for an hour");
    assert!(!refused.may_have_been_published());
    assert_eq!(client.state(), ClientState::Connected);
    assert_eq!(fake.payloads().len(), 4);

    tokio::time::sleep(LIMIT).await;
    client.publish("secret", "x", QoS::AtLeastOnce).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_nothing_acknowledges_is_suspected_too() {
    let (client, _modem, fake) = connected(secure()).await;
    let mut events = client.events();
    let mut tries = 0;
    let error = loop {
        match client.publish("secret", "x", QoS::AtMostOnce).await {
            Ok(()) => {
                tries += 1;
                states(&fake, &[2]);
                fake.send("\r\n#MQDISC: 1\r\n");
                let lost = async {
                    while client.state() == ClientState::Connected {
                        events.next().await.unwrap();
                    }
                };
                timeout(LIMIT, lost).await.unwrap();
                let back = async {
                    while client.state() != ClientState::Connected {
                        events.next().await.unwrap();
                    }
                };
                timeout(LIMIT, back).await.unwrap();
            }
            Err(error) => break error,
        }
    };
    assert_eq!(tries, 3);
    assert_eq!(error, not_allowed("secret", false));
    client.pause().await.unwrap();
    client.resume().await.unwrap();
    client.publish("secret", "x", QoS::AtMostOnce).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_the_broker_hangs_up_on_each_time_ends_and_the_others_go_on() {
    let (client, _modem, fake) = connected(secure()).await;
    let mut good = client.subscribe("good", QoS::AtLeastOnce).await.unwrap();
    let mut bad = client.subscribe("bad/#", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    for _ in 0..3 {
        fake.answer("AT#MQSUB=1,\"bad/#\"", ERROR);
    }
    // The loss; then a login and a hang-up three times.
    states(&fake, &[2, 1, 2, 1, 2, 1, 2]);
    fake.set_connection(2);
    let operation = Operation::Subscribe { filter: "bad/#".into() };
    assert_eq!(forbidden(&mut events).await, (operation.clone(), 3));
    assert_eq!(operation.to_string(), "subscribing to \"bad/#\"");
    assert_eq!(timeout(LIMIT, bad.next()).await.unwrap(), None);
    let back = async {
        while client.state() != ClientState::Connected {
            events.next().await.unwrap();
        }
    };
    timeout(LIMIT, back).await.unwrap();
    fake.publish(1, "good", b"x");
    assert_eq!(good.next().await.unwrap().payload, "x");
    let error = client.subscribe("bad/#", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, SubscribeError::ProbablyForbidden { filter: "bad/#".into(), times: 3 });
    assert_eq!(error.category(), Category::Refused);
}

/// Nobody knows who ended a connection that is merely not there (state 0), and a network that fails (state 7) is not the
/// broker. Source: M37 p1016.
#[tokio::test(start_paused = true)]
async fn the_network_forbids_nothing() {
    for state in [0, 3, 5, 6, 7] {
        let (client, _modem, fake) = connected(plain().offline_queue(OfflineQueue::new(9))).await;
        for _ in 0..5 {
            fake.answer(PAYLOAD, ERROR);
        }
        states(&fake, &[state, 1].repeat(5));
        let next = client.enqueue(Publish::new("t", "y")).unwrap();
        client.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
        next.await.unwrap();
        assert_eq!(fake.payloads().len(), 7, "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_silent_forbids_nothing() {
    let (client, _modem, fake) = connected(secure()).await;
    let mut commands = client.subscribe("commands", QoS::AtLeastOnce).await.unwrap();
    for _ in 0..5 {
        fake.answer("AT#MQSUB=", "\r\n+CME ERROR: MQTT Command Timeout Fail\r\n");
    }
    let mut events = client.events();
    fake.set_connection(2);
    let mut failed = 0;
    let back = async {
        loop {
            match events.next().await.unwrap() {
                Event::ProbablyForbidden { operation, .. } => panic!("{operation}"),
                Event::ReconnectFailed { .. } => failed += 1,
                Event::Resumed { .. } => break,
                _ => {}
            }
        }
    };
    timeout(LIMIT, back).await.unwrap();
    assert_eq!(failed, 5);
    fake.publish(1, "commands", b"x");
    assert_eq!(commands.next().await.unwrap().payload, "x");
}

/// The broker hangs up behind two messages that it never acknowledges: only one of them is to blame.
#[tokio::test(start_paused = true)]
async fn an_innocent_message_that_goes_beside_is_not_blamed() {
    let (client, _modem, fake) = connected(secure().offline_queue(OfflineQueue::new(9))).await;
    let mut events = client.events();
    for _ in 0..3 {
        for topic in ["secret", "public"] {
            client.publish(topic, "x", QoS::AtMostOnce).await.unwrap();
        }
        states(&fake, &[2]);
        fake.send("\r\n#MQDISC: 1\r\n");
        let back = async { while !matches!(events.next().await, Some(Event::Resumed { .. })) {} };
        timeout(LIMIT, back).await.unwrap();
    }
    // The fourth time they go apart, and the broker hangs up on the first.
    let secret = client.enqueue(Publish::new("secret", "x").qos(QoS::AtMostOnce)).unwrap();
    let public = client.enqueue(Publish::new("public", "x").qos(QoS::AtMostOnce)).unwrap();
    secret.await.unwrap();
    states(&fake, &[2]);
    fake.send("\r\n#MQDISC: 1\r\n");
    assert_eq!(forbidden(&mut events).await, (to("secret"), 3));
    timeout(LIMIT, public).await.unwrap().unwrap();
    client.publish("public", "x", QoS::AtLeastOnce).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn asking_by_hand_counts_as_well() {
    let (modem, fake) = Fake::start();
    let client = MqttClient::connect(&modem, plain()).await.unwrap();
    let mut events = client.events();
    for times in 1..=3 {
        fake.answer("AT#MQSUB=", ERROR);
        states(&fake, &[2]);
        let error = client.subscribe("bad", QoS::AtLeastOnce).await.unwrap_err();
        assert_eq!(matches!(error, SubscribeError::ProbablyForbidden { .. }), times == 3, "{error:?}");
        let back = async {
            while client.state() != ClientState::Connected {
                events.next().await.unwrap();
            }
        };
        timeout(LIMIT, back).await.unwrap();
    }
}
