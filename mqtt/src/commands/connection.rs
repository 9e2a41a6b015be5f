//! Connecting to the broker and asking for the state.

use std::fmt;
use std::time::Duration;

use telit_core::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

use super::{query, setting, value_of};

/// `AT#MQCONN=<inst>,<clientID>,<userName>,<passWord>`: TCP, TLS and CONNECT in one command. User name and
/// password are sent empty if there are none. Source: M37 p1015-1017; IPE28 p142.
#[derive(Clone)]
pub(crate) struct Connect {
    pub(crate) instance: u8,
    pub(crate) client_id: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) deadline: Duration,
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Command for Connect {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQCONN").number(self.instance);
        let line = line.text("client identifier", &self.client_id).text("user name", &self.user);
        let line = line.secret_text("password", &self.password).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#MQCONN?`: the state of a client, 0 to 7; `None` if it does not exist. Source: M37 p1016-1017.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionState {
    pub(crate) instance: u8,
}

impl Command for ConnectionState {
    type Response = Option<u64>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#MQCONN"), "#MQCONN"))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<u64>, UnexpectedReply> {
        Ok(value_of(reply, "#MQCONN", self.instance))
    }
}

/// `AT#MQDISC=<inst>`: says good-bye to the broker; also the way out of every failed state.
///
/// Source: M37 p1013, p1016.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disconnect {
    pub(crate) instance: u8,
    pub(crate) deadline: Duration,
}

impl Command for Disconnect {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#MQDISC").number(self.instance).build()?, self.deadline))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    fn connect(user: &str, password: &str) -> Connect {
        Connect {
            instance: 1,
            client_id: "client-1".into(),
            user: user.into(),
            password: password.into(),
            deadline: Duration::from_secs(150),
        }
    }

    #[test]
    fn exact_lines() {
        assert_eq!(line(&connect("", "")), "AT#MQCONN=1,\"client-1\",\"\",\"\"");
        assert_eq!(line(&connect("u", "swordfish")), "AT#MQCONN=1,\"client-1\",\"u\",\"swordfish\"");
        assert_eq!(line(&ConnectionState { instance: 1 }), "AT#MQCONN?");
        assert_eq!(line(&Disconnect { instance: 1, deadline: Duration::ZERO }), "AT#MQDISC=1");
    }

    #[test]
    fn passwords_are_never_shown() {
        let connect = connect("u", "swordfish");
        assert!(!format!("{connect:?}").contains("swordfish"));
        assert!(!format!("{:?}", connect.exchange().unwrap()).contains("swordfish"));
    }

    #[test]
    fn limits() {
        assert_eq!(connect("a\rb", "").exchange().unwrap_err().field(), "user name");
        assert_eq!(connect("", "a\"b").exchange().unwrap_err().field(), "password");
        assert_eq!(connect(&"u".repeat(400), "").exchange().unwrap_err().field(), "command line");
    }

    #[test]
    fn states() {
        let state = ConnectionState { instance: 1 };
        let parse = |lines: &[&str]| state.parse(&Reply::new(lines.iter().copied(), "")).unwrap();
        assert_eq!(parse(&["#MQCONN: 1,1", "#MQCONN: 2,0"]), Some(1));
        assert_eq!(parse(&["#MQCONN: 1,2"]), Some(2));
        assert_eq!(parse(&["#MQCONN: 2,1"]), None);
        assert_eq!(parse(&[]), None);
    }
}
