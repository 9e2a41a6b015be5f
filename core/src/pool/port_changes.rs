//! Which ports come and go.

use std::fmt;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::name::{InvalidModuleName, ModuleName};
use crate::supervisor::PortSource;

/// A port has come or gone.
pub enum PortChange {
    /// It is there. Of a module that is in the pool already its return is noted, and nothing else. If it cannot be taken in
    /// now, it [waits](super::ModulePool::follow) for that until it vanishes.
    Appeared {
        /// Whose.
        name: ModuleName,
        /// What opens it, again and again.
        port: Box<dyn PortSource>,
    },
    /// It is not there any more. The module stays in the pool for a [while](super::PoolOptions::vanished_for), because a
    /// module that restarts comes back.
    Vanished {
        /// Whose.
        name: ModuleName,
    },
}

impl PortChange {
    /// A port is there.
    ///
    /// # Errors
    /// [`InvalidModuleName`]
    pub fn appeared<N>(name: N, port: impl PortSource + 'static) -> Result<Self, InvalidModuleName>
    where
        N: TryInto<ModuleName>,
        N::Error: Into<InvalidModuleName>,
    {
        Ok(Self::Appeared { name: name.try_into().map_err(Into::into)?, port: Box::new(port) })
    }

    /// A port is not there any more.
    ///
    /// # Errors
    /// [`InvalidModuleName`]
    pub fn vanished<N>(name: N) -> Result<Self, InvalidModuleName>
    where
        N: TryInto<ModuleName>,
        N::Error: Into<InvalidModuleName>,
    {
        Ok(Self::Vanished { name: name.try_into().map_err(Into::into)? })
    }
}

impl fmt::Debug for PortChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Appeared { name, .. } => {
                f.debug_struct("Appeared").field("name", name).finish_non_exhaustive()
            }
            Self::Vanished { name } => f.debug_struct("Vanished").field("name", name).finish(),
        }
    }
}

/// Tells which ports come and go. `UsbPorts` is one (feature `serial`), for what is plugged in. The receiving side of a tokio channel is one: for terminal servers, for a configuration
/// that is read again, for tests.
#[async_trait]
pub trait PortChanges: Send {
    /// The next change; `None` when there will be none.
    ///
    /// # Cancel safety
    /// No change is lost when the future is dropped.
    async fn next(&mut self) -> Option<PortChange>;
}

#[async_trait]
impl PortChanges for mpsc::Receiver<PortChange> {
    async fn next(&mut self) -> Option<PortChange> {
        self.recv().await
    }
}
