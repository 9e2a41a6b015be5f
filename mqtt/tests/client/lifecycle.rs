use std::time::Duration;

use telit_core::Category;
use telit_core::exclusive::Service;
use telit_mqtt::{
    ClientState, ConnectError, DisconnectError, Event, LossReason, PublishError, QoS, Reconnect, Refusal,
};
use tokio::time::Instant;

use crate::fake::ERROR;
use crate::{connected, plain, secure};

#[tokio::test(start_paused = true)]
async fn pause_lends_tls_and_resume_brings_everything_back() {
    let (client, modem, fake) = connected(secure()).await;
    let mut messages = client.subscribe("commands/#", QoS::ExactlyOnce).await.unwrap();
    fake.lines();

    client.pause().await.unwrap();
    assert_eq!(client.state(), ClientState::Paused);
    assert_eq!(fake.lines(), ["AT#MQDISC=1", "AT#MQEN=1,0"]);
    let lease = modem.try_acquire_tls(Service::Http).await.unwrap();
    let error = client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, PublishError::NotConnected { state: ClientState::Paused });
    assert_eq!(error.category(), Category::Usage);
    let error = client.resume().await.unwrap_err();
    assert_eq!(error.category(), Category::Busy);
    lease.release();
    assert_eq!(fake.lines(), [""; 0]);

    client.resume().await.unwrap();
    assert_eq!(client.state(), ClientState::Connected);
    let lines = fake.mqtt_lines();
    let expected = [
        "AT#MQEN?",
        "AT#MQEN=1,1",
        "AT#MQCFG=1,\"broker.example\",8883,1,1,1",
        "AT#MQCFG2=1,60,1",
        "AT#MQTCFG=1,10",
        "AT#MQCONN=1,\"client-1\",\"\",\"\"",
        "AT#MQCONN?",
        "AT#MQSUB=1,\"commands/#\",2",
        "AT#MQREAD?",
    ];
    assert_eq!(lines, expected, "the module is asked only once what it can do");
    fake.publish(1, "commands/1", b"after");
    assert_eq!(&messages.next().await.unwrap().payload[..], b"after");
}

#[tokio::test(start_paused = true)]
async fn tls_is_lent_while_something_else_runs() {
    let (client, modem, fake) = connected(secure()).await;
    let mut messages = client.subscribe("commands/#", QoS::AtLeastOnce).await.unwrap();
    let work = async {
        assert_eq!(client.state(), ClientState::Paused);
        modem.try_acquire_tls(Service::Ftp).await.unwrap().release();
        7
    };
    assert_eq!(client.while_paused(work).await, Ok((7, Ok(()))));
    assert_eq!(client.state(), ClientState::Connected);
    fake.publish(1, "commands/1", b"after");
    assert_eq!(&messages.next().await.unwrap().payload[..], b"after");
}

#[tokio::test(start_paused = true)]
async fn how_coming_back_went_is_told_beside_what_the_work_gave() {
    let (client, _modem, fake) = connected(secure()).await;
    fake.answer("AT#MQCONN=", "\r\n+CME ERROR: 1113\r\n");
    let refused = ConnectError::Refused { refusal: Refusal::ServerUnavailable };
    assert_eq!(client.while_paused(async { "done" }).await, Ok(("done", Err(refused))));
    assert_eq!(client.state(), ClientState::Paused);
}

#[tokio::test(start_paused = true)]
async fn work_that_is_dropped_gives_tls_back_to_the_client() {
    let (client, _modem, fake) = connected(secure()).await;
    let mut events = client.events();
    let never = client.while_paused(std::future::pending::<()>());
    assert!(tokio::time::timeout(Duration::from_secs(1), never).await.is_err());
    while client.state() != ClientState::Connected {
        events.next().await.unwrap();
    }
    assert!(fake.mqtt_lines().ends_with(&["AT#MQREAD?".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn what_arrives_while_pausing_is_read() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    fake.store(3, "last", b"word");
    fake.answer("AT#MQDISC=1", "\r\n#MQRING: 1,3,last,4\r\n\r\nOK\r\n");
    client.pause().await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQDISC=1", "AT#MQREAD=1,3", "AT#MQEN=1,0"]);
    assert_eq!(messages.next().await.unwrap().topic, "last");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_lost_while_pausing_is_lost_not_paused() {
    let (client, modem, fake) = connected(secure().reconnect(Reconnect::never())).await;
    fake.set_connection(2);
    // The request comes at the moment when the connection is looked after.
    let half_keep_alive = tokio::time::advance(Duration::from_secs(30));
    let ((), paused) = tokio::join!(half_keep_alive, client.pause());
    paused.unwrap();
    assert_eq!(client.state(), ClientState::Lost(LossReason::ClosedByBroker));
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn pausing_and_resuming_twice_changes_nothing() {
    let (client, _modem, fake) = connected(plain()).await;
    client.resume().await.unwrap();
    assert_eq!(fake.lines(), [""; 0]);
    client.pause().await.unwrap();
    fake.lines();
    client.pause().await.unwrap();
    assert_eq!(fake.lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_resume_can_be_tried_again() {
    let (client, modem, fake) = connected(secure()).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    client.pause().await.unwrap();
    fake.answer("AT#MQCONN=", "\r\n+CME ERROR: 1113\r\n");
    let error = client.resume().await.unwrap_err();
    assert_eq!(error, ConnectError::Refused { refusal: Refusal::ServerUnavailable });
    assert_eq!((client.state(), modem.tls_holder()), (ClientState::Paused, None));
    fake.answer("AT#MQSUB=1", ERROR);
    let error = client.resume().await.unwrap_err();
    assert!(matches!(&error, ConnectError::Resubscribe { filter, .. } if filter == "a"), "{error:?}");
    assert_eq!((client.state(), modem.tls_holder()), (ClientState::Paused, None));
    assert!(!fake.is_enabled());
    client.resume().await.unwrap();
    fake.publish(1, "a", b"");
    assert!(messages.next().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_noticed_within_half_the_keep_alive() {
    for (state, reason) in [
        (0, LossReason::Disconnected),
        (2, LossReason::ClosedByBroker),
        (3, LossReason::PingUnanswered),
        (7, LossReason::SocketFailure),
    ] {
        let (client, modem, fake) =
            connected(secure().reconnect(Reconnect::never()).keep_alive(Duration::from_secs(100))).await;
        let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
        let mut events = client.events();
        fake.lines();
        fake.set_connection(state);
        let start = Instant::now();
        assert_eq!(messages.next().await, None);
        assert!(start.elapsed() <= Duration::from_secs(51), "{:?}", start.elapsed());
        assert_eq!(client.state(), ClientState::Lost(reason));
        assert_eq!(events.next().await, Some(Event::State(ClientState::Lost(reason))));
        assert_eq!(fake.mqtt_lines(), ["AT#MQCONN?", "AT#MQDISC=1", "AT#MQEN=1,0"]);
        assert_eq!(modem.tls_holder(), None);
        client.resume().await.unwrap();
        assert_eq!(client.state(), ClientState::Connected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_restarted_module_has_forgotten_the_client() {
    let (client, _modem, fake) = connected(plain().reconnect(Reconnect::never())).await;
    let mut events = client.events();
    fake.set_enabled(false);
    let lost = ClientState::Lost(LossReason::ModuleRestarted);
    assert_eq!(events.next().await, Some(Event::State(lost)));
    assert_eq!(client.state(), lost);
    client.resume().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_quiet_connection_is_looked_after_and_stays() {
    let (client, _modem, fake) = connected(plain()).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    // An announcement may have been lost on the line, so the messages are counted each time.
    assert_eq!(fake.lines(), ["AT#MQCONN?", "AT#MQREAD?"].repeat(3));
    assert_eq!(client.state(), ClientState::Connected);
}

#[tokio::test(start_paused = true)]
async fn an_unplugged_port_ends_everything() {
    let (client, modem, fake) = connected(secure()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    fake.send("<unplug>");
    assert_eq!(messages.next().await, None);
    assert_eq!(client.state(), ClientState::Lost(LossReason::LinkLost));
    assert_eq!(modem.tls_holder(), None);
    let error = client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error.category(), Category::Link);
    assert_eq!(client.resume().await.unwrap_err().category(), Category::Link);
    client.disconnect().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn unplugged_in_mid_publish() {
    let (client, _modem, fake) = connected(plain()).await;
    fake.answer(crate::fake::PAYLOAD, "<unplug>");
    let error = client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, PublishError::InDoubt(_)), "{error:?}");
    assert_eq!(error.category(), Category::Link);
    assert_eq!(client.state(), ClientState::Lost(LossReason::LinkLost));
}

#[tokio::test(start_paused = true)]
async fn disconnecting_ends_all_handles_and_streams() {
    let (client, _modem, fake) = connected(secure()).await;
    let other = client.clone();
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.lines();
    client.disconnect().await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQDISC=1", "AT#MQEN=1,0"]);
    assert_eq!(other.state(), ClientState::Closed);
    assert_eq!(messages.next().await, None);
    assert_eq!(events.next().await, Some(Event::State(ClientState::Closed)));
    assert_eq!(events.next().await, None);
    assert_eq!(client.events().next().await, None);
    let closed = PublishError::NotConnected { state: ClientState::Closed };
    assert_eq!(other.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err(), closed);
    assert_eq!(other.resume().await.unwrap_err(), ConnectError::Closed);
    assert_eq!(other.pause().await.unwrap_err(), DisconnectError::Closed);
    other.disconnect().await.unwrap();
    assert_eq!(fake.lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_farewell_does_not_matter_but_a_client_that_stays_does() {
    let (client, modem, fake) = connected(secure()).await;
    fake.answer("AT#MQDISC=1", "\r\n+CME ERROR: MQTT Disconnect Fail\r\n");
    client.pause().await.unwrap();
    client.resume().await.unwrap();
    fake.answer("AT#MQEN=1,0", "\r\n+CME ERROR: MQTT De-initialization Fail\r\n");
    let error = client.disconnect().await.unwrap_err();
    assert!(matches!(error, DisconnectError::Command(_)));
    assert_eq!(modem.tls_holder(), None);
    fake.lines();
    modem.try_acquire_tls(Service::Http).await.unwrap().release();
    assert!(fake.lines().contains(&"AT#MQEN?".to_owned()), "the next owner looks what was left");
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_disconnects() {
    let (client, modem, fake) = connected(secure()).await;
    let other = client.clone();
    drop(client);
    other.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    drop(other);
    modem.acquire_tls(Service::Http).await.unwrap().release();
    assert_eq!(fake.lines(), ["AT#MQDISC=1", "AT#MQEN=1,0"]);
}
