//! rumqttd, as the simulator embeds it.

use std::path::Path;

use telit_simulator::servers::{self, BrokerOptions};
use tempfile::TempDir;

use super::broker::{Broker, HOST, clients};
use crate::interop::credentials::Credentials;

pub(super) struct Rumqttd {
    broker: servers::Broker,
    credentials: Credentials,
    folder: TempDir,
}

impl Broker for Rumqttd {
    async fn start() -> Option<Self> {
        clients()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        let options = BrokerOptions::mutual_tls(credentials.server(), credentials.authority());
        let broker = servers::Broker::start(&options).await.expect("it starts");
        Some(Self { broker, credentials, folder })
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn port(&self) -> u16 {
        self.broker.addr().port()
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
