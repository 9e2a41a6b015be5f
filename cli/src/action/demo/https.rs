//! Requests to a REST server.

use serde_json::{Value, json};
use telit_core::{Category, Modem};
use telit_https::{Body, HttpsClient, RequestBody};
use telit_simulator::servers::TestServers;
use url::Url;

use super::report::Done;
use super::{HOSTILE, differs, module};
use crate::failure::Failure;

/// More than any answer of the server.
const LIMIT: usize = 64 * 1024;

/// GETs JSON, POSTs a reading that the server must then have, and POSTs bytes that must come back.
pub(super) async fn ask(modem: &Modem, servers: &TestServers) -> Result<Done<()>, Failure> {
    let client = HttpsClient::new(modem, module::tls_options(servers)?);
    let mut bytes = 0;

    let answer = body(client.get(url("/health")?).await?, 200).await?;
    bytes += answer.len();
    let health: Value = parse(&answer)?;
    if health != json!({ "status": "ok" }) {
        return Err(differs("the JSON of GET /health"));
    }

    let reading = json!({ "celsius": 21.5 }).to_string();
    body(client.post(url("/telemetry")?).content_type("application/json").body(reading.clone()).await?, 201)
        .await?;
    if servers.rest().telemetry() != [reading.as_bytes()] {
        return Err(differs("the reading at the server"));
    }

    let sent = RequestBody::from(HOSTILE);
    let answer =
        body(client.post(url("/echo")?).content_type("application/octet-stream").body(sent).await?, 200)
            .await?;
    bytes += answer.len();
    if answer != HOSTILE {
        return Err(differs("the echo of POST /echo"));
    }
    let text =
        format!("{}: GET JSON, POST a reading, POST an echo; {bytes} bytes received", TestServers::REST_NAME);
    Ok(Done::new((), text).fact("bytes", bytes).fact("requests", 3))
}

fn url(path: &str) -> Result<Url, Failure> {
    Url::parse(&format!("https://{}{path}", TestServers::REST_NAME)).map_err(Failure::usage)
}

async fn body(response: http::Response<Body>, expected: u16) -> Result<Vec<u8>, Failure> {
    let status = response.status().as_u16();
    let body = response.into_body().bytes(LIMIT).await?;
    if status != expected {
        return Err(Failure::new(
            Category::Other,
            format!("the server answered {status}, expected {expected}"),
        ));
    }
    Ok(body.to_vec())
}

fn parse(text: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(text).map_err(|error| Failure::new(Category::Verification, error))
}
