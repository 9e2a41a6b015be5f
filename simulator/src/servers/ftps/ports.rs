//! Ports for the data channels.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use async_trait::async_trait;
use libunftp::options::Binder;
use tokio::net::TcpSocket;

/// Lets the system choose a free port, where libunftp would try random ones and give up after nine.
#[derive(Debug)]
pub(super) struct LoopbackPorts;

#[async_trait]
impl Binder for LoopbackPorts {
    async fn bind(&mut self, local: IpAddr, _: RangeInclusive<u16>) -> io::Result<TcpSocket> {
        let socket = if local.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(local, 0))?;
        Ok(socket)
    }
}
