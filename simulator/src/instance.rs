//! One AT instance: its settings, its input, and what it is doing.
//!
//! Source: SSL guide 6.8.1 (instances), M37 p35-36 (specific profile).

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::line::{Editing, LineReader};
use crate::online::Online;

/// The "specific profile": settings of one instance, kept by `AT&W`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct InstanceSettings {
    pub(crate) echo: bool,
    pub(crate) verbose: bool,
    pub(crate) quiet: u8,
    pub(crate) extended_results: u8,
    pub(crate) carrier_line: u8,
    pub(crate) terminal_ready: u8,
    pub(crate) flow_control: u8,
    pub(crate) set_ready: u8,
    pub(crate) escape_character: u8,
    pub(crate) terminator: u8,
    pub(crate) line_feed: u8,
    pub(crate) erase: u8,
    pub(crate) escape_guard: u8,
    pub(crate) terminal_delay: u8,
    /// `+IPR`; `None` is the factory's.
    pub(crate) rate: Option<u32>,
    /// `#SELINT`; `None` is the factory's.
    pub(crate) interface_style: Option<u8>,
    pub(crate) command_flow: u8,
    pub(crate) error_format: u8,
    pub(crate) registration_report: u8,
    pub(crate) eps_registration_report: u8,
    pub(crate) sim_report: u8,
    pub(crate) skip_escape: bool,
    pub(crate) functionality: u8,
    pub(crate) nitz_report: u8,
    /// `#CMUXMODE`
    pub(crate) multiplexer_mode: u8,
    pub(crate) character_set: String,
}

impl Default for InstanceSettings {
    fn default() -> Self {
        Self {
            echo: true,
            verbose: true,
            quiet: 0,
            extended_results: 1,
            carrier_line: 1,
            terminal_ready: 0,
            flow_control: 0,
            set_ready: 3,
            escape_character: b'+',
            terminator: 13,
            line_feed: 10,
            erase: 8,
            escape_guard: 50,
            terminal_delay: 5,
            rate: None,
            interface_style: None,
            command_flow: 1,
            error_format: 0,
            registration_report: 0,
            eps_registration_report: 0,
            sim_report: 0,
            skip_escape: false,
            functionality: 1,
            nitz_report: 0,
            multiplexer_mode: 0,
            character_set: "IRA".to_owned(),
        }
    }
}

/// What an instance is doing.
#[derive(Default)]
pub(crate) enum Mode {
    /// It reads command lines.
    #[default]
    Command,
    /// A command is under way, or its answer is held back; input waits.
    Busy,
    /// A command takes data from the host.
    Entry(Entry),
    /// The port is joined to a connection.
    Online(Online),
    /// The module is starting or off: input is lost.
    Silent,
}

/// A command line under execution.
#[derive(Default)]
pub(crate) struct Running {
    pub(crate) text: Vec<u8>,
    pub(crate) position: usize,
}

/// One AT instance.
#[derive(Default)]
pub(crate) struct Instance {
    pub(crate) attached: bool,
    pub(crate) settings: InstanceSettings,
    /// `+CGREG`: not kept.
    pub(crate) packet_registration_report: u8,
    pub(crate) reader: LineReader,
    pub(crate) input: BytesMut,
    /// Input that the plug has not been told to be used.
    pub(crate) uncredited: usize,
    pub(crate) mode: Mode,
    pub(crate) running: Running,
    /// Output that has not been handed to the plug yet.
    pub(crate) output: BytesMut,
    /// Output that the plug has not written yet.
    pub(crate) unwritten: usize,
    /// Unsolicited codes that wait for the end of an entry or of data mode.
    pub(crate) held: VecDeque<Bytes>,
    /// The answer of the running line is thrown away (fault).
    pub(crate) mute: bool,
}

impl Instance {
    /// How the line reader works, by the S-registers.
    pub(crate) fn editing(&self, limit: usize) -> Editing {
        Editing { terminator: self.settings.terminator, erase: self.settings.erase, limit }
    }

    /// Input that is still held.
    pub(crate) fn held_input(&self) -> usize {
        match &self.mode {
            Mode::Online(online) => self.input.len() + online.unsent.len() + online.in_flight,
            _ => self.input.len(),
        }
    }

    /// Back to the state after power-on, with these settings.
    pub(crate) fn reset(&mut self, settings: InstanceSettings) {
        let (attached, unwritten, uncredited) = (self.attached, self.unwritten, self.uncredited);
        *self = Self { attached, unwritten, uncredited, settings, ..Self::default() };
    }
}
