//! The state behind its lock, shared by all connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};

use super::answer::Answer;
use super::packets::Work;
use super::session::{Outgoing, Session};
use super::state::{Client, Ending, State};
use crate::mqtt_server::packet::{Connect, Packet};

/// Clones are the same hub.
#[derive(Debug, Clone)]
pub(super) struct Hub {
    state: Arc<Mutex<State>>,
}

impl Hub {
    pub(super) fn new(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back the client, if it is let in, and whether it is let stay.
    pub(super) fn connect(
        &self,
        connect: Connect,
        certificate: &str,
        outgoing: &UnboundedSender<Outgoing>,
    ) -> Option<(Client, bool)> {
        let mut state = self.state();
        let client = state.connect(connect, certificate, outgoing, Instant::now())?;
        let stays = !state.disruptions.closed_after_connect.strikes();
        Some((client, stays))
    }

    pub(super) fn packet(&self, client: &Client, packet: Packet) -> Result<(), Ending> {
        let mut state = self.state();
        match state.packet(client, packet, Instant::now())? {
            Work::Nothing => {}
            Work::Answer { answers, direct } => {
                let direct = direct.then(|| client.clone());
                self.answer(&mut state, answers, direct);
            }
        }
        Ok(())
    }

    /// Now, or as late as a test wants it.
    pub(super) fn answer(&self, state: &mut State, answers: Vec<Answer>, direct: Option<Client>) {
        let delay = state.disruptions.delay;
        if delay.is_zero() {
            return state.answer(answers, direct.as_ref(), Instant::now());
        }
        let hub = self.clone();
        tokio::spawn(async move {
            sleep(delay).await;
            hub.state().answer(answers, direct.as_ref(), Instant::now());
        });
    }

    pub(super) fn closed(&self, client: &Client, ending: Ending) {
        self.state().closed(client, ending, Instant::now());
    }

    /// The oldest message that the client has missed goes. `false`: there is no more.
    pub(super) fn replay(&self, client: &Client) -> bool {
        let mut state = self.state();
        let limits = state.limits.clone();
        state.session(client).is_some_and(|session: &mut Session| session.replay(&limits))
    }
}
