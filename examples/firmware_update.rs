//! Downloads a firmware image over FTPS while the module restarts and its port is pulled, and verifies it.
//!
//! `cargo run -p telit-examples --example firmware_update [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use telit_core::Backoff;
use telit_examples::Bench;
use telit_ftps::{FtpsClient, FtpsOptions, Retry, Sha256Digest};

/// What the manifest of a firmware promises.
const SHA256: &str = "38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::supervised().await?;
    let options = FtpsOptions::new(&bench.files, &bench.user, &bench.password, bench.tls.clone());
    let mut client = FtpsClient::connect(&bench.modem, options).await?;

    let target = std::env::temp_dir().join("telit-example-update.bin");
    let hash: Sha256Digest = std::env::var("TELIT_SHA256").as_deref().unwrap_or(SHA256).parse()?;
    let mut trouble = Some(());
    let waits = Backoff::new(Duration::from_millis(500), Duration::from_secs(60));
    let report = client
        .download_to_file("firmware.bin", &target)
        .resume(true)
        .sha256(hash)
        .retry(Retry::default().max_attempts(100).backoff(waits))
        .progress(|progress| {
            if progress.bytes >= progress.total / 2
                && let Some(()) = trouble.take()
            {
                bench.make_trouble();
            }
        })
        .on_retry(|retrying| println!("{} bytes are safe: {}", retrying.bytes, retrying.because))
        .await?;
    println!("{} bytes in {} attempts, SHA-256 {}", report.bytes, report.attempts, report.sha256);
    client.close().await?;
    Ok(())
}
