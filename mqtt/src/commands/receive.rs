//! Received messages: the unsolicited code that announces them and the command that reads them.

use telit_core::at::{
    Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply, after_prefix,
};

use super::{LOCAL, query, value_of};
use crate::message::Message;

/// Longest payload that is taken from the module. No manual bounds what arrives; this bounds memory.
const PAYLOAD_LIMIT: usize = 1024 * 1024;

/// `#MQRING`: the module has put a message into a slot, or had none left. Source: M37 p1032.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ring {
    /// A message lies in a slot.
    Message { instance: u8, slot: u8 },
    /// All slots are taken; what arrives now is lost.
    Full,
}

impl Ring {
    /// Recognises `#MQRING: <inst>,<mId>,<topic>,<len>` and `#MQRING: 0`. Topic and length stand in the
    /// answer to the read as well, where a topic with commas does no harm.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let rest = after_prefix(line, "#MQRING")?;
        let mut fields = rest.splitn(3, ',').map(str::trim);
        match (fields.next()?, fields.next()) {
            ("0", None) => Some(Self::Full),
            (instance, Some(slot)) => {
                Some(Self::Message { instance: instance.parse().ok()?, slot: slot.parse().ok()? })
            }
            _ => None,
        }
    }
}

/// `AT#MQREAD?`: how many messages wait. Source: M37 p1033.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnreadMessages {
    pub(crate) instance: u8,
}

impl Command for UnreadMessages {
    type Response = u64;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#MQREAD"), "#MQREAD"))
    }

    fn parse(&self, reply: &Reply) -> Result<u64, UnexpectedReply> {
        Ok(value_of(reply, "#MQREAD", self.instance).unwrap_or_default())
    }
}

/// `AT#MQREAD=<inst>,<mId>`: the message in a slot, which is free afterwards. `None` if the slot is empty
/// and the module answers with an empty header. Source: M37 p1031-1033.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadMessage {
    pub(crate) instance: u8,
    pub(crate) slot: u8,
}

impl Command for ReadMessage {
    type Response = Option<Message>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQREAD").number(self.instance).number(self.slot).build()?;
        let expect = Expect::marked_block("#MQREAD", PAYLOAD_LIMIT);
        // It frees the slot, so it cannot be repeated.
        Ok(Exchange::new(line, expect).deadline(LOCAL).effect(Effect::Once))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<Message>, UnexpectedReply> {
        let Some(header) = reply.value("#MQREAD") else {
            return Ok(None);
        };
        let topic = topic(&header).ok_or_else(|| UnexpectedReply::new(format!("#MQREAD: {header:?}")))?;
        if topic.is_empty() && reply.body().is_empty() {
            return Ok(None);
        }
        Ok(Some(Message::new(topic, reply.body().clone())))
    }
}

/// The topic between the first and the last field. It stands unquoted and may hold commas and quotes; one
/// more comma may stand at the end. Source: M37 p1031-1033.
fn topic(header: &str) -> Option<&str> {
    let header = header.strip_suffix(',').unwrap_or(header);
    let (_instance, rest) = header.split_once(',')?;
    let (topic, length) = rest.rsplit_once(',')?;
    length.trim().parse::<usize>().ok()?;
    Some(topic)
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    const READ: ReadMessage = ReadMessage { instance: 1, slot: 7 };

    #[test]
    fn exact_lines() {
        assert_eq!(line(&UnreadMessages { instance: 1 }), "AT#MQREAD?");
        assert_eq!(line(&READ), "AT#MQREAD=1,7");
    }

    #[test]
    fn rings() {
        let message = |instance, slot| Some(Ring::Message { instance, slot });
        assert_eq!(Ring::parse("#MQRING: 1,1,test/fan/floor1,3"), message(1, 1));
        assert_eq!(Ring::parse("#MQRING:2,30,a,b\",c,0"), message(2, 30));
        assert_eq!(Ring::parse("#MQRING: 0"), Some(Ring::Full));
        for other in ["#MQRING: ", "#MQRING: 1", "#MQRING: x,1,a,1", "#MQRING: 1,300,a,1", "#MQREAD: 1,1", ""]
        {
            assert_eq!(Ring::parse(other), None, "{other}");
        }
    }

    #[test]
    fn headers_with_any_topic() {
        for (header, expected) in [
            ("#MQREAD: 1,myTopic,10", "myTopic"),
            ("#MQREAD: 1,myTopic,10,", "myTopic"),
            ("#MQREAD: 1,a,b,c,2", "a,b,c"),
            ("#MQREAD: 1,say \"hi\",4,2", "say \"hi\",4"),
            ("#MQREAD: 1, test/fan/floor1,3", " test/fan/floor1"),
            ("#MQREAD: 1,grün,1", "grün"),
        ] {
            let message = READ.parse(&Reply::new([header], "payload")).unwrap().unwrap();
            assert_eq!(message.topic, expected, "{header}");
            assert_eq!(&message.payload[..], b"payload");
        }
    }

    #[test]
    fn empty_and_malformed_answers() {
        assert_eq!(READ.parse(&Reply::new(["#MQREAD: 1,,0"], "")).unwrap(), None);
        assert_eq!(READ.parse(&Reply::default()).unwrap(), None);
        for bad in ["#MQREAD: 1", "#MQREAD: 1,topic", "#MQREAD: 1,topic,x"] {
            assert!(READ.parse(&Reply::new([bad], "")).is_err(), "{bad}");
        }
        let empty_payload = READ.parse(&Reply::new(["#MQREAD: 1,t,0"], "")).unwrap().unwrap();
        assert!(empty_payload.payload.is_empty());
    }

    #[test]
    fn unread_counts() {
        let unread = UnreadMessages { instance: 1 };
        let reply = Reply::new(["#MQREAD: 1,4", "#MQREAD: 2,0"], "");
        assert_eq!(unread.parse(&reply).unwrap(), 4);
        assert_eq!(unread.parse(&Reply::default()).unwrap(), 0);
    }
}
