//! The virtual cellular network: names, dialling, loss.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::link::Link;
use super::mapping::{self, NameMapping};
use super::tls::{self, TlsSettings};
use super::{Connection, NetError};

/// The network that a virtual module is registered to. Clones are the same network.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    names: Arc<[NameMapping]>,
    link: Link,
}

impl Default for Network {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Network {
    /// A network where the names in `names` are where the table says, and all others where the system's resolver
    /// says.
    pub(crate) fn new(names: Vec<NameMapping>) -> Self {
        Self { names: names.into(), link: Link::new() }
    }

    /// Loses the network (`false`) or brings it back (`true`; the start state).
    ///
    /// When it is lost, every connection over it ends with [`super::StreamEnd::NetworkDown`] (the peer sees a reset), and
    /// dialling fails with [`NetError::NetworkDown`] until it is back.
    pub(crate) fn set_up(&self, up: bool) {
        self.link.set_up(up);
    }

    /// Whether the network is there.
    pub(crate) fn is_up(&self) -> bool {
        self.link.is_up()
    }

    /// Bytes sent and received by all connections so far. TLS counts by what it carries, not by its records.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        self.link.traffic()
    }

    /// The addresses of a name. `port` selects the entry of the name table.
    ///
    /// # Errors
    /// `Name`, `Timeout`, `NetworkDown`.
    pub(crate) async fn resolve(
        &self,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> Result<Vec<SocketAddr>, NetError> {
        self.guarded(limit, self.addresses(host, port)).await
    }

    /// Dials `host:port` and, with `tls`, makes the handshake. `limit` bounds all of it together.
    ///
    /// # Errors
    /// Any [`NetError`]. TLS settings that cannot work ([`super::TlsFailure::Credentials`],
    /// [`super::TlsFailure::NoSuite`]) fail before anything is sent.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the attempt and closes the socket.
    pub(crate) async fn connect(
        &self,
        host: &str,
        port: u16,
        tls: Option<&TlsSettings>,
        limit: Duration,
    ) -> Result<Connection, NetError> {
        let client = tls.map(tls::Client::new).transpose()?;
        self.guarded(limit, async {
            let addresses = self.addresses(host, port).await?;
            let connection = self.dial(&addresses).await?;
            match &client {
                Some(client) => connection.secured(client).await,
                None => Ok(connection),
            }
        })
        .await
    }

    /// Dials a known address, past the name table.
    pub(super) async fn connect_to(
        &self,
        address: SocketAddr,
        limit: Duration,
    ) -> Result<Connection, NetError> {
        self.guarded(limit, self.dial(&[address])).await
    }

    /// Where `host:port` is by the name table alone.
    pub(super) fn mapped(&self, host: &str, port: u16) -> Option<SocketAddr> {
        mapping::look_up(&self.names, host, port)
    }

    /// Takes over a socket that a peer opened (active FTP).
    pub(super) fn adopt(&self, socket: TcpStream) -> Result<Connection, NetError> {
        Ok(Connection::plain(socket, self.link.clone())?)
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, NetError> {
        if let Some(address) = self.mapped(host, port) {
            return Ok(vec![address]);
        }
        let unknown = || NetError::Name { host: host.to_owned() };
        let name = mapping::normalised(host);
        let found = tokio::net::lookup_host((name.as_str(), port)).await.map_err(|_| unknown())?;
        let addresses: Vec<_> = found.collect();
        if addresses.is_empty() { Err(unknown()) } else { Ok(addresses) }
    }

    async fn dial(&self, addresses: &[SocketAddr]) -> Result<Connection, NetError> {
        let mut error = NetError::Unreachable;
        for address in addresses {
            match TcpStream::connect(address).await.and_then(|socket| self.prepared(socket)) {
                Ok(connection) => return Ok(connection),
                Err(failed) => error = failed.into(),
            }
        }
        Err(error)
    }

    fn prepared(&self, socket: TcpStream) -> io::Result<Connection> {
        // The host's blocks are the module's segments; waiting to merge them would only add latency.
        socket.set_nodelay(true)?;
        Connection::plain(socket, self.link.clone())
    }

    /// Runs a piece of dialling that ends with the network or with `limit`.
    async fn guarded<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, NetError>>,
    ) -> Result<T, NetError> {
        tokio::select! {
            biased;
            () = self.link.loss() => Err(NetError::NetworkDown),
            done = tokio::time::timeout(limit, work) => done.unwrap_or(Err(NetError::Timeout)),
        }
    }
}
