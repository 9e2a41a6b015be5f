//! Servers and modules that do not begin where they are told: nothing wrong gets the final name.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use telit_ftps::{Retry, Sha256Digest, TransferError, TransferMode};
use telit_simulator::Quirk;
use telit_simulator::peers::pattern;

use super::memory_files::MemoryFiles;

const NAME: &str = "fw.bin";
const SIZE: usize = 90_000;
const MODES: [TransferMode; 2] = [TransferMode::Online, TransferMode::Command];

/// Who does not begin in the middle.
#[derive(Clone, Copy, Debug)]
enum Deaf {
    /// The server says yes, and sends the file from its start.
    Server,
    /// The server says no, and the module takes the file from its start.
    Module,
    /// The server says no, and the module says so.
    Nobody,
}

async fn start(deaf: Deaf) -> MemoryFiles {
    let files = match deaf {
        Deaf::Module => MemoryFiles::start(|module| module.quirk(Quirk::RefusedRestartIgnored)).await,
        _ => MemoryFiles::start(|module| module).await,
    };
    match deaf {
        Deaf::Server => files.server.ignore_restart(),
        _ => files.server.refuse_restart(),
    }
    files.server.put(NAME, pattern(SIZE));
    files
}

fn nothing_wrong(target: &Path) {
    if let Ok(content) = fs::read(target) {
        assert!(content == pattern(SIZE), "a wrong file has the final name");
    }
}

/// Without a hash, so that nothing but the length of what comes tells it.
#[tokio::test(start_paused = true)]
async fn it_starts_over() {
    for deaf in [Deaf::Server, Deaf::Module, Deaf::Nobody] {
        for mode in MODES {
            for cut in [1, 40_000, 50_000, 89_999] {
                let files = start(deaf).await;
                let folder = tempfile::tempdir().expect("a temporary folder");
                let target = folder.path().join(NAME);
                let mut client = files.connect().await;
                files.server.cut_next_transfer_after(cut);
                let mut because = Vec::new();
                let download = client.download_to_file(NAME, &target).mode(mode);
                let download = download.on_retry(|retrying| because.push(retrying.because.clone()));
                let report =
                    download.await.unwrap_or_else(|error| panic!("{deaf:?} {mode:?} {cut}: {error}"));
                assert_eq!((report.bytes, report.attempts), (SIZE as u64, 3), "{deaf:?} {mode:?} {cut}");
                nothing_wrong(&target);
                assert!(target.exists());
                let told = match deaf {
                    Deaf::Nobody => matches!(because[1], TransferError::RestartRefused { .. }),
                    _ => matches!(because[1], TransferError::TooLong { .. }),
                };
                assert!(told, "{deaf:?} {mode:?} {cut}: {because:?}");
            }
        }
    }
}

/// Calls that are made one by one, each of them resuming what the one before has left.
#[tokio::test(start_paused = true)]
async fn call_by_call_it_starts_over_too() {
    for deaf in [Deaf::Server, Deaf::Module] {
        for mode in MODES {
            let files = start(deaf).await;
            let folder = tempfile::tempdir().expect("a temporary folder");
            let target = folder.path().join(NAME);
            files.server.cut_next_transfer_after(50_000);
            let mut ended = Vec::new();
            for _ in 0..3 {
                let mut client = files.connect().await;
                let download = client.download_to_file(NAME, &target).resume(true).mode(mode);
                ended.push(download.retry(Retry::never()).await.map(|report| report.resumed_from));
                nothing_wrong(&target);
                client.close().await.expect("it closes");
            }
            assert!(ended[0].is_err() && ended[1].is_err(), "{deaf:?} {mode:?}: {ended:?}");
            assert_eq!(ended[2], Ok(0), "{deaf:?} {mode:?}");
            assert!(target.exists());
        }
    }
}

/// Dropped, as when its process is killed, at every moment of the transfer that goes wrong; and once more, and then let be.
#[tokio::test(start_paused = true)]
async fn dropped_at_any_moment_it_never_becomes_a_file() {
    for deaf in [Deaf::Server, Deaf::Module] {
        for mode in MODES {
            for pieces in [1, 2, 5, 10, 13, 14, 20, usize::MAX] {
                let files = start(deaf).await;
                let folder = tempfile::tempdir().expect("a temporary folder");
                let target = folder.path().join(NAME);
                let mut client = files.connect().await;
                files.server.cut_next_transfer_after(50_000);
                let download = client.download_to_file(NAME, &target).resume(true).mode(mode);
                download.retry(Retry::never()).await.expect_err("it was cut");
                {
                    let (sender, mut stop) = tokio::sync::mpsc::unbounded_channel();
                    let mut left = pieces;
                    let download = client.download_to_file(NAME, &target).resume(true).mode(mode);
                    let download = download.retry(Retry::never()).progress(move |progress| {
                        left = left.saturating_sub(1);
                        // Whoever waits for the end of the wrong bytes waits for the last one.
                        if left == 0 || progress.bytes == SIZE as u64 {
                            sender.send(()).ok();
                        }
                    });
                    tokio::select! {
                        biased;
                        Some(()) = stop.recv() => {}
                        ended = async { download.await } => drop(ended),
                    }
                }
                nothing_wrong(&target);
                let hash: [u8; 32] = Sha256::digest(pattern(SIZE)).into();
                let report = client.download_to_file(NAME, &target).resume(true).mode(mode).await;
                let report = report.unwrap_or_else(|error| panic!("{deaf:?} {mode:?} {pieces}: {error}"));
                assert_eq!(report.sha256, Sha256Digest::from(hash), "{deaf:?} {mode:?} {pieces}");
            }
        }
    }
}
