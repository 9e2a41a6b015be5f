//! A TLS server that the test speaks for, a virtual module that finds it, and the SDK connected to it.

use std::net::SocketAddr;
use std::time::Duration;

use telit_core::Modem;
use telit_core::at::Settings;
use telit_core::socket::{ConnectionMode, TlsConnector, TlsSocket};
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_simulator::servers::{Authority, CertificateRequest, Front, FrontOptions};
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const NAME: &str = "peer.test";
pub(crate) const PORT: u16 = 7777;

/// Both ways to move the bytes.
pub(crate) const MODES: [ConnectionMode; 2] = [ConnectionMode::Command, ConnectionMode::Online];

pub(crate) struct Peer {
    pub(crate) authority: Authority,
    pub(crate) front: Front,
    _module: VirtualModule,
    pub(crate) modem: Modem,
    listener: TcpListener,
}

impl Peer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|options, _| options).await
    }

    /// The way to the peer can be cut.
    pub(crate) async fn start_behind_wire() -> (Self, Wire) {
        let mut peer = Self::start().await;
        let wire = Wire::to(peer.front.addr()).await;
        (peer._module, peer.modem) = on_line(Platform::P37, wire.address).await;
        (peer, wire)
    }

    pub(crate) async fn start_with(configure: impl FnOnce(FrontOptions, &Authority) -> FrontOptions) -> Self {
        let authority = Authority::new().expect("keys");
        let issued = authority.issue(&CertificateRequest::server(NAME)).expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let backend = listener.local_addr().expect("it is bound");
        let options = configure(FrontOptions::new(&issued), &authority);
        let front = Front::start(&options, backend).await.expect("the front starts");
        let (module, modem) = on_line(Platform::P37, front.addr()).await;
        Self { authority, front, _module: module, modem, listener }
    }

    pub(crate) fn tls(&self) -> TlsOptions {
        let ca = CaCertificate::from_pem(self.authority.certificate_pem().as_bytes()).expect("a CA");
        TlsOptions::builder().ca(ca).build().expect("it fits together")
    }

    pub(crate) fn connector(&self, mode: ConnectionMode) -> TlsConnector {
        TlsConnector::new(&self.modem, self.tls()).mode(mode)
    }

    /// Both ends of a new connection.
    pub(crate) async fn connect(&self, mode: ConnectionMode) -> (TlsSocket, TcpStream) {
        self.connect_by(&self.connector(mode)).await
    }

    pub(crate) async fn connect_by(&self, connector: &TlsConnector) -> (TlsSocket, TcpStream) {
        // At once if it does not: then nobody comes to be accepted either.
        let connecting = async { connector.connect(NAME, PORT).await.expect("it connects") };
        tokio::join!(connecting, self.accept())
    }

    /// The peer's end of the next connection.
    pub(crate) async fn accept(&self) -> TcpStream {
        self.listener.accept().await.expect("it listens").0
    }
}

/// A module on line that finds the peer at this address. Its guard time is short, and so is the pause between two
/// commands, so that the tests are.
pub(crate) async fn on_line(platform: Platform, address: SocketAddr) -> (VirtualModule, Modem) {
    let module =
        VirtualModule::builder(platform).resolve(NAME, PORT, address).build().expect("the module starts");
    let mut settings = Settings::default();
    settings.pause = Duration::ZERO;
    settings.quiet = Duration::from_millis(50);
    let modem = Modem::builder().apn("iot.test").settings(settings).open(module.attach_duplex());
    let modem = modem.await.expect("the module answers");
    modem.bring_up().await.expect("it comes on line");
    (module, modem)
}

/// Sends everything back until the other side ends.
pub(crate) async fn echo(mut remote: TcpStream) {
    let (mut reading, mut writing) = remote.split();
    // Whatever ends it ends the echo.
    drop(tokio::io::copy(&mut reading, &mut writing).await);
    drop(writing.shutdown().await);
}

pub(crate) async fn read(source: &mut (impl AsyncReadExt + Unpin), length: usize) -> Vec<u8> {
    let mut data = vec![0; length];
    let read = tokio::time::timeout(Duration::from_secs(20), source.read_exact(&mut data)).await;
    read.expect("it comes in time").expect("it is read");
    data
}

/// Bytes in which a shift, a loss or a doubling shows.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut data = Vec::with_capacity(length + 8);
    while data.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend_from_slice(&state.to_le_bytes());
    }
    data.truncate(length);
    data
}

/// The TCP connections between module and peer, to be cut below TLS.
pub(crate) struct Wire {
    address: SocketAddr,
    cut: tokio::sync::watch::Sender<Option<Cut>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// In order, but without a word from TLS.
    Close,
    Reset,
}

impl Wire {
    async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let (cut, cuts) = tokio::sync::watch::channel(None);
        tokio::spawn(async move {
            while let Ok((module, _)) = listener.accept().await {
                tokio::spawn(carry(module, target, cuts.clone()));
            }
        });
        Self { address, cut }
    }

    pub(crate) fn cut(&self, how: Cut) {
        self.cut.send(Some(how)).expect("somebody carries");
    }
}

async fn carry(
    mut module: TcpStream,
    target: SocketAddr,
    mut cuts: tokio::sync::watch::Receiver<Option<Cut>>,
) {
    let mut peer = TcpStream::connect(target).await.expect("the peer listens");
    let how = tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut module, &mut peer) => return,
        how = cuts.wait_for(Option::is_some) => *how.expect("the test runs"),
    };
    if how == Some(Cut::Reset) {
        module.set_zero_linger().expect("it is a socket");
    }
}
