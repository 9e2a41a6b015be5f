//! What every test needs: a module with a context, a set clock and a certificate authority.

use std::net::SocketAddr;
use std::time::SystemTime;

use telit_simulator::{Builder, VirtualModule};

use crate::port::{Port, builder, start};

/// A module that calls `host:port` what is at `address`.
pub(crate) fn module(host: &str, port: u16, address: SocketAddr) -> Builder {
    builder().resolve(host, port, address).clock(SystemTime::now())
}

/// Powers it on and activates the context.
pub(crate) async fn ready(builder: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = start(builder).await;
    port.ok("AT+CGDCONT=1,\"IP\",\"a\"").await;
    port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    (module, port)
}

/// Stores data in slot 1.
pub(crate) async fn store(port: &mut Port, data_type: u8, pem: &str) {
    port.ask(&format!("AT#SSLSECDATA=1,1,{data_type},{}", pem.len()), "\r\n> ").await;
    port.write(format!("{pem}\x1a")).await;
    port.expect("\r\nOK\r\n").await;
}

/// Server verification, host check, SNI, TLS 1.2 and no preloaded authority.
pub(crate) async fn verify(port: &mut Port, authority: &str) {
    port.ok("AT#SSLSECCFG=1,0xC02F,1").await;
    port.ok("AT#SSLSECCFG2=1,3,1,1,0,3").await;
    store(port, 1, authority).await;
}
