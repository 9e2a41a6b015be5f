//! Who speaks MQTT, as the task that owns a session sees it: the module's client, or this computer.

mod choose;
mod trouble;

use std::collections::VecDeque;

use futures_core::future::BoxFuture;
use telit_core::{CommandError, Modem};

use crate::carried;
use crate::dialect::Dialect;
use crate::engine::{self, Engine, Patience, Place, Remains};
use crate::error::{ConnectError, DisconnectError, PublishError};
use crate::host::{HostConnection, HostEngine};
use crate::message::{Message, Publish, QoS};
use crate::options::MqttOptions;
use crate::session::{Polled, Session};
use crate::state::LossReason;
use crate::topic::{TopicError, TopicFilter};

pub(crate) use choose::{choose, instead};
pub(crate) use trouble::Trouble;

/// One of the two.
#[derive(Debug)]
pub(crate) enum Backend {
    Module(Box<Engine>),
    Host(Box<HostEngine>),
}

/// What a connection needs before it is made.
#[derive(Debug)]
pub(crate) enum Turn {
    Module(Place),
    Host(Box<HostConnection>),
}

/// A connection that is being made, stands, or has ended.
#[derive(Debug)]
pub(crate) enum Connection {
    Module(engine::Connection),
    Host(Box<HostConnection>),
}

/// Logged in. The subscriptions may not have been made again, which is undone by whoever can read messages.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) connection: Connection,
    pub(crate) subscribed: Subscribed,
}

/// Whether all subscriptions were made again.
pub(crate) type Subscribed = Result<(), NotSubscribed>;

/// A subscription that could not be made again.
#[derive(Debug)]
pub(crate) struct NotSubscribed {
    pub(crate) filter: TopicFilter,
    error: Trouble,
    /// The broker hung up on it, or refused it.
    pub(crate) by_broker: bool,
}

/// What can be published.
#[derive(Clone, Debug)]
pub(crate) enum Carries {
    /// What the module's commands carry.
    Module(Box<Dialect>),
    /// What MQTT carries.
    Anything,
}

/// Why a message was not published, or is not known to be.
#[derive(Debug)]
pub(crate) enum Unpublished {
    /// It cannot be carried. Nothing was sent.
    Unusable(PublishError),
    /// The exchange failed.
    Failed(Trouble),
}

impl Backend {
    pub(crate) fn modem(&self) -> &Modem {
        match self {
            Self::Module(engine) => engine.modem(),
            Self::Host(host) => host.modem(),
        }
    }

    pub(crate) fn options(&self) -> &MqttOptions {
        match self {
            Self::Module(engine) => engine.options(),
            Self::Host(host) => host.options(),
        }
    }

    /// What is to be done about messages and the connection between requests.
    pub(crate) fn session(&self) -> Session {
        match self {
            Self::Module(engine) => {
                let (options, profile) = (engine.options(), engine.profile());
                Session::new(profile.message_slots.clone(), options.keep_alive_on(profile))
            }
            Self::Host(_) => Session::without_slots(),
        }
    }

    /// Whether a subscription can ask for a quality of service.
    pub(crate) fn takes_qos(&self) -> bool {
        match self {
            Self::Module(engine) => engine.takes_qos(),
            Self::Host(_) => true,
        }
    }

    /// A topic filter that can be carried.
    pub(crate) fn filter(&self, filter: &str) -> Result<TopicFilter, TopicError> {
        match self {
            Self::Module(engine) => {
                let limit = engine.dialect().map_or(usize::MAX, |dialect| dialect.topic_limit);
                TopicFilter::parse(filter, limit)
            }
            Self::Host(_) => carried::filter(filter),
        }
    }

    /// What can be published. `None`: nobody knows before the first connection.
    pub(crate) fn carries(&self) -> Option<Carries> {
        match self {
            Self::Module(engine) => {
                engine.dialect().map(|dialect| Carries::Module(Box::new(dialect.clone())))
            }
            Self::Host(_) => Some(Carries::Anything),
        }
    }

    /// Takes what a connection needs.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue.
    pub(crate) fn turn(&self, patience: Patience) -> BoxFuture<'_, Result<Turn, ConnectError>> {
        Box::pin(async move {
            match self {
                Self::Module(engine) => engine.place(patience).await.map(Turn::Module),
                Self::Host(host) => Ok(Turn::Host(Box::new(host.turn(patience).await?))),
            }
        })
    }

    /// A connection of which nothing is made yet.
    pub(crate) fn begin(turn: Turn) -> Connection {
        match turn {
            Turn::Module(place) => Connection::Module(Engine::begin(place)),
            Turn::Host(connection) => Connection::Host(connection),
        }
    }

    /// Connects and subscribes, or leaves the module as it was.
    pub(crate) async fn connect(
        &self,
        turn: Turn,
        filters: &[(TopicFilter, QoS)],
    ) -> Result<Connected, ConnectError> {
        let mut connection = Self::begin(turn);
        let result = self.establish(&mut connection, filters).await;
        self.settle(result, connection).await
    }

    /// Goes as far as it gets: what has to be undone is in `connection`, whenever the future is dropped.
    pub(crate) fn establish<'a>(
        &'a self,
        connection: &'a mut Connection,
        filters: &'a [(TopicFilter, QoS)],
    ) -> BoxFuture<'a, Result<Subscribed, ConnectError>> {
        Box::pin(async move {
            match (self, connection) {
                (Self::Module(engine), Connection::Module(connection)) => {
                    Ok(subscribed(engine.establish(connection, filters).await?))
                }
                (Self::Host(host), Connection::Host(connection)) => {
                    host.establish(connection).await?;
                    let subscribed = connection.subscribe_all(filters).await;
                    Ok(subscribed.map_err(|(filter, failure)| NotSubscribed {
                        filter,
                        by_broker: failure.is_by_broker(),
                        error: failure.into(),
                    }))
                }
                _ => Err(ConnectError::Closed),
            }
        })
    }

    /// Makes the outcome of [`establish`](Self::establish) whole: a connection, or nothing left of one.
    pub(crate) async fn settle(
        &self,
        result: Result<Subscribed, ConnectError>,
        connection: Connection,
    ) -> Result<Connected, ConnectError> {
        match result {
            Ok(subscribed) => Ok(Connected { connection, subscribed }),
            Err(error) => {
                // Before a login nothing comes.
                drop(self.undo(connection).await);
                Err(error)
            }
        }
    }

    /// Ends a connection that may be in any state, and gives TLS back. Gives the messages that have come by themselves.
    pub(crate) fn undo(&self, connection: Connection) -> BoxFuture<'_, VecDeque<Message>> {
        Box::pin(async move {
            match (self, connection) {
                (Self::Module(engine), Connection::Module(connection)) => engine.undo(connection).await,
                (_, Connection::Host(connection)) => return connection.undo().await,
                _ => {}
            }
            VecDeque::new()
        })
    }

    /// Gives up a connection without a word to the module, which may be out of reach: whoever takes TLS next finds what
    /// is left. Gives the messages that have come by themselves.
    pub(crate) async fn abandon(connection: Connection) -> VecDeque<Message> {
        match connection {
            Connection::Module(_) => VecDeque::new(),
            Connection::Host(connection) => connection.abandon().await,
        }
    }

    /// What there is of our connection after the port was away.
    pub(crate) async fn remains(&self, connection: &Connection) -> Result<Remains, Trouble> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => Ok(engine.remains(connection).await?),
            (_, Connection::Host(connection)) if connection.lost().is_none() => Ok(Remains::Connection),
            _ => Ok(Remains::Nothing),
        }
    }

    /// Says good-bye to the broker; whether that works does not matter. Messages can still be read.
    pub(crate) async fn say_goodbye(&self, connection: &mut Connection) -> Result<(), DisconnectError> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => {
                Ok(engine.say_goodbye(connection).await?)
            }
            (_, Connection::Host(connection)) => {
                connection.leave().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Logs out of a connection that is lost, and leaves what the next login needs, where that is more than a login.
    /// True: it can be logged in again.
    pub(crate) async fn rest(&self, connection: &mut Connection) -> Result<bool, DisconnectError> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => {
                engine.rest(connection).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Logs in and subscribes on what [`rest`](Self::rest) has left.
    pub(crate) fn log_in_again<'a>(
        &'a self,
        connection: &'a mut Connection,
        filters: &'a [(TopicFilter, QoS)],
    ) -> BoxFuture<'a, Result<Subscribed, ConnectError>> {
        Box::pin(async move {
            match (self, connection) {
                (Self::Module(engine), Connection::Module(connection)) => {
                    Ok(subscribed(engine.log_in_again(connection, filters).await?))
                }
                _ => Err(ConnectError::Closed),
            }
        })
    }

    /// Ends a connection after the good-bye, and gives TLS back.
    pub(crate) async fn free(&self, connection: Connection) -> Result<(), DisconnectError> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => Ok(engine.free(connection).await?),
            (_, Connection::Host(connection)) => connection.free().map_err(DisconnectError::Socket),
            _ => Ok(()),
        }
    }

    /// Ends with the broker's acknowledgement if the quality of service asks for one.
    pub(crate) async fn publish(
        &self,
        connection: &mut Connection,
        publish: &Publish,
    ) -> Result<(), Unpublished> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => {
                engine.publish(connection, publish).await.map_err(|error| match error {
                    engine::Unpublished::Unusable(error) => Unpublished::Unusable(error),
                    engine::Unpublished::Failed(error) => Unpublished::Failed(error.into()),
                })
            }
            (_, Connection::Host(connection)) => connection
                .publish(publish.clone())
                .await
                .map_err(|failure| Unpublished::Failed(failure.into())),
            _ => Ok(()),
        }
    }

    /// Ends with the broker's answer: what it grants, where that is told.
    pub(crate) async fn subscribe(
        &self,
        connection: &mut Connection,
        filter: &TopicFilter,
        qos: QoS,
    ) -> Result<Option<QoS>, Trouble> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => {
                engine.subscribe(connection, filter.clone(), qos).await?;
                Ok(None)
            }
            (_, Connection::Host(connection)) => Ok(Some(connection.subscribe(filter, qos).await?)),
            _ => Ok(None),
        }
    }

    /// Ends with the broker's answer.
    pub(crate) async fn unsubscribe(
        &self,
        connection: &mut Connection,
        filter: &TopicFilter,
    ) -> Result<(), Trouble> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => {
                Ok(engine.unsubscribe(connection, filter.clone()).await?)
            }
            (_, Connection::Host(connection)) => Ok(connection.unsubscribe(filter).await?),
            _ => Ok(()),
        }
    }

    /// The state of the connection.
    pub(crate) async fn poll(&self, connection: &Connection) -> Result<Polled, Trouble> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => {
                Ok(engine.state(connection).await?.map_or(Polled::Forgotten, Polled::State))
            }
            (_, Connection::Host(connection)) => Ok(connection.lost().map_or(Polled::State(1), Polled::Lost)),
            _ => Ok(Polled::Forgotten),
        }
    }

    /// How many messages wait in the module.
    pub(crate) async fn unread(&self, connection: &Connection) -> Result<u64, Trouble> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => Ok(engine.unread(connection).await?),
            _ => Ok(0),
        }
    }

    /// The message in a slot of the module, which is free afterwards.
    pub(crate) async fn read(
        &self,
        connection: &Connection,
        slot: u8,
    ) -> Result<Option<Message>, CommandError> {
        match (self, connection) {
            (Self::Module(engine), Connection::Module(connection)) => engine.read(connection, slot).await,
            _ => Ok(None),
        }
    }
}

impl Carries {
    /// Whether a message can be carried unchanged. Nothing is sent.
    pub(crate) fn check(&self, publish: &Publish) -> Result<(), PublishError> {
        match self {
            Self::Module(dialect) => dialect.check(publish),
            Self::Anything => carried::check(publish),
        }
    }
}

impl Connection {
    /// The number of the module's client; 0 where it has no part in it.
    pub(crate) fn instance(&self) -> u8 {
        match self {
            Self::Module(connection) => connection.instance(),
            Self::Host(_) => 0,
        }
    }

    /// Whether the broker had kept our session; `None` where nobody tells.
    pub(crate) fn session_present(&self) -> Option<bool> {
        match self {
            Self::Module(_) => None,
            Self::Host(connection) => connection.session_present(),
        }
    }

    /// Whether a login is all that is missing.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self, Self::Module(connection) if connection.is_idle())
    }

    /// Why one that runs by itself has ended; `None` while it stands, and where only the module knows.
    pub(crate) fn lost(&self) -> Option<LossReason> {
        match self {
            Self::Module(_) => None,
            Self::Host(connection) => connection.lost(),
        }
    }

    /// The next message that comes by itself; `None` when the connection has ended. Those in slots of the module do not.
    ///
    /// # Cancel safety
    /// No message is lost when the future is dropped.
    pub(crate) async fn next_message(&mut self) -> Option<Message> {
        match self {
            Self::Module(_) => std::future::pending().await,
            Self::Host(connection) => connection.next_message().await,
        }
    }

    /// A message that came by itself.
    pub(crate) fn try_next_message(&mut self) -> Option<Message> {
        match self {
            Self::Module(_) => None,
            Self::Host(connection) => connection.try_next_message(),
        }
    }
}

fn subscribed(outcome: Result<(), engine::NotSubscribed>) -> Subscribed {
    outcome.map_err(|engine::NotSubscribed { filter, error, by_broker }| NotSubscribed {
        filter,
        error: error.into(),
        by_broker,
    })
}

impl From<NotSubscribed> for ConnectError {
    fn from(NotSubscribed { filter, error, .. }: NotSubscribed) -> Self {
        Self::Resubscribe { filter: filter.as_str().to_owned(), error: error.into() }
    }
}
