//! What can go wrong, one type an operation.

mod broker;
mod connect;
mod disconnect;
mod doubt;
mod publish;
mod subscribe;

pub use broker::Refusal;
pub use connect::ConnectError;
pub use disconnect::DisconnectError;
pub use doubt::Doubt;
pub use publish::PublishError;
pub use subscribe::SubscribeError;

use telit_core::at::ModuleError;
use telit_core::{Category, CommandError};

use crate::state::{ClientState, LossReason};

/// What helps when there is no connection.
fn reconnect_hint(state: ClientState) -> Option<&'static str> {
    match state {
        ClientState::Paused => Some("resume the session first"),
        ClientState::Reconnecting(_) => Some("wait until it is connected again, as its events tell"),
        ClientState::Lost(reason) => Some(loss_hint(reason)),
        ClientState::Closed => Some("connect a new client"),
        ClientState::Connecting | ClientState::Connected => None,
    }
}

/// What helps against a loss.
fn loss_hint(reason: LossReason) -> &'static str {
    match reason {
        LossReason::LinkLost => "open the port again: check the cable, or wait for the module to restart",
        LossReason::ModuleSilent => "check the port and that the module is powered",
        LossReason::ClosedByBroker => {
            "connect again, then subscribe again; brokers end a session when another client uses the same client \
             identifier"
        }
        LossReason::Refused(refusal) => refusal.hint(),
        _ => "connect again, then subscribe again",
    }
}

/// Whether the module names this MQTT error. Its numbers mean other things after other commands, so this is
/// for errors of MQTT commands only. Source: M37 p27-29.
fn names(error: &ModuleError, number: u32, text: &str) -> bool {
    error.is(&[number], &format!("MQTT {text}")) || error.is(&[], text)
}

/// The MQTT errors that mean that the way to the broker failed. Source: M37 p28-29.
const WAY_FAILED: [(u32, &str); 7] = [
    (1103, "Connect Fail"),
    (1104, "Disconnect Fail"),
    (1105, "Publish Fail"),
    (1106, "Subscribe Fail"),
    (1107, "Unsubscribe Fail"),
    (1109, "Command Timeout Fail"),
    (1110, "PUBSEXT Fail"),
];

/// Whether the module says that the broker did not answer in time. Source: M37 p28-29.
pub(crate) fn tells_silence(error: &ModuleError) -> bool {
    names(error, 1109, "Command Timeout Fail")
}

/// Whose turn it is after a failed MQTT command that goes to the broker.
fn category_at_broker(error: &CommandError) -> Category {
    let named = |module: &ModuleError| WAY_FAILED.iter().any(|(number, text)| names(module, *number, text));
    match error.module_error() {
        Some(module) if named(module) || is_network(module) => Category::Network,
        _ => error.category(),
    }
}

/// General network errors: 550 to 559. Source: M37 p25.
fn is_network(error: &ModuleError) -> bool {
    error.number().is_some_and(|number| (550..=559).contains(&number))
        || ["context", "network", "socket", "resolve", "connection", "timeout"]
            .iter()
            .any(|w| error.mentions(w))
}
