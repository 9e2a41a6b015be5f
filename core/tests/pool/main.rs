//! A pool over modules by script, in virtual time.

#[path = "../supervisor/fake.rs"]
#[expect(dead_code, reason = "the supervisor's tests use all of it")]
mod fake;
mod following;
mod leaving;
#[cfg(feature = "metrics")]
mod metrics;
mod starting;
mod working;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake::Fake;
use telit_core::Backoff;
use telit_core::modem::ModemBuilder;
use telit_core::pool::{
    ModuleChange, ModuleName, ModulePool, ModuleSetup, PoolEvent, PoolEvents, PoolOptions, PooledModule,
    WorkError,
};
use telit_core::supervisor::{PortSource, SupervisorOptions};
use tokio::time::{Instant, timeout};

const HOUR: Duration = Duration::from_secs(3600);

fn name(text: &str) -> ModuleName {
    text.parse().expect("it is a name")
}

/// Rests that are short and always the same in bound.
fn options() -> PoolOptions {
    PoolOptions::default().again(Backoff::new(Duration::from_secs(8), Duration::from_secs(8)))
}

/// A module that is given up after some attempts.
fn describe(builder: ModemBuilder) -> ModuleSetup {
    looked_after(builder, 5)
}

fn looked_after(builder: ModemBuilder, max_attempts: u32) -> ModuleSetup {
    let supervisor =
        SupervisorOptions::default().backoff(Backoff::new(Duration::from_secs(1), Duration::from_secs(10)));
    ModuleSetup::from(builder).supervisor(supervisor.max_attempts(max_attempts))
}

fn port(fake: &Fake) -> impl PortSource + use<> {
    let fake = fake.clone();
    move || fake.clone().open()
}

/// Opens nothing, for ever.
async fn never_opens() -> std::io::Result<telit_core::driver::BoxedStream> {
    std::future::pending().await
}

/// A pool whose modules wait until they have to leave.
fn idle_pool(options: PoolOptions) -> ModulePool {
    pool(options, async |module| {
        module.leaving().await;
        Ok(())
    })
}

fn pool<W, F>(options: PoolOptions, work: W) -> ModulePool
where
    W: Fn(PooledModule) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), WorkError>> + Send + 'static,
{
    ModulePool::new(options, |_| describe(Fake::builder()), work)
}

/// The next event.
async fn next(events: &mut PoolEvents) -> (String, ModuleChange) {
    let event = timeout(HOUR, events.next()).await.expect("something happens within an hour");
    match event.expect("the pool is there") {
        PoolEvent::Module { name, change } => (name.to_string(), change),
        other => unreachable!("{other:?}"),
    }
}

/// The next event of a module that is like this; others are passed over.
async fn until(events: &mut PoolEvents, module: &str, is_it: impl Fn(&ModuleChange) -> bool) -> ModuleChange {
    loop {
        let (name, change) = next(events).await;
        if name == module && is_it(&change) {
            return change;
        }
    }
}

async fn started(events: &mut PoolEvents, module: &str) {
    until(events, module, |change| matches!(change, ModuleChange::Started { .. })).await;
}

/// Notes of tasks, in their order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(Instant, String)>>>);

impl Notes {
    fn note(&self, text: impl Into<String>) {
        self.0.lock().expect("nobody panics with it").push((Instant::now(), text.into()));
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().expect("nobody panics with it").iter().map(|(_, text)| text.clone()).collect()
    }

    fn times(&self) -> Vec<Instant> {
        self.0.lock().expect("nobody panics with it").iter().map(|(at, _)| *at).collect()
    }
}
