//! Where the examples run, so that each of them shows nothing but its subject.

mod figures;
mod fleet;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use serde_json::json;
use telit_core::Modem;
use telit_core::channels::Channels;
use telit_core::driver::BoxedStream;
use telit_core::modem::ModemBuilder;
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_core::transport::SerialPort;
use telit_mqtt::aws::AwsIot;
use telit_simulator::servers::aws::{self, AwsIotOptions, JobStatus, Policy};
use telit_simulator::servers::{CertificateRequest, Front, FrontOptions, TestServers};
use telit_simulator::{Platform, VirtualModule};

pub use figures::Figures;
pub use fleet::Fleet;

/// The port of the server that sends everything back.
pub const ECHO_PORT: u16 = 7;
/// Its name in the virtual network.
const ECHO_NAME: &str = "echo.test";

/// The endpoint that AWS has in the virtual network.
const ENDPOINT: &str = "example-ats.iot.eu-central-1.amazonaws.com";
/// The job that AWS has there for `thing-1`, and the hash of the firmware that it wants installed.
const JOB: &str = "firmware-7";
const JOB_THING: &str = "thing-1";
const FIRMWARE_SHA256: &str = "38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362";

/// The manifest of that firmware and its signature, as whoever makes the firmware puts them beside it.
const MANIFEST: &[u8] = include_bytes!("firmware/firmware.json");
const SIGNATURE: &[u8] = include_bytes!("firmware/firmware.json.sig");

/// Bits a second of a line that is to be pulled while it carries something.
const RATE: u32 = 921_600;
/// The virtual network takes any.
const APN: &str = "iot.test";

/// A module on line, and servers to talk to.
///
/// Without arguments it is a virtual module with servers of its own. With the name of a serial port as
/// the argument it is the module there, and the environment says the rest: `TELIT_APN`, `TELIT_CA`,
/// `TELIT_CERT` and `TELIT_KEY` (files), `TELIT_HOST`, `TELIT_USER` and `TELIT_PASSWORD`.
#[derive(Debug)]
pub struct Bench {
    /// The module, on line.
    pub modem: Modem,
    /// Whom to trust and who we are.
    pub tls: TlsOptions,
    /// The MQTT broker.
    pub broker: String,
    /// The web server, which has a file `/files/firmware.bin`.
    pub web: String,
    /// The file server, which has a file `firmware.bin`, its manifest `firmware.json` and the signature of that,
    /// `firmware.json.sig`.
    pub files: String,
    /// A server that sends everything back, on port [`ECHO_PORT`].
    pub echo: String,
    /// The user of the file server.
    pub user: String,
    /// Its password.
    pub password: String,
    world: Option<World>,
    _supervisor: Option<Supervisor>,
}

/// The virtual module and whom it can reach.
#[derive(Debug)]
struct World {
    servers: TestServers,
    cloud: aws::AwsIot,
    module: Arc<VirtualModule>,
    _echo: Front,
}

impl Bench {
    /// Starts what the arguments ask for.
    ///
    /// # Errors
    /// Something is missing or cannot be started.
    pub async fn start() -> Result<Self> {
        match std::env::args().nth(1) {
            None => {
                let world = World::start(None).await?;
                let modem = builder().apn(APN).open(world.module.attach_duplex()).await?;
                modem.bring_up().await?;
                Self::on_virtual_module(world, modem, None)
            }
            Some(port) => {
                let modem = builder().open_serial(&port).await?;
                modem.bring_up().await?;
                Self::on_port(modem, None)
            }
        }
    }

    /// As [`start`](Self::start), with several AT channels on the port. The modem is the first of them.
    ///
    /// # Errors
    /// As [`start`](Self::start), and the module may have no multiplexer.
    pub async fn multiplexed() -> Result<(Self, Channels)> {
        let first = |channels: &Channels| anyhow::Ok(channels.channel(1)?.clone());
        match std::env::args().nth(1) {
            None => {
                let world = World::start(Some(RATE)).await?;
                let channels = builder().apn(APN).multiplexed()?.open(world.module.attach_duplex()).await?;
                channels.bring_up().await?;
                let modem = first(&channels)?;
                Ok((Self::on_virtual_module(world, modem, None)?, channels))
            }
            Some(port) => {
                let channels = builder().multiplexed()?.open_serial(&port).await?;
                channels.bring_up().await?;
                let modem = first(&channels)?;
                Ok((Self::on_port(modem, None)?, channels))
            }
        }
    }

    /// As [`start`](Self::start), with a supervisor that looks after the module.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn supervised() -> Result<Self> {
        let options = SupervisorOptions::default();
        match std::env::args().nth(1) {
            None => {
                let world = World::start(Some(RATE)).await?;
                let module = Arc::clone(&world.module);
                let port = move || {
                    let stream: BoxedStream = Box::pin(module.attach_duplex());
                    std::future::ready(Ok(stream))
                };
                let supervisor = Supervisor::start(builder().apn(APN), port, options).await?;
                Self::on_virtual_module(world, supervisor.modem().clone(), Some(supervisor))
            }
            Some(port) => {
                let supervisor = Supervisor::start(builder(), SerialPort::new(port), options).await?;
                Self::on_port(supervisor.modem().clone(), Some(supervisor))
            }
        }
    }

    /// A thing at AWS IoT. A virtual module has a virtual AWS; otherwise `TELIT_HOST` is the endpoint, and `TELIT_CERT` and
    /// `TELIT_KEY` are the thing's.
    ///
    /// # Errors
    /// Something is missing.
    pub fn aws(&self, thing: &str) -> Result<AwsIot> {
        let Some(World { servers, .. }) = &self.world else {
            let identity = Identity::from_pem(&file("TELIT_CERT")?, &file("TELIT_KEY")?)?;
            return Ok(AwsIot::new(&variable("TELIT_HOST")?, thing, identity)?);
        };
        let authority = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
        Ok(AwsIot::new(ENDPOINT, thing, client_identity(servers)?)?.trust(authority))
    }

    /// Waits until the virtual AWS knows that its job is done, and tells how it stands. A real one is not asked: there
    /// it never ends.
    pub async fn job_is_done(&self) -> &'static str {
        let Some(World { cloud, .. }) = &self.world else { return std::future::pending().await };
        cloud.wait_for_job(JOB, JOB_THING, JobStatus::Succeeded).await.status.name()
    }

    /// Pulls the plug of the virtual module and restarts it. A real module is left alone: there it is up to you.
    pub fn make_trouble(&self) {
        if let Some(World { module, .. }) = &self.world {
            module.reboot();
            module.unplug();
        }
    }

    /// Breaks the connection of the virtual web server in the middle of the next file. A real one is left alone.
    pub fn cut_next_file(&self) {
        if let Some(World { servers, .. }) = &self.world {
            servers.rest().cut_next_file_after(80_000);
        }
    }

    fn on_virtual_module(world: World, modem: Modem, supervisor: Option<Supervisor>) -> Result<Self> {
        let servers = &world.servers;
        let identity = client_identity(servers)?;
        let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
        Ok(Self {
            modem,
            tls: TlsOptions::builder().ca(ca).identity(identity).build()?,
            broker: TestServers::BROKER_NAME.to_owned(),
            web: TestServers::REST_NAME.to_owned(),
            files: TestServers::FILES_NAME.to_owned(),
            echo: ECHO_NAME.to_owned(),
            user: TestServers::FTP_USER.to_owned(),
            password: TestServers::FTP_PASSWORD.to_owned(),
            _supervisor: supervisor,
            world: Some(world),
        })
    }

    fn on_port(modem: Modem, supervisor: Option<Supervisor>) -> Result<Self> {
        let mut tls = TlsOptions::builder().ca(CaCertificate::from_pem(&file("TELIT_CA")?)?);
        if std::env::var_os("TELIT_CERT").is_some() {
            tls = tls.identity(Identity::from_pem(&file("TELIT_CERT")?, &file("TELIT_KEY")?)?);
        }
        let host = variable("TELIT_HOST")?;
        Ok(Self {
            modem,
            tls: tls.build()?,
            broker: host.clone(),
            web: host.clone(),
            echo: host.clone(),
            files: host,
            user: std::env::var("TELIT_USER").unwrap_or_default(),
            password: std::env::var("TELIT_PASSWORD").unwrap_or_default(),
            _supervisor: supervisor,
            world: None,
        })
    }
}

impl World {
    async fn start(rate: Option<u32>) -> Result<Self> {
        let servers = TestServers::start().await?;
        servers.ftps().put_file("firmware.bin", vec![0x5a; 200_000])?;
        servers.ftps().put_file("firmware.json", MANIFEST)?;
        servers.ftps().put_file("firmware.json.sig", SIGNATURE)?;
        servers.rest().put_file("firmware.bin", vec![0x5a; 200_000]);
        let certificate = servers.authority().issue(&CertificateRequest::server(ECHO_NAME))?;
        let echo = Front::start(&FrontOptions::new(&certificate), echo()?).await?;
        let cloud = start_cloud(&servers).await?;
        let module = VirtualModule::builder(Platform::P37)
            .resolve(ENDPOINT, 8883, cloud.addr())
            .baud(rate)
            .resolve(ECHO_NAME, ECHO_PORT, echo.addr())
            .resolve(TestServers::BROKER_NAME, 8883, servers.broker().addr())
            .resolve(TestServers::REST_NAME, 443, servers.rest().addr())
            .resolve(TestServers::FILES_NAME, 21, servers.ftps().addr())
            .build()?;
        Ok(Self { servers, cloud, module: Arc::new(module), _echo: echo })
    }
}

/// AWS IoT, which knows the client certificate and has a job for a thing.
async fn start_cloud(servers: &TestServers) -> Result<aws::AwsIot> {
    let certificate = servers.authority().issue(&CertificateRequest::server(ENDPOINT))?;
    let cloud = aws::AwsIot::start(&AwsIotOptions::new(&certificate, servers.authority())).await?;
    cloud.register_certificate(servers.client().certificate_pem(), Policy::everything())?;
    let document = json!({ "path": "firmware.bin", "sha256": FIRMWARE_SHA256 });
    cloud.create_job(JOB, document, &[JOB_THING])?;
    Ok(cloud)
}

fn client_identity(servers: &TestServers) -> Result<Identity> {
    let client = servers.client();
    Ok(Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes())?)
}

fn builder() -> ModemBuilder {
    match std::env::var("TELIT_APN") {
        Ok(apn) => Modem::builder().apn(apn),
        Err(_) => Modem::builder(),
    }
}

/// Sends back what comes, without TLS: that stands in front.
fn echo() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || send_back(&connection));
        }
    });
    Ok(address)
}

fn send_back(mut connection: &TcpStream) -> io::Result<u64> {
    let mut reading = connection;
    io::copy(&mut reading, &mut connection)
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("the environment variable {name} is not set"))
}

fn file(name: &str) -> Result<Vec<u8>> {
    let path = variable(name)?;
    std::fs::read(&path).with_context(|| format!("{path}, from {name}"))
}
