//! What is written, and what becomes of it.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use telit_core::Modem;
use telit_core::driver::{AtPort, DriverOptions};
use telit_core::platform::{PlatformId, profile};
use telit_core::socket::{SocketEnding, SocketError, TlsConnector};
use telit_core::tls::TlsOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::module::{Answer, OK, module, play, socket_error, thousand_bytes};

#[tokio::test(start_paused = true)]
async fn a_block_whose_answer_is_lost_may_have_gone() {
    let module = module(|line| (line == "gone?").then_some(b""));
    let mut socket = module.connect().await;
    socket.write_all(b"gone?").await.unwrap();
    let error = socket_error(socket.flush().await.unwrap_err());
    assert!(matches!(error, SocketError::NotSent { may_have_gone: true, .. }), "{error:?}");
    let error = socket_error(socket.write(b"more").await.unwrap_err());
    assert!(matches!(error, SocketError::NotSent { .. }), "nothing follows a block of unknown fate");
}

#[tokio::test(start_paused = true)]
async fn a_block_for_a_closed_connection_has_not_gone() {
    let module = module(|line| {
        line.starts_with("AT#SSLSENDEXT=1").then_some(&b"\r\n+CME ERROR: SSL not connected\r\n"[..])
    });
    let mut socket = module.connect().await;
    socket.write_all(b"too late").await.unwrap();
    let error = socket.flush().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert!(matches!(socket_error(error), SocketError::NotSent { may_have_gone: false, .. }));
}

/// A module without `#SSLSENDEXT`.
#[tokio::test(start_paused = true)]
async fn what_a_terminated_entry_cannot_carry_is_refused_before_anything_is_sent() {
    let (host, port) = duplex(1 << 20);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (_urc, urcs) = tokio::sync::mpsc::unbounded_channel();
    let answer: Answer = |line| match line {
        line if line.starts_with("AT#SSLSENDEXT") => Some(b"\r\nERROR\r\n"),
        line if line.ends_with('\x1a') => Some(OK),
        _ => None,
    };
    tokio::spawn(play(port, answer, Arc::clone(&lines), urcs));
    let channel = Arc::new(AtPort::start(host, DriverOptions::default()));
    let modem = Modem::from_channel(channel, without_counted_blocks());
    let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
    let mut socket = TlsConnector::new(&modem, tls).connect("peer.example", 7).await.unwrap();
    for byte in [0x08, 0x1a, 0x1b] {
        let error = socket.write_all(&[b'a', byte, b'b']).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(socket_error(error), SocketError::Uncarriable { byte });
    }
    socket.write_all(b"plain").await.unwrap();
    socket.flush().await.unwrap();
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|line| line == "plain\x1a"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains('a') && line.contains('\x1b')));
}

fn without_counted_blocks() -> &'static telit_core::platform::Profile {
    let mut changed = profile(PlatformId::P37).clone();
    changed.tls.send_counted = telit_core::platform::Availability::No;
    Box::leak(Box::new(changed))
}

#[tokio::test(start_paused = true)]
async fn who_writes_hears_of_the_end_before_everything_is_read() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLI=1") => Some(b"\r\n#SSLI: 1,0,0,1500,0\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSLRECV=1") => Some(thousand_bytes()),
        _ => None,
    });
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nSSLSRING: 1,1000\r\n").unwrap();
    // Nobody reads, so the module is not read either.
    tokio::time::sleep(Duration::from_secs(120)).await;
    module.urc.send(b"\r\nNO CARRIER:SSL,1,4\r\n").unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let writing = tokio::time::timeout(Duration::from_secs(5), socket.write_all(&[0; 100_000])).await;
    let error = writing.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let ending = SocketEnding::CloseNotify;
    assert_eq!(socket_error(error), SocketError::Ended { ending, before_first_byte: false });
    let mut first = [0; 1000];
    socket.read_exact(&mut first).await.unwrap();
}
