use std::time::Duration;

use openssl::sha::sha256;
use telit_simulator::peers::{HandshakeFailure, Peers, SocketEnd, SocketServer, pattern};
use telit_simulator::{Builder, Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::bench::{in_virtual_time, module, ready, settle};
use crate::port::{Port, go_online, internet, start_newest};

const DIAL: &str = "AT#SSLD=1,443,\"peer.test\",0,1";
const DIAL_ONLINE: &str = "AT#SSLD=1,443,\"peer.test\",0,0";

/// A module that is ready to dial, with these settings of `#SSLCFG` behind `<cid>`, and no verification.
async fn prepared(builder: Builder, configuration: &str) -> (VirtualModule, Port) {
    let (module, mut port) = ready(builder).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ok(&format!("AT#SSLCFG=1,1,{configuration}")).await;
    port.ok("AT#SSLSECCFG=1,0xC02F,0").await;
    (module, port)
}

async fn with_sink(configuration: &str) -> (Peers, SocketServer, VirtualModule, Port) {
    let peers = Peers::new();
    let sink = peers.sink("peer.test", 443);
    let (module, port) = prepared(module(&peers), configuration).await;
    (peers, sink, module, port)
}

#[test]
fn command_mode_as_the_guide_prints_it() {
    in_virtual_time(async {
        let (_peers, sink, _module, mut port) = with_sink("300,90,100,50,1,2,0").await;
        port.ok(DIAL).await;
        port.ask("AT#SSLS=1", "\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n").await;
        port.ask(DIAL, "\r\n+CME ERROR: SSL already connected\r\n").await;
        port.ask("AT#SSLSENDEXT=1,5", "\r\n> ").await;
        port.write("hello").await;
        port.expect("\r\nOK\r\n").await;
        sink.send("abc");
        port.expect("\r\nSSLSRING: 1,3\r\n").await;
        port.ask("AT#SSLI=1", "\r\n#SSLI: 1,5,3,3,0\r\n\r\nOK\r\n").await;
        port.ask("AT#SSLRECV=1,1000,10", "\r\n#SSLRECV: 3\r\nabc\r\n\r\nOK\r\n").await;
        port.write("AT#SSLRECV=1,1000,100\r").await;
        sink.close();
        port.expect("\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n\r\nNO CARRIER:SSL,1,4\r\n").await;
        let [connection] = sink.connections().try_into().unwrap();
        assert_eq!((connection.secured, connection.received, connection.sent), (true, 5, 3));
        assert_eq!(connection.sha256, sha256(b"hello"));
        assert_eq!(connection.end, Some(SocketEnd::CloseNotify));
    });
}

#[test]
fn each_end_has_its_cause() {
    in_virtual_time(async {
        let (_peers, sink, _module, mut port) = with_sink("300,90,100,50,0,2,0").await;
        for cause in [4, 5, 1] {
            port.ok(DIAL).await;
            match cause {
                4 => sink.close(),
                5 => sink.finish_without_notice(),
                _ => sink.reset(),
            }
            port.expect(&format!("\r\nNO CARRIER:SSL,1,{cause}\r\n")).await;
        }
        port.ok(DIAL).await;
        port.ok("AT#SSLH=1").await;
        settle().await;
        assert_eq!(sink.connections().last().unwrap().end, Some(SocketEnd::CloseNotify));
    });
}

#[test]
fn an_echo_in_data_mode_escape_and_back() {
    in_virtual_time(async {
        let peers = Peers::new();
        peers.echo("peer.test", 443);
        let (_module, mut port) = prepared(module(&peers), "300,90,100,1,1,2,0").await;
        port.ok("AT#SKIPESC=1").await;
        port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
        port.write("there and back+++").await;
        port.expect("there and back+++").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        port.write("+++").await;
        port.expect("\r\nOK\r\n").await;
        port.ask("AT#SSLSENDEXT=1,4", "\r\n> ").await;
        port.write("more").await;
        port.expect("\r\nOK\r\n\r\nSSLSRING: 1,4\r\n").await;
        port.ask("AT#SSLO=1", "\r\nCONNECT\r\nmore").await;
    });
}

#[test]
fn a_source_arrives_whole_and_closes_in_order() {
    const LENGTH: usize = 1_000_000;
    in_virtual_time(async {
        let peers = Peers::new();
        let source = peers.source("peer.test", 443, LENGTH as u64);
        let (_module, mut port) = prepared(module(&peers), "1500,90,100,1,0,2,0").await;
        port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
        let mut stream = port.into_stream();
        let mut got = vec![0; LENGTH];
        stream.read_exact(&mut got).await.unwrap();
        assert!(got == pattern(LENGTH));
        let mut end = [0; 22];
        stream.read_exact(&mut end).await.unwrap();
        assert_eq!(&end, b"\r\nNO CARRIER:SSL,1,4\r\n");
        assert_eq!(source.connections()[0].sent, LENGTH as u64);
    });
}

#[test]
fn a_host_that_does_not_read_stops_the_peer() {
    in_virtual_time(async {
        let peers = Peers::new();
        let source = peers.source("peer.test", 443, 64 << 20);
        // Without an end for inactivity.
        let (_module, mut port) = prepared(module(&peers), "1500,0,100,1,0,0,0").await;
        port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let before = source.connections()[0].sent;
        // The buffers of the peer's stream, the module, its port and the host's line hold some of it.
        assert!((64 << 10..512 << 10).contains(&before), "{before}");
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(source.connections()[0].sent, before);
        // It goes on when the host reads.
        port.read(1 << 20).await;
        assert!(source.connections()[0].sent > 1 << 20);
    });
}

#[test]
fn a_peer_that_is_slow_to_take_holds_the_host() {
    in_virtual_time(async {
        let peers = Peers::new();
        peers.set_latency(Duration::from_millis(100));
        let sink = peers.sink("peer.test", 443);
        let (_module, mut port) = prepared(module(&peers), "1500,90,100,1,0,0,0").await;
        port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
        let mut stream = port.into_stream();
        let start = Instant::now();
        stream.write_all(&pattern(1_500_000)).await.unwrap();
        // 64 KiB are under way at most, for a tenth of a second each.
        assert!(start.elapsed() > Duration::from_secs(1), "{:?}", start.elapsed());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let [connection] = sink.connections().try_into().unwrap();
        assert_eq!((connection.received, connection.sha256), (1_500_000, sha256(&pattern(1_500_000))));
    });
}

#[test]
fn dialling_takes_the_latency() {
    in_virtual_time(async {
        let peers = Peers::new();
        peers.set_latency(Duration::from_millis(50));
        peers.echo("peer.test", 443);
        let (_module, mut port) = prepared(module(&peers), "300,90,100,50,1,0,0").await;
        let start = Instant::now();
        port.ok(DIAL).await;
        // A round trip for the name, one for the connection, two for the handshake.
        assert_eq!(start.elapsed(), Duration::from_millis(400));
        port.ask("AT#SSLSENDEXT=1,4", "\r\n> ").await;
        let start = Instant::now();
        port.write("ping").await;
        port.expect("\r\nOK\r\n\r\nSSLSRING: 1,4\r\n").await;
        assert_eq!(start.elapsed(), Duration::from_millis(100));
    });
}

#[test]
fn what_cannot_be_dialled_says_why() {
    in_virtual_time(async {
        let (peers, sink, module, mut port) = with_sink("300,90,100,50,0,2,0").await;
        port.ask("AT#SSLD=1,443,\"nobody.test\",0,1", "\r\n+CME ERROR: can not resolve DN\r\n").await;
        port.ask("AT#SSLD=1,444,\"peer.test\",0,1", "\r\n+CME ERROR: can not open socket\r\n").await;
        port.ask("AT#SSLD=1,443,\"192.0.2.1\",0,1", "\r\n+CME ERROR: can not open socket\r\n").await;
        peers.fail_handshakes("peer.test", 443, Some(HandshakeFailure::UnknownAuthority));
        port.ask(DIAL, "\r\n+CME ERROR: SSL error during handshake\r\n").await;
        settle().await;
        assert_eq!(sink.connections()[0].end, Some(SocketEnd::Reset));
        peers.fail_handshakes("peer.test", 443, None);
        peers.refuse("peer.test", 443, true);
        port.ask(DIAL, "\r\n+CME ERROR: can not open socket\r\n").await;
        peers.refuse("peer.test", 443, false);
        // What the module checks by itself it checks here, too.
        port.ok("AT#SSLSECCFG=1,0xC02F,1").await;
        port.ask(DIAL, "\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n").await;
        port.ok("AT#SSLSECCFG=1,0xC02F,0").await;
        port.ok(DIAL).await;
        module.set_network(false);
        port.expect("\r\nNO CARRIER:SSL,1,3\r\n").await;
        port.ask(DIAL, "\r\n+CME ERROR: context not opened\r\n").await;
        assert_eq!(sink.connections().len(), 2);
        assert_eq!(sink.connections()[1].end, Some(SocketEnd::Reset));
    });
}

#[test]
fn every_platform_exchanges_bytes() {
    for platform in Platform::ALL {
        in_virtual_time(async {
            let peers = Peers::new();
            let echo = peers.echo("peer.test", 443);
            let (_module, mut port) = start_newest(VirtualModule::builder(platform).peers(&peers)).await;
            go_online(&mut port, platform).await;
            port.ok("AT#SSLEN=1,1").await;
            let cid = internet(platform);
            port.ok(&format!("AT#SSLCFG=1,{cid},300,90,100,1")).await;
            port.ask(DIAL_ONLINE, "\r\nCONNECT\r\n").await;
            port.write("there and back").await;
            port.expect("there and back").await;
            assert_eq!(echo.connections()[0].received, 14, "{platform}");
        });
    }
}

/// `#SSLFASTD` of the 2G platforms. Source: SSL guide 7.3.
#[test]
fn a_session_that_was_kept_can_be_dialled_fast() {
    in_virtual_time(async {
        let peers = Peers::new();
        let sink = peers.sink("peer.test", 443);
        let (_module, mut port) = start_newest(VirtualModule::builder(Platform::P10).peers(&peers)).await;
        go_online(&mut port, Platform::P10).await;
        port.ok("AT#SSLEN=1,1").await;
        port.ask("AT#SSLD=1,443,\"peer.test\",1,0", "\r\nCONNECT\r\n").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        port.write("+++").await;
        port.expect("\r\nOK\r\n").await;
        port.ok("AT#SSLH=1").await;
        port.ask("AT#SSLFASTD=1,0", "\r\nCONNECT\r\n").await;
        sink.send("second");
        port.expect("second").await;
        assert_eq!(sink.connections().len(), 2);
    });
}

#[test]
fn a_cleared_log_stays_clear_of_what_was_open() {
    in_virtual_time(async {
        let (_peers, sink, module, mut port) = with_sink("300,90,100,50,0,2,0").await;
        port.ok(DIAL).await;
        sink.clear_log();
        port.ok("AT#SSLH=1").await;
        port.ok(DIAL).await;
        let connections = sink.wait_for_connections(1).await;
        assert_eq!((connections.len(), connections[0].end), (1, None));
        module.set_network(false);
        settle().await;
        assert_eq!(sink.connections()[0].end, Some(SocketEnd::Reset));
    });
}
