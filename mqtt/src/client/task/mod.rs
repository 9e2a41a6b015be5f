//! The one task that owns a session.
//!
//! Requests and received messages take turns: between two requests as many message slots are read as the
//! module has.

mod connection;
mod requests;
mod upkeep;

use std::sync::Arc;

use telit_core::at::Line;
use telit_core::driver::Unsolicited;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::connector::{Connection, Connector};
use super::instance::INSTANCE;
use super::request::Request;
use crate::error::{ConnectError, DisconnectError};
use crate::registry::Registry;
use crate::session::Session;
use crate::state::{ClientState, Event, LossReason};

#[derive(Debug)]
pub(super) struct Task {
    connector: Connector,
    connection: Option<Connection>,
    session: Session,
    registry: Registry,
    requests: mpsc::Receiver<Request>,
    unsolicited: Unsolicited,
    port_closed: bool,
    /// What is read belongs to a session that is over.
    discarding: bool,
    subscription_dropped: Arc<Notify>,
    state: watch::Sender<ClientState>,
    events: broadcast::Sender<Event>,
}

/// What woke the task.
enum Wake {
    Request(Option<Request>),
    Line(Option<Result<Line, u64>>),
    SubscriptionDropped,
    Work,
}

impl Task {
    pub(super) fn new(
        connector: Connector,
        requests: mpsc::Receiver<Request>,
        state: watch::Sender<ClientState>,
        events: broadcast::Sender<Event>,
    ) -> Self {
        let (options, profile) = (connector.options(), connector.profile());
        let subscription_dropped = Arc::new(Notify::new());
        let keep_alive = options.keep_alive_on(profile);
        let dropped = Arc::clone(&subscription_dropped);
        Self {
            session: Session::new(INSTANCE, profile.message_slots.clone(), keep_alive),
            registry: Registry::new(options.queue_capacity, !options.clean_session, dropped),
            unsolicited: connector.modem().channel().unsolicited(),
            connection: None,
            connector,
            requests,
            port_closed: false,
            discarding: false,
            subscription_dropped,
            state,
            events,
        }
    }

    /// Connects, then serves until the last handle is gone or one of them disconnects.
    pub(super) async fn run(mut self, connected: oneshot::Sender<Result<(), ConnectError>>) {
        // Before the first subscription of a clean session nothing can arrive that is ours.
        let discard = self.connector.options().clean_session;
        let result = self.come_up(discard).await;
        let failed = result.is_err();
        if failed {
            self.session.down(ClientState::Closed);
            self.announce();
        }
        // Whoever does not wait any more has dropped the only handle too, which ends the loop below.
        drop(connected.send(result));
        if failed {
            return;
        }
        if let Some(answer) = self.serve_requests().await {
            let result = self.go_down(ClientState::Closed).await;
            drop(answer.send(result.map_err(DisconnectError::from)));
        } else if let Err(error) = self.go_down(ClientState::Closed).await {
            tracing::warn!(%error, "an MQTT session did not end in order");
        }
    }

    /// Gives the answer that a request to disconnect waits for, or `None` when all handles are gone.
    async fn serve_requests(&mut self) -> Option<oneshot::Sender<Result<(), DisconnectError>>> {
        loop {
            self.work().await;
            match self.wake().await {
                Wake::Request(None) => return None,
                Wake::Request(Some(Request::Disconnect { answer })) => return Some(answer),
                Wake::Request(Some(request)) => self.handle(request).await,
                Wake::Line(Some(line)) => self.line_arrived(line),
                Wake::Line(None) => {
                    self.port_closed = true;
                    self.lost(LossReason::LinkLost).await;
                }
                Wake::SubscriptionDropped => self.unsubscribe_orphans().await,
                Wake::Work => {}
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        let at_once = self.session.has_work(now());
        let deadline = self.session.deadline();
        let timer = tokio::time::sleep_until(deadline.map_or_else(Instant::now, Instant::from_std));
        tokio::select! {
            biased;
            request = self.requests.recv() => Wake::Request(request),
            () = std::future::ready(()), if at_once => Wake::Work,
            line = self.unsolicited.next(), if !self.port_closed => Wake::Line(line),
            () = self.subscription_dropped.notified() => Wake::SubscriptionDropped,
            () = timer, if deadline.is_some() => Wake::Work,
        }
    }

    async fn handle(&mut self, request: Request) {
        // A caller that is gone does not want it any more, and nothing was sent yet.
        match request {
            Request::Publish { publish, answer } if !answer.is_closed() => {
                drop(answer.send(self.publish(publish).await));
            }
            Request::Subscribe { filter, qos, answer } if !answer.is_closed() => {
                drop(answer.send(self.subscribe(&filter, qos).await));
            }
            Request::Unsubscribe { filter, answer } if !answer.is_closed() => {
                drop(answer.send(self.unsubscribe(&filter).await));
            }
            Request::Unmatched { answer } => drop(answer.send(Ok(self.registry.unmatched()))),
            Request::Pause { answer } if !answer.is_closed() => {
                let paused = self.pause().await;
                drop(answer.send(paused.map_err(DisconnectError::from)));
            }
            Request::Resume { answer } if !answer.is_closed() => drop(answer.send(self.resume().await)),
            _ => {}
        }
    }

    fn announce(&self) {
        let state = self.session.state();
        self.state.send_replace(state);
        self.tell(Event::State(state));
    }

    fn tell(&self, event: Event) {
        // Nobody listening is no error.
        drop(self.events.send(event));
    }
}

/// The clock of the runtime, so that a paused test clock moves the session too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
