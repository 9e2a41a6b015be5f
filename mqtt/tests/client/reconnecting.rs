//! A lost connection comes back, with its subscriptions.

use std::time::Duration;

use telit_core::exclusive::Service;
use telit_core::modem::ServiceChange;
use telit_core::{Backoff, Category};
use telit_mqtt::{
    ClientState, ConnectError, Event, LossReason, PublishError, QoS, Reconnect, Refusal, SubscribeError,
};
use tokio::time::{Instant, timeout};

use crate::fake::ERROR;
use crate::{connected, next_event, plain, secure, until};

const CLOSED: ClientState = ClientState::Reconnecting(LossReason::ClosedByBroker);

#[tokio::test(start_paused = true)]
async fn whatever_ends_the_connection_subscriptions_go_on() {
    for (state, reason) in [
        (0, LossReason::Disconnected),
        (2, LossReason::ClosedByBroker),
        (3, LossReason::PingUnanswered),
        (7, LossReason::SocketFailure),
    ] {
        let (client, modem, fake) = connected(secure()).await;
        let mut strong = client.subscribe("commands/#", QoS::ExactlyOnce).await.unwrap();
        let _weak = client.subscribe("status", QoS::AtMostOnce).await.unwrap();
        let (mut events, mut services) = (client.events(), modem.service_events());
        fake.lines();
        fake.set_connection(state);
        assert_eq!(next_event(&mut events).await, Event::State(ClientState::Reconnecting(reason)));
        assert_eq!(modem.tls_holder(), None, "others are not held up");
        assert_eq!(fake.mqtt_lines(), ["AT#MQCONN?", "AT#MQDISC=1", "AT#MQEN=1,0"]);
        assert_eq!(next_event(&mut events).await, Event::State(ClientState::Connected));
        let Event::Resumed { took, attempts: 1, subscriptions: 2 } = next_event(&mut events).await else {
            panic!("it is back after one attempt")
        };
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(modem.tls_holder(), Some(Service::Mqtt));
        let expected = [
            "AT#MQEN?",
            "AT#MQEN=1,1",
            "AT#MQCFG=1,\"broker.example\",8883,1,1,1",
            "AT#MQCFG2=1,60,1",
            "AT#MQTCFG=1,10",
            "AT#MQCONN=1,\"client-1\",\"\",\"\"",
            "AT#MQCONN?",
            "AT#MQSUB=1,\"commands/#\",2",
            "AT#MQSUB=1,\"status\",0",
            "AT#MQREAD?",
        ];
        assert_eq!(fake.mqtt_lines(), expected);
        fake.publish(1, "commands/1", b"after");
        assert_eq!(&strong.next().await.unwrap().payload[..], b"after");
        let lost = ServiceChange::Lost { reason: reason.to_string() };
        assert_eq!(services.next().await.unwrap().unwrap().change, lost);
        let back = services.next().await.unwrap().unwrap();
        assert_eq!((back.service, back.change), (Service::Mqtt, ServiceChange::Resumed { took }));
    }
}

/// Comes back within two seconds, and leaves the module as it is until then.
fn keeping() -> Reconnect {
    let soon = Backoff::new(Duration::from_millis(500), Duration::from_secs(2));
    Reconnect::default().backoff(soon).keep_module(true)
}

const LOGIN: [&str; 2] = ["AT#MQCONN=1,\"client-1\",\"\",\"\"", "AT#MQCONN?"];

#[tokio::test(start_paused = true)]
async fn a_module_that_is_kept_needs_a_login_only() {
    let (client, modem, fake) = connected(secure().reconnect(keeping())).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.lines();
    fake.set_connection(2);
    assert_eq!(next_event(&mut events).await, Event::State(CLOSED));
    assert_eq!(modem.tls_holder(), Some(Service::Mqtt), "TLS stays as it is");
    assert_eq!(fake.lines(), ["AT#MQCONN?", "AT#MQDISC=1"]);
    assert_eq!(next_event(&mut events).await, Event::State(ClientState::Connected));
    assert!(matches!(next_event(&mut events).await, Event::Resumed { attempts: 1, subscriptions: 1, .. }));
    assert_eq!(fake.lines(), [&LOGIN[..], &["AT#MQSUB=1,\"a\",1", "AT#MQREAD?"]].concat());
    fake.publish(1, "a", b"after");
    assert_eq!(&messages.next().await.unwrap().payload[..], b"after");
    client.disconnect().await.unwrap();
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_module_that_was_kept_in_vain_is_set_up_anew() {
    let (client, modem, fake) = connected(secure().reconnect(keeping())).await;
    let mut events = client.events();
    fake.lines();
    fake.set_connection(2);
    fake.answer("AT#MQCONN=", "\r\n+CME ERROR: 1113\r\n");
    let failed = loop {
        if let Event::ReconnectFailed { attempt, error, .. } = events.next().await.unwrap() {
            break (attempt, error);
        }
    };
    assert_eq!(failed, (1, ConnectError::Refused { refusal: Refusal::ServerUnavailable }));
    assert_eq!(modem.tls_holder(), None, "others are not held up longer");
    let lines = fake.mqtt_lines();
    assert_eq!(lines, ["AT#MQCONN?", "AT#MQDISC=1", LOGIN[0], "AT#MQDISC=1", "AT#MQEN=1,0"]);
    until(&mut events, ClientState::Connected).await;
    let lines = fake.mqtt_lines();
    assert_eq!(lines[..2], ["AT#MQEN?", "AT#MQEN=1,1"]);
    assert!(lines.contains(&"AT#MQCFG=1,\"broker.example\",8883,1,1,1".to_owned()), "{lines:?}");
    client.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_module_is_not_kept_for_a_client_that_may_stay_away_longer() {
    let late = keeping().backoff(Backoff::new(Duration::from_millis(2001), Duration::from_secs(10)));
    for reconnect in [late, keeping().keep_module(false)] {
        let (client, modem, fake) = connected(secure().reconnect(reconnect)).await;
        let mut events = client.events();
        fake.set_connection(2);
        assert_eq!(next_event(&mut events).await, Event::State(CLOSED));
        assert_eq!(modem.tls_holder(), None);
        assert_eq!(fake.mqtt_lines(), ["AT#MQCONN?", "AT#MQDISC=1", "AT#MQEN=1,0"]);
    }
}

#[tokio::test(start_paused = true)]
async fn meanwhile_everything_that_needs_a_connection_is_refused_at_once() {
    let (client, modem, fake) = connected(secure()).await;
    let mut events = client.events();
    fake.set_connection(2);
    fake.answer("AT#MQCONN=", "");
    fake.saw("AT#MQCONN=").await;
    assert_eq!(client.state(), CLOSED);
    let start = Instant::now();
    let error = client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, PublishError::NotConnected { state: CLOSED });
    assert_eq!(error.category(), Category::Network);
    let error = client.publish("t/#", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, PublishError::InvalidTopic(_)), "what can never work is told as such");
    let error = client.subscribe("a", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, SubscribeError::NotConnected { state: CLOSED });
    assert_eq!(start.elapsed(), Duration::ZERO, "the login that is under way holds nobody up");
    until(&mut events, ClientState::Connected).await;
    client.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(modem.tls_holder(), Some(Service::Mqtt));
}

#[tokio::test(start_paused = true)]
async fn waits_grow_and_every_attempt_is_told() {
    let reconnect =
        Reconnect::default().backoff(Backoff::new(Duration::from_secs(1), Duration::from_secs(4)));
    let (client, modem, fake) = connected(secure().reconnect(reconnect)).await;
    let mut events = client.events();
    fake.set_connection(2);
    for _ in 1..=5 {
        fake.answer("AT#MQCONN=", "\r\n+CME ERROR: 1113\r\n");
    }
    assert_eq!(events.next().await, Some(Event::State(CLOSED)));
    let unavailable = ConnectError::Refused { refusal: Refusal::ServerUnavailable };
    for (attempt, bound) in [(1, 2), (2, 4), (3, 4), (4, 4), (5, 4)] {
        assert_eq!(events.next().await, Some(Event::Reconnecting { attempt }));
        let Some(Event::ReconnectFailed { attempt: failed, error, next_in }) = events.next().await else {
            panic!("the attempt failed")
        };
        assert_eq!((failed, &error), (attempt, &unavailable));
        assert!(next_in <= Duration::from_secs(bound), "{next_in:?}");
        assert_eq!(modem.tls_holder(), None);
    }
    assert_eq!(events.next().await, Some(Event::Reconnecting { attempt: 6 }));
    assert_eq!(events.next().await, Some(Event::State(ClientState::Connected)));
    assert!(matches!(events.next().await, Some(Event::Resumed { attempts: 6, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_final() {
    for (words, refusal) in [
        ("MQTT Bad Username or Password", Refusal::Credentials),
        ("1115", Refusal::NotAuthorised),
        ("1112", Refusal::Identifier),
    ] {
        let (client, modem, fake) = connected(secure()).await;
        let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
        let (mut events, mut services) = (client.events(), modem.service_events());
        fake.set_connection(2);
        fake.answer("AT#MQCONN=", format!("\r\n+CME ERROR: {words}\r\n"));
        assert_eq!(messages.next().await, None);
        let lost = ClientState::Lost(LossReason::Refused(refusal));
        assert_eq!(client.state(), lost);
        assert_eq!(lost.category(), Category::Refused);
        assert_eq!(next_event(&mut events).await, Event::State(CLOSED));
        let gave_up = Event::GaveUp { error: ConnectError::Refused { refusal } };
        assert_eq!(next_event(&mut events).await, gave_up);
        assert_eq!(next_event(&mut events).await, Event::State(lost));
        assert_eq!(modem.tls_holder(), None);
        assert!(matches!(services.next().await.unwrap().unwrap().change, ServiceChange::Lost { .. }));
        let reason = format!("the broker refused the login: {refusal}");
        assert_eq!(services.next().await.unwrap().unwrap().change, ServiceChange::GaveUp { reason });
        let quiet = timeout(Duration::from_secs(3600), next_event(&mut events)).await;
        assert!(quiet.is_err(), "nothing more is tried: {quiet:?}");
        client.resume().await.unwrap();
        assert_eq!(client.state(), ClientState::Connected);
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_can_be_bounded() {
    let (client, _modem, fake) = connected(plain().reconnect(Reconnect::default().max_attempts(2))).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.set_connection(2);
    for _ in 0..2 {
        fake.answer("AT#MQCONN=", "\r\n+CME ERROR: MQTT Connect Fail\r\n");
    }
    assert_eq!(messages.next().await, None);
    assert_eq!(client.state(), ClientState::Lost(LossReason::ClosedByBroker));
    assert_eq!(events.next().await, Some(Event::State(CLOSED)));
    assert_eq!(events.next().await, Some(Event::Reconnecting { attempt: 1 }));
    assert!(matches!(events.next().await, Some(Event::ReconnectFailed { attempt: 1, .. })));
    assert_eq!(events.next().await, Some(Event::Reconnecting { attempt: 2 }));
    let last = events.next().await;
    assert!(
        matches!(&last, Some(Event::GaveUp { error }) if error.category() == Category::Network),
        "{last:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn without_reconnecting_a_loss_is_the_end() {
    let (client, modem, fake) = connected(secure().reconnect(Reconnect::never())).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let (mut events, mut services) = (client.events(), modem.service_events());
    fake.set_connection(2);
    assert_eq!(messages.next().await, None);
    let lost = ClientState::Lost(LossReason::ClosedByBroker);
    assert_eq!(events.next().await, Some(Event::State(lost)));
    let reason = LossReason::ClosedByBroker.to_string();
    let lost = ServiceChange::Lost { reason: reason.clone() };
    assert_eq!(services.next().await.unwrap().unwrap().change, lost);
    assert_eq!(services.next().await.unwrap().unwrap().change, ServiceChange::GaveUp { reason });
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_cannot_be_made_again_is_tried_again() {
    let (client, modem, fake) = connected(secure()).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.set_connection(2);
    fake.answer("AT#MQSUB=1", ERROR);
    assert_eq!(events.next().await, Some(Event::State(CLOSED)));
    assert_eq!(events.next().await, Some(Event::Reconnecting { attempt: 1 }));
    let failed = events.next().await.unwrap();
    assert!(
        matches!(&failed, Event::ReconnectFailed { error: ConnectError::Resubscribe { filter, .. }, .. } if filter == "a"),
        "{failed:?}"
    );
    assert!(!fake.is_enabled());
    assert_eq!(modem.tls_holder(), None);
    assert_eq!(next_event(&mut events).await, Event::State(ClientState::Connected));
    fake.publish(4, "a", b"again");
    assert_eq!(&messages.next().await.unwrap().payload[..], b"again");
}

#[tokio::test(start_paused = true)]
async fn what_lies_in_the_module_when_the_connection_breaks_is_read() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    fake.store(7, "last", b"word");
    fake.set_connection(2);
    fake.answer("AT#MQDISC=1", "\r\n#MQRING: 1,7,last,4\r\n\r\nOK\r\n");
    assert_eq!(messages.next().await.unwrap().topic, "last");
    fake.saw("AT#MQEN=1,0").await;
    let lines = fake.mqtt_lines();
    assert_eq!(lines[..4], ["AT#MQCONN?", "AT#MQDISC=1", "AT#MQREAD=1,7", "AT#MQEN=1,0"]);
}

#[tokio::test(start_paused = true)]
async fn a_persistent_session_delivers_what_waited_at_the_broker() {
    let (client, _modem, fake) = connected(plain().clean_session(false)).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    fake.set_connection(2);
    fake.saw("AT#MQEN=1,1").await;
    fake.store(1, "a", b"announced");
    fake.store(2, "a", b"found");
    fake.answer("AT#MQCONN?", "\r\n#MQRING: 1,1,a,9\r\n\r\n#MQCONN: 1,1\r\n\r\nOK\r\n");
    assert_eq!(&messages.next().await.unwrap().payload[..], b"announced");
    assert_eq!(&messages.next().await.unwrap().payload[..], b"found");
    assert!(
        fake.mqtt_lines().contains(&"AT#MQSUB=1,\"a\",1".to_owned()),
        "whether the broker knows it is not told"
    );
}

#[tokio::test(start_paused = true)]
async fn what_nobody_wants_any_more_does_not_come_back() {
    for clean in [true, false] {
        let (client, _modem, fake) = connected(plain().clean_session(clean)).await;
        let dropped = client.subscribe("dropped", QoS::AtLeastOnce).await.unwrap();
        let mut ended = client.subscribe("ended", QoS::AtLeastOnce).await.unwrap();
        let _kept = client.subscribe("kept", QoS::AtLeastOnce).await.unwrap();
        let mut events = client.events();
        // Long enough for both.
        fake.answer("AT#MQCONN=", "\r\n+CME ERROR: MQTT Connect Fail\r\n");
        fake.set_connection(2);
        assert_eq!(next_event(&mut events).await, Event::State(CLOSED));
        drop(dropped);
        client.unsubscribe("ended").await.unwrap();
        assert_eq!(ended.next().await, None);
        fake.lines();
        until(&mut events, ClientState::Connected).await;
        client.publish("t", "", QoS::AtMostOnce).await.unwrap();
        let lines = fake.mqtt_lines();
        let of =
            |start: &str| lines.iter().filter(|line| line.starts_with(start)).cloned().collect::<Vec<_>>();
        assert_eq!(of("AT#MQSUB="), ["AT#MQSUB=1,\"kept\",1"]);
        let mut told = of("AT#MQUNS=");
        told.sort();
        let remembered = ["AT#MQUNS=1,\"dropped\"", "AT#MQUNS=1,\"ended\""];
        let expected: &[&str] = if clean { &[] } else { &remembered };
        assert_eq!(told, expected, "a broker that forgot them need not be told");
    }
}

#[tokio::test(start_paused = true)]
async fn resuming_does_not_wait_and_tells_how_it_went() {
    let hour = Duration::from_secs(3600);
    let reconnect = Reconnect::default().backoff(Backoff::new(hour * 1000, hour * 1000));
    let (client, _modem, fake) = connected(plain().reconnect(reconnect)).await;
    let mut events = client.events();
    fake.set_connection(2);
    until(&mut events, CLOSED).await;
    let start = Instant::now();
    fake.answer("AT#MQCONN=", "\r\n+CME ERROR: 1113\r\n");
    let error = client.resume().await.unwrap_err();
    assert_eq!(error, ConnectError::Refused { refusal: Refusal::ServerUnavailable });
    assert_eq!(client.state(), CLOSED);
    client.resume().await.unwrap();
    assert_eq!(client.state(), ClientState::Connected);
    assert!(start.elapsed() < hour, "{:?}", start.elapsed());
}
