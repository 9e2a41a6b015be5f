//! How data come.

use std::time::Duration;

use telit_core::socket::{Arrival, SocketError};
use tokio::io::AsyncReadExt;

use super::module::{module, socket_error};

#[tokio::test(start_paused = true)]
async fn what_is_announced_before_the_connection_stands_is_read() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLD=1,7,") => Some(b"\r\nSSLSRING: 1,5\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n#SSLRECV: 5\r\nhello\r\n\r\nOK\r\n"),
        _ => None,
    });
    let mut socket = module.connect().await;
    let mut greeting = [0; 5];
    let started = tokio::time::Instant::now();
    socket.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"hello");
    assert!(started.elapsed() < Duration::from_secs(1), "nobody had to look for it");
}

#[tokio::test(start_paused = true)]
async fn delivered_data_are_exact_and_too_many_are_an_error() {
    let module = module(|_| None);
    let mut socket = module.connector().arrival(Arrival::Delivered).connect("peer.example", 7).await.unwrap();
    module.urc.send(b"\r\nSSLSRING: 1,16,\r\nOK\r\nNO CARRIER\r\n").unwrap();
    let mut data = [0; 16];
    socket.read_exact(&mut data).await.unwrap();
    assert_eq!(&data, b"\r\nOK\r\nNO CARRIER");
    let block: &'static [u8] =
        Box::leak([&b"\r\nSSLSRING: 1,1300,"[..], &[b'x'; 1300], b"\r\n"].concat().into_boxed_slice());
    for _ in 0..900 {
        module.urc.send(block).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut all = Vec::new();
    let error = socket.read_to_end(&mut all).await.unwrap_err();
    assert!(matches!(socket_error(error), SocketError::Overflow { .. }));
    assert_eq!(all.len() % 1300, 0);
    assert!(all.len() > 1_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_lost_announcement_is_found_by_looking() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLI=1") => Some(b"\r\n#SSLI: 1,0,0,2,0\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n#SSLRECV: 2\r\nhi\r\n\r\nOK\r\n"),
        _ => None,
    });
    let mut socket = module.connect().await;
    let mut data = [0; 2];
    tokio::time::timeout(Duration::from_secs(20), socket.read_exact(&mut data)).await.unwrap().unwrap();
    assert_eq!(&data, b"hi");
}

#[tokio::test(start_paused = true)]
async fn times_beyond_reason_are_brought_back() {
    let module = module(|_| None);
    let connector = module.connector().connect_timeout(Duration::MAX).send_timeout(Duration::MAX);
    for interval in [Duration::MAX, Duration::ZERO] {
        let socket = connector.clone().arrival(Arrival::Polled(interval)).connect("peer.example", 7).await;
        let before = module.modem.statistics().exchanges;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let exchanges = module.modem.statistics().exchanges - before;
        assert!(exchanges <= 30, "{interval:?}: {exchanges}");
        socket.unwrap().close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn one_late_answer_does_not_switch_the_counters_off() {
    let module = module(|line| line.starts_with("AT#SSLI=1").then_some(b""));
    let _socket = module.connect().await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let lines = module.lines.lock().unwrap();
    assert!(lines.iter().filter(|line| line.starts_with("AT#SSLI=1")).count() > 1, "{lines:#?}");
}
