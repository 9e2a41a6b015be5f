//! Suspended, dropped, cancelled, too many: whatever happens to a socket, the next user finds the module usable.

use std::time::Duration;

use telit_core::exclusive::Service;
use telit_core::socket::{ConnectionMode, SocketEnding, SocketError, SocketState, TlsConnector};
use telit_core::tls::{CaCertificate, CipherPolicy, TlsOptions};
use telit_simulator::Platform;
use telit_simulator::servers::{Authority, CertificateRequest, Front, FrontOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::peer::{MODES, NAME, PORT, Peer, echo, noise, on_line, read};

#[tokio::test]
async fn suspended_and_resumed_without_a_byte_lost() {
    let peer = Peer::start().await;
    let (mut socket, mut remote) = peer.connect(ConnectionMode::Online).await;
    assert!(matches!(socket.status().await, Err(SocketError::Online)));
    socket.write_all(b"before").await.expect("it is sent");
    remote.write_all(b"unread ").await.expect("it is sent");
    assert_eq!(read(&mut remote, 6).await, b"before");
    let suspended = socket.suspend().await.expect("it is left");
    let status = suspended.status().await.expect("commands run");
    assert_eq!(status.state, SocketState::Open);
    remote.write_all(b"and meanwhile").await.expect("it is sent");
    peer.modem.registration().await.expect("commands run");
    let mut socket = suspended.resume().await.expect("it goes on");
    assert_eq!(read(&mut socket, 20).await, b"unread and meanwhile");
    socket.write_all(b"after").await.expect("it is sent");
    assert_eq!(read(&mut remote, 5).await, b"after");
    socket.close().await.expect("it closes in order");
    assert_eq!(peer.modem.tls_holder(), None);
}

#[tokio::test]
async fn an_end_while_suspended_gives_what_was_left() {
    let peer = Peer::start().await;
    let (mut socket, mut remote) = peer.connect(ConnectionMode::Online).await;
    socket.write_all(b"x").await.expect("it is sent");
    read(&mut remote, 1).await;
    let suspended = socket.suspend().await.expect("it is left");
    remote.write_all(b"last words").await.expect("it is sent");
    drop(remote);
    // Until the module has noticed.
    let until_closed = async {
        while suspended.status().await.expect("commands run").state == SocketState::Open {
            if suspended.counters().await.expect("commands run").expect("it counts").pending >= 10 {
                break;
            }
        }
    };
    timeout(Duration::from_secs(20), until_closed).await.expect("it notices");
    match suspended.resume().await {
        Err(SocketError::EndedWhileSuspended { unread, .. }) => assert_eq!(unread, "last words"),
        // The module may still hold the bytes of a connection that its peer has closed.
        Ok(mut socket) => {
            let mut got = Vec::new();
            socket.read_to_end(&mut got).await.expect("it closed in order");
            assert_eq!(got, b"last words");
            assert_eq!(socket.ending(), Some(SocketEnding::CloseNotify));
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn command_mode_is_not_suspended() {
    let peer = Peer::start().await;
    let (socket, _remote) = peer.connect(ConnectionMode::Command).await;
    assert!(matches!(socket.suspend().await, Err(SocketError::NotOnline)));
}

#[tokio::test]
async fn a_dropped_socket_sends_what_was_written_and_gives_tls_back() {
    let peer = Peer::start().await;
    for mode in MODES {
        let (mut socket, mut remote) = peer.connect(mode).await;
        let data = noise(10_000, 7);
        socket.write_all(&data).await.expect("it is sent");
        drop(socket);
        assert!(read(&mut remote, data.len()).await == data, "{mode:?}");
        assert_eq!(remote.read(&mut [0]).await.expect("it is closed in order"), 0, "{mode:?}");
        let lease = timeout(Duration::from_secs(60), peer.modem.acquire_tls(Service::Http)).await;
        let lease = lease.expect("it is given back").expect("nothing is left");
        assert_eq!(peer.modem.tls_owner().await, Ok(None), "{mode:?}");
        lease.release();
    }
}

#[tokio::test]
async fn a_cancelled_connection_is_closed() {
    let peer = Peer::start().await;
    for mode in MODES {
        let connector = peer.connector(mode);
        for after in [0, 1, 5, 20, 60] {
            drop(timeout(Duration::from_millis(after), connector.connect(NAME, PORT)).await);
        }
        let lease = timeout(Duration::from_secs(60), peer.modem.acquire_tls(Service::Ftp)).await;
        let lease = lease.expect("it is given back").expect("the module can be cleaned");
        assert_eq!(peer.modem.tls_owner().await, Ok(None), "{mode:?}");
        lease.release();
    }
    drain(&peer).await;
    peer.connect(ConnectionMode::Command).await.0.close().await.expect("it closes in order");
}

/// Connections that nobody wanted in the end.
async fn drain(peer: &Peer) {
    while timeout(Duration::from_millis(200), peer.accept()).await.is_ok() {}
}

#[tokio::test]
async fn one_socket_more_than_there_are_is_refused() {
    let peer = Peer::start().await;
    let connector = peer.connector(ConnectionMode::Command);
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(peer.connect_by(&connector).await);
    }
    let error = connector.connect(NAME, PORT).await.expect_err("platform 37 has ten");
    assert_eq!(error, SocketError::AllInUse { limit: 10 });
    let (last, _) = sockets.pop().expect("there are ten");
    last.close().await.expect("it closes in order");
    let (again, _remote) = peer.connect_by(&connector).await;
    again.close().await.expect("it closes in order");
    for (socket, _) in sockets {
        socket.close().await.expect("it closes in order");
    }
    assert_eq!(peer.modem.tls_holder(), None);
}

#[tokio::test]
async fn a_host_that_does_not_read_holds_the_peer_up() {
    /// More than the buffers of all connections on the way hold.
    const MOST: usize = 32 << 20;
    let peer = Peer::start().await;
    let data = noise(2 * MOST, 8);
    for mode in MODES {
        let (mut socket, mut remote) = peer.connect(mode).await;
        let mut taken = 0;
        while let Ok(more) = timeout(Duration::from_millis(500), remote.write(&data[taken..])).await {
            taken += more.expect("the connection is open");
            assert!(taken < MOST, "{mode:?}: {taken} bytes went somewhere");
        }
        let mut read_on = 0;
        while timeout(Duration::ZERO, remote.write(&data[taken..])).await.is_err() {
            assert!(read_on < taken, "{mode:?}: nothing moves, although all was read");
            let length = (taken - read_on).min(10_000);
            assert!(read(&mut socket, length).await == data[read_on..read_on + length], "{mode:?}");
            read_on += length;
        }
        assert!(read_on > 0, "{mode:?}: it was not held up");
    }
}

#[tokio::test]
async fn an_echo_works_while_another_socket_stands_still() {
    let peer = Peer::start().await;
    let (_still, mut remote) = peer.connect(ConnectionMode::Command).await;
    let block = vec![1; 200_000];
    drop(timeout(Duration::from_millis(500), remote.write_all(&block)).await);
    let (mut socket, other) = peer.connect(ConnectionMode::Command).await;
    tokio::spawn(echo(other));
    socket.write_all(b"still here").await.expect("it is sent");
    assert_eq!(read(&mut socket, 10).await, b"still here");
    socket.close().await.expect("it closes in order");
}

/// On 2G a session that is kept is dialled again without being set up, and TLS is given back with the connector.
#[tokio::test]
async fn a_kept_session_is_used_again() {
    let authority = Authority::new().expect("keys");
    let issued = authority.issue(&CertificateRequest::server(NAME)).expect("a certificate");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let options = FrontOptions::new(&issued).danger_accept_everything();
    let front = Front::start(&options, listener.local_addr().expect("it is bound")).await.expect("it starts");
    tokio::spawn(async move {
        while let Ok((remote, _)) = listener.accept().await {
            tokio::spawn(echo(remote));
        }
    });
    let ca = CaCertificate::from_pem(authority.certificate_pem().as_bytes()).expect("a CA");
    let builder = TlsOptions::builder().ca(ca).cipher_policy(CipherPolicy::Compatible);
    let tls = builder.danger_skip_host_check().without_server_name().build().expect("it fits");
    let (_module, modem) = on_line(Platform::P10, front.addr()).await;
    let connector = TlsConnector::new(&modem, tls).keep_session(true);
    let mut exchanges = Vec::new();
    for _ in 0..2 {
        let before = modem.statistics().exchanges;
        let mut socket = connector.connect(NAME, PORT).await.expect("it connects");
        exchanges.push(modem.statistics().exchanges - before);
        socket.write_all(b"again").await.expect("it is sent");
        assert_eq!(read(&mut socket, 5).await, b"again");
        socket.close().await.expect("it closes in order");
        assert_eq!(modem.tls_holder(), Some(Service::Socket), "the session is kept");
    }
    assert!(exchanges[1] < exchanges[0], "{exchanges:?}");
    drop(connector);
    let lease = timeout(Duration::from_secs(60), modem.acquire_tls(Service::Ftp)).await;
    lease.expect("it is given back").expect("nothing is left").release();
}

#[tokio::test]
async fn a_session_is_not_kept_where_it_cannot_be() {
    let peer = Peer::start().await;
    let connector = peer.connector(ConnectionMode::Command).keep_session(true);
    let error = connector.connect(NAME, PORT).await.expect_err("platform 37 keeps none");
    assert_eq!(error.to_string(), "platform 37 keeps no TLS sessions (#SSLFASTD)");
}
