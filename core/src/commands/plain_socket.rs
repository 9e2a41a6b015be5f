//! Plain TCP sockets in command mode, and the address of a name: what tells a network that does not let a connection
//! through from TLS that fails.

use std::time::Duration;

use bytes::Bytes;

use super::{query, setting, value};
use crate::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply,
};

/// Closing may have to wait for the network. No source tells how long; this is what a TLS socket gets.
const CLOSING: Duration = Duration::from_secs(30);

/// `AT#SD=<connId>,0,<port>,"<host>",0,0,1`: a TCP connection in command mode.
///
/// Source: M37 p726-729; IPE28 10.1.
#[derive(Clone, Debug)]
pub struct DialPlainSocket {
    /// The plain socket, one of those of [`SocketContexts`](super::SocketContexts).
    pub socket: u8,
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How long the host waits. The module's own time is in `#SCFG`.
    pub deadline: Duration,
}

impl Command for DialPlainSocket {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SD")
            .number(self.socket)
            .number(0_u8)
            .number(self.port)
            .text("host", &self.host)
            .number(0_u8)
            .number(0_u8)
            .number(1_u8)
            .build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SH=<connId>`: closes a plain socket; one that is closed already is no error. Source: M37 p732; IPE28 8.5.
#[derive(Clone, Copy, Debug)]
pub struct ClosePlainSocket(pub u8);

impl Command for ClosePlainSocket {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#SH").number(self.0).build()?).deadline(CLOSING))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSENDEXT=<connId>,<length>`: sends a block of any bytes. Source: M37 p743-745; IPE28 10.4.
#[derive(Clone, Debug)]
pub struct SendPlainBlock {
    /// The plain socket.
    pub socket: u8,
    /// What is sent, at least one byte.
    pub data: Bytes,
    /// How long the host waits.
    pub deadline: Duration,
}

impl Command for SendPlainBlock {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line =
            CommandLine::set("#SSENDEXT").number(self.socket).number(self.data.len() as u64).build()?;
        let expect = Expect::counted_prompt(self.data.clone(), None);
        Ok(Exchange::new(line, expect).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SRECV=<connId>,<most>`: what has come. The module refuses if that is nothing. Source: M37 p746-747; IPE28 10.5.
#[derive(Clone, Copy, Debug)]
pub struct ReceivePlainBlock {
    /// The plain socket.
    pub socket: u8,
    /// Most bytes of the answer, 1 to 1500.
    pub most: u16,
}

impl Command for ReceivePlainBlock {
    type Response = Bytes;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SRECV").number(self.socket).number(self.most).build()?;
        let expect = Expect::block("#SRECV", 1, &[], usize::from(self.most));
        Ok(Exchange::new(line, expect).effect(Effect::Once))
    }

    fn parse(&self, reply: &Reply) -> Result<Bytes, UnexpectedReply> {
        Ok(reply.body().clone())
    }
}

/// `AT#QDNS="<host>"`: the address of a name; `None` if it has none. Source: M37 p782-783.
#[derive(Clone, Debug)]
pub struct QueryName {
    /// The name.
    pub host: String,
    /// How long the host waits. No source tells how long the module asks.
    pub deadline: Duration,
}

impl Command for QueryName {
    type Response = Option<String>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#QDNS").text("host", &self.host).build()?;
        Ok(query(line, Expect::lines("#QDNS")).deadline(self.deadline))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<String>, UnexpectedReply> {
        let line = value(reply, "#QDNS")?;
        let address = Fields::parse(&line).text(1).unwrap_or_default().to_owned();
        Ok(Some(address).filter(|address| !address.is_empty()))
    }
}

/// `AT+CGPADDR=<cid>`: the address of a packet data context, while it has one. Source: M37 p669-670.
#[derive(Clone, Copy, Debug)]
pub struct ReadContextAddress(pub u8);

impl Command for ReadContextAddress {
    type Response = Option<String>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::set("+CGPADDR").number(self.0).build()?, Expect::lines("+CGPADDR")))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<String>, UnexpectedReply> {
        let lines = reply.values("+CGPADDR");
        let address = lines.first().and_then(|line| Fields::parse(line).text(1).map(str::to_owned));
        Ok(address.filter(|address| !address.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(5);

    fn line(command: &impl Command) -> String {
        String::from_utf8(command.exchange().unwrap().line().as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn exact_lines() {
        let mut dial =
            DialPlainSocket { socket: 1, host: "host.example".to_owned(), port: 443, deadline: DEADLINE };
        assert_eq!(line(&dial), "AT#SD=1,0,443,\"host.example\",0,0,1");
        dial.host = "a\"b".to_owned();
        assert!(dial.exchange().is_err());
        assert_eq!(line(&ClosePlainSocket(1)), "AT#SH=1");
        let data = Bytes::from_static(b"\x1a+++");
        assert_eq!(line(&SendPlainBlock { socket: 1, data, deadline: DEADLINE }), "AT#SSENDEXT=1,4");
        assert_eq!(line(&ReceivePlainBlock { socket: 1, most: 1000 }), "AT#SRECV=1,1000");
        let query = QueryName { host: "host.example".to_owned(), deadline: DEADLINE };
        assert_eq!(line(&query), "AT#QDNS=\"host.example\"");
        assert_eq!(line(&ReadContextAddress(3)), "AT+CGPADDR=3");
    }

    #[test]
    fn an_unsuccessful_query_has_an_empty_address() {
        let query = QueryName { host: "a".to_owned(), deadline: DEADLINE };
        let parse = |line| query.parse(&Reply::new([line], "")).unwrap();
        assert_eq!(parse("#QDNS: \"a\",\"192.0.2.1\"").as_deref(), Some("192.0.2.1"));
        assert_eq!(parse("#QDNS: a,192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(parse("#QDNS: \"a\",\"\""), None);
        assert!(query.parse(&Reply::default()).is_err());
    }

    #[test]
    fn a_context_may_have_no_address() {
        let parse = |line| ReadContextAddress(1).parse(&Reply::new([line], "")).unwrap();
        assert_eq!(parse("+CGPADDR: 1,\"10.0.0.1\"").as_deref(), Some("10.0.0.1"));
        assert_eq!(parse("+CGPADDR: 1,\"\""), None);
        assert_eq!(ReadContextAddress(1).parse(&Reply::default()).unwrap(), None);
    }

    #[test]
    fn what_came_is_counted() {
        let receive = ReceivePlainBlock { socket: 1, most: 1000 };
        let reply = Reply::new(["#SRECV: 1,3"], Bytes::from_static(b"abc"));
        assert_eq!(receive.parse(&reply).unwrap(), "abc");
    }
}
