//! Uploads a log: under a name of its own until it is whole, so that nobody reads half of it, and what is added later
//! goes to its end.
//!
//! `cargo run -p telit-examples --example ftps_upload_log [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_examples::Bench;
use telit_ftps::{FtpsClient, FtpsOptions, TransferError};

const LOG: &str = "device.log";
const PART: &str = "device.log.part";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let options = FtpsOptions::new(&bench.files, &bench.user, &bench.password, bench.tls.clone());
    let mut client = FtpsClient::connect(&bench.modem, options).await?;

    // Any file or other reader will do, such as tokio::fs::File.
    let today: String = (1..=200).map(|minute| format!("{minute:>4} min  21.5 degrees\n")).collect();
    let bytes = client.upload(PART, today.as_bytes()).progress(|sent| println!("{sent} bytes sent")).await?;
    match client.rename(PART, LOG).await {
        Ok(()) => {}
        // Firmware that cannot rename: the log appears while it grows.
        Err(TransferError::Unsupported { .. }) => {
            client.upload(LOG, today.as_bytes()).await?;
            client.remove(PART).await?;
        }
        Err(error) => return Err(error.into()),
    }
    println!("{LOG} has {bytes} bytes");

    client.append(LOG, &b" 201 min  21.6 degrees\n"[..]).await?;
    println!("{LOG} has {} bytes", client.size(LOG).await?);
    client.close().await?;
    Ok(())
}
