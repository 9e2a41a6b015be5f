//! Requests whose future is dropped: whatever was begun ends in order, and the next one works.

use std::time::Duration;

use telit_https::{HttpsClient, HttpsOptions};

use crate::support::{Module, OK, RECEIVE, TLS_OFF, TLS_ON, block, ring, start, url};

const QUERY: &str = "AT#HTTPQRY=0,0,\"/\"";

fn get(client: &HttpsClient) -> tokio::task::JoinHandle<()> {
    let client = client.clone();
    tokio::spawn(async move { drop(client.get(url("https://api.example/")).await) })
}

async fn works(client: &HttpsClient, module: &mut Module) {
    let client = client.clone();
    let answered = tokio::spawn(async move { client.get(url("https://api.example/")).await });
    module.expect(TLS_ON, OK).await;
    module.expect(QUERY, format!("{OK}{}", ring("0,200,\"a/b\",2"))).await;
    module.expect(RECEIVE, block(b"ok")).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(answered.await.unwrap().unwrap().into_body().bytes(2).await.unwrap(), "ok");
}

#[tokio::test(start_paused = true)]
async fn dropped_before_the_request_was_written_it_is_not_sent() {
    let (client, modem, mut module) = start(HttpsOptions::new());
    let request = get(&client);
    assert_eq!(module.next().await, TLS_ON);
    request.abort();
    tokio::time::sleep(Duration::from_millis(10)).await;
    module.say(OK).await;
    module.expect(TLS_OFF, OK).await;
    module.expect_silence().await;
    assert_eq!(modem.tls_holder(), None);
    works(&client, &mut module).await;
}

#[tokio::test(start_paused = true)]
async fn dropped_while_the_request_is_sent_its_answer_is_thrown_away() {
    let (client, modem, mut module) = start(HttpsOptions::new());
    let request = get(&client);
    module.expect(TLS_ON, OK).await;
    assert_eq!(module.next().await, QUERY);
    request.abort();
    tokio::time::sleep(Duration::from_secs(1)).await;
    module.say(OK).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    module.say(ring("0,200,\"a/b\",5")).await;
    module.expect(RECEIVE, block(b"hello")).await;
    module.expect(TLS_OFF, OK).await;
    module.expect_silence().await;
    assert_eq!(modem.tls_holder(), None);
    works(&client, &mut module).await;
}

#[tokio::test(start_paused = true)]
async fn dropped_while_the_answer_is_awaited_the_next_request_waits_for_it() {
    let (client, _modem, mut module) = start(HttpsOptions::new());
    let request = get(&client);
    module.expect(TLS_ON, OK).await;
    module.expect(QUERY, OK).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    request.abort();
    let next = tokio::spawn({
        let client = client.clone();
        async move { client.get(url("https://api.example/next")).await }
    });
    module.expect_silence().await;
    // The late answer is not taken for the next one's.
    module.say(ring("0,500,\"\",0")).await;
    module.expect(RECEIVE, "\r\nERROR\r\n").await;
    module.expect(TLS_OFF, OK).await;
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/next\"", format!("{OK}{}", ring("0,204"))).await;
    assert_eq!(next.await.unwrap().unwrap().status(), 204);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_dropped_while_it_waits_still_gives_tls_back() {
    let (client, modem, mut module) = start(HttpsOptions::new().keep_tls(true));
    let request = get(&client);
    module.expect(TLS_ON, OK).await;
    module.expect(QUERY, OK).await;
    let releasing = tokio::spawn({
        let client = client.clone();
        async move { client.release_tls().await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    releasing.abort();
    module.say(ring("0,204")).await;
    let line = tokio::time::timeout(Duration::from_secs(60), module.next()).await;
    assert_eq!(line.as_deref(), Ok(TLS_OFF));
    module.say(OK).await;
    request.await.unwrap();
    module.expect_silence().await;
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn dropped_at_any_moment_the_next_request_works() {
    for moment in 0..60 {
        let (client, modem, mut module) = start(HttpsOptions::new());
        let request = get(&client);
        let serving = async {
            loop {
                let answer = match module.next().await.as_str() {
                    QUERY => format!("{OK}{}", ring("0,200,\"a/b\",5")).into_bytes(),
                    RECEIVE => block(b"hello"),
                    TLS_ON | TLS_OFF => OK.into(),
                    other => panic!("{other}"),
                };
                tokio::time::sleep(Duration::from_millis(20)).await;
                module.say(answer).await;
            }
        };
        // The module goes on serving what is under way.
        let dropping = async {
            tokio::time::sleep(Duration::from_millis(10 * moment)).await;
            request.abort();
            tokio::time::sleep(Duration::from_secs(2)).await;
        };
        tokio::select! {
            () = serving => {}
            () = dropping => {}
        }
        assert_eq!(modem.tls_holder(), None, "moment {moment}");
        works(&client, &mut module).await;
    }
}
