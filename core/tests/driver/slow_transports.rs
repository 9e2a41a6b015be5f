//! Transports that take their time, or take nothing, under a stream.

use std::time::Duration;

use bytes::Bytes;
use telit_core::CommandError;
use telit_core::at::{StreamEnd, StreamEnding};
use telit_core::driver::{AtChannel, AtPort, DriverOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rig::{expect, online, read, send};

#[tokio::test(start_paused = true)]
async fn the_guard_time_counts_from_when_a_slow_transport_has_taken_everything() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    stream.write(Bytes::from(vec![b'x'; 1000])).await.unwrap();
    stream.close().await;
    let mut taken = [0; 50];
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        module.read_exact(&mut taken).await.unwrap();
        assert_eq!(taken, [b'x'; 50]);
    }
    let taken = tokio::time::Instant::now();
    expect(&mut module, b"+++").await;
    assert!(taken.elapsed() >= Duration::from_millis(800), "{:?} after the last bytes", taken.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_guard_time_counts_from_when_a_serial_line_has_carried_everything() {
    let (host, mut module) = tokio::io::duplex(64 * 1024);
    let port = AtPort::start(host, DriverOptions { line_rate: Some(9600), ..DriverOptions::default() });
    let stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    let written = tokio::time::Instant::now();
    stream.write(Bytes::from(vec![b'x'; 4096])).await.unwrap();
    stream.close().await;
    module.read_exact(&mut [0; 4096]).await.unwrap();
    expect(&mut module, b"+++").await;
    // 4096 bytes of ten bits behind the eight of the command, and 1.2 s.
    let due = 8 + 4267 + 1200;
    assert!((due..due + 5).contains(&written.elapsed().as_millis()), "{:?}", written.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_module_that_takes_nothing_is_left_and_serves_the_next_command() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    let writer = stream.writer();
    writer.write(Bytes::from(vec![b'x'; 1000])).await.unwrap();
    let started = tokio::time::Instant::now();
    assert!(writer.flush().await.is_err());
    assert_eq!(started.elapsed(), Duration::from_secs(60));
    let mut taken = [0; 64];
    module.read_exact(&mut taken).await.unwrap();
    assert_eq!(taken, [b'x'; 64], "what the transport had");
    expect(&mut module, b"+++").await;
    send(&mut module, "\r\nOK\r\n").await;
    assert_eq!(stream.end().await, StreamEnd::Stalled { waited: Duration::from_secs(60) });
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    // The sequence again, because the peer could have sent that OK; then the question.
    expect(&mut module, b"+++\rAT+CMEE?\r").await;
    send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    assert_eq!(next.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_into_a_dead_module_does_not_keep_the_port() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    stream.set_send_timeout(Duration::from_secs(5)).await;
    for _ in 0..10 {
        stream.write(Bytes::from(vec![b'x'; 1000])).await.unwrap();
    }
    drop(stream);
    let answer = tokio::time::timeout(Duration::from_secs(60), port.execute(read("#SSLEN"))).await;
    assert!(matches!(answer, Ok(Err(CommandError::NotResponding { .. }))), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_is_bounded_while_nobody_reads_the_stream() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    let writer = stream.writer();
    // More than the port holds, so that it stops reading.
    let sending = tokio::spawn(async move {
        let sent = tokio::time::timeout(Duration::from_secs(200), module.write_all(&[b'd'; 500_000])).await;
        (module, sent.is_ok())
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    writer.write(Bytes::from(vec![b'x'; 1000])).await.unwrap();
    let flushed = tokio::time::timeout(Duration::from_secs(61), writer.flush()).await;
    assert!(matches!(flushed, Ok(Err(_))), "{flushed:?}");
    let mut received = 0;
    while let Some(data) = stream.next().await {
        received += data.len();
    }
    assert_eq!(received, 500_000);
    assert!(matches!(stream.end().await, StreamEnd::Stalled { .. }));
    assert!(sending.await.unwrap().1);
}
