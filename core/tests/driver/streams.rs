//! Both sides of a data stream, as the port and as a mock play them.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{StreamEnd, StreamEnding};
use telit_core::driver::{AtChannel, DataStream, StreamClosed};
use tokio::io::AsyncWriteExt;

use crate::rig::{dial, expect, online, read, send, start, stream};

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

#[tokio::test(start_paused = true)]
async fn a_stream_carries_bytes_both_ways_and_ends() {
    let (port, mut module) = start();
    let opening = {
        let port = port.clone();
        tokio::spawn(async move { port.open_stream(stream("#FTPGET", StreamEnding::Length(6))).await })
    };
    expect(&mut module, b"AT#FTPGET\r").await;
    send(&mut module, "\r\nCONNECT\r\nabc").await;
    let mut stream = opening.await.unwrap().unwrap();
    assert_eq!(stream.next().await.unwrap(), "abc");
    stream.write(Bytes::from_static(b"up\r\n")).await.unwrap();
    expect(&mut module, b"up\r\n").await;
    send(&mut module, "def\r\nNO CARRIER\r\n").await;
    assert_eq!(stream.next().await.unwrap(), "def");
    assert_eq!(stream.next().await, None);
    assert!(matches!(stream.end().await, StreamEnd::Closed { .. }));
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\nOK\r\n").await;
    assert!(next.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_what_is_held_back() {
    let (port, mut module) = start();
    let opening = {
        let port = port.clone();
        tokio::spawn(async move { port.open_stream(dial(StreamEnding::MarkAndSilence)).await })
    };
    expect(&mut module, b"AT#SSLO\r").await;
    send(&mut module, "\r\nCONNECT\r\n").await;
    let stream = opening.await.unwrap().unwrap();
    let writer = stream.writer();
    writer.flush().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let started = tokio::time::Instant::now();
    writer.write(Bytes::from_static(b"+++")).await.unwrap();
    writer.flush().await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_millis(1200));
    expect(&mut module, b"+++").await;
    drop(stream);
    assert!(writer.write(Bytes::from_static(b"x")).await.is_err(), "a writer alone keeps nothing open");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_is_left_by_the_escape_sequence() {
    let (port, mut module) = start();
    let opening = {
        let port = port.clone();
        tokio::spawn(async move { port.open_stream(stream("#FTPGET", StreamEnding::Length(6000))).await })
    };
    expect(&mut module, b"AT#FTPGET\r").await;
    send(&mut module, "\r\nCONNECT\r\nabc").await;
    drop(opening.await.unwrap().unwrap());
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"+++").await;
    send(&mut module, "still data\r\nOK\r\n").await;
    expect(&mut module, b"AT+CMEE?\r").await;
    send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    assert_eq!(next.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
}

#[tokio::test(start_paused = true)]
async fn a_stream_over_a_lost_link_says_so_behind_its_data() {
    let (port, mut module) = start();
    let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    send(&mut module, "data").await;
    drop(module);
    assert_eq!(stream.next().await.unwrap(), "data");
    assert_eq!(stream.next().await, None);
    assert_eq!(stream.end().await, StreamEnd::LinkLost { reason: "the port hung up".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn whoever_writes_to_a_lost_stream_hears_it_before_the_reader_has_read() {
    let (port, mut module) = start();
    let opening = port.open_stream(dial(StreamEnding::MarkAndSilence));
    let answering = async {
        expect(&mut module, b"AT#SSLO\r").await;
        send(&mut module, "\r\nCONNECT\r\n").await;
    };
    let (opened, ()) = tokio::join!(opening, answering);
    let mut stream = opened.unwrap();
    let writer = stream.writer();
    // More than the reader's queue takes, until nothing more is read.
    let chunk = [b'x'; 4096];
    let soon = Duration::from_millis(10);
    while tokio::time::timeout(soon, module.write(&chunk)).await.is_ok() {}
    drop(module);
    let writing = async { while writer.write(Bytes::from_static(b"late")).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(1), writing).await.expect("it is told that the port is gone");
    let mut rest = 0;
    while let Some(data) = stream.next().await {
        rest += data.len();
    }
    assert!(rest > 64 * 1024, "what had arrived can still be read: {rest}");
}
