//! The life of one module in a pool.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until};

use super::contained::contained;
use super::event::ModuleChange;
use super::figures::count;
use super::inner::Inner;
use super::retries::Retries;
use super::setup::Supervised;
use super::shared::Shared;
use super::spans;
use crate::driver::BoxedStream;
use crate::error::Category;
use crate::supervisor::PortSource;

/// How long a module that is being started counts among those that are.
const COUNTED: Duration = Duration::from_secs(10);

/// Keeps one module, from when it comes into the pool until it leaves. It is in the pool until this is dropped, however
/// that comes.
pub(super) struct Task {
    pub(super) pool: Arc<Inner>,
    pub(super) shared: Arc<Shared>,
    pub(super) port: Arc<dyn PortSource>,
}

/// Opens the port for one start after the other.
struct Port(Arc<dyn PortSource>);

#[async_trait]
impl PortSource for Port {
    async fn open(&self) -> io::Result<BoxedStream> {
        self.0.open().await
    }

    fn line_rate(&self) -> Option<u32> {
        self.0.line_rate()
    }
}

/// A start that came to nothing.
struct Failed {
    category: Category,
    because: String,
}

impl Task {
    pub(super) async fn run(self) {
        let mut retries = Retries::new(self.pool.options.again);
        // How often its port had come back when that was looked at last.
        let mut returns = 0;
        while !self.shared.leave.is_raised() {
            let started = tokio::select! {
                biased;
                () = self.left() => break,
                started = Box::pin(self.start(&mut returns)) => started,
            };
            let wait = match started {
                Ok(supervised) => {
                    let began = Instant::now();
                    self.serve(supervised, &mut returns).await;
                    if self.shared.leave.is_raised() {
                        break;
                    }
                    let wait = retries.failed(began.elapsed());
                    self.tell(ModuleChange::Stopped { again: wait });
                    wait
                }
                Err(failed) => self.start_failed(failed, &mut retries),
            };
            tokio::select! {
                biased;
                () = self.left() => break,
                () = self.rest(wait, returns) => {}
            }
        }
    }

    pub(super) fn tell(&self, change: ModuleChange) {
        self.pool.tell(&self.shared.name, change);
    }

    /// Until it is told to leave, or has been away for too long.
    pub(super) async fn left(&self) {
        tokio::select! {
            biased;
            () = self.shared.leave.raised() => {}
            () = self.leave_when_away_for_too_long() => {}
        }
    }

    /// Pends for ever.
    async fn leave_when_away_for_too_long(&self) {
        loop {
            let away = self.shared.away_since();
            let end =
                away.and_then(|since| Some((since, since.checked_add(self.pool.options.vanished_for)?)));
            let too_long = async {
                let Some((since, end)) = end else { return std::future::pending().await };
                sleep_until(end).await;
                self.shared.leave_if_away_since(since);
                std::future::pending().await
            };
            tokio::select! {
                biased;
                () = self.shared.port_news(|shared| shared.away_since() != away) => {}
                () = too_long => {}
            }
        }
    }

    fn start_failed(&self, failed: Failed, retries: &mut Retries) -> Duration {
        let Failed { category, because } = failed;
        self.shared.set_starting(false);
        count(&self.shared.counters.failed_starts);
        self.shared.counters.record_error(category);
        let again = retries.failed(Duration::ZERO);
        tracing::warn!(module = %self.shared.name, because, ?again, "the module could not be started");
        self.tell(ModuleChange::StartFailed { category, because, again });
        again
    }

    /// Until it is to be tried again: after a while, or when its port has come back since that was looked at last.
    async fn rest(&self, wait: Duration, returns: u64) {
        tokio::select! {
            () = sleep(wait) => {}
            () = self.shared.port_news(|shared| shared.returns() != returns) => {}
        }
    }

    /// When its port is there, and it is its turn.
    async fn start(&self, returns: &mut u64) -> Result<Supervised, Failed> {
        self.shared.port_news(|shared| shared.vanished_at().is_none()).await;
        let place = self.pool.gate.turn().await;
        *returns = self.shared.returns();
        // Not around the start: the tasks that it leaves behind would hold the span for as long as they run.
        let span = spans::start(&self.shared.name);
        let started = self.try_start(place).await;
        spans::started(&span, started.as_ref().err().map(|failed| failed.category));
        started
    }

    async fn try_start(&self, mut place: Option<SemaphorePermit<'_>>) -> Result<Supervised, Failed> {
        self.shared.set_starting(true);
        count(&self.shared.counters.starts);
        let starting = async {
            let setup = (self.pool.describe)(&self.shared.name);
            let started = setup.start(Port(Arc::clone(&self.port)), &self.shared.pin).await;
            // In words here, where a panic is contained: the user's port may have given an error of its own.
            started.map_err(|error| Failed { category: error.category(), because: error.to_string() })
        };
        let mut starting = pin!(starting);
        loop {
            tokio::select! {
                biased;
                started = contained(starting.as_mut()) => return started.unwrap_or_else(|because| {
                    Err(Failed { category: Category::Other, because })
                }),
                () = sleep(COUNTED), if place.is_some() => drop(place.take()),
            }
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.pool.remove(&self.shared);
    }
}
