//! Registration, and the packet data contexts that hang on it. Source: M37 p189-291, p689-703.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Effect, Module, Timer};
use crate::clock::{Clock, zone_text};
use crate::net::StreamEnd;
use crate::service::Event;

/// The state of the radio.
#[derive(Debug, Default)]
pub(crate) struct Radio {
    pub(crate) registration: Registration,
    /// The network has been taken away from outside.
    pub(crate) out_of_coverage: bool,
    /// Contexts that `#SGACT` has activated.
    pub(crate) active: BTreeSet<u8>,
    /// `+CFUN`
    pub(crate) functionality: Functionality,
}

/// What `+CREG` calls it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    #[default]
    Idle = 0,
    Home = 1,
    Searching = 2,
}

/// `+CFUN`
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Functionality {
    #[default]
    Full,
    RadioOff,
    PowerSaving,
}

impl Module {
    pub(crate) fn is_registered(&self) -> bool {
        self.radio.registration == Registration::Home
    }

    /// Starts to look for the network.
    pub(crate) fn search_network(&mut self) {
        let usable = self.sim.is_ready() && self.radio.functionality != Functionality::RadioOff;
        if !usable || self.nvm.operator_mode == 2 {
            return self.set_registration(Registration::Idle);
        }
        self.set_registration(Registration::Searching);
        match self.options.registration_delay {
            _ if self.radio.out_of_coverage => {}
            Duration::ZERO => self.registered(),
            delay => self.set_timer(Timer::Registration, delay),
        }
    }

    pub(super) fn registered(&mut self) {
        self.set_registration(Registration::Home);
        let wanted = self.nvm.common.nitz & 1 == 1 || self.nvm.common.automatic_time;
        if self.options.network_time && wanted {
            self.take_network_time();
        }
    }

    /// Leaves the network: everything over it breaks.
    pub(crate) fn leave_network(&mut self) {
        self.cancel_timer(Timer::Registration);
        self.set_registration(Registration::Idle);
        self.radio.active.clear();
        self.break_connections();
    }

    /// Takes the network away, or gives it back.
    pub(crate) fn set_network(&mut self, up: bool, now: tokio::time::Instant) {
        self.now = now;
        self.cancel_timer(Timer::Coverage);
        self.change_coverage(up);
        self.settle();
    }

    /// Takes the network away for a while.
    pub(super) fn lose_network_for(&mut self, time: Duration) {
        self.change_coverage(false);
        self.set_timer(Timer::Coverage, time);
    }

    pub(super) fn change_coverage(&mut self, up: bool) {
        self.effects.push(Effect::Network(up));
        self.radio.out_of_coverage = !up;
        if self.hung {
            return;
        }
        if !up {
            self.leave_network();
        }
        self.search_network();
    }

    /// A context is closed: its connections end. All services are told alike.
    pub(crate) fn break_connections(&mut self) {
        let links: Vec<_> = self.tls.links().chain(self.plain.links()).collect();
        for link in links {
            self.abandon(link);
            self.handle_event(link, Event::Ended(StreamEnd::NetworkDown));
        }
        self.break_mqtt();
        self.break_http();
        self.break_ftp();
    }

    /// What a report line says behind its prefix.
    pub(crate) fn registration_text(&self, report: u8) -> String {
        let state = self.radio.registration as u8;
        let cell = if report >= 2 && self.is_registered() { self.profile.general.network.cell } else { "" };
        format!("{state}{cell}")
    }

    fn set_registration(&mut self, registration: Registration) {
        if self.radio.registration == registration {
            return;
        }
        self.radio.registration = registration;
        for id in self.instance_ids() {
            let instance = self.peek(id);
            let reports = [
                ("+CREG", instance.settings.registration_report),
                ("+CGREG", instance.packet_registration_report),
                ("+CEREG", instance.settings.eps_registration_report),
            ];
            for (name, report) in reports.into_iter().filter(|(_, report)| *report > 0) {
                let line = format!("{name}: {}", self.registration_text(report));
                self.unsolicited(id, &line);
            }
        }
    }

    fn take_network_time(&mut self) {
        self.clock = Clock::at(self.true_time(), 0, self.now);
        let mut line = format!("#NITZ: {}", self.clock.local_text(self.now));
        if self.nvm.common.nitz & 0b1100 != 0 {
            line.push_str(&zone_text(self.clock.zone()));
        }
        for id in self.instance_ids() {
            if self.peek(id).settings.nitz_report == 1 {
                self.unsolicited(id, &line);
            }
        }
    }
}
