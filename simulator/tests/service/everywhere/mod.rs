//! HTTP, FTP and MQTT on every platform that has them, with TLS where the platform has it for them.

mod ftp;
mod http;
mod mqtt;

use std::net::SocketAddr;

use telit_simulator::servers::{Authority, CertificateRequest, FrontOptions, Issued};
use telit_simulator::{Builder, VirtualModule};

use crate::dialect::Dialect;
use crate::port::{Port, go_online, start_newest};

struct Certified {
    authority: Authority,
    server: Issued,
}

impl Certified {
    fn new(name: &str) -> Self {
        let authority = Authority::new().unwrap();
        let server = authority.issue(&CertificateRequest::server(name)).unwrap();
        Self { authority, server }
    }

    fn front(&self) -> FrontOptions {
        FrontOptions::new(&self.server).danger_accept_everything()
    }
}

/// Registered, with a context.
async fn ready(dialect: &Dialect, module: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = start_newest(module).await;
    go_online(&mut port, dialect.platform).await;
    (module, port)
}

/// A module that can find `host:port` at `address`.
fn finding(dialect: &Dialect, host: &str, port: u16, address: SocketAddr) -> Builder {
    dialect.module().resolve(host, port, address)
}

fn suite_name(dialect: &Dialect) -> Option<String> {
    Some(
        match dialect.suite.1 {
            0x002F => "TLS_RSA_WITH_AES_128_CBC_SHA",
            0x003C => "TLS_RSA_WITH_AES_128_CBC_SHA256",
            0x006B => "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
            _ => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        }
        .to_owned(),
    )
}
