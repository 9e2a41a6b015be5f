//! `#HTTPRCV`: the answer's body, block by block.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

/// `AT#HTTPRCV=<profile>,<most>`: at most so many bytes behind the mark `<<<`, whose number the answer
/// does not tell. `length` is what the host knows must come.
///
/// Source: M37 p869-870.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receive {
    pub(crate) profile: u8,
    pub(crate) most: u16,
    pub(crate) length: Option<usize>,
    pub(crate) deadline: Duration,
}

impl Command for Receive {
    type Response = Bytes;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#HTTPRCV").number(self.profile).number(self.most).build()?;
        let expect = Expect::unannounced_block(self.length, usize::from(self.most));
        // A block that was read is gone from the module.
        Ok(Exchange::new(line, expect).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, reply: &Reply) -> Result<Bytes, UnexpectedReply> {
        Ok(reply.body().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::commands::line;

    #[test]
    fn exact_line_and_shape() {
        let known = Receive { profile: 1, most: 1500, length: Some(7), deadline: Duration::from_secs(60) };
        assert_eq!(line(&known), "AT#HTTPRCV=1,1500");
        let shape = |receive: &Receive| format!("{:?}", receive.exchange().unwrap().expected());
        assert_eq!(shape(&known), format!("{:?}", Expect::unannounced_block(Some(7), 1500)));
        let unknown = Receive { length: None, ..known };
        assert_eq!(shape(&unknown), format!("{:?}", Expect::unannounced_block(None, 1500)));
        assert_eq!(known.parse(&Reply::new([], "\r\nOK\r\n")).unwrap(), "\r\nOK\r\n");
    }
}
