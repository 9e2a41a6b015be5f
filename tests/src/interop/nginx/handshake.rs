//! Who is let in, and with which TLS.

use telit_core::Category;
use telit_core::platform::CipherSuite;
use telit_core::tls::TlsOptions;
use url::Url;

use super::server::{CLIENT_CERTIFICATE, DHE, ECDHE, HOST, Nginx, SERVER_NAME, Seen, TLS_1_3};
use crate::interop::device::Device;

#[tokio::test]
async fn without_a_client_certificate_nginx_answers_400_to_everybody() {
    let Some((nginx, device)) = ready().await else { return };
    let address = url(CLIENT_CERTIFICATE);
    let client = nginx.client(&device, nginx.credentials.anonymous_tls());
    let seen = Seen::by_sdk(client.get(address.clone()).await).await;
    assert_eq!(seen, nginx.curl(address.as_str(), &[], false).await.without_untold_type());
    assert_eq!(seen.status, 400);
    let client = nginx.client(&device, nginx.credentials.tls());
    assert_eq!(Seen::by_sdk(client.get(address).await).await.body, b"here");
}

#[tokio::test]
async fn a_strangers_certificate_is_answered_like_curls() {
    let Some((nginx, device)) = ready().await else { return };
    let address = url(CLIENT_CERTIFICATE);
    let client = nginx.client(&device, nginx.credentials.rogue_tls());
    let seen = Seen::by_sdk(client.get(address).await).await;
    assert_eq!(seen.status, 400, "{seen:?}");
    nginx.logged("certificate=FAILED").await;
}

#[tokio::test]
async fn the_server_name_is_sent() {
    let Some((nginx, device)) = ready().await else { return };
    assert!(!nginx.is_open_without_server_name(SERVER_NAME).await, "the listener does not need a name");
    let client = nginx.client(&device, nginx.credentials.anonymous_tls());
    let seen = Seen::by_sdk(client.get(url(SERVER_NAME)).await).await;
    assert_eq!(seen, nginx.curl(url(SERVER_NAME).as_str(), &[], false).await);
    assert_eq!(seen.body, b"here");
    let line = nginx.logged("/here.txt").await;
    assert!(line.contains(&format!("sni={HOST} ")), "{line}");
}

#[tokio::test]
async fn ecdhe_with_tls_1_2() {
    let Some((nginx, device)) = ready().await else { return };
    let tls = nginx.credentials.anonymous_tls();
    connects(&nginx, &device, ECDHE, tls, "TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384 ").await;
}

#[tokio::test]
async fn dhe_with_tls_1_2_where_it_was_not_left_out() {
    let Some((nginx, device)) = ready().await else { return };
    let tls = nginx.credentials.anonymous_tls();
    connects(&nginx, &device, DHE, tls, "TLSv1.2 DHE-RSA-AES128-GCM-SHA256 ").await;
    let suite: CipherSuite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".parse().expect("it is known");
    let tls = nginx.credentials.builder().cipher_suites([suite]).build().expect("it fits");
    let client = nginx.client(&device, tls);
    let error = client.get(url(DHE)).await.expect_err("there is no suite in common");
    assert_eq!(error.category(), Category::Network, "{error}");
    assert!(error.hint().is_some(), "{error}");
}

#[tokio::test]
async fn tls_1_3() {
    let Some((nginx, device)) = ready().await else { return };
    let tls = nginx.credentials.anonymous_tls();
    connects(&nginx, &device, TLS_1_3, tls, "TLSv1.3 TLS_AES_128_GCM_SHA256 ").await;
}

#[tokio::test]
async fn tls_1_3_as_the_minimum_does_not_fall_back() {
    let Some((nginx, device)) = ready().await else { return };
    let builder = nginx.credentials.builder().minimum_version(telit_core::platform::TlsVersion::Tls13);
    let client = nginx.client(&device, builder.build().expect("it fits"));
    let error = client.get(url(ECDHE)).await.expect_err("that listener has TLS 1.2 alone");
    assert_eq!(error.category(), Category::Network, "{error}");
    assert_eq!(Seen::by_sdk(client.get(url(TLS_1_3)).await).await.body, b"here");
}

async fn ready() -> Option<(Nginx, Device)> {
    let nginx = Nginx::start().await?;
    nginx.add_document("here.txt", b"here");
    let device = nginx.device().await;
    Some((nginx, device))
}

async fn connects(nginx: &Nginx, device: &Device, listener: u16, tls: TlsOptions, logged: &str) {
    let client = nginx.client(device, tls);
    assert_eq!(Seen::by_sdk(client.get(url(listener)).await).await.body, b"here");
    nginx.logged(logged).await;
}

fn url(listener: u16) -> Url {
    format!("https://{HOST}:{listener}/here.txt").parse().expect("it is a URL")
}
