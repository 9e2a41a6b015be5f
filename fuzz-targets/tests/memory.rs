//! A module that never stops sending takes no more memory than is set aside for it.

use std::alloc::System;
use std::sync::Arc;
use std::time::Duration;

use cap::Cap;
use telit_core::Modem;
use telit_core::at::{CommandLine, Exchange, Expect, StreamEnding};
use telit_core::driver::{AtChannel, AtPort, DriverOptions};
use telit_core::platform::{PlatformId, profile};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Mutex;
use tokio::time::timeout;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// One at a time, since all share the allocator.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Between module and host.
const LINE: usize = 16 * 1024;
/// More than the product may set aside: the input, an answer of 256 KiB, 256 unsolicited lines for a subscriber that
/// does not read, and a stream's data for a reader that does not.
const LIMIT: usize = 3 * 1024 * 1024;
/// How much is sent.
const FLOOD: usize = 8 * 1024 * 1024;

/// Sends pieces until so much is sent or nobody takes any more, and gives how much memory was taken meanwhile and how
/// much was sent.
async fn flood(module: &mut DuplexStream, piece: &[u8]) -> (usize, usize) {
    let piece = piece.repeat((4096 / piece.len()).max(1));
    let before = ALLOCATOR.allocated();
    let (mut peak, mut sent) = (0, 0);
    while sent < FLOOD {
        match timeout(Duration::from_secs(60), module.write_all(&piece)).await {
            Ok(Ok(())) => sent += piece.len(),
            _ => break,
        }
        tokio::task::yield_now().await;
        peak = peak.max(ALLOCATOR.allocated().saturating_sub(before));
    }
    (peak, sent)
}

fn port() -> (AtPort, DuplexStream) {
    let (host, module) = duplex(LINE);
    (AtPort::start(host, DriverOptions::default()), module)
}

async fn said(module: &mut DuplexStream) {
    let mut said = [0; 256];
    assert!(module.read(&mut said).await.expect("the port is open") > 0);
}

#[tokio::test(start_paused = true)]
async fn answers_without_end() {
    let _alone = ALONE.lock().await;
    for (expect, piece) in [
        (Expect::text(), &b"x"[..]),
        (Expect::text(), b"x\r\n"),
        (Expect::lines("#SSLEN"), b"#SSLEN: 1,0\r\n"),
        (Expect::lines("#SSLEN"), b"\r\n#MQRING: 1,1,t,3\r\n"),
        (Expect::foreign_text(), b"OK\r\nand more\r\n"),
        (Expect::block("#FTPRECV", 0, &[], 65_536), b"#FTPRECV: 0\r\n"),
        (Expect::block("#FTPRECV", 0, &[], 65_536), b"#FTPRECV: 65536\r\nOK\r\n"),
        (Expect::marked_block("#MQREAD", 65_536), b"#MQREAD: 1,t,65536\r\n"),
        (Expect::unannounced_block(None, 65_536), b"<<<"),
        (Expect::unannounced_block(Some(65_536), 65_536), b"<<<"),
        (Expect::counted_prompt(vec![b'x'; 4096].into(), None), b"> "),
        (Expect::triple_prompt(vec![b'x'; 4096].into()), b">>>"),
    ] {
        let (port, mut module) = port();
        let shown = format!("{expect:?} and {:?}", String::from_utf8_lossy(piece));
        let line = CommandLine::execute("#X");
        let asked = tokio::spawn(async move { port.execute(Exchange::new(line, expect)).await });
        said(&mut module).await;
        let (mut reader, mut writer) = tokio::io::split(module);
        // What the host writes meanwhile is read, or it would wait for that.
        let drained = tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
        let before = ALLOCATOR.allocated();
        let (mut peak, mut sent) = (0, 0);
        let piece = piece.repeat((4096 / piece.len()).max(1));
        while sent < FLOOD && !asked.is_finished() {
            writer.write_all(&piece).await.expect("the port is open");
            sent += piece.len();
            peak = peak.max(ALLOCATOR.allocated().saturating_sub(before));
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
        assert!(peak < LIMIT, "{shown}: {peak} bytes for {sent}");
        drop(writer);
        drained.abort();
        let _ended = timeout(Duration::from_secs(600), asked).await.expect("it ends");
    }
}

#[tokio::test(start_paused = true)]
async fn codes_that_nobody_reads() {
    let _alone = ALONE.lock().await;
    let code = [&b"\r\nSSLSRING: 1,1300,"[..], &[b'x'; 1300], b"\r\n"].concat();
    for piece in [&b"\r\n#MQRING: 1,1,t,3\r\n"[..], &code, b"x", b"x\r"] {
        let (port, mut module) = port();
        let _unread = port.unsolicited();
        let (peak, sent) = flood(&mut module, piece).await;
        assert_eq!(sent / FLOOD, 1, "the port is always read");
        assert!(peak < LIMIT, "{:?}: {peak} bytes", String::from_utf8_lossy(piece));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_reads() {
    let _alone = ALONE.lock().await;
    let (port, mut module) = port();
    let dial = Expect::stream(StreamEnding::MarkAndSilence);
    let (stream, ()) =
        tokio::join!(port.open_stream(Exchange::new(CommandLine::execute("#SSLO"), dial)), async {
            said(&mut module).await;
            module.write_all(b"\r\nCONNECT\r\n").await.expect("the port is open");
        });
    let _unread = stream.expect("it is open");
    let (peak, sent) = flood(&mut module, b"data that nobody reads").await;
    assert!(sent < LIMIT, "the module is held up: {sent}");
    assert!(peak < LIMIT, "{peak} bytes");
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_being_opened() {
    let _alone = ALONE.lock().await;
    let (host, mut module) = duplex(LINE);
    let opened = tokio::spawn(Modem::builder().open(host));
    let (peak, _) = flood(&mut module, b"\r\n+CEREG: 1\r\nnoise").await;
    assert!(peak < LIMIT, "{peak} bytes");
    assert!(timeout(Duration::from_secs(120), opened).await.expect("it ends").expect("no panic").is_err());
}

/// Test forms are kept, so what they say is bounded, too.
#[tokio::test(start_paused = true)]
async fn a_test_form_without_end() {
    let _alone = ALONE.lock().await;
    let (port, mut module) = port();
    let modem = Modem::builder().on_channel(Arc::new(port), profile(PlatformId::P37));
    let asked = tokio::spawn(async move { modem.test_form("#SSLCFG").await });
    said(&mut module).await;
    let (peak, _) = flood(&mut module, &[&b"#SSLCFG: "[..], &b"(0-1),".repeat(1000), b"\r\n"].concat()).await;
    assert!(peak < LIMIT, "{peak} bytes");
    drop(module);
    assert!(asked.await.expect("no panic").is_err());
}
