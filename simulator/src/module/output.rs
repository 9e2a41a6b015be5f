//! What goes to the host: information, final results, unsolicited codes, data.
//!
//! Source: M37 p31-34, p147 (`V`), p145 (`Q`).

use bytes::Bytes;

use super::{Effect, InstanceId, Module, OUTPUT_LIMIT};
use crate::error::{self, AtError, Wording};
use crate::instance::Mode;

/// Unsolicited codes that are kept during data mode or an entry.
const HELD_LIMIT: usize = 64;

impl Module {
    /// One information line.
    pub(crate) fn info(&mut self, id: InstanceId, line: impl Into<String>) {
        self.info_lines(id, &[line.into()]);
    }

    /// An information text of several lines.
    pub(crate) fn info_lines(&mut self, id: InstanceId, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let line_feed_only = self.quirks.line_feed_only;
        let settings = &self.peek(id).settings;
        let end = [settings.terminator, settings.line_feed];
        let separator: &[u8] = if line_feed_only { b"\n" } else { &end };
        let mut text = Vec::new();
        if settings.verbose {
            text.extend_from_slice(&end);
        }
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                text.extend_from_slice(separator);
            }
            text.extend_from_slice(line.as_bytes());
        }
        text.extend_from_slice(&end);
        self.answer(id, &text);
    }

    /// Bytes of an answer, as they are.
    pub(crate) fn answer(&mut self, id: InstanceId, bytes: &[u8]) {
        let instance = self.instance(id);
        if !instance.mute && instance.attached {
            instance.output.extend_from_slice(bytes);
        }
    }

    /// The final result.
    pub(super) fn final_result(&mut self, id: InstanceId, result: Result<(), AtError>) {
        match result {
            Ok(()) => self.result_code(id, "OK", Some(0)),
            Err(error) => {
                let error = self.without_unknown_numbers(error);
                let wording =
                    Wording { numbers: self.profile.tls.numbers, texts: self.profile.general.error_texts };
                let cmee = self.peek(id).settings.error_format;
                let text = error::final_text(error, cmee, wording, &self.quirks);
                let code = match text.as_str() {
                    "ERROR" => Some(4),
                    "NO CARRIER" => Some(3),
                    // The extended texts have no digit. Source: 27.007 9.2.
                    _ => None,
                };
                self.result_code(id, &text, code);
            }
        }
    }

    /// `CONNECT`
    pub(crate) fn connect_result(&mut self, id: InstanceId) {
        self.result_code(id, "CONNECT", Some(1));
    }

    /// A result code in words, or its digit.
    pub(crate) fn result_code(&mut self, id: InstanceId, text: &str, digit: Option<u8>) {
        let settings = &self.peek(id).settings;
        if settings.quiet > 0 {
            return;
        }
        let (start, feed) = (settings.terminator, settings.line_feed);
        let bytes = match digit {
            Some(digit) if !settings.verbose => vec![b'0' + digit, start],
            _ => [&[start, feed], text.as_bytes(), &[start, feed]].concat(),
        };
        self.answer(id, &bytes);
    }

    /// An unsolicited line on one instance.
    pub(crate) fn unsolicited(&mut self, id: InstanceId, line: &str) {
        self.unsolicited_bytes(id, line.as_bytes());
    }

    /// An unsolicited line that may hold any bytes.
    pub(crate) fn unsolicited_bytes(&mut self, id: InstanceId, line: &[u8]) {
        let instance = self.instance(id);
        if !instance.attached {
            return;
        }
        let ends = [instance.settings.terminator, instance.settings.line_feed];
        let text = [&ends, line, &ends].concat();
        match instance.mode {
            Mode::Command | Mode::Busy => instance.output.extend_from_slice(&text),
            Mode::Entry(_) | Mode::Online(_) if instance.held.len() < HELD_LIMIT => {
                instance.held.push_back(Bytes::from(text));
            }
            _ => {}
        }
    }

    /// An unsolicited line on every instance.
    pub(crate) fn broadcast(&mut self, line: &str) {
        for id in self.instance_ids() {
            self.unsolicited(id, line);
        }
    }

    /// Lets go of what waited for the end of an entry or of data mode.
    pub(super) fn release_held(&mut self, id: InstanceId) {
        let instance = self.instance(id);
        while let Some(text) = instance.held.pop_front() {
            instance.output.extend_from_slice(&text);
        }
    }

    /// How many more bytes of data the host can be given now.
    pub(crate) fn room(&self, id: InstanceId) -> usize {
        let instance = self.peek(id);
        OUTPUT_LIMIT.saturating_sub(instance.unwritten + instance.output.len())
    }

    pub(super) fn flush_output(&mut self) {
        for id in self.instance_ids() {
            if !self.is_channel(id) {
                self.flush_instance(id);
            }
        }
        self.flush_frames();
    }

    /// Hands the output of an instance to its plug.
    pub(super) fn flush_instance(&mut self, id: InstanceId) {
        let output = self.instance(id).output.split();
        if output.is_empty() {
            return;
        }
        let bytes = self.faults.on_output(output);
        self.instance(id).unwritten += bytes.len();
        self.effects.push(Effect::Output(id, bytes));
    }
}
