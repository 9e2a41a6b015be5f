//! Whole requests: the exact commands, their order, and every way an answer can come.

use std::time::Duration;

use http::StatusCode;
use telit_core::Category;
use telit_core::exclusive::{Holder, Service};
use telit_core::tls::TlsFailure;
use telit_https::{HttpsClient, HttpsOptions, RequestBody, RequestError};
use tokio::task::JoinHandle;

use crate::support::{Module, OK, RECEIVE, TLS_OFF, TLS_ON, block, ring, start, url};

type Answered = JoinHandle<Result<http::Response<telit_https::Body>, RequestError>>;

fn get(client: &HttpsClient, path: &str) -> Answered {
    let (client, url) = (client.clone(), url(&format!("https://api.example{path}")));
    tokio::spawn(async move { client.get(url).await })
}

async fn failure(answered: Answered) -> RequestError {
    answered.await.unwrap().unwrap_err()
}

/// Refuses the request with these words; the client gives TLS back and reports.
async fn refused_with(words: &str) -> RequestError {
    let (client, modem, mut module) = start(HttpsOptions::new());
    let answered = get(&client, "/");
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", words).await;
    module.expect(TLS_OFF, OK).await;
    let error = failure(answered).await;
    assert_eq!(modem.tls_holder(), None);
    error
}

#[tokio::test(start_paused = true)]
async fn the_sequence_of_the_guide() {
    let (client, modem, mut module) = start(HttpsOptions::new());
    let answered = get(&client, "/v1/status?a=b");
    module.expect(TLS_ON, OK).await;
    let set_up = module.set_up.join(" ");
    let (on, off) = (set_up.find("AT#SSLEN=1,1").unwrap(), set_up.find("AT#SSLEN=1,0").unwrap());
    let security = set_up.find("AT#SSLSECCFG=1,").unwrap();
    assert!(on < security && security < off, "{set_up}");
    module.expect("AT#HTTPQRY=0,0,\"/v1/status?a=b\"", OK).await;
    module.say(ring("0,200,\"text/html; charset=utf-8\",5")).await;
    let response = answered.await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers().get("content-type").unwrap(), "text/html; charset=utf-8");
    assert_eq!(response.headers().get("content-length").unwrap(), "5");
    assert_eq!(response.headers().len(), 2);
    module.expect(RECEIVE, block(b"hello")).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(response.into_body().bytes(5).await.unwrap(), "hello");
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn the_next_request_asks_for_no_ranges_and_cleans_nothing() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    for _ in 0..2 {
        let answered = get(&client, "/");
        module.expect(TLS_ON, OK).await;
        module.expect("AT#HTTPQRY=0,0,\"/\"", format!("{OK}{}", ring("0,204"))).await;
        module.expect(TLS_OFF, OK).await;
        let response = answered.await.unwrap().unwrap();
        assert!(response.headers().is_empty());
        assert_eq!(response.into_body().bytes(0).await.unwrap(), "");
    }
    let count = |line: &str| module.set_up.iter().filter(|seen| *seen == line).count();
    assert_eq!((count("AT#HTTPQRY=?"), count("AT#HTTPSND=?"), count("AT#HTTPCFG=?")), (1, 1, 1));
    assert_eq!((count("AT#HTTPCFG?"), count("AT#MQEN?")), (1, 1));
    assert_eq!((count("AT#SSLEN=1,1"), count("AT#SSLEN=1,0")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn rings_before_the_ok_with_it_and_in_pieces() {
    let ring = ring("0,204");
    let orders: [&[&str]; 4] = [
        &[&ring, OK],
        &["\r\nOK\r\n\r\n#HTTPRING: 0,204\r\n"],
        &[OK, "\r\n#HTTPR", "ING:  0,2", "04", "\r\n"],
        &[OK, "\r\n#HTTPRING: 1,200,\"a/b\",1\r\n", "\r\n+CEREG: 1\r\n", &ring],
    ];
    for pieces in orders {
        let (client, _modem, mut module) = start(HttpsOptions::new());
        let answered = get(&client, "/");
        module.expect(TLS_ON, OK).await;
        module.expect("AT#HTTPQRY=0,0,\"/\"", "").await;
        for piece in pieces {
            module.say(piece).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        module.expect(TLS_OFF, OK).await;
        assert_eq!(answered.await.unwrap().unwrap().status(), 204, "{pieces:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn head_and_delete() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let head = tokio::spawn({
        let client = client.clone();
        async move { client.head(url("https://api.example/file")).await }
    });
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,1,\"/file\"", format!("{OK}{}", ring("0,200,\"a/b\",70000"))).await;
    module.expect(TLS_OFF, OK).await;
    let response = head.await.unwrap().unwrap();
    assert_eq!(response.headers().get("content-length").unwrap(), "70000");
    assert_eq!(response.into_body().bytes(0).await.unwrap(), "");

    let delete = tokio::spawn(async move { client.delete(url("https://api.example/file")).await });
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,2,\"/file\"", format!("{OK}{}", ring("0,204,\"\",0"))).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(delete.await.unwrap().unwrap().status(), 204);
}

#[tokio::test(start_paused = true)]
async fn post_sends_every_byte_behind_the_prompt() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let body: Vec<u8> = (0..=255).chain(*b"\x1a>>>\r\nAT\r\n+++").collect();
    let post = tokio::spawn({
        let body = body.clone();
        async move { client.post(url("https://api.example/v1")).content_type("application/json").body(body).await }
    });
    module.expect(TLS_ON, OK).await;
    let line = format!("AT#HTTPSND=0,0,\"/v1\",{},\"application/json\"", body.len());
    module.expect(&line, "").await;
    // Name, connection and handshake may come first.
    tokio::time::sleep(Duration::from_secs(140)).await;
    module.say("\r\n>>>").await;
    module.expect_data(&body).await;
    tokio::time::sleep(Duration::from_secs(140)).await;
    module.say(format!("{OK}{}", ring("0,201,\"\",0"))).await;
    assert_eq!(post.await.unwrap().unwrap().status(), StatusCode::CREATED);
}

#[tokio::test(start_paused = true)]
async fn put_has_its_content_type_among_the_headers() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let request = http::Request::put("https://api.example/v1")
        .header("content-type", "text/plain")
        .header("x-id", "7")
        .body(RequestBody::from_reader(5, &b"hello"[..]))
        .unwrap();
    let put = tokio::spawn(async move { client.send(request).await });
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,1,\"/v1\",5,,\"Content-Type: text/plain>>X-Id: 7\"", "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.say(format!("{OK}{}", ring("0,204"))).await;
    assert_eq!(put.await.unwrap().unwrap().status(), 204);
}

#[tokio::test(start_paused = true)]
async fn an_empty_post_is_sent_unless_the_module_refuses_it() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let empty = client.post(url("https://api.example/")).content_type("text/plain").body("");
    let (answer, ()) = tokio::join!(empty.send(), module.expect_silence());
    assert!(matches!(answer, Err(RequestError::InvalidBody { .. })));

    let (client, _modem, mut module) = start(HttpsOptions::new());
    module.send_ranges = "#HTTPSND: (0-2),(0-1),150,(0-4096),50,100".to_owned();
    let post = tokio::spawn(async move {
        client.post(url("https://api.example/")).content_type("text/plain").body("").await
    });
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,0,\"/\",0,\"text/plain\"", "\r\n>>>").await;
    module.say(format!("{OK}{}", ring("0,204"))).await;
    assert_eq!(post.await.unwrap().unwrap().status(), 204);
}

#[tokio::test(start_paused = true)]
async fn status_0_means_no_answer_in_time() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let get = tokio::spawn(async move { client.get(url("https://api.example/")).await });
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", OK).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    module.say(ring(" 0,0")).await;
    let error = get.await.unwrap().unwrap_err();
    let (host, timeout) = ("api.example".to_owned(), Duration::from_secs(120));
    assert_eq!(error, RequestError::TimedOut { host, timeout });
}

#[tokio::test(start_paused = true)]
async fn status_0_at_once_means_that_the_server_hung_up() {
    let error = refused_with(&format!("{OK}{}", ring(" 0,0"))).await;
    assert_eq!(error, RequestError::NoAnswer { host: "api.example".to_owned() });
    assert_eq!(error.category(), Category::Network);
}

#[tokio::test(start_paused = true)]
async fn a_ring_that_never_comes_has_a_bound() {
    let started = tokio::time::Instant::now();
    let error = refused_with(OK).await;
    assert_eq!(error, RequestError::Lost { waited: Duration::from_secs(180) });
    let waited = started.elapsed();
    assert!(waited > Duration::from_secs(180) && waited < Duration::from_secs(185), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn refusals_are_explained_and_tls_is_given_back() {
    let refused = |words: &'static str| refused_with(words);
    assert!(matches!(refused("\r\n+CME ERROR: can not resolve DN\r\n").await, RequestError::Dns { .. }));
    assert!(matches!(refused("\r\n+CME ERROR: connection failed\r\n").await, RequestError::Connect { .. }));
    assert!(matches!(
        refused("\r\n+CME ERROR: context not opened\r\n").await,
        RequestError::NotOnline { .. }
    ));
    let error = refused("\r\n+CME ERROR: SSL error during handshake\r\n").await;
    assert!(matches!(error, RequestError::Tls { failure: TlsFailure::Handshake, .. }));
    assert_eq!(refused("\r\nERROR\r\n").await.category(), Category::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_refused_configuration_is_the_error() {
    let (client, modem, mut module) = start(HttpsOptions::new());
    let answered = get(&client, "/");
    module.expect(TLS_ON, "\r\nERROR\r\n").await;
    module.expect(TLS_OFF, OK).await;
    assert!(matches!(failure(answered).await, RequestError::Refused(_)));
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn tls_of_another_port_of_the_module_is_busy() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let answered = get(&client, "/");
    module.expect(TLS_ON, "\r\n+CME ERROR: SSL already activated\r\n").await;
    // Asked who it is, the module shows nobody here.
    let error = tokio::select! {
        error = failure(answered) => error,
        line = module.next() => panic!("{line}"),
    };
    assert!(matches!(error, RequestError::Busy(busy) if busy.holder == Holder::OtherPort(Service::Http)));
    assert_eq!(error.category(), Category::Busy);
}

#[tokio::test(start_paused = true)]
async fn waits_for_tls_within_its_bound() {
    let (client, modem, mut module) = start(HttpsOptions::new());
    let asking = tokio::spawn({
        let modem = modem.clone();
        async move { modem.acquire_tls(Service::Mqtt).await.unwrap() }
    });
    let lease = tokio::select! {
        lease = asking => lease.unwrap(),
        line = module.next() => panic!("{line}"),
    };
    let started = tokio::time::Instant::now();
    let answered = get(&client, "/");
    module.expect_silence().await;
    let error = failure(answered).await;
    assert!(matches!(error, RequestError::Busy(busy) if busy.holder == Holder::Here(Service::Mqtt)));
    assert_eq!(started.elapsed().as_secs(), 60);

    let impatient = client.clone().with_options(HttpsOptions::new().wait_for_tls(Duration::ZERO));
    let error = {
        let answered = get(&impatient, "/");
        module.expect_silence().await;
        failure(answered).await
    };
    assert!(matches!(error, RequestError::Busy(busy) if busy.holder == Holder::Here(Service::Mqtt)));

    let answered = get(&client, "/");
    module.expect_silence().await;
    lease.release();
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", format!("{OK}{}", ring("0,204"))).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(answered.await.unwrap().unwrap().status(), 204);
}

#[tokio::test(start_paused = true)]
async fn invalid_requests_send_nothing() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let long_path = format!("https://api.example/{}", "x".repeat(150));
    let requests = [
        http::Request::get("http://api.example/"),
        http::Request::get("https://user:pw@api.example/"),
        http::Request::patch("https://api.example/"),
        http::Request::get("/relative"),
        http::Request::get(&long_path),
        http::Request::get("https://api.example/").header("x-id", "a>>b: c"),
        http::Request::get("https://api.example/").header("host", "other.example"),
        http::Request::get("https://api.example/").header("content-length", "5"),
        http::Request::get("https://api.example/").header("authorization", "x".repeat(100)),
    ];
    for request in requests {
        let request = request.body(RequestBody::empty()).unwrap();
        let (answer, ()) = tokio::join!(client.send(request), module.expect_silence());
        let error = answer.unwrap_err();
        assert_eq!(error.category(), Category::Usage, "{error}");
        assert!(!error.to_string().contains("pw"), "{error}");
    }
    assert!(module.set_up.iter().all(|line| line.ends_with("=?")), "{:?}", module.set_up);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_program_left_unread_is_thrown_away_once() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let answered = get(&client, "/");
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", "\r\n+CME ERROR: wrong state\r\n").await;
    module.expect(RECEIVE, block(&[b'x'; 1500])).await;
    module.expect(RECEIVE, block(b"rest")).await;
    module.expect(RECEIVE, "\r\n+CME ERROR: wrong state\r\n").await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", "\r\n+CME ERROR: wrong state\r\n").await;
    module.expect(TLS_OFF, OK).await;
    assert!(matches!(failure(answered).await, RequestError::Refused(_)));
}

#[tokio::test(start_paused = true)]
async fn kept_tls_is_neither_set_up_nor_written_again() {
    let (client, modem, mut module) = start(HttpsOptions::new().keep_tls(true));
    exchange_204(&client, &mut module, true).await;
    assert_eq!(modem.tls_holder(), Some(Service::Http));
    let set_up = module.set_up.len();
    module.stored_profile = "0,\"api.example\",443,0,\"\",\"******\",1,120,1,1500,0,0".to_owned();
    exchange_204(&client, &mut module, false).await;
    assert_eq!(module.set_up[set_up..], ["AT#HTTPCFG?".to_owned()]);
    // Somebody has changed the profile.
    module.stored_profile = "0,\"other.example\",443,0,\"\",\"******\",1,120,1,1500,0,0".to_owned();
    exchange_204(&client, &mut module, true).await;
    let (released, ()) = tokio::join!(client.release_tls(), module.expect(TLS_OFF, OK));
    released.unwrap();
    assert_eq!(modem.tls_holder(), None);
    client.release_tls().await.unwrap();
}

async fn exchange_204(client: &HttpsClient, module: &mut Module, configured: bool) {
    let answered = get(client, "/");
    if configured {
        module.expect(TLS_ON, OK).await;
    }
    module.expect("AT#HTTPQRY=0,0,\"/\"", format!("{OK}{}", ring("0,204"))).await;
    let body = answered.await.unwrap().unwrap().into_body();
    assert_eq!(body.bytes(0).await.unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn a_module_without_https_is_refused() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let answered = get(&client, "/");
    let error = loop {
        // The general answers say yes, so answer the test form by hand.
        let line = module.raw_line().await;
        assert!(line.ends_with("=?"), "{line}");
        let answer = match line.as_str() {
            "AT#HTTPCFG=?" => {
                "\r\n#HTTPCFG: (0-2),63,(1-65535),(0,1),50,50,(0),(1-65535),(1-5)\r\n\r\nOK\r\n"
            }
            _ => "\r\nERROR\r\n",
        };
        module.say(answer).await;
        if line == "AT#HTTPSND=?" {
            break failure(answered).await;
        }
    };
    assert!(matches!(error, RequestError::Unsupported { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_port_that_goes_away_is_no_hang() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let answered = get(&client, "/");
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", OK).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(module);
    assert_eq!(failure(answered).await.category(), Category::Link);
}
