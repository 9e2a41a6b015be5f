//! Many virtual modules that come and go, and a broker for them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use telit_core::driver::BoxedStream;
use telit_core::pool::PortChange;
use telit_core::supervisor::PortSource;
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};
use tokio::sync::mpsc;

/// Virtual modules `m1`, `m2`, ... in one process, whose plugs are pulled and put back.
#[derive(Debug)]
pub struct Fleet {
    servers: TestServers,
    modules: Vec<Arc<Plugged>>,
    ports: mpsc::Sender<PortChange>,
}

#[derive(Debug)]
struct Plugged {
    module: VirtualModule,
    is_in: AtomicBool,
}

impl Fleet {
    /// The name of the broker in the virtual network.
    pub const BROKER: &'static str = TestServers::BROKER_NAME;

    /// So many modules, all of them plugged in, and what tells of their ports.
    ///
    /// # Errors
    /// Something cannot be started.
    pub async fn start(count: usize) -> Result<(Self, mpsc::Receiver<PortChange>)> {
        let servers = TestServers::start().await?;
        let mut modules = Vec::new();
        for _ in 0..count {
            let builder = VirtualModule::builder(Platform::P37).start_up(Duration::from_millis(100));
            let builder = builder.resolve(TestServers::BROKER_NAME, 8883, servers.broker().addr());
            modules.push(Arc::new(Plugged { module: builder.build()?, is_in: AtomicBool::new(true) }));
        }
        let (ports, changes) = mpsc::channel(count.max(1));
        let fleet = Self { servers, modules, ports };
        for index in 0..count {
            fleet.appears(index).await?;
        }
        Ok((fleet, changes))
    }

    /// Trusts the broker's authority, and shows a certificate that it takes.
    ///
    /// # Errors
    /// A certificate that cannot be read.
    pub fn tls(&self) -> Result<TlsOptions> {
        let (authority, client) = (self.servers.authority().certificate_pem(), self.servers.client());
        let identity = Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes())?;
        let ca = CaCertificate::from_pem(authority.as_bytes())?;
        Ok(TlsOptions::builder().ca(ca).identity(identity).build()?)
    }

    /// Waits until the broker has had so many messages of each module from now on.
    pub async fn each_publishes(&self, count: usize) {
        let broker = self.servers.broker();
        let before = broker.messages().len();
        let mut total = before;
        loop {
            let mut messages = BTreeMap::new();
            for message in broker.wait_for_messages(total).await.drain(before..) {
                *messages.entry(message.topic).or_insert(0) += 1;
            }
            if messages.len() == self.modules.len() && messages.values().all(|messages| *messages >= count) {
                return;
            }
            total = before + messages.values().sum::<usize>() + 1;
        }
    }

    /// Pulls the plug of the first module for a second.
    ///
    /// # Errors
    /// Nobody follows the ports any more.
    pub async fn make_trouble(&self) -> Result<()> {
        let Some(plugged) = self.modules.first() else { return Ok(()) };
        plugged.is_in.store(false, Ordering::Relaxed);
        plugged.module.unplug();
        self.ports.send(PortChange::vanished(name(0))?).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        plugged.is_in.store(true, Ordering::Relaxed);
        self.appears(0).await
    }

    async fn appears(&self, index: usize) -> Result<()> {
        let Some(plugged) = self.modules.get(index) else { return Ok(()) };
        Ok(self.ports.send(PortChange::appeared(name(index), port(Arc::clone(plugged)))?).await?)
    }
}

fn name(index: usize) -> String {
    format!("m{}", index + 1)
}

fn port(plugged: Arc<Plugged>) -> impl PortSource {
    move || {
        let opened: io::Result<BoxedStream> = match plugged.is_in.load(Ordering::Relaxed) {
            true => Ok(Box::pin(plugged.module.attach_duplex())),
            false => Err(io::Error::new(io::ErrorKind::NotFound, "it is not plugged in")),
        };
        std::future::ready(opened)
    }
}
