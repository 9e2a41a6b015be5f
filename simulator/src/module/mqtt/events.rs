//! What happens on the connections of the MQTT clients.

use bytes::Bytes;

use super::errors::{connect_error, state_after};
use super::{ClientState, Message, Task};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::net::NetError;
use crate::net::mqtt::{CloseReason, RequestError};
use crate::service::{Event, OpenFailure};

/// In the public C header of the client.
const RECEIVE_BUFFER: usize = 1024;

impl Module {
    pub(in crate::module) fn mqtt_event(&mut self, id: u8, event: Event) {
        match event {
            Event::Opened { .. } => {
                self.mqtt.client_mut(id).state = ClientState::Connected;
                self.end_task(id, |_| Ok(()));
            }
            Event::OpenFailed(OpenFailure::Mqtt(error)) => {
                self.lose_client(id, state_after(&error));
                self.end_task(id, |_| Err(connect_error(&error)));
            }
            Event::MqttDone(result) => self.request_done(id, &result),
            Event::MqttMessage { topic, payload } => self.message_received(id, &topic, payload),
            Event::MqttClosed(reason) => self.client_closed(id, &reason),
            _ => {}
        }
    }

    fn request_done(&mut self, id: u8, result: &Result<(), RequestError>) {
        if let Some((_, Task::Disconnect)) = self.mqtt.client(id).waiting {
            self.lose_client(id, ClientState::Idle);
            return self.end_task(id, |_| Ok(()));
        }
        let failed = |task| match task {
            Task::Request(failure) => AtError::Cme(failure),
            _ => AtError::Cme(cme::MQTT_DISCONNECT),
        };
        match result {
            Ok(()) => self.end_task(id, |_| Ok(())),
            Err(RequestError::Refused) if self.quirks.refused_subscription_is_ok => {
                self.end_task(id, |_| Ok(()));
            }
            Err(RequestError::Timeout) => self.end_task(id, |_| Err(AtError::Cme(cme::MQTT_TIMEOUT))),
            Err(_) => self.end_task(id, |task| Err(failed(task))),
        }
    }

    /// Where the receive buffer bounds messages, this one is cut or comes in pieces.
    fn message_received(&mut self, id: u8, topic: &str, mut payload: Bytes) {
        if self.quirks.messages_split {
            while payload.len() > RECEIVE_BUFFER {
                let piece = payload.split_to(RECEIVE_BUFFER);
                self.message_arrived(id, topic.to_owned(), piece);
            }
        } else if self.quirks.messages_truncated {
            payload.truncate(RECEIVE_BUFFER);
        }
        self.message_arrived(id, topic.to_owned(), payload);
    }

    fn message_arrived(&mut self, id: u8, topic: String, payload: Bytes) {
        let Some(free) = self.mqtt.slots.iter().position(Option::is_none) else {
            return self.broadcast("#MQRING: 0");
        };
        let line = format!("#MQRING: {id},{},{topic},{}", free + 1, payload.len());
        if let Some(slot) = self.mqtt.slots.get_mut(free) {
            *slot = Some(Message { client: id, topic, payload });
        }
        // On every interface. Source: M37 p1032.
        self.broadcast(&line);
    }

    fn client_closed(&mut self, id: u8, reason: &CloseReason) {
        let state = match reason {
            CloseReason::ByPeer | CloseReason::Network(NetError::Reset | NetError::Closed) => {
                ClientState::ClosedByBroker
            }
            CloseReason::PingUnanswered => ClientState::PingUnanswered,
            CloseReason::Network(_) => ClientState::Socket,
            CloseReason::Protocol(_) => ClientState::Internal,
        };
        let disconnecting = matches!(self.mqtt.client(id).waiting, Some((_, Task::Disconnect)));
        self.lose_client(id, if disconnecting { ClientState::Idle } else { state });
        self.end_task(id, |task| match task {
            Task::Disconnect => Ok(()),
            Task::Request(failure) => Err(AtError::Cme(failure)),
            Task::Connect => Err(AtError::Cme(cme::MQTT_CONNECT)),
        });
    }

    fn lose_client(&mut self, id: u8, state: ClientState) {
        let client = self.mqtt.client_mut(id);
        client.state = state;
        if let Some(link) = client.link.take() {
            self.release(link);
        }
    }

    /// The network is gone.
    pub(in crate::module) fn break_mqtt(&mut self) {
        for id in self.mqtt.ids() {
            if let Some(link) = self.mqtt.client(id).link {
                self.abandon(link);
                self.client_closed(id, &CloseReason::Network(NetError::NetworkDown));
            }
        }
    }

    fn end_task(&mut self, id: u8, result: impl FnOnce(Task) -> Result<(), AtError>) {
        if let Some((instance, task)) = self.mqtt.client_mut(id).waiting.take() {
            let result = result(task);
            self.complete(instance, result);
        }
    }
}
