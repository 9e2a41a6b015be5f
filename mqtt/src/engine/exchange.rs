//! What goes on while there is a connection: one exchange with the module each.

use telit_core::CommandError;

use super::{Connection, Engine};
use crate::commands::{ConnectionState, ReadMessage, Subscribe, UnreadMessages, Unsubscribe};
use crate::error::PublishError;
use crate::message::{Message, Publish, QoS};
use crate::state::ClientState;
use crate::topic::TopicFilter;

/// Why a message was not published, or is not known to be.
#[derive(Debug)]
pub(crate) enum Unpublished {
    /// The module cannot carry it. Nothing was sent.
    Unusable(PublishError),
    /// The exchange failed.
    Failed(CommandError),
}

impl Engine {
    /// Ends with the broker's acknowledgement if the quality of service asks for one. Source: IPE28 p143.
    pub(crate) async fn publish(
        &self,
        connection: &Connection,
        publish: &Publish,
    ) -> Result<(), Unpublished> {
        let closed = PublishError::NotConnected { state: ClientState::Closed };
        let dialect = self.dialect().ok_or(Unpublished::Unusable(closed))?;
        let exchange = dialect
            .publish(connection.instance(), publish, self.acknowledgement())
            .map_err(Unpublished::Unusable)?;
        self.modem.channel().execute(exchange).await.map(drop).map_err(Unpublished::Failed)
    }

    /// Ends with the broker's answer. Source: IPE28 p143.
    pub(crate) async fn subscribe(
        &self,
        connection: &Connection,
        filter: TopicFilter,
        qos: QoS,
    ) -> Result<(), CommandError> {
        let (instance, deadline) = (connection.instance(), self.acknowledgement());
        let qos = self.takes_qos().then_some(qos);
        self.modem.run(Subscribe { instance, filter, qos, deadline }).await
    }

    /// Ends with the broker's answer. Source: IPE28 p143.
    pub(crate) async fn unsubscribe(
        &self,
        connection: &Connection,
        filter: TopicFilter,
    ) -> Result<(), CommandError> {
        let (instance, deadline) = (connection.instance(), self.acknowledgement());
        self.modem.run(Unsubscribe { instance, filter, deadline }).await
    }

    /// The state of the connection, 0 to 7; `None` if the module does not know our client.
    pub(crate) async fn state(&self, connection: &Connection) -> Result<Option<u64>, CommandError> {
        self.modem.run(ConnectionState { instance: connection.instance() }).await
    }

    /// How many messages wait in the module.
    pub(crate) async fn unread(&self, connection: &Connection) -> Result<u64, CommandError> {
        self.modem.run(UnreadMessages { instance: connection.instance() }).await
    }

    /// The message in a slot, which is free afterwards.
    pub(crate) async fn read(
        &self,
        connection: &Connection,
        slot: u8,
    ) -> Result<Option<Message>, CommandError> {
        self.modem.run(ReadMessage { instance: connection.instance(), slot }).await
    }
}
