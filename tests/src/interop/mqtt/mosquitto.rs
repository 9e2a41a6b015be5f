//! Mosquitto.

use std::path::Path;
use std::process::Command;

use super::broker::{Broker, HOST, clients};
use crate::interop::credentials::Credentials;
use crate::interop::program::required;
use crate::interop::server::Server;

pub(in crate::interop) struct Mosquitto {
    pub(in crate::interop) server: Server<1>,
    pub(in crate::interop) credentials: Credentials,
}

impl Mosquitto {
    /// In the manner of AWS `IoT`: nothing above "at least once".
    pub(in crate::interop) async fn start_like_aws() -> Option<Self> {
        Self::start_with(&["max_qos 1"]).await
    }

    /// With more lines in its configuration.
    pub(in crate::interop) async fn start_with(more: &[&str]) -> Option<Self> {
        let program = required("mosquitto", "mosquitto")?;
        clients()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        let server = Server::start(folder, |folder, [port]| {
            let file = folder.join("mosquitto.conf");
            std::fs::write(&file, configuration(port, more)).expect("the folder is writable");
            let mut command = Command::new(&program);
            command.arg("-c").arg(file);
            command
        });
        Some(Self { server: server.await, credentials })
    }
}

impl Broker for Mosquitto {
    async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn port(&self) -> u16 {
        let [port] = self.server.ports();
        port
    }

    fn folder(&self) -> &Path {
        self.server.folder()
    }
}

fn configuration(port: u16, more: &[&str]) -> String {
    let lines = [
        // Otherwise a broker that root starts becomes another user, who cannot read the key.
        "user root",
        "per_listener_settings true",
        &format!("listener {port} 127.0.0.1"),
        "cafile ca.pem",
        "certfile server.pem",
        "keyfile server.key",
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous false",
        "max_packet_size 131072",
        "log_dest stderr",
        "log_type all",
    ];
    [&lines, more].concat().join("\n")
}
