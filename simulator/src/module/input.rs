//! What comes from the host: command lines, entries, data.

use super::{Effect, InstanceId, Module, OUTPUT_LIMIT, Timer};
use crate::entry::{Entered, Purpose};
use crate::error::AtError;
use crate::instance::Mode;
use crate::line::Typed;

impl Module {
    /// Takes bytes from the host into the instance's buffer.
    pub(super) fn take_input(&mut self, id: InstanceId, bytes: &[u8]) {
        let now = self.now;
        match &mut self.instance(id).mode {
            // What arrives while the module is off or starting is lost.
            Mode::Silent => {}
            // The escape sequence is told by when bytes come, not by when they are used.
            Mode::Online(online) if !online.leaving => {
                online.push(bytes, now);
                self.watch_escape(id);
            }
            _ => self.instance(id).input.extend_from_slice(bytes),
        }
    }

    /// Uses input as far as the instance can. `true` if anything happened.
    pub(super) fn pump_input(&mut self, id: InstanceId) -> bool {
        self.pump_online(id);
        let mut progress = false;
        while self.pump_once(id) {
            progress = true;
        }
        progress
    }

    /// Tells the plug how much input has been used, so that it reads on.
    pub(super) fn credit_input(&mut self, id: InstanceId) {
        let instance = self.instance(id);
        let used = instance.uncredited.saturating_sub(instance.held_input());
        if used > 0 {
            instance.uncredited -= used;
            self.effects.push(Effect::Consumed(id, used));
        }
    }

    fn pump_once(&mut self, id: InstanceId) -> bool {
        let instance = self.instance(id);
        // A host that does not read gets no more answers made.
        if instance.input.is_empty() || instance.unwritten + instance.output.len() > OUTPUT_LIMIT {
            return false;
        }
        match instance.mode {
            Mode::Command => self.type_byte(id),
            Mode::Entry(_) => self.feed_entry(id),
            Mode::Silent => {
                instance.input.clear();
                true
            }
            Mode::Busy | Mode::Online(_) => false,
        }
    }

    fn type_byte(&mut self, id: InstanceId) -> bool {
        let limit = self.profile.general.line_limit;
        let instance = self.instance(id);
        let byte = instance.input.split_to(1);
        let Some(byte) = byte.first().copied() else { return false };
        let typed = instance.reader.push(byte, instance.editing(limit));
        if instance.settings.echo && byte != b'\n' && instance.attached {
            match typed {
                Typed::Erased => instance.output.extend_from_slice(b"\x08 \x08"),
                Typed::More if byte == instance.settings.erase => {}
                _ => instance.output.extend_from_slice(&[byte]),
            }
        }
        match typed {
            Typed::More | Typed::Erased => {}
            Typed::Line(text) | Typed::Repeat(text) => self.begin_line(id, text),
            Typed::TooLong => self.final_result(id, Err(AtError::Plain)),
        }
        true
    }

    fn feed_entry(&mut self, id: InstanceId) -> bool {
        let instance = self.instance(id);
        let Mode::Entry(entry) = &mut instance.mode else { return false };
        let (entered, taken) = entry.take(&mut instance.input);
        if instance.settings.echo && instance.attached {
            instance.output.extend_from_slice(&taken);
        }
        match entered {
            None => self.restart_entry_timer(id),
            Some(entered) => self.end_entry(id, entered),
        }
        true
    }

    pub(super) fn end_entry(&mut self, id: InstanceId, entered: Entered) {
        self.cancel_timer(Timer::EntryInput(id));
        let mode = std::mem::replace(&mut self.instance(id).mode, Mode::Busy);
        let Mode::Entry(entry) = mode else { return };
        self.release_held(id);
        let outcome = match entered {
            // Not documented; the entry did what it was told.
            Entered::Escaped => Ok(crate::command::Flow::Done),
            Entered::Complete(data) => self.use_entry(id, entry.purpose, data),
        };
        self.continue_line(id, outcome);
    }

    /// `#MQPUBSEXT` gives up after ten seconds without input. Source: M37 p1034.
    pub(super) fn restart_entry_timer(&mut self, id: InstanceId) {
        if let Some(limits) = &self.profile.mqtt
            && let Mode::Entry(entry) = &self.peek(id).mode
            && matches!(entry.purpose, Purpose::Publish { .. })
        {
            self.set_timer(Timer::EntryInput(id), limits.input_timeout);
        }
    }

    pub(super) fn entry_timed_out(&mut self, id: InstanceId) {
        let mode = std::mem::replace(&mut self.instance(id).mode, Mode::Busy);
        if matches!(mode, Mode::Entry(_)) {
            self.release_held(id);
            self.finish(id, Err(AtError::Cme(crate::error::cme::MQTT_PUBSEXT)));
        }
    }
}
