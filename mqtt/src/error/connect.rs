//! Why there is no connection.

use telit_core::at::InvalidValue;
use telit_core::exclusive::{LeaseError, ServiceBusy};
use telit_core::platform::PlatformId;
use telit_core::socket::{ConnectFailure, SocketError};
use telit_core::tls::{TlsError, TlsFailure};
use telit_core::{Category, CommandError};

use super::{Refusal, SubscribeError, category_at_broker, loss_hint, names};
use crate::choice::EngineReason;
use crate::presets::PresetError;
use crate::rules::RuleViolation;
use crate::state::LossReason;

/// Connecting or resuming failed. What had been changed on the module was undone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The module has no MQTT client of its own (`#MQ...`), and MQTT is not to run on this computer, or cannot because
    /// the connection is to have no TLS. Nothing was changed. What helps: [`Engine::Auto`](crate::Engine::Auto) or
    /// [`Engine::Host`](crate::Engine::Host), with TLS.
    ///
    /// Source: SSL guide 10; IPE28 p136.
    #[error(
        "this module (platform {platform}) has no MQTT client of its own; let MQTT run on this computer: engine auto \
         or host (MqttOptions::engine, --engine), with TLS"
    )]
    Unsupported {
        /// The platform.
        platform: PlatformId,
    },
    /// MQTT would have to run on this computer, and this program was built without that: without the feature `host` of
    /// `telit-mqtt`, which is on by default. Nothing was changed.
    #[error("{}, and this program was built without MQTT on this computer: the feature `host` of telit-mqtt", match .because {
        EngineReason::ModuleCannot { why } => why.as_str(),
        _ => "engine host was asked for",
    })]
    HostNotBuilt {
        /// Why it would have to.
        because: EngineReason,
    },
    /// An option cannot be used. Nothing was changed.
    #[error("{0}")]
    InvalidOption(#[from] InvalidValue),
    /// The broker would not take it. Nothing was changed.
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    /// A preset does not fit. Nothing was changed.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// The module's TLS or its MQTT client is in use. Nothing was changed.
    #[error(transparent)]
    Busy(#[from] ServiceBusy),
    /// The MQTT client of the module that was asked for is used by another client of this program, or all of them
    /// are. Nothing was changed.
    #[error("{} in use by this program", match .instance {
        Some(instance) => format!("the module's MQTT client {instance} is"),
        None => "all MQTT clients of the module are".to_owned(),
    })]
    InstanceInUse {
        /// Which one was asked for, if any.
        instance: Option<u8>,
    },
    /// This firmware restarts when it is given a last will. Nothing was sent.
    #[error("model {model} with firmware {firmware} restarts when it is given a last will")]
    LastWillRestarts {
        /// The model.
        model: String,
        /// Its firmware.
        firmware: String,
    },
    /// The broker refused the login.
    #[error("the broker refused the login: {refusal}")]
    Refused {
        /// Its answer.
        refusal: Refusal,
    },
    /// TLS could not be set up on the module.
    #[error("TLS could not be set up: {0}")]
    TlsSetup(TlsError),
    /// TLS to the broker failed.
    #[error("TLS to the broker failed: {failure}")]
    Tls {
        /// What the module says.
        failure: TlsFailure,
        /// The command that failed.
        error: CommandError,
    },
    /// There is no connection, for the reason that the module reports as its state.
    #[error("the broker was not reached: {reason}")]
    NotConnected {
        /// The module's reason.
        reason: LossReason,
    },
    /// The connection did not come about.
    #[error("the broker was not reached: {0}")]
    Network(CommandError),
    /// An earlier subscription could not be made again.
    #[error("subscribing to {filter:?} again failed: {error}")]
    Resubscribe {
        /// The topic filter.
        filter: String,
        /// Why.
        error: SubscribeError,
    },
    /// An exchange failed.
    #[error(transparent)]
    Command(CommandError),
    /// The TLS socket failed over which MQTT runs on this computer.
    #[error(transparent)]
    Socket(SocketError),
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
}

impl ConnectError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Unsupported { .. }
            | Self::HostNotBuilt { .. }
            | Self::InvalidOption(_)
            | Self::LastWillRestarts { .. }
            | Self::Closed => Category::Usage,
            Self::Rule(violation) => violation.category(),
            Self::Preset(error) => error.category(),
            Self::Busy(_) | Self::InstanceInUse { .. } => Category::Busy,
            Self::Tls { failure: TlsFailure::AlreadyActivated, .. } => Category::Busy,
            Self::Refused { refusal } => refusal.category(),
            Self::TlsSetup(error) => error.category(),
            Self::Tls { .. } | Self::Network(_) => Category::Network,
            Self::Socket(error) => error.category(),
            Self::NotConnected { reason } => reason.category(),
            Self::Resubscribe { error, .. } => error.category(),
            Self::Command(error) => category_at_broker(error),
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Rule(violation) => violation.hint(),
            Self::Preset(error) => error.hint(),
            Self::Busy(_) => Some("end or pause the other service, or wait for it"),
            Self::InstanceInUse { .. } => Some("end or pause the other client first"),
            Self::LastWillRestarts { .. } => Some("connect without a last will, or update the firmware"),
            Self::Refused { refusal } => Some(refusal.hint()),
            Self::TlsSetup(error) => error.hint(),
            Self::Tls { failure, .. } => Some(failure.hint()),
            Self::NotConnected { reason } if reason.category() == Category::Link => Some(loss_hint(*reason)),
            Self::NotConnected { .. } | Self::Network(_) => Some(
                "check host, port and network; the module may also report a failed TLS handshake or a broker \
                 that dropped the connection like this, so check the certificates and the module's clock too",
            ),
            Self::Resubscribe { .. } => Some("check that the broker allows this client the topic filter"),
            Self::Socket(error) => error.hint(),
            Self::Closed => Some("connect a new client"),
            // Source: M37 p1010.
            Self::Command(CommandError::Refused { command, .. }) if command == "#MQCFG" => {
                Some("the packet data context must be active first: bring the module up")
            }
            Self::HostNotBuilt { .. } => Some("build the program with the default features of telit-mqtt"),
            Self::Unsupported { .. } | Self::InvalidOption(_) | Self::Command(_) => None,
        }
    }

    /// Whether trying again cannot help.
    pub(crate) fn is_permanent(&self) -> bool {
        match self {
            Self::Unsupported { .. }
            | Self::HostNotBuilt { .. }
            | Self::InvalidOption(_)
            | Self::Rule(_)
            | Self::Preset(_)
            | Self::LastWillRestarts { .. }
            | Self::Closed => true,
            Self::Refused { refusal } => refusal.category() == Category::Refused,
            Self::TlsSetup(error) => error.category() == Category::Usage,
            // A port that can be opened again is waited for; this one cannot.
            Self::Command(error) => error.is_link_lost(),
            Self::Socket(error) => error.category() == Category::Usage,
            _ => false,
        }
    }

    /// What is left to say about a refusal of `#MQCONN` once the connection's state was read too; `None` if
    /// that was not possible.
    pub(crate) fn of_login(error: CommandError, state: Option<u64>) -> Self {
        match (Self::specific(&error), state) {
            (Some(specific), _) => specific,
            (None, Some(state @ 2..)) => Self::NotConnected { reason: LossReason::from_state(state) },
            (None, _) => Self::Network(error),
        }
    }

    /// Whether the error of `#MQCONN` says by itself what is wrong.
    pub(crate) fn specific(error: &CommandError) -> Option<Self> {
        let Some(module) = error.module_error() else {
            // No refusal of the module: too late is the network's fault, all else the link's.
            let late = error.is_timeout();
            return Some(if late { Self::Network(error.clone()) } else { Self::of_command(error.clone()) });
        };
        if let Some(refusal) = Refusal::named_by(module) {
            return Some(Self::Refused { refusal });
        }
        if let Some(failure) = TlsFailure::named_by(module) {
            return Some(Self::Tls { failure, error: error.clone() });
        }
        if names(module, 1108, "SSL Configuration Fail") {
            return Some(Self::Tls { failure: TlsFailure::Credentials, error: error.clone() });
        }
        None
    }

    /// A socket that was not opened, or that failed.
    pub(crate) fn of_socket(error: SocketError) -> Self {
        match error {
            SocketError::Tls(error) => error.into(),
            SocketError::Command(error) => Self::of_command(error),
            SocketError::Connect { failure: ConnectFailure::Tls(failure), error, .. } => {
                Self::Tls { failure, error }
            }
            other => Self::Socket(other),
        }
    }

    /// An error of the commands around `#MQCONN`.
    pub(crate) fn of_command(error: CommandError) -> Self {
        match error {
            CommandError::Invalid(invalid) => Self::InvalidOption(invalid),
            error => match TlsFailure::of(&error) {
                Some(failure) => Self::Tls { failure, error },
                None => Self::Command(error),
            },
        }
    }
}

impl From<LeaseError> for ConnectError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Busy(busy) => Self::Busy(busy),
            LeaseError::Command(error) => Self::Command(error),
            other => Self::TlsSetup(other.into()),
        }
    }
}

impl From<TlsError> for ConnectError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Lease(error) => error.into(),
            other => Self::TlsSetup(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telit_core::at::{Effect, ModuleError};

    use super::*;

    fn refused(words: &str) -> CommandError {
        CommandError::Refused { command: "#MQCONN".into(), error: ModuleError::equipment(words) }
    }

    #[test]
    fn the_brokers_refusal_wins_over_the_state() {
        for (words, refusal, category) in [
            ("MQTT Protocol Unsupported", Refusal::Protocol, Category::Refused),
            ("1112", Refusal::Identifier, Category::Refused),
            ("MQTT Server Unavailable", Refusal::ServerUnavailable, Category::Network),
            ("1114", Refusal::Credentials, Category::Refused),
            ("MQTT Not Authorised", Refusal::NotAuthorised, Category::Refused),
        ] {
            let error = ConnectError::of_login(refused(words), Some(4));
            assert_eq!(error, ConnectError::Refused { refusal });
            assert_eq!(error.category(), category, "{words}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn only_what_time_does_not_heal_is_permanent() {
        let refused_login = |words: &str| ConnectError::of_login(refused(words), Some(4)).is_permanent();
        assert!(["1111", "1112", "1114", "1115"].into_iter().all(refused_login));
        for words in ["1113", "MQTT Connect Fail", "SSL error during handshake", "operation not allowed"] {
            assert!(!refused_login(words), "{words}");
        }
        assert!(ConnectError::Unsupported { platform: PlatformId::P10 }.is_permanent());
        assert!(ConnectError::InvalidOption(InvalidValue::new("host", "it is empty")).is_permanent());
        assert!(!ConnectError::NotConnected { reason: LossReason::ModuleSilent }.is_permanent());
    }

    #[test]
    fn tls_failures_are_explained() {
        for words in ["SSL error during handshake", "839", "1004"] {
            let error = ConnectError::of_login(refused(words), None);
            assert!(matches!(error, ConnectError::Tls { failure: TlsFailure::Handshake, .. }), "{words}");
            assert_eq!(error.category(), Category::Network);
            assert!(error.hint().unwrap().contains("clock"));
        }
        let error = ConnectError::of_login(refused("MQTT SSL Configuration Fail"), None);
        assert!(matches!(error, ConnectError::Tls { failure: TlsFailure::Credentials, .. }));
        let error = ConnectError::of_command(refused("SSL already activated"));
        assert_eq!(error.category(), Category::Busy);
    }

    #[test]
    fn what_the_module_does_not_name_comes_from_its_state() {
        let error = ConnectError::of_login(refused("MQTT Connect Fail"), Some(7));
        assert_eq!(error, ConnectError::NotConnected { reason: LossReason::SocketFailure });
        assert_eq!(error.category(), Category::Network);
        let error = ConnectError::of_login(refused("1103"), Some(0));
        assert_eq!(error, ConnectError::Network(refused("1103")));
        assert_eq!(error.category(), Category::Network);
    }

    #[test]
    fn a_lost_port_is_not_blamed_on_the_network() {
        let error = ConnectError::NotConnected { reason: LossReason::LinkLost };
        assert_eq!(error.category(), Category::Link);
        assert!(error.hint().unwrap().contains("port"));
        let error = ConnectError::NotConnected { reason: LossReason::SocketFailure };
        assert_eq!(error.category(), Category::Network);
        assert!(error.hint().unwrap().contains("host"));
    }

    #[test]
    fn too_late_is_the_networks_fault_and_a_lost_port_the_links() {
        let (command, waited, effect) = ("#MQCONN".to_owned(), Duration::from_secs(150), Effect::Once);
        let late = CommandError::TimedOut { command: command.clone(), waited, effect };
        assert_eq!(ConnectError::of_login(late, None).category(), Category::Network);
        let lost = CommandError::LinkLost { command, reason: "unplugged".into(), sent: true };
        assert_eq!(ConnectError::of_login(lost, None).category(), Category::Link);
    }
}
