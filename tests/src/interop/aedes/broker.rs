//! The broker in a process of its own.

use std::path::PathBuf;
use std::process::Command;

use super::super::credentials::Credentials;
use super::super::device::Device;
use super::super::program::{missing, required};
use super::super::server::Server;
use crate::rig::MQTTS;

pub(super) const HOST: &str = "broker.test";

const SCRIPT: &str = include_str!("broker.mjs");

pub(super) struct Aedes {
    pub(super) server: Server<1>,
    pub(super) credentials: Credentials,
}

impl Aedes {
    pub(super) async fn start() -> Option<Self> {
        let node = required("node", "nodejs")?;
        let entry = entry_point()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        std::fs::write(folder.path().join("broker.mjs"), SCRIPT).expect("the folder is writable");
        let server = Server::start(folder, |_, [port]| {
            let mut command = Command::new(&node);
            command.arg("broker.mjs").arg(&entry).arg(port.to_string());
            command
        });
        Some(Self { server: server.await, credentials })
    }

    pub(super) async fn device(&self) -> Device {
        let [port] = self.server.ports();
        Device::online(&[(HOST, MQTTS, port)]).await
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
