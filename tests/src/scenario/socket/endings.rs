//! How a connection ends, and that no byte before the end is lost.

use std::io::ErrorKind;

use telit_core::Category;
use telit_core::socket::{Arrival, ConnectionMode, SocketEnding, SocketError};
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_simulator::servers::TlsVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::peer::{Cut, MODES, NAME, PORT, Peer, noise, read};

#[tokio::test]
async fn everything_before_the_close_arrives() {
    let peer = Peer::start().await;
    for mode in MODES {
        let (mut socket, mut remote) = peer.connect(mode).await;
        let data = noise(50_000, 5);
        let sent = data.clone();
        tokio::spawn(async move {
            remote.write_all(&sent).await.expect("it is sent");
            remote.shutdown().await.expect("it closes");
        });
        let mut got = Vec::new();
        socket.read_to_end(&mut got).await.expect("it closed in order");
        assert!(got == data, "{mode:?}: {} of {} bytes", got.len(), data.len());
        assert_eq!(socket.ending(), Some(SocketEnding::CloseNotify), "{mode:?}");
        let error = socket.write_all(b"too late").await.expect_err("it is closed");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{mode:?}");
        socket.close().await.expect("nothing was left to do");
    }
}

#[tokio::test]
async fn delivered_and_polled_data_arrive_too() {
    let peer = Peer::start().await;
    for arrival in [Arrival::Delivered, Arrival::Polled(std::time::Duration::from_millis(100))] {
        let connector = peer.connector(ConnectionMode::Command).arrival(arrival);
        let (mut socket, mut remote) = peer.connect_by(&connector).await;
        let data = noise(20_000, 6);
        remote.write_all(b"\r\nOK\r\nNO CARRIER\r\n").await.expect("it is sent");
        remote.write_all(&data).await.expect("it is sent");
        drop(remote);
        let mut got = Vec::new();
        socket.read_to_end(&mut got).await.expect("it closed in order");
        assert!(
            got == [&b"\r\nOK\r\nNO CARRIER\r\n"[..], &data].concat(),
            "{arrival:?}: {} bytes",
            got.len()
        );
        assert_eq!(socket.ending(), Some(SocketEnding::CloseNotify), "{arrival:?}");
        socket.close().await.expect("nothing was left to do");
    }
}

#[tokio::test]
async fn a_cut_is_told_after_the_last_byte() {
    for (cut, kind, ending) in [
        (Cut::Close, ErrorKind::UnexpectedEof, SocketEnding::Truncated),
        (Cut::Reset, ErrorKind::ConnectionReset, SocketEnding::Reset),
    ] {
        for mode in MODES {
            let (peer, wire) = Peer::start_behind_wire().await;
            let (mut socket, mut remote) = peer.connect(mode).await;
            remote.write_all(b"half an ans").await.expect("it is sent");
            assert_eq!(read(&mut socket, 11).await, b"half an ans");
            wire.cut(cut);
            let error = socket.read(&mut [0; 10]).await.expect_err("it was cut");
            assert_eq!(error.kind(), kind, "{mode:?} {cut:?}: {error}");
            assert_eq!(socket.ending(), Some(ending), "{mode:?} {cut:?}");
            socket.close().await.expect("nothing was left to do");
        }
    }
}

/// With TLS 1.3 the module is connected before the server has judged its certificate.
#[tokio::test]
async fn a_refused_client_certificate_is_named_as_what_it_probably_is() {
    let peer = Peer::start_with(|front, authority| {
        front.versions(TlsVersion::Tls13, TlsVersion::Tls13).require_client_certificate(authority)
    })
    .await;
    let connector = peer.connector(ConnectionMode::Command);
    let refused = match connector.connect(NAME, PORT).await {
        Err(error) => error,
        Ok(mut socket) => {
            let error = socket.read(&mut [0; 10]).await.expect_err("it is refused");
            *error.into_inner().expect("it is explained").downcast::<SocketError>().expect("by us")
        }
    };
    assert_eq!(refused.category(), Category::Network, "{refused}");
    let explained = format!("{refused} {}", refused.hint().unwrap_or_default());
    assert!(explained.contains("client certificate"), "{explained}");
}

#[tokio::test]
async fn failures_to_connect_say_what_failed() {
    let peer = Peer::start().await;
    let connector = peer.connector(ConnectionMode::Command);
    let error = connector.connect("nowhere.invalid", 1).await.expect_err("no such host");
    assert_eq!(error.category(), Category::Network, "{error}");
    let other = telit_simulator::servers::Authority::new().expect("keys");
    let ca = CaCertificate::from_pem(other.certificate_pem().as_bytes()).expect("a CA");
    let distrusting = TlsOptions::builder().ca(ca).build().expect("it fits");
    let error = telit_core::socket::TlsConnector::new(&peer.modem, distrusting)
        .connect(NAME, PORT)
        .await
        .expect_err("another authority");
    assert!(matches!(error, SocketError::Connect { .. }), "{error:?}");
    assert!(error.hint().expect("it is explained").contains("certificate"), "{error}");
    assert_eq!(peer.modem.tls_holder(), None, "TLS is given back");
    peer.connect(ConnectionMode::Command).await.0.close().await.expect("the module is still usable");
}
