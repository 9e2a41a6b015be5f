//! Uploading, in command mode and online.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{
    Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Parameters, Reply, StreamEnding,
    UnexpectedReply,
};

use super::{malformed, value};

/// `AT#FTPPUT="<file>",1` or `AT#FTPAPP="<file>",1`: opens the data connection, stays in command mode.
///
/// Source: M37 p806-807, p827.
#[derive(Clone, Debug)]
pub(crate) struct Put {
    pub(crate) path: String,
    /// To the end of what is there, instead of replacing it.
    pub(crate) append: bool,
    pub(crate) deadline: Duration,
}

impl Command for Put {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = put(&self.path, self.append).number(1_u8).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPPUT="<file>",0` or `AT#FTPAPP="<file>",0`: `CONNECT`, the bytes, and the escape sequence ends the file.
///
/// Source: M37 p806, p827.
#[derive(Clone, Debug)]
pub(crate) struct PutOnline {
    pub(crate) path: String,
    /// To the end of what is there, instead of replacing it.
    pub(crate) append: bool,
    pub(crate) deadline: Duration,
}

impl Command for PutOnline {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = put(&self.path, self.append).number(0_u8).build()?;
        let exchange = Exchange::new(line, Expect::stream(StreamEnding::MarkAndSilence));
        Ok(exchange.deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

fn put(path: &str, append: bool) -> Parameters {
    let name = if append { "#FTPAPP" } else { "#FTPPUT" };
    CommandLine::set(name).text("path", path)
}

/// `AT#FTPAPPEXT=<bytes>[,1]`: sends a block and tells how much of it went out; with `last` the data
/// connection is closed behind it. Source: M37 p808-809.
#[derive(Clone, Debug)]
pub(crate) struct AppendBlock {
    pub(crate) block: Bytes,
    pub(crate) last: bool,
    pub(crate) deadline: Duration,
}

impl Command for AppendBlock {
    type Response = usize;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let mut line = CommandLine::set("#FTPAPPEXT").number(self.block.len() as u64);
        if self.last {
            line = line.number(1_u8);
        }
        let expect = Expect::counted_prompt(self.block.clone(), Some("#FTPAPPEXT"));
        Ok(Exchange::new(line.build()?, expect).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, reply: &Reply) -> Result<usize, UnexpectedReply> {
        let sent = value(reply, "#FTPAPPEXT")?.parse().map_err(|_| malformed("#FTPAPPEXT"))?;
        if sent > self.block.len() {
            return Err(UnexpectedReply::new(format!("{sent} bytes sent of {}", self.block.len())));
        }
        Ok(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoded;
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    #[test]
    fn exact_bytes() {
        let put = Put { path: "up.bin".into(), append: false, deadline: WAIT };
        assert_eq!(encoded(&put), "AT#FTPPUT=\"up.bin\",1");
        assert_eq!(encoded(&Put { append: true, ..put }), "AT#FTPAPP=\"up.bin\",1");
        let online = PutOnline { path: "up.bin".into(), append: false, deadline: WAIT };
        assert_eq!(encoded(&online), "AT#FTPPUT=\"up.bin\",0");
        assert_eq!(encoded(&PutOnline { append: true, ..online }), "AT#FTPAPP=\"up.bin\",0");
        let block = AppendBlock { block: Bytes::from_static(b"abc"), last: false, deadline: WAIT };
        assert_eq!(encoded(&block), "AT#FTPAPPEXT=3");
        assert_eq!(encoded(&AppendBlock { last: true, ..block }), "AT#FTPAPPEXT=3,1");
    }

    #[test]
    fn short_counts_are_fine_long_ones_are_not() {
        let block = AppendBlock { block: Bytes::from_static(b"abc"), last: false, deadline: WAIT };
        let sent = |line| block.parse(&Reply::new([line], Bytes::new()));
        assert_eq!(sent("#FTPAPPEXT: 3").unwrap(), 3);
        assert_eq!(sent("#FTPAPPEXT:1").unwrap(), 1);
        assert!(sent("#FTPAPPEXT: 4").is_err());
        assert!(sent("#FTPAPPEXT: x").is_err());
    }
}
