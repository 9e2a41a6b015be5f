//! Clients of one port take turns, exchange by exchange.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use telit_core::CommandError;
use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::driver::{AtChannel, AtPort, DriverOptions};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::Instant;

use crate::rig::{next_command, read, send, start};

/// How long the module takes for one block of a transfer.
const BLOCK: Duration = Duration::from_millis(700);
/// The pause of the engine between two commands, and a moment.
const PAUSE: Duration = Duration::from_millis(25);

/// A module that gives blocks slowly and answers everything else at once, until the port is closed. Gives the
/// commands in their order.
async fn play(mut module: DuplexStream) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(command) = next_command(&mut module).await {
        match command.as_str() {
            "AT#FTPRECV=3" => {
                tokio::time::sleep(BLOCK).await;
                send(&mut module, "\r\n#FTPRECV: 3\r\nabc\r\n\r\nOK\r\n").await;
            }
            _ => send(&mut module, "\r\n#MQCONN: 1,1\r\n\r\nOK\r\n").await,
        }
        seen.push(command);
    }
    seen
}

/// A download in command mode: one block after the other, without a pause.
fn download(port: &AtPort) -> tokio::task::JoinHandle<()> {
    let port = port.clone();
    tokio::spawn(async move {
        let line = CommandLine::set("#FTPRECV").number(3_u8).build().unwrap();
        let block = Exchange::new(line, Expect::block("#FTPRECV", 0, &[], 3000));
        while port.execute(block.clone()).await.is_ok() {}
    })
}

#[tokio::test(start_paused = true)]
async fn a_poll_beside_a_download_waits_for_one_exchange_at_most() {
    let (port, module) = start();
    let module = tokio::spawn(play(module));
    let download = download(&port);
    // Polls at every phase of a block.
    for phase in 0..20 {
        tokio::time::sleep(Duration::from_millis(1000 + phase * 35)).await;
        let asked = Instant::now();
        let reply = port.execute(read("#MQCONN")).await.unwrap();
        assert_eq!(reply.value("#MQCONN").as_deref(), Some("1,1"));
        assert!(asked.elapsed() <= BLOCK + 2 * PAUSE, "{:?} in phase {phase}", asked.elapsed());
    }
    download.abort();
    drop(port);
    let seen = module.await.unwrap();
    assert!(seen.iter().filter(|command| *command == "AT#FTPRECV=3").count() >= 20, "the download went on");
}

#[tokio::test(start_paused = true)]
async fn two_transfers_and_a_poll_take_turns() {
    let (port, module) = start();
    let module = tokio::spawn(play(module));
    let downloads = [download(&port), download(&port)];
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..5 {
        let asked = Instant::now();
        port.execute(read("#MQCONN")).await.unwrap();
        assert!(asked.elapsed() <= 2 * (BLOCK + PAUSE) + PAUSE, "{:?}", asked.elapsed());
    }
    downloads.iter().for_each(tokio::task::JoinHandle::abort);
    drop(port);
    let seen = module.await.unwrap();
    assert_eq!(seen.iter().filter(|command| *command == "AT#MQCONN?").count(), 5);
}

#[tokio::test(start_paused = true)]
async fn commands_run_in_the_order_of_asking_however_many_wait() {
    let (port, module) = start();
    let module = tokio::spawn(play(module));
    let block = CommandLine::set("#FTPRECV").number(3_u8).build().unwrap();
    let first = tokio::spawn({
        let port = port.clone();
        async move { port.execute(Exchange::new(block, Expect::block("#FTPRECV", 0, &[], 3000))).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    // Many more than the port's queue holds.
    let mut waiting = Vec::new();
    for number in 0..100_u32 {
        let line = CommandLine::set("#X").number(number).build().unwrap();
        let port = port.clone();
        waiting.push(tokio::spawn(async move {
            port.execute(Exchange::new(line, Expect::lines("#MQCONN"))).await
        }));
        tokio::task::yield_now().await;
    }
    first.await.unwrap().unwrap();
    for command in waiting {
        command.await.unwrap().unwrap();
    }
    drop(port);
    let seen = module.await.unwrap().split_off(1);
    let expected: Vec<String> = (0..100).map(|number| format!("AT#X={number}")).collect();
    assert_eq!(seen, expected);
}

/// A line that has another code whenever it is asked, and takes everything.
struct Restless;

impl AsyncRead for Restless {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, read: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        read.put_slice(b"\r\n#MQRING: 1,2,a,3\r\n");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Restless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// On the only thread there is.
#[tokio::test]
async fn a_line_that_never_rests_keeps_nobody_from_asking_and_no_command_from_its_deadline() {
    let port = AtPort::start(Restless, DriverOptions::default());
    let mut codes = port.unsolicited();
    let asking = port.execute(read("#SSLEN").deadline(Duration::from_millis(50)));
    let error = tokio::time::timeout(Duration::from_secs(30), asking).await.unwrap().unwrap_err();
    assert!(matches!(error, CommandError::TimedOut { .. }), "{error}");
    assert!(codes.next().await.is_some());
}
