//! Who speaks MQTT: the module, or this computer over a TLS socket of the module.

use std::fmt;

/// Who speaks MQTT.
///
/// A module speaks it itself (`#MQ...`) on platforms 25, 30, 37 and 52. Where it does not, or where its client cannot
/// carry what is asked for, MQTT 3.1.1 runs on this computer over a TLS socket of the module, behind the same
/// [`MqttClient`](crate::MqttClient) and on every platform.
///
/// | | the module | this computer |
/// |---|---|---|
/// | platforms | 25, 30, 37, 52 | all |
/// | payloads and topics | what its commands carry | any, up to what MQTT carries |
/// | quality of service, retained and duplicate flag of received messages | not told | told |
/// | a refused subscription | an error like others | told, and what was granted |
/// | received messages | 30 slots, [`SlotsFull`](crate::Event::SlotsFull) when they are taken | the broker is held up |
/// | several clients of one module | two | as many as it has TLS sockets |
/// | connections without TLS | yes | no |
/// | keeps the connection while the port is away | yes | no |
/// | who pings | the module | this computer, which must not sleep longer than the keep-alive |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// The module where it can, otherwise this computer. [`MqttClient::engine`](crate::MqttClient::engine) and the log
    /// tell which, and why.
    #[default]
    Auto,
    /// The module.
    Module,
    /// This computer.
    Host,
}

/// Who speaks MQTT for a client, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineChoice {
    /// [`Engine::Module`] or [`Engine::Host`].
    pub engine: Engine,
    /// Why.
    pub reason: EngineReason,
}

/// Why the one or the other speaks MQTT.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineReason {
    /// It was asked for.
    Asked,
    /// The module can do what is asked for.
    ModuleCan,
    /// The module cannot do what is asked for.
    ModuleCannot {
        /// What it cannot.
        why: String,
    },
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Module => "module",
            Self::Host => "host",
        })
    }
}

impl fmt::Display for EngineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("it was asked for"),
            Self::ModuleCan => f.write_str("the module can do what is asked for"),
            Self::ModuleCannot { why } => f.write_str(why),
        }
    }
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.engine, self.reason)
    }
}
