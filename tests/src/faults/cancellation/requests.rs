//! The futures of an HTTPS client.

use telit_https::HttpsClient;

use super::super::https::{DOWN, HOST, LIMIT, Requests, UP, client, long};
use super::super::outcome::same_reading;
use super::super::payload;
use super::super::set_up::on_line;
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};

fn url(path: &str) -> url::Url {
    format!("https://{HOST}{path}").parse().expect("it is a URL")
}

#[test]
fn getting() {
    at_every_await("get", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client = client(&modem);
        let completed = interrupted(bench, moments, client.get(url(DOWN))).await.is_some();
        in_step(bench, &modem).await?;
        requests.works(bench, &client).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(completed)
    });
}

#[test]
fn posting() {
    at_every_await("post", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client = client(&modem);
        let posted = client.post(url(UP), "application/octet-stream", payload::hostile());
        let completed = interrupted(bench, moments, posted).await.is_some();
        in_step(bench, &modem).await?;
        let seen = requests.server.requests();
        let whole = seen.iter().all(|request| request.body == payload::hostile());
        same_reading("what was posted", &(true, true), &(seen.len() <= 1, whole), None)?;
        requests.works(bench, &client).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(completed)
    });
}

#[test]
fn reading_a_body() {
    at_every_await("Body::next", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client: HttpsClient = client(&modem);
        let response = client.get(url(DOWN)).await.map_err(failed("get"))?;
        let mut body = response.into_body();
        let first = interrupted(bench, moments, body.next()).await;
        let completed = first.is_some();
        let mut all = Vec::new();
        let mut next = match first {
            Some(next) => next,
            None => body.next().await,
        };
        while let Some(block) = next {
            all.extend_from_slice(&block.map_err(failed("the body"))?);
            next = body.next().await;
        }
        same_reading("the body", &long()[..], &all, None)?;
        requests.works(bench, &client).await?;
        Ok(completed)
    });
}

#[test]
fn reading_a_whole_body() {
    at_every_await("Body::bytes", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client = client(&modem);
        let response = client.get(url(DOWN)).await.map_err(failed("get"))?;
        let completed = interrupted(bench, moments, response.into_body().bytes(LIMIT)).await.is_some();
        in_step(bench, &modem).await?;
        requests.works(bench, &client).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(completed)
    });
}
