//! Requests through the module, byte for byte.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use telit_core::Category;
use telit_core::tls::TlsOptions;
use telit_https::{Engine, HttpsClient, HttpsOptions, RequestBody};
use telit_simulator::servers::{TestServers, pattern};
use url::Url;

use crate::rig::{Rig, hostile_payloads};

/// More than every body in here.
const LIMIT: usize = 1 << 20;

fn url(path: &str) -> Url {
    format!("https://{}{path}", TestServers::REST_NAME).parse().expect("it is a URL")
}

fn client(rig: &Rig) -> HttpsClient {
    let tls = TlsOptions::builder().ca(rig.ca()).build().expect("it fits");
    HttpsClient::new(&rig.modem, tls).with_options(HttpsOptions::new().engine(Engine::Module))
}

#[tokio::test]
async fn a_get_gives_status_type_length_and_body() {
    let rig = Rig::start().await;
    let response = client(&rig).get(url("/health")).await.expect("it answers");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["content-length"], "15");
    assert_eq!(response.into_body().text(LIMIT).await.expect("it is read"), r#"{"status":"ok"}"#);
    assert_eq!(rig.modem.tls_holder(), None, "TLS is given back");
}

#[tokio::test]
async fn bodies_of_every_size_around_the_block_are_exact() {
    let rig = Rig::start().await;
    let client = client(&rig);
    for size in [0, 1, 63, 64, 1499, 1500, 1501, 3000, 100_000] {
        let response = client.get(url(&format!("/bytes/{size}"))).await.expect("it answers");
        assert_eq!(response.status(), StatusCode::OK);
        let body = response.into_body().bytes(LIMIT).await.expect("it is read");
        assert!(body == pattern(size), "{size} bytes were asked, {} came", body.len());
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_exact() {
    let rig = Rig::start().await;
    let client = client(&rig);
    for size in [1, 1500, 5000] {
        let response = client.get(url(&format!("/chunked/{size}"))).await.expect("it answers");
        assert!(!response.headers().contains_key("content-length"));
        let body = response.into_body().bytes(LIMIT).await.expect("it is read");
        assert!(body == pattern(size), "{size} bytes were asked, {} came", body.len());
    }
}

#[tokio::test]
async fn hostile_bodies_arrive_exact_in_both_directions() {
    let rig = Rig::start().await;
    let client = client(&rig);
    for payload in hostile_payloads().into_iter().filter(|payload| !payload.is_empty()) {
        let response = client
            .post(url("/echo"))
            .content_type("application/octet-stream")
            .body(payload.clone())
            .await
            .expect("it answers");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.into_body().bytes(LIMIT).await.expect("it is read"), payload);
        let response = client
            .put(url("/echo"))
            .content_type("application/octet-stream")
            .body(payload.clone())
            .await
            .expect("it answers");
        assert_eq!(response.into_body().bytes(LIMIT).await.expect("it is read"), payload);
    }
}

#[tokio::test]
async fn the_other_methods() {
    let rig = Rig::start().await;
    let client = client(&rig);
    let response = client.head(url("/bytes/1000")).await.expect("it answers");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.into_body().bytes(LIMIT).await.expect("it has none"), Bytes::new());
    client.delete(url("/echo")).await.expect("it answers");
    let seen: Vec<String> =
        rig.servers.rest().requests().iter().map(|request| request.method.to_string()).collect();
    assert_eq!(seen, ["HEAD", "DELETE"]);
}

#[tokio::test]
async fn headers_reach_the_server_and_bad_ones_do_not() {
    let rig = Rig::start().await;
    let client = client(&rig);
    let request =
        Request::get(url("/headers").as_str()).header("Authorization", "Bearer t0ken").header("X-One", "1");
    let response =
        client.send(request.body(RequestBody::empty()).expect("it is valid")).await.expect("it answers");
    let headers = response.into_body().text(LIMIT).await.expect("it is read").to_lowercase();
    assert!(headers.contains("bearer t0ken") && headers.contains("x-one"), "{headers}");
    for (name, value) in [("X-Bad", "a>>b"), ("Connection", "keep-alive"), ("Host", "elsewhere.test")] {
        let request = Request::get(url("/headers").as_str()).header(name, value).body(RequestBody::empty());
        let error = client.send(request.expect("it is valid")).await.expect_err("it is refused");
        assert_eq!(error.category(), Category::Usage, "{name}: {error}");
    }
    assert_eq!(rig.servers.rest().requests().len(), 1, "nothing else was sent");
}

#[tokio::test]
async fn statuses_are_handed_on() {
    let rig = Rig::start().await;
    let client = client(&rig);
    for status in [200, 204, 304, 400, 401, 404, 500, 503] {
        let response = client.get(url(&format!("/status/{status}"))).await.expect("it answers");
        assert_eq!(response.status().as_u16(), status);
        drop(response);
    }
}

#[tokio::test]
async fn a_body_dropped_half_way_does_not_poison_the_next_request() {
    let rig = Rig::start().await;
    let client = client(&rig);
    let mut body = client.get(url("/bytes/50000")).await.expect("it answers").into_body();
    body.next().await.expect("it has data").expect("they are read");
    drop(body);
    let response = client.get(url("/health")).await.expect("it answers");
    assert_eq!(response.into_body().text(LIMIT).await.expect("it is read"), r#"{"status":"ok"}"#);
}

#[tokio::test]
async fn what_the_module_cannot_carry_is_refused_before_anything_is_sent() {
    let rig = Rig::start().await;
    let client = client(&rig);
    let long = url(&format!("/{}", "x".repeat(400)));
    let patch =
        Request::builder().method(Method::PATCH).uri(url("/echo").as_str()).body(RequestBody::empty());
    for error in [
        client.get(long).await.expect_err("it is too long"),
        client.get("http://rest.test/health").await.expect_err("it is not encrypted"),
        client.send(patch.expect("it is valid")).await.expect_err("no such method"),
    ] {
        assert_eq!(error.category(), Category::Usage, "{error}");
    }
    assert!(rig.servers.rest().requests().is_empty());
}

#[tokio::test]
async fn unknown_hosts_closed_ports_and_wrong_certificates_are_network_errors() {
    let rig = Rig::start().await;
    let trusting_others = telit_simulator::servers::Authority::new().expect("keys");
    let other = telit_core::tls::CaCertificate::from_pem(trusting_others.certificate_pem().as_bytes());
    let other = TlsOptions::builder().ca(other.expect("a CA")).build().expect("it fits");
    let error = HttpsClient::new(&rig.modem, other).get(url("/health")).await.expect_err("another authority");
    assert_eq!(error.category(), Category::Network, "{error}");
    assert!(error.hint().expect("it is explained").contains("certificate"));
    let client = client(&rig);
    for address in ["https://nowhere.invalid/", "https://rest.test:1/"] {
        let error = client.get(address).await.expect_err("nobody there");
        assert_eq!(error.category(), Category::Network, "{address}: {error}");
    }
    client.get(url("/health")).await.expect("the module is still usable");
}
