//! What a request builder makes of what it is given.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use telit_core::Category;
use telit_https::{
    Engine, EngineReason, EngineUsed, FinalUrl, HttpsOptions, RedirectNotFollowed, RequestBody,
    RequestBuilder, RequestError,
};
use tokio::time::Instant;

use crate::support::{Module, OK, TLS_OFF, TLS_ON, ring, start, url};

/// Sends a request that the module answers with 204, and gives its command.
async fn command(request: RequestBuilder, module: &mut Module) -> String {
    let answered = tokio::spawn(request.send());
    module.expect(TLS_ON, OK).await;
    let line = module.next().await;
    if line.starts_with("AT#HTTPSND") {
        module.say("\r\n>>>").await;
    }
    module.say(format!("{OK}{}", ring("0,204"))).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(answered.await.unwrap().unwrap().status(), 204);
    line
}

#[tokio::test(start_paused = true)]
async fn credentials_and_headers_go_as_headers() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let get = || client.get("https://api.example/");
    let line = command(get().bearer_auth("old").bearer_auth("t0ken"), &mut module).await;
    assert_eq!(line, "AT#HTTPQRY=0,0,\"/\",\"Authorization: Bearer t0ken\"");
    let line = command(get().basic_auth("Aladdin", "open sesame"), &mut module).await;
    assert_eq!(line, "AT#HTTPQRY=0,0,\"/\",\"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\"");
    let mut headers = HeaderMap::new();
    for value in ["1", "2"] {
        headers.append("x-id", HeaderValue::from_static(value));
    }
    let line = command(get().header("x-id", "0").headers(headers), &mut module).await;
    assert_eq!(line, "AT#HTTPQRY=0,0,\"/\",\"X-Id: 0>>X-Id: 1>>X-Id: 2\"");
}

#[tokio::test(start_paused = true)]
async fn a_request_in_the_making_shows_no_secrets() {
    let (client, _modem, _module) = start(HttpsOptions::new());
    let request = client.post("https://api.example/v1?token=s3cr3t").bearer_auth("s3cr3t").body("s3cr3t");
    let shown = format!("{request:?}");
    assert!(shown.contains("https://api.example/v1?[redacted]") && !shown.contains("s3cr3t"), "{shown}");
}

#[cfg(feature = "json")]
#[tokio::test(start_paused = true)]
async fn a_value_as_json() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let value = std::collections::BTreeMap::from([("celsius", 21.5)]);
    let answered = tokio::spawn(client.post("https://api.example/v1").json(&value).send());
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,0,\"/v1\",16,\"application/json\"", "\r\n>>>").await;
    module.expect_data(br#"{"celsius":21.5}"#).await;
    module.say(format!("{OK}{}", ring("0,204"))).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(answered.await.unwrap().unwrap().status(), 204);
}

#[tokio::test(start_paused = true)]
async fn the_name_of_the_client_is_sent_if_it_has_one() {
    let (client, _modem, mut module) = start(HttpsOptions::new().user_agent("device/7"));
    let line = command(client.get("https://api.example/"), &mut module).await;
    assert_eq!(line, "AT#HTTPQRY=0,0,\"/\",\"User-Agent: device/7\"");
    let own = client.get("https://api.example/").header("user-agent", "other/1");
    assert_eq!(command(own, &mut module).await, "AT#HTTPQRY=0,0,\"/\",\"User-Agent: other/1\"");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_one_request() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let answered = tokio::spawn(client.get("https://api.example/").timeout(Duration::from_secs(7)).send());
    module.expect("AT#HTTPCFG=0,\"api.example\",443,0,,,1,7,1", OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", OK).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    module.say(ring("0,0")).await;
    module.expect("AT#HTTPCFG=0,\"api.example\",443,0,,,0,7,1", OK).await;
    let (host, timeout) = ("api.example".to_owned(), Duration::from_secs(7));
    assert_eq!(answered.await.unwrap().unwrap_err(), RequestError::TimedOut { host, timeout });
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_when_it_is_sent_and_nothing_goes() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let get = || client.get("https://api.example/");
    let secret = "s3cr3t";
    let requests = [
        client.get("no url"),
        client.get(format!("https://user:{secret}@api.example/")),
        get().header("x id", "1"),
        get().header("x-id", format!("{secret}\r\nEvil: 1")),
        get().header("x-id", format!("{secret}gr\u{fc}n")),
        get().bearer_auth(format!("{secret}\n")),
        get().basic_auth("a:b", secret),
        get().content_type("text/plain\r\n"),
        get().header("content-length", "5"),
        get().timeout(Duration::ZERO),
        get().timeout(Duration::from_millis(500)),
        client.request(http::Method::CONNECT, "https://api.example/"),
        client.post("https://api.example/").body(RequestBody::from_stream(3, OneBlock(Some("four")))),
    ];
    for request in requests {
        let (answer, ()) = tokio::join!(request.send(), module.expect_silence());
        let error = answer.unwrap_err();
        assert_eq!(error.category(), Category::Usage, "{error}");
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
}

struct OneBlock(Option<&'static str>);

impl futures_core::Stream for OneBlock {
    type Item = Result<bytes::Bytes, std::convert::Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(|text| Ok(bytes::Bytes::from_static(text.as_bytes()))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_of_unknown_length_is_read_before_the_module_is_told() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let body = RequestBody::wrap_stream(OneBlock(Some("hello")));
    let answered = tokio::spawn(client.put("https://api.example/").body(body).send());
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,1,\"/\",5", "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.say(format!("{OK}{}", ring("0,204"))).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(answered.await.unwrap().unwrap().status(), 204);
    // 4096 bytes are the most that this module takes.
    let body = RequestBody::wrap_reader(tokio::io::repeat(b'x'));
    let (answer, ()) =
        tokio::join!(client.put("https://api.example/").body(body).send(), module.expect_silence());
    let expected =
        "invalid request body: it is longer than the 4096 bytes that are read into memory for the module";
    assert_eq!(answer.unwrap_err().to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_a_caller_may_send_bounds_bodies_of_unknown_length_too() {
    let (client, _modem, mut module) = start(HttpsOptions::new().max_request_body(10));
    for engine in [Engine::Auto, Engine::Module] {
        let body = RequestBody::wrap_reader(&b"hello, world"[..]);
        let put = client.put("https://api.example/").engine(engine).body(body).send();
        let (answer, ()) = tokio::join!(put, module.expect_silence());
        let expected = "invalid request body: it has more than the 10 bytes that the client sends at most";
        assert_eq!(answer.unwrap_err().to_string(), expected, "{engine}");
    }
}

/// This module does not tell how much it takes.
#[tokio::test(start_paused = true)]
async fn a_long_stream_is_not_read_into_memory() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    module.send_ranges = "# HTTPSND: (0-2),(0-1),150".to_owned();
    let body = RequestBody::from_reader(1 << 40, tokio::io::repeat(b'x'));
    let (answer, ()) =
        tokio::join!(client.put("https://api.example/").body(body).send(), module.expect_silence());
    let expected =
        "invalid request body: it is longer than the 1048576 bytes that are read into memory for the module";
    assert_eq!(answer.unwrap_err().to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_ends_with_the_timeout() {
    let (client, modem, mut module) = start(HttpsOptions::new());
    for length in [Some(5), None] {
        let (_never, reader) = tokio::io::duplex(8);
        let body = match length {
            Some(length) => RequestBody::from_reader(length, reader),
            None => RequestBody::wrap_reader(reader),
        };
        let began = Instant::now();
        let put = client.put("https://api.example/").body(body).timeout(Duration::from_secs(7)).send();
        let error = module.serve(put).await.unwrap_err();
        assert_eq!(error.to_string(), "invalid request body: it gave nothing within 7s");
        // Asking the module for its limits takes a moment.
        assert_eq!(began.elapsed().as_secs(), 7);
        assert_eq!(modem.tls_holder(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_that_the_module_hides_is_handed_through_with_the_reason() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let answered = tokio::spawn(client.get("https://api.example/old").send());
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/old\"", format!("{OK}{}", ring("0,302,\"\",0"))).await;
    let response = answered.await.unwrap().unwrap();
    assert_eq!(response.status(), 302);
    let extensions = response.extensions();
    assert_eq!(extensions.get(), Some(&RedirectNotFollowed::LocationHidden));
    assert_eq!(extensions.get(), Some(&FinalUrl(url("https://api.example/old"))));
    let used: &EngineUsed = extensions.get().unwrap();
    assert_eq!((used.engine, &used.because), (Engine::Module, &EngineReason::Asked));
}

#[cfg(feature = "tower")]
#[tokio::test(start_paused = true)]
async fn as_a_tower_service() {
    use tower_service::Service;
    let (mut client, _modem, mut module) = start(HttpsOptions::new());
    std::future::poll_fn(|context| Service::<http::Request<String>>::poll_ready(&mut client, context))
        .await
        .unwrap();
    let request = http::Request::post("https://api.example/").body("hello".to_owned()).unwrap();
    let answered = tokio::spawn(client.call(request));
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,0,\"/\",5", "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.say(format!("{OK}{}", ring("0,204"))).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(answered.await.unwrap().unwrap().status(), 204);
}
