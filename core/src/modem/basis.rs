//! What a session stands on.

use super::Modem;
use crate::commands::ReadErrorFormat;
use crate::driver::{Health, Loss};

/// The state of the module that a session relies on: one that has not restarted, behind a port that was not lost.
/// For clients of the module that keep something on it.
///
/// ```no_run
/// # async fn example(modem: telit_core::Modem) {
/// use telit_core::modem::Basis;
///
/// let basis = Basis::now(&modem);
/// // ... set something up, and later:
/// if let Some(loss) = basis.loss() {
///     println!("it has to be set up again: {loss:?}");
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Basis {
    modem: Modem,
    since: Health,
}

impl Basis {
    /// The module as it is now.
    #[must_use]
    pub fn now(modem: &Modem) -> Self {
        Self { modem: modem.clone(), since: modem.health().now() }
    }

    /// What is gone of it, as far as is known.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        self.since.loss_until(&self.modem.health().now())
    }

    /// Waits until something of it is gone.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn lost(&self) -> Loss {
        self.modem.health().lost(self.since).await
    }

    /// What is gone of it, after asking a module that did not answer: one that has restarted shows it with its next
    /// answer, one that is still starting gives none. A module that answers nothing takes about nine seconds.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn ask_for_loss(&self) -> Option<Loss> {
        if self.loss().is_none() {
            // The answer itself does not matter.
            drop(self.modem.run(ReadErrorFormat).await);
        }
        self.loss()
    }
}
