//! Why a broker does not let us in.

use std::fmt;

use telit_core::Category;
use telit_core::at::ModuleError;

use super::names;

/// The broker's answer to a login that it refuses.
///
/// Source: M37 p28-29; the order is that of the return codes 1 to 5 of MQTT 3.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It does not speak MQTT 3.1.1.
    Protocol,
    /// It does not accept the client identifier.
    Identifier,
    /// It does not serve at the moment.
    ServerUnavailable,
    /// User name or password are wrong.
    Credentials,
    /// It does not let this client in.
    NotAuthorised,
}

const REFUSALS: [(Refusal, u32, &str); 5] = [
    (Refusal::Protocol, 1111, "Protocol Unsupported"),
    (Refusal::Identifier, 1112, "Identifier Rejected"),
    (Refusal::ServerUnavailable, 1113, "Server Unavailable"),
    (Refusal::Credentials, 1114, "Bad Username or Password"),
    (Refusal::NotAuthorised, 1115, "Not Authorised"),
];

impl Refusal {
    /// The refusal that the module names after `#MQCONN`; after other commands the numbers mean other things.
    pub(crate) fn named_by(error: &ModuleError) -> Option<Self> {
        REFUSALS.iter().find(|(_, number, text)| names(error, *number, text)).map(|(refusal, ..)| *refusal)
    }

    pub(crate) fn category(self) -> Category {
        match self {
            Self::ServerUnavailable => Category::Network,
            _ => Category::Refused,
        }
    }

    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Protocol => "the broker must accept MQTT 3.1.1",
            Self::Identifier => "choose another client identifier; some brokers take at most 23 characters",
            Self::ServerUnavailable => "try again later",
            Self::Credentials => "check user name and password",
            Self::NotAuthorised => {
                "check user name, password, what the broker allows this client, and the server name if it uses SNI"
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Protocol => "it does not support this version of MQTT",
            Self::Identifier => "it rejects the client identifier",
            Self::ServerUnavailable => "it is not available",
            Self::Credentials => "user name or password are wrong",
            Self::NotAuthorised => "this client is not authorised",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_known_by_number_and_by_text() {
        for (refusal, number, text) in REFUSALS {
            for words in [number.to_string(), format!("MQTT {text}"), format!("mqtt {text}.").to_lowercase()]
            {
                let error = ModuleError::equipment(&words);
                assert_eq!(Refusal::named_by(&error), Some(refusal), "{words}");
            }
        }
        for other in ["1103", "MQTT Connect Fail", "1110", "1116"] {
            assert_eq!(Refusal::named_by(&ModuleError::equipment(other)), None, "{other}");
        }
        assert_eq!(Refusal::named_by(&ModuleError::plain()), None);
    }
}
