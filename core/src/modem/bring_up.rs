//! From a SIM to an active packet data context.

use std::time::Duration;

use futures_core::future::BoxFuture;
use tokio::time::{Instant, sleep, timeout_at};

use super::builder::NetworkOptions;
use super::known::PinState;
use super::{BringUpError, ClockSource, Modem};
use crate::at::{Command, Exchange};
use crate::commands::{
    ActiveContexts, DefinedContexts, EnterPin, IsAttached, ReadNetworkTime, ReadRegistration, Registration,
    RemainingPinAttempts, SimState, SimStatus,
};
use crate::error::{CommandError, Outcome};
use crate::platform::{Generation, Profile};

/// How often the registration is read while waiting for it.
const POLL: Duration = Duration::from_secs(1);
/// How often a busy SIM is asked again. Source: M37 p21 (14, SIM busy).
const SIM_TRIES: u32 = 10;

/// What bring-up achieved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BringUp {
    /// Home network or roaming.
    pub registration: Registration,
    /// The module's address, if it told it: not when the context was active already.
    pub address: Option<String>,
    /// How long it took.
    pub took: Duration,
}

impl Modem {
    /// Unlocks the SIM, waits for a network, activates the packet data context. What is already done is
    /// not done again.
    ///
    /// # Time
    /// Seconds where the network is near. At most the
    /// [registration timeout](super::ModemBuilder::registration_timeout) and 15 minutes, which is the sum of the
    /// deadlines of all commands, among them 160 seconds for an activation.
    ///
    /// # Errors
    /// See [`BringUpError`].
    ///
    /// # Cancel safety
    /// Nothing is left half done; calling it again continues. A PIN whose future was dropped counts as sent: it goes
    /// again only after the SIM was seen ready.
    pub async fn bring_up(&self) -> Result<BringUp, BringUpError> {
        self.boxed_bring_up().await
    }

    fn boxed_bring_up(&self) -> BoxFuture<'_, Result<BringUp, BringUpError>> {
        Box::pin(async move {
            let started = Instant::now();
            self.inner.options.check()?;
            self.look_ahead(&first_reads(self.profile(), &self.inner.options)).await?;
            self.unlock_sim().await?;
            self.forget_test_forms();
            self.follow_network_time().await?;
            self.prepare_context().await?;
            let registration = self.wait_for_network().await?;
            self.attach().await?;
            let address = self.activate_context().await?;
            Ok(BringUp { registration, address, took: started.elapsed() })
        })
    }

    /// Whether the module is registered, as far as it says.
    ///
    /// # Errors
    /// The module cannot be asked.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn registration(&self) -> Result<Registration, CommandError> {
        let mut best = Registration::Unknown;
        for domain in self.profile().context.registration {
            match self.run(ReadRegistration(*domain)).await {
                Ok(registration) if registration.is_registered() => return Ok(registration),
                Ok(registration) if best == Registration::Unknown => best = registration,
                // A domain that the module does not have.
                Ok(_) | Err(CommandError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(best)
    }

    async fn unlock_sim(&self) -> Result<(), BringUpError> {
        match self.sim_state().await? {
            SimState::Ready => {
                self.inner.options.pin_memory.state().proven();
                Ok(())
            }
            SimState::PinRequired => self.enter_pin().await,
            SimState::PukRequired => Err(sim("it is blocked and asks for its PUK")),
            SimState::Other(state) => Err(sim(&format!("it asks for {state}"))),
        }
    }

    async fn sim_state(&self) -> Result<SimState, BringUpError> {
        for _ in 0..SIM_TRIES {
            match self.run(SimStatus).await {
                Err(CommandError::Refused { error, .. }) if error.is(&[14], "SIM busy") => sleep(POLL).await,
                Err(CommandError::Refused { error, .. }) => return Err(sim(&error.to_string())),
                other => return Ok(other?),
            }
        }
        Err(sim("it stays busy"))
    }

    async fn enter_pin(&self) -> Result<(), BringUpError> {
        let Some(pin) = self.inner.options.pin.clone() else {
            return Err(sim("it asks for its PIN, and none was given"));
        };
        let known = *self.inner.options.pin_memory.state();
        if !known.may_be_sent() {
            return Err(not_sent(known));
        }
        self.ensure_pin_attempts().await?;
        let before = std::mem::replace(&mut *self.inner.options.pin_memory.state(), PinState::Sent);
        if !before.may_be_sent() {
            *self.inner.options.pin_memory.state() = before;
            return Err(not_sent(before));
        }
        let result = self.run(EnterPin(pin)).await;
        // What was read before may be different now.
        self.known().ahead.forget_answers();
        *self.inner.options.pin_memory.state() = match &result {
            Ok(()) => PinState::Accepted,
            Err(error) => match error.outcome() {
                Outcome::NotSent => before,
                Outcome::Refused => PinState::Refused,
                Outcome::Unknown => PinState::Sent,
            },
        };
        match result {
            Err(CommandError::Refused { error, .. }) => Err(sim(&format!("the PIN was refused ({error})"))),
            other => Ok(other?),
        }
    }

    /// A module that does not tell how many attempts are left is trusted to have some.
    async fn ensure_pin_attempts(&self) -> Result<(), BringUpError> {
        let left = match self.run(RemainingPinAttempts).await {
            Err(CommandError::Refused { .. }) => None,
            other => other?,
        };
        match left {
            Some(0..=1) if self.inner.options.danger_last_pin_attempt => {
                tracing::warn!("the SIM has one attempt left, and the PIN is sent all the same");
                Ok(())
            }
            Some(0..=1) => Err(BringUpError::LastPinAttempt),
            _ => Ok(()),
        }
    }

    async fn wait_for_network(&self) -> Result<Registration, BringUpError> {
        let waited = self.inner.options.registration_timeout;
        let until = Instant::now() + waited;
        loop {
            let state = self.registration().await?;
            if state.is_registered() {
                return Ok(state);
            }
            if timeout_at(until, sleep(POLL)).await.is_err() {
                return Err(BringUpError::NotRegistered { waited, state });
            }
        }
    }
}

/// What bring-up reads in any case.
pub(super) fn first_reads(profile: &Profile, options: &NetworkOptions) -> Vec<Exchange> {
    let mut reads = vec![SimStatus.exchange()];
    reads.extend((options.clock == ClockSource::Network).then(|| ReadNetworkTime.exchange()));
    reads.push(DefinedContexts.exchange());
    reads.extend(profile.context.registration.first().map(|domain| ReadRegistration(*domain).exchange()));
    reads.extend((profile.generation != Generation::G4).then(|| IsAttached.exchange()));
    reads.push(ActiveContexts.exchange());
    reads.into_iter().flatten().collect()
}

fn not_sent(known: PinState) -> BringUpError {
    sim(match known {
        PinState::Withheld => {
            "it asks for its PIN, which may have been wrong before: remove the module from the pool and add it again to send it"
        }
        _ => "it still asks for its PIN, which was sent before and is not sent twice",
    })
}

fn sim(reason: &str) -> BringUpError {
    BringUpError::Sim { reason: reason.to_owned() }
}
