//! Downloading: size, restart position, online and command mode.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{
    Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, StreamEnding, UnexpectedReply,
};

use super::{LOCAL, malformed, setting, value};

/// Answering from the module's own buffer; the bytes themselves extend it.
const BUFFERED: Duration = Duration::from_secs(30);

/// `AT#FTPFSIZE="<file>"`: the size of a file. Needs binary type. Source: M37 p817.
#[derive(Clone, Debug)]
pub(crate) struct FileSize {
    pub(crate) path: String,
    pub(crate) deadline: Duration,
}

impl Command for FileSize {
    type Response = u64;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#FTPFSIZE").text("path", &self.path).build()?;
        let exchange = Exchange::new(line, Expect::lines("#FTPFSIZE"));
        Ok(exchange.deadline(self.deadline).effect(Effect::Query))
    }

    fn parse(&self, reply: &Reply) -> Result<u64, UnexpectedReply> {
        value(reply, "#FTPFSIZE")?.parse().map_err(|_| malformed("#FTPFSIZE"))
    }
}

/// `AT#FTPREST=<position>`: where the next download starts. It falls back to 0 only once a download
/// was started, so it is always sent. Source: M37 p833.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetRestart(pub(crate) u64);

impl Command for SetRestart {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#FTPREST").number(self.0).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPGET="<file>"`: `CONNECT`, the bytes, `NO CARRIER`. Source: M37 p818.
#[derive(Clone, Debug)]
pub(crate) struct Get {
    pub(crate) path: String,
    /// How many bytes must come.
    pub(crate) length: u64,
    pub(crate) deadline: Duration,
}

impl Command for Get {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#FTPGET").text("path", &self.path).build()?;
        let exchange = Exchange::new(line, Expect::stream(StreamEnding::Length(self.length)));
        Ok(exchange.deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPGETPKT="<file>",0`: the module fetches into its buffer. Source: M37 p821.
#[derive(Clone, Debug)]
pub(crate) struct GetBuffered {
    pub(crate) path: String,
    pub(crate) deadline: Duration,
}

impl Command for GetBuffered {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#FTPGETPKT").text("path", &self.path).number(0_u8).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPGETPKT?`: whether the module has the whole file. Once all of it was read, this also closes
/// the data connection. Source: M37 p822; IPE28 p132.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GetState;

impl Command for GetState {
    type Response = bool;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let exchange = Exchange::new(CommandLine::read("#FTPGETPKT"), Expect::lines("#FTPGETPKT"));
        Ok(exchange.deadline(LOCAL).effect(Effect::Query))
    }

    /// The name comes unquoted and may contain commas, so the last field counts. Source: M37 p832.
    fn parse(&self, reply: &Reply) -> Result<bool, UnexpectedReply> {
        let line = value(reply, "#FTPGETPKT")?;
        match line.rsplit(',').next().map(str::trim) {
            Some("0") => Ok(false),
            Some("1") => Ok(true),
            _ => Err(malformed("#FTPGETPKT")),
        }
    }
}

/// `AT#FTPRECV=<size>`: at most so many bytes of what is buffered, none if nothing is there yet.
///
/// Source: M37 p830-832.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receive {
    pub(crate) limit: usize,
}

impl Command for Receive {
    type Response = Bytes;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#FTPRECV").number(self.limit as u64).build()?;
        let exchange = Exchange::new(line, Expect::block("#FTPRECV", 0, &[], self.limit));
        Ok(exchange.deadline(BUFFERED).effect(Effect::Once))
    }

    fn parse(&self, reply: &Reply) -> Result<Bytes, UnexpectedReply> {
        let announced = value(reply, "#FTPRECV")?.parse::<usize>().map_err(|_| malformed("#FTPRECV"))?;
        if announced != reply.body().len() {
            return Err(malformed("#FTPRECV"));
        }
        Ok(reply.body().clone())
    }
}

/// `AT#FTPRECV?`: how many bytes wait to be read. Source: M37 p831.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Available;

impl Command for Available {
    type Response = u64;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let exchange = Exchange::new(CommandLine::read("#FTPRECV"), Expect::lines("#FTPRECV"));
        Ok(exchange.deadline(LOCAL).effect(Effect::Query))
    }

    fn parse(&self, reply: &Reply) -> Result<u64, UnexpectedReply> {
        value(reply, "#FTPRECV")?.parse().map_err(|_| malformed("#FTPRECV"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoded;
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    #[test]
    fn exact_bytes() {
        let path = || "fw, new.bin".to_owned();
        assert_eq!(encoded(&FileSize { path: path(), deadline: WAIT }), "AT#FTPFSIZE=\"fw, new.bin\"");
        assert_eq!(encoded(&SetRestart(5_000_000_000)), "AT#FTPREST=5000000000");
        assert_eq!(encoded(&Get { path: path(), length: 1, deadline: WAIT }), "AT#FTPGET=\"fw, new.bin\"");
        assert_eq!(encoded(&GetBuffered { path: path(), deadline: WAIT }), "AT#FTPGETPKT=\"fw, new.bin\",0");
        assert_eq!(encoded(&GetState), "AT#FTPGETPKT?");
        assert_eq!(encoded(&Receive { limit: 3000 }), "AT#FTPRECV=3000");
        assert_eq!(encoded(&Available), "AT#FTPRECV?");
    }

    #[test]
    fn names_that_cannot_be_sent_are_refused() {
        for path in ["a\"b", "a\rb", "größe.bin"] {
            let error = FileSize { path: path.into(), deadline: WAIT }.exchange().unwrap_err();
            assert_eq!(error.field(), "path", "{path}");
        }
    }

    #[test]
    fn sizes_are_wide() {
        let command = FileSize { path: "f".into(), deadline: WAIT };
        let size = |line| command.parse(&Reply::new([line], Bytes::new()));
        assert_eq!(size("#FTPFSIZE: 174945").unwrap(), 174_945);
        assert_eq!(size("#FTPFSIZE:5000000000").unwrap(), 5_000_000_000);
        for bad in ["#FTPFSIZE: ", "#FTPFSIZE: -1", "#FTPFSIZE: many", "213 5"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_end_of_file_is_the_last_field() {
        let state = |line| GetState.parse(&Reply::new([line], Bytes::new()));
        assert!(state("#FTPGETPKT:sample.txt,0,1").unwrap());
        assert!(!state("#FTPGETPKT: a,1,b.txt,0,0").unwrap());
        assert!(state("#FTPGETPKT: a").is_err());
    }

    #[test]
    fn what_waits_is_a_number() {
        let available = |line| Available.parse(&Reply::new([line], Bytes::new()));
        assert_eq!(available("#FTPRECV: 3000").unwrap(), 3000);
        assert_eq!(available("#FTPRECV:0").unwrap(), 0);
        assert!(available("#FTPRECV: many").is_err());
    }

    #[test]
    fn blocks_are_counted() {
        let receive = Receive { limit: 10 };
        assert_eq!(receive.parse(&Reply::new(["#FTPRECV:3"], &b"a\r\n"[..])).unwrap(), &b"a\r\n"[..]);
        assert!(receive.parse(&Reply::new(["#FTPRECV: 0"], Bytes::new())).unwrap().is_empty());
        assert!(receive.parse(&Reply::new(["#FTPRECV: 4"], &b"abc"[..])).is_err());
        assert!(receive.parse(&Reply::new([], Bytes::new())).is_err());
    }
}
