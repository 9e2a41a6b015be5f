//! The stream of the port ends, and another one may take its place.

use std::io;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::Task;
use crate::at::{StreamEnd, Trace};
use crate::driver::health::ModuleState;
use crate::driver::restart::RestartSign;
use crate::driver::slot::{BoxedStream, Change};
use crate::driver::stream::tell;
use crate::driver::waiting::Waiting;
use crate::error::CommandError;

/// Why a stream is not used any more.
pub(super) enum End {
    HandlesGone,
    Lost(io::Error),
    TakenOut(oneshot::Sender<()>),
    Replaced(BoxedStream, oneshot::Sender<()>),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl End {
    pub(super) fn reason(&self) -> String {
        match self {
            Self::HandlesGone => "the port was closed".to_owned(),
            Self::Lost(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "the port hung up".to_owned()
            }
            Self::Lost(error) => error.to_string(),
            Self::TakenOut(_) | Self::Replaced(..) => "the port is opened again".to_owned(),
        }
    }
}

impl Task {
    /// Everything under way fails, and whoever listens hears that the port is lost.
    pub(super) fn lose_stream(&mut self, reason: &str) {
        let reason = reason.to_owned();
        if let Some(recorder) = &mut self.recorder {
            recorder.record(self.started.elapsed(), &Trace::Remark("the port is lost"));
        }
        // Whoever hears of the loss can see what it means, and whoever sees it can subscribe to nothing that has ended.
        let nobody = self.subscriptions.end();
        self.occupied.store(false, Ordering::Relaxed);
        let state = if self.changes.is_some() { ModuleState::Recovering } else { ModuleState::Down };
        self.health.port_lost(state);
        if let Some(Waiting { command, answer, .. }) = self.waiting.take() {
            let sent = !self.engine.is_exchange_unsent();
            answer.fail(CommandError::LinkLost { command, reason: reason.clone(), sent });
        }
        if let Some(stream) = self.stream.take() {
            stream.finish(StreamEnd::LinkLost { reason });
        }
        self.unsolicited = nobody;
    }

    /// Waits for another stream; `None` if there will be none.
    pub(super) async fn next_stream(&mut self, end: End, reason: &str) -> Option<BoxedStream> {
        match end {
            End::HandlesGone => return None,
            End::Lost(_) => {}
            End::Replaced(stream, taken) => return self.take_in(stream, taken),
            End::TakenOut(taken) => tell(Some(taken)),
        }
        loop {
            if self.changes.is_some()
                && let Some(request) = self.next.take().flatten()
            {
                self.refuse(*request, reason);
            }
            let changes = self.changes.as_mut()?;
            tokio::select! {
                change = changes.receive() => match *change? {
                    Change::PutIn(stream, taken) => return self.take_in(stream, taken),
                    Change::TakeOut(taken) => tell(Some(taken)),
                    Change::Restarted(known) => self.restore(RestartSign::Settings, known),
                },
                request = self.requests.receive() => self.refuse(*request?, reason),
            }
        }
    }

    pub(super) fn take_in(&self, stream: BoxedStream, taken: oneshot::Sender<()>) -> Option<BoxedStream> {
        self.occupied.store(true, Ordering::Relaxed);
        tell(Some(taken));
        Some(stream)
    }

    /// Nothing is known about the module behind a new stream.
    pub(super) fn begin_on_new_stream(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.record(self.started.elapsed(), &Trace::Remark("the port is open again"));
        }
        self.engine.begin_on_new_stream(super::now());
        self.output.clear();
        (self.unflushed, self.leaving) = (false, false);
        self.gathering.stop();
        self.restoring.begin_on_new_stream();
        self.unsolicited = self.subscriptions.renew();
    }

    /// Nothing more can be asked of the port.
    pub(super) fn close(&mut self) {
        self.health.set_state(ModuleState::Down);
        self.requests.close();
        while let Some(request) = self.next.take().flatten().or_else(|| self.requests.try_receive()) {
            self.refuse(*request, "the port is closed");
        }
    }
}
