//! What differs between platforms: TLS or none, contexts, several headers.

use http::Request;
use telit_core::platform::{Availability, HttpProfile, PlatformId, Profile, profile};
use telit_core::{Category, Modem};
use telit_https::{Engine, HttpsClient, HttpsOptions, RedirectNotFollowed, RequestBody, RequestError};

use crate::support::{OK, RECEIVE, block, ring, start_on, tls, url};

const WITHOUT_TLS: &str = "(0-2),63,(1-65535),(0,1),50,50,(0),(1-65535),(1-5)";
const WRONG_STATE: &str = "\r\n+CME ERROR: wrong state\r\n";
pub(crate) const NO_TLS: &str = "this module (platform 37) has an HTTP client without TLS";

/// A platform that differs in its HTTP client.
fn platform(change: impl FnOnce(&mut Option<HttpProfile>)) -> &'static Profile {
    let mut profile = profile(PlatformId::P37).clone();
    change(&mut profile.http);
    Box::leak(Box::new(profile))
}

pub(crate) fn with(change: impl FnOnce(&mut HttpProfile)) -> &'static Profile {
    platform(|http| http.as_mut().map(change).unwrap())
}

async fn refusal(modem: &Modem) -> RequestError {
    let error =
        HttpsClient::new(modem, tls()).get("https://api.example/").engine(Engine::Module).await.unwrap_err();
    assert_eq!(error.category(), Category::Usage, "{error}");
    assert_eq!(modem.tls_holder(), None);
    error
}

#[tokio::test(start_paused = true)]
async fn a_table_without_tls_refuses_before_anything_is_sent() {
    let (modem, mut module) = start_on(with(|http| http.tls = Availability::No));
    assert_eq!(refusal(&modem).await.to_string(), NO_TLS);
    module.expect_silence().await;
    assert_eq!(module.set_up, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_test_form_without_tls_refuses_before_anything_is_changed() {
    for available in [Availability::Probe, Availability::Yes] {
        let (modem, mut module) = start_on(with(|http| http.tls = available));
        module.configure_ranges = WITHOUT_TLS.to_owned();
        let asking = modem.clone();
        let refused = tokio::spawn(async move { refusal(&asking).await });
        module.expect_silence().await;
        assert_eq!(refused.await.unwrap().to_string(), NO_TLS);
        assert_eq!(module.set_up, ["AT#HTTPCFG=?", "AT#HTTPQRY=?", "AT#HTTPSND=?"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_without_http() {
    let (modem, _module) = start_on(platform(|http| *http = None));
    let expected = "this module (platform 37) has no HTTP client of its own";
    assert_eq!(refusal(&modem).await.to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn plain_http_is_a_danger_with_a_name_and_needs_no_tls() {
    let (modem, mut module) = start_on(with(|http| http.tls = Availability::No));
    module.configure_ranges = WITHOUT_TLS.to_owned();
    let client = HttpsClient::danger_plain(&modem);
    let error = client.get(url("https://api.example/")).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid URL: only http is served by a client without TLS");
    let getting = client.clone();
    let answered = tokio::spawn(async move { getting.get(url("http://api.example/")).await });
    module.expect("AT#HTTPCFG=0,\"api.example\",80,0,,,0,120,1", OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", format!("{OK}{}", ring("0,200,\"a/b\",2"))).await;
    module.expect(RECEIVE, block(b"ok")).await;
    assert_eq!(answered.await.unwrap().unwrap().into_body().bytes(2).await.unwrap(), "ok");
    module.expect_silence().await;
    assert!(!module.set_up.iter().any(|line| line.starts_with("AT#SSLSEC")), "{:?}", module.set_up);

    // What is there is not written again.
    module.stored_profile = "0,\"api.example\",80,0,\"\",\"******\",0,120,1".to_owned();
    let answered = tokio::spawn(async move { client.get(url("http://api.example/")).await });
    module.expect("AT#HTTPQRY=0,0,\"/\"", format!("{OK}{}", ring("0,200,\"a/b\",2"))).await;
    module.expect(RECEIVE, block(b"ok")).await;
    assert_eq!(answered.await.unwrap().unwrap().into_body().bytes(2).await.unwrap(), "ok");
    module.expect_silence().await;
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_without_tls_is_handed_through() {
    let (modem, mut module) = start_on(profile(PlatformId::P37));
    let client = HttpsClient::danger_plain(&modem);
    let get = client.get("http://api.example/");
    let answered = tokio::spawn(async move { get.await });
    module.expect("AT#HTTPCFG=0,\"api.example\",80,0,,,0,120,1", OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/\"", format!("{OK}{}", ring("0,302,\"\",0"))).await;
    module.expect(RECEIVE, WRONG_STATE).await;
    let response = answered.await.unwrap().unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.extensions().get(), Some(&RedirectNotFollowed::LocationHidden));
    drop(response);

    module.stored_profile = "0,\"api.example\",80,0,\"\",\"******\",0,120,1".to_owned();
    let post = client.post("http://api.example/").body("hello");
    let answered = tokio::spawn(async move { post.await });
    module.expect("AT#HTTPSND=0,0,\"/\",5", "\r\n>>>").await;
    module.expect_data(b"hello").await;
    module.say(format!("{OK}{}", ring("0,307,\"\",0"))).await;
    module.expect(RECEIVE, WRONG_STATE).await;
    let response = answered.await.unwrap().unwrap();
    assert_eq!(response.status(), 307);
    assert_eq!(response.extensions().get(), Some(&RedirectNotFollowed::LocationHidden));
}

#[tokio::test(start_paused = true)]
async fn a_context_that_the_http_client_does_not_take() {
    let (modem, mut module) = start_on(profile(PlatformId::P37));
    module.configure_ranges = "(0-2),50,(1-65535),(0,1),50,50,(0,1),(1-65535),(2-5)".to_owned();
    let asking = modem.clone();
    let refused = tokio::spawn(async move { refusal(&asking).await });
    module.expect_silence().await;
    assert_eq!(
        refused.await.unwrap().to_string(),
        "invalid packet data context: it is 1, the module's HTTP client takes 2 to 5"
    );
}

#[tokio::test(start_paused = true)]
async fn several_headers_only_where_they_are_known_to_work() {
    let request = || {
        let request = Request::get("https://api.example/").header("accept", "a/b").header("x-id", "1");
        request.body(RequestBody::empty()).unwrap()
    };
    for available in [Availability::No, Availability::Probe] {
        let (modem, _module) = start_on(with(|http| http.joined_headers = available));
        let module_alone = HttpsOptions::new().engine(Engine::Module);
        let client = HttpsClient::new(&modem, tls()).with_options(module_alone);
        let error = client.send(request()).await.unwrap_err();
        assert_eq!(error.to_string(), "invalid header x-id: this platform takes one header a request");
    }
}
