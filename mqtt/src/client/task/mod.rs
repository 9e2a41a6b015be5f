//! The one task that owns a session.
//!
//! Requests and received messages take turns: between two requests as many message slots are read as the
//! module has. While the connection is lost, bringing it back runs beside the requests.

mod connection;
mod job;
mod losing;
mod orphans;
mod requests;
mod returning;
mod sending;
#[cfg(test)]
#[cfg(feature = "host")]
mod tests;
mod upkeep;

use std::ops::ControlFlow;
use std::sync::Arc;

use telit_core::at::Line;
use telit_core::driver::{Health, HealthWatch, ModuleState, Unsolicited};
use telit_core::{fan_in, fan_out};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::known::Known;
use super::request::{Answer, Request};
use crate::backend::{Backend, Connection};
use crate::delivery::{Pace, Post, Retry};
use crate::drops::Drops;
use crate::error::{ConnectError, DisconnectError};
use crate::message::Message;
use crate::reconnect::Reconnector;
use crate::registry::Registry;
use crate::session::Session;
use crate::state::{ClientState, Event};
use job::{End, Job};
use orphans::Orphans;

#[derive(Debug)]
pub(super) struct Task {
    backend: Arc<Backend>,
    /// While the port is away it may be one that the module has kept.
    connection: Option<Connection>,
    session: Session,
    registry: Registry,
    requests: fan_in::Receiver<Request>,
    post: Arc<Post>,
    pace: Option<Pace>,
    retry: Retry,
    drops: Drops,
    /// `None`: they ended with the port.
    lines: Option<Unsolicited>,
    health: HealthWatch,
    health_ended: bool,
    /// What was known of the module when the connection was made.
    began: Health,
    last_state: ModuleState,
    /// `None`: a lost connection stays lost.
    reconnector: Option<Reconnector>,
    job: Option<Job>,
    /// Who waits for the connection to come back.
    resuming: Vec<Answer<(), ConnectError>>,
    /// What the broker has to be told that nobody reads any more.
    orphans: Orphans,
    /// What is read belongs to a session that is over.
    discarding: bool,
    subscription_dropped: Arc<Notify>,
    known: Arc<Known>,
    events: fan_out::Sender<Event>,
}

/// What woke the task.
enum Wake {
    Health(Option<Health>),
    Job(End),
    Request(Option<Request>),
    Send,
    News,
    Line(Option<Result<Line, u64>>),
    Message(Option<Message>),
    SubscriptionDropped,
    Work,
}

impl Task {
    pub(super) fn new(
        backend: Backend,
        requests: fan_in::Receiver<Request>,
        post: Arc<Post>,
        known: Arc<Known>,
        events: fan_out::Sender<Event>,
    ) -> Self {
        let options = backend.options();
        let subscription_dropped = Arc::new(Notify::new());
        let dropped = Arc::clone(&subscription_dropped);
        let health = backend.modem().health();
        Self {
            session: backend.session(),
            registry: Registry::new(options.queue_capacity, !options.clean_session, dropped),
            lines: None,
            began: health.now(),
            last_state: health.now().state,
            health,
            health_ended: false,
            reconnector: None,
            job: None,
            resuming: Vec::new(),
            orphans: Orphans::default(),
            connection: None,
            pace: options.rate_limit.map(Pace::new),
            retry: Retry::default(),
            drops: Drops::default(),
            post,
            backend: Arc::new(backend),
            requests,
            discarding: false,
            subscription_dropped,
            known,
            events,
        }
    }

    /// Connects, then serves until the last handle is gone or one of them disconnects.
    pub(super) async fn run(mut self: Box<Self>, connected: oneshot::Sender<Result<(), ConnectError>>) {
        // Before the first subscription of a clean session nothing can arrive that is ours.
        let discard = self.backend.options().clean_session;
        let result = Box::pin(self.come_up(discard)).await;
        let failed = result.is_err();
        if failed {
            self.session.down(ClientState::Closed);
            self.announce();
        }
        self.reconnector = self.backend.options().reconnect.map(Reconnector::new);
        // Whoever does not wait any more has dropped the only handle too, which ends the loop below.
        drop(connected.send(result));
        if failed {
            return;
        }
        if let Some(answer) = self.serve_requests().await {
            let result = Box::pin(self.go_down(ClientState::Closed)).await;
            drop(answer.send(result));
        } else if let Err(error) = Box::pin(self.go_down(ClientState::Closed)).await {
            tracing::warn!(%error, "an MQTT session did not end in order");
        }
    }

    /// Gives the answer that a request to disconnect waits for, or `None` when all handles are gone. What is done has
    /// memory of its own while it is done, so that a session that waits holds none of it.
    async fn serve_requests(&mut self) -> Option<oneshot::Sender<Result<(), DisconnectError>>> {
        Box::pin(self.keep_up()).await;
        loop {
            let wake = self.wake().await;
            if let ControlFlow::Break(answer) = Box::pin(self.act(wake)).await {
                return answer;
            }
        }
    }

    async fn act(&mut self, wake: Wake) -> ControlFlow<Option<oneshot::Sender<Result<(), DisconnectError>>>> {
        match wake {
            Wake::Health(Some(_)) => self.look_at_module().await,
            Wake::Health(None) => self.health_ended = true,
            Wake::Job(end) => {
                self.job = None;
                self.job_ended(end).await;
            }
            Wake::Request(None) => {
                self.send_what_waits().await;
                return ControlFlow::Break(None);
            }
            Wake::Request(Some(Request::Disconnect { answer })) => {
                self.send_what_waits().await;
                return ControlFlow::Break(Some(answer));
            }
            Wake::Request(Some(request)) => self.handle(request).await,
            Wake::Send => self.send_next().await,
            Wake::Line(Some(line)) => self.line_arrived(line),
            Wake::Line(None) => {
                self.lines = None;
                self.link_lost().await;
            }
            Wake::Message(Some(message)) => self.deliver(message),
            Wake::Message(None) => self.connection_ended().await,
            Wake::SubscriptionDropped => self.unsubscribe_orphans().await,
            Wake::Work | Wake::News => {}
        }
        self.keep_up().await;
        ControlFlow::Continue(())
    }

    /// What may be due after anything.
    async fn keep_up(&mut self) {
        self.work().await;
        self.retry_orphans().await;
        self.step().await;
        self.expire_messages();
    }

    async fn wake(&mut self) -> Wake {
        let (at_once, sends) = (self.session.has_work(now()), self.may_send());
        let deadline = self.deadline();
        let timer = tokio::time::sleep_until(deadline.map_or_else(Instant::now, Instant::from_std));
        let (works, listens) = (self.job.is_some(), self.lines.is_some());
        let connected = self.session.is_connected();
        tokio::select! {
            biased;
            health = self.health.changed(), if !self.health_ended => Wake::Health(health),
            end = end_of(self.job.as_mut()), if works => Wake::Job(end),
            // Before messages, of which there may always be another one.
            () = self.subscription_dropped.notified() => Wake::SubscriptionDropped,
            request = self.requests.receive() => Wake::Request(request),
            // Between two messages, what has arrived is read.
            () = std::future::ready(()), if sends => Wake::Send,
            () = std::future::ready(()), if at_once => Wake::Work,
            () = self.post.news() => Wake::News,
            // What arrives while it connects is left in order until it is connected.
            line = next_line(self.lines.as_mut()), if listens && !works => Wake::Line(line),
            message = next_message(self.connection.as_mut()), if connected => Wake::Message(message),
            () = timer, if deadline.is_some() => Wake::Work,
        }
    }

    /// When there is something to do although nothing happens.
    fn deadline(&self) -> Option<std::time::Instant> {
        let returning = match (&self.reconnector, &self.job) {
            (Some(reconnector), None) => reconnector.deadline(self.health.now().state),
            _ => None,
        };
        let connection = self.session.deadline().or(returning);
        [connection, self.post_deadline(), self.orphans_deadline()].into_iter().flatten().min()
    }

    async fn handle(&mut self, request: Request) {
        self.look_at_module().await;
        // A caller that is gone does not want it any more, and nothing was sent yet.
        match request {
            Request::Subscribe { filter, qos, answer } if !answer.is_closed() => {
                drop(answer.send(self.subscribe(&filter, qos).await));
            }
            Request::Unsubscribe { filter, answer } if !answer.is_closed() => {
                drop(answer.send(self.unsubscribe(&filter).await));
            }
            Request::Unmatched { answer } => drop(answer.send(Ok(self.registry.unmatched()))),
            Request::Pause { answer } if !answer.is_closed() => {
                let paused = self.pause().await;
                drop(answer.send(paused));
            }
            Request::Resume { answer } if !answer.is_closed() => self.resume(answer).await,
            _ => {}
        }
    }

    fn announce(&self) {
        let state = self.session.state();
        self.known.set_state(state);
        let messages = self.post.set_state(state);
        self.tell(Event::State(state));
        if messages > 0 {
            tracing::warn!(messages, %state, "messages that waited to be published were given up");
            self.tell(Event::QueueGivenUp { messages });
        }
    }

    fn tell(&self, event: Event) {
        self.events.send(event);
    }
}

async fn end_of(job: Option<&mut Job>) -> End {
    match job {
        Some(job) => job.end().await,
        None => std::future::pending().await,
    }
}

async fn next_line(lines: Option<&mut Unsolicited>) -> Option<Result<Line, u64>> {
    match lines {
        Some(lines) => lines.next().await,
        None => std::future::pending().await,
    }
}

async fn next_message(connection: Option<&mut Connection>) -> Option<Message> {
    match connection {
        Some(connection) => connection.next_message().await,
        None => std::future::pending().await,
    }
}

/// The clock of the runtime, so that a paused test clock moves the session too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
