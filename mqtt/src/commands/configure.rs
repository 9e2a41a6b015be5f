//! Creating a client and configuring it.

use std::time::Duration;

use telit_core::at::{Command, CommandLine, Exchange, Fields, InvalidValue, Reply, UnexpectedReply};

use super::{LOCAL, RESOURCES, query, setting, value_of};

/// `AT#MQEN?`: whether a client exists. Source: M37 p1009.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnabledClients {
    pub(crate) instance: u8,
}

impl Command for EnabledClients {
    type Response = bool;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#MQEN"), "#MQEN"))
    }

    fn parse(&self, reply: &Reply) -> Result<bool, UnexpectedReply> {
        Ok(value_of(reply, "#MQEN", self.instance) == Some(1))
    }
}

/// `AT#MQEN=<inst>,<0|1>`: creates or frees a client. Creating it twice is an error.
///
/// Source: M37 p1008; IPE28 p136.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnableClient {
    pub(crate) instance: u8,
    pub(crate) on: bool,
}

impl Command for EnableClient {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQEN").number(self.instance).number(u8::from(self.on)).build()?;
        Ok(setting(line, RESOURCES))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#MQCFG=<inst>,<host>,<port>,<cid>,<sslEn>[,<sslInstance>]`. Source: M37 p1010-1012.
#[derive(Clone, Debug)]
pub(crate) struct ConfigureBroker {
    pub(crate) instance: u8,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) context: u8,
    pub(crate) tls: bool,
    /// The TLS socket, on firmware that lets it be chosen.
    pub(crate) tls_socket: Option<u8>,
}

impl Command for ConfigureBroker {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQCFG").number(self.instance).text("host", &self.host);
        let line = line.number(self.port).number(self.context).number(u8::from(self.tls));
        let line = match self.tls_socket {
            Some(socket) if self.tls => line.number(socket),
            _ => line,
        };
        Ok(setting(line.build()?, RESOURCES))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#MQCFG?`: whether a client is configured for this broker. Some firmware shows host and port only:
/// what is not shown is not compared. Source: M37 p1012.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsConfiguredFor<'a>(pub(crate) &'a ConfigureBroker);

impl Command for IsConfiguredFor<'_> {
    type Response = bool;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#MQCFG"), "#MQCFG"))
    }

    fn parse(&self, reply: &Reply) -> Result<bool, UnexpectedReply> {
        Ok(reply.values("#MQCFG").iter().any(|line| self.0.is_shown_by(&Fields::parse(line))))
    }
}

impl ConfigureBroker {
    fn is_shown_by(&self, fields: &Fields<'_>) -> bool {
        let shown = |index, expected: u16| fields.number::<u16>(index).is_none_or(|value| value == expected);
        fields.number::<u8>(0) == Some(self.instance)
            && fields.text(1) == Some(self.host.as_str())
            && fields.number::<u16>(2) == Some(self.port)
            && shown(3, self.context.into())
            && shown(4, self.tls.into())
    }
}

/// `AT#MQCFG2=<inst>,<keepAlive>,<cleanSession>`. Source: M37 p1018-1019.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigureSession {
    pub(crate) instance: u8,
    pub(crate) keep_alive: Duration,
    pub(crate) clean_session: bool,
}

impl Command for ConfigureSession {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQCFG2").number(self.instance).number(self.keep_alive.as_secs());
        Ok(setting(line.number(u8::from(self.clean_session)).build()?, LOCAL))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#MQTCFG=<inst>,<pktTimeout>`. Source: M37 p1023-1024.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigurePacketTimeout {
    pub(crate) instance: u8,
    pub(crate) timeout: Duration,
}

impl Command for ConfigurePacketTimeout {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQTCFG").number(self.instance).number(self.timeout.as_secs());
        Ok(setting(line.build()?, LOCAL))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    fn broker(host: &str) -> ConfigureBroker {
        ConfigureBroker {
            instance: 1,
            host: host.to_owned(),
            port: 8883,
            context: 1,
            tls: true,
            tls_socket: None,
        }
    }

    #[test]
    fn exact_lines() {
        assert_eq!(line(&EnabledClients { instance: 1 }), "AT#MQEN?");
        assert_eq!(line(&EnableClient { instance: 1, on: true }), "AT#MQEN=1,1");
        assert_eq!(line(&EnableClient { instance: 1, on: false }), "AT#MQEN=1,0");
        assert_eq!(line(&broker("broker.example")), "AT#MQCFG=1,\"broker.example\",8883,1,1");
        let with_socket = ConfigureBroker { tls_socket: Some(1), ..broker("broker.example") };
        assert_eq!(line(&with_socket), "AT#MQCFG=1,\"broker.example\",8883,1,1,1");
        let plain = ConfigureBroker { tls: false, port: 1883, context: 3, ..with_socket };
        assert_eq!(line(&plain), "AT#MQCFG=1,\"broker.example\",1883,3,0");
        let session =
            ConfigureSession { instance: 1, keep_alive: Duration::from_secs(60), clean_session: true };
        assert_eq!(line(&session), "AT#MQCFG2=1,60,1");
        let timeout = ConfigurePacketTimeout { instance: 1, timeout: Duration::from_secs(10) };
        assert_eq!(line(&timeout), "AT#MQTCFG=1,10");
    }

    #[test]
    fn a_configuration_is_known_in_every_form_that_is_printed() {
        let ours = broker("broker.example");
        assert_eq!(line(&IsConfiguredFor(&ours)), "AT#MQCFG?");
        let is_ours = |line: &str| {
            let reply = Reply::new(["#MQCFG: 2,other.example,1883,1,0", line], "");
            IsConfiguredFor(&ours).parse(&reply).unwrap()
        };
        for shown in [
            "#MQCFG: 1,broker.example,8883,1,1,1",
            "#MQCFG: 1,\"broker.example\",8883,1,1",
            "#MQCFG: 1,broker.example,8883",
        ] {
            assert!(is_ours(shown), "{shown}");
        }
        for other in [
            "#MQCFG: 2,broker.example,8883,1,1",
            "#MQCFG: 1,other.example,8883,1,1",
            "#MQCFG: 1,broker.example,1883,1,1",
            "#MQCFG: 1,broker.example,8883,2,1",
            "#MQCFG: 1,broker.example,8883,1,0",
            "#MQCFG: 1,,1883,1,0",
            "#MQCFG: 1",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn hosts_cannot_inject() {
        assert_eq!(broker("a\r\nATD1").exchange().unwrap_err().field(), "host");
        assert_eq!(broker("a\",1").exchange().unwrap_err().field(), "host");
    }

    #[test]
    fn enabled_clients() {
        let first = EnabledClients { instance: 1 };
        let parse = |lines: &[&str]| first.parse(&Reply::new(lines.iter().copied(), "")).unwrap();
        assert!(parse(&["#MQEN: 1,1", "#MQEN: 2,0"]));
        assert!(parse(&["#MQEN:2,0", "#MQEN:1,1"]));
        assert!(!parse(&["#MQEN: 1,0", "#MQEN: 2,1"]));
        assert!(!parse(&[]));
        assert!(!parse(&["#MQEN: x"]));
    }
}
