//! Which engine carries a request, and what a user sees of it.

use http::{Method, StatusCode};
use telit_core::Category;
use telit_core::exclusive::Service;
use telit_https::{
    Engine, EngineReason, EngineUsed, FinalUrl, HttpsClient, HttpsOptions, RedirectNotFollowed, Redirects,
    RequestBody, RequestError,
};
use telit_simulator::Platform;
use telit_simulator::servers::{TestServers, pattern};
use url::Url;

use crate::rig::{Rig, hostile_payloads};

/// More than every body in here.
const LIMIT: usize = 1 << 20;

fn url(path: &str) -> Url {
    format!("https://{}{path}", TestServers::REST_NAME).parse().expect("it is a URL")
}

fn client(rig: &Rig, options: HttpsOptions) -> HttpsClient {
    HttpsClient::new(&rig.modem, rig.tls_builder().build().expect("it fits")).with_options(options)
}

fn used(response: &http::Response<telit_https::Body>) -> EngineUsed {
    response.extensions().get::<EngineUsed>().cloned().expect("it is told")
}

#[tokio::test]
async fn the_module_carries_what_it_can_and_this_computer_the_rest() {
    let rig = Rig::start().await;
    let client = client(&rig, HttpsOptions::new());
    let short = client.get(url("/health")).await.expect("it answers");
    assert_eq!(used(&short).engine, Engine::Module);
    assert_eq!(used(&short).because, EngineReason::ModuleCan);
    drop(short);

    let long_token = "t".repeat(4000);
    let requests = [
        client.get(url(&format!("/echo?{}", "x".repeat(2000)))),
        client.get(url("/headers")).bearer_auth(&long_token),
        client.get(url("/headers")).header("x-quoted", "\"a\""),
        client.request(Method::PATCH, url("/status/200")).body("a change"),
        client.post(url("/echo")).body(""),
        client.post(url("/echo")).body(pattern(100_000).to_vec()),
        client.delete(url("/status/200")).body("a reason"),
    ];
    let whys = [
        "path and query are too long: 2006, the module takes at most 150",
        "all headers together are too long",
        "invalid header x-quoted: its value has a double quote",
        "the module cannot send PATCH requests",
        "invalid request body: the module sends no less than 1 bytes",
        "the body is too long: 100000",
        "invalid request body: the module sends one with POST and PUT only",
    ];
    for (request, why) in requests.into_iter().zip(whys) {
        let response = request.await.expect("it answers");
        let EngineUsed { engine: Engine::Socket, because: EngineReason::ModuleCannot { why: told }, .. } =
            used(&response)
        else {
            panic!("{:?} for {why}", used(&response));
        };
        assert!(told.starts_with(why), "{told}");
        assert_eq!(response.status(), StatusCode::OK, "{why}");
        response.into_body().bytes(LIMIT).await.expect("it is read");
        assert_eq!(rig.modem.tls_holder(), None, "TLS is given back");
    }
    let seen = rig.servers.rest().requests();
    assert_eq!(seen[2].header("authorization"), Some(&*format!("Bearer {long_token}")));
    assert_eq!(seen[4].body, "a change");
    assert_eq!(seen[5].header("content-length"), Some("0"));
    assert!(seen[6].body == pattern(100_000));
}

#[tokio::test]
async fn every_method_and_body_is_exact_from_this_computer() {
    let rig = Rig::start().await;
    let client = client(&rig, HttpsOptions::new().engine(Engine::Socket));
    for size in [0, 1, 1499, 1500, 1501, 100_000] {
        for path in ["bytes", "chunked"] {
            let response = client.get(url(&format!("/{path}/{size}"))).await.expect("it answers");
            let body = response.into_body().bytes(LIMIT).await.expect("it is read");
            assert!(body == pattern(size), "{path}: {size} bytes were asked, {} came", body.len());
        }
    }
    for payload in hostile_payloads() {
        let stream = RequestBody::wrap_reader(std::io::Cursor::new(payload.clone()));
        for body in [payload.clone().into(), stream] {
            let response = client.put(url("/echo")).body(body).await.expect("it answers");
            assert_eq!(response.into_body().bytes(LIMIT).await.expect("it is read"), payload);
        }
    }
    let head = client.head(url("/bytes/1000")).await.expect("it answers");
    assert_eq!(head.headers()["content-length"], "1000");
    assert_eq!(head.into_body().bytes(0).await.expect("it has none"), "");
    assert_eq!(used(&client.get(url("/health")).await.expect("it answers")).because, EngineReason::Asked);
}

#[tokio::test]
async fn all_headers_of_the_answer_are_there_from_this_computer() {
    let rig = Rig::start().await;
    let client = client(&rig, HttpsOptions::new().engine(Engine::Socket).redirects(Redirects::none()));
    let response = client.get(url("/status/302")).await.expect("it answers");
    assert_eq!(
        (response.status(), &response.headers()["location"]),
        (StatusCode::FOUND, &"/health".parse().unwrap())
    );
    assert!(response.headers().contains_key("date"));
    assert_eq!(response.extensions().get(), Some(&RedirectNotFollowed::NotWanted));
}

#[tokio::test]
async fn a_redirect_that_the_module_gets_is_followed_from_this_computer() {
    let rig = Rig::start().await;
    let client = client(&rig, HttpsOptions::new());
    for status in [301, 302, 303, 307, 308] {
        let response = client.get(url(&format!("/status/{status}"))).await.expect("it answers");
        assert_eq!(response.status(), StatusCode::OK);
        // Where to is known then, and the module can carry that.
        assert_eq!(used(&response).engine, Engine::Module);
        assert_eq!(response.extensions().get(), Some(&FinalUrl(url("/health"))));
        assert_eq!(response.into_body().text(LIMIT).await.expect("it is read"), r#"{"status":"ok"}"#);
    }
    let seen = rig.servers.rest().requests();
    let paths: Vec<&str> = seen.iter().take(3).map(|request| request.target.as_str()).collect();
    assert_eq!(paths, ["/status/301", "/status/301", "/health"]);
    assert_eq!(rig.modem.tls_holder(), None);
}

#[tokio::test]
async fn what_could_be_done_twice_is_handed_through() {
    let rig = Rig::start().await;
    let client = client(&rig, HttpsOptions::new());
    let response = client.post(url("/status/303")).body("once").await.expect("it answers");
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.extensions().get(), Some(&RedirectNotFollowed::LocationHidden));
    drop(response);
    let alone = client.get(url("/status/302")).engine(Engine::Module).await.expect("it answers");
    assert_eq!(alone.extensions().get(), Some(&RedirectNotFollowed::LocationHidden));
    drop(alone);
    assert_eq!(rig.servers.rest().requests().len(), 2, "nothing was done twice");
    let response = client.post(url("/status/303")).engine(Engine::Socket).body("once").await;
    assert_eq!(response.expect("it answers").status(), StatusCode::OK);
    let seen = rig.servers.rest().requests();
    assert_eq!((seen[3].method.as_str(), seen[3].target.as_str()), ("GET", "/health"));
}

#[tokio::test]
async fn a_connection_is_kept_and_used_and_given_back() {
    let rig = Rig::start().await;
    let client = client(&rig, HttpsOptions::new().keep_tls(true));
    let response = client.get(url("/bytes/5000")).engine(Engine::Socket).await.expect("it answers");
    response.into_body().bytes(LIMIT).await.expect("it is read");
    assert_eq!(rig.modem.tls_holder(), Some(Service::Socket));
    for _ in 0..3 {
        let response = client.get(url("/health")).await.expect("it answers");
        assert_eq!(used(&response).because, EngineReason::ConnectionKept);
        response.into_body().bytes(LIMIT).await.expect("it is read");
    }
    // The module's own client gets its turn, and then this computer again.
    for (engine, holder) in [(Engine::Module, Service::Http), (Engine::Socket, Service::Socket)] {
        let response = client.get(url("/health")).engine(engine).await.expect("it answers");
        assert_eq!(used(&response).engine, engine);
        response.into_body().bytes(LIMIT).await.expect("it is read");
        assert_eq!(rig.modem.tls_holder(), Some(holder));
    }
    client.release_tls().await.expect("it is given back");
    assert_eq!(rig.modem.tls_holder(), None);
}

#[tokio::test]
async fn https_on_every_platform() {
    crate::rig::for_each_platform(|rig| async move {
        let client = client(&rig, HttpsOptions::new());
        let response = client.get(url("/health")).await.expect("it answers");
        let without_tls = matches!(rig.platform, Platform::P25Linux | Platform::P25ThreadX);
        let engine = if without_tls { Engine::Socket } else { Engine::Module };
        assert_eq!(used(&response).engine, engine, "{}", rig.platform.id());
        assert_eq!(response.into_body().text(LIMIT).await.expect("it is read"), r#"{"status":"ok"}"#);
        for payload in hostile_payloads() {
            let echo =
                client.request(Method::POST, url("/echo")).engine(Engine::Socket).body(payload.clone());
            let body = echo.await.expect("it answers").into_body().bytes(LIMIT).await;
            assert_eq!(body.expect("it is read"), payload, "{}", rig.platform.id());
        }
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}

#[tokio::test]
async fn without_tls_there_is_only_the_module() {
    let rig = Rig::start().await;
    let client = HttpsClient::danger_plain(&rig.modem);
    let error =
        client.get("http://rest.test/health").engine(Engine::Socket).await.expect_err("no plain sockets");
    assert!(matches!(error, RequestError::InvalidOption { option: "engine", .. }), "{error}");
    let error = client.request(Method::PATCH, "http://rest.test/echo").await.expect_err("no such method");
    assert!(matches!(error, RequestError::UnsupportedMethod { .. }), "{error}");
    assert!(rig.servers.rest().requests().is_empty());
}

#[tokio::test]
async fn limits_are_kept() {
    let rig = Rig::start().await;
    let options = HttpsOptions::new().max_response_body(999).max_request_body(10);
    let client = client(&rig, options);
    for engine in [Engine::Module, Engine::Socket] {
        let response = client.get(url("/bytes/1000")).engine(engine).await.expect("it answers");
        let error = response.into_body().bytes(LIMIT).await.expect_err("it is too long");
        assert_eq!(error.category(), Category::Verification, "{error}");
        let error =
            client.post(url("/echo")).engine(engine).body("eleven bytes").await.expect_err("too long");
        assert!(matches!(error, RequestError::InvalidBody { .. }), "{error}");
        let response = client.get(url("/bytes/999")).engine(engine).await.expect("it answers");
        assert_eq!(response.into_body().bytes(LIMIT).await.expect("it is read").len(), 999);
    }
}
