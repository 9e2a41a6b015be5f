//! What the SDK is asked to do.

use std::fs;

use telit_core::exclusive::Service;
use telit_core::socket::TlsConnector;
use telit_core::tls::{self, TlsOptions};
use telit_core::{Category, Modem};
use telit_ftps::{FtpsClient, FtpsOptions};
use telit_https::{Engine as HttpEngine, HttpsClient};
use telit_mqtt::{Engine, MqttClient, MqttOptions, MqttSecurity, QoS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::servers::{BROKER, CONTENT, ECHO, FILES, PASSWORD, REST, Servers, USER};

#[derive(Debug, Clone, Copy)]
pub(super) enum Job {
    BringUp,
    Provisioning,
    Socket,
    HttpsGet,
    FtpsGet,
    Mqtt,
}

pub(super) const JOBS: [(Job, &str); 6] = [
    (Job::BringUp, "bring-up"),
    (Job::Provisioning, "provisioning"),
    (Job::Socket, "socket"),
    (Job::HttpsGet, "https-get"),
    (Job::FtpsGet, "ftps-get"),
    (Job::Mqtt, "mqtt"),
];

/// What a refusal means for the recording.
pub(super) enum Refused {
    /// This platform cannot do that: other options may be possible.
    Here,
    /// It should have worked.
    Unexpectedly(String),
}

fn refused(category: Category, error: impl std::fmt::Debug) -> Refused {
    match category {
        Category::Usage => Refused::Here,
        _ => Refused::Unexpectedly(format!("{error:?}")),
    }
}

pub(super) async fn run(job: Job, modem: &Modem, servers: &Servers, tls: TlsOptions) -> Result<(), Refused> {
    match job {
        Job::BringUp => Ok(()),
        Job::Provisioning => provision(modem, tls).await,
        Job::Socket => exchange(modem, tls).await,
        Job::HttpsGet => get(modem, tls).await,
        Job::FtpsGet => download(modem, tls).await,
        Job::Mqtt => publish(modem, servers, tls).await,
    }
}

/// Stored, and found unchanged.
async fn provision(modem: &Modem, options: TlsOptions) -> Result<(), Refused> {
    let lease = modem.acquire_tls(Service::Socket).await.map_err(|e| refused(e.category(), e))?;
    for _ in 0..2 {
        if let Err(error) = tls::prepare(modem, &lease, &options).await {
            lease.release();
            return Err(refused(error.category(), error));
        }
    }
    lease.release();
    Ok(())
}

async fn exchange(modem: &Modem, tls: TlsOptions) -> Result<(), Refused> {
    let connector = TlsConnector::new(modem, tls);
    let mut socket = connector.connect(ECHO, 7777).await.map_err(|e| refused(e.category(), e))?;
    socket.write_all(b"hello").await.expect("it is sent");
    socket.flush().await.expect("it is accepted");
    let mut answer = [0; 5];
    socket.read_exact(&mut answer).await.expect("it comes back");
    assert_eq!(&answer, b"hello");
    socket.close().await.expect("it closes in order");
    Ok(())
}

async fn get(modem: &Modem, tls: TlsOptions) -> Result<(), Refused> {
    let client = HttpsClient::new(modem, tls);
    let url = format!("https://{REST}/health");
    let response = client.get(url).engine(HttpEngine::Module).await.map_err(|e| refused(e.category(), e))?;
    assert_eq!(response.into_body().text(100).await.expect("it is read"), r#"{"status":"ok"}"#);
    Ok(())
}

async fn download(modem: &Modem, tls: TlsOptions) -> Result<(), Refused> {
    let options = FtpsOptions::new(FILES, USER, PASSWORD, tls);
    let mut client = FtpsClient::connect(modem, options).await.map_err(|e| refused(e.category(), e))?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file.txt");
    client.download_to_file("file.txt", &path).await.expect("it arrives");
    assert_eq!(fs::read(path).expect("it is there"), CONTENT);
    client.close().await.expect("it closes");
    Ok(())
}

async fn publish(modem: &Modem, servers: &Servers, tls: TlsOptions) -> Result<(), Refused> {
    let platform = modem.profile().id.as_str();
    let topic = format!("things/{platform}");
    let options = MqttOptions::new(BROKER, format!("thing-{platform}"), MqttSecurity::Tls(tls));
    // What this computer says over a TLS socket is no conversation of commands.
    let options = options.engine(Engine::Module);
    let client = MqttClient::connect(modem, options).await.map_err(|e| refused(e.category(), e))?;
    client.publish(topic.as_str(), "from the device", QoS::AtLeastOnce).await.expect("it is published");
    let mut messages = client.subscribe(topic.as_str(), QoS::AtLeastOnce).await.expect("it subscribes");
    servers.broker.publish(topic, "to the device");
    assert_eq!(messages.next().await.expect("it arrives").payload, "to the device");
    client.disconnect().await.expect("it disconnects");
    Ok(())
}
