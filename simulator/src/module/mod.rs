//! The module without any input or output of its own: bytes, network events and the time go in, effects come out.
//!
//! Whoever drives it calls one of the entry points ([`Module::host_bytes`], [`Module::written`], [`Module::report`],
//! [`Module::tick`], ...), carries out [`Module::take_effects`], and comes back at [`Module::next_deadline`].

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod events;
pub(crate) mod ftp;
pub(crate) mod http;
mod input;
pub(crate) mod mqtt;
mod multiplexer;
mod output;
pub(crate) mod plain;
pub(crate) mod radio;
mod run;
pub(crate) mod sim;
mod start;
mod timer;
pub(crate) mod tls;
mod tls_events;
mod tls_online;
mod tls_owner;
mod tls_settings;
mod tls_transfer;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::fault::Faults;
use crate::instance::Instance;
use crate::nvm::{Nvm, Secret};
use crate::profile::{Profile, Quirks};
use crate::service::{LinkId, Order, Start};
pub(crate) use timer::Timer;
use timer::Timers;

/// An AT instance: 0 is instance 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct InstanceId(pub(crate) usize);

/// What the surroundings of the module are like.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) latency: Duration,
    /// The rate of the line; `None` is as fast as it goes.
    pub(crate) baud: Option<u32>,
    pub(crate) registration_delay: Duration,
    pub(crate) start_up: Option<Duration>,
    pub(crate) start_up_line: Option<String>,
    pub(crate) network_time: bool,
    pub(crate) sim_inserted: bool,
    /// What the SIM asks for, if it does, and what unblocks it.
    pub(crate) sim_pin: Option<Secret>,
    pub(crate) sim_puk: Secret,
    pub(crate) firmware: Option<String>,
    /// What the module's clock shows at the start, if it is set.
    pub(crate) clock: Option<SystemTime>,
    /// The true time at the start.
    pub(crate) true_time: SystemTime,
}

/// What the driver has to do.
#[derive(Debug)]
pub(crate) enum Effect {
    Output(InstanceId, Bytes),
    /// So many input bytes have been used.
    Consumed(InstanceId, usize),
    Start(LinkId, Box<Start>),
    Order(LinkId, Order),
    Abandon(LinkId),
    Release(LinkId),
    Network(bool),
    /// All plugs are pulled out.
    Unplug,
    /// The non-volatile memory has changed.
    Store,
}

/// Host output that may wait in a plug before the module stops producing more.
pub(crate) const OUTPUT_LIMIT: usize = 16 * 1024;

/// The module. It holds secrets in many places, so that it has no `Debug`; nor have the types that carry command
/// lines and entered data.
pub(crate) struct Module {
    pub(crate) profile: &'static Profile,
    pub(crate) quirks: Quirks,
    pub(crate) options: Options,
    pub(crate) nvm: Nvm,
    pub(crate) clock: Clock,
    pub(crate) sim: sim::Sim,
    pub(crate) radio: radio::Radio,
    pub(crate) tls: tls::TlsBlock,
    pub(crate) plain: plain::PlainSockets,
    pub(crate) mqtt: mqtt::Mqtt,
    pub(crate) http: http::Http,
    pub(crate) ftp: ftp::Ftp,
    /// The module's own files, by their whole paths. They outlive a restart.
    pub(crate) files: BTreeMap<String, Bytes>,
    /// `#SETHEXSTR`, not kept.
    pub(crate) hexadecimal_escapes: bool,
    /// `#PORTCFG` as it was at the start.
    pub(crate) active_ports: u8,
    /// `#SGACTAUTH`, not kept.
    pub(crate) activation_authentication: u8,
    pub(crate) time_request: Option<TimeRequest>,
    /// What `+CMUX` was given last behind mode and subset. Not kept.
    pub(crate) multiplexing: Vec<u32>,
    multiplexed: Option<multiplexer::MultiplexedLine>,
    /// When that happens which the module is at. Events of the line and timers are told late, and with the time at which
    /// they were due, so that it can go back a little.
    pub(crate) now: Instant,
    power_on: Instant,
    origin: Instant,
    instances: Vec<Instance>,
    timers: Timers,
    faults: Faults,
    effects: Vec<Effect>,
    nvm_changed: bool,
    next_link: u64,
    powered: bool,
    /// It does nothing until it is reset.
    hung: bool,
}

/// A pending `#NTP`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeRequest {
    pub(crate) link: LinkId,
    pub(crate) instance: InstanceId,
    pub(crate) update: bool,
    pub(crate) zone: i8,
}

impl Module {
    /// Bytes from the host.
    pub(crate) fn host_bytes(&mut self, id: InstanceId, bytes: &[u8], now: Instant) {
        self.now = now;
        if self.carries_frames(id) {
            self.take_frames(bytes);
        } else {
            self.instance(id).uncredited += bytes.len();
            self.take_input(id, bytes);
        }
        self.settle();
    }

    /// The plug has written so many bytes.
    pub(crate) fn written(&mut self, id: InstanceId, count: usize, now: Instant) {
        self.now = now;
        if self.carries_frames(id) {
            self.frames_written(count);
        } else {
            let instance = self.instance(id);
            instance.unwritten = instance.unwritten.saturating_sub(count);
        }
        self.settle();
    }

    /// Something happened on a link.
    pub(crate) fn report(&mut self, link: LinkId, event: crate::service::Event, now: Instant) {
        self.now = now;
        if !self.hung {
            self.handle_event(link, event);
        }
        self.settle();
    }

    /// Time has passed. What is due happens when it was due, however late this is.
    pub(crate) fn tick(&mut self, now: Instant) {
        while let Some((at, timer)) = self.timers.take_due(now) {
            self.now = at;
            self.fire(timer);
        }
        self.settle();
    }

    /// A plug is put in: the lowest free instance, if one is free.
    pub(crate) fn attach(&mut self) -> Option<InstanceId> {
        let attached = |index: usize| self.instances.get(index).is_some_and(|instance| instance.attached);
        let mut places = 0..self.profile.instances;
        let index = places.find(|index| !attached(*index) && !self.carries_frames(InstanceId(*index)))?;
        self.make_instance(index);
        let id = InstanceId(index);
        self.instance(id).attached = true;
        Some(id)
    }

    /// Makes the instances up to this one, unless they are there.
    fn make_instance(&mut self, index: usize) {
        while self.instances.len() <= index {
            let mut instance = Instance::default();
            instance.reset(self.nvm.start_settings(self.instances.len()));
            if !self.is_answering() {
                instance.mode = crate::instance::Mode::Silent;
            }
            self.instances.push(instance);
        }
    }

    /// A plug is pulled out; what it had under way goes on.
    pub(crate) fn detach(&mut self, id: InstanceId) {
        if self.carries_frames(id) {
            self.unplug_multiplexer();
            self.settle();
        }
        self.detach_instance(id);
    }

    /// Nobody is at this parser any more.
    fn detach_instance(&mut self, id: InstanceId) {
        let instance = self.instance(id);
        instance.attached = false;
        instance.unwritten = 0;
        instance.uncredited = 0;
        instance.input.clear();
        instance.reader.clear();
        instance.held.clear();
    }

    /// Whether AT works: it is on, has started, and is sound.
    fn is_answering(&self) -> bool {
        self.powered && !self.hung && !self.timers.is_set(Timer::StartUp)
    }

    /// When [`Module::tick`] is wanted next.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// What has to be done now.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The memory, to be changed; it will be stored.
    pub(crate) fn nvm_mut(&mut self) -> &mut Nvm {
        self.nvm_changed = true;
        &mut self.nvm
    }

    /// The true time, which the network knows.
    pub(crate) fn true_time(&self) -> SystemTime {
        self.options.true_time + self.now.duration_since(self.origin)
    }

    pub(crate) fn instance(&mut self, id: InstanceId) -> &mut Instance {
        self.instances.get_mut(id.0).expect("instances are never removed")
    }

    pub(crate) fn peek(&self, id: InstanceId) -> &Instance {
        self.instances.get(id.0).expect("instances are never removed")
    }

    pub(crate) fn instance_ids(&self) -> impl Iterator<Item = InstanceId> + use<> {
        (0..self.instances.len()).map(InstanceId)
    }

    pub(crate) fn set_timer(&mut self, timer: Timer, after: Duration) {
        self.timers.set(timer, self.now + after);
    }

    pub(crate) fn set_timer_at(&mut self, timer: Timer, at: Instant) {
        self.timers.set(timer, at);
    }

    pub(crate) fn cancel_timer(&mut self, timer: Timer) {
        self.timers.cancel(timer);
    }

    /// Opens a link.
    pub(crate) fn start_link(&mut self, start: Start) -> LinkId {
        self.next_link += 1;
        let id = LinkId(self.next_link);
        self.effects.push(Effect::Start(id, Box::new(start)));
        id
    }

    pub(crate) fn order(&mut self, link: LinkId, order: Order) {
        self.effects.push(Effect::Order(link, order));
    }

    /// Cuts a link off.
    pub(crate) fn abandon(&mut self, link: LinkId) {
        self.effects.push(Effect::Abandon(link));
    }

    /// Forgets a link that ends by itself.
    pub(crate) fn release(&mut self, link: LinkId) {
        self.effects.push(Effect::Release(link));
    }

    /// Does whatever has become possible.
    fn settle(&mut self) {
        loop {
            self.settle_sockets();
            self.settle_plain();
            self.settle_http();
            let mut progress = false;
            for id in self.instance_ids() {
                progress |= self.pump_input(id);
            }
            if !progress {
                break;
            }
        }
        for id in self.instance_ids() {
            self.credit_input(id);
        }
        self.credit_frames();
        self.flush_output();
        if std::mem::take(&mut self.nvm_changed) {
            self.effects.push(Effect::Store);
        }
    }
}
