//! Publishing.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

use crate::message::QoS;
use crate::topic::TopicName;

/// How long the module may take to ask for the payload, which needs no network. No manual tells; drivers wait so long for
/// the whole command.
const PROMPT: Duration = Duration::from_secs(10);

/// `AT#MQPUBSEXT=<inst>,<topic>,<retain>,<qos>,<len>`, then the bytes after `>>>`. Ends with the broker's
/// acknowledgement if the quality of service asks for one. Source: M37 p1034-1036.
#[derive(Clone, Debug)]
pub(crate) struct PublishCounted<'a> {
    pub(crate) instance: u8,
    pub(crate) topic: TopicName<'a>,
    pub(crate) retain: bool,
    pub(crate) qos: QoS,
    pub(crate) payload: Bytes,
    pub(crate) deadline: Duration,
}

impl Command for PublishCounted<'_> {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        // In the publish commands retain comes before the quality of service. Source: M37 p1029, p1034.
        let line = CommandLine::set("#MQPUBSEXT").number(self.instance).text("topic", self.topic.as_str());
        let line = line.number(u8::from(self.retain)).number(self.qos.number());
        let line = line.number(self.payload.len() as u64).build()?;
        let expect = Expect::triple_prompt(self.payload.clone());
        let exchange = Exchange::new(line, expect).deadline(self.deadline).prompt_deadline(PROMPT);
        Ok(exchange.effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#MQPUBS=<inst>,<topic>,<retain>,<qos>,<message>`: the payload on the command line.
///
/// Source: M37 p1029-1030.
#[derive(Clone, Debug)]
pub(crate) struct PublishText<'a> {
    pub(crate) instance: u8,
    pub(crate) topic: TopicName<'a>,
    pub(crate) retain: bool,
    pub(crate) qos: QoS,
    pub(crate) message: &'a str,
    pub(crate) line_limit: usize,
    pub(crate) deadline: Duration,
}

impl Command for PublishText<'_> {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQPUBS").limit(self.line_limit).number(self.instance);
        let line = line.text("topic", self.topic.as_str());
        let line = line.number(u8::from(self.retain)).number(self.qos.number());
        // A payload is never shown, however it is sent.
        let line = line.payload_text("payload", self.message).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    #[test]
    fn exact_lines() {
        let topic = TopicName::parse("telemetry/1", 256).unwrap();
        let counted = PublishCounted {
            instance: 1,
            topic,
            retain: false,
            qos: QoS::AtLeastOnce,
            payload: Bytes::from_static(b"\r\nOK\r\n"),
            deadline: Duration::ZERO,
        };
        assert_eq!(line(&counted), "AT#MQPUBSEXT=1,\"telemetry/1\",0,1,6");
        let empty = PublishCounted { payload: Bytes::new(), retain: true, qos: QoS::AtMostOnce, ..counted };
        assert_eq!(line(&empty), "AT#MQPUBSEXT=1,\"telemetry/1\",1,0,0");
        let text = PublishText {
            instance: 1,
            topic,
            retain: true,
            qos: QoS::ExactlyOnce,
            message: "21.5 C",
            line_limit: 400,
            deadline: Duration::ZERO,
        };
        assert_eq!(line(&text), "AT#MQPUBS=1,\"telemetry/1\",1,2,\"21.5 C\"");
        let quoted = PublishText { message: "{\"a\":1}", ..text };
        assert_eq!(quoted.exchange().unwrap_err().field(), "payload");
    }

    #[test]
    fn the_longest_topic_fits_the_line() {
        let topic = "t".repeat(256);
        let topic = TopicName::parse(&topic, 256).unwrap();
        let payload = Bytes::from(vec![0; 65_536]);
        let (retain, qos, deadline) = (true, QoS::ExactlyOnce, Duration::ZERO);
        assert!(PublishCounted { instance: 1, topic, retain, qos, payload, deadline }.exchange().is_ok());
    }
}
