//! Registration and signal.

use super::{LOCAL, malformed, query, value};
use crate::at::{Command, CommandLine, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply};
pub use crate::platform::RegistrationDomain;

impl RegistrationDomain {
    fn prefix(self) -> &'static str {
        match self {
            Self::Circuit => "+CREG",
            Self::Packet => "+CGREG",
            Self::Lte => "+CEREG",
        }
    }
}

/// Whether the module is registered. Source: M37 p189-191, p289-291.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registration {
    /// Neither registered nor searching.
    Idle,
    /// Registered in the home network.
    Home,
    /// Searching.
    Searching,
    /// The network refused.
    Denied,
    /// Out of coverage, or unknown.
    Unknown,
    /// Registered in a foreign network.
    Roaming,
    /// Another state, by its number.
    Other(u8),
}

impl Registration {
    /// Whether data can flow.
    #[must_use]
    pub fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }

    fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Idle,
            1 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            4 => Self::Unknown,
            5 => Self::Roaming,
            other => Self::Other(other),
        }
    }
}

impl std::fmt::Display for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Idle => f.write_str("not searching"),
            Self::Home => f.write_str("registered"),
            Self::Searching => f.write_str("searching"),
            Self::Denied => f.write_str("denied by the network"),
            Self::Unknown => f.write_str("no coverage"),
            Self::Roaming => f.write_str("roaming"),
            Self::Other(number) => write!(f, "state {number}"),
        }
    }
}

/// `AT+CREG?`, `AT+CGREG?` or `AT+CEREG?`.
#[derive(Clone, Copy, Debug)]
pub struct ReadRegistration(pub RegistrationDomain);

impl Command for ReadRegistration {
    type Response = Registration;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let prefix = self.0.prefix();
        // The unsolicited line has the same prefix but not the leading mode.
        let expect = Expect::lines_if(prefix, |rest| Fields::parse(rest).number::<u8>(1).is_some());
        Ok(query(CommandLine::read(prefix), expect))
    }

    fn parse(&self, reply: &Reply) -> Result<Registration, UnexpectedReply> {
        let line = value(reply, self.0.prefix())?;
        let number = Fields::parse(&line).number(1);
        number.map(Registration::from_number).ok_or_else(|| malformed(self.0.prefix(), &line))
    }
}

/// `AT+CSQ`: received signal strength in dBm, if known. Source: M37 p214-216.
#[derive(Clone, Copy, Debug)]
pub struct SignalQuality;

impl Command for SignalQuality {
    type Response = Option<i16>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::execute("+CSQ"), Expect::lines("+CSQ")).deadline(LOCAL))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<i16>, UnexpectedReply> {
        let line = value(reply, "+CSQ")?;
        let level: u8 = Fields::parse(&line).number(0).ok_or_else(|| malformed("+CSQ", &line))?;
        Ok((level <= 31).then(|| -113 + 2 * i16::from(level)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_told_from_the_unsolicited_line() {
        let exchange = ReadRegistration(RegistrationDomain::Lte).exchange().unwrap();
        assert_eq!(exchange.line().as_bytes(), b"AT+CEREG?");
        let parse = |line| ReadRegistration(RegistrationDomain::Lte).parse(&Reply::new([line], ""));
        assert_eq!(parse("+CEREG: 0,1").unwrap(), Registration::Home);
        assert_eq!(parse("+CEREG: 2,5,\"00F3\",\"01A2D001\",8").unwrap(), Registration::Roaming);
        assert_eq!(parse("+CEREG: 0,7").unwrap(), Registration::Other(7));
        assert!(parse("+CEREG: 1").is_err());
    }

    #[test]
    fn signal() {
        let parse = |line| SignalQuality.parse(&Reply::new([line], "")).unwrap();
        assert_eq!(parse("+CSQ: 31,0"), Some(-51));
        assert_eq!(parse("+CSQ: 0,99"), Some(-113));
        assert_eq!(parse("+CSQ: 99,99"), None);
    }
}
