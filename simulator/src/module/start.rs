//! Power-on, reset, power-off. Source: M37 p35-36 (what is lost), p623-630.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::ftp::Ftp;
use super::http::Http;
use super::mqtt::Mqtt;
use super::plain::PlainSockets;
use super::radio::Radio;
use super::sim::Sim;
use super::timer::Timers;
use super::tls::TlsBlock;
use super::{InstanceId, Module, Options, Timer};
use crate::clock::Clock;
use crate::fault::{FaultSpec, Faults};
use crate::instance::Mode;
use crate::nvm::Nvm;
use crate::profile::{Profile, Quirks};

/// A clock that was set is lost in a restart that follows the power-on so soon. Source: M37 p513.
const CLOCK_KEPT_AFTER: Duration = Duration::from_secs(60);

impl Module {
    /// A module that has been powered on.
    pub(crate) fn new(
        profile: &'static Profile,
        quirks: Quirks,
        options: Options,
        nvm: Nvm,
        faults: Vec<FaultSpec>,
        now: Instant,
    ) -> Self {
        let mut nvm = nvm;
        nvm.power_cycle(profile);
        let clock = options.clock.map_or_else(|| Clock::unset(now), |time| Clock::at(time, 0, now));
        let mut module = Self {
            tls: TlsBlock::new(&profile.tls),
            plain: PlainSockets::new(profile.general.sockets.len()),
            mqtt: Mqtt::new(profile.mqtt.as_ref()),
            http: Http::default(),
            ftp: Ftp::default(),
            files: BTreeMap::new(),
            sim: Sim::new(options.sim_inserted, options.sim_pin.clone(), options.sim_puk.clone()),
            radio: Radio::default(),
            hexadecimal_escapes: false,
            active_ports: nvm.port_variant,
            activation_authentication: 1,
            time_request: None,
            multiplexing: profile.general.multiplexer.factory(),
            multiplexed: None,
            profile,
            quirks,
            options,
            nvm,
            clock,
            now,
            power_on: now,
            origin: now,
            instances: Vec::new(),
            timers: Timers::default(),
            faults: Faults::new(faults),
            effects: Vec::new(),
            nvm_changed: false,
            next_link: 0,
            powered: true,
            hung: false,
        };
        module.search_network();
        module.schedule_periodic_restart();
        module
    }

    /// Restarts, as `#REBOOT` or a power cycle does: volatile settings are lost and AT is silent for a while.
    pub(crate) fn reset(&mut self) {
        self.go_silent();
        (self.powered, self.hung) = (true, false);
        if self.now.duration_since(self.power_on) < CLOCK_KEPT_AFTER {
            self.clock = Clock::unset(self.now);
        }
        self.power_on = self.now;
        self.active_ports = self.nvm.port_variant;
        let start_up = self.options.start_up.unwrap_or(self.profile.general.start_up);
        self.set_timer(Timer::StartUp, start_up);
        self.schedule_periodic_restart();
    }

    /// Restarts from outside.
    pub(crate) fn reboot(&mut self, now: Instant) {
        self.now = now;
        self.reset();
        self.settle();
    }

    /// Off: silent until a restart from outside.
    pub(crate) fn power_off(&mut self) {
        self.go_silent();
        self.powered = false;
    }

    /// AT answers again.
    pub(super) fn started(&mut self) {
        if !self.powered {
            return;
        }
        for id in self.instance_ids() {
            self.instance(id).mode = Mode::Command;
        }
        self.announce_start();
        self.announce_sim_at_start();
        self.search_network();
    }

    fn announce_start(&mut self) {
        if let Some(line) = self.options.start_up_line.clone() {
            for id in self.instance_ids() {
                self.unsolicited(id, &line);
            }
        }
    }

    /// AT is dead from now on, whatever comes from the host; what it has said already still gets there. Connections
    /// stay, as far as they need no help.
    pub(super) fn hang(&mut self) {
        self.lose_multiplexer();
        self.hung = true;
        self.timers.clear();
        for id in self.instance_ids() {
            let instance = self.instance(id);
            instance.input.clear();
            instance.held.clear();
            instance.mode = Mode::Silent;
        }
    }

    /// Everything volatile goes. Answers that are on their way to the host still get there.
    fn go_silent(&mut self) {
        self.lose_multiplexer();
        self.timers.clear();
        self.drop_connections();
        self.nvm.power_cycle(self.profile);
        self.tls = TlsBlock::new(&self.profile.tls);
        self.plain = PlainSockets::new(self.profile.general.sockets.len());
        self.mqtt = Mqtt::new(self.profile.mqtt.as_ref());
        self.http = Http::default();
        self.ftp = Ftp::default();
        self.sim.power_cycle();
        self.radio = Radio { out_of_coverage: self.radio.out_of_coverage, ..Radio::default() };
        self.hexadecimal_escapes = false;
        self.activation_authentication = 1;
        self.time_request = None;
        self.multiplexing = self.profile.general.multiplexer.factory();
        for id in self.instance_ids() {
            self.silence(id);
        }
    }

    fn silence(&mut self, id: InstanceId) {
        let settings = self.nvm.start_settings(id.0);
        let instance = self.instance(id);
        let output = instance.output.split();
        instance.reset(settings);
        instance.output = output;
        instance.mode = Mode::Silent;
    }

    fn drop_connections(&mut self) {
        let services = self.mqtt.links().chain(self.http.link()).chain(self.ftp.link());
        let links = self.tls.links().chain(self.plain.links()).chain(services);
        let links: Vec<_> = links.chain(self.time_request.map(|request| request.link)).collect();
        for link in links {
            self.abandon(link);
        }
    }

    fn schedule_periodic_restart(&mut self) {
        if let Some(minutes) = self.nvm.periodic_restart {
            self.set_timer(Timer::Restart, Duration::from_secs(60 * u64::from(minutes)));
        }
    }

    pub(super) fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Answer(id) => self.run_line(id),
            Timer::EntryInput(id) => self.entry_timed_out(id),
            Timer::Escape(id) => self.escape_silence(id),
            Timer::Flush(socket) => self.flush_packet(socket),
            Timer::Inactivity(socket) => self.close_inactive(socket),
            Timer::PlainInactivity(socket) => self.close_inactive_plain(socket),
            Timer::TlsCommand(socket) => self.tls_command_timed_out(socket),
            Timer::ControlChannel => self.control_channel_missing(),
            Timer::ChannelSignals => self.signals_unanswered(),
            Timer::TerminalReady(id) => self.terminal_not_ready(id),
            Timer::Registration => self.registered(),
            Timer::StartUp => self.started(),
            Timer::Restart => self.reset(),
            Timer::Coverage => self.change_coverage(true),
        }
    }
}
