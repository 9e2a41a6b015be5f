//! Trying again: what, when, and how often.

use std::time::Duration;

use telit_core::{Backoff, Category};
use telit_https::{HttpsClient, HttpsOptions, RequestError, Retry};
use tokio::time::Instant;

use crate::support::{Module, OK, RECEIVE, TLS_OFF, TLS_ON, block, ring, start, start_watched};

/// Waits whose bound is known, although they are drawn.
const WAITS: Backoff = Backoff::new(Duration::from_secs(8), Duration::from_secs(8));

fn patient() -> HttpsOptions {
    HttpsOptions::new().retry(Retry::default().max_attempts(2).backoff(WAITS))
}

fn get(client: &HttpsClient) -> tokio::task::JoinHandle<Result<http::StatusCode, RequestError>> {
    let get = client.get("https://api.example/");
    tokio::spawn(async move { Ok(get.await?.status()) })
}

fn post(client: &HttpsClient) -> tokio::task::JoinHandle<Result<http::StatusCode, RequestError>> {
    let post = client.post("https://api.example/").body("hello");
    tokio::spawn(async move { Ok(post.await?.status()) })
}

/// One GET and the answer to it.
async fn answer(module: &mut Module, fields: &str) {
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", format!("{OK}{}", ring(fields))).await;
}

async fn ends(module: &mut Module) {
    module.expect(TLS_OFF, OK).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_asked_again_after_a_while() {
    let (client, _modem, mut module) = start(patient());
    let began = Instant::now();
    let answered = get(&client);
    answer(&mut module, "0,503,\"\",5").await;
    // The body of an answer that nobody gets is read, and TLS given back, before the wait.
    module.expect(RECEIVE, block(b"later")).await;
    ends(&mut module).await;
    answer(&mut module, "0,502,\"\",0").await;
    module.expect(RECEIVE, "\r\n+CME ERROR: wrong state\r\n").await;
    ends(&mut module).await;
    answer(&mut module, "0,204").await;
    ends(&mut module).await;
    assert_eq!(answered.await.unwrap().unwrap(), 204);
    assert!(began.elapsed() < Duration::from_secs(2 * 8 + 5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_not_read_to_its_end_before_the_next_attempt() {
    let (client, _modem, mut module) = start(patient());
    let answered = get(&client);
    answer(&mut module, "0,503").await;
    let began = Instant::now();
    loop {
        match module.next().await.as_str() {
            RECEIVE => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                module.say(block(b".")).await;
            }
            line => break assert_eq!(line, TLS_OFF),
        }
        // Ten seconds for whoever asked, ten for the task that reads, and a block each: the rest stays on the module.
        assert!(began.elapsed() < Duration::from_secs(28), "{:?}", began.elapsed());
    }
    module.say(OK).await;
    answer(&mut module, "0,204").await;
    ends(&mut module).await;
    assert_eq!(answered.await.unwrap().unwrap(), 204);
}

#[tokio::test(start_paused = true)]
async fn the_last_answer_is_handed_through() {
    let (client, _modem, mut module) = start(patient());
    let answered = get(&client);
    for _ in 0..3 {
        answer(&mut module, "0,503").await;
        module.expect(RECEIVE, "\r\n+CME ERROR: wrong state\r\n").await;
        ends(&mut module).await;
    }
    assert_eq!(answered.await.unwrap().unwrap(), 503);
    module.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_is_not_done_twice() {
    let (client, _modem, mut module) = start(patient());
    let answered = post(&client);
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,0,\"/\",5", "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.say(OK).await;
    module.say(ring("0,0")).await;
    ends(&mut module).await;
    let error = answered.await.unwrap().unwrap_err();
    assert_eq!(error, RequestError::NoAnswer { host: "api.example".to_owned() });
    module.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_sent_again_whatever_it_is() {
    let (client, _modem, mut module) = start(patient());
    let answered = post(&client);
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,0,\"/\",5", "\r\n+CME ERROR: can not resolve DN\r\n").await;
    ends(&mut module).await;
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,0,\"/\",5", "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.say(format!("{OK}{}", ring("0,204"))).await;
    ends(&mut module).await;
    assert_eq!(answered.await.unwrap().unwrap(), 204);
}

/// The module had got the body when it refused, so nobody knows what it has sent by then.
#[tokio::test(start_paused = true)]
async fn what_was_refused_behind_its_body_is_not_sent_again() {
    for refusal in [
        "+CME ERROR: context not opened",
        "+CME ERROR: 609",
        "+CME ERROR: can not open socket",
        "+CME ERROR: wrong state",
        "ERROR",
    ] {
        let (client, modem, mut module) = start(patient());
        let answered = post(&client);
        module.expect(TLS_ON, OK).await;
        module.expect("AT#HTTPSND=0,0,\"/\",5", "\r\n>>>").await;
        module.expect_data(b"hello").await;
        module.say(format!("\r\n{refusal}\r\n")).await;
        ends(&mut module).await;
        let error = answered.await.unwrap().unwrap_err();
        assert!(error.may_have_taken_effect(), "{refusal}: {error:?}");
        module.expect_silence().await;
        assert_eq!(modem.tls_holder(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_may_have_done_is_not_forgotten() {
    let (client, _modem, mut module) = start(patient());
    let put = client.put("https://api.example/").body("hello");
    let answered = tokio::spawn(async move { put.await });
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPSND=0,1,\"/\",5", "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.say(format!("{OK}{}", ring("0,0"))).await;
    ends(&mut module).await;
    for _ in 0..2 {
        module.expect(TLS_ON, OK).await;
        module.expect("AT#HTTPSND=0,1,\"/\",5", "\r\n+CME ERROR: can not resolve DN\r\n").await;
        ends(&mut module).await;
    }
    let error = answered.await.unwrap().unwrap_err();
    let RequestError::AfterEarlier { error: last } = &error else { panic!("{error:?}") };
    assert!(matches!(**last, RequestError::Dns { .. }), "{last:?}");
    assert_eq!((error.category(), error.may_have_taken_effect()), (Category::Network, true));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_was_answered_may_be_done() {
    let (client, _modem, mut module) = start(patient());
    let delete = client.delete("https://api.example/");
    let answered = tokio::spawn(async move { delete.await });
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,2,\"/\"", format!("{OK}{}", ring("0,504"))).await;
    module.expect(RECEIVE, "\r\n+CME ERROR: wrong state\r\n").await;
    ends(&mut module).await;
    for _ in 0..2 {
        module.expect(TLS_ON, OK).await;
        module.expect("AT#HTTPQRY=0,2,\"/\"", "\r\n+CME ERROR: can not resolve DN\r\n").await;
        ends(&mut module).await;
    }
    let error = answered.await.unwrap().unwrap_err();
    assert!(matches!(error, RequestError::AfterEarlier { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_earlier_attempt_that_only_asked_leaves_nothing_open() {
    let (client, _modem, mut module) = start(patient());
    let answered = get(&client);
    answer(&mut module, "0,0").await;
    ends(&mut module).await;
    for _ in 0..2 {
        module.expect(TLS_ON, OK).await;
        module.expect("AT#HTTPQRY=0,0,\"/\"", "\r\n+CME ERROR: can not resolve DN\r\n").await;
        ends(&mut module).await;
    }
    let error = answered.await.unwrap().unwrap_err();
    assert!(matches!(error, RequestError::Dns { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn without_being_asked_for_nothing_is_tried_again() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let answered = get(&client);
    answer(&mut module, "0,503").await;
    module.expect(RECEIVE, "\r\n+CME ERROR: wrong state\r\n").await;
    ends(&mut module).await;
    assert_eq!(answered.await.unwrap().unwrap(), 503);
    module.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_module_that_restarts_is_asked_again() {
    let (client, _modem, mut module) = start_watched(patient()).await;
    let answered = get(&client);
    module.expect(TLS_ON, OK).await;
    module.restart();
    module.expect("AT#HTTPQRY=0,0,\"/\"", "\r\nERROR\r\n").await;
    answer(&mut module, "0,204").await;
    ends(&mut module).await;
    assert_eq!(answered.await.unwrap().unwrap(), 204);
}
