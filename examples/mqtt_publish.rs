//! Publishes a reading and receives it again, over MQTT with mutual TLS.
//!
//! `cargo run -p telit-examples --example mqtt_publish [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_examples::Bench;
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let options = MqttOptions::new(&bench.broker, "thing-1", MqttSecurity::Tls(bench.tls.clone()));
    let client = MqttClient::connect(&bench.modem, options).await?;

    let mut messages = client.subscribe("thing-1/#", QoS::AtLeastOnce).await?;
    client.publish("thing-1/telemetry", r#"{"celsius":21.5}"#, QoS::AtLeastOnce).await?;

    if let Some(message) = messages.next().await {
        println!("{}: {}", message.topic, String::from_utf8_lossy(&message.payload));
    }
    client.disconnect().await?;
    Ok(())
}
