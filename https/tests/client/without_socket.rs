//! A program that was built without HTTP on this computer.

use telit_core::Category;
use telit_core::platform::{Availability, PlatformId, Profile, profile};
use telit_https::{
    DownloadError, Engine, EngineReason, EngineUsed, FetchError, HttpsClient, RedirectNotFollowed,
    RequestError,
};

use crate::platforms::{NO_TLS, with};
use crate::support::{Module, OK, TLS_ON, ring, start_on, tls};

fn start(profile: &'static Profile) -> (HttpsClient, Module) {
    let (modem, module) = start_on(profile);
    (HttpsClient::new(&modem, tls()), module)
}

fn cannot(why: &str) -> RequestError {
    RequestError::SocketNotBuilt { because: EngineReason::ModuleCannot { why: why.to_owned() } }
}

#[tokio::test(start_paused = true)]
async fn what_the_module_cannot_is_refused_with_what_is_missing() {
    let (client, mut module) = start(with(|http| http.tls = Availability::No));
    let (error, ()) =
        tokio::join!(async { client.get("https://api.example/").await }, module.expect_silence());
    assert_eq!(error.unwrap_err(), cannot(NO_TLS));

    let (client, mut module) = start(profile(PlatformId::P37));
    let patch = client.request(http::Method::PATCH, "https://api.example/").send();
    let (error, ()) = tokio::join!(patch, module.expect_silence());
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the module cannot send PATCH requests, and this program was built without HTTP on this computer: the feature `socket` of \
         telit-https"
    );
    assert_eq!(error.category(), Category::Usage);
    assert!(!error.may_have_taken_effect());

    let get = client.get("https://api.example/").engine(Engine::Socket).send();
    let (error, ()) = tokio::join!(get, module.expect_silence());
    assert_eq!(error.unwrap_err(), RequestError::SocketNotBuilt { because: EngineReason::Asked });
}

#[tokio::test(start_paused = true)]
async fn the_module_carries_what_it_can() {
    let (client, mut module) = start(profile(PlatformId::P37));
    let answered = tokio::spawn(client.get("https://api.example/old").send());
    module.expect(TLS_ON, OK).await;
    module.expect("AT#HTTPQRY=0,0,\"/old\"", format!("{OK}{}", ring("0,302,\"\",0"))).await;
    let response = answered.await.unwrap().unwrap();
    let extensions = response.extensions();
    assert_eq!(extensions.get(), Some(&RedirectNotFollowed::LocationHidden));
    let used = extensions.get::<EngineUsed>().unwrap();
    assert_eq!((used.engine, &used.because), (Engine::Module, &EngineReason::ModuleCan));
}

#[tokio::test(start_paused = true)]
async fn a_download_says_what_is_missing_too() {
    let (client, mut module) = start(with(|http| http.tls = Availability::No));
    let folder = tempfile::tempdir().unwrap();
    let download =
        client.download_to_file("https://files.example/image.bin", folder.path().join("image.bin"));
    let (error, ()) = tokio::join!(async { download.await }, module.expect_silence());
    assert_eq!(error.unwrap_err(), DownloadError::Transfer(FetchError::Request(cannot(NO_TLS))));
}
