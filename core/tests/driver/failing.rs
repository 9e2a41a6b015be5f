//! Transports that fail, and what everybody is told.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use telit_core::at::{CommandLine, Exchange, Expect, Settings, StreamEnding};
use telit_core::driver::{AtChannel, AtPort, DriverOptions, ModuleState};
use telit_core::{Category, CommandError, Outcome};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::rig::{dial, expect, read, send, start};

/// A transport that does one thing wrong.
enum Failing {
    Read,
    WriteNothing,
    Flush,
}

impl AsyncRead for Failing {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match *self {
            Self::Read => Poll::Ready(Err(io::Error::other("the adapter is gone"))),
            _ => Poll::Pending,
        }
    }
}

impl AsyncWrite for Failing {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(if matches!(*self, Self::WriteNothing) { 0 } else { bytes.len() }))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match *self {
            Self::Flush => Err(io::Error::other("the adapter is full")),
            _ => Ok(()),
        })
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_transport_says_is_told() {
    for (transport, reason) in
        [(Failing::WriteNothing, "write zero"), (Failing::Flush, "the adapter is full")]
    {
        let port = AtPort::start(transport, DriverOptions::default());
        let error = port.execute(read("#SSLEN")).await.unwrap_err();
        let CommandError::LinkLost { reason: told, sent, .. } = &error else { panic!("{error}") };
        assert_eq!((told.as_str(), *sent), (reason, true));
        assert_eq!(error.category(), Category::Link);
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_lost_before_the_first_command_sends_nothing() {
    let port = AtPort::start(Failing::Read, DriverOptions::default());
    let mut health = port.health();
    while health.now().state == ModuleState::Up {
        health.changed().await;
    }
    let error = port.execute(read("#SSLEN")).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert_eq!(error.to_string(), "the link to the module is lost: the port is closed");
    assert_eq!((port.statistics().exchanges, port.statistics().bytes_written), (0, 0));
    assert_eq!((health.now().port_losses, health.now().state), (1, ModuleState::Down));
    assert_eq!(port.unsolicited().next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_hang_up_fails_a_stream_that_is_being_opened() {
    let (port, mut module) = start();
    let opening = tokio::spawn(async move { port.open_stream(dial(StreamEnding::MarkAndSilence)).await });
    expect(&mut module, b"AT#SSLO\r").await;
    drop(module);
    let error = opening.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the link to the module is lost: the port hung up");
    assert!(error.may_have_taken_effect());
}

#[tokio::test(start_paused = true)]
async fn a_hang_up_while_settings_are_sent_again_fails_what_waits_behind_them() {
    let (host, mut module) = tokio::io::duplex(4096);
    let echo_off = Exchange::new(CommandLine::execute("E0"), Expect::result()).numeric_result();
    let port =
        AtPort::start(host, DriverOptions { restored: vec![echo_off].into(), ..DriverOptions::default() });
    let first = tokio::spawn({
        let port = port.clone();
        async move { port.execute(read("#SSLEN")).await }
    });
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "AT#SSLEN?\r\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    first.await.unwrap().unwrap();
    let waiting = tokio::spawn(async move { port.execute(read("#SSLCFG")).await });
    expect(&mut module, b"ATE0\r").await;
    drop(module);
    assert_eq!(waiting.await.unwrap().unwrap_err().outcome(), Outcome::NotSent);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_shape_is_told_as_that() {
    let (port, mut module) = start();
    let block = CommandLine::execute("#FTPRECV");
    let running = tokio::spawn({
        let port = port.clone();
        async move { port.execute(Exchange::new(block, Expect::block("#FTPRECV", 0, &[], 3))).await }
    });
    expect(&mut module, b"AT#FTPRECV\r").await;
    send(&mut module, "\r\n#FTPRECV: 4\r\n").await;
    let error = running.await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unexpected answer to #FTPRECV: a block announces no length, or one over its limit"
    );
    assert_eq!(port.health().now().troubles, 1);
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_exchange_has_its_own_door() {
    let (port, mut module) = start();
    let error = port.execute(dial(StreamEnding::ReceiveOnly)).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid exchange: it opens a data stream, which open_stream() gives");
    let error = port.open_stream(read("#SSLEN")).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid exchange: it opens no data stream");
    assert_eq!((error.category(), error.outcome()), (Category::Usage, Outcome::NotSent));
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\nOK\r\n").await;
    next.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_there_count_before_a_deadline_that_has_passed() {
    // Both come at the same moment, and which of them the task looks at first is left to chance.
    for _ in 0..50 {
        let (port, mut module) = start();
        let running =
            tokio::spawn(async move { port.execute(read("#SSLEN").deadline(Duration::from_secs(5))).await });
        expect(&mut module, b"AT#SSLEN?\r").await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
        assert_eq!(running.await.unwrap().unwrap().value("#SSLEN").as_deref(), Some("1,0"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_caller_left_while_the_line_was_looked_for_is_not_opened() {
    let (host, mut module) = tokio::io::duplex(4096);
    let mut settings = Settings::default();
    settings.unknown_state = true;
    let port = AtPort::start(host, DriverOptions { settings, ..DriverOptions::default() });
    let opening = port.open_stream(dial(StreamEnding::MarkAndSilence));
    assert!(tokio::time::timeout(Duration::from_millis(100), opening).await.is_err());
    expect(&mut module, b"AT+CMEE?\r").await;
    send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\nOK\r\n").await;
    next.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hang_up_fails_what_runs_and_what_waits() {
    let (port, mut module) = start();
    let (one, two) = (port.clone(), port.clone());
    let running = tokio::spawn(async move {
        one.execute(Exchange::new(CommandLine::execute("#X"), Expect::result())).await
    });
    expect(&mut module, b"AT#X\r").await;
    let waiting = tokio::spawn(async move { two.execute(read("#SSLCFG")).await });
    tokio::task::yield_now().await;
    drop(module);
    let running = running.await.unwrap().unwrap_err();
    assert!(running.is_link_lost() && running.may_have_taken_effect());
    assert_eq!(running.to_string(), "the link to the module is lost: the port hung up");
    let waiting = waiting.await.unwrap().unwrap_err();
    assert!(waiting.is_link_lost());
    assert_eq!(waiting.outcome(), Outcome::NotSent);
    let later = port.execute(read("#SSLEN")).await.unwrap_err();
    assert!(matches!(later, CommandError::LinkLost { sent: false, .. }));
    assert!(port.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_command_that_waited_for_the_line_when_the_port_went_was_not_sent() {
    let (host, mut module) = tokio::io::duplex(4096);
    let mut settings = Settings::default();
    settings.unknown_state = true;
    let port = AtPort::start(host, DriverOptions { settings, ..DriverOptions::default() });
    let running = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT+CMEE?\r").await;
    drop(module);
    let error = running.await.unwrap().unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent, "{error}");
}
