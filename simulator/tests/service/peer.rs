//! A TLS peer that the test speaks for.

use telit_simulator::servers::{Authority, CertificateRequest, Front, FrontOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench;
use crate::port::Port;

pub(crate) struct Peer {
    pub(crate) authority: Authority,
    pub(crate) front: Front,
    listener: TcpListener,
}

impl Peer {
    pub(crate) async fn new() -> Self {
        let authority = Authority::new().unwrap();
        let issued = authority.issue(&CertificateRequest::server("peer.test")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let backend = listener.local_addr().unwrap();
        let front = Front::start(&FrontOptions::new(&issued), backend).await.unwrap();
        Self { authority, front, listener }
    }

    /// The peer's end of the next connection.
    pub(crate) async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    /// A module that is ready to dial this peer, with these settings of `#SSLCFG` behind `<cid>`.
    pub(crate) async fn module(&self, configuration: &str) -> (telit_simulator::VirtualModule, Port) {
        self.set_up(bench::module("peer.test", 443, self.front.addr()), configuration).await
    }

    /// The same on a line of this rate.
    pub(crate) async fn paced_module(
        &self,
        baud: u32,
        configuration: &str,
    ) -> (telit_simulator::VirtualModule, Port) {
        let module = bench::module("peer.test", 443, self.front.addr()).baud(Some(baud));
        self.set_up(module, configuration).await
    }

    async fn set_up(
        &self,
        module: telit_simulator::Builder,
        configuration: &str,
    ) -> (telit_simulator::VirtualModule, Port) {
        let (module, mut port) = bench::ready(module).await;
        port.ok("AT#SSLEN=1,1").await;
        port.ok(&format!("AT#SSLCFG=1,1,{configuration}")).await;
        bench::verify(&mut port, &self.authority.certificate_pem()).await;
        (module, port)
    }
}

pub(crate) async fn receive(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut data = vec![0; length];
    stream.read_exact(&mut data).await.unwrap();
    data
}

pub(crate) async fn send(stream: &mut TcpStream, data: impl AsRef<[u8]>) {
    stream.write_all(data.as_ref()).await.unwrap();
}
