//! What failures of an MQTT client are called, and the state that they leave it in.

use super::ClientState;
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::tls_events::dial_error;
use crate::net::mqtt::{ConnectError, Refusal};
use crate::net::{NetError, TlsFailure};
use crate::profile::MqttErrors;

pub(super) fn state_after(error: &ConnectError) -> ClientState {
    match error {
        ConnectError::NoConnack => ClientState::NoConnack,
        ConnectError::Refused(_) => ClientState::ClosedByBroker,
        ConnectError::Network(NetError::Closed | NetError::Reset) => ClientState::ClosedByBroker,
        ConnectError::Network(_) => ClientState::NotDelivered,
        _ => ClientState::Internal,
    }
}

/// CONNACK refusals have numbers of their own. Source: M37 p28-29.
pub(super) fn connect_error(error: &ConnectError) -> AtError {
    match error {
        ConnectError::Refused(refusal) => AtError::Cme(match refusal {
            Refusal::ProtocolVersion => cme::MQTT_PROTOCOL,
            Refusal::IdentifierRejected => cme::MQTT_PROTOCOL + 1,
            Refusal::ServerUnavailable => cme::MQTT_PROTOCOL + 2,
            Refusal::BadCredentials => cme::MQTT_PROTOCOL + 3,
            Refusal::NotAuthorised => cme::MQTT_PROTOCOL + 4,
            Refusal::Other(_) => cme::MQTT_CONNECT,
        }),
        ConnectError::NoConnack => AtError::Cme(cme::MQTT_TIMEOUT),
        ConnectError::Network(error @ (NetError::Name { .. } | NetError::Tls { .. })) => {
            match error.tls_failure() {
                Some(TlsFailure::NoSuite | TlsFailure::Version) => AtError::Cme(cme::MQTT_SSL),
                _ => dial_error(error),
            }
        }
        _ => AtError::Cme(cme::MQTT_CONNECT),
    }
}

impl Module {
    /// Numbers that the platform does not know become the bare `ERROR`.
    pub(in crate::module) fn without_unknown_numbers(&self, error: AtError) -> AtError {
        let numbered = self.profile.mqtt.as_ref().is_none_or(|mqtt| mqtt.errors == MqttErrors::Numbered);
        match error {
            AtError::Cme(cme::MQTT_INITIALIZATION..=cme::MQTT_NOT_AUTHORISED) if !numbered => AtError::Plain,
            error => error,
        }
    }
}
