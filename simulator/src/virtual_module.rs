//! The handle of a virtual module, and how one is made.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::fault::FaultSpec;
use crate::module::{Module, Options};
use crate::net::{NameMapping, Network};
use crate::nvm::{Nvm, Secret};
use crate::pacing::Split;
use crate::peers::Peers;
use crate::platform::Platform;
use crate::profile::{Profile, Quirk, Quirks};
use crate::serve::{Master, Pty};
use crate::service::Links;
use crate::task::{self, Message, Task};

/// The in-memory link holds this much in each direction.
const DUPLEX: usize = 64 * 1024;

/// Why a virtual module could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The file of the non-volatile memory cannot be read.
    #[error("state file {path}: {source}")]
    StateFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What a virtual module is to be like. Made by [`VirtualModule::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    platform: Platform,
    names: Vec<(String, u16, SocketAddr)>,
    peers: Option<Peers>,
    baud: Option<u32>,
    latency: Duration,
    split: Split,
    faults: Vec<FaultSpec>,
    quirks: Quirks,
    state_file: Option<PathBuf>,
    clock: Option<SystemTime>,
    network_time: bool,
    true_time: Option<SystemTime>,
    registration_delay: Duration,
    start_up: Option<Duration>,
    start_up_line: Option<String>,
    sim_inserted: bool,
    sim_pin: Option<Secret>,
    sim_puk: Secret,
    firmware: Option<String>,
}

impl Builder {
    /// What the virtual network calls `host:port` is really at `address`. Other names are looked up by the system.
    pub fn resolve(mut self, host: impl Into<String>, port: u16, address: SocketAddr) -> Self {
        self.names.push((host.into(), port, address));
        self
    }

    /// The network leads to these peers in memory, and to nothing else: [`Self::resolve`] means nothing then, and no
    /// socket is opened. See [`crate::peers`].
    pub fn peers(mut self, peers: &Peers) -> Self {
        self.peers = Some(peers.clone());
        self
    }

    /// Paces the line as 8N1 at this rate, in both directions. `None` (default): as fast as it goes.
    pub fn baud(mut self, baud: Option<u32>) -> Self {
        self.baud = baud;
        self
    }

    /// How long the module takes before it executes a command line. Default: not at all.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// How output is cut into pieces. Default: as it comes.
    pub fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// Adds a fault.
    pub fn fault(mut self, fault: FaultSpec) -> Self {
        self.faults.push(fault);
        self
    }

    /// Switches a quirk on.
    pub fn quirk(mut self, quirk: Quirk) -> Self {
        self.quirks.set(quirk);
        self
    }

    /// Keeps the non-volatile memory in a file, which is made if it is not there. It holds keys in the clear and is
    /// readable by its owner only. Default: in memory.
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// What the module's clock shows at the start. Default: it is not set.
    pub fn clock(mut self, time: SystemTime) -> Self {
        self.clock = Some(time);
        self
    }

    /// Whether the network tells the time at registration. Default: no, so that hosts must set the clock.
    pub fn network_time(mut self, on: bool) -> Self {
        self.network_time = on;
        self
    }

    /// What time it is when the module is powered on, as the network tells it at registration. Default: that of the
    /// system.
    pub fn true_time(mut self, time: SystemTime) -> Self {
        self.true_time = Some(time);
        self
    }

    /// How long the module searches before it is registered. Default: not at all.
    pub fn registration_delay(mut self, delay: Duration) -> Self {
        self.registration_delay = delay;
        self
    }

    /// How long AT is silent after a restart. Default: 2 s.
    pub fn start_up(mut self, silence: Duration) -> Self {
        self.start_up = Some(silence);
        self
    }

    /// What the module says on each of its ports when it has started, as firmware with a boot banner does. Default:
    /// nothing, since no manual prints one.
    pub fn start_up_line(mut self, line: &str) -> Self {
        self.start_up_line = Some(line.to_owned());
        self
    }

    /// Whether there is a SIM. Default: yes.
    pub fn sim_inserted(mut self, inserted: bool) -> Self {
        self.sim_inserted = inserted;
        self
    }

    /// The PIN that the SIM asks for. After three wrong ones it wants its PUK, see [`Self::sim_puk`]. Default: none.
    pub fn sim_pin(mut self, pin: &str) -> Self {
        self.sim_pin = Some(pin.into());
        self
    }

    /// The PUK of the SIM. Default: `12345678`.
    pub fn sim_puk(mut self, puk: &str) -> Self {
        self.sim_puk = puk.into();
        self
    }

    /// What `+CGMR` answers. Default: that of the platform.
    pub fn firmware(mut self, version: impl Into<String>) -> Self {
        self.firmware = Some(version.into());
        self
    }

    /// Powers the module on. Starts a task on the current runtime.
    ///
    /// # Errors
    /// [`BuildError::StateFile`] if the file of the memory is there and cannot be read.
    ///
    /// # Panics
    /// Outside a tokio runtime with time enabled. Without [`Self::peers`], links need its I/O as well.
    pub fn build(self) -> Result<VirtualModule, BuildError> {
        let profile = Profile::with(self.platform, &self.quirks);
        let nvm = match &self.state_file {
            Some(path) => Nvm::load(path, profile)
                .map_err(|source| BuildError::StateFile { path: path.clone(), source })?,
            None => Nvm::factory(profile),
        };
        let mappings =
            self.names.iter().map(|(host, port, address)| NameMapping::exact(host, *port, *address));
        let network = match &self.peers {
            Some(peers) => Network::in_memory(peers.fabric().clone()),
            None => Network::new(mappings.collect()),
        };
        let options = Options {
            latency: self.latency,
            baud: self.baud,
            registration_delay: self.registration_delay,
            start_up: self.start_up,
            start_up_line: self.start_up_line,
            network_time: self.network_time,
            sim_inserted: self.sim_inserted,
            sim_pin: self.sim_pin,
            sim_puk: self.sim_puk,
            firmware: self.firmware,
            clock: self.clock,
            true_time: self.true_time.unwrap_or_else(SystemTime::now),
        };
        let (messages, incoming) = unbounded_channel();
        let (reports, reported) = unbounded_channel();
        let module = Module::new(profile, self.quirks, options, nvm, self.faults, Instant::now());
        let links = Links::new(network, reports);
        tracing::debug!(platform = %profile.platform, "the virtual module is powered on");
        let task = Task::new(module, links, messages.clone(), self.state_file);
        let task = tokio::spawn(task.run(incoming, reported));
        Ok(VirtualModule { messages, task, baud: self.baud, split: self.split })
    }
}

/// A virtual module that is running. Dropping it switches it off.
#[derive(Debug)]
pub struct VirtualModule {
    messages: UnboundedSender<Message>,
    task: JoinHandle<()>,
    baud: Option<u32>,
    split: Split,
}

impl VirtualModule {
    /// Describes a new module of this platform.
    pub fn builder(platform: Platform) -> Builder {
        Builder {
            platform,
            names: Vec::new(),
            peers: None,
            baud: None,
            latency: Duration::ZERO,
            split: Split::Whole,
            faults: Vec::new(),
            quirks: Quirks::default(),
            state_file: None,
            clock: None,
            network_time: false,
            true_time: None,
            registration_delay: Duration::ZERO,
            start_up: None,
            start_up_line: None,
            sim_inserted: true,
            sim_pin: None,
            sim_puk: "12345678".into(),
            firmware: None,
        }
    }

    /// Plugs an in-memory line into the lowest free AT instance and gives the host's end.
    pub fn attach_duplex(&self) -> DuplexStream {
        let (host, module) = tokio::io::duplex(DUPLEX);
        self.attach(module);
        host
    }

    /// Plugs any stream into the lowest free AT instance. When the host closes it, the instance is free again. A module
    /// has three; a plug more is closed at once.
    pub fn attach<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        self.send(task::attach(stream, self.baud, self.split));
    }

    /// Plugs a new pseudo-terminal into the lowest free AT instance, with a symbolic link to it at `link`.
    ///
    /// Clients can close and open it again. What they have not read, and what the module says while nobody has it
    /// open, is thrown away. The rate that a client sets has no effect; [`Builder::baud`] has.
    ///
    /// # Errors
    /// The system's, if no pseudo-terminal or no link can be made.
    pub fn attach_pty(&self, link: Option<&Path>) -> io::Result<Pty> {
        let (master, pty) = Master::open(link)?;
        self.attach(master);
        Ok(pty)
    }

    /// Plugs a pseudo-terminal in again that was [unplugged](Pty::unplugged): its symbolic link is there again, and
    /// leads to a pseudo-terminal with another path, as a USB port comes back under another name.
    ///
    /// # Errors
    /// The system's, if no pseudo-terminal or no link can be made. The old one stays as it is then.
    pub fn plug_in_again(&self, pty: &mut Pty) -> io::Result<()> {
        let (master, again) = Master::open_again(pty)?;
        *pty = again;
        self.attach(master);
        Ok(())
    }

    /// Restarts the module, as a pulse on its reset pin does. It also switches it on after `AT#SHDN`.
    pub fn reboot(&self) {
        self.send(Message::Reboot);
    }

    /// Takes the cellular network away, or gives it back.
    pub fn set_network(&self, up: bool) {
        self.send(Message::Network(up));
    }

    /// Pulls all plugs out: the hosts' streams end. The module runs on.
    pub fn unplug(&self) {
        self.send(Message::Unplug);
    }

    /// Switches the module off and waits until everything is closed.
    pub async fn shutdown(self) {
        let (done, ended) = oneshot::channel();
        self.send(Message::Shutdown(done));
        // A task that is gone has nothing more to close.
        ended.await.unwrap_or_default();
    }

    fn send(&self, message: Message) {
        // Fails only if the task has panicked, which the runtime has reported.
        self.messages.send(message).unwrap_or_default();
    }
}

impl Drop for VirtualModule {
    fn drop(&mut self) {
        self.task.abort();
    }
}
