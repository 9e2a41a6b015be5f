//! What handles ask of the task.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{Task, add, now};
use crate::at::{Exchange, Reply};
use crate::driver::health::Health;
use crate::driver::restart::RestartSign;
use crate::driver::stream::{Control, DataStream, tell};
use crate::driver::waiting::{Answer, Waiting};
use crate::error::CommandError;

/// What a handle asks the task to do.
#[derive(Debug)]
pub(crate) enum Request {
    Execute {
        exchange: Exchange,
        answer: oneshot::Sender<Result<Reply, CommandError>>,
    },
    OpenStream {
        exchange: Exchange,
        answer: oneshot::Sender<Result<DataStream, CommandError>>,
    },
    /// The module's guard time around the escape sequence.
    EscapeGuard(Duration),
    /// Belongs to the settings that are sent again after a restart from now on.
    Remember(Exchange),
    /// Something has shown that the module has restarted since `known`: its settings go again.
    Restore {
        sign: RestartSign,
        known: Health,
    },
}

impl Task {
    pub(super) fn begin(&mut self, request: Request) {
        let (exchange, answer) = match request {
            Request::Execute { exchange, answer } => (exchange, Answer::Reply(answer)),
            Request::OpenStream { exchange, answer } => (exchange, Answer::Stream(answer)),
            Request::EscapeGuard(guard) => return self.engine.set_escape_guard(guard),
            Request::Remember(exchange) => return self.restoring.remember(exchange),
            Request::Restore { sign, known } => return self.restore(sign, known),
        };
        if !answer.is_abandoned() {
            self.send(exchange, answer);
        }
    }

    /// There is no stream to send it to.
    pub(super) fn refuse(&mut self, request: Request, reason: &str) {
        let (exchange, answer) = match request {
            Request::Execute { exchange, answer } => (exchange, Answer::Reply(answer)),
            Request::OpenStream { exchange, answer } => (exchange, Answer::Stream(answer)),
            Request::EscapeGuard(guard) => return self.engine.set_escape_guard(guard),
            Request::Remember(exchange) => return self.restoring.remember(exchange),
            Request::Restore { sign, known } => return self.restore(sign, known),
        };
        let command = exchange.line().name().to_owned();
        answer.fail(CommandError::LinkLost { command, reason: reason.to_owned(), sent: false });
    }

    pub(super) fn restore(&mut self, sign: RestartSign, known: Health) {
        if self.health.now().starts == known.starts {
            self.restarted(sign);
        }
    }

    /// What the module does not keep goes before the next request.
    pub(super) fn restarted(&mut self, sign: RestartSign) {
        self.restoring.begin();
        self.engine.module_restarted(now());
        self.count_restart(sign);
    }

    pub(super) fn begin_restoring(&mut self) {
        if let Some(exchange) = self.restoring.next() {
            self.send(exchange, Answer::Nobody);
        }
    }

    pub(super) fn send(&mut self, exchange: Exchange, answer: Answer) {
        add(&self.counters.exchanges, 1);
        tracing::trace!(command = %exchange.line(), "begin");
        self.waiting =
            Some(Waiting { command: exchange.line().name().to_owned(), effect: exchange.effect, answer });
        self.engine.begin(now(), exchange);
    }

    /// A command whose caller is gone is not sent once the line is found.
    pub(super) fn forget_unsent(&mut self) {
        self.waiting = None;
        self.engine.forget_unsent();
    }

    pub(super) fn control_stream(&mut self, control: Option<Control>) {
        match control {
            Some(Control::Write(bytes, taken)) => {
                // What answers it is wanted at once.
                self.gathering.stop();
                self.engine.stream_write(now(), bytes);
                tell(taken);
            }
            Some(Control::Flush(written)) => {
                if let Some(stream) = &mut self.stream {
                    stream.flushing.push(written);
                }
            }
            Some(Control::SendTimeout(timeout)) => self.engine.stream_send_timeout(timeout),
            Some(Control::Close) | None => {
                self.gathering.stop();
                if let Some(stream) = &mut self.stream {
                    stream.closing = true;
                }
                self.engine.stream_close();
            }
        }
    }
}
