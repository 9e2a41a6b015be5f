//! TLS sockets in online mode when the module takes nothing, or is gone, in virtual time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::Duration;

use telit_core::Modem;
use telit_core::commands::ConnectionMode;
use telit_core::driver::{AtPort, DriverOptions};
use telit_core::platform::{PlatformId, profile};
use telit_core::socket::{SocketError, TlsConnector, TlsSocket};
use telit_core::tls::TlsOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, timeout};

const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// Answers everything up to the connection, and gives the port back in online mode.
async fn answer_until_connected(mut port: DuplexStream) -> DuplexStream {
    loop {
        let line = line(&mut port).await;
        if line.starts_with("AT#SSLD=1") {
            port.write_all(b"\r\nCONNECT\r\n").await.unwrap();
            return port;
        }
        port.write_all(answer(&line)).await.unwrap();
    }
}

async fn line(port: &mut DuplexStream) -> String {
    let mut line = Vec::new();
    loop {
        match port.read_u8().await.unwrap() {
            b'\r' => return String::from_utf8_lossy(&line).into_owned(),
            byte => line.push(byte),
        }
    }
}

fn answer(line: &str) -> &'static [u8] {
    match line {
        line if line.ends_with("AT+CMEE?") => b"\r\n+CMEE: 2\r\n\r\nOK\r\n",
        _ => b"\r\nOK\r\n",
    }
}

/// A socket in online mode, its port, and its modem.
async fn online() -> (TlsSocket, DuplexStream, Modem) {
    let (host, port) = duplex(256);
    let playing = tokio::spawn(answer_until_connected(port));
    let channel = Arc::new(AtPort::start(host, DriverOptions::default()));
    let modem = Modem::from_channel(channel, profile(PlatformId::P37));
    let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
    let connector = TlsConnector::new(&modem, tls).mode(ConnectionMode::Online).send_timeout(SEND_TIMEOUT);
    let socket = connector.connect("peer.example", 7).await.unwrap();
    (socket, playing.await.unwrap(), modem)
}

fn socket_error(error: std::io::Error) -> SocketError {
    *error.into_inner().unwrap().downcast().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_ends_the_connection_and_the_module_is_free() {
    let (mut socket, mut port, modem) = online().await;
    socket.write_all(&[b'x'; 8192]).await.unwrap();
    let started = Instant::now();
    let playing = tokio::spawn(async move {
        // Nothing is read until the host has given up.
        tokio::time::sleep(SEND_TIMEOUT + Duration::from_millis(100)).await;
        let mut taken = [0; 256];
        port.read_exact(&mut taken).await.unwrap();
        let mut escape = [0; 3];
        port.read_exact(&mut escape).await.unwrap();
        port.write_all(b"\r\nOK\r\n").await.unwrap();
        let mut lines = Vec::new();
        while !lines.iter().any(|line: &String| line.starts_with("AT#SSLEN=1,0")) {
            let line = line(&mut port).await;
            port.write_all(answer(&line)).await.unwrap();
            lines.push(line);
        }
        (taken, escape, lines, port)
    });
    let error = socket_error(socket.flush().await.unwrap_err());
    assert_eq!(error, SocketError::Stalled { waited: SEND_TIMEOUT });
    assert_eq!(
        error.to_string(),
        "the module did not take what was written within 20s; a part of it may have gone"
    );
    assert!(started.elapsed() < SEND_TIMEOUT + Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(socket.close().await, Err(SocketError::Stalled { waited: SEND_TIMEOUT }));
    let (taken, escape, lines, _port) = playing.await.unwrap();
    assert_eq!((taken, &escape), ([b'x'; 256], b"+++"));
    assert!(lines.iter().any(|line| line == "AT#SSLH=1,0"), "{lines:?}");
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn nothing_hangs_when_the_module_never_takes_anything_again() {
    const BOUND: Duration = Duration::from_secs(120);
    let (mut socket, _port, _modem) = online().await;
    socket.write_all(&[b'x'; 8192]).await.unwrap();
    assert!(timeout(BOUND, socket.close()).await.expect("close() is bounded").is_err());

    let (mut socket, _port, _modem) = online().await;
    socket.write_all(&[b'x'; 8192]).await.unwrap();
    assert!(timeout(BOUND, socket.suspend()).await.expect("suspend() is bounded").is_err());

    let (mut socket, _port, modem) = online().await;
    socket.write_all(&[b'x'; 8192]).await.unwrap();
    drop(socket);
    let later = timeout(BOUND, modem.run(telit_core::commands::Model)).await;
    assert!(later.expect("a later command is bounded").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_lost_port_is_called_that() {
    let (mut socket, port, _modem) = online().await;
    drop(port);
    let error = socket_error(socket.read(&mut [0; 8]).await.unwrap_err());
    assert_eq!(error.to_string(), "the link to the module is lost: the port hung up");
    assert!(matches!(error, SocketError::Command(error) if error.is_link_lost()));
}
