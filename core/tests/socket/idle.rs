//! A connection in online mode from which nothing has come for a while: the module is asked whether it still stands.

use std::time::Duration;

use telit_core::platform::PlatformId;
use telit_core::socket::{ConnectionMode, SocketEnding, SocketError, TlsConnector, TlsSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use super::module::{DEAD, Module, RESTART, module_of, socket_error, watched};

const IDLE: Duration = Duration::from_secs(60);
/// What the documentation allows from the moment the question is due.
const TOLD: Duration = Duration::from_secs(50);

fn dials_online(line: &str) -> Option<&'static [u8]> {
    let online = line.starts_with("AT#SSLD=1") && line.split(',').nth(4) == Some("0");
    online.then_some(&b"\r\nCONNECT\r\n"[..])
}

async fn online(connector: TlsConnector) -> TlsSocket {
    connector.mode(ConnectionMode::Online).connect("peer.example", 7).await.unwrap()
}

/// Reads until the connection fails, and gives what came and how long it took.
async fn failed(socket: &mut TlsSocket) -> (Vec<u8>, SocketError, Duration) {
    let (mut all, started) = (Vec::new(), Instant::now());
    let read = timeout(IDLE + TOLD, socket.read_to_end(&mut all)).await.expect("it is told");
    (all, socket_error(read.unwrap_err()), started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_reader_hears_of_a_restart_within_the_bound_and_reads_no_echo() {
    let module = watched(dials_online).await;
    let mut socket = online(module.connector()).await;
    module.urc.send(RESTART).unwrap();
    let (all, error, took) = failed(&mut socket).await;
    assert_eq!((&all[..], error), (&b""[..], SocketError::ModuleRestarted));
    assert!(took >= IDLE, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_hears_of_a_module_that_answers_nothing() {
    let module = watched(dials_online).await;
    let mut socket = online(module.connector()).await;
    module.urc.send(DEAD).unwrap();
    assert_eq!(failed(&mut socket).await.1, SocketError::Stuck);
}

#[tokio::test(start_paused = true)]
async fn a_writer_hears_of_it_too_and_is_no_reason_not_to_ask() {
    let module = watched(dials_online).await;
    let mut socket = online(module.connector()).await;
    module.urc.send(DEAD).unwrap();
    let started = Instant::now();
    let error = loop {
        if let Err(error) = socket.write_all(b"every second").await {
            break socket_error(error);
        }
        sleep(Duration::from_secs(1)).await;
    };
    assert_eq!(error, SocketError::Stuck);
    assert!(started.elapsed() < IDLE + TOLD, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_stands_goes_on_with_every_byte() {
    let module = watched(dials_online).await;
    let mut socket = online(module.connector()).await;
    for turn in 1..=3 {
        sleep(IDLE + Duration::from_secs(10)).await;
        assert_eq!(module.count("AT#SSLO=1"), turn);
        socket.write_all(b"+question\r").await.unwrap();
        socket.flush().await.unwrap();
        // What the test's module says to everything is what its peer sends.
        let mut answer = [0; 6];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!((&answer, module.count("+question")), (b"\r\nOK\r\n", turn));
    }
    socket.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whoever_is_heard_is_not_asked() {
    let module = watched(dials_online).await;
    let mut socket = online(module.connector()).await;
    for _ in 0..10 {
        module.urc.send(b"x").unwrap();
        assert_eq!(socket.read_u8().await.unwrap(), b'x');
        sleep(IDLE - Duration::from_secs(1)).await;
    }
    assert!(!module.sent("+++"));
}

/// The peer has closed the connection while the module was asked.
#[tokio::test(start_paused = true)]
async fn an_end_that_the_question_finds_is_an_end_and_the_rest_is_read() {
    fn ends(line: &str) -> Option<&'static [u8]> {
        match line {
            "AT#SSLO=1" => Some(b"\r\nNO CARRIER:SSL,1,4\r\n"),
            line if line.starts_with("AT#SSLRECV=1") => {
                Some(b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n")
            }
            line => dials_online(line),
        }
    }
    let module = watched(ends).await;
    let mut socket = online(module.connector()).await;
    let mut all = Vec::new();
    let read = timeout(IDLE + TOLD, socket.read_to_end(&mut all)).await.expect("it is told");
    assert_eq!((read.unwrap(), socket.ending()), (0, Some(SocketEnding::CloseNotify)));
}

#[tokio::test(start_paused = true)]
async fn the_escape_sequence_never_reaches_a_peer() {
    fn shows_escape(line: &str) -> Option<&'static [u8]> {
        match line.starts_with("AT#SKIPESC") {
            true => Some(b"\r\nERROR\r\n"),
            false => dials_online(line),
        }
    }
    let module: Module = module_of(PlatformId::P37, shows_escape);
    let _socket = online(module.connector()).await;
    sleep(IDLE * 10).await;
    assert!(!module.sent("+++"));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_who_is_not_to_be() {
    let module = watched(dials_online).await;
    let _socket = online(module.connector().idle_check(None)).await;
    sleep(IDLE * 10).await;
    assert!(!module.sent("+++"));
}

/// A line without flow control has dropped what was written.
#[tokio::test(start_paused = true)]
async fn bytes_that_the_module_has_never_seen_are_told_by_the_second_question() {
    let module = watched(dials_online).await;
    let mut socket = online(module.connector()).await;
    socket.write_all(b"line\r").await.unwrap();
    socket.read_exact(&mut [0; 6]).await.unwrap();
    let started = Instant::now();
    let read = timeout(2 * (IDLE + TOLD), socket.read(&mut [0; 8])).await.expect("it is told");
    assert_eq!(socket_error(read.unwrap_err()), SocketError::BytesLost { to_module: 5, from_module: 0 });
    assert!(started.elapsed() > 2 * IDLE, "{:?}", started.elapsed());
    assert_eq!(module.count("AT#SSLI=1"), 2);
    drop(socket);
}
