//! Calls a REST API over HTTPS: one GET, one POST.
//!
//! `cargo run -p telit-examples --example https_get [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_examples::Bench;
use telit_https::HttpsClient;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let client = HttpsClient::new(&bench.modem, bench.tls.clone());

    let response = client.get(format!("https://{}/health", bench.web)).await?;
    println!("{}", response.status());
    println!("{}", response.into_body().text(64 * 1024).await?);

    let url = format!("https://{}/telemetry", bench.web);
    let response = client.post(url).content_type("application/json").body(r#"{"celsius":21.5}"#).await?;
    println!("{}", response.status());
    Ok(())
}
