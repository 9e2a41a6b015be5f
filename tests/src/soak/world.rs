//! Servers, a module that is supervised, and what the clients need.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use telit_core::driver::BoxedStream;
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_core::{Backoff, Modem};
use telit_simulator::servers::{CertificateRequest, Front, FrontOptions, TestServers};
use telit_simulator::{Platform, VirtualModule};
use tokio::net::TcpListener;

use super::plan::Plan;
use crate::rig::module_for;

/// The name and port of the peer that sends everything back.
pub(super) const ECHO: (&str, u16) = ("echo.test", 7777);
/// So many bytes come for each one that is lost on the line.
pub(super) const BYTES_PER_LOSS: u64 = 50_000;

pub(super) struct World {
    pub(super) servers: TestServers,
    pub(super) module: Arc<VirtualModule>,
    pub(super) supervisor: Supervisor,
    /// While this is set, the port cannot be opened.
    unplugged: Arc<AtomicBool>,
    _echo: Front,
}

impl World {
    pub(super) async fn start(plan: &Plan) -> Self {
        let servers = TestServers::start().await.expect("the servers start");
        let echo = start_echo(&servers).await;
        let losses = format!("drop-byte:one-in={BYTES_PER_LOSS},seed={},times=0", plan.seed);
        let module = module_for(Platform::P37, &servers, servers.ftps().addr())
            .resolve(ECHO.0, ECHO.1, echo.addr())
            .start_up(Duration::from_millis(500))
            .fault(losses.parse().expect("it is a fault"))
            .build()
            .expect("the module starts");
        let module = Arc::new(module);
        let unplugged = Arc::new(AtomicBool::new(false));
        let (port, pulled) = (Arc::clone(&module), Arc::clone(&unplugged));
        let source = move || {
            let stream = match pulled.load(Ordering::Relaxed) {
                true => Err(std::io::Error::new(std::io::ErrorKind::NotFound, "the port is pulled")),
                false => Ok(Box::pin(port.attach_duplex()) as BoxedStream),
            };
            std::future::ready(stream)
        };
        let backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2));
        let options = SupervisorOptions::default()
            .heartbeat(Some(Duration::from_secs(2)))
            .max_attempts(100)
            .backoff(backoff);
        let builder = Modem::builder().apn("iot.test").registration_timeout(Duration::from_secs(20));
        let supervisor = Supervisor::start(builder, source, options).await.expect("it comes on line");
        Self { servers, module, supervisor, unplugged, _echo: echo }
    }

    pub(super) fn modem(&self) -> &Modem {
        self.supervisor.modem()
    }

    /// Waits until the module can be used.
    pub(super) async fn up(&self) {
        self.modem().health().up().await.expect("it is never given up");
    }

    pub(super) fn pull_the_port(&self) {
        self.unplugged.store(true, Ordering::Relaxed);
        self.module.unplug();
    }

    pub(super) fn plug_in_again(&self) {
        self.unplugged.store(false, Ordering::Relaxed);
    }

    pub(super) fn tls(&self) -> TlsOptions {
        let authority = self.servers.authority().certificate_pem();
        let client = self.servers.client();
        let identity = Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes());
        TlsOptions::builder()
            .ca(CaCertificate::from_pem(authority.as_bytes()).expect("it is a CA"))
            .identity(identity.expect("they fit"))
            .build()
            .expect("it fits together")
    }
}

async fn start_echo(servers: &TestServers) -> Front {
    let request = CertificateRequest::server(ECHO.0);
    let issued = servers.authority().issue(&request).expect("it is issued");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let backend = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut remote, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut reading, mut writing) = remote.split();
                // Whatever ends it ends the echo.
                drop(tokio::io::copy(&mut reading, &mut writing).await);
            });
        }
    });
    Front::start(&FrontOptions::new(&issued), backend).await.expect("the front starts")
}
