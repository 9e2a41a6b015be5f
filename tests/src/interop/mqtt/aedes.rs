//! Aedes, a broker of another world (Node.js).

use std::path::{Path, PathBuf};
use std::process::Command;

use super::broker::{Broker, HOST, clients};
use crate::interop::credentials::Credentials;
use crate::interop::program::{missing, required};
use crate::interop::server::Server;

const SCRIPT: &str = include_str!("aedes.mjs");

pub(super) struct Aedes {
    server: Server<1>,
    credentials: Credentials,
}

impl Broker for Aedes {
    async fn start() -> Option<Self> {
        let node = required("node", "nodejs")?;
        let entry = entry_point()?;
        clients()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        std::fs::write(folder.path().join("aedes.mjs"), SCRIPT).expect("the folder is writable");
        let server = Server::start(folder, |_, [port]| {
            let mut command = Command::new(&node);
            command.arg("aedes.mjs").arg(&entry).arg(port.to_string());
            command
        });
        Some(Self { server: server.await, credentials })
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

/// Where `npm install --prefix target/interop/aedes aedes` puts it.
fn entry_point() -> Option<PathBuf> {
    let target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/interop/aedes");
    let entry = target.join("node_modules/aedes/aedes.js");
    if entry.is_file() {
        return entry.canonicalize().ok();
    }
    missing("aedes", "npm, with `npm install --prefix target/interop/aedes aedes@1.2.0`");
    None
}
