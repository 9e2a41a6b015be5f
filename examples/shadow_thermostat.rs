//! A thermostat that follows its device shadow: what is desired is done and reported.
//!
//! `cargo run -p telit-examples --example shadow_thermostat [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use serde::{Deserialize, Serialize};
use telit_examples::Bench;
use telit_mqtt::aws::shadow::Shadow;

/// A shadow may hold a part of it only.
#[derive(Serialize, Deserialize)]
struct Thermostat {
    #[serde(skip_serializing_if = "Option::is_none")]
    celsius: Option<f64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let aws = bench.aws("thermostat-1")?;
    let client = aws.connect(&bench.modem).await?;
    let mut shadow = Shadow::<Thermostat>::classic(&client, aws.thing())?;
    let mut wanted = shadow.watch().await?;

    // As an application would do, or a knob on the device.
    shadow.desire(Thermostat { celsius: Some(21.5) }).await?;

    while let Some(delta) = wanted.next().await {
        let Some(celsius) = delta?.state.celsius else { continue };
        println!("{celsius} degrees are desired");
        let updated = shadow.report(Thermostat { celsius: Some(celsius) }).await?;
        println!("and reported: the shadow has version {} now", updated.version);
        break;
    }
    client.disconnect().await?;
    Ok(())
}
