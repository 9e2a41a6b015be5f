//! Downloads to a file by HTTPS: resumed where they were cut, and never put together from two files.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;
use sha2::{Digest, Sha256};
use telit_core::{Backoff, Category};
use telit_https::download::{Retry, Sha256Digest};
use telit_https::{DownloadError, Engine, FetchError, HttpsClient, HttpsOptions, RequestError};
use telit_simulator::servers::{TestServers, pattern};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::https_hostile::head;
use super::socket::peer::{NAME, PORT, Peer};
use crate::rig::Rig;

const ENGINES: [Engine; 2] = [Engine::Socket, Engine::Module];
const SIZE: usize = 60_000;

struct Bench {
    rig: Rig,
    folder: TempDir,
}

fn hash(data: &[u8]) -> Sha256Digest {
    Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(data)))
}

fn other(size: usize) -> Vec<u8> {
    pattern(size).iter().map(|byte| !byte).collect()
}

fn url(path: &str) -> String {
    format!("https://{}{path}", TestServers::REST_NAME)
}

fn soon(attempts: u32) -> Retry {
    Retry::default().max_attempts(attempts).backoff(Backoff::new(Duration::ZERO, Duration::ZERO))
}

impl Bench {
    async fn start() -> Self {
        let bench = Self { rig: Rig::start().await, folder: tempfile::tempdir().expect("a folder") };
        bench.rig.servers.rest().put_file("fw.bin", pattern(SIZE));
        bench
    }

    fn client(&self, engine: Engine) -> HttpsClient {
        let tls = self.rig.tls_builder().build().expect("it fits");
        HttpsClient::new(&self.rig.modem, tls).with_options(HttpsOptions::new().engine(engine))
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("fw.bin")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("it is there");
        let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("it is text");
        let mut names: Vec<_> = entries.map(|entry| name(entry.expect("it is readable"))).collect();
        names.sort();
        names
    }

    /// It arrived, and nothing is left of the way there. The next one begins anew.
    fn arrived(&self, data: &[u8]) {
        assert_eq!(self.names(), ["fw.bin"]);
        assert!(fs::read(self.target()).expect("it is there") == data);
        fs::remove_file(self.target()).expect("it was there");
        assert_eq!(self.rig.modem.tls_holder(), None, "TLS is given back");
    }

    /// An earlier call that was cut, with this hash. Gives how much is left of it.
    async fn leave(&self, client: &HttpsClient, path: &str, hash: Option<Sha256Digest>) -> u64 {
        self.rig.servers.rest().cut_next_file_after(20_000);
        let download = client.download_to_file(url(path), self.target()).retry(Retry::never());
        let download = match hash {
            Some(hash) => download.sha256(hash),
            None => download,
        };
        let error = download.await.expect_err("it was cut");
        assert!(error.is_resumable(), "{error:?}");
        assert_eq!(self.names(), ["fw.bin.part", "fw.bin.part.state"]);
        let left = fs::metadata(self.folder.path().join("fw.bin.part")).expect("it is there").len();
        assert!(left > 0 && left <= 20_000, "{left} bytes are left");
        left
    }

    /// What the server was asked for since, as its `Range` says.
    fn asked(&self, since: usize) -> Vec<Option<String>> {
        let requests = self.rig.servers.rest().requests();
        requests.iter().skip(since).map(|request| request.header("range").map(str::to_owned)).collect()
    }

    fn requests(&self) -> usize {
        self.rig.servers.rest().requests().len()
    }
}

fn from(bytes: u64) -> Option<String> {
    Some(format!("bytes={bytes}-"))
}

#[tokio::test]
async fn it_goes_on_where_it_was_cut() {
    let bench = Bench::start().await;
    let rest = bench.rig.servers.rest();
    for engine in ENGINES {
        let client = bench.client(engine);
        let before = bench.requests();
        let mut stops = Vec::new();
        rest.cut_next_file_after(20_000);
        let download = client.download_to_file(url("/files/fw.bin"), bench.target()).retry(soon(3));
        let download = download.sha256(hash(&pattern(SIZE))).on_retry(|retrying| {
            stops.push(retrying.bytes);
            if stops.len() < 3 {
                rest.cut_next_file_after(10_000);
            }
        });
        let report = download.await.expect("it arrives");
        assert_eq!((report.bytes, report.resumed_from, report.attempts), (SIZE as u64, 0, 4));
        bench.arrived(&pattern(SIZE));
        assert_eq!(stops.len(), 3);
        assert!(stops.is_sorted_by(|a, b| a < b), "{stops:?}");
        let asked: Vec<_> = [None].into_iter().chain(stops.into_iter().map(from)).collect();
        assert_eq!(bench.asked(before), asked, "{engine}");
    }
}

/// The entity tag is enough where it is seen; where it is hidden, nothing but a hash is.
#[tokio::test]
async fn without_a_hash_only_what_shows_headers_resumes() {
    let bench = Bench::start().await;
    for engine in ENGINES {
        let client = bench.client(engine);
        let left = bench.leave(&client, "/files/fw.bin", None).await;
        let before = bench.requests();
        let download = client.download_to_file(url("/files/fw.bin"), bench.target()).resume(true);
        let report = download.await.expect("it arrives");
        bench.arrived(&pattern(SIZE));
        let requests = bench.rig.servers.rest().requests();
        let if_range = requests.last().expect("there were some").header("if-range").map(str::to_owned);
        match engine {
            Engine::Socket => {
                assert_eq!((report.resumed_from, bench.asked(before)), (left, vec![from(left)]));
                assert_eq!(if_range.as_deref(), Some("\"version-1\""));
            }
            _ => {
                assert_eq!((report.resumed_from, bench.asked(before)), (0, vec![None]));
                assert_eq!(if_range, None);
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_changes_between_two_attempts_is_fetched_whole() {
    let bench = Bench::start().await;
    let rest = bench.rig.servers.rest();
    // Of the same size: the tag alone tells.
    for (engine, hashed) in [(Engine::Socket, false), (Engine::Socket, true), (Engine::Module, true)] {
        rest.put_file("fw.bin", pattern(SIZE));
        rest.cut_next_file_after(20_000);
        let client = bench.client(engine);
        let download = client.download_to_file(url("/files/fw.bin"), bench.target()).retry(soon(3));
        let download = if hashed { download.sha256(hash(&other(SIZE))) } else { download };
        let download = download.on_retry(|_| rest.put_file("fw.bin", other(SIZE)));
        let report = download.await.expect("it arrives");
        assert_eq!((report.resumed_from, report.attempts), (0, 2));
        bench.arrived(&other(SIZE));
    }
}

#[tokio::test]
async fn a_server_that_ignores_range_is_taken_from_the_beginning() {
    let bench = Bench::start().await;
    for engine in ENGINES {
        let client = bench.client(engine);
        let hash = hash(&pattern(SIZE));
        let left = bench.leave(&client, "/files/fw.bin", Some(hash)).await;
        let before = bench.requests();
        // The same file for whoever knows its hash; and a server that knows no ranges.
        let download = client.download_to_file(url(&format!("/bytes/{SIZE}")), bench.target());
        let report = download.resume(true).sha256(hash).await.expect("it arrives");
        assert_eq!((report.resumed_from, report.attempts), (0, 1));
        assert_eq!(bench.asked(before), [from(left)], "its one answer is used");
        bench.arrived(&pattern(SIZE));
    }
}

#[tokio::test]
async fn a_wrong_hash_of_a_resumed_file_fetches_it_again_once() {
    let bench = Bench::start().await;
    for engine in ENGINES {
        let client = bench.client(engine);
        let hash = hash(&other(SIZE));
        bench.rig.servers.rest().put_file("fw.bin", pattern(SIZE));
        bench.leave(&client, "/files/fw.bin", Some(hash)).await;
        let wrong = client.download_to_file(url("/files/fw.bin"), bench.target()).resume(true).sha256(hash);
        let error = wrong.await.expect_err("it is the other one");
        assert!(matches!(error, DownloadError::HashMismatch { .. }), "{error:?}");
        assert!(bench.names().is_empty(), "{:?}", bench.names());
    }
}

#[tokio::test]
async fn a_complete_part_file_only_needs_its_name() {
    let bench = Bench::start().await;
    for (engine, hashed, asks) in
        [(Engine::Socket, false, true), (Engine::Socket, true, false), (Engine::Module, true, false)]
    {
        let client = bench.client(engine);
        let download = || {
            let download = client.download_to_file(url("/files/fw.bin"), bench.target()).resume(true);
            if hashed { download.sha256(hash(&pattern(SIZE))) } else { download }
        };
        // A folder that gets that name meanwhile prevents the renaming.
        let target = bench.target();
        let taken = download().progress(|_| fs::create_dir_all(&target).expect("it is free"));
        let error = taken.await.expect_err("it cannot be renamed");
        assert!(matches!(error, DownloadError::File { .. }), "{error:?}");
        fs::remove_dir(bench.target()).expect("it is there");
        let before = bench.requests();
        assert_eq!(download().await.expect("it arrives").resumed_from, SIZE as u64);
        let asked = if asks { vec![from(SIZE as u64)] } else { Vec::new() };
        assert_eq!(bench.asked(before), asked);
        bench.arrived(&pattern(SIZE));
    }
}

#[tokio::test]
async fn a_length_that_is_not_announced_has_to_be_known() {
    let bench = Bench::start().await;
    for engine in ENGINES {
        let client = bench.client(engine);
        let download = || client.download_to_file(url("/chunked/5000"), bench.target());
        assert_eq!(download().await.expect_err("nobody tells"), DownloadError::SizeUnknown, "{engine}");
        assert!(!bench.target().exists());
        assert_eq!(download().expected_size(5000).await.expect("it arrives").bytes, 5000);
        bench.arrived(&pattern(5000));
        for expected in [4999, 5001] {
            let error = download().expected_size(expected).await.expect_err("it is another size");
            assert_eq!(error.category(), Category::Verification, "{engine}: {error:?}");
            assert!(!bench.target().exists());
        }
    }
}

/// The module says 0 for an empty file and for one whose length the server does not tell.
#[tokio::test]
async fn empty_files_are_files() {
    let bench = Bench::start().await;
    bench.rig.servers.rest().put_file("empty", "");
    for engine in ENGINES {
        let client = bench.client(engine);
        let download = client.download_to_file(url("/files/empty"), bench.target());
        let download = if engine == Engine::Module { download.expected_size(0) } else { download };
        assert_eq!(download.await.expect("it is one").bytes, 0);
        bench.arrived(b"");
    }
}

#[tokio::test]
async fn statuses_that_pass_are_tried_again_and_others_end_it() {
    let bench = Bench::start().await;
    for engine in ENGINES {
        let client = bench.client(engine);
        for (status, attempts) in [(404, 1), (403, 1), (206, 1), (503, 3), (429, 3)] {
            let before = bench.requests();
            let path = url(&format!("/status/{status}"));
            let error = client.download_to_file(path, bench.target()).retry(soon(2)).await;
            let status = StatusCode::from_u16(status).expect("it is one");
            let expected = DownloadError::Transfer(FetchError::Status { status, retry_after: None });
            assert_eq!(error.expect_err("it is no file"), expected);
            assert_eq!(bench.requests() - before, attempts, "{status}");
            assert!(bench.names().is_empty());
        }
    }
}

/// One that asks for more than the client grants is asked again after that.
#[tokio::test]
async fn a_server_is_left_alone_for_as_long_as_it_asks() {
    const MOST: Duration = Duration::from_millis(1500);
    let peer = Peer::start().await;
    let options = HttpsOptions::new().retry(telit_https::Retry::never().max_retry_after(MOST));
    let client = HttpsClient::new(&peer.modem, peer.tls()).with_options(options);
    let folder = tempfile::tempdir().expect("a folder");
    let mut waits = Vec::new();
    let download = client
        .download_to_file(format!("https://{NAME}:{PORT}/fw.bin"), folder.path().join("fw.bin"))
        .retry(soon(2))
        .on_retry(|retrying| waits.push(retrying.wait));
    let serving = async {
        for answer in [
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ] {
            let mut remote = peer.accept().await;
            head(&mut remote).await;
            remote.write_all(answer.as_bytes()).await.expect("it is sent");
        }
    };
    let (report, ()) = tokio::join!(download, serving);
    assert_eq!(report.expect("it arrives").bytes, 2);
    assert_eq!(waits, [Duration::from_secs(1), MOST]);
}

#[tokio::test]
async fn a_presigned_url_may_be_another_one_each_time() {
    let bench = Bench::start().await;
    let client = bench.client(Engine::Auto);
    for hash in [Some(hash(&pattern(SIZE))), None] {
        let left = bench.leave(&client, "/files/fw.bin?signature=c0ffee", hash).await;
        let state = bench.folder.path().join("fw.bin.part.state");
        let state = fs::read_to_string(state).expect("it is text");
        assert!(!state.contains("c0ffee"), "{state}");
        let again = client.download_to_file(url("/files/fw.bin?signature=facade"), bench.target());
        let again = again.resume(true);
        let report = match hash {
            Some(hash) => again.sha256(hash).await,
            None => again.await,
        };
        let resumed_from = if hash.is_some() { left } else { 0 };
        assert_eq!(report.expect("it arrives").resumed_from, resumed_from);
        bench.arrived(&pattern(SIZE));
    }
}

#[tokio::test]
async fn the_places_are_the_downloads_own() {
    let bench = Bench::start().await;
    let before = bench.requests();
    for name in ["range", "if-range"] {
        let download = bench.client(Engine::Auto).download_to_file(url("/files/fw.bin"), bench.target());
        let error = download.header(name, "bytes=0-5").await.expect_err("it is refused");
        assert!(
            matches!(
                &error,
                DownloadError::Transfer(FetchError::Request(RequestError::InvalidHeader { .. }))
            ),
            "{error:?}"
        );
        assert_eq!(error.category(), Category::Usage);
    }
    let error = bench.client(Engine::Auto).download_to_file("no url", bench.target()).await;
    assert_eq!(error.expect_err("it is none").category(), Category::Usage);
    assert_eq!(bench.requests(), before);
}

#[tokio::test]
async fn a_dropped_download_goes_on_later() {
    let bench = Bench::start().await;
    bench.rig.servers.rest().put_file("fw.bin", pattern(400_000));
    for engine in ENGINES {
        let client = bench.client(engine);
        let hash = hash(&pattern(400_000));
        let (sender, mut arrived) = tokio::sync::mpsc::unbounded_channel();
        let download = client.download_to_file(url("/files/fw.bin"), bench.target()).sha256(hash);
        let download = download.progress(move |progress| sender.send(progress.bytes).unwrap_or_default());
        let seen = tokio::select! {
            result = async { download.await } => panic!("{result:?}"),
            seen = async {
                let mut seen = 0;
                while seen < 50_000 {
                    seen = arrived.recv().await.expect("it is under way");
                }
                seen
            } => seen,
        };
        let later = client.download_to_file(url("/files/fw.bin"), bench.target()).resume(true).sha256(hash);
        let report = later.await.expect("it arrives");
        assert!(report.resumed_from >= seen, "{} of {seen}", report.resumed_from);
        bench.arrived(&pattern(400_000));
    }
}
