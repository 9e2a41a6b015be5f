//! Downloads a manifest over FTPS, verifies who signed it, and then the firmware image that it describes.
//!
//! `cargo run -p telit-examples --example signed_firmware [PORT]`
//!
//! How a manifest is made and signed stands in `docs/firmware.md`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_examples::Bench;
use telit_ftps::{FtpsClient, FtpsOptions, Manifest, ManifestKey};
use tokio::io::AsyncReadExt;

/// Whom the device believes. It is a part of the program, so that nobody on the way can exchange it.
const KEY: &str = include_str!("firmware/verifying.pem");
/// No manifest is longer.
const LONGEST: u64 = 64 * 1024;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let options = FtpsOptions::new(&bench.files, &bench.user, &bench.password, bench.tls.clone());
    let mut client = FtpsClient::connect(&bench.modem, options).await?;

    let document = small_file(&mut client, "firmware.json").await?;
    let signature = small_file(&mut client, "firmware.json.sig").await?;
    let manifest = Manifest::verify(&document, &signature, &ManifestKey::from_pem(KEY)?)?;
    println!("version {} has {} bytes", manifest.version().unwrap_or("unknown"), manifest.size());

    let target = std::env::temp_dir().join("telit-example-signed-firmware.bin");
    let report = client.download_to_file("firmware.bin", &target).resume(true).manifest(&manifest).await?;
    println!("{} bytes, SHA-256 {}", report.bytes, report.sha256);
    client.close().await?;
    Ok(())
}

async fn small_file(client: &mut FtpsClient, path: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    client.download(path).await?.into_reader().take(LONGEST).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
