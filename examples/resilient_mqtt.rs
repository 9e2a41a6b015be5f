//! Publishes and receives over MQTT on a module that restarts and whose port is pulled meanwhile.
//!
//! `cargo run -p telit-examples --example resilient_mqtt [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_examples::Bench;
use telit_mqtt::{Event, MqttClient, MqttOptions, MqttSecurity, QoS};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::supervised().await?;
    let options = MqttOptions::new(&bench.broker, "thing-1", MqttSecurity::Tls(bench.tls.clone()));
    let client = MqttClient::connect(&bench.modem, options).await?;
    let mut events = client.events();
    let mut messages = client.subscribe("thing-1/#", QoS::AtLeastOnce).await?;

    bench.make_trouble();
    while let Some(event) = events.next().await {
        if let Event::Resumed { subscriptions, .. } = event {
            println!("the connection was lost and is back, with {subscriptions} subscription");
            break;
        }
    }

    // Nobody has subscribed again.
    client.publish("thing-1/telemetry", r#"{"celsius":21.5}"#, QoS::AtLeastOnce).await?;
    if let Some(message) = messages.next().await {
        println!("{}: {}", message.topic, String::from_utf8_lossy(&message.payload));
    }
    client.disconnect().await?;
    Ok(())
}
