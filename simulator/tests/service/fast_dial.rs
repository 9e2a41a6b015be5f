//! `#SSLFASTD` of the 2G platforms. Source: SSL guide 7.3, 7.4.5.

use telit_simulator::Platform;
use telit_simulator::servers::{Authority, CertificateRequest, Front, FrontOptions};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::dialect::{ALL, Dialect};
use crate::peer::{receive, send};
use crate::port::Port;

const NO_SESSION: &str = "\r\n+CME ERROR: SSL invalid state\r\n";

struct World {
    authority: Authority,
    front: Front,
    backend: TcpListener,
}

impl World {
    async fn new(options: fn(FrontOptions) -> FrontOptions) -> Self {
        let authority = Authority::new().unwrap();
        let issued = authority.issue(&CertificateRequest::server("peer.test")).unwrap();
        let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = options(FrontOptions::new(&issued));
        let front = Front::start(&options, backend.local_addr().unwrap()).await.unwrap();
        Self { authority, front, backend }
    }

    async fn module(&self, platform: Platform) -> (telit_simulator::VirtualModule, Port) {
        let dialect = Dialect::of(platform);
        let module = dialect.module().resolve("peer.test", 443, self.front.addr());
        let (module, mut port) = dialect.ready(module, 0).await;
        dialect.secure(&mut port, 1).await;
        crate::bench::store(&mut port, 1, &self.authority.certificate_pem()).await;
        (module, port)
    }

    async fn accept(&self) -> TcpStream {
        self.backend.accept().await.unwrap().0
    }

    /// Whether each handshake so far was a resumption.
    async fn resumed(&self, count: usize) -> Vec<bool> {
        self.front.wait_for_handshakes(count).await.iter().map(|handshake| handshake.resumed).collect()
    }
}

/// The guide's example.
#[tokio::test]
async fn a_kept_session_is_resumed() {
    let world = World::new(FrontOptions::allow_resumption).await;
    let (_module, mut port) = world.module(Platform::P10).await;
    port.ok("ATS12=20").await;
    port.ask("AT#SSLD=1,443,\"peer.test\",1,0", "\r\nCONNECT\r\n").await;
    let mut remote = world.accept().await;
    send(&mut remote, "first").await;
    port.expect("first").await;
    leave(&mut port).await;
    port.ok("AT#SSLH=1").await;
    assert_eq!(receive(&mut remote, 3).await, b"+++");
    assert_eq!(remote.read(&mut [0]).await.unwrap(), 0);

    port.ask("AT#SSLFASTD=1,0", "\r\nCONNECT\r\n").await;
    let mut remote = world.accept().await;
    send(&mut remote, "second").await;
    port.expect("second").await;
    leave(&mut port).await;
    port.ok("AT#SSLH=1,0").await;
    port.ask("AT#SSLFASTD=1,0", NO_SESSION).await;
    assert_eq!(world.resumed(2).await, [false, true]);
}

#[tokio::test]
async fn every_2g_platform_does_it_and_no_other() {
    let world = World::new(FrontOptions::allow_resumption).await;
    for dialect in &ALL {
        let (_module, mut port) = world.module(dialect.platform).await;
        let earlier = world.front.handshakes().len();
        if !matches!(dialect.platform, Platform::P10 | Platform::P13 | Platform::P16) {
            port.ask("AT#SSLFASTD=1,1", "\r\nERROR\r\n").await;
            port.ask("AT#SSLH=1,1", "\r\nERROR\r\n").await;
            continue;
        }
        port.ok("AT#SSLD=1,443,\"peer.test\",1,1").await;
        port.ok("AT#SSLH=1").await;
        port.ok("AT#SSLFASTD=1,1").await;
        assert_eq!(world.resumed(earlier + 2).await[earlier..], [false, true], "{}", dialect.platform);
    }
}

async fn leave(port: &mut Port) {
    tokio::time::sleep(std::time::Duration::from_millis(420)).await;
    port.write("+++").await;
    port.expect("\r\nOK\r\n").await;
}

#[tokio::test]
async fn the_type_at_the_end_counts_and_a_peer_that_closes_does_not() {
    let world = World::new(FrontOptions::allow_resumption).await;
    let (_module, mut port) = world.module(Platform::P13).await;
    // Not asked for at the dial, but at the end.
    port.ok("AT#SSLD=1,443,\"peer.test\",0,1").await;
    drop(world.accept().await);
    port.expect("\r\nNO CARRIER:SSL,1,4\r\n").await;
    port.ask("AT#SSLFASTD=1,1", NO_SESSION).await;
    port.ok("AT#SSLD=1,443,\"peer.test\",0,1").await;
    let remote = world.accept().await;
    port.ok("AT#SSLH=1,1").await;
    drop(remote);
    // The peer closes the resumed connection; the session stays.
    port.ok("AT#SSLFASTD=1,1").await;
    drop(world.accept().await);
    port.expect("\r\nNO CARRIER:SSL,1,4\r\n").await;
    port.ok("AT#SSLFASTD=1,1,100").await;
    port.ask("AT#SSLFASTD=1,1", "\r\n+CME ERROR: SSL already connected\r\n").await;
    assert_eq!(world.resumed(4).await, [false, false, true, true]);
}

/// A server that has forgotten the session gets a full handshake, and is verified again.
#[tokio::test]
async fn a_forgotten_session_is_made_anew() {
    let world = World::new(|options| options).await;
    let (_module, mut port) = world.module(Platform::P16).await;
    port.ok("AT#SSLD=1,443,\"peer.test\",1,1").await;
    port.ok("AT#SSLH=1").await;
    port.ok("AT#SSLFASTD=1,1").await;
    assert_eq!(world.resumed(2).await, [false, false]);
}

#[tokio::test]
async fn nothing_is_kept_when_tls_goes_off_or_the_module_restarts() {
    let world = World::new(FrontOptions::allow_resumption).await;
    let (module, mut port) = world.module(Platform::P10).await;
    port.ask("AT#SSLFASTD=1,1", NO_SESSION).await;
    port.ok("AT#SSLD=1,443,\"peer.test\",1,1").await;
    port.ok("AT#SSLH=1").await;
    port.ok("AT#SSLEN=1,0").await;
    port.ask("AT#SSLFASTD=1,1", "\r\n+CME ERROR: SSL not activated\r\n").await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLFASTD=1,1", NO_SESSION).await;
    drop(module);
}

#[tokio::test]
async fn a_failed_verification_is_one_here_too() {
    let world = World::new(FrontOptions::allow_resumption).await;
    let (_module, mut port) = world.module(Platform::P13).await;
    let stranger = Authority::new().unwrap();
    crate::bench::store(&mut port, 1, &stranger.certificate_pem()).await;
    let refused = "\r\n+CME ERROR: SSL error during handshake\r\n";
    port.ask("AT#SSLD=1,443,\"peer.test\",1,1", refused).await;
    port.ask("AT#SSLFASTD=1,1", NO_SESSION).await;
}
