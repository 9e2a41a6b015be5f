use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::*;
use crate::net::{NetError, StreamEnd, TlsFailure};

fn pair(latency: Duration) -> (MemoryStream, MemoryStream) {
    let addresses = ("10.0.0.1:50000".parse().unwrap(), "198.18.0.1:80".parse().unwrap());
    MemoryStream::pair(addresses, latency, None)
}

#[tokio::test(start_paused = true)]
async fn bytes_take_the_latency_and_keep_their_order() {
    let (mut here, mut there) = pair(Duration::from_millis(20));
    let start = Instant::now();
    here.write_all(b"ab").await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    here.write_all(b"cd").await.unwrap();
    let mut got = [0; 16];
    assert_eq!(there.read(&mut got).await.unwrap(), 2);
    assert_eq!(start.elapsed(), Duration::from_millis(20));
    assert_eq!(there.read(&mut got[2..]).await.unwrap(), 2);
    assert_eq!(start.elapsed(), Duration::from_millis(25));
    assert_eq!(&got[..4], b"abcd");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_stops_the_writer() {
    let (mut here, mut there) = pair(Duration::ZERO);
    let chunk = [7; 1000];
    let mut written = 0;
    while let Ok(count) = tokio::time::timeout(Duration::from_secs(1), here.write(&chunk)).await {
        written += count.unwrap();
    }
    assert_eq!(written, 64 * 1024);
    there.read_exact(&mut [0; 10]).await.unwrap();
    assert_eq!(here.write(&chunk).await.unwrap(), 10);
}

#[tokio::test(start_paused = true)]
async fn each_end_looks_like_what_it_is() {
    for (end, secured, expected) in [
        (MemoryEnd::Orderly, false, StreamEnd::Fin),
        (MemoryEnd::Orderly, true, StreamEnd::CloseNotify),
        (MemoryEnd::Fin, true, StreamEnd::Fin),
        (MemoryEnd::Reset, true, StreamEnd::Reset),
    ] {
        let (mut here, mut there) = pair(Duration::from_millis(1));
        if secured {
            there.secure(0xC02F).await.unwrap();
            assert_eq!(here.suite(), Some(0xC02F));
        }
        here.write_all(b"last").await.unwrap();
        here.finish(end);
        let mut got = Vec::new();
        let read = there.read_to_end(&mut got).await;
        assert_eq!((read.is_ok(), there.end()), (end != MemoryEnd::Reset, Some(expected)));
        // What was sent before the end is not lost.
        assert_eq!(got, b"last");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_stops_the_other_ones_writing() {
    let (mut here, there) = pair(Duration::ZERO);
    drop(there);
    let error = here.write_all(b"x").await.unwrap_err();
    assert_eq!(NetError::from(error), NetError::Reset);
    assert_eq!(here.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(here.end(), Some(StreamEnd::Fin));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_given_up_is_no_orderly_end() {
    let addresses = ("10.0.0.1:50000".parse().unwrap(), "198.18.0.1:80".parse().unwrap());
    let (mut here, mut there) = MemoryStream::pair(addresses, Duration::ZERO, Some(TlsFailure::Alert(40)));
    let error = here.secure(0xC02F).await.unwrap_err();
    assert_eq!(error.tls_failure(), Some(TlsFailure::Alert(40)));
    drop(here);
    assert!(there.read(&mut [0]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn names_addresses_and_ports_as_on_a_real_network() {
    let fabric = Fabric::default();
    let first = fabric.add_host("First.test");
    let second = fabric.add_host("second.test");
    assert_eq!((first.to_string(), second.to_string()), ("198.18.0.1".into(), "198.18.0.2".into()));
    assert_eq!(fabric.add_host("FIRST.test."), first);
    assert_eq!(fabric.resolve("first.TEST").await, Ok(first));
    assert_eq!(fabric.resolve("198.18.0.2").await, Ok(second));
    assert_eq!(fabric.resolve("third.test").await, Err(NetError::Name { host: "third.test".into() }));

    let mut listener = fabric.listen(first);
    let at = listener.local_address();
    let dialled = fabric.dial(MODULE.into(), at).await.unwrap();
    let accepted = listener.accept().await.unwrap();
    assert_eq!(dialled.local_address(), accepted.peer_address());
    let refused = |at| async move { fabric_error(&Fabric::default(), at).await };
    assert_eq!(refused(at).await, NetError::Unreachable);
    drop(listener);
    assert_eq!(fabric_error(&fabric, at).await, NetError::Refused);
}

async fn fabric_error(fabric: &Fabric, at: std::net::SocketAddr) -> NetError {
    fabric.dial(MODULE.into(), at).await.unwrap_err()
}
