//! The port carries the connection.

use std::time::Duration;

use telit_core::socket::{ConnectionMode, SocketEnding, SocketError, TlsSocket};
use tokio::io::AsyncReadExt;

use super::module::{Module, module, thousand_bytes};

async fn online(module: &Module) -> TlsSocket {
    module.connector().mode(ConnectionMode::Online).connect("peer.example", 7).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_suspended_connection_has_a_bound() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLD=1") => Some(b"\r\nCONNECT\r\n"),
        line if line.starts_with("AT#SSLO=1") => Some(b"\r\n+CME ERROR: SSL not connected\r\n"),
        line if line.starts_with("AT#SSLRECV=1") => Some(thousand_bytes()),
        _ => None,
    });
    let suspended = online(&module).await.suspend().await.unwrap();
    let resumed = tokio::time::timeout(Duration::from_secs(600), suspended.resume()).await;
    assert!(matches!(resumed.unwrap(), Err(SocketError::Overflow { .. })));
    assert!(module.sent("AT#SSLH=1,0"));
}

#[tokio::test(start_paused = true)]
async fn bytes_of_the_peer_that_look_like_the_end_are_data_while_the_connection_stands() {
    let module = module(|line| line.starts_with("AT#SSLD=1").then_some(&b"\r\nCONNECT\r\n"[..]));
    let mut socket = online(&module).await;
    let data = b"before\r\nNO CARRIER:SSL,1,4\r\n";
    module.urc.send(data).unwrap();
    let mut got = vec![0; data.len()];
    socket.read_exact(&mut got).await.unwrap();
    assert_eq!(got, data);
    module.urc.send(b"behind").unwrap();
    let mut got = [0; 6];
    socket.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"behind");
    assert_eq!(socket.ending(), None);
}

#[tokio::test(start_paused = true)]
async fn an_end_in_online_mode_is_one_if_the_module_is_not_connected_any_more() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLD=1") => Some(b"\r\nCONNECT\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,1\r\n\r\nOK\r\n"),
        _ => None,
    });
    let mut socket = online(&module).await;
    module.urc.send(b"all\r\nNO CARRIER:SSL,1,4\r\n").unwrap();
    let mut got = Vec::new();
    socket.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"all");
    assert_eq!(socket.ending(), Some(SocketEnding::CloseNotify));
}
