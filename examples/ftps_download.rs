//! Downloads a firmware image over FTPS; run again after a cut, it goes on where it stopped.
//!
//! `cargo run -p telit-examples --example ftps_download [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_examples::Bench;
use telit_ftps::{FtpsClient, FtpsOptions, Sha256Digest};

/// What the manifest of a firmware promises. Without it only the size would be verified.
const SHA256: &str = "38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let options = FtpsOptions::new(&bench.files, &bench.user, &bench.password, bench.tls.clone());
    let mut client = FtpsClient::connect(&bench.modem, options).await?;

    let target = std::env::temp_dir().join("telit-example-firmware.bin");
    let hash: Sha256Digest = std::env::var("TELIT_SHA256").as_deref().unwrap_or(SHA256).parse()?;
    let report = client
        .download_to_file("firmware.bin", &target)
        .sha256(hash)
        .resume(true)
        .progress(|progress| println!("{} of {} bytes", progress.bytes, progress.total))
        .await?;
    println!("{} bytes in {:?}, SHA-256 {}", report.bytes, report.took, report.sha256);
    client.close().await?;
    Ok(())
}
