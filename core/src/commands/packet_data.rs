//! Packet data contexts.

use std::time::Duration;

use super::{malformed, query, setting, value};
use crate::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply,
};

/// The longest activation. Source: HE910 guide p237 (150 s).
const ACTIVATION: Duration = Duration::from_secs(160);

/// One line of `AT+CGDCONT?`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefinedContext {
    /// Its number.
    pub id: u8,
    /// `IP`, `IPV6`, `IPV4V6` or `Non-IP`.
    pub kind: String,
    /// The access point name.
    pub apn: String,
}

/// `AT+CGDCONT?`. Source: M37 p665-668.
#[derive(Clone, Copy, Debug)]
pub struct DefinedContexts;

impl Command for DefinedContexts {
    type Response = Vec<DefinedContext>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("+CGDCONT"), Expect::lines("+CGDCONT")))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<DefinedContext>, UnexpectedReply> {
        reply.values("+CGDCONT").iter().map(|line| context(line)).collect()
    }
}

fn context(line: &str) -> Result<DefinedContext, UnexpectedReply> {
    let fields = Fields::parse(line);
    let id = fields.number(0).ok_or_else(|| malformed("+CGDCONT", line))?;
    let text = |index| fields.text(index).unwrap_or_default().to_owned();
    Ok(DefinedContext { id, kind: text(1), apn: text(2) })
}

/// `AT+CGDCONT=<cid>,"IP","<apn>"`: stored at once in non-volatile memory. Source: M37 p665-668.
#[derive(Clone, Debug)]
pub struct DefineContext {
    /// Its number.
    pub id: u8,
    /// The access point name.
    pub apn: String,
}

impl Command for DefineContext {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line =
            CommandLine::set("+CGDCONT").number(self.id).text("context type", "IP").text("APN", &self.apn);
        Ok(setting(line.build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// One line of `AT#SCFG?`: a plain socket and its context. Source: M37 p711-713.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketContext {
    /// The socket's number.
    pub socket: u8,
    /// Its context.
    pub context: u8,
    /// Packet size and timeouts, as they stand behind.
    pub values: Vec<u32>,
}

/// `AT#SCFG?`. Source: M37 p711-713.
#[derive(Clone, Copy, Debug)]
pub struct SocketContexts;

impl Command for SocketContexts {
    type Response = Vec<SocketContext>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#SCFG"), Expect::lines("#SCFG")))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<SocketContext>, UnexpectedReply> {
        reply.values("#SCFG").iter().map(|line| socket_context(line)).collect()
    }
}

fn socket_context(line: &str) -> Result<SocketContext, UnexpectedReply> {
    let fields = Fields::parse(line);
    let number = |index| fields.number(index).ok_or_else(|| malformed("#SCFG", line));
    let values = (2..fields.len()).map(|index| fields.number(index).ok_or_else(|| malformed("#SCFG", line)));
    Ok(SocketContext { socket: number(0)?, context: number(1)?, values: values.collect::<Result<_, _>>()? })
}

/// `AT#SCFG=<socket>,<cid>,...`: only a context that some socket refers to can be activated. Stored at
/// once in non-volatile memory. Source: SSL guide 5; M37 p701, p711-713.
#[derive(Clone, Debug)]
pub struct SetSocketContext(pub SocketContext);

impl Command for SetSocketContext {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let SocketContext { socket, context, values } = &self.0;
        let line = CommandLine::set("#SCFG").number(*socket).number(*context);
        Ok(setting(values.iter().fold(line, |line, value| line.number(*value)).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#PROTOCOLCFG?`: which context each protocol of the module uses. Source: IPE28 11.2.
#[derive(Clone, Copy, Debug)]
pub struct ProtocolContexts;

impl Command for ProtocolContexts {
    type Response = Vec<(String, u8)>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#PROTOCOLCFG"), Expect::lines("#PROTOCOLCFG")))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<(String, u8)>, UnexpectedReply> {
        let lines = reply.values("#PROTOCOLCFG");
        let contexts = lines.iter().filter_map(|line| {
            let fields = Fields::parse(line);
            Some((fields.text(0)?.to_owned(), fields.number(1)?))
        });
        Ok(contexts.collect())
    }
}

/// `AT#PROTOCOLCFG="<protocol>",<cid>`. Source: IPE28 11.2.1.
#[derive(Clone, Copy, Debug)]
pub struct SetProtocolContext {
    /// The protocol's name, such as `SSL`.
    pub protocol: &'static str,
    /// Its context.
    pub context: u8,
}

impl Command for SetProtocolContext {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#PROTOCOLCFG").text("protocol", self.protocol).number(self.context);
        Ok(setting(line.build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT+CGATT?`: whether the module is attached to packet data. Source: M37 p693.
#[derive(Clone, Copy, Debug)]
pub struct IsAttached;

impl Command for IsAttached {
    type Response = bool;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("+CGATT"), Expect::lines("+CGATT")))
    }

    fn parse(&self, reply: &Reply) -> Result<bool, UnexpectedReply> {
        let line = value(reply, "+CGATT")?;
        Fields::parse(&line).number::<u8>(0).map(|state| state == 1).ok_or_else(|| malformed("+CGATT", &line))
    }
}

/// `AT+CGATT=1`: attaches to packet data, as 2G and 3G modules have to. Source: M37 p693; QS5 p12.
#[derive(Clone, Copy, Debug)]
pub struct Attach;

impl Command for Attach {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("+CGATT").number(1_u8).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(ACTIVATION).effect(Effect::Idempotent))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SGACT?`: the numbers of the active contexts. Source: M37 p702.
#[derive(Clone, Copy, Debug)]
pub struct ActiveContexts;

impl Command for ActiveContexts {
    type Response = Vec<u8>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        // The unsolicited line of automatic activation carries an address instead. Source: M37 p705.
        let expect = Expect::lines_if("#SGACT", |rest| Fields::parse(rest).number::<u8>(1).is_some());
        Ok(query(CommandLine::read("#SGACT"), expect))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<u8>, UnexpectedReply> {
        let lines = reply.values("#SGACT");
        let active = lines.iter().filter_map(|line| {
            let fields = Fields::parse(line);
            (fields.number::<u8>(1) == Some(1)).then(|| fields.number(0)).flatten()
        });
        Ok(active.collect())
    }
}

/// `AT#SGACT=<cid>,1`: gives the address, if the module tells it. Source: M37 p700-702.
#[derive(Clone, Copy, Debug)]
pub struct ActivateContext(pub u8);

impl Command for ActivateContext {
    type Response = Option<String>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SGACT").number(self.0).number(1_u8).build()?;
        Ok(Exchange::new(line, Expect::lines("#SGACT")).deadline(ACTIVATION).effect(Effect::Idempotent))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<String>, UnexpectedReply> {
        // An IPv4 address of a dual-stack context ends in a comma. Source: M37 p700.
        Ok(reply.value("#SGACT").map(|line| line.trim_end_matches(',').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts() {
        let reply = Reply::new(
            [
                "+CGDCONT: 1,\"IP\",\"iot.example\",\"0.0.0.0\",0,0,0,0",
                "+CGDCONT: 2,\"IPV4V6\",\"\",\"\",0,0",
            ],
            "",
        );
        let contexts = DefinedContexts.parse(&reply).unwrap();
        assert_eq!(contexts.len(), 2);
        assert_eq!((contexts[0].id, contexts[0].apn.as_str()), (1, "iot.example"));
        assert_eq!(DefinedContexts.parse(&Reply::default()).unwrap(), []);
        assert!(DefinedContexts.parse(&Reply::new(["+CGDCONT: x"], "")).is_err());
    }

    #[test]
    fn sockets_and_their_contexts() {
        let reply = Reply::new(["#SCFG: 1,1,300,90,600,50", "#SCFG: 4,2,300,90,600,50"], "");
        let mut sockets = SocketContexts.parse(&reply).unwrap();
        assert_eq!((sockets[1].socket, sockets[1].context), (4, 2));
        sockets[1].context = 3;
        let exchange = SetSocketContext(sockets[1].clone()).exchange().unwrap();
        assert_eq!(exchange.line().as_bytes(), b"AT#SCFG=4,3,300,90,600,50");
        assert!(SocketContexts.parse(&Reply::new(["#SCFG: 1,x"], "")).is_err());
    }

    #[test]
    fn protocols_and_their_contexts() {
        let reply = Reply::new(["#PROTOCOLCFG: \"FTP\",1,0,0,0", "#PROTOCOLCFG: \"SSL\",3,0,0,0"], "");
        let contexts = ProtocolContexts.parse(&reply).unwrap();
        assert_eq!(contexts, [("FTP".to_owned(), 1), ("SSL".to_owned(), 3)]);
        let exchange = SetProtocolContext { protocol: "SSL", context: 1 }.exchange().unwrap();
        assert_eq!(exchange.line().as_bytes(), b"AT#PROTOCOLCFG=\"SSL\",1");
    }

    #[test]
    fn attachment() {
        assert!(IsAttached.parse(&Reply::new(["+CGATT: 1"], "")).unwrap());
        assert!(!IsAttached.parse(&Reply::new(["+CGATT: 0"], "")).unwrap());
        assert!(IsAttached.parse(&Reply::new(["+CGATT: "], "")).is_err());
    }

    #[test]
    fn activation() {
        let exchange = ActivateContext(1).exchange().unwrap();
        assert_eq!(exchange.line().as_bytes(), b"AT#SGACT=1,1");
        let parse = |line| ActivateContext(1).parse(&Reply::new([line], "")).unwrap();
        assert_eq!(parse("#SGACT:10.0.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(parse("#SGACT: 10.18.13.162,").as_deref(), Some("10.18.13.162"));
        let active = ActiveContexts.parse(&Reply::new(["#SGACT: 1,1", "#SGACT: 2,0"], "")).unwrap();
        assert_eq!(active, [1]);
    }
}
