//! Downloads a firmware image on one AT channel of a module and asks for the signal on another one meanwhile.
//!
//! `cargo run -p telit-examples --example multiplexed [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::atomic::{AtomicU64, Ordering};

use telit_core::commands::SignalQuality;
use telit_examples::Bench;
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (bench, module) = Bench::multiplexed().await?;
    println!("{} channels on one port", module.len());
    let (transfers, polls) = (module.channel(1)?, module.channel(2)?);

    let options = FtpsOptions::new(&bench.files, &bench.user, &bench.password, bench.tls.clone());
    let mut client = FtpsClient::connect(transfers, options).await?;
    let received = AtomicU64::new(0);
    let transfer = async {
        // In online mode this channel takes no commands until the file is here.
        let mut download = client.download("firmware.bin").mode(TransferMode::Online).await?;
        while let Some(piece) = download.next().await {
            received.fetch_add(piece?.len() as u64, Ordering::Relaxed);
        }
        anyhow::Ok(())
    };
    let (transfer, signal) = tokio::join!(transfer, polls.run(SignalQuality));
    transfer?;
    println!("signal {} dBm, asked meanwhile", signal?.unwrap_or_default());
    println!("{} bytes", received.load(Ordering::Relaxed));

    client.close().await?;
    module.close().await;
    Ok(())
}
