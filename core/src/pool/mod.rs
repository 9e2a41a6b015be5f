//! Many modules in one process: a gateway.
//!
//! A [`ModulePool`] opens modules, has each of them looked after by a [supervisor](crate::supervisor), runs the work of
//! the user for each, and tells what happens. Modules come and go while it runs: they are [added](ModulePool::add) and
//! [removed](ModulePool::remove) by hand, or as their ports appear and vanish: `UsbPorts` follows what is plugged in, and
//! any other [list of ports](PortChanges) can be followed, too.
//!
//! - **One module never harms the others.** A module that cannot be started, or that its supervisor gives up, is started
//!   again later, and holds up nobody meanwhile. Work that fails or panics begins again later, for its module alone.
//!   (Panics are contained where they unwind, not in programs built with `panic = "abort"`.) Only work that blocks its
//!   thread, instead of awaiting, harms others: what computes for long belongs into `spawn_blocking`.
//! - **Not all at once.** Starts are [staggered](PoolOptions::start_interval) and [limited](PoolOptions::starting_at_once),
//!   the first one and each one after a failure.
//! - **Nothing grows without bound**: the number of modules, of modules that start at the same time, of events that wait
//!   for a reader, of ports that wait for room, and of what is remembered of modules that have gone.
//! - **A wrong PIN** is remembered from one start of a module to the next, so that trying again never blocks a SIM; also
//!   of modules that have gone, as many of them as the pool [takes](PoolOptions::max_modules). When more have gone, no PIN is
//!   sent to a module that is not among them, since it may be one of the others. Only a module that was [removed](ModulePool::remove) by hand and is added again gets its PIN again.
//! - **Figures** of each module are in [`ModulePool::modules`]; with the feature `metrics` they also go to the recorder of the
//!   `metrics` crate.
//!
//! ```no_run
//! # async fn example() -> Result<(), telit_core::pool::AddError> {
//! use std::time::Duration;
//!
//! use telit_core::Modem;
//! use telit_core::commands::SerialNumber;
//! use telit_core::pool::{ModulePool, PoolOptions};
//! use telit_core::transport::SerialPort;
//!
//! let options = PoolOptions::default().max_modules(64);
//! let pool = ModulePool::new(options, |_| Modem::builder().apn("iot.example"), |module| async move {
//!     let number = module.modem().run(SerialNumber).await?;
//!     println!("{} is {number}", module.name());
//!     module.leaving().await;
//!     Ok(())
//! });
//! pool.add("left", SerialPort::new("usb:1bc7:110a:0123456789@02"))?;
//! pool.add("right", SerialPort::new("/dev/ttyS1"))?;
//! tokio::time::sleep(Duration::from_secs(3600)).await;
//! pool.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod contained;
mod doubtful_pins;
mod event;
mod figures;
mod follow;
mod gate;
mod inner;
#[cfg(feature = "metrics")]
mod metrics;
mod module;
mod name;
mod options;
mod port_changes;
mod refused;
mod retries;
mod serve;
mod setup;
mod shared;
mod signal;
mod spans;
mod task;
#[cfg(feature = "serial")]
mod usb_ports;
mod work;

use std::sync::{Arc, Mutex};

use tokio::runtime;
use tokio::sync::Notify;

pub use event::{ModuleChange, PoolEvent, PoolEvents};
pub use figures::{ErrorCounts, ModuleFigures};
pub use module::{ModuleStatus, PoolState, PooledModule};
pub use name::{InvalidModuleName, ModuleName};
pub use options::PoolOptions;
pub use port_changes::{PortChange, PortChanges};
pub use setup::ModuleSetup;
#[cfg(feature = "serial")]
pub use usb_ports::UsbPorts;
pub use work::WorkError;

use crate::error::Category;
use crate::fan_out;
use crate::supervisor::PortSource;
use gate::Gate;
use inner::{Inner, State};

/// A module cannot be taken into a pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// It cannot be called so.
    #[error(transparent)]
    Name(#[from] InvalidModuleName),
    /// The pool has as many as it takes.
    #[error("the pool has as many modules as it takes: {most}")]
    Full {
        /// So many.
        most: usize,
    },
    /// There is one of this name.
    #[error("the pool has a module {name} already")]
    Exists {
        /// This one.
        name: ModuleName,
    },
    /// The pool is being shut down.
    #[error("the pool is being shut down")]
    ShuttingDown,
}

impl AddError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Name(_) | Self::Exists { .. } => Category::Usage,
            Self::Full { .. } | Self::ShuttingDown => Category::Busy,
        }
    }
}

/// Many modules in one process. Clones are the same pool; when the last one is dropped, all modules leave it. See the
/// [module documentation](self).
#[derive(Clone, Debug)]
pub struct ModulePool {
    handle: Arc<Handle>,
}

/// What the clones share, so that the last one ends the pool.
#[derive(Debug)]
struct Handle {
    inner: Arc<Inner>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inner.close();
    }
}

impl ModulePool {
    /// A pool without modules. `describe` says how a module is opened, for instance with which SIM PIN, and is asked each
    /// time before it is; `work` is what is done with each module, from when it is on line until it
    /// [leaves](PooledModule::leaving). Work that ends well is not begun again before the module is started again.
    ///
    /// Modules run on the current tokio runtime, also those that are added from a thread that has none.
    ///
    /// # Panics
    /// There is no tokio runtime.
    pub fn new<D, S, W, F>(options: PoolOptions, describe: D, work: W) -> Self
    where
        D: Fn(&ModuleName) -> S + Send + Sync + 'static,
        S: Into<ModuleSetup>,
        W: Fn(PooledModule) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), WorkError>> + Send + 'static,
    {
        #[cfg(feature = "metrics")]
        let reporter = metrics::Reporter::new(options.max_modules);
        let inner = Arc::new(Inner {
            gate: Gate::new(options.start_interval, options.starting_at_once),
            options,
            describe: Box::new(move |name| describe(name).into()),
            work: Box::new(move |module| Box::pin(work(module))),
            events: fan_out::channel(event::CAPACITY).0,
            state: Mutex::default(),
            left: Notify::new(),
            runtime: runtime::Handle::current(),
            #[cfg(feature = "metrics")]
            reporter,
        });
        #[cfg(feature = "metrics")]
        inner.help(metrics::report(Arc::downgrade(&inner)));
        Self { handle: Arc::new(Handle { inner }) }
    }

    fn inner(&self) -> &Arc<Inner> {
        &self.handle.inner
    }

    /// Takes a module in. It is started when it is its turn; what becomes of that is told by [`events`](Self::events).
    ///
    /// # Errors
    /// See [`AddError`].
    pub fn add<N>(&self, name: N, port: impl PortSource + 'static) -> Result<(), AddError>
    where
        N: TryInto<ModuleName>,
        N::Error: Into<InvalidModuleName>,
    {
        let name = name.try_into().map_err(Into::into)?;
        self.inner().add(name, Arc::new(port))
    }

    /// Tells a module to leave, and waits until it has. `false`: there is none of this name.
    ///
    /// In both cases the pool forgets what it remembers of the name: a PIN that may be wrong, which is sent again when the
    /// module is added again, and a port that waits for room.
    ///
    /// # Time
    /// As long as its work takes to come to its end, at most what the [options](PoolOptions::leaving) allow, and some
    /// seconds more if its port does not close.
    ///
    /// # Cancel safety
    /// It leaves all the same.
    pub async fn remove(&self, name: &ModuleName) -> bool {
        let Some(shared) = self.inner().forget(name) else { return false };
        shared.leave.raise();
        let is_there = |other: &Arc<shared::Shared>| Arc::ptr_eq(other, &shared);
        self.inner().until(|state| !state.modules.get(name).is_some_and(is_there)).await;
        true
    }

    /// Takes in the modules whose ports appear, and lets go those whose ports have vanished for a
    /// [while](PoolOptions::vanished_for), until there are no more changes or the pool is shut down. Several lists can be
    /// followed.
    ///
    /// A port that appears while the pool is full, or while the module of its name leaves, is
    /// [refused](ModuleChange::Refused) and taken in as soon as there is room, unless it vanishes before. As many wait for
    /// that as the pool [takes](PoolOptions::max_modules) modules; further ones have to appear again.
    pub fn follow(&self, mut ports: impl PortChanges + 'static) {
        let inner = Arc::downgrade(self.inner());
        self.inner().help(async move {
            while let Some(change) = ports.next().await {
                let Some(inner) = inner.upgrade() else { return };
                inner.port_changed(change);
            }
        });
    }

    /// What is known of all modules now, in the order of their names.
    #[must_use]
    pub fn modules(&self) -> Vec<ModuleStatus> {
        self.inner().statuses()
    }

    /// What is known of a module now.
    #[must_use]
    pub fn module(&self, name: &ModuleName) -> Option<ModuleStatus> {
        self.inner().module(name).map(|shared| shared.status())
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> PoolEvents {
        PoolEvents { receiver: self.inner().events.subscribe() }
    }

    /// Hands the figures of all modules to the recorder of the `metrics` crate now, such as before they are fetched. It is
    /// done [from time to time](PoolOptions::metrics_interval) anyway.
    #[cfg(feature = "metrics")]
    pub fn report_metrics(&self) {
        self.inner().reporter.report(self.inner());
    }

    /// Takes no more modules in, tells all to leave, and waits until they have. Gives those whose work did not come to
    /// its end in time. With the feature `metrics` the recorder has all figures then.
    ///
    /// # Time
    /// As [`remove`](Self::remove): all modules leave at the same time.
    ///
    /// # Cancel safety
    /// They leave all the same.
    pub async fn shutdown(&self) -> Vec<ModuleName> {
        self.inner().close();
        self.inner().until(State::is_over).await;
        self.inner().cut()
    }
}
