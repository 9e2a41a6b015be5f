//! In the place of MQTT on this computer in a program that was built without it: nothing of it ever exists.

#![expect(clippy::needless_pass_by_ref_mut, reason = "as in what this stands for")]

use std::collections::VecDeque;
use std::convert::Infallible;

use telit_core::Modem;
use telit_core::socket::SocketError;

use crate::choice::EngineReason;
use crate::engine::Patience;
use crate::error::{ConnectError, PublishError, SubscribeError};
use crate::message::{Message, Publish, QoS};
use crate::options::MqttOptions;
use crate::state::{ClientState, LossReason};
use crate::topic::TopicFilter;

#[derive(Debug)]
pub(crate) struct HostEngine(Infallible);

#[derive(Debug)]
pub(crate) struct HostConnection(Infallible);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {}

impl HostEngine {
    pub(crate) fn new(_modem: Modem, options: MqttOptions) -> Result<Self, ConnectError> {
        options.socket_tls()?;
        Err(ConnectError::HostNotBuilt { because: EngineReason::Asked })
    }

    pub(crate) fn modem(&self) -> &Modem {
        match self.0 {}
    }

    pub(crate) fn options(&self) -> &MqttOptions {
        match self.0 {}
    }

    pub(crate) async fn turn(&self, _patience: Patience) -> Result<HostConnection, ConnectError> {
        match self.0 {}
    }

    pub(crate) async fn establish(&self, _connection: &mut HostConnection) -> Result<(), ConnectError> {
        match self.0 {}
    }
}

impl HostConnection {
    pub(crate) fn lost(&self) -> Option<LossReason> {
        match self.0 {}
    }

    pub(crate) fn session_present(&self) -> Option<bool> {
        match self.0 {}
    }

    pub(crate) async fn next_message(&mut self) -> Option<Message> {
        match self.0 {}
    }

    pub(crate) fn try_next_message(&mut self) -> Option<Message> {
        match self.0 {}
    }

    pub(crate) async fn publish(&mut self, _publish: Publish) -> Result<(), Failure> {
        match self.0 {}
    }

    pub(crate) async fn subscribe(&mut self, _filter: &TopicFilter, _qos: QoS) -> Result<QoS, Failure> {
        match self.0 {}
    }

    pub(crate) async fn subscribe_all(
        &mut self,
        _filters: &[(TopicFilter, QoS)],
    ) -> Result<(), (TopicFilter, Failure)> {
        match self.0 {}
    }

    pub(crate) async fn unsubscribe(&mut self, _filter: &TopicFilter) -> Result<(), Failure> {
        match self.0 {}
    }

    pub(crate) async fn leave(&mut self) {
        match self.0 {}
    }

    pub(crate) fn free(self) -> Result<(), SocketError> {
        match self.0 {}
    }

    pub(crate) async fn undo(self) -> VecDeque<Message> {
        match self.0 {}
    }

    pub(crate) async fn abandon(self) -> VecDeque<Message> {
        match self.0 {}
    }
}

impl Failure {
    pub(crate) fn is_link_lost(&self) -> bool {
        match *self {}
    }

    pub(crate) fn is_by_broker(&self) -> bool {
        match *self {}
    }

    pub(crate) fn of_publish(self, _state: ClientState) -> PublishError {
        match self {}
    }
}

impl From<Failure> for SubscribeError {
    fn from(failure: Failure) -> Self {
        match failure {}
    }
}
