//! Talks to a server over a TLS socket: an ordinary byte stream, encrypted by the module.
//!
//! `cargo run -p telit-examples --example tls_echo [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use telit_core::socket::TlsConnector;
use telit_examples::{Bench, ECHO_PORT};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let connector = TlsConnector::new(&bench.modem, bench.tls.clone());
    let mut socket = connector.connect(&bench.echo, ECHO_PORT).await?;
    if let Some(suite) = socket.status().await?.suite {
        println!("connected with {suite}");
    }

    socket.write_all(b"Is anybody there?").await?;
    let mut answer = [0; 17];
    socket.read_exact(&mut answer).await?;
    println!("{}", String::from_utf8_lossy(&answer));

    socket.close().await?;
    Ok(())
}
