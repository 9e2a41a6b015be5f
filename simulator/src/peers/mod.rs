//! Peers in memory: everything that a module talks to, without a socket, without TLS, and in the runtime's own time.
//!
//! With them whole scenarios run in tokio's paused clock, in a few milliseconds and byte for byte the same each time:
//! the module, the network and the peers wait for nothing but virtual time. Tests against real servers and real TLS
//! are what [`crate::servers`] is for.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
//! use telit_simulator::peers::{Peers, Response};
//! use telit_simulator::{Platform, VirtualModule};
//!
//! let peers = Peers::new();
//! let broker = peers.broker("broker.test", 8883);
//! let web = peers.http("api.test", 443);
//! web.route("GET", "/hello", Response::ok("text/plain", "hello"));
//! let files = peers.ftp("files.test", 21);
//! files.add_user("user", "secret");
//! files.put("/config.bin", vec![7; 1000]);
//!
//! let module = VirtualModule::builder(Platform::P37).peers(&peers).build()?;
//! let port = module.attach_duplex();
//! // ... `AT#MQCONN=1,...` through `port`, and then:
//! broker.publish("commands/stop", "now", 1);
//! assert!(broker.messages().iter().all(|message| message.client_id.is_none()));
//! # drop(port);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | peer | what it is |
//! |---|---|
//! | [`Broker`] | MQTT 3.1.1: sessions, all qualities of service, wildcards, wills, retained messages |
//! | [`HttpServer`] | HTTP/1.1: answers by method and path, or from a function |
//! | [`FtpServer`] | a file store, plain or with `AUTH TLS` or implicit TLS, passive and active |
//! | [`SocketServer`] | echo, sink, or source of bytes; closes and resets as told |
//! | [`Peers::time_server`] | a clock for `#NTP` |
//!
//! What the real network does shows here, too: a name that no peer has cannot be resolved, a port that nobody listens
//! on refuses, a lost network breaks every connection, and a peer feels it when the host does not read, since no more
//! than 64 KiB are under way in each direction.
//!
//! TLS is a word between the two ends: no record, no certificate, no verification. The module still checks what it
//! can check alone (that its certificates and keys can be read and fit, that it has a suite to offer), and the peer
//! agrees to the best suite offered. [`Peers::fail_handshakes`] makes a handshake fail as if the certificate were
//! wrong. Peers take connections with and without TLS and note which they were.

mod broker;
mod ftp;
mod http;
mod socket;
mod wire;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use crate::net::TlsFailure;
use crate::net::memory::{Fabric, MemoryStream};

pub use crate::pattern::{pattern, pattern_byte};
pub use broker::{Broker, ConnectRecord, Message};
pub use ftp::{FtpServer, FtpTransfer};
pub use http::{HttpServer, Request, Response};
pub use socket::{SocketEnd, SocketRecord, SocketServer};

/// A network in memory and the peers on it. Clones are the same network.
///
/// It can serve several modules, one after the other or together, and keeps its state meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    fabric: Fabric,
}

/// How a handshake fails, see [`Peers::fail_handshakes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeFailure {
    /// The two have no TLS version in common.
    Version,
    /// The server's certificate has expired by the module's clock.
    CertificateExpired,
    /// The server's certificate is not yet valid by the module's clock.
    CertificateNotYetValid,
    /// The server's certificate comes from an authority that the module does not trust.
    UnknownAuthority,
    /// The server's certificate is for another name.
    HostMismatch,
    /// The server sent this fatal alert, such as 40 for `handshake_failure`.
    Alert(u8),
    /// The server left in the middle, or speaks no TLS.
    Broken,
}

impl From<HandshakeFailure> for TlsFailure {
    fn from(failure: HandshakeFailure) -> Self {
        match failure {
            HandshakeFailure::Version => Self::Version,
            HandshakeFailure::CertificateExpired => Self::CertificateExpired,
            HandshakeFailure::CertificateNotYetValid => Self::CertificateNotYetValid,
            HandshakeFailure::UnknownAuthority => Self::UnknownAuthority,
            HandshakeFailure::HostMismatch => Self::HostMismatch,
            HandshakeFailure::Alert(number) => Self::Alert(number),
            HandshakeFailure::Broken => Self::Handshake,
        }
    }
}

impl Peers {
    /// A network with nobody on it.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a byte takes from one end to the other, for connections that are dialled from now on. Default: no
    /// time.
    ///
    /// Looking a name up and dialling take a round trip each, a handshake two.
    pub fn set_latency(&self, latency: Duration) {
        self.fabric.set_latency(latency);
    }

    /// Puts an MQTT broker at `host:port`.
    pub fn broker(&self, host: &str, port: u16) -> Broker {
        let broker = Broker::default();
        let serving = broker.clone();
        self.serve(host, port, move |stream| serving.accept(stream));
        broker
    }

    /// Puts an HTTP server at `host:port`. It knows no path yet.
    pub fn http(&self, host: &str, port: u16) -> HttpServer {
        let server = HttpServer::default();
        let serving = server.clone();
        self.serve(host, port, move |stream| serving.accept(stream));
        server
    }

    /// Puts an FTP server at `host:port`, without users and files. It speaks explicit TLS when it is asked to.
    pub fn ftp(&self, host: &str, port: u16) -> FtpServer {
        let address = self.address(host, port).ip();
        let server = FtpServer::new(self.fabric.clone(), address);
        let serving = server.clone();
        self.serve(host, port, move |stream| serving.accept(stream));
        server
    }

    /// Puts a peer at `host:port` that sends back what it gets.
    pub fn echo(&self, host: &str, port: u16) -> SocketServer {
        self.socket(host, port, SocketServer::echo())
    }

    /// Puts a peer at `host:port` that counts and hashes what it gets, and sends what the test tells it to.
    pub fn sink(&self, host: &str, port: u16) -> SocketServer {
        self.socket(host, port, SocketServer::sink())
    }

    /// Puts a peer at `host:port` that sends the first `count` bytes of [`pattern`] and closes in an orderly way.
    pub fn source(&self, host: &str, port: u16, count: u64) -> SocketServer {
        self.socket(host, port, SocketServer::source(count))
    }

    /// Puts a time server at `host:port` whose clock shows `time` now and runs with the runtime's time.
    pub fn time_server(&self, host: &str, port: u16, time: SystemTime) {
        self.fabric.set_clock(self.address(host, port), time);
    }

    /// Handshakes with the peer at `host:port` fail in this way from now on, or work again (`None`).
    ///
    /// The peer must be there already.
    pub fn fail_handshakes(&self, host: &str, port: u16, failure: Option<HandshakeFailure>) {
        self.fabric.fail_handshakes(self.address(host, port), failure.map(TlsFailure::from));
    }

    /// The peer at `host:port` refuses connections from now on, or takes them again. Open ones go on.
    ///
    /// The peer must be there already.
    pub fn refuse(&self, host: &str, port: u16, refusing: bool) {
        self.fabric.refuse(self.address(host, port), refusing);
    }

    pub(crate) fn fabric(&self) -> &Fabric {
        &self.fabric
    }

    fn socket(&self, host: &str, port: u16, server: SocketServer) -> SocketServer {
        let serving = server.clone();
        self.serve(host, port, move |stream| serving.accept(stream));
        server
    }

    fn serve(&self, host: &str, port: u16, service: impl Fn(MemoryStream) + Send + Sync + 'static) {
        self.fabric.serve(self.address(host, port), std::sync::Arc::new(service));
    }

    fn address(&self, host: &str, port: u16) -> SocketAddr {
        SocketAddr::new(self.fabric.add_host(host), port)
    }
}
