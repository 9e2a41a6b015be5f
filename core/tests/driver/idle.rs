//! A port that has nothing to do does nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use telit_core::at::{Settings, StreamEnding};
use telit_core::driver::{AtChannel, AtPort, DriverOptions};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::Instant;

use crate::rig::{expect, online, read, send};

/// Counts how often the port looks at it.
struct Watched {
    line: DuplexStream,
    looks: Arc<AtomicUsize>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.line).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(context)
    }
}

fn start() -> (AtPort, DuplexStream, Arc<AtomicUsize>) {
    let (line, module) = tokio::io::duplex(4096);
    let looks = Arc::new(AtomicUsize::new(0));
    let watched = Watched { line, looks: Arc::clone(&looks) };
    (AtPort::start(watched, DriverOptions::default()), module, looks)
}

/// The port is not woken for an hour. Whatever wakes it makes it look at its line.
async fn must_rest(looks: &AtomicUsize) {
    // Until everything that is under way has been done.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let before = looks.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(looks.load(Ordering::Relaxed), before);
}

#[tokio::test(start_paused = true)]
async fn nothing_wakes_a_port_that_was_never_used() {
    let (_port, _module, looks) = start();
    must_rest(&looks).await;
    assert_eq!(looks.load(Ordering::Relaxed), 1, "it waits for what comes by itself");
}

#[tokio::test(start_paused = true)]
async fn nothing_wakes_a_port_between_commands_and_codes() {
    let (port, mut module, looks) = start();
    let mut codes = port.unsolicited();
    for _ in 0..3 {
        let running = tokio::spawn({
            let port = port.clone();
            async move { port.execute(read("#SSLEN")).await }
        });
        expect(&mut module, b"AT#SSLEN?\r").await;
        send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
        running.await.unwrap().unwrap();
        // Neither the end of the pause nor the deadline of the command.
        must_rest(&looks).await;
        send(&mut module, "\r\n#MQRING: 1,2,a,3\r\n").await;
        assert_eq!(codes.next().await.unwrap().unwrap().text(), "#MQRING: 1,2,a,3");
        must_rest(&looks).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_wakes_a_port_whose_stream_is_silent() {
    let (port, mut module, looks) = start();
    let mut stream = online(&port, &mut module, StreamEnding::ProvenMarkAndSilence).await;
    send(&mut module, "data").await;
    assert_eq!(stream.next().await.unwrap(), "data");
    // Silence means something once.
    tokio::time::sleep(Settings::default().quiet).await;
    must_rest(&looks).await;
    drop(stream);
}

/// When commands reach the module, in milliseconds since the end of the answer before them.
async fn sent_after(settings: Settings, asked_after: &[u64]) -> Vec<u128> {
    let (line, mut module) = tokio::io::duplex(4096);
    let port = AtPort::start(line, DriverOptions { settings, ..DriverOptions::default() });
    let mut sent = Vec::new();
    let mut answered = Instant::now();
    for after in std::iter::once(&0).chain(asked_after) {
        let running = tokio::spawn({
            let (port, at) = (port.clone(), answered + Duration::from_millis(*after));
            async move {
                tokio::time::sleep_until(at).await;
                port.execute(read("#SSLEN")).await
            }
        });
        expect(&mut module, b"AT#SSLEN?\r").await;
        sent.push(answered.elapsed().as_millis());
        // It takes its time, and ends a little later than the word that ends it.
        tokio::time::sleep(Duration::from_millis(50)).await;
        send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r").await;
        tokio::time::sleep(Duration::from_millis(3)).await;
        send(&mut module, "\n").await;
        answered = Instant::now();
        running.await.unwrap().unwrap();
    }
    sent.split_off(1)
}

#[tokio::test(start_paused = true)]
async fn the_pause_counts_from_the_end_of_the_answer_and_delays_only_what_comes_within_it() {
    let sent = sent_after(Settings::default(), &[0, 5, 19, 20, 21, 1000, 0]).await;
    assert_eq!(sent, [20, 20, 20, 20, 21, 1000, 20]);
}

#[tokio::test(start_paused = true)]
async fn without_a_pause_no_command_is_delayed() {
    let mut settings = Settings::default();
    settings.pause = Duration::ZERO;
    assert_eq!(sent_after(settings, &[0, 5, 1000, 0]).await, [0, 5, 1000, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_caller_leaves_within_the_pause_is_not_sent() {
    let (port, mut module, _looks) = start();
    for name in ["#SSLEN", "#LEFT", "#SSLEN"] {
        let running = tokio::spawn({
            let port = port.clone();
            async move { port.execute(read(name)).await }
        });
        if name == "#LEFT" {
            tokio::time::sleep(Duration::from_millis(5)).await;
            running.abort();
            continue;
        }
        expect(&mut module, b"AT#SSLEN?\r").await;
        send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
        running.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_waits_for_the_end_of_the_pause_fails_with_its_port() {
    let (port, mut module, _looks) = start();
    let ask = || {
        let port = port.clone();
        tokio::spawn(async move { port.execute(read("#SSLEN")).await })
    };
    let running = ask();
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    running.await.unwrap().unwrap();
    let waiting = ask();
    tokio::time::sleep(Duration::from_millis(5)).await;
    drop(module);
    let error = waiting.await.unwrap().unwrap_err();
    assert!(error.is_link_lost(), "{error}");
}
