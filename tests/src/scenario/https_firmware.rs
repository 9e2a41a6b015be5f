//! Modules whose HTTP client differs in what no manual tells, or tells in two ways: the same answers, or the reason.

use http::Method;
use telit_core::Modem;
use telit_core::tls::TlsOptions;
use telit_https::{BodyError, Engine, EngineUsed, HttpsClient, HttpsOptions, RequestError};
use telit_simulator::Quirk;
use telit_simulator::servers::{TestServers, pattern};

use crate::rig::Rig;

/// More than every body in here.
const LIMIT: usize = 1 << 20;

async fn rig(quirk: Quirk) -> (Rig, HttpsClient) {
    let rig = Rig::start_with(|module| module.quirk(quirk), Modem::builder()).await;
    let tls = TlsOptions::builder().ca(rig.ca()).build().expect("it fits");
    let client = HttpsClient::new(&rig.modem, tls).with_options(HttpsOptions::new().engine(Engine::Module));
    (rig, client)
}

fn url(path: &str) -> String {
    format!("https://{}{path}", TestServers::REST_NAME)
}

/// Status, type and body of an answer.
async fn get(client: &HttpsClient, path: &str) -> (u16, Option<String>, Vec<u8>) {
    let response = client.get(url(path)).await.expect("it answers");
    let kind =
        response.headers().get("content-type").map(|kind| kind.to_str().expect("it is text").to_owned());
    let status = response.status().as_u16();
    (status, kind, response.into_body().bytes(LIMIT).await.expect("it is read").to_vec())
}

/// Bodies of known and of unknown length, failures, and a body that nobody reads.
async fn everything_goes(quirk: Quirk) {
    let (rig, client) = rig(quirk).await;
    let octets = Some("application/octet-stream".to_owned());
    for size in [0, 1, 64, 1500, 1501, 20_000] {
        let expected = (200, octets.clone(), pattern(size).to_vec());
        assert!(get(&client, &format!("/bytes/{size}")).await == expected, "{}: {size}", quirk.name());
        let expected = (200, octets.clone(), pattern(size).to_vec());
        assert!(get(&client, &format!("/chunked/{size}")).await == expected, "{}: {size}", quirk.name());
    }
    // The type is not told.
    assert_eq!(get(&client, "/status/404").await, (404, None, b"status 404\n".to_vec()));
    assert_eq!(get(&client, "/status/204").await.2, b"");
    let mut dropped = client.get(url("/bytes/200000")).await.expect("it answers").into_body();
    dropped.next().await.expect("it has data").expect("they are read");
    drop(dropped);
    let answer = client.post(url("/echo")).body("\r\n>>>\r\nOK\r\n").await.expect("it answers");
    assert_eq!(answer.into_body().bytes(LIMIT).await.expect("it is read"), "\r\n>>>\r\nOK\r\n");
    let nobody = client.get(format!("https://{}:1/", TestServers::REST_NAME)).await;
    let error = nobody.expect_err("nobody is there");
    let right = match quirk {
        // The module tells no more.
        Quirk::HttpFailuresRing => matches!(error, RequestError::NoAnswer { .. }),
        _ => matches!(error, RequestError::Connect { .. } | RequestError::Dns { .. }),
    };
    assert!(right, "{}: {error:?}", quirk.name());
    assert_eq!(get(&client, "/health").await.2, br#"{"status":"ok"}"#);
    assert_eq!(rig.modem.tls_holder(), None);
}

macro_rules! everything_goes_with {
    ($($name:ident $quirk:ident)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                everything_goes(Quirk::$quirk).await;
            }
        )+
    };
}

everything_goes_with! {
    failures_in_the_ring HttpFailuresRing
    a_connection_before_the_prompt ConnectsBeforePrompt
    two_blanks_in_the_ring HttpringTwoBlanks
    no_quotes_in_the_ring HttpringWithoutQuotes
    a_short_ring HttpringWithoutTail
    unread_bodies_in_the_way UnreadBodyBlocks
    short_blocks HttpBlocksShort
    no_empty_block NoEmptyBlock
}

#[tokio::test]
async fn a_body_of_no_bytes_goes_where_the_module_takes_it() {
    let (rig, client) = rig(Quirk::EmptyBodiesTaken).await;
    for method in [Method::POST, Method::PUT] {
        let response = client.request(method, url("/echo")).body("").await.expect("it answers");
        assert_eq!(response.into_body().bytes(LIMIT).await.expect("it is read"), "");
    }
    let requests = rig.servers.rest().requests();
    let lengths: Vec<_> = requests.iter().map(|request| request.header("content-length")).collect();
    assert_eq!(lengths, [Some("0"), Some("0")]);
}

#[tokio::test]
async fn without_tls_or_without_a_client_this_computer_asks() {
    for quirk in [Quirk::HttpWithoutTls, Quirk::NoHttp] {
        let (_rig, client) = rig(quirk).await;
        let error = client.get(url("/health")).await.expect_err("it has none");
        assert!(matches!(error, RequestError::Unsupported { .. }), "{}: {error:?}", quirk.name());
        let client = client.with_options(HttpsOptions::new());
        let response = client.get(url("/health")).await.expect("it answers");
        let used = response.extensions().get::<EngineUsed>().expect("it is told");
        assert_eq!(used.engine, Engine::Socket, "{}: {used}", quirk.name());
        assert_eq!(response.into_body().bytes(LIMIT).await.expect("it is read"), r#"{"status":"ok"}"#);
    }
}

/// Without the mark nothing tells a body from an answer.
#[tokio::test]
async fn a_body_without_its_mark_is_an_error() {
    let (rig, client) = rig(Quirk::BodyWithoutMark).await;
    for path in ["/bytes/1500", "/chunked/1500"] {
        let body = client.get(url(path)).await.expect("it answers").into_body();
        let body = body.bytes(LIMIT).await;
        assert_eq!(body, Err(BodyError::MarkMissing { got: 0 }), "{path}");
        assert_eq!(get(&client, "/status/204").await.0, 204);
    }
    assert_eq!(rig.modem.tls_holder(), None);
}
