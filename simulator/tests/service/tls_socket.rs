use std::time::Duration;

use telit_simulator::Quirk;
use tokio::io::AsyncReadExt;

use crate::peer::{Peer, receive, send};

const DIAL: &str = "AT#SSLD=1,443,\"peer.test\",0,1";

/// The exchange of the reference, line by line.
#[tokio::test]
async fn command_mode_as_the_guide_prints_it() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,90,100,50,1,2,0").await;
    port.ok(DIAL).await;
    let mut remote = peer.accept().await;
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n").await;
    port.ask(DIAL, "\r\n+CME ERROR: SSL already connected\r\n").await;
    port.ask("AT#SSLEN=1,0", "\r\n+CME ERROR: SSL invalid state\r\n").await;
    port.ask("AT#SSLSECDATA=1,0,1", "\r\n+CME ERROR: SSL already connected\r\n").await;
    port.ask("AT#SSLSENDEXT=1,5", "\r\n> ").await;
    port.write("hello").await;
    port.expect("\r\nOK\r\n").await;
    assert_eq!(receive(&mut remote, 5).await, b"hello");
    send(&mut remote, "abc").await;
    port.expect("\r\nSSLSRING: 1,3\r\n").await;
    port.ask("AT#SSLI=1", "\r\n#SSLI: 1,5,3,3,0\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLRECV=1,1000,10", "\r\n#SSLRECV: 3\r\nabc\r\n\r\nOK\r\n").await;
    drop(remote);
    port.expect("\r\nNO CARRIER:SSL,1,4\r\n").await;
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,1\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLRECV=1,1000,10", "\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLSENDEXT=1,5", "\r\n+CME ERROR: SSL not connected\r\n").await;
    port.ok("AT#SSLH=1").await;
    port.ok("AT#SSLEN=1,0").await;
}

#[tokio::test]
async fn a_partial_read_rings_again() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,90,100,50,1,0,0").await;
    port.ok(DIAL).await;
    let mut remote = peer.accept().await;
    send(&mut remote, vec![b'x'; 400]).await;
    port.expect("\r\nSSLSRING: 1,400\r\n").await;
    let answer = format!("\r\n#SSLRECV: 300\r\n{}\r\n\r\nOK\r\n\r\nSSLSRING: 1,100\r\n", "x".repeat(300));
    port.ask("AT#SSLRECV=1,300,10", &answer).await;
    // The rest must be read before the module tells that the peer is gone.
    drop(remote);
    let answer = format!("\r\n#SSLRECV: 100\r\n{}\r\n\r\nOK\r\n\r\nNO CARRIER\r\n", "x".repeat(100));
    port.ask("AT#SSLRECV=1,300,10", &answer).await;
}

#[tokio::test]
async fn data_can_come_inside_the_ring() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,90,100,50,2,1,0").await;
    port.ok(DIAL).await;
    let mut remote = peer.accept().await;
    send(&mut remote, "\r\nOK\r\nNO CARRIER").await;
    port.expect("\r\nSSLSRING: 1,16,\r\nOK\r\nNO CARRIER\r\n").await;
    send(&mut remote, vec![b'y'; 1400]).await;
    let expected =
        format!("\r\nSSLSRING: 1,1300,{}\r\n\r\nSSLSRING: 1,100,{}\r\n", "y".repeat(1300), "y".repeat(100));
    port.expect(&expected).await;
    drop(remote);
    port.expect("\r\nNO CARRIER:SSL,1\r\n").await;
}

/// What the sources print in two ways.
#[tokio::test]
async fn quirks_change_the_ring_and_the_end() {
    let peer = Peer::new().await;
    let module = crate::bench::module("peer.test", 443, peer.front.addr());
    let module = module.quirk(Quirk::RingWithoutBlank).quirk(Quirk::BareDisconnected);
    let (_module, mut port) = crate::bench::ready(module).await;
    port.ok("AT#SSLEN=1,1").await;
    for (mode, ring) in [(1, "\r\nSSLSRING:1,3\r\n"), (2, "\r\nSSLSRING:1,3,abc\r\n")] {
        port.ok(&format!("AT#SSLCFG=1,1,300,90,100,50,{mode}")).await;
        port.ok(DIAL).await;
        let mut remote = peer.accept().await;
        send(&mut remote, "abc").await;
        port.expect(ring).await;
        if mode == 1 {
            port.ask("AT#SSLRECV=1,100", "\r\n#SSLRECV: 3\r\nabc\r\n\r\nOK\r\n").await;
        }
        drop(remote);
        port.expect("\r\nNO CARRIER\r\n").await;
        port.ask("AT#SSLRECV=1,100", "\r\nDISCONNECTED\r\n\r\nOK\r\n").await;
    }
}

#[tokio::test]
async fn waiting_for_data_ends() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,90,100,50,0,2,0").await;
    port.ok(DIAL).await;
    let mut remote = peer.accept().await;
    let started = std::time::Instant::now();
    port.ask("AT#SSLRECV=1,1000,10", "\r\n#SSLRECV: 0\r\nTIMEOUT\r\n\r\nOK\r\n").await;
    assert!(started.elapsed() >= Duration::from_secs(1));
    port.write("AT#SSLRECV=1,1000,100\r").await;
    send(&mut remote, "\r\nOK\r\n").await;
    port.expect("\r\n#SSLRECV: 6\r\n\r\nOK\r\n\r\n\r\nOK\r\n").await;
    port.write("AT#SSLRECV=1,1000,100\r").await;
    drop(remote);
    port.expect("\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n\r\nNO CARRIER:SSL,1,4\r\n").await;
}

#[tokio::test]
async fn the_terminated_entry_cuts_silently() {
    let peer = Peer::new().await;
    let (_module, mut port) = peer.module("300,90,100,50,0,0,0").await;
    port.ok(DIAL).await;
    let mut remote = peer.accept().await;
    port.ask("AT#SSLSEND=1", "\r\n> ").await;
    port.write(format!("{}\x1a", "z".repeat(1100))).await;
    port.expect("\r\nOK\r\n").await;
    assert_eq!(receive(&mut remote, 1023).await, vec![b'z'; 1023]);
    port.ask("AT#SSLSEND=1", "\r\n> ").await;
    port.write("not sent\x1b").await;
    port.expect("\r\nOK\r\n").await;
    port.ok("AT#SSLH=1,0").await;
    assert_eq!(remote.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_restart_and_a_lost_network_close_the_socket() {
    let peer = Peer::new().await;
    let (module, mut port) = peer.module("300,90,100,50,0,2,0").await;
    port.ok(DIAL).await;
    let mut remote = peer.accept().await;
    module.set_network(false);
    port.expect("\r\nNO CARRIER:SSL,1,3\r\n").await;
    assert!(matches!(remote.read(&mut [0]).await, Ok(0) | Err(_)));
    port.ask(DIAL, "\r\n+CME ERROR: context not opened\r\n").await;
    module.set_network(true);
    port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    port.ok(DIAL).await;
    let mut remote = peer.accept().await;
    module.reboot();
    assert!(matches!(remote.read(&mut [0]).await, Ok(0) | Err(_)));
}
