//! What the engine has found out.

use super::{Task, add, now};
use crate::at::{Event, Failure, Line, Reply, StreamEnd};
use crate::driver::health::ModuleState;
use crate::driver::open_stream::OpenStream;
use crate::driver::restart::RestartSign;
use crate::driver::waiting::{Answer, Waiting, command_error};

impl Task {
    pub(super) fn handle(&mut self, event: Event) {
        match event {
            Event::Completed(result) => self.complete(result),
            Event::Unsolicited(line) => {
                tracing::debug!(%line, "unsolicited");
                self.unsolicited(line);
            }
            Event::UnsolicitedSecret(line) => {
                tracing::debug!(line = "[redacted]", "unsolicited");
                self.unsolicited(line);
            }
            Event::StreamData(data) => {
                if let Some(stream) = &mut self.stream {
                    stream.backlog.push_back(data);
                }
            }
            Event::StreamEnded(end) => {
                if let Some(stream) = self.stream.take() {
                    tracing::debug!(?end, "stream ended");
                    if matches!(end, StreamEnd::Lost | StreamEnd::Stalled { .. }) {
                        self.health.trouble();
                    }
                    stream.finish(end);
                }
            }
            Event::EchoSeen => {
                add(&self.counters.echoes, 1);
                self.echo_seen();
            }
            Event::EchoWasOn if self.is_own() => self.echo_seen(),
            Event::EchoWasOn => {}
            Event::OutputAbandoned => {
                self.output.clear();
                if let Some(stream) = &mut self.stream {
                    stream.stop_writing();
                }
            }
        }
    }

    fn unsolicited(&mut self, line: Line) {
        if self.start_up_lines.iter().any(|start_up_line| line.as_bytes() == start_up_line.as_bytes()) {
            tracing::warn!(%line, "the module has started, its settings are sent again");
            // The engine has seen the line where it stands, which may be before what else has come with it.
            self.restoring.begin();
            self.count_restart(RestartSign::StartUpLine);
        }
        self.unsolicited.send(line);
    }

    pub(super) fn complete(&mut self, result: Result<Reply, Failure>) {
        let Some(Waiting { command, effect, answer }) = self.waiting.take() else {
            return;
        };
        self.judge(matches!(answer, Answer::Nobody), &command, result.as_ref().err());
        let result = result.map_err(|failure| command_error(command, effect, failure));
        match answer {
            // A caller that is gone does not care.
            Answer::Reply(answer) => drop(answer.send(result)),
            Answer::Nobody => {}
            Answer::Stream(answer) => {
                let opened = result.map(|_| {
                    // The first bytes are wanted at once.
                    self.gathering.stop();
                    let (open, stream) = OpenStream::new();
                    self.stream = Some(Box::new(open));
                    stream
                });
                // A dropped stream handle makes the task leave online mode.
                drop(answer.send(opened));
            }
        }
    }

    /// What the end of an exchange says about the module.
    pub(super) fn judge(&mut self, own: bool, command: &str, failure: Option<&Failure>) {
        self.restoring.completed(own, failure);
        match failure {
            None | Some(Failure::Refused(_)) => {}
            Some(_) => self.health.trouble(),
        }
        if let (true, Some(failure)) = (own, failure) {
            tracing::warn!(%command, ?failure, "a setting that was lost could not be restored");
        }
    }

    pub(super) fn echo_seen(&mut self) {
        if self.restoring.echo_seen(self.is_own()) {
            tracing::warn!("the module echoes: it has probably restarted, its settings are sent again");
            self.count_restart(RestartSign::Echo);
        }
    }

    /// A restart that shows in several ways counts once.
    pub(super) fn count_restart(&mut self, sign: RestartSign) {
        let is_supervised = self.changes.is_some();
        let mended = is_supervised && self.health.now().state != ModuleState::Recovering;
        match self.restart.is_another(sign, now(), mended) {
            true => self.health.module_restarted(sign, is_supervised),
            false => self.health.restart_goes_on(),
        }
    }

    /// Whether the exchange under way is one of the settings.
    pub(super) fn is_own(&self) -> bool {
        matches!(&self.waiting, Some(Waiting { answer: Answer::Nobody, .. }))
    }
}
