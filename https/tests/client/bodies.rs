//! Bodies of answers: exact bytes, every end, and readers that go away.

use std::time::Duration;

use http::Response;
use telit_core::{Category, CommandError, Modem};
use telit_https::{Body, BodyError, HttpsClient, HttpsOptions, RequestError};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::support::{Module, OK, RECEIVE, TLS_OFF, TLS_ON, block, ring, start, url};

const WRONG_STATE: &str = "\r\n+CME ERROR: wrong state\r\n";
const QUERY: &str = "AT#HTTPQRY=0,0,\"/\"";

/// The answer to a GET whose ring has these fields; its body has not been touched.
async fn answered(fields: &str) -> (Body, Module, Modem, HttpsClient) {
    answered_with(fields, HttpsOptions::new()).await
}

async fn answered_with(fields: &str, options: HttpsOptions) -> (Body, Module, Modem, HttpsClient) {
    let (client, modem, mut module) = start(options);
    let body = ask(&client, &mut module, fields).await;
    (body, module, modem, client)
}

async fn ask(client: &HttpsClient, module: &mut Module, fields: &str) -> Body {
    let answered = tokio::spawn({
        let client = client.clone();
        async move { client.get(url("https://api.example/")).await }
    });
    module.expect(TLS_ON, OK).await;
    module.expect(QUERY, format!("{OK}{}", ring(fields))).await;
    answered.await.unwrap().unwrap().into_body()
}

fn every_byte(length: usize) -> Vec<u8> {
    (0..=255).cycle().take(length).collect()
}

#[tokio::test(start_paused = true)]
async fn one_block_one_byte_more_and_several() {
    for length in [1, 1499, 1500, 1501, 3000, 4511] {
        let (body, mut module, modem, _client) = answered(&format!("0,200,\"a/b\",{length}")).await;
        assert_eq!(body.remaining(), Some(length as u64));
        let content = every_byte(length);
        let sending = async {
            for piece in content.chunks(1500) {
                module.expect(RECEIVE, block(piece)).await;
            }
            module.expect(TLS_OFF, OK).await;
        };
        let (received, ()) = tokio::join!(body.bytes(length), sending);
        assert_eq!(received.unwrap(), content);
        assert_eq!(modem.tls_holder(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_that_look_like_answers() {
    for content in [
        &b"a<<<b<<<"[..],
        b"<<<",
        b"\r\nOK\r\n",
        b"x\r\nOK\r\n\r\nOK\r\ny",
        b"\r\n+CME ERROR: 4\r\n",
        b"\r\nNO CARRIER\r\n",
    ] {
        let (body, mut module, ..) = answered(&format!("0,200,\"a/b\",{}", content.len())).await;
        // In two pieces, the first of which may look complete.
        let sending = async {
            module.expect(RECEIVE, "").await;
            let whole = block(content);
            let (first, second) = whole.split_at(whole.len() - OK.len());
            module.say(first).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            module.say(second).await;
            module.expect(TLS_OFF, OK).await;
        };
        let (received, ()) = tokio::join!(body.bytes(100), sending);
        assert_eq!(received.unwrap(), content);
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_one_at_a_time() {
    let content = every_byte(300);
    let (body, mut module, ..) = answered("0,200,\"a/b\",300").await;
    let sending = async {
        module.expect(RECEIVE, "").await;
        for byte in block(&content) {
            module.say([byte]).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        module.expect(TLS_OFF, OK).await;
    };
    let (received, ()) = tokio::join!(body.bytes(300), sending);
    assert_eq!(received.unwrap(), content);
}

#[tokio::test(start_paused = true)]
async fn without_a_length_an_empty_block_or_a_refusal_ends_the_body() {
    for end in [block(b""), WRONG_STATE.into(), b"\r\nERROR\r\n".to_vec()] {
        let (body, mut module, ..) = answered("0,200,\"a/b\",0").await;
        assert_eq!(body.remaining(), None);
        let sending = async {
            module.expect(RECEIVE, block(&every_byte(1500))).await;
            module.expect(RECEIVE, block(b"a\r\nOK\r\nb")).await;
            module.expect(RECEIVE, &end).await;
            module.expect(TLS_OFF, OK).await;
        };
        let (received, ()) = tokio::join!(body.bytes(10_000), sending);
        let expected = [&every_byte(1500)[..], b"a\r\nOK\r\nb"].concat();
        assert_eq!(received.unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_with_a_reason_is_never_the_end_of_the_body() {
    for length in [0, 2000] {
        for (reason, category) in [
            ("556", Category::Network),
            ("context down", Category::Network),
            ("561", Category::Network),
            ("socket disconnection", Category::Network),
            ("SSL error enc/dec data", Category::Network),
            ("612", Category::Busy),
            ("4", Category::Refused),
        ] {
            let (mut body, mut module, modem, _client) = answered(&format!("0,200,\"a/b\",{length}")).await;
            let sending = async {
                module.expect(RECEIVE, block(&every_byte(1500))).await;
                module.expect(RECEIVE, format!("\r\n+CME ERROR: {reason}\r\n")).await;
                module.expect(TLS_OFF, OK).await;
            };
            let receiving = async {
                assert_eq!(body.next().await.unwrap().unwrap().len(), 1500);
                let error = body.next().await.unwrap().unwrap_err();
                assert!(matches!(error, BodyError::Refused { got: 1500, .. }), "{reason}: {error:?}");
                assert_eq!(error.category(), category, "{reason}");
                assert_eq!(body.next().await, None);
            };
            tokio::join!(receiving, sending);
            assert_eq!(modem.tls_holder(), None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_page_is_tried_and_may_be_missing() {
    let (body, mut module, ..) = answered("0,404,\"\",0").await;
    let sending = async {
        module.expect(RECEIVE, WRONG_STATE).await;
        module.expect(TLS_OFF, OK).await;
    };
    let (received, ()) = tokio::join!(body.bytes(10), sending);
    assert_eq!(received.unwrap(), "");

    let (body, mut module, ..) = answered("0,404,\"\",0").await;
    let sending = async {
        module.expect(RECEIVE, block(b"not here")).await;
        module.expect(RECEIVE, block(b"")).await;
        module.expect(TLS_OFF, OK).await;
    };
    let (received, ()) = tokio::join!(body.text(10), sending);
    assert_eq!(received.unwrap(), "not here");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_before_the_announced_end_is_a_truncated_body() {
    let (mut body, mut module, modem, _client) = answered("0,200,\"a/b\",2000").await;
    let sending = async {
        module.expect(RECEIVE, block(&every_byte(1500))).await;
        module.expect(RECEIVE, WRONG_STATE).await;
        module.expect(TLS_OFF, OK).await;
    };
    let receiving = async {
        assert_eq!(body.next().await.unwrap().unwrap().len(), 1500);
        let error = body.next().await.unwrap().unwrap_err();
        assert_eq!(error, BodyError::Truncated { got: 1500, expected: 2000 });
        assert_eq!(error.category(), Category::Network);
        assert_eq!(body.next().await, None);
    };
    tokio::join!(receiving, sending);
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_short_block_does_not_end_an_announced_body() {
    let (body, mut module, ..) = answered("0,200,\"a/b\",1000").await;
    let sending = async {
        module.expect(RECEIVE, block(&every_byte(400))).await;
        module.expect(RECEIVE, block(&every_byte(1000)[400..])).await;
        module.expect(TLS_OFF, OK).await;
    };
    let (received, ()) = tokio::join!(body.bytes(1000), sending);
    assert_eq!(received.unwrap(), every_byte(1000));

    let (body, mut module, ..) = answered("0,200,\"a/b\",1000").await;
    let sending = async {
        module.expect(RECEIVE, block(&every_byte(400))).await;
        module.expect(RECEIVE, block(b"")).await;
        module.expect(TLS_OFF, OK).await;
    };
    let (received, ()) = tokio::join!(body.bytes(1000), sending);
    assert_eq!(received.unwrap_err(), BodyError::Truncated { got: 400, expected: 1000 });
}

/// The end of the answer takes the place of what is missing, so that the block itself is lost.
#[tokio::test(start_paused = true)]
async fn a_block_that_is_short_by_a_few_bytes_is_not_handed_over() {
    // With four missing nothing but an empty line is left, and the deadline ends the wait for more.
    for missing in [1, 2, 3, 5] {
        for nothing_more in [WRONG_STATE.as_bytes(), &block(b"")] {
            let (body, mut module, _modem, _client) = answered("0,200,\"a/b\",1510").await;
            let sending = async {
                module.expect(RECEIVE, block(&every_byte(1500))).await;
                module.expect(RECEIVE, block(&every_byte(10 - missing))).await;
                module.expect(RECEIVE, nothing_more).await;
                module.expect(TLS_OFF, OK).await;
            };
            let (received, ()) = tokio::join!(body.bytes(2000), sending);
            assert_eq!(received.unwrap_err(), BodyError::Truncated { got: 1500, expected: 1510 });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_the_line_has_lost_are_no_end_of_the_body() {
    let (body, mut module, _modem, _client) = answered("0,200,\"a/b\",1510").await;
    let sending = async {
        module.expect(RECEIVE, block(&every_byte(1497))).await;
        module.expect(RECEIVE, block(&every_byte(10))).await;
    };
    let (received, ()) = tokio::join!(body.bytes(2000), sending);
    let error = received.unwrap_err();
    assert!(matches!(error, BodyError::Link(CommandError::Unexpected { .. })), "{error:?}");
    assert_eq!(error.category(), Category::Link);
}

#[tokio::test(start_paused = true)]
async fn a_silent_module_is_an_error_and_the_next_request_works() {
    let (body, mut module, modem, client) = answered("0,200,\"a/b\",10").await;
    let silence = async {
        module.expect(RECEIVE, "\r\n<<<abc").await;
        // The port finds its line again by itself, and asks whether the module has restarted.
        module.next().await
    };
    let received = tokio::select! {
        received = body.bytes(10) => received,
        line = silence => panic!("unexpected {line}"),
    };
    assert!(matches!(received, Err(BodyError::Link(error)) if error.is_timeout()));
    assert_eq!(modem.tls_holder(), None);
    module.set_up.clear();
    let body = ask(&client, &mut module, "0,204").await;
    // What the failed request left is looked for.
    assert!(module.set_up.contains(&"AT#HTTPCFG?".to_owned()));
    let (received, ()) = tokio::join!(body.bytes(0), module.expect(TLS_OFF, OK));
    assert_eq!(received.unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn smaller_blocks() {
    let options = HttpsOptions::new().block_size(64);
    let (body, mut module, ..) = answered_with("0,200,\"a/b\",65", options).await;
    let sending = async {
        module.expect("AT#HTTPRCV=0,64", block(&every_byte(64))).await;
        module.expect("AT#HTTPRCV=0,64", block(b"!")).await;
        module.expect(TLS_OFF, OK).await;
    };
    let (received, ()) = tokio::join!(body.bytes(65), sending);
    assert_eq!(received.unwrap(), [&every_byte(64)[..], b"!"].concat());
}

#[tokio::test(start_paused = true)]
async fn the_short_rest_of_a_dropped_body_is_thrown_away() {
    let (body, mut module, modem, client) = answered("0,200,\"a/b\",4000").await;
    drop(body);
    module.expect(RECEIVE, block(&every_byte(1500))).await;
    module.expect(RECEIVE, block(&every_byte(1500))).await;
    module.expect(RECEIVE, block(&every_byte(1000))).await;
    module.expect(TLS_OFF, OK).await;
    module.expect_silence().await;
    assert_eq!(modem.tls_holder(), None);
    let body = ask(&client, &mut module, "0,204").await;
    let (received, ()) = tokio::join!(body.bytes(0), module.expect(TLS_OFF, OK));
    assert_eq!(received.unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn the_long_rest_of_a_dropped_body_is_left() {
    let (mut body, mut module, modem, _client) = answered("0,200,\"a/b\",1000000").await;
    module.expect(RECEIVE, block(&every_byte(1500))).await;
    assert_eq!(body.next().await.unwrap().unwrap().len(), 1500);
    drop(body);
    // The block that was under way.
    module.expect(RECEIVE, block(&every_byte(1500))).await;
    module.expect(TLS_OFF, OK).await;
    module.expect_silence().await;
    assert_eq!(modem.tls_holder(), None);
}

/// A body of 400 kB was dropped and left; then the module refused this request because of it.
async fn refused_because_of_the_rest() -> (Module, Modem, JoinHandle<Result<Response<Body>, RequestError>>) {
    let (body, mut module, modem, client) = answered("0,200,\"a/b\",400000").await;
    drop(body);
    module.expect(RECEIVE, block(&every_byte(1500))).await;
    module.expect(TLS_OFF, OK).await;
    let answered = tokio::spawn(async move { client.get(url("https://api.example/")).await });
    module.expect(TLS_ON, OK).await;
    module.expect(QUERY, WRONG_STATE).await;
    (module, modem, answered)
}

#[tokio::test(start_paused = true)]
async fn the_next_request_reads_the_long_rest_to_its_end() {
    let (mut module, _modem, answered) = refused_because_of_the_rest().await;
    for piece in every_byte(398_500).chunks(1500) {
        module.expect(RECEIVE, block(piece)).await;
    }
    module.expect(RECEIVE, WRONG_STATE).await;
    module.expect(QUERY, format!("{OK}{}", ring("0,204"))).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(answered.await.unwrap().unwrap().status(), 204);
}

/// Nobody wants it, so why there is no more of it does not matter.
#[tokio::test(start_paused = true)]
async fn a_rest_that_the_module_has_lost_is_no_error_of_the_next_request() {
    for reason in ["+CME ERROR: socket disconnection", "+CME ERROR: 609", "+CME ERROR: 4", "ERROR"] {
        let (mut module, _modem, answered) = refused_because_of_the_rest().await;
        module.expect(RECEIVE, block(&every_byte(1500))).await;
        module.expect(RECEIVE, format!("\r\n{reason}\r\n")).await;
        module.expect(QUERY, format!("{OK}{}", ring("0,204"))).await;
        module.expect(TLS_OFF, OK).await;
        assert_eq!(answered.await.unwrap().unwrap().status(), 204, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rest_that_takes_too_long_is_ended_by_resetting_the_profile() {
    for helps in [true, false] {
        let (mut module, modem, answered) = refused_because_of_the_rest().await;
        let started = Instant::now();
        let last = loop {
            let line = module.next().await;
            if line != RECEIVE {
                break line;
            }
            tokio::time::sleep(Duration::from_secs(7)).await;
            module.say(block(&every_byte(1500))).await;
        };
        assert_eq!(last, "AT#HTTPCFG=0");
        let seconds = started.elapsed().as_secs();
        assert!((120..=130).contains(&seconds), "{seconds}");
        module.say(OK).await;
        module.expect(TLS_ON, OK).await;
        let answer = if helps { format!("{OK}{}", ring("0,204")) } else { WRONG_STATE.to_owned() };
        module.expect(QUERY, answer).await;
        module.expect(TLS_OFF, OK).await;
        match answered.await.unwrap() {
            Ok(response) => {
                assert!(helps && response.status() == 204);
                assert_eq!(response.into_body().bytes(0).await.unwrap(), "");
            }
            Err(error) => assert!(!helps && matches!(error, RequestError::Refused(_)), "{error:?}"),
        }
        assert_eq!(modem.tls_holder(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_reads_the_rest_for_a_request_that_was_dropped() {
    let (mut module, modem, answered) = refused_because_of_the_rest().await;
    module.expect(RECEIVE, block(&every_byte(1500))).await;
    assert_eq!(module.next().await, RECEIVE);
    answered.abort();
    tokio::time::sleep(Duration::from_millis(10)).await;
    module.say(block(&every_byte(1500))).await;
    module.expect(TLS_OFF, OK).await;
    module.expect_silence().await;
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_endless_body_is_left_after_a_while() {
    let (body, mut module, ..) = answered("0,200,\"a/b\",0").await;
    drop(body);
    let mut blocks = 0;
    while module.next().await == RECEIVE {
        blocks += 1;
        module.say(block(&every_byte(1500))).await;
    }
    // The block that was under way, and more than 64 KiB.
    assert_eq!(blocks, 1 + 64 * 1024 / 1500 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_body_gives_tls_back_although_nobody_reads() {
    let (body, mut module, modem, _client) = answered("0,200,\"a/b\",3000").await;
    module.expect(RECEIVE, block(&every_byte(1500))).await;
    module.expect(RECEIVE, block(&every_byte(1500))).await;
    module.expect(TLS_OFF, OK).await;
    module.expect_silence().await;
    assert_eq!(modem.tls_holder(), None);
    assert_eq!(body.bytes(3000).await.unwrap().len(), 3000);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_holds_the_module_but_loses_nothing() {
    let content = every_byte(20 * 1500);
    let (body, mut module, modem, _client) = answered(&format!("0,200,\"a/b\",{}", content.len())).await;
    let mut pieces = content.chunks(1500);
    for piece in pieces.by_ref().take(17) {
        module.expect(RECEIVE, block(piece)).await;
    }
    module.expect_silence().await;
    assert!(modem.tls_holder().is_some());
    let sending = async {
        for piece in pieces {
            module.expect(RECEIVE, block(piece)).await;
        }
        module.expect(TLS_OFF, OK).await;
    };
    let (received, ()) = tokio::join!(body.bytes(content.len()), sending);
    assert_eq!(received.unwrap(), content);
}
