//! Downloads a firmware image over HTTPS, goes on where the connection breaks, and verifies it.
//!
//! `cargo run -p telit-examples --example https_firmware [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use telit_core::Backoff;
use telit_examples::Bench;
use telit_https::HttpsClient;
use telit_https::download::{Retry, Sha256Digest};

/// What the manifest of a firmware promises.
const SHA256: &str = "38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let client = HttpsClient::new(&bench.modem, bench.tls.clone());
    bench.cut_next_file();

    let target = std::env::temp_dir().join("telit-example-https-firmware.bin");
    let hash: Sha256Digest = std::env::var("TELIT_SHA256").as_deref().unwrap_or(SHA256).parse()?;
    let waits = Backoff::new(Duration::from_millis(500), Duration::from_secs(60));
    let report = client
        .download_to_file(format!("https://{}/files/firmware.bin", bench.web), &target)
        .sha256(hash)
        // What an earlier run has left is gone on with too.
        .resume(true)
        .retry(Retry::default().max_attempts(100).backoff(waits))
        .on_retry(|retrying| println!("{} bytes are safe: {}", retrying.bytes, retrying.because))
        .await?;
    println!("{} bytes in {} attempts, SHA-256 {}", report.bytes, report.attempts, report.sha256);
    Ok(())
}
