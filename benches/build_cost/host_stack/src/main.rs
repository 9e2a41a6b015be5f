//! Publishes one reading over MQTT with TLS, from this computer.

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, TlsConfiguration, Transport};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = MqttOptions::new("thing-1", "broker.example", 8883);
    let ca = std::fs::read("ca.pem")?;
    options.set_transport(Transport::Tls(TlsConfiguration::Simple { ca, alpn: None, client_auth: None }));
    let (client, mut events) = AsyncClient::new(options, 10);
    client.publish("thing-1/telemetry", QoS::AtLeastOnce, false, r#"{"celsius":21.5}"#).await?;
    loop {
        if let Event::Incoming(Packet::PubAck(_)) = events.poll().await? {
            return Ok(());
        }
    }
}
