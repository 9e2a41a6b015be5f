//! The broker publishes what was left with it when the connection breaks, and only then.

use std::time::Duration;

use telit_core::Modem;
use telit_mqtt::{ConnectError, LastWill, MqttClient, MqttOptions, MqttSecurity, QoS};
use telit_simulator::Quirk;
use telit_simulator::servers::TestServers;
use tokio::time::timeout;

use crate::rig::{Rig, for_each_platform};

const SOON: Duration = Duration::from_secs(20);
const WILL: &str = r#"{"online":false,"why":"\"gone\" \\ lost"}"#;

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_will() {
    let rig = Rig::start().await;
    let will = LastWill::new("will/status", WILL).qos(QoS::AtLeastOnce).retain(true);
    let client =
        MqttClient::connect(&rig.modem, rig.mqtt("mourned").last_will(will)).await.expect("it connects");
    client.publish("will/alive", "x", QoS::AtLeastOnce).await.expect("it is published");
    rig.servers.broker().front().disconnect_all();
    let seen = timeout(SOON, rig.servers.broker().wait_for_messages(2)).await.expect("it arrives in time");
    assert_eq!((seen[1].topic.as_str(), &seen[1].payload[..]), ("will/status", WILL.as_bytes()));
    let witness = MqttOptions::new(TestServers::BROKER_NAME, "witness", MqttSecurity::DangerPlain);
    let witness = MqttClient::connect(&rig.modem, witness).await.expect("it connects");
    let mut kept = witness.subscribe("will/status", QoS::AtLeastOnce).await.expect("it subscribes");
    let message =
        timeout(SOON, kept.next()).await.expect("it is retained").expect("the subscription goes on");
    assert_eq!(message.payload, WILL);
}

#[tokio::test]
async fn a_good_bye_takes_the_will_along() {
    for_each_platform(async |rig| {
        if rig.modem.profile().mqtt.is_none() {
            return;
        }
        let name = rig.platform.id();
        let options = rig.mqtt(&format!("polite-{name}"));
        // Old firmware has no escapes.
        let will = LastWill::new(format!("polite/{name}/will"), "gone").qos(QoS::AtLeastOnce);
        let client = MqttClient::connect(&rig.modem, options.last_will(will)).await.expect("it connects");
        client.pause().await.expect("it pauses");
        client.resume().await.expect("it resumes");
        client.disconnect().await.expect("it disconnects");
        let options = rig.mqtt(&format!("witness-{name}"));
        let witness = MqttClient::connect(&rig.modem, options).await.expect("it connects");
        let topic = format!("polite/{name}/last");
        witness.publish(topic.as_str(), "x", QoS::AtLeastOnce).await.expect("it is published");
        let first = timeout(SOON, first_below(&rig, &format!("polite/{name}/"))).await;
        assert_eq!(first.expect("it arrives in time"), topic, "on {name}");
    })
    .await;
}

/// The topic of the first message below this one that the broker was given.
async fn first_below(rig: &Rig, beginning: &str) -> String {
    let mut count = 1;
    loop {
        let seen = rig.servers.broker().wait_for_messages(count).await;
        if let Some(message) = seen.iter().find(|message| message.topic.starts_with(beginning)) {
            return message.topic.clone();
        }
        count = seen.len() + 1;
    }
}

#[tokio::test]
async fn firmware_that_restarts_on_a_will_is_not_told_of_one_unasked() {
    let rig = Rig::start_with(|module| module.quirk(Quirk::WillRestarts), Modem::builder()).await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("careful")).await.expect("it connects");
    client.publish("t", "x", QoS::AtLeastOnce).await.expect("no form of the command was sent");
    client.disconnect().await.expect("it disconnects");
    // Nobody has reported this firmware yet: the restart is an error of the connection, not a hang.
    let will = LastWill::new("will/status", "gone");
    let error = MqttClient::connect(&rig.modem, rig.mqtt("careless").last_will(will)).await;
    assert!(matches!(error, Err(ConnectError::Command(_))), "{error:?}");
}
