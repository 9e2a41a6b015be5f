//! Python's http.server, with its ssl module.

use std::process::Command;

use super::contents;
use super::server::{HOST, Server};
use super::shapes::{LONG_VALUE, MANY, ODD_TYPE};
use crate::interop::credentials::Credentials;
use crate::interop::program::required;
use crate::interop::server::Server as Process;

const SCRIPT: &str = include_str!("server.py");

pub(super) struct Python {
    credentials: Credentials,
    process: Process<1>,
}

impl Server for Python {
    const NAME: &'static str = "python";

    const LEFT_OUT: &'static [(&'static str, &'static str)] = &[];

    async fn start() -> Option<Self> {
        let program = required("python3", "python3")?;
        required("curl", "curl")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        let write = |name: &str, content: &[u8]| {
            std::fs::write(folder.path().join(name), content).expect("the folder is writable");
        };
        write("server.py", SCRIPT.as_bytes());
        std::fs::create_dir(folder.path().join("files")).expect("the folder is writable");
        contents::all().iter().for_each(|(name, content)| write(&format!("files/{name}"), content));
        let process = Process::start(folder, |_, [port]| {
            let mut command = Command::new(&program);
            command.args(["server.py", &port.to_string(), ODD_TYPE]);
            command.args([LONG_VALUE, MANY].map(|number| number.to_string()));
            command
        });
        Some(Self { credentials, process: process.await })
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn port(&self) -> u16 {
        self.process.ports()[0]
    }
}
