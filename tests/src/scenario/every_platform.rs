//! What has to work on every platform of the guide, and what is refused where it cannot.

use telit_core::exclusive::Service;
use telit_core::tls::{self, CaCertificate, Provision, TlsOptions};
use telit_core::{Category, Modem};
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};
use telit_https::{Engine as HttpEngine, HttpsClient};
use telit_mqtt::{Engine, MqttClient, Publish, PublishError, QoS};
use telit_simulator::Platform;
use telit_simulator::servers::{Authority, TestServers, pattern};
use url::Url;

use crate::rig::{Rig, for_each_platform, hostile_payloads, recorded, recorder};

/// More than every body in here.
const LIMIT: usize = 1 << 20;

fn url(scheme: &str, path: &str) -> Url {
    format!("{scheme}://{}{path}", TestServers::REST_NAME).parse().expect("it is a URL")
}

#[tokio::test]
async fn every_module_is_recognised_and_comes_on_line() {
    for_each_platform(|rig| async move {
        let profile = rig.modem.profile();
        assert_eq!(profile.id.as_str(), rig.platform.id());
        assert_eq!(rig.modem.tls_holder(), None);
        assert!(rig.modem.registration().await.expect("it answers").is_registered());
    })
    .await;
}

#[tokio::test]
async fn credentials_are_stored_once_everywhere() {
    for_each_platform(|rig| async move {
        let options = rig.tls();
        let mut outcomes = Vec::new();
        for _ in 0..2 {
            let lease = rig.modem.acquire_tls(Service::Socket).await.expect("TLS is free");
            outcomes.push(tls::prepare(&rig.modem, &lease, &options).await.expect("it is set up"));
            lease.release();
        }
        assert_eq!(
            [outcomes[0].authorities, outcomes[0].certificate, outcomes[0].key],
            [Provision::Stored; 3]
        );
        assert_eq!(
            [outcomes[1].authorities, outcomes[1].certificate, outcomes[1].key],
            [Provision::Unchanged; 3]
        );
    })
    .await;
}

#[tokio::test]
async fn mqtt_where_the_module_has_a_client() {
    for_each_platform(|rig| async move {
        let options = rig.mqtt(&format!("thing-{}", rig.platform.id())).engine(Engine::Module);
        let connected = MqttClient::connect(&rig.modem, options).await;
        match rig.platform {
            Platform::P25Linux | Platform::P25ThreadX | Platform::P30 | Platform::P37 | Platform::P52 => {
                exchange(&rig, connected.expect("it connects")).await;
            }
            _ => {
                let error = connected.expect_err("there is no client");
                let platform = rig.platform.id();
                let expected = format!(
                    "this module (platform {platform}) has no MQTT client of its own; let MQTT run on this computer: \
                     engine auto or host (MqttOptions::engine, --engine), with TLS"
                );
                assert_eq!((error.to_string(), error.category()), (expected, Category::Usage));
            }
        }
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}

/// Everything that can be published comes back, and nothing else is sent.
async fn exchange(rig: &Rig, client: MqttClient) {
    let topic = format!("every/{}", rig.platform.id());
    let mut messages = client.subscribe(&topic, QoS::AtLeastOnce).await.expect("it subscribes");
    let capabilities = MqttClient::capabilities(&rig.modem).await.expect("it has a client");
    let mut refused = Vec::new();
    for (number, payload) in hostile_payloads().into_iter().enumerate() {
        let possible = capabilities.check(&Publish::new(&topic, payload.clone()));
        match client.publish(&topic, payload.clone(), QoS::AtLeastOnce).await {
            Ok(()) => {
                possible.expect("it was said to be possible");
                assert_eq!(messages.next().await.expect("it arrives").payload, payload);
            }
            Err(error @ (PublishError::NotRepresentable { .. } | PublishError::TooLarge { .. })) => {
                assert_eq!(possible, Err(error));
                refused.push(number);
            }
            Err(error) => panic!("{}: {error}", rig.platform.id()),
        }
    }
    assert_eq!(refused, unpublishable(rig.platform), "{}", rig.platform.id());
    client.publish(&topic, "21.5 C", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(messages.next().await.expect("it arrives").payload, "21.5 C");
    client.disconnect().await.expect("it disconnects");
}

/// Which of the hostile payloads cannot be published. Platforms 37 and 52 take counted blocks; the others take printable
/// ASCII without double quotes, which `+++` alone is. Source: M37 p1029-1036.
fn unpublishable(platform: Platform) -> Vec<usize> {
    match platform {
        Platform::P37 | Platform::P52 => vec![],
        _ => vec![0, 1, 2, 3, 4, 5, 6, 8, 9, 10],
    }
}

#[tokio::test]
async fn https_where_the_modules_client_has_tls() {
    for_each_platform(|rig| async move {
        let client = HttpsClient::new(&rig.modem, rig.tls_builder().build().expect("it fits"));
        let answer = client.get(url("https", "/health")).engine(HttpEngine::Module).await;
        if matches!(rig.platform, Platform::P25Linux | Platform::P25ThreadX) {
            let error = answer.expect_err("it has no TLS");
            let platform = rig.platform.id();
            let expected = format!("this module (platform {platform}) has an HTTP client without TLS");
            assert_eq!((error.to_string(), error.category()), (expected, Category::Usage));
        } else {
            let body = answer.expect("it answers").into_body().text(LIMIT).await;
            assert_eq!(body.expect("it is read"), r#"{"status":"ok"}"#);
            requests(&client, "https").await;
        }
        requests(&HttpsClient::danger_plain(&rig.modem), "http").await;
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}

async fn requests(client: &HttpsClient, scheme: &str) {
    let response = client.get(url(scheme, "/bytes/5000")).await.expect("it answers");
    assert!(response.into_body().bytes(LIMIT).await.expect("it is read") == pattern(5000));
    for payload in hostile_payloads().into_iter().filter(|payload| !payload.is_empty()) {
        let response = client
            .post(url(scheme, "/echo"))
            .content_type("application/octet-stream")
            .body(payload.clone())
            .await;
        let body = response.expect("it answers").into_body().bytes(LIMIT).await;
        assert_eq!(body.expect("it is read"), payload);
    }
}

#[tokio::test]
async fn ftps_in_both_directions_and_modes() {
    for_each_platform(|rig| async move {
        let folder = format!("every-{}", rig.platform.id());
        let mut client = FtpsClient::connect(&rig.modem, rig.ftps()).await.expect("it logs in");
        let down = format!("{folder}/down.bin");
        for content in [pattern(10_000), hostile_payloads().concat()] {
            rig.servers.ftps().put_file(&down, &content).expect("it is stored");
            for (mode, offset) in [(TransferMode::Online, 0), (TransferMode::Command, 4_000)] {
                let mut download = client.download(&down).from(offset).mode(mode).await.expect("it begins");
                let mut data = Vec::new();
                while let Some(piece) = download.next().await {
                    data.extend_from_slice(&piece.expect("it goes on"));
                }
                assert!(data == content[usize::try_from(offset).expect("it is small")..], "{mode:?}");
            }
        }
        let up = format!("{folder}/up.bin");
        let content = hostile_payloads().concat();
        client.upload(&up, &content[..]).await.expect("it is stored");
        assert!(rig.servers.ftps().read_file(&up).expect("it is there") == content);
        client.close().await.expect("it closes");
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}

#[tokio::test]
async fn implicit_ftps_where_the_module_offers_it() {
    for_each_platform(|rig| async move {
        let name = format!("implicit-{}", rig.platform.id());
        rig.servers.ftps().put_file(&name, pattern(5_000)).expect("it is stored");
        let connected = FtpsClient::connect(&rig.modem, rig.ftps().implicit_tls()).await;
        if rig.platform == Platform::P52 {
            let mut client = connected.expect("it logs in");
            assert_eq!(client.size(&name).await.expect("it is told"), 5_000);
            let folder = tempfile::tempdir().expect("a temporary folder");
            let report =
                client.download_to_file(&name, folder.path().join("file")).await.expect("it arrives");
            assert_eq!(report.bytes, 5_000);
            client.close().await.expect("it closes");
        } else {
            let error = connected.expect_err("it is not offered");
            let platform = rig.platform.id();
            let expected = format!("platform {platform} cannot do implicit TLS; use explicit TLS (AUTH TLS)");
            assert_eq!((error.to_string(), error.category()), (expected, Category::Usage));
        }
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused_everywhere() {
    for_each_platform(|rig| async move {
        let other = Authority::new().expect("keys");
        let other =
            CaCertificate::from_pem(other.certificate_pem().as_bytes()).expect("it is a CA certificate");
        let tls = rig.tls_builder_for(other).build().expect("it fits");
        let options = FtpsOptions::new(
            TestServers::FILES_NAME,
            TestServers::FTP_USER,
            TestServers::FTP_PASSWORD,
            tls.clone(),
        );
        let error = FtpsClient::connect(&rig.modem, options).await.expect_err("it must be refused");
        assert_eq!(error.category(), Category::Network, "{}: {error}", rig.platform.id());
        assert!(error.hint().expect("it says what to look at").contains("certificate"), "{error}");
        if !matches!(rig.platform, Platform::P25Linux | Platform::P25ThreadX) {
            let error = HttpsClient::new(&rig.modem, tls).get(url("https", "/health")).await;
            let error = error.expect_err("it must be refused");
            assert_eq!(error.category(), Category::Network, "{}: {error}", rig.platform.id());
            assert!(error.hint().expect("it says what to look at").contains("certificate"), "{error}");
        }
        // The module is usable afterwards.
        let client = FtpsClient::connect(&rig.modem, rig.ftps()).await.expect("it logs in");
        client.close().await.expect("it closes");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_waived_without_a_word() {
    for_each_platform(|rig| async move {
        let profile = &rig.modem.profile().tls;
        let strict = TlsOptions::builder().ca(rig.ca()).build().expect("it fits");
        let lease = rig.modem.acquire_tls(Service::Socket).await.expect("TLS is free");
        let prepared = tls::prepare(&rig.modem, &lease, &strict).await;
        match (profile.sends_server_name(), profile.checks_host_name()) {
            (true, true) if matches!(rig.platform, Platform::P25ThreadX | Platform::P37 | Platform::P52) => {
                prepared.expect("it can all of it");
            }
            _ => {
                let error = prepared.expect_err("it cannot");
                assert_eq!(error.category(), Category::Usage, "{error}");
                assert!(
                    error.to_string().starts_with(&format!("platform {} ", rig.platform.id())),
                    "{error}"
                );
            }
        }
        lease.release();
    })
    .await;
}

#[tokio::test]
async fn another_context_is_told_in_each_platforms_own_way() {
    for (platform, expected) in [
        (Platform::P20, "> AT#PROTOCOLCFG=\"FTP\",2\\r"),
        (Platform::P25Linux, "> AT#PROTOCOLCFG=\"SSL\",2\\r"),
        (Platform::P30, "> AT#FTPOPEN=\"files.test:21\",\"device\",\"[redacted]\",1,2\\r"),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("transcript");
        let modem = Modem::builder().context_id(2).recorder(recorder(&path));
        let rig = Rig::start_on_with(platform, |module| module, modem).await;
        rig.servers.ftps().put_file("file", b"content").expect("it is stored");
        let mut client = FtpsClient::connect(&rig.modem, rig.ftps()).await.expect("it logs in");
        assert_eq!(client.size("file").await.expect("it is told"), 7);
        client.close().await.expect("it closes");
        let sent = recorded(&path);
        assert!(sent.iter().any(|line| line == expected), "{sent:#?}");
    }
}
