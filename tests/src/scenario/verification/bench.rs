//! A module of some platform on line, and all servers for it.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use telit_core::Modem;
use telit_core::at::Settings;
use telit_core::socket::{SocketError, TlsConnector};
use telit_core::tls::{TlsOptions, TlsOptionsBuilder};
use telit_simulator::servers::{Front, FtpsOptions, FtpsServer, Handshake};
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::certificates::{Certificates, HOST, ca};
use super::server::Server;
use crate::ftps_relay::FtpsRelay;
use crate::waived::{strongest, waived};

pub(super) const USER: &str = "device";
pub(super) const PASSWORD: &str = "open sesame";

pub(super) struct Bench {
    pub(super) certificates: Arc<Certificates>,
    pub(super) modem: Modem,
    fronts: Vec<(Server, Front)>,
    _module: VirtualModule,
}

/// What all platforms share.
struct Shared {
    certificates: Arc<Certificates>,
    echo: SocketAddr,
    /// One behind all relays, and a relay with each certificate.
    _files: FtpsServer,
    file_servers: Vec<(Server, FtpsRelay)>,
}

/// Runs a scenario on every platform at the same time, each with servers of its own.
pub(super) async fn on_every_platform<S, F>(scenario: S)
where
    S: Fn(Bench) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    let shared = Arc::new(Shared::start().await);
    let mut running = JoinSet::new();
    let mut names = HashMap::new();
    for platform in Platform::ALL {
        let (shared, scenario) = (Arc::clone(&shared), scenario.clone());
        let task = running.spawn(async move { scenario(Bench::start(platform, &shared).await).await });
        names.insert(task.id(), platform.id());
    }
    let mut failed = Vec::new();
    while let Some(ended) = running.join_next_with_id().await {
        if let Err(error) = ended {
            failed.push(names[&error.id()]);
        }
    }
    assert!(failed.is_empty(), "failed on platforms {failed:?}");
}

impl Bench {
    async fn start(platform: Platform, shared: &Shared) -> Self {
        let mut fronts = Vec::new();
        let mut builder = VirtualModule::builder(platform);
        for server in Server::ALL {
            let front = server.start(&shared.certificates, shared.echo).await;
            builder = builder.resolve(HOST, server.port(), front.addr());
            fronts.push((server, front));
        }
        for (server, files) in &shared.file_servers {
            builder = builder.resolve(HOST, server.file_port(), files.addr());
        }
        let module = builder.build().expect("the module starts");
        let mut settings = Settings::default();
        settings.pause = Duration::ZERO;
        let opening = Modem::builder().apn("iot.test").settings(settings).open(module.attach_duplex());
        let modem = opening.await.expect("the module answers");
        modem.bring_up().await.expect("it comes on line");
        Self { certificates: Arc::clone(&shared.certificates), modem, fronts, _module: module }
    }

    /// Trusts the authority, and waives only what the platform cannot do.
    pub(super) fn tls(&self) -> TlsOptionsBuilder {
        let profile = self.modem.profile();
        let builder = TlsOptions::builder().ca(ca(&self.certificates.authority));
        strongest(profile, waived(profile, builder))
    }

    /// Connects, and sees bytes come back.
    pub(super) async fn connect(&self, server: Server, tls: TlsOptions) -> Result<(), SocketError> {
        let mut socket = TlsConnector::new(&self.modem, tls).connect(HOST, server.port()).await?;
        let exchanged = async {
            socket.write_all(b"there and back").await?;
            let mut answer = [0; 14];
            socket.read_exact(&mut answer).await?;
            assert_eq!(&answer, b"there and back");
            io::Result::Ok(())
        };
        match exchanged.await {
            Ok(()) => socket.close().await,
            Err(error) => Err(error.downcast().expect("the cause is told")),
        }
    }

    /// What a server has seen so far.
    pub(super) fn seen_by(&self, server: Server) -> Vec<Handshake> {
        let front = self.fronts.iter().find(|(it, _)| *it == server);
        front.expect("all are started").1.handshakes()
    }

    /// What a server says of its only handshake, which failed.
    pub(super) async fn failure_seen_by(&self, server: Server) -> String {
        let front = self.fronts.iter().find(|(it, _)| *it == server);
        let handshakes = front.expect("all are started").1.wait_for_handshakes(1).await;
        let [Handshake { error: Some(error), .. }] = &handshakes[..] else { panic!("{handshakes:?}") };
        error.clone()
    }
}

impl Shared {
    async fn start() -> Self {
        let certificates = Certificates::new();
        let options = FtpsOptions::new(&certificates.right).user(USER, PASSWORD);
        let files = FtpsServer::start(&options).await.expect("it starts");
        let mut file_servers = Vec::new();
        for server in Server::WITH_FILES {
            let relay = FtpsRelay::start(server.certificate(&certificates), files.addr());
            file_servers.push((server, relay.await));
        }
        Self { certificates, echo: start_echo().await, _files: files, file_servers }
    }
}

async fn start_echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut reading, mut writing) = stream.split();
                tokio::io::copy(&mut reading, &mut writing).await
            });
        }
    });
    address
}
