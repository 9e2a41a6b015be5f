//! A download to a file goes on whatever the module calls a loss, and whatever the server calls temporary.

use std::fs;

use sha2::{Digest, Sha256};
use telit_ftps::{DownloadError, Retry, Sha256Digest, TransferError, TransferMode};
use telit_simulator::Quirk;
use telit_simulator::peers::pattern;

use super::memory_files::MemoryFiles;

const NAME: &str = "fw.bin";
const SIZE: usize = 12_000;
/// What modules say when the network, the server or the session is gone, or say without a reason; 0 is a bare `ERROR`.
/// Source: M37 p23-26.
const CODES: [u16; 20] =
    [0, 556, 559, 560, 561, 562, 563, 565, 600, 601, 606, 607, 609, 614, 615, 616, 633, 638, 642, 643];

/// Downloads the file, which takes two attempts. Gives what ended the first one.
async fn arrives(files: &MemoryFiles, mode: TransferMode, what: &str) -> TransferError {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join(NAME);
    let mut client = files.connect().await;
    let mut because = None;
    let download = client.download_to_file(NAME, &target).mode(mode).retry(Retry::default().max_attempts(1));
    let download = download.on_retry(|retrying| because = Some(retrying.because.clone()));
    let report = download.await.unwrap_or_else(|error| panic!("{mode:?} {what}: {error}"));
    assert_eq!(report.attempts, 2, "{mode:?} {what}");
    assert!(fs::read(&target).expect("it is there") == pattern(SIZE), "{mode:?} {what}");
    client.close().await.unwrap_or_else(|error| panic!("{mode:?} {what}: {error}"));
    assert_eq!(files.modem.tls_holder(), None);
    because.expect("it was cut")
}

/// What comes first of the last one is the test form.
const COMMANDS: [(&str, u8, TransferMode); 5] = [
    ("#FTPFSIZE=", 1, TransferMode::Online),
    ("#FTPGET=", 1, TransferMode::Online),
    ("#FTPFSIZE=", 1, TransferMode::Command),
    ("#FTPGETPKT=", 1, TransferMode::Command),
    ("#FTPRECV=", 2, TransferMode::Command),
];

#[tokio::test(start_paused = true)]
async fn every_word_for_it_in_every_place() {
    for code in CODES {
        for (command, nth, mode) in COMMANDS {
            let fault = format!("error:command={command},nth={nth},code={code}");
            let files =
                MemoryFiles::start(|module| module.fault(fault.parse().expect("it is a fault"))).await;
            files.server.put(NAME, pattern(SIZE));
            // A command that finds no session is run again by itself.
            if command == "#FTPFSIZE=" && matches!(code, 607 | 615 | 616 | 617 | 619 | 637) {
                let mut client = files.connect().await;
                assert_eq!(client.size(NAME).await.expect("it is asked again"), SIZE as u64, "{fault}");
                continue;
            }
            let because = arrives(&files, mode, &fault).await;
            let cut = matches!(because, TransferError::Truncated { expected: 12_000, .. });
            assert_eq!(cut, command == "#FTPRECV=", "{fault}: {because:?}");
        }
    }
}

/// The module itself finds the words for a server that is silent or says no for now.
#[tokio::test(start_paused = true)]
async fn servers_that_are_silent_or_busy() {
    for (command, mode) in [
        ("SIZE", TransferMode::Online),
        ("RETR", TransferMode::Online),
        ("RETR", TransferMode::Command),
        ("PASV", TransferMode::Online),
        ("PASV", TransferMode::Command),
    ] {
        for reply in [None, Some("450 File busy"), Some("451 Local error"), Some("421 Timeout")] {
            let files = MemoryFiles::start(|module| module).await;
            files.server.put(NAME, pattern(SIZE));
            let what = format!("{command} {reply:?}");
            if reply == Some("421 Timeout") && command == "SIZE" {
                files.connect().await;
                files.server.answer_next(command, "421 Timeout");
                assert_eq!(files.connect().await.size(NAME).await.expect("it is asked again"), SIZE as u64);
                continue;
            }
            match reply {
                None => files.server.ignore_next(command),
                Some(reply) => files.server.answer_next(command, reply),
            }
            arrives(&files, mode, &what).await;
        }
    }
}

/// It was cut, and the server is busy, or silent, when it is asked for the rest.
#[tokio::test(start_paused = true)]
async fn servers_that_are_silent_or_busy_when_the_session_is_opened_again() {
    for command in ["AUTH", "PBSZ", "USER", "PASS", "TYPE"] {
        for reply in [None, Some("421 Too many users")] {
            // Others call it a wrong password, and forget what the server said.
            let files = MemoryFiles::start(|module| module.quirk(Quirk::LastMessageKept)).await;
            files.server.put(NAME, pattern(SIZE));
            let folder = tempfile::tempdir().expect("a temporary folder");
            let target = folder.path().join(NAME);
            let mut client = files.connect().await;
            files.server.cut_next_transfer_after(5000);
            match reply {
                None => files.server.ignore_next(command),
                Some(reply) => files.server.answer_next(command, reply),
            }
            let download = client.download_to_file(NAME, &target).retry(Retry::default().max_attempts(2));
            let report = download.await.unwrap_or_else(|error| panic!("{command} {reply:?}: {error}"));
            assert_eq!(report.attempts, 3, "{command} {reply:?}");
            assert!(fs::read(&target).expect("it is there") == pattern(SIZE));
        }
    }
}

/// A server that says no for good is asked once.
#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_ends_it() {
    for (command, reply) in
        [("SIZE", "550 No such file"), ("RETR", "550 Permission denied"), ("RETR", "553 No")]
    {
        for mode in [TransferMode::Online, TransferMode::Command] {
            let files = MemoryFiles::start(|module| module).await;
            files.server.put(NAME, pattern(SIZE));
            files.server.answer_next(command, reply);
            let folder = tempfile::tempdir().expect("a temporary folder");
            let mut client = files.connect().await;
            let download = client.download_to_file(NAME, folder.path().join(NAME)).mode(mode);
            let error = download.await.expect_err("it is refused");
            assert!(
                matches!(error, DownloadError::Transfer(_)) && !error.is_resumable(),
                "{reply}: {error:?}"
            );
            assert!(error.to_string().contains(reply), "{error}");
        }
    }
}

/// What follows a lost byte moves up, and what is fetched behind the cut does not: nothing but the hash tells. Then the bytes
/// of each block are counted, and a byte that is lost costs its block.
#[tokio::test(start_paused = true)]
async fn a_line_that_loses_bytes_brings_every_file_in_the_end() {
    let content = pattern(60_000);
    let hash = Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(&content)));
    let mut damaged = 0;
    for seed in 0..40 {
        let fault = format!("drop-byte:one-in=20000,seed={seed},times=0");
        let files = MemoryFiles::start(|module| module.fault(fault.parse().expect("it is a fault"))).await;
        files.server.put(NAME, content.clone());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let target = folder.path().join(NAME);
        let mut client = files.connect().await;
        let report = client.download_to_file(NAME, &target).sha256(hash).await;
        let report = report.unwrap_or_else(|error| panic!("{fault}: {error}"));
        damaged += u64::from(report.attempts > 1);
        assert!(fs::read(&target).expect("it is there") == content, "{fault}");
    }
    assert!(damaged > 20, "only {damaged} of 40 have lost a byte");
}

/// Who asks for the whole line gets it, and is told what came of it.
#[tokio::test(start_paused = true)]
async fn a_mode_that_was_told_is_kept_on_a_line_that_loses_bytes() {
    let content = pattern(60_000);
    let hash = Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(&content)));
    let fault = "drop-byte:one-in=9000,seed=1,times=0";
    let files = MemoryFiles::start(|module| module.fault(fault.parse().expect("it is a fault"))).await;
    files.server.put(NAME, content);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join(NAME);
    let mut client = files.connect().await;
    let download = client.download_to_file(NAME, &target).mode(TransferMode::Online).sha256(hash);
    let error = download.await.expect_err("bytes are lost");
    assert!(matches!(error, DownloadError::HashMismatch { .. }), "{error:?}");
    assert!(!target.exists());
}
