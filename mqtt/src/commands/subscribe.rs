//! Subscribing.

use std::time::Duration;

use telit_core::at::{Command, CommandLine, Exchange, InvalidValue, Reply, UnexpectedReply};

use super::setting;
use crate::message::QoS;
use crate::topic::TopicFilter;

/// `AT#MQSUB=<inst>,<topic>[,<qos>]`: waits for the broker's answer. Source: M37 p1027-1028; IPE28 p143.
#[derive(Clone, Debug)]
pub(crate) struct Subscribe {
    pub(crate) instance: u8,
    pub(crate) filter: TopicFilter,
    /// On firmware that lets it be chosen.
    pub(crate) qos: Option<QoS>,
    pub(crate) deadline: Duration,
}

impl Command for Subscribe {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQSUB").number(self.instance);
        let line = line.text("topic filter", self.filter.as_str());
        let line = match self.qos {
            Some(qos) => line.number(qos.number()),
            None => line,
        };
        Ok(setting(line.build()?, self.deadline))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#MQUNS=<inst>,<topic>`. Source: M37 p1025-1026.
#[derive(Clone, Debug)]
pub(crate) struct Unsubscribe {
    pub(crate) instance: u8,
    pub(crate) filter: TopicFilter,
    pub(crate) deadline: Duration,
}

impl Command for Unsubscribe {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#MQUNS").number(self.instance);
        Ok(setting(line.text("topic filter", self.filter.as_str()).build()?, self.deadline))
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
        let filter = TopicFilter::parse("commands/#", 256).unwrap();
        let deadline = Duration::ZERO;
        let subscribe =
            Subscribe { instance: 1, filter: filter.clone(), qos: Some(QoS::AtLeastOnce), deadline };
        assert_eq!(line(&subscribe), "AT#MQSUB=1,\"commands/#\",1");
        assert_eq!(line(&Subscribe { qos: None, ..subscribe }), "AT#MQSUB=1,\"commands/#\"");
        assert_eq!(line(&Unsubscribe { instance: 1, filter, deadline }), "AT#MQUNS=1,\"commands/#\"");
    }
}
