//! Requests, a download and a TLS socket, one after the other: each is right, or a typed error within its bound.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use telit_core::Category;
use telit_core::socket::{ConnectionMode, SocketError, TlsConnector};
use telit_ftps::{FtpsClient, FtpsOptions, Sha256Digest};
use telit_https::HttpsClient;
use telit_simulator::servers::{TestServers, pattern};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ledger::Ledger;
use super::world::{BYTES_PER_LOSS, ECHO, World};

/// No operation takes longer, whatever happens: three minutes are the longest that any documentation names, and in the
/// worst case recovery comes on top.
const BOUND: Duration = Duration::from_secs(300);

/// The echo of a few kilobytes takes less than a second.
const STANDSTILL: Duration = Duration::from_secs(60);

const FIRMWARE: &str = "firmware.bin";
const FIRMWARE_SIZE: usize = 60_000;
const ECHO_SIZE: usize = 12_000;

pub(super) struct Transfers {
    world: Arc<World>,
    ledger: Ledger,
    folder: tempfile::TempDir,
    hash: Sha256Digest,
    stood_still: AtomicU64,
}

impl Transfers {
    pub(super) fn new(world: Arc<World>, ledger: Ledger) -> Self {
        let content = pattern(FIRMWARE_SIZE);
        world.servers.ftps().put_file(FIRMWARE, &content).expect("it is stored");
        let hash = Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(&content)));
        Self {
            world,
            ledger,
            folder: tempfile::tempdir().expect("a folder"),
            hash,
            stood_still: AtomicU64::new(0),
        }
    }

    pub(super) async fn once(&self) {
        for work in Work::ALL {
            let _booked = self.run(work).await;
        }
    }

    /// When nothing fails but the line, which loses a byte now and then, everything is right in the end: a socket in online mode,
    /// whose bytes nobody counts, is hit once in five times.
    pub(super) async fn all_right(&self) {
        for work in Work::ALL {
            let mut failures = Vec::new();
            while let Err(failure) = self.run(work).await {
                failures.push(failure);
                assert!(failures.len() < 10, "{work:?} is not right although nothing fails: {failures:#?}");
            }
        }
    }

    /// One that does not end is a failure of the test.
    async fn run(&self, work: Work) -> Result<(), Failure> {
        let doing = async {
            match work {
                Work::Get(size) => self.get(size).await,
                Work::Post => self.post().await,
                Work::Download => self.download().await,
                Work::Socket(mode) => self.socket(mode).await,
            }
        };
        let outcome = tokio::time::timeout(BOUND, doing).await.unwrap_or_else(|_| panic!("{work:?} hangs"));
        self.ledger.operation(work.name(), outcome.as_ref().copied().map_err(|failure| failure.category));
        outcome.map(drop)
    }

    async fn get(&self, size: usize) -> Result<usize, Failure> {
        let url = format!("https://{}/bytes/{size}", TestServers::REST_NAME);
        let client = HttpsClient::new(self.world.modem(), self.world.tls());
        let response = client.get(url).await.map_err(|error| failed(error.category(), &error))?;
        let body =
            response.into_body().bytes(1 << 20).await.map_err(|error| failed(error.category(), &error))?;
        assert!(body == pattern(size), "{size} bytes were asked for, {} others came", body.len());
        Ok(size)
    }

    async fn post(&self) -> Result<usize, Failure> {
        let url = format!("https://{}/echo", TestServers::REST_NAME);
        let client = HttpsClient::new(self.world.modem(), self.world.tls());
        let content = pattern(3_000);
        let posted = client.post(url).content_type("application/octet-stream").body(content.clone()).await;
        let response = posted.map_err(|error| failed(error.category(), &error))?;
        let body =
            response.into_body().bytes(1 << 20).await.map_err(|error| failed(error.category(), &error))?;
        assert!(body == content, "what was posted is not what came back");
        Ok(2 * content.len())
    }

    async fn download(&self) -> Result<usize, Failure> {
        let options = FtpsOptions::new(
            TestServers::FILES_NAME,
            TestServers::FTP_USER,
            TestServers::FTP_PASSWORD,
            self.world.tls(),
        );
        let options = options.stall_timeout(Duration::from_secs(5));
        let mut client = FtpsClient::connect(self.world.modem(), options)
            .await
            .map_err(|error| failed(error.category(), &error))?;
        let target = self.folder.path().join(FIRMWARE);
        let download = client.download_to_file(FIRMWARE, &target).resume(true).sha256(self.hash);
        let report = download.await.map_err(|error| failed(error.category(), &error))?;
        let content = std::fs::read(&target).expect("it was downloaded");
        assert!(content == pattern(FIRMWARE_SIZE), "the hash was right and the file is not");
        std::fs::remove_file(&target).expect("it is there");
        Ok(usize::try_from(report.bytes).expect("it is small"))
    }

    async fn socket(&self, mode: ConnectionMode) -> Result<usize, Failure> {
        let connector = TlsConnector::new(self.world.modem(), self.world.tls()).mode(mode);
        let mut socket =
            connector.connect(ECHO.0, ECHO.1).await.map_err(|error| failed(error.category(), &error))?;
        let content = pattern(ECHO_SIZE);
        let mut echoed = vec![0; ECHO_SIZE];
        let (mut reading, mut writing) = tokio::io::split(&mut socket);
        let exchange = async {
            tokio::try_join!(async { writing.write_all(&content).await }, reading.read_exact(&mut echoed))
        };
        match tokio::time::timeout(STANDSTILL, exchange).await {
            Ok(Ok(_)) => assert!(echoed == content, "the echo is not what was sent"),
            Ok(Err(error)) => return Err(failed(self.category_of(&error), &error)),
            Err(elapsed) => return Err(failed(self.stood_still(), &elapsed)),
        }
        Ok(2 * ECHO_SIZE)
    }

    fn category_of(&self, error: &std::io::Error) -> Category {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<SocketError>()) {
            Some(error) => error.category(),
            None => {
                self.ledger.failure(format!("an error of a socket that says nothing: {error:?}"));
                Category::Other
            }
        }
    }

    /// A byte that the line has lost in online mode is missing for ever; nothing else makes an echo stand still.
    fn stood_still(&self) -> Category {
        let times = self.stood_still.fetch_add(1, Ordering::Relaxed) + 1;
        let losses = self.world.modem().statistics().bytes_read / BYTES_PER_LOSS;
        if times > 2 * losses + 2 {
            self.ledger
                .failure(format!("{times} sockets stood still, and the line has lost about {losses} bytes"));
        }
        Category::Link
    }
}

/// What became of an operation that was not right.
#[derive(Debug)]
struct Failure {
    category: Category,
    #[expect(dead_code, reason = "shown by its Debug form")]
    error: String,
}

fn failed(category: Category, error: &impl Debug) -> Failure {
    Failure { category, error: format!("{error:?}") }
}

/// What is done once a round.
#[derive(Clone, Copy, Debug)]
enum Work {
    Get(usize),
    Post,
    Download,
    Socket(ConnectionMode),
}

impl Work {
    const ALL: [Self; 6] = [
        Self::Get(100),
        Self::Get(5_000),
        Self::Post,
        Self::Download,
        Self::Socket(ConnectionMode::Command),
        Self::Socket(ConnectionMode::Online),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Get(_) => "GET",
            Self::Post => "POST",
            Self::Download => "download",
            Self::Socket(_) => "TLS socket",
        }
    }
}
