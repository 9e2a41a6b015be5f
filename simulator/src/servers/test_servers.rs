//! Everything at once.

use std::net::Ipv4Addr;

use openssl::pkey::{PKey, Private};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use super::broker::{Broker, BrokerOptions};
use super::certificate::{CertificateRequest, Issued, KeyKind, generate_key};
use super::ftps::{FtpsOptions, FtpsServer};
use super::rest::{RestOptions, RestServer};
use super::{Authority, ServerError};

/// An authority, a broker with mutual TLS, a REST server, an FTPS server and a client certificate.
///
/// Each server's certificate has its host name, `localhost` and `127.0.0.1` as alternative names. The host names
/// exist nowhere: tell the client to look for them at the addresses given.
#[derive(Debug)]
pub struct TestServers {
    authority: Authority,
    client: Issued,
    broker: Broker,
    rest: RestServer,
    ftps: FtpsServer,
}

impl TestServers {
    /// The host name in the broker's certificate.
    pub const BROKER_NAME: &'static str = "broker.test";
    /// The host name in the REST server's certificate.
    pub const REST_NAME: &'static str = "rest.test";
    /// The host name in the file server's certificate.
    pub const FILES_NAME: &'static str = "files.test";
    /// The common name of [`client`](Self::client)'s certificate.
    pub const CLIENT_NAME: &'static str = "virtual-module";
    /// The user of the file server.
    pub const FTP_USER: &'static str = "device";
    /// The password of [`FTP_USER`](Self::FTP_USER).
    pub const FTP_PASSWORD: &'static str = "let-me-in";

    /// Starts all three; returns once they accept connections. Nearly all of the time goes into keys, which are
    /// generated side by side: that of the authority each time, those of the servers and of the client once a process.
    ///
    /// # Errors
    /// What [`Authority::new`] and the `start` of each server may return.
    pub async fn start() -> Result<Self, ServerError> {
        let (authority, keys) =
            tokio::try_join!(aside(Authority::new), KEYS.get_or_try_init(Keys::generate))?;
        let broker_certificate = authority.certify(&server_request(Self::BROKER_NAME), &keys.broker)?;
        let rest_certificate = authority.certify(&server_request(Self::REST_NAME), &keys.rest)?;
        let files_certificate = authority.certify(&server_request(Self::FILES_NAME), &keys.files)?;
        let client = authority.certify(&CertificateRequest::client(Self::CLIENT_NAME), &keys.client)?;

        let broker_options = BrokerOptions::mutual_tls(&broker_certificate, &authority);
        let rest_options = RestOptions::server_tls(&rest_certificate);
        let ftps_options = FtpsOptions::new(&files_certificate).user(Self::FTP_USER, Self::FTP_PASSWORD);
        let (broker, rest, ftps) = tokio::try_join!(
            Broker::start(&broker_options),
            RestServer::start(&rest_options),
            FtpsServer::start(&ftps_options),
        )?;
        Ok(Self { authority, client, broker, rest, ftps })
    }

    /// What clients must trust.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A certificate and key that the broker accepts.
    pub fn client(&self) -> &Issued {
        &self.client
    }

    /// The MQTT broker, [`BROKER_NAME`](Self::BROKER_NAME).
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// The REST server, [`REST_NAME`](Self::REST_NAME).
    pub fn rest(&self) -> &RestServer {
        &self.rest
    }

    /// The file server, [`FILES_NAME`](Self::FILES_NAME).
    pub fn ftps(&self) -> &FtpsServer {
        &self.ftps
    }
}

/// Whoever trusts one authority must not trust the next one, so its key is not among them.
static KEYS: OnceCell<Keys> = OnceCell::const_new();

struct Keys {
    broker: PKey<Private>,
    rest: PKey<Private>,
    files: PKey<Private>,
    client: PKey<Private>,
}

impl Keys {
    async fn generate() -> Result<Self, ServerError> {
        let generate = || aside(|| generate_key(KeyKind::Rsa(2048)));
        let (broker, rest, files, client) = tokio::try_join!(generate(), generate(), generate(), generate())?;
        Ok(Self { broker, rest, files, client })
    }
}

fn server_request(name: &str) -> CertificateRequest {
    CertificateRequest::server(name).dns_name("localhost").address(Ipv4Addr::LOCALHOST)
}

async fn aside<T, F>(work: F) -> Result<T, ServerError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, ServerError> + Send + 'static,
{
    spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(ServerError::NotStarted { server: "key generator", reason: error.to_string() })
    })
}
