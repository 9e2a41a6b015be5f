//! The futures of an HTTPS client.

use http::{Method, Request};
use sha2::{Digest, Sha256};
use telit_core::Modem;
use telit_https::{Engine, HttpsClient, HttpsOptions, RequestBody};

use super::super::https::{ByModule, BySocket, Carrier, DOWN, HOST, LIMIT, Requests, UP, long};
use super::super::outcome::{Broken, same_reading};
use super::super::payload;
use super::super::set_up::on_line;
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};

fn client(modem: &Modem) -> HttpsClient {
    super::super::https::client::<ByModule>(modem)
}

fn url(path: &str) -> url::Url {
    format!("https://{HOST}{path}").parse().expect("it is a URL")
}

/// A request whose answer does not matter here.
fn asking(name: &str, request: impl AsyncFn(&HttpsClient) -> Result<(), Broken>) {
    asking_by::<ByModule>(name, request);
}

fn asking_by<C: Carrier>(name: &str, request: impl AsyncFn(&HttpsClient) -> Result<(), Broken>) {
    at_every_await(name, async |requests: &Requests<C>, bench, moments| {
        let modem = on_line(bench).await?;
        let client = super::super::https::client::<C>(&modem);
        let done = interrupted(bench, moments, request(&client)).await.transpose()?;
        let step = in_step(bench, &modem).await?;
        if C::ENGINE == Engine::Socket {
            // What was begun may still reach the server beside the next request.
            tls_comes_back(bench, &modem).await?;
        }
        same_reading("requests at the server", &true, &(requests.server.requests().len() <= 1), None)?;
        requests.works(bench, &client).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(done.is_some()))
    });
}

#[test]
fn other_methods() {
    asking("head", async |client| client.head(url(DOWN)).await.map(drop).map_err(failed("head")));
    asking("delete", async |client| client.delete(url(DOWN)).await.map(drop).map_err(failed("delete")));
    asking("put", async |client| {
        client
            .put(url(UP))
            .content_type("text/plain")
            .body("a few words")
            .await
            .map(drop)
            .map_err(failed("put"))
    });
    asking("send", async |client| {
        let request = Request::builder().method(Method::GET).uri(url(DOWN).as_str());
        let request = request.body(RequestBody::empty()).expect("it is a request");
        client.send(request).await.map(drop).map_err(failed("send"))
    });
}

#[test]
fn from_this_computer() {
    asking_by::<BySocket>("get over a socket", async |client| {
        client.get(url(DOWN)).await.map(drop).map_err(failed("get"))
    });
    asking_by::<BySocket>("post over a socket", async |client| {
        let post = client.post(url(UP)).body(payload::hostile());
        post.await.map(drop).map_err(failed("post"))
    });
    asking_by::<BySocket>("Body::bytes over a socket", async |client| {
        let got = client.get(url(DOWN)).await.map_err(failed("get"))?;
        let body = got.into_body().bytes(LIMIT).await.map_err(failed("the body"))?;
        same_reading("the body", &long(), &body, None).map(drop)
    });
}

#[test]
fn reading_a_text() {
    asking("Body::text", async |client| {
        let posted = client
            .post(url(UP))
            .content_type("text/plain")
            .body("a few words")
            .await
            .map_err(failed("post"))?;
        let text = posted.into_body().text(LIMIT).await.map_err(failed("the text"))?;
        same_reading("the text", "done", &*text, None).map(drop)
    });
}

#[test]
fn downloading_to_a_file() {
    downloading_by::<ByModule>("download_to_file by the module");
    downloading_by::<BySocket>("download_to_file over a socket");
}

/// The next attempt goes on with what the dropped one has left.
fn downloading_by<C: Carrier>(name: &str) {
    at_every_await(name, async |requests: &Requests<C>, bench, moments| {
        let modem = on_line(bench).await?;
        let client = super::super::https::client::<C>(&modem);
        let folder = tempfile::tempdir().map_err(failed("a folder"))?;
        let target = folder.path().join("firmware.bin");
        let hash = <[u8; 32]>::from(Sha256::digest(long()));
        let download = || client.download_to_file(url(DOWN), &target).resume(true).sha256(hash.into());
        let completed = interrupted(bench, moments, download().into_future()).await.is_some();
        let step = in_step(bench, &modem).await?;
        if !completed {
            download().await.map_err(failed("the next attempt"))?;
        }
        let got = std::fs::read(&target).map_err(failed("the file"))?;
        same_reading("the file", &long()[..], &got[..], None)?;
        if C::ENGINE == Engine::Socket {
            tls_comes_back(bench, &modem).await?;
        }
        requests.works(bench, &client).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn releasing_tls() {
    at_every_await("release_tls", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client = client(&modem).with_options(HttpsOptions::new().keep_tls(true).engine(Engine::Module));
        let got = client.get(url(DOWN)).await.map_err(failed("get"))?;
        got.into_body().bytes(LIMIT).await.map_err(failed("the body"))?;
        let released = interrupted(bench, moments, client.release_tls()).await;
        let step = in_step(bench, &modem).await?;
        requests.works(bench, &client).await?;
        client.release_tls().await.map_err(failed("release"))?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(released.is_some()))
    });
}

#[test]
fn getting() {
    at_every_await("get", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client = client(&modem);
        let completed = interrupted(bench, moments, client.get(url(DOWN)).send()).await.is_some();
        let step = in_step(bench, &modem).await?;
        requests.works(bench, &client).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn posting() {
    at_every_await("post", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client = client(&modem);
        let posted = client.post(url(UP)).content_type("application/octet-stream").body(payload::hostile());
        let completed = interrupted(bench, moments, posted.send()).await.is_some();
        let step = in_step(bench, &modem).await?;
        let seen = requests.server.requests();
        let whole = seen.iter().all(|request| request.body == payload::hostile());
        same_reading("what was posted", &(true, true), &(seen.len() <= 1, whole), None)?;
        requests.works(bench, &client).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn reading_a_body() {
    at_every_await("Body::next", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client = client(&modem);
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
        let step = in_step(bench, &modem).await?;
        requests.works(bench, &client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn reading_a_whole_body() {
    at_every_await("Body::bytes", async |requests: &Requests, bench, moments| {
        let modem = on_line(bench).await?;
        let client = client(&modem);
        let response = client.get(url(DOWN)).await.map_err(failed("get"))?;
        let completed = interrupted(bench, moments, response.into_body().bytes(LIMIT)).await.is_some();
        let step = in_step(bench, &modem).await?;
        requests.works(bench, &client).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(completed))
    });
}
