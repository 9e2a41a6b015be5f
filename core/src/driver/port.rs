//! The cloneable handle to a port.

use std::borrow::Cow;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

use super::channel::AtChannel;
use super::health::{Health, HealthRecord, HealthWatch};
use super::recorder::Recorder;
use super::restart::RestartSign;
use super::slot::{BoxedStream, Change, Occupied, PortSlot};
use super::stream::DataStream;
use super::task::{Request, Shared, Task};
use super::unsolicited::{SharedUnsolicited, Unsolicited};
use crate::at::{Exchange, InvalidValue, Reply, Settings};
use crate::error::{Category, CommandError};
use crate::fan_in;
use crate::task::spawn;

/// Commands that may wait for their turn before callers have to wait to hand theirs over.
const REQUESTS: usize = 32;

/// How a port is driven.
#[derive(Debug, Default)]
pub struct DriverOptions {
    /// Times and limits of the engine.
    pub settings: Settings,
    /// Records the conversation.
    pub recorder: Option<Recorder>,
    /// Bits a second of a serial line (8N1) whose driver takes bytes before they have crossed it: the silences
    /// around the escape sequence begin when they have. Default `None`: bytes that were taken have left.
    pub line_rate: Option<u32>,
    /// Settings that are sent again, before the next request, when the module echoes although it was told
    /// not to: it has restarted then. The first of them should switch echo off.
    pub restored: Cow<'static, [Exchange]>,
}

/// A handle to a port; clones share it. See the [module documentation](super).
#[derive(Clone, Debug)]
pub struct AtPort {
    requests: fan_in::Sender<Box<Request>>,
    unsolicited: SharedUnsolicited,
    statistics: Arc<Counters>,
    health: HealthRecord,
}

/// What happened on a port so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Bytes written to the module.
    pub bytes_written: u64,
    /// Bytes read from the module.
    pub bytes_read: u64,
    /// Exchanges that were begun.
    pub exchanges: u64,
    /// How often the engine had to get back in step.
    pub resyncs: u64,
    /// Bytes that were dropped on the way back in step.
    pub dropped_bytes: u64,
    /// How often the module echoed a command although echo was switched off.
    pub echoes: u64,
    /// Commands that the module refused, questions of the SDK among them.
    pub refusals: u64,
    /// Commands that it refused because another of its AT ports holds what they need.
    pub busy: u64,
    /// Commands that had no answer in time, or none that could be understood, or whose port was lost.
    pub link_failures: u64,
}

impl AddAssign for Statistics {
    fn add_assign(&mut self, other: Self) {
        self.bytes_written += other.bytes_written;
        self.bytes_read += other.bytes_read;
        self.exchanges += other.exchanges;
        self.resyncs += other.resyncs;
        self.dropped_bytes += other.dropped_bytes;
        self.echoes += other.echoes;
        self.refusals += other.refusals;
        self.busy += other.busy;
        self.link_failures += other.link_failures;
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) bytes_written: AtomicU64,
    pub(crate) bytes_read: AtomicU64,
    pub(crate) exchanges: AtomicU64,
    pub(crate) resyncs: AtomicU64,
    pub(crate) dropped_bytes: AtomicU64,
    pub(crate) echoes: AtomicU64,
    refusals: AtomicU64,
    busy: AtomicU64,
    link_failures: AtomicU64,
}

impl Counters {
    fn count_failure(&self, error: &CommandError) {
        let counter = match error.category() {
            Category::Refused => &self.refusals,
            Category::Busy => &self.busy,
            _ => &self.link_failures,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl AtPort {
    /// Starts the task that owns `transport`, on the current tokio runtime.
    pub fn start<T>(transport: T, options: DriverOptions) -> Self
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        Self::start_task(Box::pin(transport), options, None, Occupied::default())
    }

    /// Like [`start`](Self::start); while the slot exists the port outlives its stream.
    pub(crate) fn start_in_slot(stream: BoxedStream, options: DriverOptions) -> (Self, PortSlot) {
        let occupied = Occupied::new(AtomicBool::new(true));
        let (slot, changes) = PortSlot::new(Occupied::clone(&occupied));
        (Self::start_task(stream, options, Some(changes), occupied), slot)
    }

    fn start_task(
        stream: BoxedStream,
        options: DriverOptions,
        changes: Option<fan_in::Receiver<Box<Change>>>,
        occupied: Occupied,
    ) -> Self {
        let (requests, receiver) = fan_in::channel(REQUESTS);
        let (unsolicited, statistics, health) = <(SharedUnsolicited, Arc<Counters>, HealthRecord)>::default();
        let shared = Shared {
            requests: receiver,
            changes,
            occupied,
            subscriptions: unsolicited.clone(),
            counters: Arc::clone(&statistics),
            health: health.clone(),
        };
        spawn(Box::pin(Box::new(Task::new(options, shared)).run(stream)));
        Self { requests, unsolicited, statistics, health }
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            bytes_written: read(&self.statistics.bytes_written),
            bytes_read: read(&self.statistics.bytes_read),
            exchanges: read(&self.statistics.exchanges),
            resyncs: read(&self.statistics.resyncs),
            dropped_bytes: read(&self.statistics.dropped_bytes),
            echoes: read(&self.statistics.echoes),
            refusals: read(&self.statistics.refusals),
            busy: read(&self.statistics.busy),
            link_failures: read(&self.statistics.link_failures),
        }
    }

    /// Commands that wait for their turn; those of callers that wait to hand theirs over are not among them.
    #[must_use]
    pub fn commands_waiting(&self) -> usize {
        self.requests.waiting()
    }

    /// What is known about the module behind the port.
    #[must_use]
    pub fn health(&self) -> HealthWatch {
        self.health.watch()
    }

    pub(crate) fn health_record(&self) -> &HealthRecord {
        &self.health
    }

    /// Tells that something has shown that the module has restarted since `known`: its settings are sent again before
    /// the next request.
    pub(crate) async fn restore(&self, sign: RestartSign, known: Health) {
        // A port that is closed has nothing to restore.
        self.requests.send(Box::new(Request::Restore { sign, known })).await.unwrap_or(());
    }

    /// Whether the port has been closed, or lost for good.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    /// Adds an exchange to those that are sent again when the module has restarted, see
    /// [`DriverOptions::restored`]. It is not sent now.
    pub(crate) async fn remember(&self, exchange: Exchange) {
        // A port that is closed has nothing to restore.
        self.requests.send(Box::new(Request::Remember(exchange))).await.unwrap_or(());
    }

    /// Tells the module's guard time around the escape sequence, for every stream that is opened from now on.
    pub(crate) async fn set_escape_guard(&self, guard: Duration) {
        // A port that is closed opens no stream.
        self.requests.send(Box::new(Request::EscapeGuard(guard))).await.unwrap_or(());
    }

    async fn request<R>(
        &self,
        command: String,
        build: impl FnOnce(oneshot::Sender<Result<R, CommandError>>) -> Request,
    ) -> Result<R, CommandError> {
        let (answer, result) = oneshot::channel();
        let lost =
            || CommandError::LinkLost { command, reason: "the port is closed".to_owned(), sent: false };
        let result = match self.requests.send(Box::new(build(answer))).await {
            Ok(()) => result.await.unwrap_or_else(|_| Err(lost())),
            Err(_) => Err(lost()),
        };
        result.inspect_err(|error| self.statistics.count_failure(error))
    }
}

#[async_trait]
impl AtChannel for AtPort {
    async fn execute(&self, exchange: Exchange) -> Result<Reply, CommandError> {
        if exchange.opens_stream() {
            return Err(
                InvalidValue::new("exchange", "it opens a data stream, which open_stream() gives").into()
            );
        }
        let command = exchange.line().name().to_owned();
        self.request(command, |answer| Request::Execute { exchange, answer }).await
    }

    async fn open_stream(&self, exchange: Exchange) -> Result<DataStream, CommandError> {
        if !exchange.opens_stream() {
            return Err(InvalidValue::new("exchange", "it opens no data stream").into());
        }
        let command = exchange.line().name().to_owned();
        self.request(command, |answer| Request::OpenStream { exchange, answer }).await
    }

    fn unsolicited(&self) -> Unsolicited {
        self.unsolicited.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::ModuleError;

    #[test]
    fn what_another_instance_uses_is_counted_as_busy() {
        let counters = Counters::default();
        let error = ModuleError::equipment("Resource used by other instance");
        counters.count_failure(&CommandError::Refused { command: "#X".to_owned(), error });
        let counted = [&counters.refusals, &counters.busy, &counters.link_failures];
        assert_eq!(counted.map(|counter| counter.load(Ordering::Relaxed)), [0, 1, 0]);
    }
}
