//! The line between host and module, on which one thing goes wrong at one byte.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use telit_simulator::VirtualModule;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, sleep, sleep_until};

use super::fault::{Fault, NOISE, NOISE_LINES, OUTAGE};
use super::strike::Strike;
use super::tape::{Speaker, Tape};

/// Shorter than a module is silent when it restarts.
const RESTART: Duration = Duration::from_secs(1);

/// What the line holds in each direction.
const CAPACITY: usize = 64 * 1024;
/// Between two bytes that come one by one.
const BYTE_GAP: Duration = Duration::from_millis(1);
/// How long after the host has spoken an answer arrives that was too late.
const OVERTAKEN: Duration = Duration::from_millis(10);

/// What all lines of one run share.
#[derive(Clone)]
pub(super) struct World {
    pub(super) module: Arc<VirtualModule>,
    /// The fault that is still to happen, on the first line that is plugged in.
    armed: Arc<Mutex<Option<Strike>>>,
    tape: Arc<Mutex<Tape>>,
    struck: Arc<AtomicBool>,
    turned: Arc<Notify>,
    /// Whether the line is holding something back until an operation has ended, and who wants to know.
    holding: Arc<AtomicBool>,
    released: Arc<Notify>,
    /// All that hosts have said, and what of it has got to the module.
    said: Arc<Mutex<Vec<u8>>>,
    heard: Arc<Mutex<Vec<u8>>>,
    started: Instant,
}

impl World {
    pub(super) fn new(module: VirtualModule, strike: Option<Strike>) -> Self {
        Self {
            module: Arc::new(module),
            armed: Arc::new(Mutex::new(strike)),
            tape: Arc::default(),
            struck: Arc::default(),
            turned: Arc::default(),
            holding: Arc::default(),
            released: Arc::default(),
            said: Arc::default(),
            heard: Arc::default(),
            started: Instant::now(),
        }
    }

    /// A line to the module.
    pub(super) fn plug(&self) -> DuplexStream {
        let strike = self.armed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (host, inner) = tokio::io::duplex(CAPACITY);
        tokio::spawn(Line::new(self.clone(), inner, strike).run());
        host
    }

    pub(super) fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until somebody has said something on the line.
    pub(super) fn turn(&self) -> Notified<'_> {
        self.turned.notified()
    }

    /// Whether the fault has happened.
    pub(super) fn has_struck(&self) -> bool {
        self.struck.load(Ordering::Relaxed)
    }

    /// Whether the line is holding something back until the operation under way has ended.
    pub(super) fn is_holding(&self) -> bool {
        self.holding.load(Ordering::Relaxed)
    }

    /// The operation under way has ended: what was held back comes, and has come when this ends.
    pub(super) async fn release(&self) {
        self.holding.store(false, Ordering::Relaxed);
        self.remark("what was held back comes");
        self.released.notify_one();
        sleep(OVERTAKEN).await;
    }

    /// All that hosts have said, whether it got to the module or not.
    pub(super) fn said(&self) -> MutexGuard<'_, Vec<u8>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has got to the module of all that hosts have said.
    pub(super) fn heard(&self) -> MutexGuard<'_, Vec<u8>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn remark(&self, text: impl Into<String>) {
        self.tape().remark(text.into());
    }

    fn lose_network(&self) {
        self.module.set_network(false);
        let module = Arc::clone(&self.module);
        tokio::spawn(async move {
            sleep(OUTAGE).await;
            module.set_network(true);
        });
    }
}

/// When the host hears the module.
#[derive(Clone, Copy, PartialEq)]
enum Gate {
    Open,
    Until(Instant),
    UntilHostSpeaks,
    UntilReleased,
}

struct Side {
    reading: ReadHalf<DuplexStream>,
    writing: WriteHalf<DuplexStream>,
    /// What still has to be written to this side.
    pending: BytesMut,
    /// How many bytes this side has said.
    said: usize,
}

impl Side {
    fn new(stream: DuplexStream) -> Self {
        let (reading, writing) = tokio::io::split(stream);
        Self { reading, writing, pending: BytesMut::new(), said: 0 }
    }
}

struct Line {
    world: World,
    host: Side,
    module: Side,
    strike: Option<Strike>,
    gate: Gate,
    muted: bool,
    /// Until then what the module has said before it restarted is lost.
    restarting: Option<Instant>,
    /// So many bytes of the host, or to the host, still have a special fate.
    swallowing: usize,
    single: usize,
    unplugged: bool,
}

enum Wake {
    ToHost(usize),
    ToModule(usize),
    FromHost(usize),
    FromModule(usize),
    GateOpens,
}

impl Line {
    fn new(world: World, host: DuplexStream, strike: Option<Strike>) -> Self {
        let module = Side::new(world.module.attach_duplex());
        Self {
            host: Side::new(host),
            module,
            strike,
            gate: Gate::Open,
            muted: false,
            restarting: None,
            swallowing: 0,
            single: 0,
            unplugged: false,
            world,
        }
    }

    async fn run(mut self) {
        let (mut from_host, mut from_module) = (BytesMut::new(), BytesMut::new());
        while !self.unplugged {
            match self.wait(&mut from_host, &mut from_module).await {
                Wake::ToHost(count) => self.heard_by_host(count),
                Wake::ToModule(count) => self.module.pending.advance(count),
                Wake::FromHost(0) | Wake::FromModule(0) => return,
                Wake::FromHost(_) => self.host_speaks(from_host.split().freeze()),
                Wake::FromModule(_) => self.pass(Speaker::Module, from_module.split().freeze()),
                Wake::GateOpens => self.gate = Gate::Open,
            }
        }
    }

    async fn wait(&mut self, from_host: &mut BytesMut, from_module: &mut BytesMut) -> Wake {
        let open = self.gate == Gate::Open;
        let (to_host, to_module) = (!self.host.pending.is_empty() && open, !self.module.pending.is_empty());
        let next = if self.single > 0 {
            &self.host.pending[..self.host.pending.len().min(1)]
        } else {
            &self.host.pending
        };
        // A side that has gone has read all it wants to: its end is seen by reading.
        tokio::select! {
            biased;
            count = self.host.writing.write(next), if to_host => Wake::ToHost(count.unwrap_or(next.len())),
            count = self.module.writing.write(&self.module.pending), if to_module => {
                Wake::ToModule(count.unwrap_or(self.module.pending.len()))
            }
            count = self.module.reading.read_buf(from_module), if self.host.pending.is_empty() => {
                Wake::FromModule(count.unwrap_or(0))
            }
            count = self.host.reading.read_buf(from_host), if !to_module => Wake::FromHost(count.unwrap_or(0)),
            () = opening(self.gate, &self.world.released), if !open => Wake::GateOpens,
        }
    }

    fn heard_by_host(&mut self, count: usize) {
        let heard = self.host.pending.split_to(count);
        self.record(Speaker::Module, &heard);
        if self.single > 0 {
            self.single -= count.min(self.single);
            self.gate = Gate::Until(Instant::now() + BYTE_GAP);
        }
    }

    fn host_speaks(&mut self, bytes: Bytes) {
        self.muted = false;
        if self.gate == Gate::UntilHostSpeaks {
            self.gate = Gate::Until(Instant::now() + OVERTAKEN);
        }
        self.world.said().extend_from_slice(&bytes);
        self.record(Speaker::Host, &bytes);
        self.pass(Speaker::Host, bytes);
    }

    /// Passes bytes on, and does the damage when its place has come.
    fn pass(&mut self, speaker: Speaker, mut bytes: Bytes) {
        let said = self.said(speaker);
        *said += bytes.len();
        let before = *said - bytes.len();
        let comes =
            |it: &mut Strike| it.speaker == speaker && (before..before + bytes.len()).contains(&it.at);
        let Some(strike) = self.strike.take_if(comes) else {
            return self.deliver(speaker, &bytes);
        };
        self.deliver(speaker, &bytes.split_to(strike.at - before));
        self.world.struck.store(true, Ordering::Relaxed);
        self.world.remark(format!("{} at {} byte {}", strike.fault, speaker, strike.at));
        let rest = self.spoil(&strike, bytes);
        self.deliver(speaker, &rest);
        // What the command brings about is what gets lost.
        self.muted |= strike.fault == Fault::Mute;
    }

    /// Gives what is left to be delivered.
    fn spoil(&mut self, strike: &Strike, mut rest: Bytes) -> Bytes {
        match strike.fault {
            Fault::Drop => rest.advance(1),
            Fault::Damage(bits) => rest = [&[rest[0] ^ bits], &rest[1..]].concat().into(),
            Fault::Unsolicited(text) => self.tell_host(&format!("\r\n{text}\r\n")),
            Fault::UnsolicitedBehind(text) => {
                rest = [&rest[..1], format!("\r\n{text}\r\n").as_bytes(), &rest[1..]].concat().into();
            }
            Fault::Garbage => rest = [NOISE, &rest].concat().into(),
            Fault::GarbageLines => rest = [NOISE_LINES, &rest].concat().into(),
            Fault::Refuse(text) => {
                self.tell_host(&format!("\r\n{text}\r\n"));
                self.swallowing = strike.length();
            }
            Fault::Deny(text) => {
                rest.advance(strike.length().min(rest.len()));
                self.tell_host(&format!("\r\n{text}\r\n"));
            }
            Fault::Swallow => self.swallowing = strike.length(),
            Fault::Late(by) => self.gate = Gate::Until(Instant::now() + by),
            Fault::TooLate => self.gate = Gate::UntilHostSpeaks,
            Fault::Overdue => {
                self.gate = Gate::UntilReleased;
                self.world.holding.store(true, Ordering::Relaxed);
            }
            Fault::Mute => self.muted = strike.speaker == Speaker::Module,
            Fault::SingleBytes => self.single = strike.length(),
            Fault::Reboot => {
                self.world.module.reboot();
                // A module that restarts does not finish its sentence.
                self.restarting = Some(Instant::now() + RESTART);
            }
            Fault::NetworkLoss => self.world.lose_network(),
            Fault::Unplug => self.unplugged = true,
        }
        rest
    }

    fn deliver(&mut self, speaker: Speaker, bytes: &[u8]) {
        match speaker {
            Speaker::Host => {
                let gone = self.swallowing.min(bytes.len());
                self.swallowing -= gone;
                self.module.pending.extend_from_slice(&bytes[gone..]);
                self.world.heard().extend_from_slice(&bytes[gone..]);
            }
            Speaker::Module if self.muted || self.restarting.is_some_and(|until| Instant::now() < until) => {}
            Speaker::Module => self.host.pending.extend_from_slice(bytes),
        }
    }

    fn tell_host(&mut self, text: &str) {
        self.host.pending.extend_from_slice(text.as_bytes());
    }

    fn said(&mut self, speaker: Speaker) -> &mut usize {
        match speaker {
            Speaker::Host => &mut self.host.said,
            Speaker::Module => &mut self.module.said,
        }
    }

    fn record(&self, speaker: Speaker, bytes: &[u8]) {
        self.world.tape().record(self.world.started.elapsed(), speaker, bytes);
        self.world.turned.notify_waiters();
    }
}

async fn opening(gate: Gate, released: &Notify) {
    match gate {
        Gate::Until(time) => sleep_until(time).await,
        Gate::UntilReleased => released.notified().await,
        Gate::Open | Gate::UntilHostSpeaks => std::future::pending().await,
    }
}
