//! Bytes go through exact, in both modes, whatever they look like.

use telit_core::socket::ConnectionMode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::peer::{MODES, Peer, echo, noise, read};
use crate::rig::hostile_payloads;

#[tokio::test]
async fn what_is_sent_comes_back() {
    let peer = Peer::start().await;
    for mode in MODES {
        let (mut socket, remote) = peer.connect(mode).await;
        tokio::spawn(echo(remote));
        socket.write_all(b"hello").await.expect("it is sent");
        socket.flush().await.expect("it is accepted");
        assert_eq!(read(&mut socket, 5).await, b"hello", "{mode:?}");
        assert_eq!(socket.totals(), (5, 5));
        socket.close().await.expect("it closes in order");
        assert_eq!(peer.modem.tls_holder(), None, "TLS is given back");
    }
}

#[tokio::test]
async fn hostile_payloads_come_back_exact() {
    let peer = Peer::start().await;
    for mode in MODES {
        let (mut socket, remote) = peer.connect(mode).await;
        tokio::spawn(echo(remote));
        for payload in hostile_payloads() {
            socket.write_all(&payload).await.expect("it is sent");
            socket.flush().await.expect("it is accepted");
            assert_eq!(read(&mut socket, payload.len()).await, payload, "{mode:?}");
        }
        socket.close().await.expect("it closes in order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn megabytes_cross_in_both_directions_at_once() {
    const LENGTH: usize = 4 << 20;
    let peer = Peer::start().await;
    for mode in MODES {
        let (socket, remote) = peer.connect(mode).await;
        let (up, down) = (noise(LENGTH, 1), noise(LENGTH, 2));
        let (at_peer, at_host) = both_ways(socket, remote, &up, &down).await;
        assert!(at_peer == up, "{mode:?} upwards");
        assert!(at_host == down, "{mode:?} downwards");
    }
}

/// What arrived at the peer, and at the host.
pub(crate) async fn both_ways(
    socket: telit_core::socket::TlsSocket,
    remote: tokio::net::TcpStream,
    up: &[u8],
    down: &[u8],
) -> (Vec<u8>, Vec<u8>) {
    let (mut socket_in, mut socket_out) = tokio::io::split(socket);
    let (mut remote_in, mut remote_out) = remote.into_split();
    let (mut at_peer, mut at_host) = (vec![0; up.len()], vec![0; down.len()]);
    let (sent, got, returned, come) = tokio::join!(
        async {
            socket_out.write_all(up).await?;
            socket_out.flush().await
        },
        remote_in.read_exact(&mut at_peer),
        remote_out.write_all(down),
        socket_in.read_exact(&mut at_host),
    );
    sent.expect("it is sent");
    got.expect("it arrives");
    returned.expect("it is sent back");
    come.expect("it comes");
    socket_in.unsplit(socket_out).close().await.expect("it closes in order");
    (at_peer, at_host)
}

#[tokio::test]
async fn a_server_may_speak_first() {
    let peer = Peer::start().await;
    for mode in MODES {
        let connector = peer.connector(mode);
        let greeting = async {
            let mut remote = peer.accept().await;
            remote.write_all(b"220 ready\r\n").await.expect("it is sent");
            remote
        };
        let (socket, remote) =
            tokio::join!(connector.connect(super::peer::NAME, super::peer::PORT), greeting);
        let mut socket = socket.expect("it connects");
        assert_eq!(read(&mut socket, 11).await, b"220 ready\r\n", "{mode:?}");
        drop(remote);
        socket.close().await.expect("it closes in order");
    }
}

#[tokio::test]
async fn the_module_tells_the_suite_and_counts() {
    let peer = Peer::start().await;
    let (mut socket, mut remote) = peer.connect(ConnectionMode::Command).await;
    socket.write_all(b"12345").await.expect("it is sent");
    assert_eq!(read(&mut remote, 5).await, b"12345");
    socket.flush().await.expect("it is accepted");
    let status = socket.status().await.expect("it answers");
    assert_eq!(status.state, telit_core::socket::SocketState::Open);
    let handshakes = peer.front.handshakes();
    let suite = status.suite.expect("it is told");
    assert_eq!(Some(suite.number()), handshakes[0].suite_number, "{handshakes:?}");
    let counters = socket.counters().await.expect("it answers").expect("platform 37 counts");
    assert_eq!((counters.sent, counters.received), (5, 0));
    socket.close().await.expect("it closes in order");
    assert_eq!(remote.read(&mut [0]).await.expect("it was closed in order"), 0);
}

#[tokio::test]
async fn two_sockets_at_once_share_the_port() {
    let peer = Peer::start().await;
    let (mut one, remote_one) = peer.connect(ConnectionMode::Command).await;
    let (mut two, remote_two) = peer.connect(ConnectionMode::Command).await;
    tokio::spawn(echo(remote_one));
    tokio::spawn(echo(remote_two));
    let (data_one, data_two) = (noise(20_000, 3), noise(20_000, 4));
    let talk = async |socket: &mut telit_core::socket::TlsSocket, data: &[u8]| {
        let (mut reading, mut writing) = tokio::io::split(socket);
        let (sent, got) = tokio::join!(writing.write_all(data), read(&mut reading, data.len()));
        sent.expect("it is sent");
        assert!(got == data);
    };
    tokio::join!(talk(&mut one, &data_one), talk(&mut two, &data_two));
    one.close().await.expect("it closes in order");
    assert_eq!(peer.modem.tls_holder(), Some(telit_core::exclusive::Service::Socket), "one is left");
    two.close().await.expect("it closes in order");
    assert_eq!(peer.modem.tls_holder(), None);
}
