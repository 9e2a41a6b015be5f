//! The module restarts, or its port is lost, under a request.

use std::time::Duration;

use telit_core::Category;
use telit_core::commands::ReadErrorFormat;
use telit_https::{Body, BodyError, HttpsClient, HttpsOptions, RequestError};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::support::{Module, OK, RECEIVE, TLS_OFF, TLS_ON, block, ring, start_watched, url};

type Answered = JoinHandle<Result<http::Response<Body>, RequestError>>;

const QUERY: &str = "AT#HTTPQRY=0,0,\"/\"";
const SEND: &str = "AT#HTTPSND=0,0,\"/\",5,\"text/plain\"";
/// Nothing that fails because of a known loss takes longer.
const PROMPT: Duration = Duration::from_secs(1);

fn get(client: &HttpsClient) -> Answered {
    let client = client.clone();
    tokio::spawn(async move { client.get(url("https://api.example/")).await })
}

fn post(client: &HttpsClient) -> Answered {
    let client = client.clone();
    tokio::spawn(async move {
        client.post(url("https://api.example/")).content_type("text/plain").body("hello").await
    })
}

/// Somebody else's command shows the restart.
async fn restart_and_tell(module: &mut Module, modem: &telit_core::Modem) {
    module.restart();
    assert_eq!(module.serve(modem.run(ReadErrorFormat)).await, Ok(2));
    assert_eq!(modem.health().now().restarts, 1);
}

/// What the failed request has left is switched off, TLS is set up, and a whole answer comes.
async fn assert_works(client: &HttpsClient, module: &mut Module) {
    module.set_up.clear();
    let answered = get(client);
    module.expect(TLS_ON, OK).await;
    let position = |line: &str| module.set_up.iter().position(|sent| sent.starts_with(line)).unwrap();
    assert!(position("AT#HTTPCFG?") < position("AT#SSLSECCFG"), "{:?}", module.set_up);
    module.expect(QUERY, format!("{OK}{}", ring("0,200,\"a/b\",2"))).await;
    let body = answered.await.unwrap().unwrap().into_body();
    module.expect(RECEIVE, block(b"ok")).await;
    module.expect(TLS_OFF, OK).await;
    assert_eq!(body.bytes(2).await.unwrap(), "ok");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_answer_ends_at_once() {
    let (client, modem, mut module) = start_watched(HttpsOptions::new()).await;
    let answered = post(&client);
    module.expect(TLS_ON, OK).await;
    module.expect(SEND, "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.say(OK).await;
    let began = Instant::now();
    restart_and_tell(&mut module, &modem).await;
    let error = module.serve(answered).await.unwrap().unwrap_err();
    assert_eq!(error, RequestError::ModuleRestarted { sent: true });
    assert!(error.may_have_taken_effect());
    assert_eq!(error.category(), Category::Link);
    assert_eq!(error.to_string(), "the module has restarted; the server may have got the request");
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
    assert_eq!(modem.tls_holder(), None);
    assert_works(&client, &mut module).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_restart_swallowed_may_have_taken_effect() {
    let (client, _modem, mut module) = start_watched(HttpsOptions::new()).await;
    let answered = post(&client);
    module.expect(TLS_ON, OK).await;
    module.expect(SEND, "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.restart();
    let error = module.serve(answered).await.unwrap().unwrap_err();
    assert_eq!(error, RequestError::ModuleRestarted { sent: true });
    assert_works(&client, &mut module).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_a_restarted_module_refuses_was_not_sent() {
    let (client, _modem, mut module) = start_watched(HttpsOptions::new()).await;
    let answered = post(&client);
    module.expect(TLS_ON, OK).await;
    module.restart();
    module.expect(SEND, "\r\n+CME ERROR: context not opened\r\n").await;
    let error = module.serve(answered).await.unwrap().unwrap_err();
    assert_eq!(error, RequestError::ModuleRestarted { sent: false });
    assert!(!error.may_have_taken_effect());
    assert_eq!(error.to_string(), "the module has restarted before the request was sent");
    assert_works(&client, &mut module).await;
}

/// What was set up before the restart is not what the request relies on.
#[tokio::test(start_paused = true)]
async fn a_restart_during_the_set_up_sends_nothing() {
    let (client, _modem, mut module) = start_watched(HttpsOptions::new()).await;
    let answered = post(&client);
    assert_eq!(module.next().await, TLS_ON);
    module.say(format!("{TLS_ON}\r{OK}")).await;
    let error = module.serve(answered).await.unwrap().unwrap_err();
    assert_eq!(error, RequestError::ModuleRestarted { sent: false });
    assert_works(&client, &mut module).await;
}

/// A refused read is the end of a body without a length, and of a module that has lost it too.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_gone_is_never_short() {
    for length in [0, 3000] {
        let (client, modem, mut module) = start_watched(HttpsOptions::new()).await;
        let answered = get(&client);
        module.expect(TLS_ON, OK).await;
        module.expect(QUERY, format!("{OK}{}", ring(&format!("0,200,\"a/b\",{length}")))).await;
        let mut body = answered.await.unwrap().unwrap().into_body();
        module.expect(RECEIVE, block(&[b'x'; 1500])).await;
        assert_eq!(body.next().await.unwrap().unwrap().len(), 1500);
        module.restart();
        module.expect(RECEIVE, "\r\nERROR\r\n").await;
        let error = module.serve(body.next()).await.unwrap().unwrap_err();
        assert_eq!(error, BodyError::ModuleRestarted { got: 1500 }, "{length}");
        assert_eq!(error.category(), Category::Link);
        assert_eq!(body.next().await, None);
        assert_eq!(modem.tls_holder(), None);
        assert_works(&client, &mut module).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_block_that_the_restart_swallowed_names_it() {
    let (client, _modem, mut module) = start_watched(HttpsOptions::new()).await;
    let answered = get(&client);
    module.expect(TLS_ON, OK).await;
    module.expect(QUERY, format!("{OK}{}", ring("0,200,\"a/b\",10"))).await;
    let body = answered.await.unwrap().unwrap().into_body();
    module.expect(RECEIVE, "\r\n<<<abc").await;
    module.restart();
    let received = module.serve(body.bytes(10)).await;
    assert_eq!(received, Err(BodyError::ModuleRestarted { got: 0 }));
    assert_works(&client, &mut module).await;
}

#[tokio::test(start_paused = true)]
async fn tls_that_was_kept_is_set_up_again() {
    let (client, modem, mut module) = start_watched(HttpsOptions::new().keep_tls(true)).await;
    let answered = get(&client);
    module.expect(TLS_ON, OK).await;
    module.expect(QUERY, format!("{OK}{}", ring("0,204"))).await;
    assert!(answered.await.unwrap().unwrap().into_body().next().await.is_none());
    restart_and_tell(&mut module, &modem).await;
    module.stored_profile = "0,\"api.example\",443,0,\"\",\"******\",1,120,1,1500,0,0".to_owned();
    module.set_up.clear();
    let answered = get(&client);
    // It is in flash and outlives the restart; TLS cannot be set up under it.
    module.expect("AT#HTTPCFG=0,\"api.example\",443,,,,0", OK).await;
    module.expect(TLS_ON, OK).await;
    assert!(module.set_up.iter().any(|line| line.starts_with("AT#SSLSECCFG=1,")), "{:?}", module.set_up);
    module.expect(QUERY, format!("{OK}{}", ring("0,204"))).await;
    answered.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_port_ends_the_waiting_at_once() {
    let (client, _modem, mut module) = start_watched(HttpsOptions::new()).await;
    let answered = get(&client);
    module.expect(TLS_ON, OK).await;
    module.expect(QUERY, OK).await;
    drop(module);
    let pulled = Instant::now();
    let error = answered.await.unwrap().unwrap_err();
    assert!(matches!(&error, RequestError::Command(error) if error.is_link_lost()), "{error:?}");
    assert!(error.may_have_taken_effect());
    assert!(pulled.elapsed() < PROMPT, "{:?}", pulled.elapsed());
}
