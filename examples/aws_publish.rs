//! Publishes to AWS IoT from a module on a serial port. The README shows these lines.
//!
//! `cargo run -p telit-examples --example aws_publish`

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // README begins
    use telit_core::Modem;
    use telit_core::tls::{CaCertificate, Identity, TlsOptions};
    use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};

    let modem = Modem::builder().apn("iot.example").open_serial("/dev/ttyUSB2").await?;
    modem.bring_up().await?;
    let (certificate, key) = (std::fs::read("device.pem.crt")?, std::fs::read("device.pem.key")?);
    let tls = TlsOptions::builder()
        .ca(CaCertificate::from_pem(&std::fs::read("AmazonRootCA1.pem")?)?)
        .identity(Identity::from_pem(&certificate, &key)?)
        .build()?;
    let endpoint = "prefix-ats.iot.eu-central-1.amazonaws.com";
    let options = MqttOptions::new(endpoint, "thing-1", MqttSecurity::Tls(tls));
    let client = MqttClient::connect(&modem, options).await?;
    client.publish("thing-1/telemetry", r#"{"celsius":21.5}"#, QoS::AtLeastOnce).await?;
    // README ends
    Ok(())
}
