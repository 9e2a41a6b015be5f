//! Requests, a download and a TLS socket, one after the other: each is right, or a typed error within its bound.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use telit_core::Category;
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_ftps::{FtpsClient, FtpsOptions, Sha256Digest};
use telit_https::HttpsClient;
use telit_simulator::servers::{TestServers, pattern};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ledger::Ledger;
use super::world::{ECHO, World};

/// No operation takes longer, whatever happens: three minutes are the longest that any documentation names, and in the
/// worst case recovery comes on top.
const BOUND: Duration = Duration::from_secs(300);

const FIRMWARE: &str = "firmware.bin";
const FIRMWARE_SIZE: usize = 60_000;
const ECHO_SIZE: usize = 12_000;

pub(super) struct Transfers {
    world: Arc<World>,
    ledger: Ledger,
    folder: tempfile::TempDir,
    hash: Sha256Digest,
}

impl Transfers {
    pub(super) fn new(world: Arc<World>, ledger: Ledger) -> Self {
        let content = pattern(FIRMWARE_SIZE);
        world.servers.ftps().put_file(FIRMWARE, &content).expect("it is stored");
        let hash = Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(&content)));
        Self { world, ledger, folder: tempfile::tempdir().expect("a folder"), hash }
    }

    pub(super) async fn once(&self) {
        for size in [100, 5_000] {
            self.keep("GET", self.get(size)).await;
        }
        self.keep("POST", self.post()).await;
        self.keep("download", self.download()).await;
        for mode in [ConnectionMode::Command, ConnectionMode::Online] {
            self.keep("TLS socket", self.socket(mode)).await;
        }
    }

    /// Notes what came of an operation; one that does not end is a failure of the test.
    async fn keep(&self, name: &'static str, operation: impl Future<Output = Result<usize, Category>>) {
        let outcome = tokio::time::timeout(BOUND, operation).await;
        self.ledger.operation(name, outcome.unwrap_or_else(|_| panic!("{name} hangs")));
    }

    async fn get(&self, size: usize) -> Result<usize, Category> {
        let url = format!("https://{}/bytes/{size}", TestServers::REST_NAME).parse().expect("it is a URL");
        let client = HttpsClient::new(self.world.modem(), self.world.tls());
        let response = client.get(url).await.map_err(|error| error.category())?;
        let body = response.into_body().bytes(1 << 20).await.map_err(|error| error.category())?;
        assert!(body == pattern(size), "{size} bytes were asked for, {} others came", body.len());
        Ok(size)
    }

    async fn post(&self) -> Result<usize, Category> {
        let url = format!("https://{}/echo", TestServers::REST_NAME).parse().expect("it is a URL");
        let client = HttpsClient::new(self.world.modem(), self.world.tls());
        let content = pattern(3_000);
        let posted = client.post(url, "application/octet-stream", content.clone()).await;
        let response = posted.map_err(|error| error.category())?;
        let body = response.into_body().bytes(1 << 20).await.map_err(|error| error.category())?;
        assert!(body == content, "what was posted is not what came back");
        Ok(2 * content.len())
    }

    async fn download(&self) -> Result<usize, Category> {
        let options = FtpsOptions::new(
            TestServers::FILES_NAME,
            TestServers::FTP_USER,
            TestServers::FTP_PASSWORD,
            self.world.tls(),
        );
        let options = options.stall_timeout(Duration::from_secs(5));
        let mut client =
            FtpsClient::connect(self.world.modem(), options).await.map_err(|error| error.category())?;
        let target = self.folder.path().join(FIRMWARE);
        let download = client.download_to_file(FIRMWARE, &target).resume(true).sha256(self.hash);
        let report = download.await.map_err(|error| error.category())?;
        let content = std::fs::read(&target).expect("it was downloaded");
        assert!(content == pattern(FIRMWARE_SIZE), "the hash was right and the file is not");
        std::fs::remove_file(&target).expect("it is there");
        Ok(usize::try_from(report.bytes).expect("it is small"))
    }

    async fn socket(&self, mode: ConnectionMode) -> Result<usize, Category> {
        let connector = TlsConnector::new(self.world.modem(), self.world.tls()).mode(mode);
        let mut socket = connector.connect(ECHO.0, ECHO.1).await.map_err(|error| error.category())?;
        let content = pattern(ECHO_SIZE);
        let mut echoed = vec![0; ECHO_SIZE];
        let (mut reading, mut writing) = tokio::io::split(&mut socket);
        let exchange = async {
            tokio::try_join!(async { writing.write_all(&content).await }, reading.read_exact(&mut echoed))
        };
        let result = tokio::time::timeout(Duration::from_secs(60), exchange).await;
        match result {
            Ok(Ok(_)) => assert!(echoed == content, "the echo is not what was sent"),
            Ok(Err(_)) => return Err(Category::Network),
            // A byte that the line lost is missing for ever.
            Err(_) => return Err(Category::Link),
        }
        Ok(2 * ECHO_SIZE)
    }
}
