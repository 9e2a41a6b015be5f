//! The port goes while a message is read, or while somebody else uses TLS.

use std::time::Duration;

use telit_core::exclusive::{Service, TlsLease};
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use telit_mqtt::{ClientState, Event, LossReason, MqttClient, MqttOptions, QoS};

use crate::fake::Fake;
use crate::{plain, secure, until};

async fn supervised() -> (Supervisor, Fake) {
    Fake::supervised(SupervisorOptions::default().heartbeat(None)).await
}

async fn connected(options: MqttOptions) -> (Supervisor, Fake, MqttClient) {
    let (supervisor, fake) = supervised().await;
    let client = MqttClient::connect(supervisor.modem(), options).await.unwrap();
    fake.lines();
    (supervisor, fake, client)
}

/// The port goes and comes back while somebody else has TLS, who then gives it back.
async fn unplug_and_release(supervisor: &Supervisor, fake: &Fake, lease: TlsLease) {
    let mut health = supervisor.modem().health();
    let before = health.now();
    fake.unplug();
    health.lost(before).await;
    health.up().await.unwrap();
    lease.release();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_being_read_is_told() {
    let (_supervisor, fake, client) = connected(plain()).await;
    let mut events = client.events();
    fake.answer("AT#MQREAD=1,1", "<unplug>");
    fake.send("\r\n#MQRING: 1,1,a,5\r\n");
    assert_eq!(events.next().await, Some(Event::Unreadable));
    let away = ClientState::Reconnecting(LossReason::LinkLost);
    assert_eq!(events.next().await, Some(Event::State(away)));
    assert_eq!(events.next().await, Some(Event::State(ClientState::Connected)));
    assert!(matches!(events.next().await, Some(Event::Resumed { attempts: 0, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_last_message_that_was_being_read_is_told() {
    let (_supervisor, fake, client) = connected(plain()).await;
    let mut events = client.events();
    fake.answer("AT#MQDISC=1", "\r\n#MQRING: 1,7,last,4\r\n\r\nOK\r\n");
    fake.answer("AT#MQREAD=1,7", "<unplug>");
    // The client can only be freed if the port is back by then, which may be or not.
    drop(client.pause().await);
    assert_eq!(events.next().await, Some(Event::Unreadable));
    assert_eq!(events.next().await, Some(Event::State(ClientState::Paused)));
}

#[tokio::test(start_paused = true)]
async fn a_port_that_goes_before_the_first_login_is_no_loss() {
    let (supervisor, fake) = supervised().await;
    let lease = supervisor.modem().acquire_tls(Service::Http).await.unwrap();
    let connecting = MqttClient::connect(supervisor.modem(), secure().tls_wait(Duration::from_secs(600)));
    let (client, ()) = tokio::join!(connecting, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        unplug_and_release(&supervisor, &fake, lease).await;
    });
    let client = client.unwrap();
    assert_eq!(client.state(), ClientState::Connected);
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    fake.publish(1, "a", b"heard on the new port");
    assert_eq!(messages.next().await.unwrap().payload, "heard on the new port");
}

#[tokio::test(start_paused = true)]
async fn a_port_that_goes_before_the_next_login_fails_no_attempt() {
    let (supervisor, fake, client) = connected(secure()).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    let modem = supervisor.modem().clone();
    let waiting = tokio::spawn(async move { modem.acquire_tls(Service::Ftp).await });
    fake.set_connection(2);
    until(&mut events, ClientState::Reconnecting(LossReason::ClosedByBroker)).await;
    let lease = waiting.await.unwrap().unwrap();
    assert_eq!(events.next().await, Some(Event::Reconnecting { attempt: 1 }));
    unplug_and_release(&supervisor, &fake, lease).await;
    assert_eq!(events.next().await, Some(Event::State(ClientState::Connected)));
    assert!(matches!(events.next().await, Some(Event::Resumed { attempts: 1, .. })));
    assert_eq!(fake.lines().iter().filter(|line| line.starts_with("AT#MQCONN=")).count(), 1);
    fake.publish(1, "a", b"heard on the new port");
    assert_eq!(messages.next().await.unwrap().payload, "heard on the new port");
}
