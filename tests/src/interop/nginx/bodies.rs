//! Every method and the sizes around a block of the module: status, content type and body are those that curl sees.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Request};
use telit_core::Category;
use telit_https::{HttpsClient, RequestBody};
use url::Url;

use super::server::{HOST, Nginx, Seen};
use crate::interop::device::Device;
use crate::rig::hostile_payloads;

const SIZES: [usize; 6] = [0, 1, 1499, 1500, 1501, 100_000];
/// The module takes bodies of 1 to so many bytes, as its `AT#HTTPSND=?` says.
const LARGEST_SENT: usize = 65_535;

#[tokio::test]
async fn get() {
    let Some((nginx, _device, client)) = ready().await else { return };
    for size in SIZES {
        let name = format!("{size}.bin");
        nginx.add_document(&name, &bytes(size));
        let seen = Seen::by_sdk(client.get(url(&name)).await).await;
        assert_eq!(seen, nginx.curl(url(&name).as_str(), &[], true).await, "{name}");
        assert!(seen.status == 200 && seen.body == bytes(size), "{name}: {seen:?}");
    }
    nginx.add_document("text.txt", b"text\r\nOK\r\n");
    nginx.add_document("empty.json", b"");
    nginx.add_document("a b%2.html", b"<p>named with a blank and a percent sign");
    for path in ["text.txt", "empty.json", "a%20b%252.html", "told?a=1&b=%20x"] {
        let seen = Seen::by_sdk(client.get(url(path)).await).await;
        assert_eq!(seen, nginx.curl(url(path).as_str(), &[], true).await, "{path}");
    }
    for path in ["missing.txt", "moved"] {
        let seen = Seen::by_sdk(client.get(url(path)).await).await;
        assert_eq!(seen, nginx.curl(url(path).as_str(), &[], true).await.without_untold_type(), "{path}");
    }
    let line = nginx.logged("GET /text.txt").await;
    assert!(line.contains(&format!("sni={HOST} certificate=SUCCESS host={HOST}")), "{line}");
}

#[tokio::test]
async fn get_without_announced_length() {
    let Some((nginx, _device, client)) = ready().await else { return };
    nginx.add_document("1501.bin", &bytes(1501));
    let response = client.get(url("chunked")).await.expect("it is answered");
    assert!(!response.headers().contains_key(CONTENT_LENGTH), "{:?}", response.headers());
    let seen = Seen::by_sdk(Ok(response)).await;
    assert_eq!(seen, nginx.curl(url("chunked").as_str(), &[], true).await);
    assert!(seen.body == bytes(1501), "{seen:?}");
}

#[tokio::test]
async fn get_of_a_range() {
    let Some((nginx, _device, client)) = ready().await else { return };
    nginx.add_document("1501.bin", &bytes(1501));
    let address = url("1501.bin");
    let request = Request::get(address.as_str()).header("Range", "bytes=1000-1500");
    let answer = client.send(request.body(RequestBody::empty()).expect("it is valid")).await;
    let seen = Seen::by_sdk(answer).await;
    assert_eq!(seen, nginx.curl(address.as_str(), &["--range", "1000-1500"], true).await);
    assert!(seen.status == 206 && seen.body == bytes(1501)[1000..], "{seen:?}");
}

#[tokio::test]
async fn head() {
    let Some((nginx, _device, client)) = ready().await else { return };
    nginx.add_document("100000.bin", &bytes(100_000));
    for path in ["100000.bin", "missing.txt"] {
        let response = client.head(url(path)).await.expect("it is answered");
        let announced =
            response.headers().get(CONTENT_LENGTH).map(|value| value.to_str().unwrap().to_owned());
        let seen = Seen::by_sdk(Ok(response)).await;
        // With --head curl writes the header lines where a body would go.
        let by_curl = nginx.curl(url(path).as_str(), &["--head"], true).await.without_untold_type();
        assert_eq!((seen.status, &seen.content_type), (by_curl.status, &by_curl.content_type), "{path}");
        assert!(seen.body.is_empty(), "{path}: {seen:?}");
        let header = String::from_utf8_lossy(&by_curl.body).to_lowercase();
        let announced_to_curl = header.lines().find_map(|line| line.strip_prefix("content-length: "));
        assert!(announced.is_none() || announced.as_deref() == announced_to_curl, "{path}: {announced:?}");
    }
}

#[tokio::test]
async fn put_and_delete() {
    let Some((nginx, _device, client)) = ready().await else { return };
    for (number, body) in bodies_to_send().into_iter().enumerate() {
        let (ours, theirs) = (format!("put/{number}-sdk"), format!("put/{number}-curl"));
        let seen = Seen::by_sdk(
            client.put(url(&ours)).content_type("application/octet-stream").body(body.clone()).await,
        )
        .await;
        nginx.add_document("to-send", &body);
        let source = nginx.document("to-send").display().to_string();
        assert_eq!(
            seen,
            nginx.curl(url(&theirs).as_str(), &["--upload-file", &source], true).await,
            "{number}"
        );
        assert_eq!(seen.status, 201, "{number}: {seen:?}");
        let stored = std::fs::read(nginx.document(&ours)).expect("it is stored");
        assert!(stored == body, "{number}: {} bytes were stored, {} sent", stored.len(), body.len());
    }
    for (ours, theirs) in [("put/1-sdk", "put/1-curl"), ("put/none", "put/none")] {
        let seen = Seen::by_sdk(client.delete(url(ours)).await).await;
        let by_curl = nginx.curl(url(theirs).as_str(), &["--request", "DELETE"], true).await;
        assert_eq!(seen, by_curl.without_untold_type(), "{ours}");
        assert!(!nginx.document(ours).exists());
    }
}

#[tokio::test]
async fn post() {
    let Some((nginx, _device, client)) = ready().await else { return };
    for (number, body) in bodies_to_send().into_iter().enumerate() {
        let seen =
            Seen::by_sdk(client.post(url("post")).content_type("application/json").body(body.clone()).await)
                .await;
        let received = nginx.take_posted();
        assert!(received.concat() == body, "{number}: {} bytes sent, {received:?} received", body.len());
        nginx.add_document("to-send", &body);
        let source = format!("@{}", nginx.document("to-send").display());
        let by_curl = nginx.curl(url("post").as_str(), &["--data-binary", &source], true).await;
        assert_eq!(seen, by_curl, "{number}");
        assert!(seen.status == 201 && nginx.take_posted().concat() == body, "{number}: {seen:?}");
    }
}

#[tokio::test]
async fn the_server_is_told_what_was_meant() {
    let Some((_nginx, _device, client)) = ready().await else { return };
    let address = url("told?q=%22a%22&b");
    for (method, length) in [(Method::POST, 1501), (Method::PUT, 3)] {
        let request = Request::builder().method(&method).uri(address.as_str());
        let request = request.header("Content-Type", "text/plain").header("X-Test", "a,b;c='d'");
        let answer = client.send(request.body(RequestBody::from(bytes(length))).expect("it is valid")).await;
        let seen = Seen::by_sdk(answer).await;
        let told = format!("{method}|text/plain|{length}|a,b;c='d'|q=%22a%22&b");
        assert_eq!(String::from_utf8_lossy(&seen.body), told);
    }
}

#[tokio::test]
async fn bodies_that_the_module_does_not_send_are_refused_before_anything_is_sent() {
    let Some((nginx, _device, client)) = ready().await else { return };
    for size in [0, LARGEST_SENT + 1] {
        let error =
            client.put(url("put/refused")).content_type("application/octet-stream").body(bytes(size)).await;
        let error = error.expect_err("it is refused");
        assert_eq!(error.category(), Category::Usage, "{error}");
    }
    nginx.add_document("1.bin", b"1");
    assert_eq!(Seen::by_sdk(client.get(url("1.bin")).await).await.body, b"1");
    assert!(!nginx.document("put/refused").exists());
}

async fn ready() -> Option<(Nginx, Device, HttpsClient)> {
    let nginx = Nginx::start().await?;
    let device = nginx.device().await;
    let client = nginx.client(&device, nginx.credentials.tls());
    Some((nginx, device, client))
}

fn url(path: &str) -> Url {
    format!("https://{HOST}/{path}").parse().expect("it is a URL")
}

fn bodies_to_send() -> Vec<Bytes> {
    let sizes = [1, 1499, 1500, 1501, LARGEST_SENT];
    let hostile = hostile_payloads().into_iter().filter(|payload| !payload.is_empty());
    sizes.map(bytes).into_iter().chain(hostile).collect()
}

/// So many bytes that hold everything a parser could stumble over, again and again.
fn bytes(size: usize) -> Bytes {
    hostile_payloads().concat().into_iter().cycle().take(size).collect()
}
