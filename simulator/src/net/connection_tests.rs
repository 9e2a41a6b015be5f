//! How connections begin and end, on real sockets.

use std::pin::Pin;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::test_support::{AMPLE, Authority, LeafOptions, Peer, SHORT, TlsServer, listen, tls_settings};
use super::{Connection, NetError, Network, StreamEnd, TlsFailure};

async fn plain_pair(network: &Network) -> (Connection, Peer<TcpStream>) {
    let (listener, port) = listen().await;
    let dialled = network.connect("127.0.0.1", port, None, AMPLE);
    let (connection, peer) = tokio::join!(dialled, Peer::accept(&listener));
    (connection.unwrap(), peer)
}

async fn tls_pair() -> (Connection, Peer<Pin<Box<SslStream<TcpStream>>>>) {
    let authority = Authority::new("Test CA");
    let server = TlsServer::new(&authority.issue(&LeafOptions::default()));
    let (listener, port) = listen().await;
    let network = Network::default();
    let settings = tls_settings(&authority);
    let dialled = network.connect("127.0.0.1", port, Some(&settings), AMPLE);
    let (connection, peer) = tokio::join!(dialled, server.accept(&listener));
    (connection.unwrap(), peer.unwrap())
}

async fn read_all(connection: &mut Connection) -> Result<Vec<u8>, NetError> {
    let mut bytes = Vec::new();
    connection.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

#[tokio::test]
async fn a_fin_ends_a_plain_stream() {
    let (mut connection, mut peer) = plain_pair(&Network::default()).await;
    assert_eq!((connection.suite(), connection.version(), connection.end()), (None, None, None));
    peer.send("tail").await;
    peer.close().await;
    assert_eq!(read_all(&mut connection).await.unwrap(), b"tail");
    assert_eq!(connection.end(), Some(StreamEnd::Fin));
}

#[tokio::test]
async fn a_reset_is_an_error() {
    let (mut connection, peer) = plain_pair(&Network::default()).await;
    peer.reset();
    assert_eq!(read_all(&mut connection).await, Err(NetError::Reset));
    assert_eq!(connection.end(), Some(StreamEnd::Reset));
}

#[tokio::test]
async fn close_notify_and_a_bare_fin_are_told_apart() {
    let (mut connection, mut peer) = tls_pair().await;
    peer.send("tail").await;
    peer.close().await;
    assert_eq!(read_all(&mut connection).await.unwrap(), b"tail");
    assert_eq!(connection.end(), Some(StreamEnd::CloseNotify));

    let (mut connection, mut peer) = tls_pair().await;
    peer.send("tail").await;
    peer.cut().await;
    assert_eq!(read_all(&mut connection).await.unwrap(), b"tail");
    assert_eq!(connection.end(), Some(StreamEnd::Fin));
    // It stays the end.
    assert_eq!(read_all(&mut connection).await.unwrap(), b"");
}

#[tokio::test]
async fn a_reset_under_tls_is_a_reset() {
    let (mut connection, peer) = tls_pair().await;
    peer.0.get_ref().set_zero_linger().unwrap();
    drop(peer);
    assert_eq!(read_all(&mut connection).await, Err(NetError::Reset));
    assert_eq!(connection.end(), Some(StreamEnd::Reset));
}

#[tokio::test]
async fn garbage_in_place_of_a_record_is_a_protocol_failure() {
    let (mut connection, mut peer) = tls_pair().await;
    peer.0.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    assert_eq!(read_all(&mut connection).await.unwrap_err().tls_failure(), Some(TlsFailure::Handshake));
    assert_eq!(connection.end(), Some(StreamEnd::Alert(None)));
}

#[tokio::test]
async fn closing_says_close_notify() {
    let (connection, mut peer) = tls_pair().await;
    let closing = tokio::spawn(connection.close(AMPLE));
    assert_eq!(peer.rest().await.unwrap(), b"");
    peer.close().await;
    closing.await.unwrap();
}

#[tokio::test]
async fn aborting_resets() {
    let (connection, mut peer) = plain_pair(&Network::default()).await;
    connection.abort();
    assert_eq!(peer.rest().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_fails_the_handshake() {
    let authority = Authority::new("Test CA");
    let (listener, port) = listen().await;
    let peer = tokio::spawn(async move {
        let mut peer = Peer::accept(&listener).await;
        peer.send("220 ready\r\n").await;
        peer.rest().await.map(drop).unwrap_or_default();
    });
    let dialled = Network::default().connect("127.0.0.1", port, Some(&tls_settings(&authority)), AMPLE).await;
    assert_eq!(dialled.unwrap_err().tls_failure(), Some(TlsFailure::Handshake));
    peer.await.unwrap();
}

#[tokio::test]
async fn a_peer_that_leaves_or_is_silent_in_the_handshake() {
    let authority = Authority::new("Test CA");
    let settings = tls_settings(&authority);
    let (listener, port) = listen().await;
    let network = Network::default();
    let dialled = network.connect("127.0.0.1", port, Some(&settings), AMPLE);
    let leaving = async {
        let mut peer = Peer::accept(&listener).await;
        peer.expect([0x16]).await;
        peer.0.shutdown().await.unwrap();
        peer
    };
    let (dialled, peer) = tokio::join!(dialled, leaving);
    assert_eq!(dialled.unwrap_err().tls_failure(), Some(TlsFailure::Handshake));
    drop(peer);

    let dialled = network.connect("127.0.0.1", port, Some(&settings), SHORT);
    let (dialled, _silent) = tokio::join!(dialled, Peer::accept(&listener));
    assert_eq!(dialled.unwrap_err(), NetError::Timeout);
}

#[tokio::test]
async fn nobody_there_and_no_name() {
    let (listener, port) = listen().await;
    drop(listener);
    let network = Network::new(vec!["mapped.test=127.0.0.1".parse().unwrap()]);
    let dial = |host: &'static str| network.connect(host, port, None, AMPLE);
    assert_eq!(dial("mapped.test").await.unwrap_err(), NetError::Refused);
    // Too long for a name, so that no resolver is asked.
    let host = "x".repeat(300);
    let unknown = network.connect(&host, port, None, AMPLE).await;
    assert_eq!(unknown.unwrap_err(), NetError::Name { host });
}

#[tokio::test]
async fn addresses_come_from_the_name_table() {
    let network = Network::new(vec!["mapped.test:21=127.0.0.9:2121".parse().unwrap()]);
    assert_eq!(network.resolve("MAPPED.test", 21, AMPLE).await, Ok(vec!["127.0.0.9:2121".parse().unwrap()]));
    assert_eq!(network.resolve("10.1.2.3", 80, AMPLE).await, Ok(vec!["10.1.2.3:80".parse().unwrap()]));
}

#[tokio::test]
async fn a_lost_network_ends_connections_and_refuses_new_ones() {
    let network = Network::default();
    let (mut connection, mut peer) = plain_pair(&network).await;
    let (mut writing, _other_peer) = plain_pair(&network).await;
    let reading = tokio::spawn(async move { (read_all(&mut connection).await, connection.end()) });
    network.set_up(false);
    assert_eq!(reading.await.unwrap(), (Err(NetError::NetworkDown), Some(StreamEnd::NetworkDown)));
    assert_eq!(peer.rest().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let error = writing.write_all(b"x").await.unwrap_err();
    assert_eq!(NetError::from(error), NetError::NetworkDown);

    let (listener, port) = listen().await;
    assert_eq!(network.connect("127.0.0.1", port, None, AMPLE).await.unwrap_err(), NetError::NetworkDown);
    network.set_up(true);
    assert!(network.connect("127.0.0.1", port, None, AMPLE).await.is_ok());
    drop(listener);
    // What died of the loss stays dead.
    assert_eq!(read_all(&mut writing).await, Err(NetError::NetworkDown));
}

#[tokio::test]
async fn a_loss_in_the_handshake_ends_it() {
    let authority = Authority::new("Test CA");
    let settings = tls_settings(&authority);
    let (listener, port) = listen().await;
    let network = Network::default();
    let dialled = network.connect("127.0.0.1", port, Some(&settings), AMPLE);
    let losing = async {
        let mut peer = Peer::accept(&listener).await;
        peer.expect([0x16]).await;
        network.set_up(false);
        peer
    };
    let (dialled, _peer) = tokio::join!(dialled, losing);
    assert_eq!(dialled.unwrap_err(), NetError::NetworkDown);
}

#[tokio::test]
async fn both_halves_of_a_split_stream_learn_of_the_loss() {
    let network = Network::default();
    let (connection, _peer) = plain_pair(&network).await;
    let (mut reader, mut writer) = tokio::io::split(connection);
    let reading = tokio::spawn(async move { reader.read_u8().await.unwrap_err().kind() });
    let writing = tokio::spawn(async move {
        // Until the buffers are full and the task sleeps.
        let block = vec![0; 1 << 20];
        loop {
            if let Err(error) = writer.write_all(&block).await {
                return error.kind();
            }
        }
    });
    network.set_up(false);
    assert_eq!(reading.await.unwrap(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(writing.await.unwrap(), std::io::ErrorKind::ConnectionReset);
}
