//! Servers, a virtual module of any platform that finds them, and the SDK connected to it.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use telit_core::at::Settings;
use telit_core::channels::Channels;
use telit_core::driver::{BoxedStream, Recorder};
use telit_core::modem::ModemBuilder;
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use telit_core::tls::{CaCertificate, CipherPolicy, Identity, TlsOptions, TlsOptionsBuilder};
use telit_core::{Backoff, Modem};
use telit_ftps::FtpsOptions;
use telit_mqtt::{MqttOptions, MqttSecurity};
use telit_simulator::servers::{CertificateRequest, Issued, KeyKind, TestServers};
use telit_simulator::{Builder, Platform, VirtualModule};
use tokio::task::JoinSet;

use crate::ftps_relay::FtpsRelay;

/// The ports that the virtual network calls the servers by.
pub(crate) const MQTTS: u16 = 8883;
const MQTT: u16 = 1883;
pub(crate) const HTTPS: u16 = 443;
const HTTP: u16 = 80;
pub(crate) const FTP: u16 = 21;
const IMPLICIT_FTP: u16 = 990;

/// The command lines that were sent.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let sent = text.lines().filter_map(|line| line.split_once(" > ")).map(|(_, sent)| sent);
        let lines = sent.filter_map(|sent| sent.strip_suffix("\\r")).map(str::to_owned);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(lines);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The servers, and file servers for modules that know no modern cipher suites and for implicit TLS.
pub(crate) struct Servers {
    modern: TestServers,
    old_files: Option<FtpsRelay>,
    implicit_files: Option<FtpsRelay>,
}

pub(crate) struct Rig {
    pub(crate) platform: Platform,
    pub(crate) servers: Arc<Servers>,
    pub(crate) module: Arc<VirtualModule>,
    pub(crate) modem: Modem,
}

impl Rig {
    /// Everything up, a module of platform 37 on line.
    pub(crate) async fn start() -> Self {
        Self::start_on(Platform::P37).await
    }

    /// Everything up, a module of this platform on line.
    pub(crate) async fn start_on(platform: Platform) -> Self {
        Self::start_on_with(platform, |module| module, Modem::builder()).await
    }

    /// As [`start`](Self::start), with a module and a modem of one's own making.
    pub(crate) async fn start_with(
        configure: impl FnOnce(Builder) -> Builder,
        builder: ModemBuilder,
    ) -> Self {
        Self::start_on_with(Platform::P37, configure, builder).await
    }

    /// As [`start_on`](Self::start_on), with a module and a modem of one's own making.
    pub(crate) async fn start_on_with(
        platform: Platform,
        configure: impl FnOnce(Builder) -> Builder,
        builder: ModemBuilder,
    ) -> Self {
        let servers = Arc::new(Servers::start(!knows_modern_suites(platform)).await);
        let module = configure(servers.module_for(platform)).build().expect("the module starts");
        Self::bring_up(platform, servers, module, builder).await
    }

    /// The SDK has to find out by itself which platform this is.
    async fn bring_up(
        platform: Platform,
        servers: Arc<Servers>,
        module: VirtualModule,
        builder: ModemBuilder,
    ) -> Self {
        let modem = builder.apn("iot.test").open(module.attach_duplex()).await.expect("the module answers");
        assert_eq!(modem.profile().id.as_str(), platform.id(), "taken for another platform");
        modem.bring_up().await.expect("the module comes on line");
        Self { platform, servers, module: Arc::new(module), modem }
    }

    /// Everything up, a module of platform 37 under supervision that does not take long for anything.
    pub(crate) async fn supervised() -> (Self, Supervisor) {
        Self::supervised_with(Modem::builder()).await
    }

    /// The same, with a modem of one's own making.
    pub(crate) async fn supervised_with(builder: ModemBuilder) -> (Self, Supervisor) {
        let platform = Platform::P37;
        let servers = Arc::new(Servers::start(false).await);
        let module = servers.module_for(platform).start_up(Duration::from_millis(100));
        let module = Arc::new(module.build().expect("the module starts"));
        let supervisor = supervise(&module, builder).await;
        let modem = supervisor.modem().clone();
        (Self { platform, servers, module, modem }, supervisor)
    }

    /// Everything up, a module of platform 37 on line with several channels on its port; the modem is the first one.
    pub(crate) async fn multiplexed(configure: impl FnOnce(Builder) -> Builder) -> (Self, Channels) {
        let platform = Platform::P37;
        let servers = Arc::new(Servers::start(false).await);
        let module = Arc::new(configure(servers.module_for(platform)).build().expect("the module starts"));
        let builder = Modem::builder().apn("iot.test").multiplexed().expect("the options are good");
        let channels = builder.open(module.attach_duplex()).await.expect("the module multiplexes");
        channels.bring_up().await.expect("the module comes on line");
        let modem = channels.channel(1).expect("there is one").clone();
        (Self { platform, servers, module, modem }, channels)
    }

    /// Everything up, a module of platform 37 that starts at once, with a modem of somebody else's making.
    pub(crate) async fn assemble(open: impl AsyncFnOnce(&Arc<VirtualModule>) -> Modem) -> Self {
        let platform = Platform::P37;
        let servers = Arc::new(Servers::start(false).await);
        let module = servers.module_for(platform).start_up(Duration::from_millis(100));
        let module = Arc::new(module.build().expect("the module starts"));
        let modem = open(&module).await;
        Self { platform, servers, module, modem }
    }

    /// Trusts the servers' authority and shows a certificate that the broker accepts. What the platform
    /// cannot do is waived, and nothing else.
    pub(crate) fn tls(&self) -> TlsOptions {
        self.tls_builder().identity(self.identity()).build().expect("they fit together")
    }

    /// Platform 10 takes no key of 2048 bits: as PEM it has more than 1535 bytes.
    fn identity(&self) -> Identity {
        let pair = |issued: &Issued| {
            let (certificate, key) = (issued.certificate_pem().as_bytes(), issued.key_pem().as_bytes());
            Identity::from_pem(certificate, key).expect("they fit")
        };
        if self.platform == Platform::P10 {
            let request = CertificateRequest::client("virtual-module").key(KeyKind::Rsa(1536));
            return pair(&self.servers.authority().issue(&request).expect("it is issued"));
        }
        pair(self.servers.client())
    }

    /// As [`tls`](Self::tls), without a certificate of our own.
    pub(crate) fn tls_builder(&self) -> TlsOptionsBuilder {
        self.tls_builder_for(self.ca())
    }

    /// As [`tls_builder`](Self::tls_builder), with somebody else to trust.
    pub(crate) fn tls_builder_for(&self, authority: CaCertificate) -> TlsOptionsBuilder {
        let tls = &self.modem.profile().tls;
        let mut builder = TlsOptions::builder().ca(authority);
        if !tls.checks_host_name() {
            builder = builder.danger_skip_host_check();
        }
        if !tls.sends_server_name() {
            builder = builder.without_server_name();
        }
        if !knows_modern_suites(self.platform) {
            builder = builder.cipher_policy(CipherPolicy::Compatible);
        }
        builder
    }

    pub(crate) fn ca(&self) -> CaCertificate {
        let pem = self.servers.authority().certificate_pem();
        CaCertificate::from_pem(pem.as_bytes()).expect("it is a CA certificate")
    }

    pub(crate) fn mqtt(&self, client_id: &str) -> MqttOptions {
        MqttOptions::new(TestServers::BROKER_NAME, client_id, MqttSecurity::Tls(self.tls()))
    }

    pub(crate) fn ftps(&self) -> FtpsOptions {
        FtpsOptions::new(
            TestServers::FILES_NAME,
            TestServers::FTP_USER,
            TestServers::FTP_PASSWORD,
            self.tls(),
        )
    }
}

/// No pauses between commands: for those who send thousands.
pub(crate) fn in_haste() -> Settings {
    let mut settings = Settings::default();
    settings.pause = Duration::ZERO;
    settings
}

/// Supervises a module, and does not take long for anything.
pub(crate) async fn supervise(module: &Arc<VirtualModule>, builder: ModemBuilder) -> Supervisor {
    let plug = Arc::clone(module);
    let source = move || {
        let stream: BoxedStream = Box::pin(plug.attach_duplex());
        async { Ok(stream) }
    };
    let options = SupervisorOptions::default()
        .heartbeat(Some(Duration::from_millis(50)))
        .max_attempts(10_000)
        .backoff(Backoff::new(Duration::from_millis(5), Duration::from_millis(50)));
    let builder = builder.apn("iot.test").registration_timeout(Duration::from_secs(1));
    Supervisor::start(builder, source, options).await.expect("the module comes on line")
}

/// Runs a scenario on every platform at the same time. They share the servers, so client identifiers, topics and
/// file names have to differ; [`Platform::id`] is at hand.
pub(crate) async fn for_each_platform<S, F>(scenario: S)
where
    S: Fn(Arc<Rig>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    let servers = Arc::new(Servers::start(true).await);
    let mut running = JoinSet::new();
    let mut names = HashMap::new();
    for platform in Platform::ALL {
        let (servers, scenario) = (Arc::clone(&servers), scenario.clone());
        let module = servers.module_for(platform).build().expect("the module starts");
        let task = running.spawn(async move {
            // Kept until the end: what an asynchronous block does not use of a rig, it drops.
            let rig = Arc::new(Rig::bring_up(platform, servers, module, Modem::builder()).await);
            scenario(Arc::clone(&rig)).await;
        });
        names.insert(task.id(), platform.id());
    }
    let mut failed = Vec::new();
    while let Some(ended) = running.join_next_with_id().await {
        if let Err(error) = ended {
            failed.push(names[&error.id()]);
        }
    }
    assert!(failed.is_empty(), "failed on platforms {failed:?}");
}

/// Whether a module can be told to use ECDHE with AES-GCM. The others are pinned to what they can, which
/// [`TestServers::ftps`] does not speak.
pub(crate) fn knows_modern_suites(platform: Platform) -> bool {
    matches!(platform, Platform::P25ThreadX | Platform::P37 | Platform::P52)
}

impl Servers {
    async fn start(old_files: bool) -> Self {
        let modern = TestServers::start().await.expect("the servers start");
        if !old_files {
            return Self { modern, old_files: None, implicit_files: None };
        }
        let request = CertificateRequest::server(TestServers::FILES_NAME);
        let certificate = modern.authority().issue(&request).expect("it is issued");
        let backend = modern.ftps().addr();
        let old_files = Some(FtpsRelay::start(&certificate, backend).await);
        let implicit_files = Some(FtpsRelay::start_implicit(&certificate, backend).await);
        Self { modern, old_files, implicit_files }
    }

    /// A module that calls the servers by their names.
    fn module_for(&self, platform: Platform) -> Builder {
        let builder = match &self.old_files {
            Some(relay) if !knows_modern_suites(platform) => module_for(platform, self, relay.addr()),
            _ => module_for(platform, self, self.ftps().addr()),
        };
        match &self.implicit_files {
            Some(relay) => builder.resolve(TestServers::FILES_NAME, IMPLICIT_FTP, relay.addr()),
            None => builder,
        }
    }
}

impl Deref for Servers {
    type Target = TestServers;

    fn deref(&self) -> &TestServers {
        &self.modern
    }
}

/// A module that calls the servers by their names, with the file server at `files`.
pub(crate) fn module_for(platform: Platform, servers: &TestServers, files: SocketAddr) -> Builder {
    let names = [
        (TestServers::BROKER_NAME, MQTTS, servers.broker().addr()),
        (TestServers::BROKER_NAME, MQTT, servers.broker().plain_addr()),
        (TestServers::REST_NAME, HTTPS, servers.rest().addr()),
        (TestServers::REST_NAME, HTTP, servers.rest().plain_addr()),
        (TestServers::FILES_NAME, FTP, files),
    ];
    names.into_iter().fold(VirtualModule::builder(platform), |builder, (name, port, address)| {
        builder.resolve(name, port, address)
    })
}

/// A recorder into a file, and what it holds: lines without the time.
pub(crate) fn recorder(path: &Path) -> Recorder {
    Recorder::new(std::fs::File::create(path).expect("the folder is writable"))
}

pub(crate) fn recorded(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("it was recorded");
    text.lines().filter_map(|line| line.split_once(' ')).map(|(_, event)| event.to_owned()).collect()
}

/// Payloads that break a parser which searches where it should count.
pub(crate) fn hostile_payloads() -> Vec<Bytes> {
    let all: Vec<u8> = (0..=255).collect();
    vec![
        Bytes::from(all.clone()),
        Bytes::from(all.repeat(20)),
        Bytes::from_static(b"\r\nOK\r\n"),
        Bytes::from_static(b"\r\n+CME ERROR: 4\r\n"),
        Bytes::from_static(b"\r\nNO CARRIER\r\n"),
        Bytes::from_static(b"\r\nERROR\r\n#MQRING: 1,1,a,3\r\n<<<>>>> "),
        Bytes::from_static(b"say \"hi\", \x1a\x1b\x08 +++ \\22"),
        Bytes::from_static(b"+++"),
        Bytes::from_static(b"\n"),
        Bytes::from_static(b"\r"),
        Bytes::new(),
    ]
}
