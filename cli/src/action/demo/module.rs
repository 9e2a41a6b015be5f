//! The module: on, in the network, with certificates.

use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::platform::PlatformId;
use telit_core::tls::{self, CaCertificate, Identity, Provision, TlsOptions};
use telit_simulator::VirtualModule;
use telit_simulator::servers::TestServers;
use telit_simulator::servers::aws::AwsIot;

use super::report::Done;
use crate::args::GlobalArguments;
use crate::failure::Failure;
use crate::port;
use crate::resolve::Resolve;
use crate::virtual_module::{self, Settings};

/// An open module and the virtual one behind it.
pub(super) struct Opened {
    pub(super) modem: Modem,
    _virtual_module: VirtualModule,
}

/// Ports as servers of the real world have them; the virtual network knows where they really are.
pub(super) const BROKER_PORT: u16 = 8883;
const HTTPS_PORT: u16 = 443;
const FTP_PORT: u16 = 21;

/// Opens a virtual module, identifies it and takes it into the network.
pub(super) async fn open(
    servers: &TestServers,
    cloud: &AwsIot,
    arguments: &GlobalArguments,
) -> Result<Done<Opened>, Failure> {
    let resolve = names(servers, cloud);
    let platform = arguments.platform.0.unwrap_or(PlatformId::P37);
    let settings = Settings { resolve: &resolve, baud: arguments.baud, ..Settings::new(platform) };
    let virtual_module = virtual_module::start(&settings)?;
    let mut builder = Modem::builder().apn(arguments.apn.as_deref().unwrap_or("iot.example"));
    if let Some(recorder) = port::recorder(arguments)? {
        builder = builder.recorder(recorder);
    }
    let modem = builder.open(virtual_module.attach_duplex()).await?;
    let online = modem.bring_up().await?;
    let (model, firmware) = (modem.model().to_owned(), modem.firmware().to_owned());
    let platform = modem.profile().id.to_string();
    let text = format!("virtual {model}, firmware {firmware}, platform {platform}, {}", online.registration);
    let opened = Opened { modem, _virtual_module: virtual_module };
    Ok(Done::new(opened, text).fact("model", model).fact("firmware", firmware).fact("platform", platform))
}

/// Stores CA, certificate and key, and finds that a second time nothing is left to do.
pub(super) async fn provision(modem: &Modem, servers: &TestServers) -> Result<Done<()>, Failure> {
    let (authority, identity) = (authority(servers)?, identity(servers)?);
    let lease = modem.acquire_tls(Service::Socket).await?;
    let first = tls::provision(modem, &lease, std::slice::from_ref(&authority), Some(&identity)).await?;
    let second = tls::provision(modem, &lease, &[authority], Some(&identity)).await?;
    lease.release();
    let all = |done: tls::Provisioned, expected| {
        [done.authorities, done.certificate, done.key].iter().all(|outcome| *outcome == expected)
    };
    if !all(first, Provision::Stored) || !all(second, Provision::Unchanged) {
        return Err(super::differs("the credentials on the module"));
    }
    let text = "CA, client certificate and key stored; a second time nothing was written";
    Ok(Done::new((), text).fact("ca", "stored").fact("cert", "stored").fact("key", "stored"))
}

/// TLS as the servers need it: their CA, and who we are where that is asked for.
pub(super) fn tls_options(servers: &TestServers) -> Result<TlsOptions, Failure> {
    Ok(TlsOptions::builder().ca(authority(servers)?).identity(identity(servers)?).build()?)
}

pub(super) fn authority(servers: &TestServers) -> Result<CaCertificate, Failure> {
    Ok(CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?)
}

pub(super) fn identity(servers: &TestServers) -> Result<Identity, Failure> {
    let client = servers.client();
    Ok(Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes())?)
}

fn names(servers: &TestServers, cloud: &AwsIot) -> [Resolve; 4] {
    let resolve = |host: &str, port, address| Resolve { host: host.to_owned(), port, address };
    [
        resolve(TestServers::BROKER_NAME, BROKER_PORT, servers.broker().addr()),
        resolve(super::shadow::ENDPOINT, BROKER_PORT, cloud.addr()),
        resolve(TestServers::REST_NAME, HTTPS_PORT, servers.rest().addr()),
        resolve(TestServers::FILES_NAME, FTP_PORT, servers.ftps().addr()),
    ]
}
