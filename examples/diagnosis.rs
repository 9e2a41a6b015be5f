//! Finds out what keeps a module from a server, and what to do about it.
//!
//! `cargo run -p telit-examples --example diagnosis [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_core::tls::TlsOptions;
use telit_examples::{Bench, ECHO_PORT};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let diagnosis = bench.modem.diagnose(&bench.echo, ECHO_PORT, bench.tls.clone()).run().await?;
    println!("{}: {}", diagnosis.cause, diagnosis.text);

    // Nothing is right about port 8883 of that host, and each finding can be shown as soon as it is made.
    let trusting = TlsOptions::builder().danger_skip_verification().build()?;
    let examination = bench.modem.diagnose(&bench.echo, 8883, trusting);
    let diagnosis = examination.on_finding(|finding| println!("{finding}")).run().await?;
    println!("{}: {}", diagnosis.cause, diagnosis.hint.unwrap_or_default());
    Ok(())
}
