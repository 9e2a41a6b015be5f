//! The last will, and the escapes that its payload may need.

use bytes::Bytes;
use telit_core::at::{Command, CommandLine, Exchange, InvalidValue, Reply, UnexpectedReply};

use super::{LOCAL, query, setting};
use crate::message::QoS;
use crate::topic::TopicName;

/// `AT#MQWCFG=<inst>,1,<retain>,<qos>,<topic>,<message>`: retain comes before the quality of service.
///
/// Source: M37 p1020-1022.
#[derive(Clone, Debug)]
pub(crate) struct ConfigureWill<'a> {
    pub(crate) instance: u8,
    pub(crate) topic: TopicName<'a>,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) line_limit: usize,
}

impl Command for ConfigureWill<'_> {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQWCFG").limit(self.line_limit).number(self.instance).number(1_u8);
        let line = line.number(u8::from(self.retain)).number(self.qos.number());
        let line = line.text("topic of the last will", self.topic.as_str());
        Ok(setting(line.escaped_text("payload of the last will", &self.payload).build()?, LOCAL))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SETHEXSTR?`: whether `\22` in a string stands for a character. Source: M37 p166.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakesEscapes;

impl Command for TakesEscapes {
    type Response = bool;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#SETHEXSTR"), "#SETHEXSTR"))
    }

    fn parse(&self, reply: &Reply) -> Result<bool, UnexpectedReply> {
        Ok(reply.value("#SETHEXSTR").is_some_and(|mode| mode.trim() == "2"))
    }
}

/// `AT#SETHEXSTR=<0|2>`. Source: M37 p166.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakeEscapes(pub(crate) bool);

impl Command for TakeEscapes {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let mode: u8 = if self.0 { 2 } else { 0 };
        Ok(setting(CommandLine::set("#SETHEXSTR").number(mode).build()?, LOCAL))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    fn will(payload: &'static [u8]) -> ConfigureWill<'static> {
        ConfigureWill {
            instance: 2,
            topic: TopicName::parse("meter/7/status", 256).unwrap(),
            payload: Bytes::from_static(payload),
            qos: QoS::ExactlyOnce,
            retain: true,
            line_limit: 400,
        }
    }

    #[test]
    fn exact_lines() {
        assert_eq!(line(&will(b"offline")), "AT#MQWCFG=2,1,1,2,\"meter/7/status\",\"offline\"");
        assert_eq!(line(&will(b"")), "AT#MQWCFG=2,1,1,2,\"meter/7/status\",\"\"");
        let json = "AT#MQWCFG=2,1,1,2,\"meter/7/status\",\"{\\22a\\22:\\22\\5C\\0D\\7F\\22}\"";
        assert_eq!(line(&will(b"{\"a\":\"\\\r\x7f\"}")), json);
        let plain = ConfigureWill { qos: QoS::AtMostOnce, retain: false, instance: 1, ..will(b"x") };
        assert_eq!(line(&plain), "AT#MQWCFG=1,1,0,0,\"meter/7/status\",\"x\"");
        assert_eq!(line(&TakesEscapes), "AT#SETHEXSTR?");
        assert_eq!(line(&TakeEscapes(true)), "AT#SETHEXSTR=2");
        assert_eq!(line(&TakeEscapes(false)), "AT#SETHEXSTR=0");
    }

    #[test]
    fn limits() {
        let room = 400 - "AT#MQWCFG=2,1,1,2,\"meter/7/status\",\"\"".len();
        let long = |length| ConfigureWill { payload: vec![b'x'; length].into(), ..will(b"") };
        assert!(long(room).exchange().is_ok());
        assert_eq!(long(room + 1).exchange().unwrap_err().field(), "command line");
        let foreign = ConfigureWill { payload: "grün".into(), ..will(b"") };
        assert_eq!(foreign.exchange().unwrap_err().field(), "payload of the last will");
    }

    #[test]
    fn modes() {
        let parse = |line: &str| TakesEscapes.parse(&Reply::new([line], "")).unwrap();
        assert!(parse("#SETHEXSTR: 2"));
        assert!(!parse("#SETHEXSTR: 0"));
        assert!(!parse("#SETHEXSTR: ?"));
    }
}
