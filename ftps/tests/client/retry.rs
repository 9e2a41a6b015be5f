//! Downloads to a file that go on by themselves.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use telit_core::Backoff;
use telit_core::modem::ServiceChange;
use telit_ftps::{ConnectError, DownloadError, Retry, Sha256Digest, TransferError};
use tempfile::TempDir;

use crate::scripted_module::{CLOSE, CONFIGURE, CONFIGURE_OFF, OPEN, Script};

const DATA: &[u8] = b"0123456789";
const HASH: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

fn target(folder: &TempDir) -> PathBuf {
    folder.path().join("fw.bin")
}

fn hash() -> Sha256Digest {
    HASH.parse().unwrap()
}

fn soon(max_attempts: u32) -> Retry {
    Retry::default()
        .max_attempts(max_attempts)
        .backoff(Backoff::new(Duration::from_secs(1), Duration::from_secs(4)))
}

/// An attempt that is cut behind these bytes.
fn cut(script: Script, offset: u64, data: &[u8]) -> Script {
    script.size("fw.bin", 10).restart(offset).get("fw.bin", data).last_message("426 aborted")
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_behind_what_is_on_the_disk() {
    let folder = TempDir::new().unwrap();
    let script = cut(Script::connected(), 0, &DATA[..4]).closed_and_reopened();
    let script = script
        .size("fw.bin", 10)
        .restart(4)
        .on("AT#FTPGET=\"fw.bin\"", "\r\nCONNECT\r\n456")
        .restarts()
        .raw("+++", b"")
        .refuses(CLOSE, "FTP not connected")
        .ok(CONFIGURE_OFF)
        .reopened()
        .size("fw.bin", 10)
        .restart(7)
        .get("fw.bin", &DATA[7..]);
    let (modem, mut client, module) = script.connect_watched().await;
    let mut events = modem.service_events();
    let (mut seen, mut retries) = (Vec::new(), Vec::new());
    let download = client.download_to_file("fw.bin", target(&folder)).sha256(hash()).retry(soon(3));
    let download = download.progress(|progress| seen.push(progress.bytes));
    let report = download.on_retry(|retrying| retries.push(retrying.clone())).await.unwrap();
    assert_eq!((report.bytes, report.sha256, report.resumed_from, report.attempts), (10, hash(), 0, 3));
    // Each attempt begins with what is there.
    assert_eq!(seen, [0, 4, 4, 7, 7, 10]);
    let told: Vec<_> = retries.iter().map(|retrying| (retrying.attempt, retrying.bytes)).collect();
    assert_eq!(told, [(2, 4), (3, 7)]);
    assert!(matches!(retries[0].because, TransferError::Truncated { got: 4, expected: 10, .. }));
    assert!(matches!(retries[1].because, TransferError::ModuleRestarted { .. }), "{:?}", retries[1]);
    for _ in 0..2 {
        let lost = events.next().await.unwrap().unwrap().change;
        assert!(matches!(lost, ServiceChange::Lost { .. }), "{lost:?}");
        let back = events.next().await.unwrap().unwrap().change;
        assert!(matches!(back, ServiceChange::Resumed { .. }), "{back:?}");
    }
    assert_eq!(fs::read(target(&folder)).unwrap(), DATA);
    drop((modem, client));
    module.done().await;
}

/// A question that was not answered leaves the session as it is.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_kept_is_told_to_be_back_and_can_be_lost_again() {
    let folder = TempDir::new().unwrap();
    let script = Script::connected().on("AT#FTPFSIZE=\"fw.bin\"", b"");
    let script = cut(script, 0, &DATA[..4]).closed_and_reopened();
    let script = script.size("fw.bin", 10).restart(4).get("fw.bin", &DATA[4..]);
    let (modem, mut client, module) = script.connect_watched().await;
    let mut events = modem.service_events();
    let download = client.download_to_file("fw.bin", target(&folder)).sha256(hash()).retry(soon(3));
    assert_eq!(download.await.unwrap().attempts, 3);
    let mut told = Vec::new();
    let telling = async {
        while told.len() < 4 {
            told.push(events.next().await.unwrap().unwrap().change);
        }
    };
    let all = tokio::time::timeout(Duration::from_secs(60), telling).await;
    assert!(all.is_ok(), "{told:?}");
    for pair in told.chunks(2) {
        assert!(matches!(pair, [ServiceChange::Lost { .. }, ServiceChange::Resumed { .. }]), "{told:?}");
    }
    drop((modem, client));
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn attempts_that_bring_nothing_are_bounded() {
    let folder = TempDir::new().unwrap();
    let mut script = cut(Script::connected(), 0, &DATA[..4]);
    for _ in 0..2 {
        script = cut(script.closed_and_reopened(), 4, b"");
    }
    let (modem, mut client, module) = script.connect_watched().await;
    let mut events = modem.service_events();
    let download = client.download_to_file("fw.bin", target(&folder)).retry(soon(2));
    let error = download.await.unwrap_err();
    let DownloadError::Transfer(TransferError::Truncated { got: 0, .. }) = &error else {
        panic!("{error:?}")
    };
    assert!(error.is_resumable());
    assert!(!target(&folder).exists());
    let mut told = Vec::new();
    while told.len() < 6 {
        told.push(events.next().await.unwrap().unwrap().change);
    }
    let reason = error.to_string();
    assert_eq!(told[4..], [ServiceChange::Lost { reason: reason.clone() }, ServiceChange::GaveUp { reason }]);
    drop((modem, client));
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_get_better_ends_it_at_once() {
    let folder = TempDir::new().unwrap();
    let script = cut(Script::connected(), 0, &DATA[..4])
        .ok(CLOSE)
        .ok(CONFIGURE)
        .refuses(OPEN, "FTP login incorrect")
        .last_message("530 Login incorrect.");
    let (modem, mut client, module) = script.connect_watched().await;
    let mut events = modem.service_events();
    let error = client.download_to_file("fw.bin", target(&folder)).retry(soon(9)).await.unwrap_err();
    let DownloadError::Transfer(TransferError::Reopen(reason)) = &error else { panic!("{error:?}") };
    assert!(matches!(**reason, ConnectError::LoginRefused { .. }), "{reason:?}");
    assert!(matches!(events.next().await.unwrap().unwrap().change, ServiceChange::Lost { .. }));
    let given_up = events.next().await.unwrap().unwrap().change;
    assert_eq!(given_up, ServiceChange::GaveUp { reason: error.to_string() });
    drop((modem, client));
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_tls_is_not_asked_again() {
    let folder = TempDir::new().unwrap();
    let script = cut(Script::connected(), 0, &DATA[..4])
        .ok(CLOSE)
        .ok(CONFIGURE)
        .refuses(OPEN, "FTP unexpected reply")
        .last_message("502 AUTH not implemented");
    let (modem, mut client, module) = script.connect_watched().await;
    let error = client.download_to_file("fw.bin", target(&folder)).retry(soon(9)).await.unwrap_err();
    let DownloadError::Transfer(TransferError::Reopen(reason)) = &error else { panic!("{error:?}") };
    assert!(matches!(**reason, ConnectError::AuthTlsRefused { .. }), "{reason:?}");
    assert!(!error.is_resumable());
    drop((modem, client));
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_nobody_opens_again_ends_it() {
    let folder = TempDir::new().unwrap();
    let script = Script::connected().size("fw.bin", 10).restart(0);
    let script = script.on("AT#FTPGET=\"fw.bin\"", "\r\nCONNECT\r\n0123");
    let (modem, mut client, module) = script.connect_watched().await;
    let mut module = Some(module);
    let download = client.download_to_file("fw.bin", target(&folder)).progress(|progress| {
        if progress.bytes > 0 {
            module.take().unwrap().unplug();
        }
    });
    let error = download.await.unwrap_err();
    let DownloadError::ModuleDown { error: cause } = &error else { panic!("{error:?}") };
    assert_eq!(*cause, TransferError::LineLost { got: 4, expected: 10 });
    assert_eq!(
        error.to_string(),
        "the module is out of reach, and nothing more is tried; before that: the line to the module was lost after 4 \
         of 10 bytes"
    );
    assert!(!error.is_resumable());
    assert!(fs::read_to_string(folder.path().join("fw.bin.part.state")).unwrap().contains("safe 4\n"));
    drop(modem);
}

#[tokio::test(start_paused = true)]
async fn without_resume_what_an_earlier_call_left_stays_out_of_it() {
    let folder = TempDir::new().unwrap();
    let script = cut(Script::connected(), 0, &DATA[..4])
        .closed_and_reopened()
        .refuses("AT#FTPFSIZE=\"fw.bin\"", "FTP not connected")
        .last_message("221 Bye")
        .ok(CLOSE)
        .ok(CONFIGURE)
        .refuses(OPEN, "Cannot resolve name")
        .last_message("221 Bye");
    let script = script.closed_and_reopened().size("fw.bin", 10).restart(0).get("fw.bin", DATA);
    let (modem, mut client, module) = script.connect_watched().await;
    let earlier = client.download_to_file("fw.bin", target(&folder)).retry(Retry::never()).await;
    assert!(earlier.unwrap_err().is_resumable());
    let report = client.download_to_file("fw.bin", target(&folder)).retry(soon(3)).await;
    let report = report.unwrap();
    assert_eq!((report.resumed_from, report.attempts), (0, 2));
    drop((modem, client));
    module.done().await;
}

/// The hash decides, and a file that was put together from pieces is fetched in one piece once.
#[tokio::test(start_paused = true)]
async fn pieces_that_do_not_fit_together_are_fetched_again_once() {
    let folder = TempDir::new().unwrap();
    // Now they are counted.
    let whole = |script: Script, data| {
        let blocks = script.restart(0).ok("AT#FTPGETPKT=\"fw.bin\",0").block(10, data).nothing_more();
        blocks.says("AT#FTPGETPKT?", "#FTPGETPKT: fw.bin,0,1")
    };
    for (data, fits) in [(DATA, true), (&b"012345678x"[..], false)] {
        let script = cut(Script::connected(), 0, b"01x").closed_and_reopened();
        let script = whole(script.size("fw.bin", 10).restart(3).get("fw.bin", &DATA[3..]), data);
        let (modem, mut client, module) = script.connect_watched().await;
        let report = client.download_to_file("fw.bin", target(&folder)).sha256(hash()).retry(soon(3)).await;
        match report {
            Ok(report) => assert_eq!((report.attempts, report.resumed_from, fits), (2, 0, true)),
            Err(error) => assert!(matches!(error, DownloadError::HashMismatch { .. }) && !fits, "{error:?}"),
        }
        drop((modem, client));
        module.done().await;
    }
}
