//! How a module of a pool is opened and looked after.

use crate::channels::MultiplexedBuilder;
use crate::modem::{Modem, ModemBuilder, PinMemory};
use crate::supervisor::{
    ChannelSupervisor, PortSource, StartError, Supervisor, SupervisorEvents, SupervisorOptions,
};

/// How one module of a pool is opened and looked after. A [`ModemBuilder`] and a [`MultiplexedBuilder`] are such a
/// description by themselves.
///
/// ```
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use telit_core::Modem;
/// use telit_core::pool::ModuleSetup;
/// use telit_core::supervisor::SupervisorOptions;
///
/// let multiplexed = Modem::builder().apn("iot.example").multiplexed()?;
/// let setup = ModuleSetup::from(multiplexed)
///     .supervisor(SupervisorOptions::default().heartbeat(Some(Duration::from_secs(60))));
/// # drop(setup);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct ModuleSetup {
    channels: Channels,
    supervisor: SupervisorOptions,
}

enum Channels {
    One(ModemBuilder),
    Multiplexed(MultiplexedBuilder),
    Ports(ModemBuilder, Vec<Box<dyn PortSource>>),
}

impl ModuleSetup {
    /// A module with several real ports, all of which are used: that of the pool first, then these.
    pub fn with_ports(builder: ModemBuilder, further: Vec<Box<dyn PortSource>>) -> Self {
        Self { channels: Channels::Ports(builder, further), supervisor: SupervisorOptions::default() }
    }

    /// How it is looked after. Default [`SupervisorOptions::default`].
    pub fn supervisor(mut self, options: SupervisorOptions) -> Self {
        self.supervisor = options;
        self
    }

    /// Opens it and brings it on line. A PIN that was wrong is remembered from one start to the next.
    pub(super) async fn start(
        self,
        port: impl PortSource + 'static,
        pin: &PinMemory,
    ) -> Result<Supervised, StartError> {
        let options = self.supervisor;
        match self.channels {
            Channels::One(builder) => {
                let started = Supervisor::start(builder.pin_memory(pin), port, options).await;
                started.map(Supervised::One)
            }
            Channels::Multiplexed(builder) => {
                let builder = builder.pin_memory(pin);
                let started = ChannelSupervisor::start_multiplexed(builder, port, options).await;
                started.map(Supervised::Several)
            }
            Channels::Ports(builder, further) => {
                let first: Box<dyn PortSource> = Box::new(port);
                let ports = std::iter::once(first).chain(further).collect();
                let started = ChannelSupervisor::start_ports(builder.pin_memory(pin), ports, options).await;
                started.map(Supervised::Several)
            }
        }
    }
}

impl From<ModemBuilder> for ModuleSetup {
    fn from(builder: ModemBuilder) -> Self {
        Self { channels: Channels::One(builder), supervisor: SupervisorOptions::default() }
    }
}

impl From<MultiplexedBuilder> for ModuleSetup {
    fn from(builder: MultiplexedBuilder) -> Self {
        Self { channels: Channels::Multiplexed(builder), supervisor: SupervisorOptions::default() }
    }
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(builder) => builder.fmt(f),
            Self::Multiplexed(builder) => builder.fmt(f),
            Self::Ports(builder, further) => {
                f.debug_tuple("Ports").field(builder).field(&(further.len() + 1)).finish()
            }
        }
    }
}

/// A module that is looked after.
#[derive(Debug)]
pub(super) enum Supervised {
    One(Supervisor),
    Several(ChannelSupervisor),
}

impl Supervised {
    /// Its channels with their numbers; the first one is that on which it is looked after.
    pub(super) fn channels(&self) -> Vec<(u8, Modem)> {
        match self {
            Self::One(supervisor) => vec![(1, supervisor.modem().clone())],
            Self::Several(supervisor) => {
                supervisor.iter().map(|(number, modem)| (number, modem.clone())).collect()
            }
        }
    }

    pub(super) fn events(&self) -> SupervisorEvents {
        match self {
            Self::One(supervisor) => supervisor.events(),
            Self::Several(supervisor) => supervisor.events(),
        }
    }

    /// What it waits for may be there now.
    pub(super) fn hurry(&self) {
        match self {
            Self::One(supervisor) => supervisor.hurry(),
            Self::Several(supervisor) => supervisor.hurry(),
        }
    }

    /// Closes its ports, whoever still has handles.
    pub(super) async fn close(self) {
        match self {
            Self::One(supervisor) => supervisor.close().await,
            Self::Several(supervisor) => supervisor.close_ports().await,
        }
    }
}
