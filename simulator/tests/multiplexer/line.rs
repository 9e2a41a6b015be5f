//! The serial line that the channels share.

use std::time::Duration;

use telit_simulator::peers::{Peers, pattern};
use tokio::time::Instant;

use crate::host::{Host, builder};
use crate::online::{DIAL_ONLINE, prepare};

#[tokio::test(start_paused = true)]
async fn an_answer_comes_between_the_data_of_another_channel() {
    let peers = Peers::new();
    let source = peers.source("peer.test", 443, 100_000);
    let paced = builder().peers(&peers).baud(Some(115_200));
    let (_module, mut host) = Host::start(paced, &[1, 2]).await;
    prepare(&mut host, 1).await;
    host.ask(1, DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    // The line is full of data.
    let before = host.listen(1, 5000).await;
    let asked = Instant::now();
    host.ask(2, "AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    // No more than two frames and what the port takes ahead are before it: three frames of 128 bytes at 86.8 us a byte.
    assert!(asked.elapsed() < Duration::from_millis(50), "{:?}", asked.elapsed());
    let rest = host.listen(1, 95_000).await;
    assert_eq!([before, rest].concat(), pattern(100_000));
    assert_eq!(source.connections().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_transfers_share_the_line_and_its_rate_is_kept() {
    let peers = Peers::new();
    peers.source("peer.test", 443, 50_000);
    let paced = builder().peers(&peers).baud(Some(115_200));
    let (_module, mut host) = Host::start(paced, &[1, 2]).await;
    prepare(&mut host, 1).await;
    host.ask(2, "AT#SSLEN=2,1;#SSLCFG=2,1,300,90,100,50", "\r\nOK\r\n").await;
    host.ask(1, DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    host.ask(2, "AT#SSLD=2,443,\"peer.test\",0,0", "\r\nCONNECT\r\n").await;
    let start = Instant::now();
    assert_eq!(host.listen(1, 50_000).await, pattern(50_000));
    let first = start.elapsed();
    assert_eq!(host.listen(2, 50_000).await, pattern(50_000));
    let both = start.elapsed();
    // Each byte of 115200 baud, and six more for each 122.
    let whole = Duration::from_secs_f64(100_000.0 * 128.0 / 122.0 / 11_520.0);
    assert!(both > whole.mul_f64(0.95) && both < whole.mul_f64(1.05), "{both:?} instead of {whole:?}");
    assert!(first > both.mul_f64(0.8), "{first:?} and {both:?}: one went before the other");
}
