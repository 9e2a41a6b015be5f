//! Lines that are taken whole: they are neither prompts nor marks nor counted codes.

use std::time::Instant;

use super::meaning::{Meaning, kept};
use super::{Pending, Phase, Step};
use crate::at::event::Event;
use crate::at::front::Place;
use crate::at::output::Output;
use crate::at::reader::{Reader, Run};
use crate::at::reply::Line;
use crate::at::settings::Settings;

impl Pending {
    /// Takes lines that left the input together, up to one that leads to something.
    pub(crate) fn take_run(
        &mut self,
        now: Instant,
        settings: &Settings,
        mut run: Run,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        while let Some(place) = reader.next_line(&mut run) {
            let step = match self.meaning(settings, run.line(place)) {
                _ if reader.is_traced() => self.take(now, settings, run.cut(place), reader, output),
                Meaning::Code => {
                    self.code(now, settings, run.cut(place), output);
                    continue;
                }
                Meaning::Answer => match self.keep(now, settings, run.cut(place)) {
                    Ok(()) => continue,
                    trouble => kept(trouble),
                },
                Meaning::SecretCode => {
                    output.event(Event::UnsolicitedSecret(Line::new(run.cut(place))));
                    continue;
                }
                meaning => self.end_or_ignore(now, meaning, run.line(place), output),
            };
            if !matches!(step, Step::Again) {
                reader.keep_run(run);
                return step;
            }
        }
        reader.end_run(run);
        Step::Again
    }

    /// Takes a line that is still where it arrived.
    pub(crate) fn take_whole_line(
        &mut self,
        now: Instant,
        settings: &Settings,
        place: Place,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        if matches!(self.phase, Phase::Lines) {
            // Neither a prompt nor a mark has begun.
            (self.damaged_prompt_at, self.quiet_at) = (None, None);
        }
        if reader.is_traced() {
            let line = reader.cut(place);
            return self.take(now, settings, line, reader, output);
        }
        match self.meaning(settings, reader.line(place)) {
            meaning @ (Meaning::Result | Meaning::Echo | Meaning::Nothing) => {
                let step = self.end_or_ignore(now, meaning, reader.line(place), output);
                reader.pass(place);
                step
            }
            meaning => self.act(now, settings, meaning, reader.cut(place), output),
        }
    }
}
