//! Publishes to AWS IoT from a module on a serial port. The README shows these lines.
//!
//! `cargo run -p telit-examples --example aws_publish`

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // README begins
    use telit_core::Modem;
    use telit_core::tls::Identity;
    use telit_mqtt::QoS;
    use telit_mqtt::aws::AwsIot;

    let modem = Modem::builder().apn("iot.example").open_serial("/dev/ttyUSB2").await?;
    modem.bring_up().await?;
    let (certificate, key) = (std::fs::read("device.pem.crt")?, std::fs::read("device.pem.key")?);
    let identity = Identity::from_pem(&certificate, &key)?;
    let aws = AwsIot::new("prefix-ats.iot.eu-central-1.amazonaws.com", "thing-1", identity)?;
    let client = aws.connect(&modem).await?;
    client.publish("thing-1/telemetry", r#"{"celsius":21.5}"#, QoS::AtLeastOnce).await?;
    // README ends
    Ok(())
}
