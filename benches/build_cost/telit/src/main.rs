//! Publishes one reading over MQTT with TLS, through the module.

use telit_core::Modem;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let modem = Modem::builder().apn("iot.test").open_serial("/dev/ttyUSB2").await?;
    modem.bring_up().await?;
    let ca = CaCertificate::from_pem(&std::fs::read("ca.pem")?)?;
    let tls = TlsOptions::builder().ca(ca).build()?;
    let client =
        MqttClient::connect(&modem, MqttOptions::new("broker.example", "thing-1", MqttSecurity::Tls(tls)))
            .await?;
    client.publish("thing-1/telemetry", r#"{"celsius":21.5}"#, QoS::AtLeastOnce).await?;
    client.disconnect().await?;
    Ok(())
}
