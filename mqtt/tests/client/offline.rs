//! Messages wait for a connection, each for its own fate.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use telit_core::Category;
use telit_core::exclusive::Service;
use telit_mqtt::{
    ClientState, Event, Events, LossReason, MqttClient, MqttOptions, OfflineQueue, Publish, PublishError,
    QoS, Reconnect, WhenFull,
};
use tokio::time::{Instant, timeout};

use crate::fake::{ERROR, Fake, PAYLOAD};
use crate::{connected, plain, secure, until};

const LIMIT: Duration = Duration::from_secs(3600);

fn queue(messages: usize) -> OfflineQueue {
    OfflineQueue::new(messages).when_full(WhenFull::Refuse)
}

fn queued() -> MqttOptions {
    secure().offline_queue(queue(100))
}

fn publish(topic: &str, qos: QoS) -> Publish {
    Publish::new(topic, "x").qos(qos)
}

/// The topics that were published to since the last call.
fn published(fake: &Fake) -> Vec<String> {
    let lines = fake.lines();
    let topics = lines.iter().filter_map(|line| line.strip_prefix("AT#MQPUBS=1,\"")?.split('"').next());
    topics.map(str::to_owned).collect()
}

/// The first event about the queue.
async fn about_queue(events: &mut Events) -> Event {
    let told = async {
        loop {
            let event = events.next().await.unwrap();
            if matches!(event, Event::QueueDropped { .. } | Event::QueueExpired { .. }) {
                return event;
            }
        }
    };
    timeout(LIMIT, told).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_published_meanwhile_goes_in_order_once_connected_again() {
    let (client, _modem, fake) = connected(queued()).await;
    client.pause().await.unwrap();
    let receipts: Vec<_> =
        ["a", "b", "a"].map(|topic| client.enqueue(publish(topic, QoS::AtLeastOnce)).unwrap()).into();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.publish("c", "x", QoS::AtMostOnce).await }
    });
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(published(&fake).is_empty() && !waiting.is_finished());
    client.resume().await.unwrap();
    for receipt in receipts {
        timeout(LIMIT, receipt).await.unwrap().unwrap();
    }
    waiting.await.unwrap().unwrap();
    assert_eq!(published(&fake), ["a", "b", "a", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_finds_the_connection_gone_is_sent_again_at_least_once() {
    let (client, modem, fake) = connected(queued()).await;
    let mut events = client.events();
    fake.answer(PAYLOAD, ERROR);
    fake.set_connection(2);
    let receipt = client.enqueue(publish("first", QoS::AtLeastOnce)).unwrap();
    client.enqueue(publish("second", QoS::AtLeastOnce)).unwrap();
    until(&mut events, ClientState::Reconnecting(LossReason::ClosedByBroker)).await;
    assert_eq!(modem.tls_holder(), None, "whoever waits holds nobody up");
    timeout(LIMIT, receipt).await.unwrap().unwrap();
    client.flush().await;
    assert_eq!(published(&fake), ["first", "first", "second"]);
    assert_eq!(modem.tls_holder(), Some(Service::Mqtt));
}

#[tokio::test(start_paused = true)]
async fn what_must_not_arrive_twice_is_in_doubt_instead() {
    for qos in [QoS::AtMostOnce, QoS::ExactlyOnce] {
        let (client, _modem, fake) = connected(queued()).await;
        fake.answer(PAYLOAD, ERROR);
        fake.set_connection(2);
        let error = client.publish("once", "x", qos).await.unwrap_err();
        assert!(matches!(error, PublishError::InDoubt(_)), "{error:?}");
        client.publish("next", "x", qos).await.unwrap();
        assert_eq!(published(&fake), ["once", "next"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_acknowledgement_is_waited_for_longer_each_time() {
    let (client, _modem, fake) = connected(queued()).await;
    for _ in 0..3 {
        fake.answer(PAYLOAD, "\r\n+CME ERROR: MQTT Command Timeout Fail\r\n");
    }
    let start = Instant::now();
    client.publish("a", "x", QoS::AtLeastOnce).await.unwrap();
    // A second, two and four, and the time of the exchanges themselves.
    assert!((7..9).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(published(&fake), ["a"; 4]);
    assert_eq!(client.state(), ClientState::Connected);
}

/// The first attempt may have published it, whatever comes of the second.
#[tokio::test(start_paused = true)]
async fn the_doubt_of_an_earlier_attempt_is_not_forgotten() {
    let (client, _modem, fake) = connected(queued()).await;
    fake.answer(PAYLOAD, "\r\n+CME ERROR: MQTT Command Timeout Fail\r\n");
    fake.answer(PAYLOAD, "\r\n+CME ERROR: operation not allowed\r\n");
    let error = client.publish("a", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(published(&fake), ["a"; 2]);
    assert!(error.may_have_been_published(), "{error:?}");
    let words = error.to_string();
    assert!(words.contains("may or may not") && words.contains("MQTT Command Timeout Fail"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn what_waits_too_long_expires_and_says_whether_it_may_have_arrived() {
    let options = secure().offline_queue(queue(9).expiry(Duration::from_secs(60)));
    let (client, _modem, fake) = connected(options).await;
    let mut events = client.events();
    client.pause().await.unwrap();
    let start = Instant::now();
    let error = client.publish("a", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, PublishError::Expired { in_doubt: false });
    assert!(!error.may_have_been_published());
    assert_eq!(start.elapsed().as_secs(), 60);
    assert_eq!(about_queue(&mut events).await, Event::QueueExpired { messages: 1 });

    client.resume().await.unwrap();
    fake.answer(PAYLOAD, "\r\n+CME ERROR: MQTT Command Timeout Fail\r\n");
    fake.lines();
    let receipt = client.enqueue(publish("a", QoS::AtLeastOnce)).unwrap();
    fake.saw("AT#MQPUBS=").await;
    fake.saw("AT#MQCONN?").await;
    client.pause().await.unwrap();
    let error = receipt.await.unwrap_err();
    assert_eq!(error, PublishError::Expired { in_doubt: true });
    assert!(error.may_have_been_published() && error.to_string().contains("earlier attempt"), "{error}");
    assert_eq!(error.category(), Category::Network);
}

#[tokio::test(start_paused = true)]
async fn every_policy_of_a_full_queue() {
    for (policy, dropped, taken) in [
        (WhenFull::DropOldest, Some(0), true),
        (WhenFull::DropNewest, Some(2), true),
        (WhenFull::Refuse, None, false),
    ] {
        let (client, _modem, fake) = connected(secure().offline_queue(queue(2).when_full(policy))).await;
        let mut events = client.events();
        client.pause().await.unwrap();
        let mut receipts = Vec::new();
        for topic in ["0", "1", "2"] {
            match client.enqueue(publish(topic, QoS::AtLeastOnce)) {
                Ok(receipt) => receipts.push(receipt),
                Err(error) => {
                    assert!(!taken);
                    assert_eq!(error, PublishError::QueueFull { messages: 2, bytes: 4 });
                    assert_eq!(error.category(), Category::Other);
                }
            }
        }
        if dropped.is_some() {
            assert_eq!(about_queue(&mut events).await, Event::QueueDropped { messages: 1 }, "{policy:?}");
        }
        client.resume().await.unwrap();
        client.flush().await;
        for (number, receipt) in receipts.into_iter().enumerate() {
            let expected = match dropped {
                Some(lost) if lost == number => Err(PublishError::Dropped { in_doubt: false }),
                _ => Ok(()),
            };
            assert_eq!(receipt.await, expected, "{policy:?} {number}");
        }
        let went: Vec<String> =
            (0..3).filter(|n| dropped.unwrap_or(2) != *n).map(|n| n.to_string()).collect();
        assert_eq!(published(&fake), went, "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_module_cannot_carry_never_waits() {
    let (client, _modem, _fake) = connected(queued()).await;
    client.pause().await.unwrap();
    let error = client.publish("a/#", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, PublishError::InvalidTopic(_)), "{error:?}");
    let error = client.enqueue(Publish::new("a", vec![0; 65_537])).unwrap_err();
    assert_eq!(error, PublishError::TooLarge { size: 65_537, limit: 65_536 });
    let large = secure().offline_queue(queue(9).bytes(10));
    let (client, _modem, _fake) = connected(large).await;
    let error = client.enqueue(Publish::new("a", "0123456789")).unwrap_err();
    assert_eq!(error, PublishError::QueueFull { messages: 0, bytes: 0 });
}

/// What was handed over goes although nobody is left who could wait for it.
#[tokio::test(start_paused = true)]
async fn the_last_handle_leaves_nothing_behind_that_can_be_sent() {
    for options in [plain(), queued()] {
        let (client, _modem, fake) = connected(options).await;
        let mut events = client.events();
        for topic in ["a", "b", "c"] {
            drop(client.enqueue(publish(topic, QoS::AtLeastOnce)).unwrap());
        }
        drop(client);
        until(&mut events, ClientState::Closed).await;
        assert_eq!(events.next().await, None, "nothing was given up");
        let lines = fake.mqtt_lines();
        let place = |start: &str| lines.iter().rposition(|line| line.starts_with(start)).unwrap();
        assert!(place("AT#MQPUBS=1,\"c\"") < place("AT#MQDISC=1"), "{lines:?}");
        assert_eq!(fake.payloads().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_before_the_end_is_told() {
    // Without a connection there is nothing to wait for.
    let (client, _modem, _fake) = connected(queued()).await;
    let mut events = client.events();
    client.pause().await.unwrap();
    for topic in ["a", "b"] {
        drop(client.enqueue(publish(topic, QoS::AtLeastOnce)).unwrap());
    }
    let start = Instant::now();
    drop(client);
    until(&mut events, ClientState::Closed).await;
    assert_eq!(events.next().await, Some(Event::QueueGivenUp { messages: 2 }));
    assert_eq!((events.next().await, start.elapsed()), (None, Duration::ZERO));

    // With one that answers nothing in time, a minute.
    let (client, _modem, fake) = connected(queued()).await;
    for _ in 0..100 {
        fake.answer(PAYLOAD, "\r\n+CME ERROR: MQTT Command Timeout Fail\r\n");
    }
    let mut events = client.events();
    let first = client.enqueue(publish("a", QoS::AtLeastOnce)).unwrap();
    let second = client.enqueue(publish("b", QoS::AtLeastOnce)).unwrap();
    let start = Instant::now();
    client.disconnect().await.unwrap();
    assert!((30..=60).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    until(&mut events, ClientState::Closed).await;
    assert_eq!(events.next().await, Some(Event::QueueGivenUp { messages: 2 }));
    assert!(first.await.unwrap_err().may_have_been_published());
    assert_eq!(second.await, Err(PublishError::NotConnected { state: ClientState::Closed }));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_client_is_the_end_of_what_waits() {
    let (client, _modem, _fake) = connected(queued()).await;
    client.pause().await.unwrap();
    let receipt = client.enqueue(publish("a", QoS::AtLeastOnce)).unwrap();
    client.disconnect().await.unwrap();
    let closed = PublishError::NotConnected { state: ClientState::Closed };
    assert_eq!(receipt.await, Err(closed.clone()));
    assert_eq!(client.enqueue(publish("a", QoS::AtLeastOnce)).unwrap_err(), closed);
    client.flush().await;

    let (client, _modem, fake) = connected(queued().reconnect(Reconnect::default().max_attempts(1))).await;
    fake.answer(PAYLOAD, ERROR);
    fake.set_connection(2);
    fake.answer("AT#MQCONN=", "\r\n+CME ERROR: MQTT Connect Fail\r\n");
    let sent_before = client.enqueue(publish("a", QoS::AtLeastOnce)).unwrap();
    let never_sent = client.enqueue(publish("b", QoS::AtLeastOnce)).unwrap();
    let error = timeout(LIMIT, sent_before).await.unwrap().unwrap_err();
    assert!(matches!(error, PublishError::InDoubt(_)), "{error:?}");
    let state = client.state();
    assert!(matches!(state, ClientState::Lost(_)), "{state:?}");
    assert_eq!(never_sent.await, Err(PublishError::NotConnected { state }));
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_wait_any_more_publishes_nothing_but_what_was_enqueued() {
    let (client, _modem, fake) = connected(queued()).await;
    client.pause().await.unwrap();
    let given_up = client.publish("given up", "x", QoS::AtLeastOnce);
    assert!(timeout(Duration::from_secs(1), given_up).await.is_err());
    drop(client.enqueue(publish("enqueued", QoS::AtLeastOnce)).unwrap());
    client.resume().await.unwrap();
    timeout(LIMIT, client.flush()).await.unwrap();
    assert_eq!(published(&fake), ["enqueued"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_sixteen_wait_for_their_turn_and_none_for_a_connection() {
    let (client, _modem, fake) = connected(plain()).await;
    let receipts: Vec<_> = (0..16)
        .map(|number| client.enqueue(publish(&number.to_string(), QoS::AtLeastOnce)).unwrap())
        .collect();
    let error = client.enqueue(publish("one more", QoS::AtLeastOnce)).unwrap_err();
    assert_eq!(error, PublishError::QueueFull { messages: 16, bytes: 38 });
    let patient = client.publish("patient", "x", QoS::AtLeastOnce);
    // What is in turn still goes; what has not found a place does not.
    let (_, paused) = tokio::join!(timeout(LIMIT, patient), client.pause());
    paused.unwrap();
    for receipt in receipts {
        assert_eq!(receipt.await, Ok(()));
    }
    let went = published(&fake);
    assert_eq!(went[..16], (0..16).map(|number| number.to_string()).collect::<Vec<_>>());
    let error = client.enqueue(publish("a", QoS::AtLeastOnce)).unwrap_err();
    assert_eq!(error, PublishError::NotConnected { state: ClientState::Paused });
}

/// Whoever waits for the outcome anyway waits for a place too.
#[tokio::test(start_paused = true)]
async fn without_a_queue_publishing_beside_what_was_enqueued_waits_for_its_turn() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut receipts: Vec<_> =
        (0..16).map(|_| client.enqueue(publish("enqueued", QoS::AtLeastOnce)).unwrap()).collect();
    assert_eq!(client.publish("published", "x", QoS::AtLeastOnce).await, Ok(()));
    for receipt in receipts.drain(..) {
        assert_eq!(receipt.await, Ok(()));
    }
    let mut expected = vec!["enqueued".to_owned(); 16];
    expected.push("published".to_owned());
    assert_eq!(published(&fake), expected);

    // And what nobody waits for any more takes no place away.
    let mut given_up: Vec<_> =
        (0..16).map(|_| Box::pin(client.publish("given up", "x", QoS::AtLeastOnce))).collect();
    for publishing in &mut given_up {
        assert!(poll_fn(|context| Poll::Ready(publishing.as_mut().poll(context).is_pending())).await);
    }
    drop(given_up);
    client.enqueue(publish("enqueued", QoS::AtLeastOnce)).unwrap().await.unwrap();
    assert_eq!(published(&fake), ["enqueued"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_connection_is_not_waited_for() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQCONN=", "\r\n+CME ERROR: 1115\r\n");
    MqttClient::connect(&modem, queued()).await.unwrap_err();
}
