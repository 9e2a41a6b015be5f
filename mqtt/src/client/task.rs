//! The one task that owns a session.
//!
//! Requests and received messages take turns: between two requests up to [`ROUND`] message slots are read,
//! as many as the module has.

use std::sync::Arc;

use telit_core::CommandError;
use telit_core::at::Line;
use telit_core::driver::Unsolicited;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::connector::{Connection, Connector};
use super::instance::INSTANCE;
use super::request::Request;
use crate::commands::{ConnectionState, ReadMessage, Subscribe, UnreadMessages, Unsubscribe};
use crate::error::{ConnectError, DisconnectError, PublishError, SubscribeError};
use crate::message::{Publish, QoS};
use crate::registry::Registry;
use crate::session::{Polled, Session, Work};
use crate::state::{ClientState, Event, LossReason};
use crate::subscription::Subscription;
use crate::topic::TopicFilter;

/// Pieces of work between two requests.
const ROUND: usize = 32;
/// Rounds until the slots count as drained even if more keeps arriving.
const DRAIN_ROUNDS: usize = 4;

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

    async fn publish(&mut self, publish: Publish) -> Result<(), PublishError> {
        let state = self.session.state();
        let dialect = self.connector.dialect().ok_or(PublishError::NotConnected { state })?;
        let exchange = dialect.publish(INSTANCE, &publish, self.connector.acknowledgement())?;
        if !self.session.is_connected() {
            return Err(PublishError::NotConnected { state });
        }
        match self.connector.modem().channel().execute(exchange).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let connected = self.still_connected(&error).await;
                Err(PublishError::judge(error, publish.qos, connected))
            }
        }
    }

    async fn subscribe(&mut self, filter: &str, qos: QoS) -> Result<Subscription, SubscribeError> {
        let filter = self.filter(filter)?;
        if qos > QoS::AtLeastOnce && !self.takes_qos() {
            return Err(SubscribeError::UnsupportedQos { qos });
        }
        self.require_connection()?;
        let strongest = self.registry.strongest(&filter, qos);
        let command = self.subscribe_command(filter.clone(), strongest);
        if let Err(error) = self.connector.modem().run(command).await {
            self.still_connected(&error).await;
            return Err(error.into());
        }
        Ok(self.registry.subscribe(filter, qos))
    }

    async fn unsubscribe(&mut self, filter: &str) -> Result<(), SubscribeError> {
        let filter = self.filter(filter)?;
        if self.session.state() != ClientState::Paused {
            self.require_connection()?;
            self.send_unsubscribe(filter.clone()).await?;
        }
        self.registry.remove(&filter);
        Ok(())
    }

    /// Tells the broker which filters nobody reads any more.
    async fn unsubscribe_orphans(&mut self) {
        for filter in self.registry.sweep() {
            if self.session.is_connected()
                && let Err(error) = self.send_unsubscribe(filter).await
            {
                tracing::debug!(%error, "unsubscribing in the background failed");
            }
        }
    }

    async fn send_unsubscribe(&mut self, filter: TopicFilter) -> Result<(), CommandError> {
        let deadline = self.connector.acknowledgement();
        let result = self.connector.modem().run(Unsubscribe { instance: INSTANCE, filter, deadline }).await;
        if let Err(error) = &result {
            self.still_connected(error).await;
        }
        result
    }

    async fn pause(&mut self) -> Result<(), CommandError> {
        if !self.session.is_connected() {
            return Ok(());
        }
        self.drain().await;
        self.go_down(ClientState::Paused).await
    }

    async fn resume(&mut self) -> Result<(), ConnectError> {
        if self.session.is_connected() {
            return Ok(());
        }
        self.come_up(false).await
    }

    async fn come_up(&mut self, discard: bool) -> Result<(), ConnectError> {
        // Lines from before say nothing about the new connection.
        while self.unsolicited.try_next().is_some() {}
        let before = self.session.state();
        self.connection = Some(self.connector.establish().await?);
        self.session.connected(now());
        if let Err(error) = self.resubscribe().await {
            // The subscriptions stay, so that resuming can be tried again.
            let end = self.take_down().await;
            self.session.down(before);
            return Err(end.err().filter(CommandError::is_link_lost).map_or(error, ConnectError::of_command));
        }
        self.discarding = discard;
        self.drain().await;
        self.discarding = false;
        match self.session.state() {
            ClientState::Lost(reason) => Err(ConnectError::NotConnected { reason }),
            _ => {
                self.announce();
                Ok(())
            }
        }
    }

    /// The session is new to the broker, or may be: whether it remembers us is not told.
    async fn resubscribe(&self) -> Result<(), ConnectError> {
        for (filter, qos) in self.registry.filters() {
            let command = self.subscribe_command(filter.clone(), qos);
            let result = self.connector.modem().run(command).await;
            result
                .map_err(|error| ConnectError::Resubscribe { filter: filter.as_str().to_owned(), error })?;
        }
        Ok(())
    }

    /// Ends the connection on request.
    async fn go_down(&mut self, state: ClientState) -> Result<(), CommandError> {
        let result = self.take_down().await;
        self.session.down(state);
        if state == ClientState::Closed {
            self.registry.end();
        }
        self.announce();
        result
    }

    /// Ends the connection in order; what arrives meanwhile is still read.
    async fn take_down(&mut self) -> Result<(), CommandError> {
        let Some(connection) = self.connection.take() else {
            return Ok(());
        };
        self.connector.say_goodbye().await?;
        self.take_lines();
        while let Some(slot) = self.session.next_announced() {
            if let Ok(Some(message)) =
                self.connector.modem().run(ReadMessage { instance: INSTANCE, slot }).await
            {
                self.registry.deliver(message);
            }
        }
        self.connector.free(connection).await
    }

    /// The connection is gone although nobody asked for it.
    ///
    /// TLS is given back, so that others are not held up. Reconnecting by itself would begin here.
    async fn lost(&mut self, reason: LossReason) {
        tracing::warn!(%reason, "the MQTT connection is lost");
        self.session.down(ClientState::Lost(reason));
        let connection = self.connection.take();
        let reachable = !matches!(reason, LossReason::LinkLost | LossReason::ModuleSilent);
        if let (Some(connection), true) = (connection, reachable)
            && let Err(error) = self.connector.end(connection).await
        {
            tracing::warn!(%error, "the module's MQTT client could not be freed");
        }
        self.registry.end();
        self.announce();
    }

    /// Looks after the connection because a command failed.
    async fn still_connected(&mut self, error: &CommandError) -> bool {
        if error.is_link_lost() {
            self.lost(LossReason::LinkLost).await;
        } else {
            self.poll().await;
        }
        self.session.is_connected()
    }

    /// Reads everything that waits.
    async fn drain(&mut self) {
        for _ in 0..DRAIN_ROUNDS {
            self.work().await;
            if !self.session.has_work(now()) {
                break;
            }
        }
    }

    async fn work(&mut self) {
        for _ in 0..ROUND {
            self.take_lines();
            match self.session.next_work(now()) {
                None => break,
                Some(Work::Poll) => self.poll().await,
                Some(Work::CountUnread) => self.count_unread().await,
                Some(Work::Read { slot, announced }) => self.read(slot, announced).await,
            }
        }
    }

    async fn poll(&mut self) {
        let polled = match self.connector.modem().run(ConnectionState { instance: INSTANCE }).await {
            Ok(Some(state)) => Polled::State(state),
            Ok(None) => Polled::Forgotten,
            Err(error) if error.is_link_lost() => return self.lost(LossReason::LinkLost).await,
            Err(_) => Polled::Unknown,
        };
        if let Some(reason) = self.session.polled(now(), polled) {
            self.lost(reason).await;
        }
    }

    async fn count_unread(&mut self) {
        match self.connector.modem().run(UnreadMessages { instance: INSTANCE }).await {
            Ok(unread) => self.session.unread_counted(unread),
            Err(error) if error.is_link_lost() => self.lost(LossReason::LinkLost).await,
            Err(_) => self.session.look_at_once(now()),
        }
    }

    async fn read(&mut self, slot: u8, announced: bool) {
        match self.connector.modem().run(ReadMessage { instance: INSTANCE, slot }).await {
            Ok(Some(message)) => {
                self.session.slot_read();
                if self.discarding {
                    tracing::info!(topic = message.topic, "a message of an earlier session was thrown away");
                } else {
                    self.registry.deliver(message);
                }
            }
            Ok(None) => {}
            Err(CommandError::Refused { .. }) => self.session.slot_not_read(now(), announced),
            Err(error) if error.is_link_lost() => self.lost(LossReason::LinkLost).await,
            Err(error) => {
                tracing::warn!(%error, slot, "a message could not be read");
                self.tell(Event::Unreadable);
                self.session.look_at_once(now());
            }
        }
    }

    fn take_lines(&mut self) {
        while let Some(line) = self.unsolicited.try_next() {
            self.line_arrived(line);
        }
    }

    fn line_arrived(&mut self, line: Result<Line, u64>) {
        match line {
            Ok(line) => {
                if self.session.line_arrived(now(), &line.text()) {
                    tracing::warn!("all message slots of the module are taken, messages are lost");
                    self.tell(Event::SlotsFull);
                }
            }
            Err(missed) => {
                tracing::debug!(missed, "unsolicited lines were missed, looking into all message slots");
                self.session.lines_lost();
            }
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

    fn filter(&self, filter: &str) -> Result<TopicFilter, SubscribeError> {
        let limit = self.connector.dialect().map_or(usize::MAX, |dialect| dialect.topic_limit);
        TopicFilter::parse(filter, limit).map_err(SubscribeError::InvalidFilter)
    }

    fn takes_qos(&self) -> bool {
        self.connector.dialect().is_some_and(|dialect| dialect.subscribe_qos_field)
    }

    fn subscribe_command(&self, filter: TopicFilter, qos: QoS) -> Subscribe {
        let qos = self.takes_qos().then_some(qos);
        Subscribe { instance: INSTANCE, filter, qos, deadline: self.connector.acknowledgement() }
    }

    fn require_connection(&self) -> Result<(), SubscribeError> {
        match self.session.state() {
            ClientState::Connected => Ok(()),
            state => Err(SubscribeError::NotConnected { state }),
        }
    }
}

/// The clock of the runtime, so that a paused test clock moves the session too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
