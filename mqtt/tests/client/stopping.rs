//! Pausing, disconnecting and dropping a client that is on its way back, and TLS that somebody else has.

use std::time::Duration;

use telit_core::Backoff;
use telit_core::exclusive::Service;
use telit_mqtt::{ClientState, ConnectError, LossReason, QoS, Reconnect};
use tokio::time::Instant;

use crate::{connected, secure, until};

const CLOSED: ClientState = ClientState::Reconnecting(LossReason::ClosedByBroker);
const UNDONE: [&str; 2] = ["AT#MQDISC=1", "AT#MQEN=1,0"];

fn patient() -> Reconnect {
    let long = Duration::from_secs(1_000_000);
    Reconnect::default().backoff(Backoff::new(long, long))
}

#[tokio::test(start_paused = true)]
async fn tls_that_a_download_holds_is_waited_for() {
    let (client, modem, fake) = connected(secure()).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    let downloading = tokio::spawn({
        let modem = modem.clone();
        async move {
            let lease = modem.acquire_tls(Service::Ftp).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1000)).await;
            lease.release();
        }
    });
    let start = Instant::now();
    fake.set_connection(2);
    until(&mut events, CLOSED).await;
    assert_eq!(modem.tls_holder(), Some(Service::Ftp), "it was handed over");
    until(&mut events, ClientState::Connected).await;
    assert!(start.elapsed() >= Duration::from_secs(1000), "{:?}", start.elapsed());
    downloading.await.unwrap();
    assert_eq!(modem.tls_holder(), Some(Service::Mqtt));
    fake.publish(1, "a", b"");
    assert!(messages.next().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn pausing_while_waiting_for_tls_gives_up_the_place() {
    let (client, modem, fake) = connected(secure()).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.set_connection(2);
    until(&mut events, CLOSED).await;
    let lease = modem.acquire_tls(Service::Ftp).await.unwrap();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(client.state(), CLOSED);
    let start = Instant::now();
    client.pause().await.unwrap();
    assert_eq!((client.state(), start.elapsed()), (ClientState::Paused, Duration::ZERO));
    lease.release();
    tokio::time::sleep(Duration::from_secs(1000)).await;
    assert_eq!((client.state(), modem.tls_holder()), (ClientState::Paused, None));
    client.resume().await.unwrap();
    fake.publish(1, "a", b"");
    assert!(messages.next().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn pausing_between_two_attempts_is_pausing() {
    let (client, modem, fake) = connected(secure().reconnect(patient())).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.set_connection(2);
    until(&mut events, CLOSED).await;
    fake.lines();
    client.pause().await.unwrap();
    assert_eq!((client.state(), modem.tls_holder()), (ClientState::Paused, None));
    assert_eq!(fake.lines(), [""; 0]);
    client.resume().await.unwrap();
    fake.publish(1, "a", b"");
    assert!(messages.next().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn pausing_in_the_middle_of_an_attempt_undoes_it() {
    for until_line in ["AT#MQEN=1,1", "AT#MQCFG=1", "AT#SSLSECCFG=1", "AT#MQCONN=1", "AT#MQSUB=1"] {
        let (client, modem, fake) = connected(secure()).await;
        let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
        fake.lines();
        fake.set_connection(2);
        fake.saw(until_line).await;
        let resuming = tokio::spawn({
            let client = client.clone();
            async move { client.resume().await }
        });
        tokio::task::yield_now().await;
        client.pause().await.unwrap();
        assert_eq!(client.state(), ClientState::Paused, "{until_line}");
        let lines = fake.mqtt_lines();
        assert_eq!(lines[lines.len() - 2..], UNDONE, "{until_line}");
        assert!(!fake.is_enabled());
        assert_eq!(modem.tls_holder(), None);
        resuming.await.unwrap().unwrap_or_else(|error| assert_eq!(error, ConnectError::Closed));
        client.resume().await.unwrap();
        fake.publish(1, "a", b"");
        assert!(messages.next().await.is_some(), "{until_line}");
    }
}

#[tokio::test(start_paused = true)]
async fn disconnecting_ends_it_at_once() {
    for busy in [true, false] {
        let (client, modem, fake) = connected(secure()).await;
        let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
        let mut events = client.events();
        fake.set_connection(2);
        until(&mut events, CLOSED).await;
        let lease = if busy { Some(modem.acquire_tls(Service::Ftp).await.unwrap()) } else { None };
        let start = Instant::now();
        client.disconnect().await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(client.state(), ClientState::Closed);
        assert_eq!(messages.next().await, None);
        drop(lease);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_ends_an_attempt() {
    for until_line in ["AT#MQEN=1,1", "AT#MQTCFG=1", "AT#MQCONN=1", "AT#MQSUB=1"] {
        let (client, modem, fake) = connected(secure()).await;
        let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
        fake.lines();
        fake.set_connection(2);
        fake.saw(until_line).await;
        drop(client);
        assert_eq!(messages.next().await, None, "{until_line}");
        modem.acquire_tls(Service::Http).await.unwrap().release();
        let lines = fake.mqtt_lines();
        assert_eq!(lines[lines.len() - 2..], UNDONE, "{until_line}");
        assert!(!fake.is_enabled());
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_ends_the_waiting() {
    let (client, modem, fake) = connected(secure().reconnect(patient())).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.set_connection(2);
    until(&mut events, CLOSED).await;
    fake.lines();
    drop(client);
    assert_eq!(messages.next().await, None);
    assert_eq!(modem.tls_holder(), None);
    assert_eq!(fake.lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn pausing_and_closing_do_not_wait_for_those_who_publish_without_end() {
    for close in [false, true] {
        let (client, _modem, _fake) = connected(secure()).await;
        let publishing = ["a", "b", "c"].map(|topic| {
            let client = client.clone();
            tokio::spawn(async move { while client.publish(topic, "x", QoS::AtLeastOnce).await.is_ok() {} })
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        let ending = async { if close { client.disconnect().await } else { client.pause().await } };
        tokio::time::timeout(Duration::from_secs(180), ending).await.expect("it ends").unwrap();
        for publisher in publishing {
            publisher.await.unwrap();
        }
    }
}
