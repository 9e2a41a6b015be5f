//! The packet data context of FTP and of TLS, where a command of its own binds them.

use telit_core::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply,
};

use super::{LOCAL, setting};

const NAME: &str = "#PROTOCOLCFG";

/// What `#PROTOCOLCFG` binds to a context. Source: IPE28 p94, p98.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Ftp,
    Tls,
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Self::Ftp => "FTP",
            Self::Tls => "SSL",
        }
    }
}

/// `AT#PROTOCOLCFG?`: the context of a protocol; `None` if it is not listed. Source: IPE28 p94, p98.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BoundContext(pub(crate) Protocol);

impl Command for BoundContext {
    type Response = Option<u8>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let exchange = Exchange::new(CommandLine::read(NAME), Expect::lines(NAME));
        Ok(exchange.deadline(LOCAL).effect(Effect::Query))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<u8>, UnexpectedReply> {
        Ok(reply.values(NAME).iter().find_map(|line| {
            let fields = Fields::parse(line);
            (fields.text(0) == Some(self.0.name())).then(|| fields.number(1)).flatten()
        }))
    }
}

/// `AT#PROTOCOLCFG="FTP",<cid>`. Source: IPE28 p94.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BindContext {
    pub(crate) protocol: Protocol,
    pub(crate) context: u8,
}

impl Command for BindContext {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set(NAME).text("protocol", self.protocol.name()).number(self.context);
        Ok(setting(line.build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::encoded;
    use super::*;

    #[test]
    fn exact_lines() {
        assert_eq!(encoded(&BoundContext(Protocol::Ftp)), "AT#PROTOCOLCFG?");
        assert_eq!(encoded(&BindContext { protocol: Protocol::Ftp, context: 4 }), "AT#PROTOCOLCFG=\"FTP\",4");
        assert_eq!(encoded(&BindContext { protocol: Protocol::Tls, context: 1 }), "AT#PROTOCOLCFG=\"SSL\",1");
    }

    #[test]
    fn each_protocol_has_its_line() {
        let lines =
            ["#PROTOCOLCFG: \"FTP\",3,0,0,0", "#PROTOCOLCFG: \"SSL\",15,0,0,0", "#PROTOCOLCFG: \"NTP\",x"];
        let reply = Reply::new(lines, Bytes::new());
        assert_eq!(BoundContext(Protocol::Ftp).parse(&reply).unwrap(), Some(3));
        assert_eq!(BoundContext(Protocol::Tls).parse(&reply).unwrap(), Some(15));
        assert_eq!(BoundContext(Protocol::Tls).parse(&Reply::new([], Bytes::new())).unwrap(), None);
    }
}
