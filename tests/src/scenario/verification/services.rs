//! The same for the clients inside the modules.

use telit_core::Category;
use telit_core::platform::PlatformId;
use telit_ftps::{FtpsClient, FtpsOptions};
use telit_https::HttpsClient;
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity};

use super::bench::{Bench, PASSWORD, USER, on_every_platform};
use super::certificates::HOST;
use super::server::Server;
use super::{HINT, WRONG_SERVERS};

/// Whom these clients must refuse on this platform.
fn refused(bench: &Bench) -> Vec<Server> {
    let host = Some(Server::OfAnotherHost).filter(|_| bench.modem.profile().tls.checks_host_name());
    WRONG_SERVERS.map(|(server, _)| server).into_iter().chain(host).collect()
}

/// And these.
const OTHERS: [Server; 3] = [Server::Old, Server::WithoutCommonSuite, Server::WantsCertificate];

#[tokio::test]
async fn https_refuses_them() {
    on_every_platform(|bench| async move {
        // The HTTP clients of these have no TLS. Source: IPE28 p100-104.
        if matches!(bench.modem.profile().id, PlatformId::P25Linux | PlatformId::P25ThreadX) {
            return;
        }
        for server in refused(&bench).into_iter().chain(OTHERS) {
            let client = HttpsClient::new(&bench.modem, bench.tls().build().expect("it fits"));
            let url = format!("https://{HOST}:{}/", server.port());
            let error = client.get(url).await.expect_err("it must be refused");
            assert_eq!(error.to_string(), "TLS with server.test failed: SSL error during handshake");
            is_explained(&bench, error.category(), error.hint());
            assert!(!error.may_have_taken_effect());
        }
    })
    .await;
}

#[tokio::test]
async fn mqtt_refuses_them() {
    on_every_platform(|bench| async move {
        if bench.modem.profile().mqtt.is_none() {
            return;
        }
        for server in refused(&bench).into_iter().chain(OTHERS) {
            let security = MqttSecurity::Tls(bench.tls().build().expect("it fits"));
            let options = MqttOptions::new(HOST, "device", security).port(server.port());
            let error = MqttClient::connect(&bench.modem, options).await.expect_err("it must be refused");
            assert_eq!(error.to_string(), "TLS to the broker failed: SSL error during handshake");
            is_explained(&bench, error.category(), error.hint());
        }
    })
    .await;
}

#[tokio::test]
async fn ftps_refuses_them() {
    on_every_platform(|bench| async move {
        let options = |server: Server| {
            let tls = bench.tls().build().expect("it fits");
            FtpsOptions::new(HOST, USER, PASSWORD, tls).port(server.file_port())
        };
        for server in refused(&bench) {
            let error = FtpsClient::connect(&bench.modem, options(server)).await;
            let error = error.expect_err("it must be refused");
            let port = server.file_port();
            let text = format!("TLS with server.test:{port} failed: SSL error during handshake");
            assert_eq!(error.to_string(), text);
            is_explained(&bench, error.category(), error.hint());
        }
        let client = FtpsClient::connect(&bench.modem, options(Server::Right)).await.expect("it is taken");
        client.close().await.expect("it closes");
    })
    .await;
}

fn is_explained(bench: &Bench, category: Category, hint: Option<&str>) {
    assert_eq!((category, hint), (Category::Network, Some(HINT)));
    assert_eq!(bench.modem.tls_holder(), None);
}
