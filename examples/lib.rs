//! Where the examples run, so that each of them shows nothing but its subject.

use anyhow::{Context, Result};
use telit_core::Modem;
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};

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
    /// The web server.
    pub web: String,
    /// The file server, which has a file `firmware.bin`.
    pub files: String,
    /// The user of the file server.
    pub user: String,
    /// Its password.
    pub password: String,
    _running: Option<(TestServers, VirtualModule)>,
}

impl Bench {
    /// Starts what the arguments ask for.
    ///
    /// # Errors
    /// Something is missing or cannot be started.
    pub async fn start() -> Result<Self> {
        match std::env::args().nth(1) {
            None => Self::on_virtual_module().await,
            Some(port) => Self::on_port(&port).await,
        }
    }

    async fn on_virtual_module() -> Result<Self> {
        let servers = TestServers::start().await?;
        servers.ftps().put_file("firmware.bin", vec![0x5a; 200_000])?;
        let module = VirtualModule::builder(Platform::P37)
            .resolve(TestServers::BROKER_NAME, 8883, servers.broker().addr())
            .resolve(TestServers::REST_NAME, 443, servers.rest().addr())
            .resolve(TestServers::FILES_NAME, 21, servers.ftps().addr())
            .build()?;
        let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await?;
        modem.bring_up().await?;
        let client = servers.client();
        let identity = Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes())?;
        let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
        Ok(Self {
            modem,
            tls: TlsOptions::builder().ca(ca).identity(identity).build()?,
            broker: TestServers::BROKER_NAME.to_owned(),
            web: TestServers::REST_NAME.to_owned(),
            files: TestServers::FILES_NAME.to_owned(),
            user: TestServers::FTP_USER.to_owned(),
            password: TestServers::FTP_PASSWORD.to_owned(),
            _running: Some((servers, module)),
        })
    }

    async fn on_port(port: &str) -> Result<Self> {
        let mut builder = Modem::builder();
        if let Ok(apn) = std::env::var("TELIT_APN") {
            builder = builder.apn(apn);
        }
        let modem = builder.open_serial(port).await?;
        modem.bring_up().await?;
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
            files: host,
            user: std::env::var("TELIT_USER").unwrap_or_default(),
            password: std::env::var("TELIT_PASSWORD").unwrap_or_default(),
            _running: None,
        })
    }
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("the environment variable {name} is not set"))
}

fn file(name: &str) -> Result<Vec<u8>> {
    let path = variable(name)?;
    std::fs::read(&path).with_context(|| format!("{path}, from {name}"))
}
