//! Packet data contexts.

use std::time::Duration;

use super::{malformed, query, setting};
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
