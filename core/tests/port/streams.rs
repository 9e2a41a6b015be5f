//! Both sides of a data stream, as the port and as a mock play them.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{StreamEnd, StreamEnding};
use telit_core::driver::{DataStream, StreamClosed};
use tokio::io::AsyncWriteExt;

use crate::rig::{expect, online, send, start};

#[tokio::test]
async fn a_played_module_gets_what_was_written_and_gives_what_is_read() {
    let (mut stream, mut peer) = DataStream::pair();
    let writer = stream.writer();
    let host = tokio::spawn(async move {
        stream.write(Bytes::from_static(b"one")).await.unwrap();
        stream.set_send_timeout(Duration::from_secs(1)).await;
        let data = stream.next().await.unwrap();
        stream.close().await;
        (data, stream.end().await)
    });
    assert_eq!(peer.written().await.unwrap(), "one");
    let other = tokio::spawn(async move {
        writer.write(Bytes::from_static(b"two")).await.unwrap();
        writer.flush().await.unwrap();
        writer
    });
    assert_eq!(peer.written().await.unwrap(), "two");
    assert!(peer.send(Bytes::from_static(b"data")).await);
    assert_eq!(peer.written().await, None, "it was closed");
    peer.finish(StreamEnd::Suspended);
    assert_eq!(host.await.unwrap(), (Bytes::from_static(b"data"), StreamEnd::Suspended));
    let writer = other.await.unwrap();
    assert_eq!(writer.write(Bytes::from_static(b"late")).await, Err(StreamClosed));
    assert_eq!(writer.flush().await, Err(StreamClosed));
}

#[tokio::test]
async fn who_waits_for_the_end_does_not_want_the_data() {
    let (stream, peer) = DataStream::pair();
    for _ in 0..3 {
        assert!(peer.send(Bytes::from_static(b"data")).await);
    }
    peer.finish(StreamEnd::Suspended);
    assert_eq!(stream.end().await, StreamEnd::Suspended);
}

#[tokio::test]
async fn a_played_module_that_goes_without_a_word_is_lost() {
    let (stream, peer) = DataStream::pair();
    drop(peer);
    assert_eq!(stream.write(Bytes::from_static(b"x")).await, Err(StreamClosed));
    stream.close().await;
    assert_eq!(stream.end().await, StreamEnd::Lost);
}

#[tokio::test]
async fn nobody_reads_from_a_stream_that_was_dropped() {
    let (stream, mut peer) = DataStream::pair();
    drop(stream);
    assert!(!peer.send(Bytes::from_static(b"x")).await);
    assert_eq!(peer.written().await, None);
}

#[tokio::test(start_paused = true)]
async fn all_data_are_read_before_the_end_however_slowly() {
    let (port, mut module) = start();
    let data = vec![b'd'; 300_000];
    let mut stream = online(&port, &mut module, StreamEnding::Length(300_000)).await;
    let feeding = tokio::spawn({
        let data = data.clone();
        async move {
            module.write_all(&data).await.unwrap();
            send(&mut module, "\r\nNO CARRIER\r\n").await;
            module
        }
    });
    let mut received = Vec::new();
    while let Some(data) = stream.next().await {
        received.extend_from_slice(&data);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(received == data);
    assert!(matches!(stream.end().await, StreamEnd::Closed { .. }));
    drop(feeding.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_by_itself_takes_nothing_more() {
    let (port, mut module) = start();
    let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    let writer = stream.writer();
    send(&mut module, "bye\r\nNO CARRIER:SSL,1,4\r\n").await;
    assert_eq!(stream.next().await.unwrap(), "bye");
    assert_eq!(stream.next().await, None);
    assert_eq!(writer.write(Bytes::from_static(b"late")).await, Err(StreamClosed));
    assert_eq!(writer.flush().await, Err(StreamClosed));
    // Only what finds the line again.
    expect(&mut module, b"+++\rAT+CMEE?\r").await;
}
