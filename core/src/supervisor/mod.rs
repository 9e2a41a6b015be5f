//! Looking after a module: it restarts, it hangs, its port goes and comes back under another name, and the application
//! goes on.
//!
//! A [`Supervisor`] owns the port. The [`Modem`] that it gives out, and every client on it, outlive a lost port and a
//! restarted module:
//!
//! - **Noticed** are a lost port at once (while the data of a stream are not read, when they are); a restart at the next command or at the next
//!   [heartbeat](SupervisorOptions::heartbeat), by the echo that is on again, by settings that are lost, or by a
//!   [start-up line](SupervisorOptions::start_up_line); a module that answers nothing when a command runs into its
//!   deadline or at the next heartbeat; a lost packet data context at the next heartbeat. The heartbeat waits while the
//!   port carries a connection in online mode: there the connection itself asks when nothing has come for a
//!   [while](crate::socket::TlsConnector::idle_check), and a restart is told within two minutes by default.
//! - **Done about it** is the mildest thing that helps: find the line again, open the port again, switch the radio off
//!   and on, restart the module, reset its hardware by a hook of the user, with waits that grow and differ from device
//!   to device. After a bounded number of attempts the module is given up, which is told.
//! - **Given back** are the settings of the port, the packet data context, and by the clients their sessions: TLS is
//!   set up anew, that is, read, compared, and written only where it differs.
//!
//! # What happens to work under way
//!
//! A command that was written when the port was lost ends at once with
//! [`LinkLost`](crate::CommandError::LinkLost). A command that a restarting module swallowed ends with
//! [`Restarted`](crate::CommandError::Restarted) two seconds after the restart has shown: by its
//! [start-up line](SupervisorOptions::start_up_line), or on another port of the module, which is looked at every
//! [heartbeat](SupervisorOptions::heartbeat). On several channels of one port it ends with `LinkLost` after 18 seconds of
//! silence, by the defaults of [`SessionSettings`](crate::multiplexer::SessionSettings), or later if the port takes
//! nothing. On a single serial line nothing tells: there it ends at its own deadline with
//! [`TimedOut`](crate::CommandError::TimedOut), and commands behind it wait for that, not longer. A command that a
//! restarted module answers is answered: it goes on, and the module's echo is what gives the restart away. Sessions
//! (MQTT, TLS sockets, transfers) watch [`Modem::health`] and end or come back as their documentation says; what they
//! had under way ends with an error that names the restart.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use telit_core::Modem;
//! use telit_core::supervisor::{Supervisor, SupervisorOptions};
//! use telit_core::transport::SerialPort;
//!
//! let builder = Modem::builder().apn("iot.example");
//! let port = SerialPort::new("usb:1bc7:110a@02");
//! let supervisor = Supervisor::start(builder, port, SupervisorOptions::default()).await?;
//! let modem = supervisor.modem();
//! let mut events = supervisor.events();
//! tokio::spawn(async move {
//!     while let Some(event) = events.next().await {
//!         println!("{event:?}");
//!     }
//! });
//! # drop(modem);
//! # Ok(())
//! # }
//! ```

mod channels;
mod event;
mod follower;
mod ladder;
mod multiplexed_line;
mod options;
mod recovery;
mod reset;
mod source;
mod task;

use std::sync::Arc;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tracing::Instrument;

pub use channels::ChannelSupervisor;
pub use event::{Cause, SupervisorEvent, SupervisorEvents};
pub use ladder::Remedy;
pub use options::SupervisorOptions;
pub use reset::HardwareReset;
pub use source::PortSource;

use crate::channels::ChannelsError;
use crate::driver::{ModuleDown, PortSlot, WeakPortSlot};
use crate::error::Category;
use crate::modem::{BringUpError, Modem, ModemBuilder, OpenError};
use crate::{fan_in, fan_out};
use event::EventSender;
use recovery::Recovery;
use task::Task;

/// Looks after one module until it is dropped. See the [module documentation](self).
#[derive(Debug)]
pub struct Supervisor {
    modem: Modem,
    events: fan_out::WeakSender<SupervisorEvent>,
    requests: fan_in::Sender<Request>,
    look: Arc<Notify>,
    hurry: Arc<Notify>,
    slot: WeakPortSlot,
    task: JoinHandle<()>,
}

/// Asks for a recovery and waits for its end.
type Request = oneshot::Sender<Result<(), ModuleDown>>;

/// A module could not be put under supervision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be brought on line.
    #[error(transparent)]
    BringUp(#[from] BringUpError),
    /// Its channels could not be opened.
    #[error(transparent)]
    Channels(#[from] ChannelsError),
}

impl StartError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Open(error) => error.category(),
            Self::BringUp(error) => error.category(),
            Self::Channels(error) => error.category(),
        }
    }
}

impl Supervisor {
    /// Opens the port, identifies the module, brings it on line, and looks after it from then on.
    ///
    /// The first time everything has to work: a port that does not exist or a missing SIM is an error of the caller,
    /// not a loss. It takes as long as [`ModemBuilder::open`] and [`Modem::bring_up`] together.
    ///
    /// # Errors
    /// See [`StartError`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the port.
    pub async fn start(
        builder: ModemBuilder,
        source: impl PortSource + 'static,
        options: SupervisorOptions,
    ) -> Result<Self, StartError> {
        let builder = match source.line_rate() {
            Some(rate) => builder.line_rate(rate),
            None => builder,
        };
        let builder = builder.start_up_lines(&options.start_up_lines);
        let stream = source.open().await.map_err(OpenError::from)?;
        let (modem, slot) = builder.open_in_slot(stream).await?;
        modem.bring_up().await?;
        Ok(Self::adopt(modem, slot, Box::new(source), options))
    }

    /// Looks after a module that is on line.
    fn adopt(modem: Modem, slot: PortSlot, source: Box<dyn PortSource>, options: SupervisorOptions) -> Self {
        let events = EventSender::new();
        let (requests, asked) = fan_in::channel(1);
        let (weak, weak_slot) = (events.downgrade(), slot.downgrade());
        let (look, hurry) = <(Arc<Notify>, Arc<Notify>)>::default();
        let recovery = Recovery::new(modem.clone(), source, slot, options, events, Arc::clone(&hurry));
        let task = Box::new(Task::new(recovery, asked, Arc::clone(&look)));
        let task = tokio::spawn(task.run().in_current_span());
        Self { modem, events: weak, requests, look, hurry, slot: weak_slot, task }
    }

    /// Has the module looked at now instead of at its next heartbeat.
    fn look(&self) -> Arc<Notify> {
        Arc::clone(&self.look)
    }

    /// What it waits for before its next attempt may have come, or what it has may have gone for a moment.
    pub(crate) fn hurry(&self) {
        self.hurry.notify_one();
        self.look.notify_one();
    }

    /// Stops looking after the module and closes its port, whoever still has handles.
    pub(crate) async fn close(mut self) {
        if let Some(slot) = self.stop().await {
            slot.take_out().await;
        }
    }

    /// Stops looking after the module. Afterwards nobody opens its port again.
    async fn stop(&mut self) -> Option<PortSlot> {
        let slot = self.slot.upgrade();
        self.task.abort();
        drop((&mut self.task).await);
        slot
    }

    /// The module. Handles stay good over losses; when the supervisor is dropped, the next lost port is lost for good,
    /// and a module that it was at work on is [down](crate::driver::ModuleState::Down).
    #[must_use]
    pub fn modem(&self) -> &Modem {
        &self.modem
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> SupervisorEvents {
        event::subscribe(&self.events)
    }

    /// Goes through recovery now, whether something is wrong or not, and waits for its end. The way back after a
    /// module was given up.
    ///
    /// # Errors
    /// [`ModuleDown`]: nothing helped.
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing is done. Later: recovery goes on.
    pub async fn recover(&self) -> Result<(), ModuleDown> {
        let (answer, result) = oneshot::channel();
        self.requests.send(answer).await.map_err(|_| ModuleDown)?;
        result.await.unwrap_or(Err(ModuleDown))
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.task.abort();
    }
}
