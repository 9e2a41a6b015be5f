//! What arrives while the line is looked for.

use std::time::Instant;

use bytes::Bytes;

use super::ladder::{ESCAPE_KEY, PROBE_ANSWER};
use super::{Phase, Resync, ResyncStep, send, settling};
use crate::at::counted_code::{self, Front};
use crate::at::entry::OpenEntry;
use crate::at::event::Event;
use crate::at::exchange::Prompt;
use crate::at::fields::bytes_after_prefix;
use crate::at::output::{Output, Trace, flush_trace};
use crate::at::pending::send_payload;
use crate::at::reader::{Found, Reader};
use crate::at::reply::Line;
use crate::at::result_code::Final;
use crate::at::secrecy::Secrecy;
use crate::at::settings::Settings;
use crate::at::unsolicited;

impl Resync {
    pub(crate) fn step(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> ResyncStep {
        let was_discarding = reader.is_discarding();
        let is_settled = reader.settle();
        if was_discarding {
            // The rest of an overlong line is not shown with the line behind it.
            self.trace(&Found::Overlong, reader, output);
        }
        if !is_settled {
            return ResyncStep::Wait;
        }
        reader.skip_line_ends();
        if let Some(step) = self.close_late_prompt(now, settings, reader, output) {
            return step;
        }
        match counted_code::take(reader, output) {
            Front::Other => {}
            Front::Unfinished => return ResyncStep::Wait,
            Front::Code(code) => {
                output.event(Event::Unsolicited(Line::new(code)));
                return ResyncStep::Again;
            }
        }
        let found = reader.take_line();
        if found != Found::Nothing {
            self.trace(&found, reader, output);
        }
        match found {
            Found::Nothing => ResyncStep::Wait,
            Found::Overlong => {
                self.disturbed = true;
                ResyncStep::Again
            }
            Found::Line(line) => self.judge(now, settings, line, output),
        }
    }

    /// Tells what was consumed, which was `found` or is the beginning of something.
    pub(crate) fn trace(&self, found: &Found, reader: &mut Reader, output: &mut Output) {
        if let Some(consumed) = reader.take_consumed() {
            output.trace(|| match self.secret && (self.disturbing(found) || self.shows_secret(found)) {
                true => Trace::Redacted { sent: false, length: consumed.len() },
                false => Trace::Received(consumed),
            });
        }
    }

    fn judge(&mut self, now: Instant, settings: &Settings, line: Bytes, output: &mut Output) -> ResyncStep {
        let text = line.trim_ascii();
        let has_started = settings.is_start_up_line(text);
        if has_started {
            self.forget_entry();
        }
        if unsolicited::is_known(text) || has_started {
            match self.secrecy(text) {
                _ if has_started => output.event(Event::Unsolicited(Line::new(line))),
                Secrecy::Open => output.event(Event::Unsolicited(Line::new(line))),
                Secrecy::Coincidence => output.event(Event::UnsolicitedSecret(Line::new(line))),
                Secrecy::Echo => {}
            }
            return ResyncStep::Again;
        }
        match &mut self.phase {
            Phase::Probing { answered, .. } if bytes_after_prefix(text, PROBE_ANSWER).is_some() => {
                *answered = true
            }
            // `0` is the OK of a module in ATV0.
            Phase::Probing { answered: true, .. }
                if text == b"0" || Final::parse(text) == Some(Final::Ok) =>
            {
                self.phase = settling(now, settings);
            }
            _ => {
                if self.entry.is_some() && Final::parse(text).is_some() {
                    self.entry_ended(now, settings);
                }
                if let (Phase::Probing { until, .. }, Some(Final::Error(_))) =
                    (&mut self.phase, Final::parse(text))
                {
                    // The probe was refused, behind a half-typed line perhaps: ask again soon.
                    *until = (now + settings.quiet).min(*until);
                }
                self.disturbed = true;
                return ResyncStep::Dropped(line.len() as u64);
            }
        }
        ResyncStep::Again
    }

    /// The command that was given up has ended after all: nothing is entered any more.
    fn entry_ended(&mut self, now: Instant, settings: &Settings) {
        (self.entry, self.late_prompt) = (None, None);
        if let Phase::Quiet { .. } = self.phase {
            self.listen_until(now + settings.quiet, settings);
        }
    }

    fn secrecy(&self, text: &[u8]) -> Secrecy {
        self.command.as_ref().map_or(Secrecy::Open, |command| Secrecy::of(text, command, false))
    }

    fn shows_secret(&self, found: &Found) -> bool {
        matches!(found, Found::Line(line) if self.secrecy(line.trim_ascii()) != Secrecy::Open)
    }

    /// Whether this may be part of the answer that went wrong.
    fn disturbing(&self, found: &Found) -> bool {
        match found {
            Found::Line(line) => {
                let text = line.trim_ascii();
                !unsolicited::is_known(text)
                    && bytes_after_prefix(text, PROBE_ANSWER).is_none()
                    && Final::parse(text).is_none()
            }
            Found::Overlong | Found::Nothing => true,
        }
    }

    /// A prompt that opens late would take the next command for data. It is closed with what was meant
    /// for it: the escape key where that abandons the entry, otherwise the announced payload, unless a question was sent
    /// before, which may stand in front of it.
    ///
    /// Source: M37 p741-744.
    fn close_late_prompt(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Option<ResyncStep> {
        if reader.peek().first() != Some(&b'>') {
            return None;
        }
        let open = self.late_prompt.take()?;
        let width = if open.prompt == Prompt::CountedTriple { 3 } else { 1 };
        let is_other = reader.peek().iter().take(width).any(|byte| *byte != b'>');
        if is_other || reader.peek().len() < width {
            self.late_prompt = Some(open);
            return (!is_other).then_some(ResyncStep::Wait);
        }
        reader.drop_front(width);
        flush_trace(reader, output);
        if let Some(entry) = self.entry.filter(OpenEntry::is_spoiled) {
            self.listen_until(now + entry.patience(), settings);
            return Some(ResyncStep::Again);
        }
        match open.prompt {
            Prompt::Terminated => {
                self.listen_until(now + settings.quiet, settings);
                send(output, ESCAPE_KEY);
            }
            Prompt::Counted | Prompt::CountedTriple => {
                // From here on it is like any payload that was sent.
                let patience =
                    self.entry.map_or(settings.quiet, |entry| entry.patience().max(settings.quiet));
                self.listen_until(now + patience, settings);
                send_payload(open.prompt, &open.payload, true, output);
            }
        }
        Some(ResyncStep::Again)
    }
}
