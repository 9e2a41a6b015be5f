//! Publishes more than the module's MQTT client carries: MQTT then runs on this computer, over a TLS socket of the
//! module. On modules without an MQTT client it always does.
//!
//! `cargo run -p telit-examples --example mqtt_large [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_examples::Bench;
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};

const IMAGE: usize = 100_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let options = MqttOptions::new(&bench.broker, "thing-1", MqttSecurity::Tls(bench.tls.clone()))
        .largest_payload(IMAGE);
    let client = MqttClient::connect(&bench.modem, options).await?;
    println!("{}", client.engine());

    let mut messages = client.subscribe("thing-1/image", QoS::ExactlyOnce).await?;
    client.publish("thing-1/image", vec![0xff; IMAGE], QoS::ExactlyOnce).await?;
    if let Some(message) = messages.next().await {
        println!("{} bytes with quality of service {:?}", message.payload.len(), message.qos);
    }
    client.disconnect().await?;
    Ok(())
}
