//! Losses, whatever the module calls them: a download to a file goes on, and what it does not bring back is told as it is.

use std::fs;
use std::time::Duration;

use telit_core::Backoff;
use telit_ftps::{ConnectError, DownloadError, Retry, TransferError, TransferMode};
use tempfile::TempDir;

use crate::scripted_module::{BINARY, CLOSE, CONFIGURE, OPEN, Script};

const DATA: &[u8] = b"0123456789";
const SIZE: &str = "AT#FTPFSIZE=\"fw.bin\"";
const GET: &str = "AT#FTPGET=\"fw.bin\"";
const PACKETS: &str = "AT#FTPGETPKT=\"fw.bin\",0";

/// How modules tell that the network has failed, as numbers and in words. Source: M37 p23-26.
const NETWORK: [&str; 18] = [
    "606",
    "Bad or no response from server",
    "609",
    "Context down",
    "618",
    "FTP read command error",
    "620",
    "FTP write command error",
    "633",
    "FTP timed out",
    "643",
    "FTP communication timeout",
    "561",
    "remote disconnected or time-out",
    "556",
    "563",
    "565",
    "636",
];
/// How they tell nothing.
const UNEXPLAINED: [&str; 6] = ["", "600", "630", "638", "FTP unexpected reply", "644"];
/// What the server may have said last that is no refusal, or a temporary one.
const REPLIES: [&str; 4] = ["", "213 10", "450 File busy", "451 Local error"];

/// Nothing is a bare `ERROR`.
fn refuses(script: Script, line: &str, words: &str, reply: &str) -> Script {
    let refused = match words {
        "" => script.on(line, "\r\nERROR\r\n"),
        words => script.refuses(line, words),
    };
    refused.last_message(reply)
}

fn online(script: Script, offset: usize) -> Script {
    script.size("fw.bin", 10).restart(offset as u64).get("fw.bin", &DATA[offset..])
}

fn in_blocks(script: Script, offset: usize) -> Script {
    let begun = script.size("fw.bin", 10).restart(offset as u64).ok(PACKETS);
    let read = begun.block(10 - offset, &DATA[offset..]).nothing_more();
    read.says("AT#FTPGETPKT?", "#FTPGETPKT: fw.bin,0,1")
}

fn soon() -> Retry {
    Retry::default().max_attempts(1).backoff(Backoff::new(Duration::from_secs(1), Duration::from_secs(1)))
}

/// The file arrives with the second attempt. Gives what ended the first one.
async fn arrives(script: Script, mode: TransferMode) -> TransferError {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("fw.bin");
    let (mut client, module) = script.connect().await;
    let mut because = None;
    let download = client.download_to_file("fw.bin", &target).mode(mode).retry(soon());
    let report = download.on_retry(|retrying| because = Some(retrying.because.clone())).await.unwrap();
    assert_eq!((report.bytes, report.attempts), (10, 2));
    assert_eq!(fs::read(&target).unwrap(), DATA);
    module.done_after(client).await;
    because.unwrap()
}

/// Every name of a loss with everything that the server may have said.
fn losses() -> impl Iterator<Item = (&'static str, &'static str)> {
    let names = NETWORK.into_iter().chain(UNEXPLAINED);
    names.flat_map(|words| REPLIES.into_iter().map(move |reply| (words, reply)))
}

#[tokio::test(start_paused = true)]
async fn when_the_size_is_asked_for() {
    for (words, reply) in losses() {
        let script = refuses(Script::connected(), SIZE, words, reply);
        // A server that says no is there, if the network is.
        let kept = UNEXPLAINED.contains(&words) && reply.starts_with('4');
        let script = if kept { script } else { script.closed_and_reopened() };
        let because = arrives(online(script, 0), TransferMode::Online).await;
        let lost = NETWORK.contains(&words) && !reply.starts_with('4');
        assert_eq!(
            matches!(because, TransferError::SessionLost { .. }),
            lost,
            "{words} {reply}: {because:?}"
        );
        assert_eq!(matches!(because, TransferError::Refused { .. }), !lost, "{words} {reply}: {because:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_download_begins() {
    for (words, reply) in losses() {
        let begun = Script::connected().size("fw.bin", 10).restart(0);
        let script = refuses(begun, GET, words, reply).closed_and_reopened();
        let because = arrives(online(script, 0), TransferMode::Online).await;
        assert!(because.is_resumable(), "{words} {reply}: {because:?}");
        let begun = Script::connected().size("fw.bin", 10).restart(0);
        let script = refuses(begun, PACKETS, words, reply).closed_and_reopened();
        let in_blocks = arrives(in_blocks(script, 0), TransferMode::Command).await;
        assert_eq!(in_blocks.to_string().replace("#FTPGETPKT", "#FTPGET"), because.to_string());
    }
}

/// What has come stays.
#[tokio::test(start_paused = true)]
async fn when_a_block_is_asked_for() {
    for (words, reply) in losses() {
        let begun = Script::connected().size("fw.bin", 10).restart(0).ok(PACKETS).block(10, &DATA[..4]);
        let script = refuses(begun, "AT#FTPRECV=6", words, reply).closed_and_reopened();
        let because = arrives(in_blocks(script, 4), TransferMode::Command).await;
        let TransferError::Truncated { got: 4, expected: 10, reply: said } = because else {
            panic!("{words} {reply}: {because:?}")
        };
        assert_eq!(said.map(|said| said.to_string()).unwrap_or_default(), reply);
    }
}

/// What has to be changed first keeps its name, and ends the download if trying again does not help.
#[tokio::test(start_paused = true)]
async fn reasons_are_told_when_a_block_is_refused() {
    let begun = || Script::connected().size("fw.bin", 10).restart(0).ok(PACKETS);
    let script = refuses(begun(), "AT#FTPRECV=10", "SSL error during handshake", "425 no");
    let script = script.closed_and_reopened();
    let because = arrives(in_blocks(script, 0), TransferMode::Command).await;
    assert!(matches!(because, TransferError::Tls { .. }), "{because:?}");
    let folder = TempDir::new().unwrap();
    let script = refuses(begun(), "AT#FTPRECV=10", "614", "522 SSL session reuse required");
    let (mut client, module) = script.connect().await;
    let download =
        client.download_to_file("fw.bin", folder.path().join("fw.bin")).mode(TransferMode::Command);
    let error = download.retry(soon()).await.unwrap_err();
    assert!(
        matches!(error, DownloadError::Transfer(TransferError::SessionReuseDemanded { .. })),
        "{error:?}"
    );
    module.done_after(client).await;
}

/// The server is there and has said why.
#[tokio::test(start_paused = true)]
async fn refusals_for_good_end_it() {
    for words in NETWORK.into_iter().chain(UNEXPLAINED) {
        for reply in ["550 No such file", "553 Not allowed", "500 What?", "530 Log in first"] {
            let folder = TempDir::new().unwrap();
            let script = refuses(Script::connected(), SIZE, words, reply);
            let (mut client, module) = script.connect().await;
            let download = client.download_to_file("fw.bin", folder.path().join("fw.bin"));
            let error = download.retry(soon()).await.unwrap_err();
            assert!(!error.is_resumable(), "{words} {reply}: {error:?}");
            assert!(error.to_string().contains(reply), "{words} {reply}: {error}");
            module.done_after(client).await;
        }
    }
}

/// The same when the session is opened again.
#[tokio::test(start_paused = true)]
async fn when_the_session_is_opened_again() {
    let cut = || {
        let script = Script::connected().size("fw.bin", 10).restart(0).get("fw.bin", &DATA[..4]);
        script.last_message("426 aborted").ok(CLOSE).ok(CONFIGURE)
    };
    let again = |script: Script| online(script.closed_and_reopened(), 4);
    let retry = || soon().max_attempts(2);
    for (words, reply) in losses().chain([("607", ""), ("616", ""), ("600", "421 Too many users")]) {
        let at_login = refuses(cut(), OPEN, words, reply);
        let behind = refuses(cut().ok(OPEN), BINARY, words, reply);
        for script in [at_login, behind] {
            let folder = TempDir::new().unwrap();
            let (mut client, module) = again(script).connect().await;
            let download = client.download_to_file("fw.bin", folder.path().join("fw.bin")).retry(retry());
            let report = download.await.unwrap_or_else(|error| panic!("{words} {reply}: {error:?}"));
            assert_eq!((report.bytes, report.attempts), (10, 3), "{words} {reply}");
            module.done_after(client).await;
        }
    }
}

/// What the module takes by itself it takes always or never.
#[tokio::test(start_paused = true)]
async fn commands_that_stay_in_the_module_are_not_repeated() {
    let folder = TempDir::new().unwrap();
    let script =
        Script::connected().size("fw.bin", 10).on("AT#FTPREST=0", "\r\nERROR\r\n").last_message("213 10");
    let (mut client, module) = script.connect().await;
    let error =
        client.download_to_file("fw.bin", folder.path().join("fw.bin")).retry(soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "#FTPREST was refused: ERROR; the server said: 213 10");
    module.done_after(client).await;
    let (modem, module) = Script::new().on(CONFIGURE, "\r\nERROR\r\n").start();
    let options = crate::scripted_module::options();
    let error = telit_ftps::FtpsClient::connect(&modem, options).await.unwrap_err();
    assert!(matches!(error, ConnectError::Refused { .. }) && !error.is_transient(), "{error:?}");
    drop(modem);
    module.done().await;
}

/// Whoever asks by himself hears of it, and the next operation opens the session again.
#[tokio::test(start_paused = true)]
async fn other_operations_tell_it_and_open_the_session_again() {
    for words in NETWORK {
        let script = Script::connected().refuses("AT#FTPPWD", words).last_message("");
        let script = script.closed_and_reopened().says("AT#FTPPWD", "#FTPPWD: 257 \"/\"");
        let (mut client, module) = script.connect().await;
        let error = client.pwd().await.unwrap_err();
        assert!(matches!(error, TransferError::SessionLost { .. }), "{words}: {error:?}");
        assert!(error.is_resumable() && !error.may_have_taken_effect());
        assert_eq!(client.pwd().await.unwrap(), "/");
        module.done_after(client).await;
    }
}

/// Nobody has heard whether the server did it, so the server is asked.
#[tokio::test(start_paused = true)]
async fn a_deletion_that_timed_out_is_settled() {
    let timed_out = || Script::connected().refuses("AT#FTPDELE=\"f\"", "633").last_message("");
    let silent = || (0..10).fold(timed_out(), |script, _| script.last_message("")).closed_and_reopened();
    let gone = silent().refuses("AT#FTPFSIZE=\"f\"", "FTP file not found").last_message("550 No such file");
    let (mut client, module) = gone.connect().await;
    assert_eq!(client.remove("f").await, Ok(()));
    module.done_after(client).await;
    let (mut client, module) = silent().size("f", 5).connect().await;
    let error = client.remove("f").await.unwrap_err();
    assert!(matches!(error, TransferError::Refused { .. }), "{error:?}");
    module.done_after(client).await;
    let late = timed_out().last_message("").last_message("250 Deleted");
    let late = late.refuses("AT#FTPFSIZE=\"f\"", "FTP file not found").last_message("550 No such file");
    let (mut client, module) = late.connect().await;
    assert_eq!(client.remove("f").await, Ok(()));
    module.done_after(client).await;
    let lost = silent().refuses("AT#FTPFSIZE=\"f\"", "633").last_message("");
    let (mut client, module) = lost.connect().await;
    let error = client.remove("f").await.unwrap_err();
    assert!(error.may_have_taken_effect(), "{error:?}");
    module.done_after(client).await;
}
