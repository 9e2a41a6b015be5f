//! Many virtual modules in one process, whose plugs are pulled and put back, and what they have published.

mod ledger;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use telit_core::driver::BoxedStream;
use telit_core::pool::{
    ModuleChange, ModuleName, ModulePool, ModuleSetup, PoolEvent, PoolEvents, PortChange,
};
use telit_core::supervisor::{PortSource, SupervisorOptions};
use telit_core::{Backoff, Modem};
use telit_simulator::{Builder, VirtualModule};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

pub(crate) use ledger::Ledger;

use crate::rig::in_haste;

/// For what a loaded machine needs seconds for.
pub(crate) const LONG: Duration = Duration::from_secs(300);

/// Virtual modules with plugs.
pub(crate) struct Fleet {
    modules: Vec<Arc<Plugged>>,
    ports: mpsc::Sender<PortChange>,
}

struct Plugged {
    module: VirtualModule,
    is_in: AtomicBool,
}

impl Fleet {
    /// So many, none of them plugged in, and what tells of their ports.
    pub(crate) fn new(count: usize, module: impl Fn() -> Builder) -> (Self, mpsc::Receiver<PortChange>) {
        let build = || {
            let module = module().start_up(Duration::from_millis(100)).build().expect("the module starts");
            Arc::new(Plugged { module, is_in: AtomicBool::new(false) })
        };
        let (ports, changes) = mpsc::channel(16);
        (Self { modules: (0..count).map(|_| build()).collect(), ports }, changes)
    }

    pub(crate) async fn plug_in(&self, index: usize) {
        let plugged = Arc::clone(&self.modules[index]);
        plugged.is_in.store(true, Ordering::Relaxed);
        self.tell(PortChange::appeared(name(index), port(plugged)).expect("it is a name")).await;
    }

    pub(crate) async fn pull_out(&self, index: usize) {
        let plugged = &self.modules[index];
        plugged.is_in.store(false, Ordering::Relaxed);
        plugged.module.unplug();
        self.tell(PortChange::vanished(name(index)).expect("it is a name")).await;
    }

    async fn tell(&self, change: PortChange) {
        self.ports.send(change).await.expect("the pool follows");
    }
}

pub(crate) fn name(index: usize) -> ModuleName {
    format!("m{index:04}").parse().expect("it is a name")
}

fn port(plugged: Arc<Plugged>) -> impl PortSource {
    move || {
        let opened: io::Result<BoxedStream> = match plugged.is_in.load(Ordering::Relaxed) {
            true => Ok(Box::pin(plugged.module.attach_duplex())),
            false => Err(io::ErrorKind::NotFound.into()),
        };
        std::future::ready(opened)
    }
}

/// A module that is looked after in haste.
pub(crate) fn describe(_: &ModuleName) -> ModuleSetup {
    let backoff = Backoff::new(Duration::from_millis(5), Duration::from_millis(100));
    let options = SupervisorOptions::default()
        .heartbeat(Some(Duration::from_secs(1)))
        .max_attempts(1_000_000)
        .backoff(backoff);
    ModuleSetup::from(Modem::builder().apn("iot.test").settings(in_haste())).supervisor(options)
}

/// Prints what goes wrong, which is shown when the test fails.
pub(crate) fn print_failures(pool: &ModulePool) {
    use ModuleChange::{StartFailed, Stopped, WorkCut, WorkFailed};
    let (mut events, began) = (pool.events(), Instant::now());
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let PoolEvent::Module { name, change } = event
                && matches!(change, StartFailed { .. } | Stopped { .. } | WorkCut | WorkFailed { .. })
            {
                println!("{:?} {name}: {change:?}", began.elapsed());
            }
        }
    });
}

/// Waits until something has happened to a module.
pub(crate) async fn until(events: &mut PoolEvents, index: usize, is_it: impl Fn(&ModuleChange) -> bool) {
    let wanted = name(index);
    let seen = async {
        loop {
            match events.next().await.expect("the pool is there") {
                PoolEvent::Module { name, change } if name == wanted && is_it(&change) => return,
                PoolEvent::Missed(missed) => panic!("{missed} events are missing"),
                _ => {}
            }
        }
    };
    timeout(LONG, seen).await.unwrap_or_else(|_| panic!("nothing of the kind happens to {wanted}"));
}
