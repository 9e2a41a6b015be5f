//! Plain TCP sockets in command mode, and the query for a name. Source: IPE28 8.2, 8.5, 10; M37 p726-748, p782.

use std::time::SystemTime;

use telit_simulator::{Builder, Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::port::{Port, builder, go_online, start_newest};

const DIAL: &str = "AT#SD=1,0,7,\"peer.test\",0,0,1";

async fn listening() -> (TcpListener, Builder) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, builder().resolve("peer.test", 7, address).clock(SystemTime::now()))
}

async fn ready(builder: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = start_newest(builder).await;
    port.ok("AT+CMEE=2").await;
    go_online(&mut port, Platform::P37).await;
    (module, port)
}

/// The exchange of IPE28 10.7.3 and 10.5.
#[tokio::test]
async fn data_go_and_come_as_the_guide_prints_it() {
    let (listener, builder) = listening().await;
    let (_module, mut port) = ready(builder).await;
    port.ok(DIAL).await;
    let (mut peer, _) = listener.accept().await.unwrap();
    port.ask(DIAL, "\r\n+CME ERROR: operation not allowed\r\n").await;
    port.ask("AT#SRECV=1,100", "\r\n+CME ERROR: operation not allowed\r\n").await;
    port.ask("AT#SSENDEXT=1,5", "\r\n> ").await;
    port.write("h\x1al\0o").await;
    port.expect("\r\nOK\r\n").await;
    let mut got = [0; 5];
    peer.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"h\x1al\0o");
    peer.write_all(b"hello").await.unwrap();
    port.expect("\r\nSRING: 1\r\n").await;
    port.ask("AT#SRECV=1,3", "\r\n#SRECV: 1,3\r\nhel\r\n\r\nOK\r\n\r\nSRING: 1\r\n").await;
    drop(peer);
    port.ask("AT#SRECV=1,1500", "\r\n#SRECV: 1,2\r\nlo\r\n\r\nOK\r\n").await;
    port.expect("\r\nNO CARRIER\r\n").await;
    port.ask("AT#SSENDEXT=1,5", "\r\n+CME ERROR: operation not allowed\r\n").await;
    port.ok("AT#SH=1").await;
}

#[tokio::test]
async fn closing_ends_the_connection_and_is_fine_twice() {
    let (listener, builder) = listening().await;
    let (_module, mut port) = ready(builder).await;
    port.ok(DIAL).await;
    let (mut peer, _) = listener.accept().await.unwrap();
    port.ok("AT#SH=1").await;
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
    port.ok("AT#SH=1").await;
    port.ask("AT#SH=11", "\r\nERROR\r\n").await;
}

#[tokio::test]
async fn what_fails_has_a_name() {
    let (listener, builder) = listening().await;
    let (module, mut port) = ready(builder).await;
    drop(listener);
    port.ask(DIAL, "\r\n+CME ERROR: can not open socket\r\n").await;
    port.ask("AT#SD=1,0,7,\"nobody.invalid\",0,0,1", "\r\n+CME ERROR: can not resolve DN\r\n").await;
    port.ask("AT#SD=4,0,7,\"peer.test\",0,0,1", "\r\n+CME ERROR: context not opened\r\n").await;
    for unsupported in
        ["AT#SD=1,1,7,\"peer.test\",0,0,1", "AT#SD=1,0,7,\"peer.test\"", "AT#SD=1,0,7,\"peer.test\",255,0,1"]
    {
        port.ask(unsupported, "\r\n+CME ERROR: operation not supported\r\n").await;
    }
    module.set_network(false);
    port.ask(DIAL, "\r\n+CME ERROR: context not opened\r\n").await;
}

#[tokio::test]
async fn a_lost_network_ends_the_connection() {
    let (listener, builder) = listening().await;
    let (module, mut port) = ready(builder).await;
    port.ok(DIAL).await;
    let (_peer, _) = listener.accept().await.unwrap();
    module.set_network(false);
    port.expect("\r\nNO CARRIER\r\n").await;
    port.ok("AT#SH=1").await;
}

#[tokio::test]
async fn names_are_looked_up() {
    let (_listener, builder) = listening().await;
    let (_module, mut port) = ready(builder).await;
    port.ok("AT#QDNS=?").await;
    port.ask("AT#QDNS=\"peer.test\"", "\r\n#QDNS: \"peer.test\",\"127.0.0.1\"\r\n\r\nOK\r\n").await;
    port.ask("AT#QDNS=\"nobody.invalid\"", "\r\n#QDNS: \"nobody.invalid\",\"\"\r\n\r\nOK\r\n").await;
    let older = VirtualModule::builder(Platform::P30);
    let (_module, mut port) = start_newest(older).await;
    port.ask("AT#QDNS=?", "\r\nERROR\r\n").await;
}
