//! A REST client: readings go to a server as JSON, and what it has comes back as values.
//!
//! `cargo run -p telit-examples --example rest_client [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use anyhow::ensure;
use serde::{Deserialize, Serialize};
use telit_examples::Bench;
use telit_https::{HttpsClient, HttpsOptions, Retry};

#[derive(Debug, Serialize, Deserialize)]
struct Reading {
    sensor: String,
    celsius: f64,
}

/// What the server says about a new one.
#[derive(Debug, Deserialize)]
struct Stored {
    stored: u32,
}

/// An API, as the rest of a program sees it.
struct Readings {
    client: HttpsClient,
    url: String,
}

impl Readings {
    async fn add(&self, reading: &Reading) -> anyhow::Result<u32> {
        let response = self.client.post(&self.url).bearer_auth("t0ken").json(reading).await?;
        ensure!(response.status().is_success(), "the server answered with {}", response.status());
        let answer: Stored = response.into_body().json(4096).await?;
        Ok(answer.stored)
    }

    async fn all(&self) -> anyhow::Result<Vec<Reading>> {
        let response = self.client.get(&self.url).bearer_auth("t0ken").await?;
        ensure!(response.status().is_success(), "the server answered with {}", response.status());
        Ok(response.into_body().json(64 * 1024).await?)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    // What does no harm when it is done twice is tried again by itself.
    let options = HttpsOptions::new().timeout(Duration::from_secs(30)).retry(Retry::default());
    let client = HttpsClient::new(&bench.modem, bench.tls.clone()).with_options(options);
    let readings = Readings { client, url: format!("https://{}/telemetry", bench.web) };

    for (sensor, celsius) in [("boiler", 61.5), ("room", 21.0)] {
        let stored = readings.add(&Reading { sensor: sensor.to_owned(), celsius }).await?;
        println!("{sensor} is number {stored}");
    }
    for Reading { sensor, celsius } in readings.all().await? {
        println!("{sensor}: {celsius} °C");
    }
    Ok(())
}
