//! Uploads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use telit_ftps::{TransferError, TransferMode};
use tokio::io::{AsyncRead, ReadBuf};

use crate::scripted_module::Script;

const PROMPT: &str = "\r\n> ";
const STORED: &str = "226 Transfer complete";

trait Blocks {
    fn block(self, command: &str, data: &[u8], sent: usize) -> Self;
}

impl Blocks for Script {
    fn block(self, command: &str, data: &[u8], sent: usize) -> Self {
        self.on(command, PROMPT).raw(data, format!("\r\n#FTPAPPEXT: {sent}\r\n\r\nOK\r\n"))
    }
}

#[tokio::test(start_paused = true)]
async fn blocks_short_counts_and_the_last_byte() {
    let data: Vec<u8> = (0..=255_u8).cycle().take(2000).collect();
    let script = Script::connected().ok("AT#FTPPUT=\"up.bin\",1");
    let script = Blocks::block(script, "AT#FTPAPPEXT=1500", &data[..1500], 1000);
    let script = Blocks::block(script, "AT#FTPAPPEXT=999", &data[1000..1999], 999);
    let script = Blocks::block(script, "AT#FTPAPPEXT=1,1", &data[1999..], 1);
    let (mut client, module) =
        script.last_message(STORED).size("up.bin", 1500).size("up.bin", 2000).connect().await;
    assert_eq!(client.upload("up.bin", &data[..]).await.unwrap(), 2000);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn appending_counts_what_was_there() {
    let script = Script::connected().size("log", 10).ok("AT#FTPAPP=\"log\",1");
    let script = Blocks::block(script, "AT#FTPAPPEXT=3", b"\x1a\x1b\x08", 3);
    let script = Blocks::block(script, "AT#FTPAPPEXT=1,1", b"!", 1);
    let (mut client, module) = script.last_message(STORED).size("log", 14).connect().await;
    assert_eq!(client.append("log", &b"\x1a\x1b\x08!"[..]).await.unwrap(), 4);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn appending_to_nothing_begins_a_file() {
    let script = Script::connected()
        .refuses("AT#FTPFSIZE=\"log\"", "FTP file not found")
        .last_message("550 no")
        .ok("AT#FTPAPP=\"log\",1");
    let script = Blocks::block(script, "AT#FTPAPPEXT=1,1", b"!", 1);
    let (mut client, module) = script.last_message(STORED).size("log", 1).connect().await;
    assert_eq!(client.append("log", &b"!"[..]).await.unwrap(), 1);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_size_that_stays_wrong_is_an_error() {
    let script = Script::connected().ok("AT#FTPPUT=\"f\",1");
    let mut script = Blocks::block(script, "AT#FTPAPPEXT=1,1", b"!", 1).last_message(STORED);
    for _ in 0..5 {
        script = script.size("f", 0);
    }
    let (mut client, module) = script.connect().await;
    let error = client.upload("f", &b"!"[..]).await.unwrap_err();
    assert_eq!(error, TransferError::UploadDiffers { stored: 0, expected: 1 });
    assert_eq!(error.category(), telit_core::Category::Verification);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_closed_data_connection_needs_a_new_session() {
    let script = Script::connected()
        .ok("AT#FTPPUT=\"f\",1")
        .refuses("AT#FTPAPPEXT=2", "FTP write data closed")
        .last_message("452 Insufficient storage.")
        .closed_and_reopened()
        .size("f", 0);
    let (mut client, module) = script.connect().await;
    let error = client.upload("f", &b"abc"[..]).await.unwrap_err();
    let TransferError::UploadUnconfirmed { sent: 0, error: cause } = &error else { panic!("{error:?}") };
    assert!(matches!(**cause, TransferError::Refused { .. }), "{cause:?}");
    assert!(error.may_have_taken_effect(), "the server may have an empty file");
    assert!(error.to_string().contains("452 Insufficient storage."));
    assert_eq!(client.size("f").await.unwrap(), 0);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_into_a_session_that_was_dropped_opens_it_again() {
    let script = Script::connected()
        .refuses("AT#FTPPUT=\"f\",1", "607")
        .on("AT#FTPMSG", "\r\nERROR\r\n")
        .closed_and_reopened()
        .ok("AT#FTPPUT=\"f\",1")
        .on("AT#FTPAPPEXT=1,1", "\r\n> ")
        .raw("a", "\r\n#FTPAPPEXT: 1\r\n\r\nOK\r\n")
        .last_message(STORED)
        .size("f", 1);
    let (mut client, module) = script.connect().await;
    assert_eq!(client.upload("f", &b"a"[..]).await, Ok(1));
    drop(client);
    module.done().await;
}

/// Servers open, and empty, the file before there is a data connection.
#[tokio::test(start_paused = true)]
async fn an_upload_without_data_connection_may_have_emptied_the_file() {
    type Check = fn(&TransferError) -> bool;
    let failures: [(&str, &str, Check); 3] = [
        ("FTP accept failure", "425 Failed to establish connection.", |error| {
            matches!(error, TransferError::DataConnection { .. })
        }),
        ("600", "522 SSL connection failed; session reuse required", |error| {
            matches!(error, TransferError::SessionReuseDemanded { .. })
        }),
        ("SSL error during handshake", "425 no", |error| matches!(error, TransferError::Tls { .. })),
    ];
    for (words, reply, is_it) in failures {
        for (mode, number) in [(TransferMode::Command, 1), (TransferMode::Online, 0)] {
            let refused = |script: Script, line: &str| {
                script.refuses(line, words).last_message(reply).closed_and_reopened()
            };
            let script = refused(Script::connected(), &format!("AT#FTPPUT=\"f\",{number}")).size("f", 7);
            let script = refused(script, &format!("AT#FTPAPP=\"f\",{number}")).size("f", 7);
            let (mut client, module) = script.connect().await;
            let error = client.upload("f", &b"abc"[..]).mode(mode).await.unwrap_err();
            let TransferError::UploadUnconfirmed { sent: 0, error: cause } = &error else {
                panic!("{error:?}")
            };
            assert!(is_it(cause) && error.may_have_taken_effect(), "{words}: {cause:?}");
            let error = client.append("f", &b"abc"[..]).mode(mode).await.unwrap_err();
            assert!(is_it(&error) && !error.may_have_taken_effect(), "{words}: {error:?}");
            assert_eq!(client.size("f").await, Ok(7));
            module.done_after(client).await;
        }
    }
}

/// The port carries the file, and the escape sequence ends it.
fn online(script: Script, line: &str, data: &[u8]) -> Script {
    let begun = script.on(line, "\r\nCONNECT\r\n");
    let sent = if data.is_empty() { begun } else { begun.raw(data, "") };
    sent.raw("+++", "\r\nNO CARRIER\r\n").raw("+++\r", "\r\nERROR\r\n").last_message("226 Done")
}

#[tokio::test(start_paused = true)]
async fn online_where_it_was_asked_for() {
    let script = online(Script::connected(), "AT#FTPPUT=\"f\",0", b"abc").size("f", 3);
    let (mut client, module) = script.connect().await;
    assert_eq!(client.upload("f", &b"abc"[..]).mode(TransferMode::Online).await, Ok(3));
    module.done_after(client).await;
}

/// An upload whose data have all gone, and that nobody has confirmed yet.
fn gone(mode: TransferMode) -> Script {
    match mode {
        TransferMode::Online => {
            let begun = Script::connected().on("AT#FTPPUT=\"f\",0", "\r\nCONNECT\r\n").raw("abc", "");
            begun.raw("+++", "\r\nNO CARRIER\r\n").raw("+++\r", "\r\nERROR\r\n")
        }
        _ => {
            let begun = Script::connected().ok("AT#FTPPUT=\"f\",1");
            let begun = Blocks::block(begun, "AT#FTPAPPEXT=2", b"ab", 2);
            Blocks::block(begun, "AT#FTPAPPEXT=1,1", b"c", 1)
        }
    }
}

const MODES: [TransferMode; 2] = [TransferMode::Online, TransferMode::Command];

/// A file of the same size may have been there before.
#[tokio::test(start_paused = true)]
async fn the_server_has_the_last_word_on_an_upload() {
    for mode in MODES {
        for (reply, is_reuse) in [
            ("522 SSL session reuse required", true),
            ("452 Insufficient storage.", false),
            ("552 Quota", false),
        ] {
            let script = gone(mode).last_message("150 Go on").last_message("").last_message(reply);
            let (mut client, module) = script.closed_and_reopened().size("f", 3).connect().await;
            let error = client.upload("f", &b"abc"[..]).mode(mode).await.unwrap_err();
            let TransferError::UploadUnconfirmed { sent: 3, error: cause } = &error else {
                panic!("{mode:?}: {error:?}")
            };
            assert_eq!(matches!(**cause, TransferError::SessionReuseDemanded { .. }), is_reuse, "{cause:?}");
            assert!(error.to_string().contains(reply), "{error}");
            assert_eq!(client.size("f").await.unwrap(), 3);
            module.done_after(client).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_may_take_its_time_to_confirm_an_upload() {
    for mode in MODES {
        let waited = (0..9).fold(gone(mode), |script, _| script.last_message("150 Go on"));
        let script = waited.last_message("250 Stored").size("f", 3).size("f", 3);
        let (mut client, module) = script.connect().await;
        assert_eq!(client.upload("f", &b"abc"[..]).mode(mode).await, Ok(3), "{mode:?}");
        assert_eq!(client.size("f").await, Ok(3), "the session goes on");
        module.done_after(client).await;
    }
}

/// A line that swallows one answer does not leave an upload in doubt.
#[tokio::test(start_paused = true)]
async fn the_last_word_is_asked_for_again_if_it_gets_lost_on_the_line() {
    for mode in MODES {
        let script = gone(mode).on("AT#FTPMSG", "").last_message("226 Done").size("f", 3);
        let (mut client, module) = script.connect().await;
        assert_eq!(client.upload("f", &b"abc"[..]).mode(mode).await, Ok(3), "{mode:?}");
        module.done_after(client).await;
        let script = gone(mode).on("AT#FTPMSG", "").on("AT#FTPMSG", "");
        let (mut client, module) = script.connect().await;
        let error = client.upload("f", &b"abc"[..]).mode(mode).await.unwrap_err();
        let TransferError::UploadUnconfirmed { sent: 3, error: cause } = &error else { panic!("{error:?}") };
        assert_eq!(**cause, TransferError::NoFinalReply { reply: None }, "{mode:?}");
        module.done_after(client).await;
    }
}

/// Neither a reply that is not the last one nor silence is a confirmation, whatever the size of the file.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_has_not_confirmed_an_upload() {
    for mode in MODES {
        for reply in ["150 Go on", "", "227 Entering Passive Mode"] {
            let silent = (0..11).fold(gone(mode), |script, _| script.last_message(reply));
            let (mut client, module) = silent.closed_and_reopened().size("f", 3).connect().await;
            let error = client.upload("f", &b"abc"[..]).mode(mode).await.unwrap_err();
            let TransferError::UploadUnconfirmed { sent: 3, error: cause } = &error else {
                panic!("{mode:?}: {error:?}")
            };
            let TransferError::NoFinalReply { reply: said } = &**cause else { panic!("{mode:?}: {cause:?}") };
            assert_eq!(said.as_ref().map(ToString::to_string).unwrap_or_default(), reply);
            assert!(error.may_have_taken_effect() && !error.is_resumable());
            assert_eq!(client.size("f").await, Ok(3));
            module.done_after(client).await;
        }
    }
}

/// The session is gone, or the firmware cannot tell what the server says.
#[tokio::test(start_paused = true)]
async fn where_nobody_can_tell_the_size_has_to_do() {
    for mode in MODES {
        let lost = gone(mode).refuses("AT#FTPMSG", "607");
        let (mut client, module) = lost.connect().await;
        let error = client.upload("f", &b"abc"[..]).mode(mode).await.unwrap_err();
        let TransferError::UploadUnconfirmed { sent: 3, error: cause } = &error else { panic!("{error:?}") };
        assert_eq!(**cause, TransferError::NoFinalReply { reply: None });
        module.done_after(client).await;
        let without = gone(mode).on("AT#FTPMSG", "\r\nERROR\r\n").on("AT#FTPMSG=?", "\r\nERROR\r\n");
        let (mut client, module) = without.size("f", 3).connect().await;
        assert_eq!(client.upload("f", &b"abc"[..]).mode(mode).await, Ok(3));
        module.done_after(client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_file_goes_online() {
    let script = online(Script::connected(), "AT#FTPPUT=\"f\",0", b"").size("f", 0).size("f", 5);
    let script = online(script, "AT#FTPAPP=\"f\",0", b"").size("f", 5);
    let (mut client, module) = script.connect().await;
    assert_eq!(client.upload("f", &b""[..]).await, Ok(0));
    assert_eq!(client.append("f", &b""[..]).await, Ok(0));
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn blocks_are_never_empty() {
    let (mut client, module) = Script::connected().connect().await;
    let uploaded = client.upload("f", &b""[..]).mode(TransferMode::Command).await;
    let appended = client.append("f", &b""[..]).mode(TransferMode::Command).await;
    assert_eq!((uploaded, appended), (Err(TransferError::EmptyUpload), Err(TransferError::EmptyUpload)));
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn blocks_where_the_firmware_has_none_are_refused() {
    let script = Script::new().on("AT#FTPAPPEXT=?", "\r\nERROR\r\n").reopened();
    let (mut client, module) = script.connect().await;
    let error = client.upload("f", &b"a"[..]).mode(TransferMode::Command).await.unwrap_err();
    let expected = "platform 37 has no command mode for uploads in this firmware (#FTPAPPEXT)";
    assert_eq!(error.to_string(), expected);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn progress_counts_what_the_module_has_taken() {
    let data = [b'x'; 1501];
    let script = Script::connected().ok("AT#FTPPUT=\"f\",1");
    let script = Blocks::block(script, "AT#FTPAPPEXT=1500", &data[..1500], 700);
    let script = Blocks::block(script, "AT#FTPAPPEXT=800", &data[700..1500], 800);
    let script = Blocks::block(script, "AT#FTPAPPEXT=1,1", b"x", 1);
    let (mut client, module) = script.last_message(STORED).size("f", 1501).connect().await;
    let mut seen = Vec::new();
    let sent = client.upload("f", &data[..]).progress(|sent| seen.push(sent)).await;
    assert_eq!((sent, seen), (Ok(1501), vec![700, 1500, 1501]));
    module.done_after(client).await;
}

/// Gives one byte and then fails.
struct Failing(bool);

impl AsyncRead for Failing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(Err(io::Error::other("the disk is on fire")));
        }
        buffer.put_slice(b"x");
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_is_reported() {
    let (mut client, module) = Script::connected().connect().await;
    let error = client.upload("f", Failing(false)).await.unwrap_err();
    assert_eq!(error.to_string(), "the data to upload could not be read: the disk is on fire");
    drop(client);
    module.done().await;
}
