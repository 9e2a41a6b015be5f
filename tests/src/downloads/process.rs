//! The process that downloads.

use std::env;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use telit_core::at::Settings;
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_core::transport::SerialPort;
use telit_core::{Backoff, Modem};
use telit_ftps::{FtpsClient, FtpsOptions, Sha256Digest};
use telit_https::{Engine, HttpsClient, HttpsOptions};
use telit_simulator::servers::TestServers;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};

const WAY: &str = "TELIT_TEST_DOWNLOAD_WAY";
const FOLDER: &str = "TELIT_TEST_DOWNLOAD_FOLDER";
const HASH: &str = "TELIT_TEST_DOWNLOAD_HASH";

/// Names in the folder that both processes share.
pub(super) const PORT: &str = "module";
pub(super) const CA: &str = "ca.pem";
pub(super) const TARGET: &str = "fw.bin";
/// The file on the servers.
pub(super) const REMOTE: &str = "firmware.bin";

/// Longer than a busy machine stands still.
const SILENCE: Duration = Duration::from_secs(4);
/// A try that brings nothing is none: the module may be away for as long as it takes.
const ATTEMPTS: u32 = 10_000;

/// How the file comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Ftps,
    /// Without a hash, in command mode.
    HttpsSocket,
    /// With one, online.
    HttpsOnline,
    HttpsModule,
}

impl Way {
    const ALL: [Self; 4] = [Self::Ftps, Self::HttpsSocket, Self::HttpsOnline, Self::HttpsModule];

    fn name(self) -> &'static str {
        match self {
            Self::Ftps => "ftps",
            Self::HttpsSocket => "socket",
            Self::HttpsOnline => "online",
            Self::HttpsModule => "module",
        }
    }
}

/// What the process tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// So many bytes are in the part file. It waits for [`Process::go_on`] then.
    At(u64),
    /// The download was cut with so many bytes in it, and will go on.
    Stopped(u64),
    Arrived,
}

/// A running process.
pub(super) struct Process {
    child: Child,
    orders: ChildStdin,
    lines: Lines<BufReader<ChildStderr>>,
    /// What it has said besides.
    remarks: Vec<String>,
}

impl Process {
    pub(super) fn start(way: Way, folder: &Path, hash: &str) -> Self {
        let mut command = Command::new(env::current_exe().expect("there is one"));
        command
            .args(["downloads::process::the_process_that_downloads", "--exact", "--ignored", "--nocapture"])
            .env(WAY, way.name())
            .env(FOLDER, folder)
            .env(HASH, hash)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let orders = child.stdin.take().expect("it is piped");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        Self { child, orders, lines, remarks: Vec::new() }
    }

    /// `None` when it has ended.
    pub(super) async fn next(&mut self) -> Option<Told> {
        loop {
            let line = self.lines.next_line().await.expect("it can be read")?;
            let told = match line.split_once(' ') {
                Some(("at", bytes)) => bytes.parse().ok().map(Told::At),
                Some(("stopped", bytes)) => bytes.parse().ok().map(Told::Stopped),
                None if line == "arrived" => Some(Told::Arrived),
                _ => None,
            };
            match told {
                Some(told) => return Some(told),
                None => self.remarks.push(line),
            }
        }
    }

    /// It may run on. One that has ended says so itself.
    pub(super) async fn go_on(&mut self) {
        self.orders.write_all(b".").await.unwrap_or_default();
    }

    /// As `kill -9`. Gives what it had still told.
    pub(super) async fn kill(mut self) -> Vec<Told> {
        self.child.kill().await.expect("it runs");
        let mut last = Vec::new();
        while let Some(told) = self.next().await {
            last.push(told);
        }
        last
    }

    /// Fails unless it has ended well.
    pub(super) async fn ended_well(mut self) {
        let ended = self.child.wait().await.expect("it ends");
        assert!(ended.success(), "{}", self.remarks.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the tests of this folder run it as a process of its own"]
async fn the_process_that_downloads() {
    let (Ok(way), Ok(folder), Ok(hash)) = (env::var(WAY), env::var(FOLDER), env::var(HASH)) else { return };
    let folder = Path::new(&folder);
    let way = Way::ALL.into_iter().find(|known| known.name() == way).expect("it is one");
    let hash = hash.parse().expect("it is one");
    let ca = fs::read(folder.join(CA)).expect("it is there");
    let ca = CaCertificate::from_pem(&ca).expect("it is one");
    let tls = TlsOptions::builder().ca(ca).build().expect("they fit");
    let supervisor = supervise(&folder.join(PORT)).await;
    match way {
        Way::Ftps => by_ftps(supervisor.modem(), tls, &folder.join(TARGET), hash).await,
        Way::HttpsSocket => {
            by_https(supervisor.modem(), tls, Engine::Socket, &folder.join(TARGET), None).await
        }
        Way::HttpsOnline => {
            by_https(supervisor.modem(), tls, Engine::Socket, &folder.join(TARGET), Some(hash)).await
        }
        Way::HttpsModule => {
            by_https(supervisor.modem(), tls, Engine::Module, &folder.join(TARGET), Some(hash)).await
        }
    }
    eprintln!("arrived");
}

async fn supervise(port: &Path) -> Supervisor {
    let mut settings = Settings::default();
    settings.escape_wait = Duration::from_millis(500);
    settings.pause = Duration::ZERO;
    let builder = Modem::builder().apn("iot.test").settings(settings);
    let options = SupervisorOptions::default()
        .heartbeat(Some(Duration::from_millis(200)))
        .max_attempts(ATTEMPTS)
        .backoff(Backoff::new(Duration::from_millis(20), Duration::from_millis(100)));
    let port = SerialPort::new(port.to_str().expect("it is text"));
    Supervisor::start(builder, port, options).await.expect("it comes on line")
}

/// So nothing is missed, however busy the machine is.
fn tell_and_wait(bytes: u64) {
    eprintln!("at {bytes}");
    let waited = tokio::task::block_in_place(|| std::io::stdin().read_exact(&mut [0]));
    waited.expect("the one that it tells is there");
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(20), Duration::from_millis(200))
}

async fn by_ftps(modem: &Modem, tls: TlsOptions, target: &Path, hash: Sha256Digest) {
    let (user, password) = (TestServers::FTP_USER, TestServers::FTP_PASSWORD);
    let options = FtpsOptions::new(TestServers::FILES_NAME, user, password, tls).stall_timeout(SILENCE);
    let mut client = connect(modem, options).await;
    let download = client.download_to_file(REMOTE, target).resume(true).sha256(hash);
    download
        .retry(telit_ftps::Retry::default().max_attempts(ATTEMPTS).backoff(backoff()))
        .progress(|progress| tell_and_wait(progress.bytes))
        .on_retry(|retrying| {
            eprintln!("stopped {}", retrying.bytes);
            eprintln!("because {}", retrying.because);
        })
        .await
        .expect("it arrives");
}

/// The network may be away just then, and connecting is not tried again by itself.
async fn connect(modem: &Modem, options: FtpsOptions) -> FtpsClient {
    loop {
        match FtpsClient::connect(modem, options.clone()).await {
            Ok(client) => return client,
            Err(error) => {
                eprintln!("connecting {error}");
                modem.health().up().await.expect("somebody is at work on it");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn by_https(modem: &Modem, tls: TlsOptions, engine: Engine, target: &Path, hash: Option<Sha256Digest>) {
    let client = HttpsClient::new(modem, tls).with_options(HttpsOptions::new().engine(engine));
    let url = format!("https://{}/files/{REMOTE}", TestServers::REST_NAME);
    let download = client.download_to_file(url, target).resume(true).timeout(SILENCE);
    // The entity tag is enough where it is seen.
    let download = match hash {
        Some(hash) => download.sha256(hash),
        None => download,
    };
    download
        .retry(telit_https::download::Retry::default().max_attempts(ATTEMPTS).backoff(backoff()))
        .progress(|progress| tell_and_wait(progress.bytes))
        .on_retry(|retrying| {
            eprintln!("stopped {}", retrying.bytes);
            eprintln!("because {}", retrying.because);
        })
        .await
        .expect("it arrives");
}
