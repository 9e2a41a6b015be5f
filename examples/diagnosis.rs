//! Finds out what keeps a module from a server, and what to do about it.
//!
//! `cargo run -p telit-examples --example diagnosis [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_core::tls::TlsOptions;
use telit_examples::Bench;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let diagnosis = bench.modem.diagnose(&bench.broker, 8883, bench.tls.clone()).run().await?;
    println!("{}: {}", diagnosis.cause, diagnosis.text);

    // The same without our own certificate. Each finding can be shown as soon as it is made.
    let authorities = bench.tls.authorities().iter().cloned();
    let nobody =
        authorities.fold(TlsOptions::builder(), |builder, authority| builder.ca(authority)).build()?;
    let examination = bench.modem.diagnose(&bench.broker, 8883, nobody);
    let diagnosis = examination.on_finding(|finding| println!("{finding}")).run().await?;
    println!("{}: {}", diagnosis.cause, diagnosis.hint.unwrap_or_default());
    Ok(())
}
