use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{Peer, receive, send};

const DIAL_ONLINE: &str = "AT#SSLD=1,443,\"peer.test\",0,0";

#[tokio::test]
async fn escape_and_back() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,90,100,1,1,2,0").await;
    port.ok("AT#SKIPESC=1;S12=10").await;
    port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    let mut remote = peer.accept().await;
    port.write("to the peer").await;
    assert_eq!(receive(&mut remote, 11).await, b"to the peer");
    send(&mut remote, "to the host").await;
    port.expect("to the host").await;
    // Without the silence they are data.
    port.write("x+++").await;
    assert_eq!(receive(&mut remote, 4).await, b"x+++");
    tokio::time::sleep(Duration::from_millis(250)).await;
    port.write("+++").await;
    port.expect("\r\nOK\r\n").await;
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n").await;
    send(&mut remote, "meanwhile").await;
    port.expect("\r\nSSLSRING: 1,9\r\n").await;
    port.ask("AT#SSLO=1", "\r\nCONNECT\r\nmeanwhile").await;
    drop(remote);
    port.expect("\r\nNO CARRIER:SSL,1,4\r\n").await;
    port.ok("AT").await;
}

#[tokio::test]
async fn by_default_the_escape_reaches_the_peer() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,90,100,50,0,0,0").await;
    port.ok("ATS12=10").await;
    port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    let mut remote = peer.accept().await;
    tokio::time::sleep(Duration::from_millis(250)).await;
    port.write("+++").await;
    port.expect("\r\nOK\r\n").await;
    assert_eq!(receive(&mut remote, 3).await, b"+++");
}

#[tokio::test]
async fn a_small_block_waits_for_its_timer() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,90,100,10,0,0,0").await;
    port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    let mut remote = peer.accept().await;
    let started = std::time::Instant::now();
    port.write("x").await;
    receive(&mut remote, 1).await;
    assert!(started.elapsed() >= Duration::from_millis(900), "{:?}", started.elapsed());
}

#[tokio::test]
async fn inactivity_closes() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,1,100,50,0,2,0").await;
    port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    let mut remote = peer.accept().await;
    port.expect("\r\nNO CARRIER:SSL,1,2\r\n").await;
    port.silent(Duration::from_millis(50)).await;
    assert_eq!(remote.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn megabytes_cross_in_both_directions() {
    const LENGTH: usize = 4 << 20;
    let peer = Peer::new().await;
    let (module, mut port) = peer.module("1500,90,100,1,0,0,0").await;
    let block: Vec<u8> = (0..=250).cycle().take(LENGTH).collect();
    port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    let mut remote = peer.accept().await;
    let (sent, received) = (block.clone(), block.clone());
    let peer_side = tokio::spawn(async move {
        let (mut reading, mut writing) = remote.split();
        let mut got = vec![0; LENGTH];
        let (read, written) = tokio::join!(reading.read_exact(&mut got), writing.write_all(&sent));
        read.unwrap();
        written.unwrap();
        (got, remote)
    });
    let (mut reading, mut writing) = tokio::io::split(port.into_stream());
    let mut got = vec![0; LENGTH];
    let (read, written) = tokio::join!(reading.read_exact(&mut got), writing.write_all(&block));
    read.unwrap();
    written.unwrap();
    let (at_the_peer, _remote) = peer_side.await.unwrap();
    assert!(got == received, "downwards");
    assert!(at_the_peer == received, "upwards");
    drop(module);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_does_not_read_stops_the_peer() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("1500,90,100,1,0,0,0").await;
    port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    let mut remote = peer.accept().await;
    let block = vec![0; 64 << 20];
    let all = tokio::time::timeout(Duration::from_secs(2), remote.write_all(&block)).await;
    assert!(all.is_err(), "64 MB went somewhere");
    port.expect(&"\0".repeat(1 << 20)).await;
}

/// That it is not slower either is shown in virtual time, where nothing else keeps the machine busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paced_line_is_no_faster_than_its_rate() {
    const LENGTH: usize = 100_000;
    let least = LENGTH as f64 * 10.0 / 921_600.0 * 0.99;
    let took = paced_seconds(LENGTH).await;
    assert!(took >= least, "{took} of {least} s");
}

/// How long so many bytes take over a line of 921600 Bd.
async fn paced_seconds(length: usize) -> f64 {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.paced_module(921_600, "1500,90,100,1,0,0,0").await;
    port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    let mut remote = peer.accept().await;
    let started = std::time::Instant::now();
    let sending = tokio::spawn(async move {
        remote.write_all(&vec![b'x'; length]).await.unwrap();
        remote
    });
    port.expect(&"x".repeat(length)).await;
    let took = started.elapsed().as_secs_f64();
    drop(sending.await.unwrap());
    took
}

/// A blocking client on a pseudo-terminal, as other programs are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn megabytes_cross_a_pseudo_terminal() {
    use std::io::{Read, Write};
    const LENGTH: usize = 8 << 20;
    let peer = Peer::new().await;
    let (module, _port) = peer.module("1500,90,100,1,0,0,0").await;
    // The second instance dials on a secure socket of its own.
    let pty = module.attach_pty(None).unwrap();
    let path = pty.path().to_owned();
    let client = tokio::task::spawn_blocking(move || {
        let mut port = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let setup = "ATE0;+CMEE=2;#SSLEN=2,1;#SSLSECCFG=2,0,0;#SSLD=2,443,\"peer.test\",0,0\r";
        port.write_all(setup.as_bytes()).unwrap();
        let mut start = vec![0; setup.len() + 11];
        port.read_exact(&mut start).unwrap();
        assert!(start.ends_with(b"\r\nCONNECT\r\n"), "{}", String::from_utf8_lossy(&start));
        let mut got = vec![0; LENGTH];
        let started = std::time::Instant::now();
        port.read_exact(&mut got).unwrap();
        (got, started.elapsed())
    });
    let mut remote = peer.accept().await;
    let block: Vec<u8> = (0..=250).cycle().take(LENGTH).collect();
    remote.write_all(&block).await.unwrap();
    let (got, took) = client.await.unwrap();
    assert!(got == block);
    println!("{LENGTH} bytes in {took:?}");
}
