//! Who is where on a network in memory, and dialling.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

use super::super::NetError;
use super::super::mapping::normalised;
use super::super::tls::TlsFailure;
use super::MemoryStream;

/// The module's own address, that `#SGACT` shows for its first context.
pub(crate) const MODULE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// RFC 2544: a network for benchmarks, which is no private one. Hosts get its addresses in the order they appear.
const FIRST_HOST: u32 = 0xC612_0001;
const FIRST_OWN_PORT: u16 = 49_152;

/// What a connection is handed to.
pub(crate) type Service = Arc<dyn Fn(MemoryStream) + Send + Sync>;

/// A network in memory. Clones are the same network.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fabric(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    hosts: Vec<String>,
    listeners: BTreeMap<SocketAddr, Listener>,
    /// What clocks showed, and when.
    clocks: BTreeMap<SocketAddr, (SystemTime, Instant)>,
    own_ports: u16,
    latency: Duration,
}

#[derive(Clone)]
struct Listener {
    service: Service,
    refusing: bool,
    handshake_failure: Option<TlsFailure>,
}

impl State {
    fn own_port(&mut self) -> u16 {
        let range = u16::MAX - FIRST_OWN_PORT;
        self.own_ports = (self.own_ports + 1) % range;
        FIRST_OWN_PORT + self.own_ports
    }

    fn address_of(&self, host: &str) -> Option<IpAddr> {
        let host = normalised(host);
        let index = self.hosts.iter().position(|known| *known == host)?;
        Some(address(index))
    }

    fn is_known(&self, address: IpAddr) -> bool {
        address == IpAddr::V4(MODULE) || (0..self.hosts.len()).any(|index| self::address(index) == address)
    }
}

fn address(index: usize) -> IpAddr {
    let offset = u32::try_from(index).unwrap_or(u32::MAX);
    Ipv4Addr::from(FIRST_HOST.saturating_add(offset)).into()
}

impl Fabric {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a byte is under way.
    pub(crate) fn latency(&self) -> Duration {
        self.state().latency
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Adds a host, unless it is known, and gives its address.
    pub(crate) fn add_host(&self, host: &str) -> IpAddr {
        let mut state = self.state();
        if let Some(known) = state.address_of(host) {
            return known;
        }
        state.hosts.push(normalised(host));
        address(state.hosts.len() - 1)
    }

    /// Everybody who dials `at` from now on is handed to `service`.
    pub(crate) fn serve(&self, at: SocketAddr, service: Service) {
        self.state().listeners.insert(at, Listener { service, refusing: false, handshake_failure: None });
    }

    /// Nobody listens there any more. Connections stay.
    pub(crate) fn close(&self, at: SocketAddr) {
        self.state().listeners.remove(&at);
    }

    /// Handshakes with whoever listens there fail from now on, or work again.
    pub(crate) fn fail_handshakes(&self, at: SocketAddr, failure: Option<TlsFailure>) {
        if let Some(listener) = self.state().listeners.get_mut(&at) {
            listener.handshake_failure = failure;
        }
    }

    /// A clock at `at` shows `time` now.
    pub(crate) fn set_clock(&self, at: SocketAddr, time: SystemTime) {
        self.state().clocks.insert(at, (time, Instant::now()));
    }

    /// Asks the clock at `host:port`. A host without one never answers.
    pub(crate) async fn time(&self, host: &str, port: u16) -> Result<SystemTime, NetError> {
        let at = SocketAddr::new(self.resolve(host).await?, port);
        self.wait_for_round_trip().await;
        let clock = self.state().clocks.get(&at).copied();
        match clock {
            Some((time, since)) => Ok(time + since.elapsed()),
            None => std::future::pending().await,
        }
    }

    /// Whoever listens there refuses from now on, or takes connections again.
    pub(crate) fn refuse(&self, at: SocketAddr, refusing: bool) {
        if let Some(listener) = self.state().listeners.get_mut(&at) {
            listener.refusing = refusing;
        }
    }

    /// Listens on a free port of `address`.
    pub(crate) fn listen(&self, address: IpAddr) -> MemoryListener {
        let at = SocketAddr::new(address, self.state().own_port());
        let (sender, accepted) = unbounded_channel();
        // A connection that nobody accepts any more is dropped, which closes it.
        let service = move |stream| drop(sender.send(stream));
        self.serve(at, Arc::new(service));
        MemoryListener { fabric: self.clone(), at, accepted }
    }

    /// The address of a name. An address is its own name.
    pub(crate) async fn resolve(&self, host: &str) -> Result<IpAddr, NetError> {
        if let Ok(address) = normalised(host).parse() {
            return Ok(address);
        }
        self.wait_for_round_trip().await;
        self.state().address_of(host).ok_or_else(|| NetError::Name { host: host.to_owned() })
    }

    /// Dials `to` from the host at `from`.
    pub(crate) async fn dial(&self, from: IpAddr, to: SocketAddr) -> Result<MemoryStream, NetError> {
        self.wait_for_round_trip().await;
        let mut state = self.state();
        let listener = state.listeners.get(&to).filter(|listener| !listener.refusing);
        let Some(listener) = listener.cloned() else {
            return Err(if state.is_known(to.ip()) { NetError::Refused } else { NetError::Unreachable });
        };
        let own = SocketAddr::new(from, state.own_port());
        let (ours, theirs) = MemoryStream::pair((own, to), state.latency, listener.handshake_failure);
        drop(state);
        (listener.service)(theirs);
        Ok(ours)
    }

    async fn wait_for_round_trip(&self) {
        let round_trip = 2 * self.latency();
        if !round_trip.is_zero() {
            tokio::time::sleep(round_trip).await;
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("hosts", &self.hosts)
            .field("listeners", &self.listeners.keys())
            .field("latency", &self.latency)
            .finish_non_exhaustive()
    }
}

/// A port that is listened on. Dropping it closes the port.
#[derive(Debug)]
pub(crate) struct MemoryListener {
    fabric: Fabric,
    at: SocketAddr,
    accepted: UnboundedReceiver<MemoryStream>,
}

impl MemoryListener {
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.at
    }

    /// The next connection.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn accept(&mut self) -> Result<MemoryStream, NetError> {
        self.accepted.recv().await.ok_or(NetError::Closed)
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.fabric.close(self.at);
    }
}
