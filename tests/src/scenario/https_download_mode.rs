//! In which mode a download to a file comes over a TLS socket.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_core::{Backoff, Modem};
use telit_https::download::{Retry, Sha256Digest};
use telit_https::{DownloadError, Engine, HttpsClient, HttpsDownload, HttpsOptions};
use telit_simulator::FaultSpec;
use telit_simulator::servers::{TestServers, pattern};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::https_hostile::head;
use super::socket::peer::{NAME, PORT, Peer};
use crate::rig::{HTTPS, Rig, for_each_platform, hostile_payloads, recorded, recorder};

const SIZE: usize = 30_000;

struct Bench {
    rig: Rig,
    folder: TempDir,
}

fn hash(data: &[u8]) -> Sha256Digest {
    Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(data)))
}

fn url(path: &str) -> String {
    format!("https://{}{path}", TestServers::REST_NAME)
}

fn soon() -> Retry {
    Retry::default().max_attempts(3).backoff(Backoff::new(Duration::ZERO, Duration::ZERO))
}

impl Bench {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(faults: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let modem = Modem::builder().recorder(recorder(&folder.path().join("transcript")));
        let faults: Vec<FaultSpec> = faults.iter().map(|fault| fault.parse().expect("it is one")).collect();
        let rig = Rig::start_with(
            |module| faults.into_iter().fold(module, |module, fault| module.fault(fault)),
            modem,
        );
        let rig = rig.await;
        rig.servers.rest().put_file("fw.bin", pattern(SIZE));
        Self { rig, folder }
    }

    fn client(&self, options: HttpsOptions) -> HttpsClient {
        let tls = self.rig.tls_builder().build().expect("it fits");
        HttpsClient::new(&self.rig.modem, tls).with_options(options)
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("fw.bin")
    }

    fn download(&self, client: &HttpsClient) -> HttpsDownload<'static> {
        client.download_to_file(url("/files/fw.bin"), self.target()).retry(soon())
    }

    async fn arrives(&self, download: HttpsDownload<'_>) {
        let report = download.await.expect("it arrives");
        assert_eq!((report.bytes, report.attempts), (SIZE as u64, 1));
        assert!(fs::read(self.target()).expect("it is there") == pattern(SIZE));
    }

    /// The mode of every connection so far. Source: M37 p896.
    fn modes(&self) -> Vec<ConnectionMode> {
        let sent = recorded(&self.folder.path().join("transcript"));
        let dialled = sent.iter().filter_map(|line| line.strip_prefix("> AT#SSLD="));
        let mode = |arguments: &str| match arguments.trim_end_matches("\\r").split(',').nth(4) {
            Some("0") => ConnectionMode::Online,
            Some("1") => ConnectionMode::Command,
            _ => panic!("no mode in {arguments}"),
        };
        dialled.map(mode).collect()
    }
}

#[tokio::test]
async fn the_whole_line_is_taken_where_a_lost_byte_would_be_noticed() {
    use ConnectionMode::{Command, Online};
    let bench = Bench::start().await;
    let hash = hash(&pattern(SIZE));
    let mut expected = Vec::new();
    for (of_client, of_download, hashed, mode) in [
        (None, None, true, Online),
        (None, None, false, Command),
        (Some(Command), None, true, Command),
        (Some(Online), None, false, Online),
        (None, Some(Command), true, Command),
        (None, Some(Online), false, Online),
        (Some(Command), Some(Online), false, Online),
        (Some(Online), Some(Command), true, Command),
    ] {
        let options = HttpsOptions::new();
        let options = match of_client {
            Some(mode) => options.connection_mode(mode),
            None => options,
        };
        let download = bench.download(&bench.client(options));
        let download = match of_download {
            Some(mode) => download.connection_mode(mode),
            None => download,
        };
        // Whatever is said first.
        let download = if hashed { download.sha256(hash) } else { download };
        bench.arrives(download).await;
        expected.push(mode);
        assert_eq!(bench.modes(), expected, "{of_client:?} {of_download:?} {hashed}");
        assert_eq!(bench.rig.modem.tls_holder(), None, "TLS is given back");
        assert!(bench.rig.modem.registration().await.expect("the port is free").is_registered());
    }
    let client = bench.client(HttpsOptions::new().engine(Engine::Socket));
    client.get(url("/health")).await.expect("it answers").into_body().bytes(1000).await.expect("it is read");
    expected.push(Command);
    assert_eq!(bench.modes(), expected, "what is no download");
}

#[tokio::test]
async fn a_connection_that_is_kept_is_used_in_its_own_mode_only() {
    use ConnectionMode::{Command, Online};
    let bench = Bench::start().await;
    let client = bench.client(HttpsOptions::new().engine(Engine::Socket).keep_tls(true));
    let ask = async || {
        let answer = client.get(url("/health")).await.expect("it answers");
        assert_eq!(answer.into_body().text(1000).await.expect("it is read"), r#"{"status":"ok"}"#);
    };
    ask().await;
    bench.arrives(bench.download(&client)).await;
    bench.arrives(bench.download(&client).sha256(hash(&pattern(SIZE))).connection_mode(Command)).await;
    assert_eq!(bench.modes(), [Command], "one connection carries them all");
    bench.arrives(bench.download(&client).sha256(hash(&pattern(SIZE)))).await;
    assert_eq!(bench.modes(), [Command, Online]);
    assert!(bench.rig.modem.registration().await.expect("the port is free").is_registered());
    assert_eq!(bench.rig.modem.tls_holder(), None, "nothing is kept in online mode");
    ask().await;
    ask().await;
    assert_eq!(bench.modes(), [Command, Online, Command]);
    client.release_tls().await.expect("it is given back");
    assert_eq!(bench.rig.modem.tls_holder(), None);
}

#[tokio::test]
async fn who_keeps_connections_in_online_mode_downloads_over_them() {
    let bench = Bench::start().await;
    let options = HttpsOptions::new().connection_mode(ConnectionMode::Online).keep_tls(true);
    let client = bench.client(options.engine(Engine::Socket));
    client.get(url("/health")).await.expect("it answers").into_body().bytes(1000).await.expect("it is read");
    bench.arrives(bench.download(&client).sha256(hash(&pattern(SIZE)))).await;
    assert_eq!(bench.modes(), [ConnectionMode::Online]);
    client.release_tls().await.expect("it is given back");
    assert_eq!(bench.rig.modem.tls_holder(), None);
}

#[tokio::test]
async fn other_connections_are_not_brought_to_a_stand() {
    let bench = Bench::start().await;
    let tls = bench.rig.tls_builder().build().expect("it fits");
    let connector = TlsConnector::new(&bench.rig.modem, tls);
    assert_eq!(connector.open_sockets(), 0);
    let other = connector.connect(TestServers::REST_NAME, HTTPS).await.expect("it connects");
    assert_eq!(connector.open_sockets(), 1);
    let client = bench.client(HttpsOptions::new());
    bench.arrives(bench.download(&client).sha256(hash(&pattern(SIZE)))).await;
    assert_eq!(bench.modes(), [ConnectionMode::Command; 2]);
    other.close().await.expect("it stands");
    assert_eq!(connector.open_sockets(), 0);
    bench.arrives(bench.download(&client).sha256(hash(&pattern(SIZE)))).await;
    assert_eq!(bench.modes()[2..], [ConnectionMode::Online]);
}

/// What follows moves up, also what is fetched behind a cut.
#[tokio::test]
async fn bytes_that_the_line_loses_do_not_get_into_a_file() {
    // Behind the first answers of the start-up, within the file.
    let bench = Bench::start_with(&["drop-byte:at=20000"]).await;
    bench.rig.servers.rest().cut_next_file_after(25_000);
    let client = bench.client(HttpsOptions::new());
    let download = bench.download(&client).sha256(hash(&pattern(SIZE)));
    let mut cut_at = None;
    let download = download.on_retry(|retrying| cut_at = Some(retrying.bytes));
    let report = download.await.expect("it arrives");
    assert!(cut_at.is_some_and(|bytes| bytes > 20_000), "{cut_at:?}");
    assert!(report.attempts > 1, "{report:?}");
    assert!(fs::read(bench.target()).expect("it is there") == pattern(SIZE));
    let modes = bench.modes();
    let (last, before) = modes.split_last().expect("it connects");
    assert_eq!(*last, ConnectionMode::Command, "all of it comes again, and now bytes are counted");
    assert!(before.iter().all(|mode| *mode == ConnectionMode::Online), "{before:?}");
}

/// In the mode that was told it comes damaged again, and that is told.
#[tokio::test]
async fn a_mode_that_was_told_is_kept_on_a_line_that_loses_bytes() {
    let bench = Bench::start_with(&["drop-byte:one-in=7000,seed=1,times=0"]).await;
    let client = bench.client(HttpsOptions::new());
    let download = bench.download(&client).sha256(hash(&pattern(SIZE)));
    let error = download.connection_mode(ConnectionMode::Online).await.expect_err("bytes are lost");
    assert!(matches!(error, DownloadError::HashMismatch { .. }), "{error:?}");
    assert!(bench.modes().iter().all(|mode| *mode == ConnectionMode::Online));
    assert!(!bench.target().exists());
}

/// Also those that send the escape sequence to the server.
#[tokio::test]
async fn every_platform_takes_the_whole_line() {
    for_each_platform(|rig| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let name = format!("mode-{}.bin", rig.platform.id());
        let content = [&pattern(SIZE)[..], &hostile_payloads().concat(), &pattern(SIZE)].concat();
        rig.servers.rest().put_file(&name, content.clone());
        let tls = rig.tls_builder().build().expect("it fits");
        let client = HttpsClient::new(&rig.modem, tls);
        let target = folder.path().join(&name);
        let download = client.download_to_file(url(&format!("/files/{name}")), &target);
        let before = rig.modem.statistics().exchanges;
        let report = download.sha256(hash(&content)).retry(soon()).await.expect("it arrives");
        assert_eq!(report.bytes, content.len() as u64, "{}", rig.platform.id());
        assert!(fs::read(&target).expect("it is there") == content);
        // Blocks of 1000 bytes would need more.
        let exchanges = rig.modem.statistics().exchanges - before;
        assert!(exchanges < 60, "{}: {exchanges}", rig.platform.id());
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_falls_silent_in_online_mode_is_asked_for_the_rest() {
    let peer = Peer::start().await;
    let client = HttpsClient::new(&peer.modem, peer.tls());
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("fw.bin");
    let download = client.download_to_file(format!("https://{NAME}:{PORT}/fw.bin"), &target);
    let download = download.sha256(hash(b"firmware")).timeout(Duration::from_millis(500)).retry(soon());
    let serving = async {
        let mut silent = peer.accept().await;
        head(&mut silent).await;
        let half = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nETag: \"1\"\r\n\r\nfirm";
        silent.write_all(half).await.expect("it is sent");
        let mut remote = peer.accept().await;
        let asked = head(&mut remote).await;
        let rest = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-7/8\r\nContent-Length: 4\r\nETag: \"1\"\r\n\r\nware";
        remote.write_all(rest).await.expect("it is sent");
        asked
    };
    let (report, asked) = tokio::join!(download, serving);
    let report = report.expect("it arrives");
    assert_eq!((report.bytes, report.attempts), (8, 2));
    assert_eq!(fs::read(&target).expect("it is there"), b"firmware");
    assert!(asked.to_ascii_lowercase().contains("range: bytes=4-\r\n"), "{asked}");
}
