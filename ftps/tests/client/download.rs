//! Downloads in both modes.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use telit_core::Category;
use telit_ftps::{Download, TransferError, TransferMode};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use crate::scripted_module::Script;

/// Holds everything that could be taken for the end.
const HOSTILE: &[u8] =
    b"\r\nOK\r\nabc\r\nNO CARRIER\r\n\0\xff+++\r\n+CME ERROR: 614\r\n#FTPRECV: 3\r\n\r\nNO CARRIER\r\nend";

async fn collect(mut download: Download<'_>) -> Result<Vec<u8>, TransferError> {
    let mut all = Vec::new();
    while let Some(bytes) = download.next().await {
        all.extend_from_slice(&bytes?);
    }
    assert!(download.next().await.is_none());
    Ok(all)
}

/// A whole download of `f`, which ends together with the script.
async fn download(script: Script, mode: TransferMode) -> Result<Vec<u8>, TransferError> {
    let (mut client, module) = script.connect().await;
    let outcome = match client.download("f").mode(mode).await {
        Ok(download) => collect(download).await,
        Err(error) => Err(error),
    };
    module.done_after(client).await;
    outcome
}

/// A download of `f` with five bytes has begun, in command mode.
fn command_mode() -> Script {
    Script::connected().size("f", 5).restart(0).ok("AT#FTPGETPKT=\"f\",0")
}

/// A download of `f` with five bytes stands still after two of them, until the host leaves online mode; then the
/// session is opened anew and used.
fn still_online() -> Script {
    Script::connected()
        .size("f", 5)
        .restart(0)
        .on("AT#FTPGET=\"f\"", "\r\nCONNECT\r\n12")
        .raw("+++", "\r\nNO CARRIER\r\n")
        .closed_and_reopened()
        .size("f", 5)
}

/// The module has nothing at the moment.
fn nothing_yet(script: Script, eof: u8) -> Script {
    script
        .on("AT#FTPRECV=5", "\r\n#FTPRECV: 0\r\n\r\nOK\r\n")
        .says("AT#FTPGETPKT?", &format!("#FTPGETPKT: f,0,{eof}"))
}

#[track_caller]
fn assert_took(started: Instant, expected: Duration, margin: Duration) {
    let took = started.elapsed();
    assert!((expected..expected + margin).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn online_bytes_are_exact_whatever_they_contain() {
    let script = Script::connected()
        .size("fw.bin", HOSTILE.len() as u64)
        .restart(0)
        .get("fw.bin", HOSTILE)
        .size("next", 1);
    let (mut client, module) = script.connect().await;
    let download = client.download("fw.bin").await.unwrap();
    assert_eq!((download.size(), download.offset()), (HOSTILE.len() as u64, 0));
    assert_eq!(collect(download).await.unwrap(), HOSTILE);
    assert_eq!(client.size("next").await.unwrap(), 1, "the session is still good");
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn online_from_the_middle() {
    let script = Script::connected().size("fw.bin", 10).restart(4).get("fw.bin", b"456789");
    let (mut client, module) = script.connect().await;
    let download = client.download("fw.bin").from(4).await.unwrap();
    assert_eq!(collect(download).await.unwrap(), b"456789");
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn sizes_beyond_32_bits() {
    let (size, offset) = (5_000_000_003, 5_000_000_000);
    let script = Script::connected().size("big", size).restart(offset).get("big", b"end");
    let (mut client, module) = script.connect().await;
    let download = client.download("big").from(offset).await.unwrap();
    assert_eq!(collect(download).await.unwrap(), b"end");
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn command_mode_waits_where_the_module_has_nothing_yet() {
    let data: Vec<u8> = HOSTILE.iter().copied().cycle().take(3100).collect();
    let waiting = |script: Script| {
        script
            .on("AT#FTPRECV=3000", "\r\n#FTPRECV:0\r\n\r\nOK\r\n")
            .says("AT#FTPGETPKT?", "#FTPGETPKT: fw.bin,0,0")
    };
    let script = Script::connected().size("fw.bin", 3100).restart(0).ok("AT#FTPGETPKT=\"fw.bin\",0");
    let script = waiting(waiting(script))
        .block(3000, &data[..50])
        .block(3000, &data[50..3000])
        .block(100, &data[3000..])
        .nothing_more()
        .says("AT#FTPGETPKT?", "#FTPGETPKT:fw.bin,0,0")
        .nothing_more()
        .says("AT#FTPGETPKT?", "#FTPGETPKT:fw.bin,0,1")
        .size("next", 1);
    let (mut client, module) = script.connect().await;
    let download = client.download("fw.bin").mode(TransferMode::Command).await.unwrap();
    assert_eq!(collect(download).await.unwrap(), data);
    assert_eq!(client.size("next").await.unwrap(), 1);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn command_mode_reads_what_came_with_the_end() {
    let script = nothing_yet(command_mode(), 1)
        .block(5, b"12345")
        .nothing_more()
        .says("AT#FTPGETPKT?", "#FTPGETPKT: f,0,1");
    assert_eq!(download(script, TransferMode::Command).await.unwrap(), b"12345");
}

#[tokio::test(start_paused = true)]
async fn an_early_end_is_a_cut_and_the_session_is_opened_anew() {
    let script = Script::connected()
        .size("fw.bin", 10)
        .restart(0)
        .get("fw.bin", b"0123")
        .last_message("426 Connection closed; transfer aborted.")
        .closed_and_reopened()
        .size("fw.bin", 10);
    let (mut client, module) = script.connect().await;
    let error = collect(client.download("fw.bin").await.unwrap()).await.unwrap_err();
    let TransferError::Truncated { got: 4, expected: 10, reply: Some(reply) } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(reply.code(), Some(426));
    assert_eq!(error.category(), Category::Network);
    assert!(error.is_resumable());
    assert_eq!(client.size("fw.bin").await.unwrap(), 10);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_cut_in_command_mode_is_found_in_each_of_its_forms() {
    let start = || command_mode().block(5, b"12");
    let nothing = "\r\n#FTPRECV: 0\r\n\r\nOK\r\n";
    let ended = start()
        .on("AT#FTPRECV=3", nothing)
        .says("AT#FTPGETPKT?", "#FTPGETPKT: f,0,1")
        .on("AT#FTPRECV=3", nothing)
        .last_message("426 aborted");
    let closed =
        start().refuses("AT#FTPRECV=3", "FTP CmdMode data socket closed").last_message("426 aborted");
    for script in [ended, closed] {
        let error = download(script, TransferMode::Command).await.unwrap_err();
        assert!(matches!(error, TransferError::Truncated { got: 2, expected: 5, .. }), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn servers_that_demand_session_reuse_are_named() {
    let reply = "522 SSL connection failed; session reuse required";
    let start = || Script::connected().size("f", 5).restart(0);
    let at_once = start().on("AT#FTPGET=\"f\"", "\r\nNO CARRIER\r\n").last_message(reply);
    let after_connecting = start().get("f", b"").last_message(reply);
    for script in [at_once, after_connecting] {
        let error = download(script, TransferMode::Online).await.unwrap_err();
        assert!(matches!(error, TransferError::SessionReuseDemanded { .. }), "{error:?}");
        assert!(error.hint().unwrap().contains("NoSessionReuseRequired"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_data_connection() {
    let script = Script::connected()
        .size("f", 5)
        .restart(0)
        .on("AT#FTPGET=\"f\"", "\r\nNO CARRIER\r\n")
        .last_message("425 Can't open data connection.");
    let error = download(script, TransferMode::Online).await.unwrap_err();
    assert!(matches!(error, TransferError::DataConnection { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("passive ports"));
}

#[tokio::test(start_paused = true)]
async fn online_silence_is_ended_by_the_escape_sequence() {
    let (mut client, module) = still_online().connect().await;
    let download = client.download("f").await.unwrap();
    let started = Instant::now();
    let error = collect(download).await.unwrap_err();
    let waited = Duration::from_secs(60);
    assert_eq!(error, TransferError::Stalled { got: 2, expected: 5, waited });
    assert_took(started, waited, Duration::from_secs(5));
    assert_eq!(client.size("f").await.unwrap(), 5);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn silence_in_command_mode_ends_too() {
    let mut script = command_mode();
    // More often than it can be asked in a minute, with pauses of up to a second.
    for _ in 0..80 {
        script = nothing_yet(script, 0);
    }
    let (mut client, module) = script.connect().await;
    let download = client.download("f").mode(TransferMode::Command).await.unwrap();
    let started = Instant::now();
    let error = collect(download).await.unwrap_err();
    assert!(matches!(error, TransferError::Stalled { got: 0, expected: 5, .. }), "{error:?}");
    assert_took(started, Duration::from_secs(60), Duration::from_secs(3));
    let asked = module.lines().iter().filter(|line| *line == "AT#FTPRECV=5").count();
    assert!((55..70).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn missing_files_and_impossible_offsets() {
    let script = Script::connected()
        .refuses("AT#FTPFSIZE=\"none\"", "FTP unexpected reply")
        .last_message("550 Could not get file size.")
        .size("f", 5);
    let (mut client, module) = script.connect().await;
    let error = client.download("none").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server does not have none; the server said: 550 Could not get file size."
    );
    let error = client.download("f").from(6).await.unwrap_err();
    assert_eq!(error, TransferError::BehindEnd { offset: 6, size: 5 });
    for bad in ["", "a\"b", "a\rb", "gr\u{f6}\u{df}e", &"x".repeat(201)] {
        let error = client.size(bad).await.unwrap_err();
        assert_eq!(error.category(), Category::Usage, "{bad:?}");
    }
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_to_download_opens_no_data_connection() {
    let script = Script::connected().size("empty", 0).size("f", 5);
    let (mut client, module) = script.connect().await;
    assert_eq!(collect(client.download("empty").await.unwrap()).await.unwrap(), b"");
    assert_eq!(collect(client.download("f").from(5).await.unwrap()).await.unwrap(), b"");
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_online_download_leaves_online_mode_and_a_usable_client() {
    let (mut client, module) = still_online().connect().await;
    let mut download = client.download("f").await.unwrap();
    assert_eq!(download.next().await.unwrap().unwrap(), &b"12"[..]);
    drop(download);
    assert_eq!(client.size("f").await.unwrap(), 5);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn no_block_is_lost_when_the_callers_future_is_dropped() {
    let script = command_mode()
        .block(5, b"12")
        .block(3, b"345")
        .nothing_more()
        .says("AT#FTPGETPKT?", "#FTPGETPKT: f,0,1");
    let (mut client, module) = script.connect().await;
    let mut download = client.download("f").mode(TransferMode::Command).await.unwrap();
    let mut all = Vec::new();
    loop {
        // Shorter than any answer: most futures are dropped with a command under way.
        match timeout(Duration::from_millis(1), download.next()).await {
            Err(_) => {}
            Ok(Some(bytes)) => all.extend_from_slice(&bytes.unwrap()),
            Ok(None) => break,
        }
    }
    assert_eq!(all, b"12345");
    drop(download);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn downloads_are_readers() {
    let script = Script::connected()
        .size("f", 10)
        .restart(0)
        .get("f", b"0123456789")
        .size("f", 10)
        .restart(0)
        .get("f", b"01");
    let (mut client, module) = script.last_message("426 aborted").connect().await;
    let mut reader = client.download("f").await.unwrap().into_reader();
    let mut first = [0; 3];
    reader.read_exact(&mut first).await.unwrap();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).await.unwrap();
    assert_eq!([&first[..], &rest].concat(), b"0123456789");
    drop(reader);

    let mut reader = client.download("f").await.unwrap().into_reader();
    let error = reader.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    let inner = error.get_ref().unwrap().downcast_ref::<TransferError>().unwrap();
    assert!(matches!(inner, TransferError::Truncated { got: 2, .. }));
    drop(reader);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn downloads_are_streams() {
    let script = Script::connected().size("f", 5).restart(0).get("f", b"12345");
    let (mut client, module) = script.connect().await;
    let mut download = client.download("f").await.unwrap();
    let mut got = Vec::new();
    while let Some(bytes) = poll_fn(|context| Pin::new(&mut download).poll_next(context)).await {
        got.extend_from_slice(&bytes.unwrap());
    }
    assert_eq!(got, b"12345");
    drop(download);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn servers_that_cannot_begin_in_the_middle_are_named() {
    let start = || Script::connected().size("f", 9).restart(4);
    for reply in ["502 REST not implemented", "451 f: Restart not permitted, try again"] {
        let online = start().on("AT#FTPGET=\"f\"", "\r\nNO CARRIER\r\n").last_message(reply);
        let blocks = start().refuses("AT#FTPGETPKT=\"f\",0", "606").last_message(reply);
        for (script, mode) in [(online, TransferMode::Online), (blocks, TransferMode::Command)] {
            let (mut client, module) = script.closed_and_reopened().size("f", 9).connect().await;
            let error = client.download("f").from(4).mode(mode).await.unwrap_err();
            assert!(matches!(error, TransferError::RestartRefused { offset: 4, .. }), "{error:?}");
            assert_eq!((error.category(), error.is_resumable()), (Category::Refused, false));
            assert!(error.hint().unwrap().contains("from its start"));
            assert_eq!(client.size("f").await.unwrap(), 9, "the session can be used");
            module.done_after(client).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_position_that_nobody_obeyed_shows_in_what_is_left_over() {
    let begun = || Script::connected().size("f", 9).restart(4).ok("AT#FTPGETPKT=\"f\",0").block(5, b"01234");
    let waiting = begun().says("AT#FTPRECV?", "#FTPRECV: 4");
    let coming = begun()
        .says("AT#FTPRECV?", "#FTPRECV: 0")
        .says("AT#FTPGETPKT?", "#FTPGETPKT: f,0,0")
        .says("AT#FTPRECV?", "#FTPRECV: 4");
    for script in [waiting, coming] {
        let (mut client, module) = script.closed_and_reopened().size("f", 9).connect().await;
        let download = client.download("f").from(4).mode(TransferMode::Command).await.unwrap();
        assert_eq!(collect(download).await, Err(TransferError::TooLong { expected: 5 }));
        assert_eq!(client.size("f").await.unwrap(), 9, "the session can be used");
        module.done_after(client).await;
    }
}

/// The size was wrong, or the file grows.
#[tokio::test(start_paused = true)]
async fn more_than_the_size_is_seen_in_both_modes_wherever_it_began() {
    for offset in [0, 4] {
        let begun = || Script::connected().size("f", 5 + offset).restart(offset);
        let blocks = begun().ok("AT#FTPGETPKT=\"f\",0").block(5, b"01234").says("AT#FTPRECV?", "#FTPRECV: 1");
        let online = begun().get("f", b"012345");
        for (script, mode) in [(blocks, TransferMode::Command), (online, TransferMode::Online)] {
            let (mut client, module) = script.closed_and_reopened().size("f", 9).connect().await;
            let download = client.download("f").from(offset).mode(mode).await.unwrap();
            assert_eq!(collect(download).await, Err(TransferError::TooLong { expected: 5 }));
            assert_eq!(client.size("f").await.unwrap(), 9, "the session can be used");
            module.done_after(client).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_size_that_ascii_mode_forbids_is_asked_for_in_binary() {
    let script = Script::connected()
        .refuses("AT#FTPFSIZE=\"f\"", "600")
        .last_message("550 SIZE not allowed in ASCII mode")
        .ok("AT#FTPTYPE=0")
        .size("f", 5);
    let (mut client, module) = script.connect().await;
    assert_eq!(client.size("f").await.unwrap(), 5);
    module.done_after(client).await;
}
