//! An update over the air: a job of AWS IoT says which firmware, MQTT pauses, FTPS downloads it, and the outcome is
//! reported.
//!
//! `cargo run -p telit-examples --example job_update [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use serde::Deserialize;
use telit_examples::Bench;
use telit_ftps::{FtpsClient, FtpsOptions, Sha256Digest};
use telit_mqtt::MqttClient;
use telit_mqtt::aws::jobs::{Assignment, Jobs, Outcome};

/// The job document.
#[derive(Clone, Deserialize)]
struct Update {
    path: String,
    sha256: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let aws = bench.aws("thing-1")?;
    let client = aws.connect(&bench.modem).await?;
    let jobs = Jobs::<Update>::new(&client, aws.thing())?;
    let worker = jobs.work(async |job| match update(&bench, &client, &job).await {
        Ok(bytes) => Outcome::succeeded().detail("bytes", bytes.to_string()),
        Err(error) => Outcome::failed(error.to_string()),
    });
    tokio::select! {
        ended = worker => ended?,
        status = bench.job_is_done() => println!("the job is {status}"),
    }
    client.disconnect().await?;
    Ok(())
}

/// The module has TLS for one of the two at a time, so MQTT gives it away for the download. Its subscriptions come back
/// with it.
async fn update(bench: &Bench, client: &MqttClient, job: &Assignment<Update>) -> anyhow::Result<u64> {
    println!("{}: download {}", job.id(), job.document().path);
    job.progress([("step", "downloading")]).await?;
    let (downloaded, resumed) = client.while_paused(download(bench, job.document())).await?;
    resumed?;
    downloaded
}

async fn download(bench: &Bench, update: &Update) -> anyhow::Result<u64> {
    let hash: Sha256Digest = update.sha256.parse()?;
    let options = FtpsOptions::new(&bench.files, &bench.user, &bench.password, bench.tls.clone());
    let mut files = FtpsClient::connect(&bench.modem, options).await?;
    let target = std::env::temp_dir().join("telit-example-job.bin");
    let report = files.download_to_file(&update.path, &target).resume(true).sha256(hash).await?;
    println!("{} bytes, SHA-256 {}", report.bytes, report.sha256);
    files.close().await?;
    Ok(report.bytes)
}
