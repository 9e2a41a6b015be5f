//! Commands of the server that the module only passes on.

use std::time::Duration;

use telit_core::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

/// `AT#FTPCMD="<command>",<first digit of the reply>`: prints the server's reply, whose words may look like a final
/// result. Another reply is an error, and `#FTPMSG` tells it. Source: M37 p812-814.
#[derive(Clone, Debug)]
pub(crate) struct ServerCommand {
    pub(crate) verb: Verb,
    pub(crate) path: String,
    pub(crate) deadline: Duration,
}

/// What the server is to do. Source: RFC 959 4.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Names the file that the next command renames.
    RenameFrom,
    RenameTo,
    MakeDirectory,
    RemoveDirectory,
}

impl ServerCommand {
    pub(crate) const NAME: &'static str = "#FTPCMD";

    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.verb.word(), self.path)
    }
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::RenameFrom => "RNFR",
            Self::RenameTo => "RNTO",
            Self::MakeDirectory => "MKD",
            Self::RemoveDirectory => "RMD",
        }
    }

    /// The first digit of the reply that says yes. Source: RFC 959 5.4.
    fn success(self) -> u8 {
        match self {
            Self::RenameFrom => 3,
            Self::RenameTo | Self::MakeDirectory | Self::RemoveDirectory => 2,
        }
    }
}

impl Command for ServerCommand {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set(Self::NAME).text("path", &self.text()).number(self.verb.success());
        let effect = if self.verb == Verb::RenameFrom { Effect::Query } else { Effect::Once };
        Ok(Exchange::new(line.build()?, Expect::foreign_text()).deadline(self.deadline).effect(effect))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoded;
    use super::*;

    #[test]
    fn exact_bytes() {
        let command = |verb| encoded(&ServerCommand { verb, path: "a b".into(), deadline: Duration::ZERO });
        assert_eq!(command(Verb::RenameFrom), "AT#FTPCMD=\"RNFR a b\",3");
        assert_eq!(command(Verb::RenameTo), "AT#FTPCMD=\"RNTO a b\",2");
        assert_eq!(command(Verb::MakeDirectory), "AT#FTPCMD=\"MKD a b\",2");
        assert_eq!(command(Verb::RemoveDirectory), "AT#FTPCMD=\"RMD a b\",2");
    }
}
