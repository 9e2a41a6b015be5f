//! A session that has nothing to do does nothing: within an hour nothing wakes but what the documentation says.

use std::time::Duration;

use telit_core::supervisor::SupervisorOptions;
use telit_mqtt::{MqttClient, QoS};
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::fake::Fake;
use crate::secure;

const HOUR: Duration = Duration::from_secs(3600);
/// Two questions, the pause between them, and the turns of the clock's wheel on the way to a time that is far away.
const SLEEPS: u64 = 9;

/// How often the runtime goes to sleep within an hour: whatever wakes a task has ended a sleep.
async fn sleeps_in_an_hour() -> u64 {
    // The pause behind the last answer is no part of it.
    sleep(Duration::from_secs(1)).await;
    let sleeps = || Handle::current().metrics().worker_park_count(0);
    let before = sleeps();
    sleep(HOUR).await;
    sleeps() - before
}

#[tokio::test(start_paused = true)]
async fn an_idle_module_wakes_nobody() {
    let nobody = sleeps_in_an_hour().await;
    let (modem, fake) = Fake::start();
    modem.bring_up().await.unwrap();
    let mut lines = modem.channel().unsolicited();
    fake.lines();
    assert_eq!(sleeps_in_an_hour().await, nobody);
    assert_eq!(fake.lines(), [""; 0]);
    fake.send("\r\nRING\r\n");
    assert_eq!(lines.next().await.unwrap().unwrap().text(), "RING");
    assert_eq!(sleeps_in_an_hour().await, nobody, "nor does one that had something to tell");
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_wakes_for_its_heartbeat_only() {
    let nobody = sleeps_in_an_hour().await;
    let (supervisor, fake) = Fake::supervised(SupervisorOptions::default().heartbeat(None)).await;
    fake.lines();
    assert_eq!(sleeps_in_an_hour().await, nobody);
    assert_eq!(fake.lines(), [""; 0]);
    drop(supervisor);
    let heartbeat = SupervisorOptions::default().heartbeat(Some(HOUR / 4));
    let (_supervisor, fake) = Fake::supervised(heartbeat).await;
    fake.lines();
    let sleeps = sleeps_in_an_hour().await - nobody;
    assert_eq!(fake.lines(), ["AT+CMEE?", "AT#SGACT?"].repeat(4));
    assert!(sleeps <= 4 * SLEEPS, "{sleeps}");
}

#[tokio::test(start_paused = true)]
async fn a_connected_client_wakes_for_the_poll_of_its_connection_only() {
    let nobody = sleeps_in_an_hour().await;
    let (modem, fake) = Fake::start();
    let client = MqttClient::connect(&modem, secure().keep_alive(HOUR)).await.unwrap();
    let _messages = client.subscribe("a/#", QoS::AtLeastOnce).await.unwrap();
    client.publish("a/1", "x", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    let sleeps = sleeps_in_an_hour().await - nobody;
    assert_eq!(fake.lines(), ["AT#MQCONN?", "AT#MQREAD?"].repeat(2), "every half of the keep-alive time");
    assert!(sleeps <= 2 * SLEEPS, "{sleeps}");
}
