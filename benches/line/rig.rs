//! The module and the servers, on threads of their own.

use std::time::Duration;

use telit_core::Modem;
use telit_core::at::Settings;
use telit_core::channels::Channels;
use telit_core::modem::ModemBuilder;
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};
use tokio::io::DuplexStream;
use tokio::runtime::{Builder, Runtime};

use super::{Setting, SharedLine};

/// What goes wrong in a bench ends it.
pub type Error = Box<dyn std::error::Error>;

/// Whether a short run is asked for, which still checks that the data are intact: `-- --quick`.
#[must_use]
pub fn is_quick() -> bool {
    std::env::args().any(|argument| argument == "--quick")
}

/// Runs the SDK on this thread and nothing else.
///
/// # Errors
/// Those of `bench`, and the system's if there can be no runtime.
pub fn run_alone<T>(bench: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    Builder::new_current_thread().enable_all().build()?.block_on(bench)
}

/// Servers and modules, on a thread that is not the SDK's.
#[derive(Debug)]
pub struct Rig {
    aside: Runtime,
    servers: TestServers,
}

impl Rig {
    /// Starts the servers.
    ///
    /// # Errors
    /// Those of the servers.
    pub fn start() -> Result<Self, Error> {
        let aside = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let servers = aside.block_on(TestServers::start())?;
        Ok(Self { aside, servers })
    }

    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &TestServers {
        &self.servers
    }

    /// A module that is registered and has its context, on a line like this one.
    ///
    /// # Errors
    /// Those of the SDK.
    pub async fn modem(&self, setting: &Setting) -> Result<(VirtualModule, SharedLine, Modem), Error> {
        let (module, stream) = self.module(setting)?;
        let (line, end) = SharedLine::new(stream);
        let modem = builder(setting).open(end).await?;
        modem.bring_up().await?;
        Ok((module, line, modem))
    }

    /// The same with several channels on its line, in frames of at most `frame_size` octets.
    ///
    /// # Errors
    /// Those of the SDK.
    pub async fn channels(
        &self,
        setting: &Setting,
        frame_size: u16,
    ) -> Result<(VirtualModule, Channels), Error> {
        let (module, stream) = self.module(setting)?;
        let channels = builder(setting).multiplexed()?.frame_size(frame_size).open(stream).await?;
        channels.bring_up().await?;
        Ok((module, channels))
    }

    /// A module, and the host's end of its line.
    fn module(&self, setting: &Setting) -> Result<(VirtualModule, DuplexStream), Error> {
        let servers = &self.servers;
        let builder = VirtualModule::builder(Platform::P37)
            .resolve(TestServers::FILES_NAME, 21, servers.ftps().addr())
            .resolve(TestServers::REST_NAME, 443, servers.rest().addr())
            .resolve(TestServers::BROKER_NAME, 8883, servers.broker().addr())
            .baud(setting.baud)
            .latency(setting.turnaround);
        let _aside = self.aside.enter();
        let module = builder.build()?;
        let stream = module.attach_duplex();
        Ok((module, stream))
    }

    /// TLS that trusts the servers.
    ///
    /// # Errors
    /// None that a sound authority gives.
    pub fn tls(&self) -> Result<TlsOptions, Error> {
        let ca = CaCertificate::from_pem(self.servers.authority().certificate_pem().as_bytes())?;
        Ok(TlsOptions::builder().ca(ca).build()?)
    }

    /// TLS with a client certificate, as the broker wants it.
    ///
    /// # Errors
    /// None that a sound authority gives.
    pub fn mutual_tls(&self) -> Result<TlsOptions, Error> {
        let ca = CaCertificate::from_pem(self.servers.authority().certificate_pem().as_bytes())?;
        let client = self.servers.client();
        let identity = Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes())?;
        Ok(TlsOptions::builder().ca(ca).identity(identity).build()?)
    }
}

fn builder(setting: &Setting) -> ModemBuilder {
    let mut settings = Settings::default();
    settings.pause = setting.pause;
    Modem::builder().apn("iot.test").settings(settings)
}

impl Drop for Rig {
    fn drop(&mut self) {
        // Servers with blocking work must not hold the bench up.
        let runtime = Builder::new_current_thread().build();
        if let Ok(runtime) = runtime {
            std::mem::replace(&mut self.aside, runtime).shutdown_timeout(Duration::from_secs(1));
        }
    }
}
