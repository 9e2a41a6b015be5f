//! What a step leads to: the next state, and what the owner is told of it.

use std::time::Instant;

use super::{Engine, State};
use crate::at::event::{Event, Failure};
use crate::at::output::Trace;
use crate::at::pending::Step;
use crate::at::resync::{Cause, Resync, ResyncStep, Trouble};
use crate::at::stream::{Stream, StreamStep};

impl Engine {
    pub(super) fn apply_pending(&mut self, now: Instant, step: Step) -> bool {
        match step {
            Step::Wait => return false,
            Step::Again => {}
            Step::Done(result) => {
                self.become_idle(now);
                self.output.event(Event::Completed(result));
            }
            Step::Connected(reply, ending) => {
                self.state = State::Stream(Box::new(Stream::new(now, &self.settings, ending)));
                self.output.event(Event::Completed(Ok(reply)));
            }
            Step::Lost(failure) => {
                let mut trouble = self.trouble(now);
                if matches!(failure, Failure::Refused(_)) {
                    trouble.entry = None;
                }
                self.output.event(Event::Completed(Err(failure)));
                self.become_resync(now, trouble);
            }
            Step::Unsure(result) => {
                let held = Some(result);
                self.become_resync(now, Trouble { held, cause: Cause::Silence, ..self.trouble(now) });
            }
        }
        true
    }

    pub(super) fn apply_stream(&mut self, now: Instant, step: StreamStep) -> bool {
        match step {
            StreamStep::Wait => return false,
            StreamStep::Again => {}
            StreamStep::Stalled => {
                self.output.trace(|| Trace::Remark("the port takes nothing"));
                self.abandon_output();
            }
            StreamStep::Ended { end, in_step } => {
                self.output.event(Event::StreamEnded(end));
                if in_step {
                    self.become_idle(now);
                } else {
                    let has_peer = matches!(&self.state, State::Stream(stream) if stream.has_peer());
                    let cause = if has_peer { Cause::StreamOpen } else { Cause::Unknown };
                    self.become_resync(now, Trouble { cause, ..Trouble::default() });
                }
            }
        }
        true
    }

    pub(super) fn apply_resync(&mut self, now: Instant, step: ResyncStep) -> bool {
        match step {
            ResyncStep::Wait => return false,
            ResyncStep::Again => {}
            ResyncStep::Dropped(bytes) => self.dropped += bytes,
            ResyncStep::InStep(waiting) => {
                self.complete_held();
                self.become_idle(now);
                if let Some(exchange) = waiting {
                    self.begin(now, *exchange);
                }
            }
            ResyncStep::GaveUp { waiting } => {
                self.complete_held();
                self.abandon_output();
                if waiting {
                    self.output.event(Event::Completed(Err(Failure::NotResponding)));
                }
                return false;
            }
        }
        true
    }

    pub(super) fn become_idle(&mut self, now: Instant) {
        let ready_at = (!self.settings.pause.is_zero()).then(|| now + self.settings.pause);
        self.state = State::Idle { ready_at, line_end_due: self.reader.is_line_end_open() };
    }

    fn become_resync(&mut self, now: Instant, trouble: Trouble) {
        self.resyncs += 1;
        self.output.trace(|| Trace::Remark("looking for the line again"));
        self.abandon_output();
        self.state = State::Resync(Box::new(Resync::new(now, &self.settings, trouble)));
    }

    fn trouble(&self, now: Instant) -> Trouble {
        match &self.state {
            State::Pending(pending) => pending.trouble(now),
            _ => Trouble::default(),
        }
    }

    fn abandon_output(&mut self) {
        self.output.drop_bytes();
        self.output.event(Event::OutputAbandoned);
    }

    /// An answer whose end only silence told counts if nothing followed it.
    fn complete_held(&mut self) {
        if let State::Resync(resync) = &mut self.state
            && let Some((held, disturbed)) = resync.take_held()
        {
            let result = match disturbed || resync.gave_up() {
                true => Err(Failure::Unexpected("more followed what looked like the end of the answer")),
                false => held,
            };
            self.output.event(Event::Completed(result));
        }
    }
}
