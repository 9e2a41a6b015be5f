//! An ordinary HTTP library over a TLS socket: what runs over a TCP stream runs over the module.
//!
//! `cargo run -p telit-examples --example https_over_socket [PORT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper_util::rt::TokioIo;
use telit_core::socket::TlsConnector;
use telit_examples::Bench;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::start().await?;
    let socket = TlsConnector::new(&bench.modem, bench.tls.clone()).connect(&bench.web, 443).await?;

    let (mut requests, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
    let connection = tokio::spawn(connection);
    for path in ["/health", "/bytes/2000"] {
        let request = Request::get(path).header("Host", &bench.web).body(Empty::<Bytes>::new())?;
        // It takes a request only when the task of the connection has come round to the next one.
        requests.ready().await?;
        let response = requests.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        println!("{status}, {} bytes", body.len());
    }
    drop(requests);
    connection.await??;
    Ok(())
}
