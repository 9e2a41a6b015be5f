//! How connections end, and how it is found.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use telit_core::CommandError;
use telit_core::platform::PlatformId;
use telit_core::socket::{Arrival, SocketEnding, SocketError};
use tokio::io::AsyncReadExt;

use super::module::{Answer, DEAD, module, module_of, socket_error};

#[tokio::test(start_paused = true)]
async fn a_reset_after_the_last_byte() {
    static READ: AtomicBool = AtomicBool::new(false);
    let module = module(|line| {
        let first = line.starts_with("AT#SSLRECV=1") && !READ.swap(true, Ordering::Relaxed);
        first.then_some(&b"\r\n#SSLRECV: 3\r\nabc\r\n\r\nOK\r\n\r\nNO CARRIER:SSL,1,1\r\n"[..])
    });
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nSSLSRING: 1,3\r\n").unwrap();
    let mut three = [0; 3];
    socket.read_exact(&mut three).await.unwrap();
    assert_eq!(&three, b"abc");
    let error = socket.read(&mut three).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(socket.ending(), Some(SocketEnding::Reset));
    socket.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_plain_no_carrier_is_checked_before_it_counts() {
    let module = module(|_| None);
    let mut socket = module.connect().await;
    let asked = module.count("AT#SSLS=1");
    module.urc.send(b"\r\nNO CARRIER\r\n").unwrap();
    let read = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut [0; 8])).await;
    assert!(read.is_err(), "it was another connection");
    assert_eq!(module.count("AT#SSLS=1"), asked + 1);
    assert_eq!(socket.ending(), None::<SocketEnding>);
}

#[tokio::test(start_paused = true)]
async fn a_plain_no_carrier_counts_if_the_module_says_that_it_was_this_connection() {
    let module = module(|line| line.starts_with("AT#SSLS=1").then_some(&b"\r\n#SSLS: 1,1\r\n\r\nOK\r\n"[..]));
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nNO CARRIER\r\n").unwrap();
    let read = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut [0; 8])).await;
    assert_eq!(read.unwrap().unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(socket.ending(), Some(SocketEnding::Truncated));
}

/// What a reader hears at the end of `abc`, after which the module answers reads and questions like this.
async fn end_after(answer: Answer) -> std::io::Result<usize> {
    let module = module(answer);
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nSSLSRING: 1,3\r\n").unwrap();
    let mut all = Vec::new();
    let waited = tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut all)).await;
    waited.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_module_that_has_restarted_is_no_end_of_file() {
    let error = end_after(|line| match line {
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n#SSLRECV: 3\r\nabc\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,0\r\n\r\nOK\r\n"),
        _ => None,
    });
    let error = error.await.unwrap_err();
    assert!(matches!(socket_error(error), SocketError::Disabled));
}

#[tokio::test(start_paused = true)]
async fn a_refused_read_is_no_end_of_file() {
    for answer in [
        (|line| {
            line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n+CME ERROR: SSL error enc/dec data\r\n"[..])
        }) as Answer,
        |line| line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n+CME ERROR: SSL not activated\r\n"[..]),
    ] {
        let error = socket_error(end_after(answer).await.unwrap_err());
        assert!(matches!(error, SocketError::Command(CommandError::Refused { .. })), "{error:?}");
    }
    let error = end_after(|line| match line {
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\nERROR\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,2,0x1302\r\n\r\nOK\r\n"),
        _ => None,
    });
    let error = socket_error(error.await.unwrap_err());
    assert!(
        matches!(error, SocketError::Command(CommandError::Refused { .. })),
        "it still stands: {error:?}"
    );
    let error = end_after(|line| match line {
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\nERROR\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,0\r\n\r\nOK\r\n"),
        _ => None,
    });
    assert_eq!(socket_error(error.await.unwrap_err()), SocketError::Disabled, "it has restarted");
}

/// This platform tells causes: an end without one is not known to be whole.
#[tokio::test(start_paused = true)]
async fn an_end_whose_cause_does_not_come_may_have_cut_something_off() {
    let error = end_after(|line| match line {
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n+CME ERROR: SSL not connected\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,1\r\n\r\nOK\r\n"),
        _ => None,
    });
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    let end = end_after(|line| {
        line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n"[..])
    });
    assert_eq!(end.await.unwrap(), 0, "the module says that there was no more");
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_hears_of_a_module_that_answers_nothing_any_more() {
    for arrival in [Arrival::Announced, Arrival::Delivered, Arrival::Polled(Duration::from_secs(1))] {
        let module = module(|_| None);
        let mut socket = module.connector().arrival(arrival).connect("peer.example", 7).await.unwrap();
        module.urc.send(DEAD).unwrap();
        let read = tokio::time::timeout(Duration::from_secs(300), socket.read(&mut [0; 8])).await;
        let error = read.unwrap_or_else(|_| panic!("{arrival:?}: nobody tells")).unwrap_err();
        assert!(matches!(socket_error(error), SocketError::Command(_)), "{arrival:?}");
    }
}

/// Before TLS 1.3 a server refuses the client certificate during the handshake.
#[tokio::test(start_paused = true)]
async fn without_tls_13_an_end_before_the_first_byte_is_not_about_the_client_certificate() {
    for (platform, explained) in [(PlatformId::P10, false), (PlatformId::P37, true)] {
        let module = module_of(platform, |line| {
            line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n"[..])
        });
        let mut socket = module.connector_2g().connect("peer.example", 7).await.unwrap();
        module.urc.send(b"\r\nNO CARRIER:SSL,1,1\r\n").unwrap();
        let error = socket.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.to_string().contains("client certificate"), explained, "{platform}: {error}");
    }
}
