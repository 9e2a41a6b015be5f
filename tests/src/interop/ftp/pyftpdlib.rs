//! pyftpdlib, a server in Python.

use std::process::Command;

use super::server::{FtpServer, Manner, Tls, Traits, prepare};
use crate::interop::program::missing;
use crate::interop::server::{OUTPUT, Server};

const SCRIPT: &str = include_str!("pyftpdlib_server.py");
const TRAITS: Traits =
    Traits { reuse_setting: "", idle_mark: (OUTPUT, "Control connection timed out"), directory: None };

pub(super) async fn start(tls: Tls, manner: Manner) -> Option<FtpServer> {
    let python = python()?;
    let (folder, credentials) = prepare("pyftpdlib")?;
    let server = Server::start(folder, |folder, [port]| {
        let file = folder.join("server.py");
        std::fs::write(&file, SCRIPT).expect("the folder is writable");
        let mut command = Command::new(python);
        command.arg(file).arg(folder).arg(port.to_string()).arg(format!("{manner:?}"));
        command
    });
    Some(FtpServer::new(server.await, credentials, tls, TRAITS))
}

/// Debian's Python has its packages; another one may come first on `PATH`.
fn python() -> Option<&'static str> {
    for python in ["/usr/bin/python3", "python3"] {
        let found = Command::new(python).args(["-c", "import pyftpdlib, OpenSSL"]).output();
        if found.is_ok_and(|output| output.status.success()) {
            return Some(python);
        }
    }
    missing("pyftpdlib", "python3-pyftpdlib, and pyOpenSSL in python3-openssl");
    None
}
