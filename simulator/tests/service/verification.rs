use std::time::{Duration, SystemTime};

use telit_simulator::servers::TlsVersion;

use crate::bench;
use crate::peer::Peer;
use crate::port::{Port, builder};

const HANDSHAKE: &str = "\r\n+CME ERROR: SSL error during handshake\r\n";

fn dial(host: &str) -> String {
    format!("AT#SSLD=1,443,\"{host}\",0,1")
}

async fn enabled(port: &mut Port) {
    port.ok("AT#SSLEN=1,1").await;
    port.ok("AT#SSLCFG=1,1,300,90,100,50,0,0,0").await;
}

#[tokio::test]
async fn the_clock_decides_about_validity() {
    let peer = Peer::new().await;
    for (clock, accepted) in [
        (None, false),
        (Some(SystemTime::now()), true),
        (Some(SystemTime::now() + Duration::from_secs(100 * 365 * 86_400)), false),
    ] {
        let mut module = builder().resolve("peer.test", 443, peer.front.addr());
        if let Some(clock) = clock {
            module = module.clock(clock);
        }
        let (_module, mut port) = bench::ready(module).await;
        enabled(&mut port).await;
        bench::verify(&mut port, &peer.authority.certificate_pem()).await;
        port.ask(&dial("peer.test"), if accepted { "\r\nOK\r\n" } else { HANDSHAKE }).await;
    }
}

#[tokio::test]
async fn the_host_name_is_checked_unless_it_is_skipped() {
    let peer = Peer::new().await;
    let module = bench::module("other.test", 443, peer.front.addr());
    let (_module, mut port) = bench::ready(module).await;
    enabled(&mut port).await;
    bench::verify(&mut port, &peer.authority.certificate_pem()).await;
    port.ask(&dial("other.test"), HANDSHAKE).await;
    // The default of the platform ignores the mismatch.
    port.ok("AT#SSLCFG=1,1,300,90,100,50,0,0,1").await;
    port.ok(&dial("other.test")).await;
    let handshakes = peer.front.wait_for_handshakes(2).await;
    assert_eq!(handshakes[1].server_name.as_deref(), Some("other.test"));
}

#[tokio::test]
async fn credentials_are_judged_at_the_dial() {
    let peer = Peer::new().await;
    let missing = "\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n";
    let module = bench::module("peer.test", 443, peer.front.addr());
    let (_module, mut port) = bench::ready(module).await;
    enabled(&mut port).await;
    port.ok("AT#SSLSECCFG=1,0,1").await;
    port.ok("AT#SSLSECCFG2=1,4,1,1,0,3").await;
    port.ask(&dial("peer.test"), missing).await;
    bench::store(&mut port, 1, "not a certificate").await;
    port.ask(&dial("peer.test"), missing).await;
    // In RAM it stands in for the stored one, for one connection.
    let pem = peer.authority.certificate_pem();
    port.ask(&format!("AT#SSLSECDATA=1,3,1,{}", pem.len()), "\r\n> ").await;
    port.write(format!("{pem}\x1a")).await;
    port.expect("\r\nOK\r\n").await;
    port.ok(&dial("peer.test")).await;
    port.ok("AT#SSLH=1").await;
    port.ask(&dial("peer.test"), missing).await;
    // Mutual authentication needs a certificate and a key.
    bench::store(&mut port, 1, &pem).await;
    port.ok("AT#SSLSECCFG=1,0,2").await;
    port.ask(&dial("peer.test"), missing).await;
}

#[tokio::test]
async fn the_offer_is_exactly_what_is_configured() {
    let peer = Peer::new().await;
    let module = bench::module("peer.test", 443, peer.front.addr());
    let (_module, mut port) = bench::ready(module).await;
    enabled(&mut port).await;
    bench::verify(&mut port, &peer.authority.certificate_pem()).await;
    port.ok(&dial("peer.test")).await;
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n").await;
    port.ok("AT#SSLH=1").await;
    // TLS 1.3 is the default version, with the suites of the default list.
    port.ok("AT#SSLSECCFG=1,0,1").await;
    port.ok("AT#SSLSECCFG2=1,4,1,1,0,3").await;
    port.ok(&dial("peer.test")).await;
    port.ok("AT#SSLH=1").await;
    // A suite of TLS 1.3 with TLS 1.2 as the highest version fits nothing.
    port.ok("AT#SSLSECCFG=1,0x1301,1").await;
    port.ok("AT#SSLSECCFG2=1,3,1,1,0,3").await;
    port.ask(&dial("peer.test"), HANDSHAKE).await;
    let handshakes = peer.front.wait_for_handshakes(2).await;
    let versions: Vec<_> = handshakes.iter().filter_map(|handshake| handshake.version).collect();
    assert_eq!(versions, [TlsVersion::Tls12, TlsVersion::Tls13]);
}

#[tokio::test]
async fn unknown_names_and_closed_ports_are_told_apart() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_module, mut port) = bench::ready(bench::module("closed.test", 443, closed)).await;
    enabled(&mut port).await;
    port.ask(&dial("closed.test"), "\r\n+CME ERROR: can not open socket\r\n").await;
    port.ask(&dial("nowhere.invalid"), "\r\n+CME ERROR: can not resolve DN\r\n").await;
}
