//! Uploads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use telit_ftps::TransferError;
use tokio::io::{AsyncRead, ReadBuf};

use crate::scripted_module::Script;

const PROMPT: &str = "\r\n> ";

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
    let (mut client, module) = script.size("up.bin", 1500).size("up.bin", 2000).connect().await;
    assert_eq!(client.upload("up.bin", &data[..]).await.unwrap(), 2000);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn appending_counts_what_was_there() {
    let script = Script::connected().size("log", 10).ok("AT#FTPAPP=\"log\",1");
    let script = Blocks::block(script, "AT#FTPAPPEXT=3", b"\x1a\x1b\x08", 3);
    let script = Blocks::block(script, "AT#FTPAPPEXT=1,1", b"!", 1);
    let (mut client, module) = script.size("log", 14).connect().await;
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
    let (mut client, module) = script.size("log", 1).connect().await;
    assert_eq!(client.append("log", &b"!"[..]).await.unwrap(), 1);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_size_that_stays_wrong_is_an_error() {
    let script = Script::connected().ok("AT#FTPPUT=\"f\",1");
    let mut script = Blocks::block(script, "AT#FTPAPPEXT=1,1", b"!", 1);
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
        .size("f", 1);
    let (mut client, module) = script.connect().await;
    assert_eq!(client.upload("f", &b"a"[..]).await, Ok(1));
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_to_upload_sends_nothing() {
    let (mut client, module) = Script::connected().connect().await;
    assert_eq!(client.upload("f", &b""[..]).await, Err(TransferError::EmptyUpload));
    assert_eq!(client.append("f", &b""[..]).await, Err(TransferError::EmptyUpload));
    drop(client);
    module.done().await;
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
