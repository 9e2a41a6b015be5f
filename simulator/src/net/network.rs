//! The virtual cellular network: names, dialling, loss.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::link::Link;
use super::mapping::{self, NameMapping};
use super::memory::{self, Fabric, MemoryListener};
use super::tls::{self, TlsSettings};
use super::{Connection, NetError};

/// The network that a virtual module is registered to. Clones are the same network.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    world: World,
    link: Link,
}

/// What lies behind the network.
#[derive(Debug, Clone)]
enum World {
    /// The sockets of this computer, and what the virtual network calls them.
    Sockets(Arc<[NameMapping]>),
    Memory(Fabric),
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
        Self { world: World::Sockets(names.into()), link: Link::new() }
    }

    /// A network that leads to what is in memory, and nowhere else.
    pub(crate) fn in_memory(fabric: Fabric) -> Self {
        Self { world: World::Memory(fabric), link: Link::new() }
    }

    /// The network in memory, if it is one.
    pub(crate) fn fabric(&self) -> Option<&Fabric> {
        match &self.world {
            World::Sockets(_) => None,
            World::Memory(fabric) => Some(fabric),
        }
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

    /// The address of a name, whatever the port.
    ///
    /// # Errors
    /// `Name`, `Timeout`, `NetworkDown`.
    pub(crate) async fn address_of(&self, host: &str, limit: Duration) -> Result<IpAddr, NetError> {
        if let World::Sockets(names) = &self.world
            && let Some(address) = mapping::address_of(names, host)
            && self.is_up()
        {
            return Ok(address);
        }
        let unknown = || NetError::Name { host: host.to_owned() };
        let found = self.resolve(host, 0, limit).await?;
        found.first().map(SocketAddr::ip).ok_or_else(unknown)
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
    pub(crate) fn mapped(&self, host: &str, port: u16) -> Option<SocketAddr> {
        match &self.world {
            World::Sockets(names) => mapping::look_up(names, host, port),
            World::Memory(_) => None,
        }
    }

    /// Listens on a free port of `own` for connections that peers open (active FTP).
    pub(super) async fn listen(&self, own: IpAddr) -> Result<Listener, NetError> {
        let kind = match &self.world {
            World::Sockets(_) => ListenerKind::Socket(TcpListener::bind((own, 0)).await?),
            World::Memory(fabric) => ListenerKind::Memory(fabric.listen(own)),
        };
        Ok(Listener { kind, link: self.link.clone() })
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, NetError> {
        if let World::Memory(fabric) = &self.world {
            return Ok(vec![SocketAddr::new(fabric.resolve(host).await?, port)]);
        }
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
            match self.dial_one(*address).await {
                Ok(connection) => return Ok(connection),
                Err(failed) => error = failed,
            }
        }
        Err(error)
    }

    async fn dial_one(&self, address: SocketAddr) -> Result<Connection, NetError> {
        match &self.world {
            World::Sockets(_) => Ok(self.prepared(TcpStream::connect(address).await?)?),
            World::Memory(fabric) => {
                let stream = fabric.dial(memory::MODULE.into(), address).await?;
                Ok(Connection::in_memory(stream, self.link.clone()))
            }
        }
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

/// A port that peers can dial.
#[derive(Debug)]
pub(crate) struct Listener {
    kind: ListenerKind,
    link: Link,
}

#[derive(Debug)]
enum ListenerKind {
    Socket(TcpListener),
    Memory(MemoryListener),
}

impl Listener {
    pub(super) fn local_address(&self) -> Result<SocketAddr, NetError> {
        match &self.kind {
            ListenerKind::Socket(listener) => Ok(listener.local_addr()?),
            ListenerKind::Memory(listener) => Ok(listener.local_address()),
        }
    }

    /// The next connection.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn accept(&mut self) -> Result<Connection, NetError> {
        match &mut self.kind {
            ListenerKind::Socket(listener) => {
                Ok(Connection::plain(listener.accept().await?.0, self.link.clone())?)
            }
            ListenerKind::Memory(listener) => {
                Ok(Connection::in_memory(listener.accept().await?, self.link.clone()))
            }
        }
    }
}
