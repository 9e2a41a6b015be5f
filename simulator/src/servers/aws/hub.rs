//! The state behind its lock, shared by all connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};

use super::answer::Answer;
use super::packets::Work;
use super::provisioning::Order;
use super::session::{Outgoing, Session};
use super::state::{Client, Ending, State};
use crate::mqtt_server::packet::{Connect, Packet};
use crate::servers::Authority;

/// Clones are the same hub.
#[derive(Debug, Clone)]
pub(super) struct Hub {
    state: Arc<Mutex<State>>,
    /// Signs what provisioning gives out.
    authority: Arc<Authority>,
    /// Rung when there may be another deadline.
    deadlines: Arc<Notify>,
}

impl Hub {
    pub(super) fn new(state: State, authority: Authority) -> Self {
        Self { state: Arc::new(Mutex::new(state)), authority: Arc::new(authority), deadlines: Arc::default() }
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
            Work::MakeCertificate { topic, order } => self.make_certificate(client, topic, order),
        }
        Ok(())
    }

    /// Makes a certificate aside and hands it out.
    fn make_certificate(&self, client: &Client, topic: String, order: Order) {
        let (hub, client) = (self.clone(), client.clone());
        // It tells the device; nobody waits for it here.
        drop(tokio::task::spawn_blocking(move || {
            let made = order.make(&hub.authority);
            let mut state = hub.state();
            let now = state.calendar.seconds(Instant::now());
            let answer = state.hand_out(&topic, made, now);
            let direct = state.answers_unsubscribed.then_some(client);
            hub.answer(&mut state, vec![answer], direct);
        }));
    }

    /// Now, or as late as a test wants it.
    pub(super) fn answer(&self, state: &mut State, answers: Vec<Answer>, direct: Option<Client>) {
        self.deadlines.notify_one();
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

    /// Ends what has taken too long, as long as it is polled.
    pub(super) async fn watch_deadlines(self) {
        loop {
            let wait = self.expire();
            tokio::select! {
                () = sleep(wait) => {}
                () = self.deadlines.notified() => {}
            }
        }
    }

    /// Gives back how long nothing will be too late.
    fn expire(&self) -> Duration {
        const LONG: Duration = Duration::from_secs(60 * 60);
        let mut state = self.state();
        let now = state.calendar.seconds(Instant::now());
        let notices = state.jobs.expire(now);
        if !notices.is_empty() {
            self.answer(&mut state, notices, None);
        }
        let next = state.jobs.next_deadline();
        next.map_or(LONG, |next| {
            Duration::from_secs(next.saturating_sub(now)).clamp(Duration::from_secs(1), LONG)
        })
    }

    /// The time of day has changed.
    pub(super) fn look_at_deadlines(&self) {
        self.deadlines.notify_one();
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
