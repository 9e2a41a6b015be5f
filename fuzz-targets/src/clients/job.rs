//! What the clients are asked to do.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::time::Duration;

use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::platform::{PlatformId, Profile};
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_core::tls::{self, CaCertificate, CipherPolicy, Identity, TlsOptions};
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};
use telit_https::{HttpsClient, HttpsOptions};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

use super::module::Step;
use super::recorded::{answers, bring_up};

const CA: &[u8] = include_bytes!("../../../core/tests/credentials/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../credentials/client.pem");
const PRIVATE_KEY: &[u8] = include_bytes!("../../credentials/client_key.pem");

/// Most bytes of a body or a file that a job takes.
const LIMIT: usize = 256 * 1024;
/// How long a job waits for what a peer may never send.
const PATIENCE: Duration = Duration::from_secs(60);

/// The password of the file server.
pub const PASSWORD: &str = "let-me-in";
/// What the publishing job publishes.
pub const PAYLOAD: &str = "from the device";

const BRING_UP: &str = "bring-up";

/// The jobs by the names that golden transcripts have for them, in the order of their numbers. Those that no
/// transcript is recorded for have names of their own.
pub const JOBS: [&str; 11] = [
    BRING_UP,
    "provisioning",
    "socket",
    "https-get",
    "ftps-get",
    "mqtt",
    "socket-online",
    "https-post",
    "ftps-buffered",
    "ftps-put",
    "ftps-directory",
];

#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    platform: PlatformId,
    name: &'static str,
    /// Of the cipher policies, from the best to what old platforms can do.
    policy: u8,
}

/// Why a job ended before its end. What it was matters to nobody here, that it can be shown does.
type Refused = Box<dyn std::error::Error>;

impl Job {
    pub(super) fn decode(input: &[u8]) -> (Self, &[u8]) {
        let byte = |at: usize| input.get(at).copied().unwrap_or_default();
        let platform = PlatformId::ALL.into_iter().cycle().nth(byte(0).into()).unwrap_or(PlatformId::P37);
        let name = JOBS.into_iter().cycle().nth(byte(1).into()).unwrap_or("mqtt");
        (Self { platform, name, policy: byte(2) % 3 }, input.get(3..).unwrap_or_default())
    }

    pub(super) async fn run(self, port: DuplexStream) -> Result<(), String> {
        let ended = self.attempt(port).await;
        ended.map_err(|refused| {
            let shown = format!("{refused} {refused:?}");
            assert!(!shown.contains(PASSWORD), "an error shows a password");
            shown
        })
    }

    /// What the module says before the job begins.
    pub(super) fn before(self) -> VecDeque<Vec<Step>> {
        if self.name == BRING_UP {
            return VecDeque::new();
        }
        answers(bring_up(self.platform)).into_iter().map(|answer| vec![Step::Say(answer)]).collect()
    }

    async fn attempt(self, port: DuplexStream) -> Result<(), Refused> {
        let modem = Modem::builder().apn("iot.test").open(port).await?;
        modem.bring_up().await?;
        if self.name == BRING_UP {
            return Ok(());
        }
        let tls = tls_options(modem.profile(), self.policy)?;
        match self.name {
            "provisioning" => provision(&modem, &tls).await,
            "socket" => exchange(&modem, tls, ConnectionMode::Command).await,
            "socket-online" => exchange(&modem, tls, ConnectionMode::Online).await,
            "https-get" => get(&modem, tls).await,
            "https-post" => post(&modem, tls).await,
            "ftps-get" => download(&modem, tls, TransferMode::Auto).await,
            "ftps-buffered" => download(&modem, tls, TransferMode::Command).await,
            "ftps-put" => upload(&modem, tls).await,
            "ftps-directory" => directory(&modem, tls).await,
            _ => publish(&modem, self.platform, tls).await,
        }
    }
}

/// What the placeholders of transcripts stand for in the jobs.
#[must_use]
pub fn fixtures() -> [(&'static str, &'static [u8]); 3] {
    let (ca, identity) = credentials();
    [
        ("ca", ca.certificate().module_bytes()),
        ("client-certificate", identity.certificate().certificate().module_bytes()),
        ("client-key", identity.private_key().module_bytes()),
    ]
}

fn credentials() -> &'static (CaCertificate, Identity) {
    static CREDENTIALS: OnceLock<(CaCertificate, Identity)> = OnceLock::new();
    CREDENTIALS.get_or_init(|| {
        let ca = CaCertificate::from_pem(CA).expect("it is a CA certificate");
        (ca, Identity::from_pem(CERTIFICATE, PRIVATE_KEY).expect("they fit"))
    })
}

fn tls_options(profile: &Profile, policy: u8) -> Result<TlsOptions, Refused> {
    let (ca, identity) = credentials();
    let builder = TlsOptions::builder().ca(ca.clone()).identity(identity.clone());
    let can = &profile.tls;
    let builder = if can.checks_host_name() { builder } else { builder.danger_skip_host_check() };
    let builder = if can.sends_server_name() { builder } else { builder.without_server_name() };
    let builder = match policy {
        0 => builder,
        1 => builder.cipher_policy(CipherPolicy::Compatible),
        _ => builder.danger_platform_default_suites(),
    };
    Ok(builder.build()?)
}

async fn provision(modem: &Modem, options: &TlsOptions) -> Result<(), Refused> {
    let lease = modem.acquire_tls(Service::Socket).await?;
    for _ in 0..2 {
        tls::prepare(modem, &lease, options).await?;
    }
    lease.release();
    Ok(())
}

async fn exchange(modem: &Modem, tls: TlsOptions, mode: ConnectionMode) -> Result<(), Refused> {
    let connector = TlsConnector::new(modem, tls).mode(mode);
    let mut socket = connector.connect("echo.test", 7777).await?;
    socket.write_all(b"hello").await?;
    socket.flush().await?;
    let mut answer = [0; 5];
    timeout(PATIENCE, socket.read_exact(&mut answer)).await??;
    if mode == ConnectionMode::Online {
        let suspended = socket.suspend().await?;
        suspended.status().await?;
        socket = suspended.resume().await?;
    }
    let _counted = socket.counters().await;
    socket.close().await?;
    Ok(())
}

async fn get(modem: &Modem, tls: TlsOptions) -> Result<(), Refused> {
    let client = HttpsClient::new(modem, tls);
    let response = client.get("https://rest.test/health").await?;
    response.into_body().text(LIMIT).await?;
    Ok(())
}

async fn post(modem: &Modem, tls: TlsOptions) -> Result<(), Refused> {
    let client = HttpsClient::new(modem, tls).with_options(HttpsOptions::new().keep_tls(true));
    for _ in 0..2 {
        let response =
            client.post("https://rest.test/items").content_type("text/plain").body("a body").await?;
        response.into_body().bytes(LIMIT).await?;
    }
    client.release_tls().await?;
    Ok(())
}

async fn connect(modem: &Modem, tls: TlsOptions) -> Result<FtpsClient, Refused> {
    let options = FtpsOptions::new("files.test", "device", PASSWORD, tls);
    Ok(FtpsClient::connect(modem, options).await?)
}

async fn download(modem: &Modem, tls: TlsOptions, mode: TransferMode) -> Result<(), Refused> {
    let mut client = connect(modem, tls).await?;
    let mut download = client.download("file.txt").mode(mode).await?;
    let mut received = 0;
    while let Some(block) = download.next().await {
        received += block?.len();
        if received > LIMIT {
            break;
        }
    }
    drop(download);
    client.close().await?;
    Ok(())
}

async fn upload(modem: &Modem, tls: TlsOptions) -> Result<(), Refused> {
    let mut client = connect(modem, tls).await?;
    client.upload("file.txt", &b"the content of file.txt"[..]).await?;
    client.close().await?;
    Ok(())
}

async fn directory(modem: &Modem, tls: TlsOptions) -> Result<(), Refused> {
    let mut client = connect(modem, tls).await?;
    client.cwd("/files").await?;
    client.pwd().await?;
    let listing = client.list("").await?;
    let _shown = format!("{listing:?}");
    client.remove("old.txt").await?;
    client.last_message().await?;
    client.close().await?;
    Ok(())
}

async fn publish(modem: &Modem, platform: PlatformId, tls: TlsOptions) -> Result<(), Refused> {
    let topic = format!("things/{platform}");
    let options = MqttOptions::new("broker.test", format!("thing-{platform}"), MqttSecurity::Tls(tls));
    let client = MqttClient::connect(modem, options).await?;
    client.publish(topic.as_str(), PAYLOAD, QoS::AtLeastOnce).await?;
    let mut messages = client.subscribe(topic.as_str(), QoS::AtLeastOnce).await?;
    let _message = timeout(PATIENCE, messages.next()).await;
    client.disconnect().await?;
    Ok(())
}
