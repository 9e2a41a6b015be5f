//! Directories, deleting, and the server's last words.

use std::time::Duration;

use telit_core::at::{
    Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, StreamEnding, UnexpectedReply,
    after_prefix,
};

use super::LOCAL;
use crate::server_reply::ServerReply;

/// `AT#FTPPWD`: the working directory, in the server's words, which may look like a final result. Source: M37 p829; IPE28 p130.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkingDirectory {
    pub(crate) deadline: Duration,
}

impl Command for WorkingDirectory {
    type Response = String;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let exchange = Exchange::new(CommandLine::execute("#FTPPWD"), Expect::foreign_text());
        Ok(exchange.deadline(self.deadline).effect(Effect::Query))
    }

    /// The server's line `257 "/dir" ...`, with or without a prefix; a quote in the name is doubled
    /// (RFC 959, appendix II).
    fn parse(&self, reply: &Reply) -> Result<String, UnexpectedReply> {
        let lines = reply.lines().iter().map(|line| line.text().into_owned());
        let quoted = lines.filter_map(|line| first_quoted(&line)).next();
        quoted.ok_or_else(|| UnexpectedReply::new("no directory in quotes"))
    }
}

/// `AT#FTPCWD="<dir>"`. Source: M37 p815.
#[derive(Clone, Debug)]
pub(crate) struct ChangeDirectory {
    pub(crate) path: String,
    pub(crate) deadline: Duration,
}

impl Command for ChangeDirectory {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#FTPCWD").text("path", &self.path).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPDELE="<file>"`. Also refused when the server is only late. Source: M37 p816.
#[derive(Clone, Debug)]
pub(crate) struct Delete {
    pub(crate) path: String,
    pub(crate) deadline: Duration,
}

impl Command for Delete {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#FTPDELE").text("path", &self.path).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPLIST[="<name>"]`: `CONNECT`, the listing as the server sends it, `NO CARRIER`. A server may list a
/// file of that name, so only silence behind it ends the listing.
///
/// Source: M37 p823.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// Empty for the working directory.
    pub(crate) path: String,
    pub(crate) deadline: Duration,
}

impl Command for List {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = match self.path.is_empty() {
            true => CommandLine::execute("#FTPLIST"),
            false => CommandLine::set("#FTPLIST").text("path", &self.path).build()?,
        };
        let exchange = Exchange::new(line, Expect::stream(StreamEnding::ReceiveOnly));
        Ok(exchange.deadline(self.deadline).effect(Effect::Query))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPMSG`: the last reply of the server. Its format is printed nowhere, so every line up to the
/// final result counts, with or without a prefix; the server's words may look like a final result.
/// Source: M37 p824.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastMessage;

impl LastMessage {
    pub(crate) const NAME: &'static str = "#FTPMSG";
}

impl Command for LastMessage {
    type Response = Option<ServerReply>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let exchange = Exchange::new(CommandLine::execute(Self::NAME), Expect::foreign_text());
        Ok(exchange.deadline(LOCAL).effect(Effect::Query))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<ServerReply>, UnexpectedReply> {
        let lines = reply.lines().iter().map(|line| {
            let line = line.to_string();
            after_prefix(&line, Self::NAME).map(str::to_owned).unwrap_or(line)
        });
        Ok(ServerReply::from_lines(lines))
    }
}

fn first_quoted(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('"')?;
    let mut name = String::new();
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if characters.peek() == Some(&'"') => name.extend(characters.next()),
            '"' => return Some(name),
            other => name.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::encoded;
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    #[test]
    fn exact_bytes() {
        let path = || "a b".to_owned();
        assert_eq!(encoded(&WorkingDirectory { deadline: WAIT }), "AT#FTPPWD");
        assert_eq!(encoded(&ChangeDirectory { path: path(), deadline: WAIT }), "AT#FTPCWD=\"a b\"");
        assert_eq!(encoded(&Delete { path: path(), deadline: WAIT }), "AT#FTPDELE=\"a b\"");
        assert_eq!(encoded(&List { path: path(), deadline: WAIT }), "AT#FTPLIST=\"a b\"");
        assert_eq!(encoded(&List { path: String::new(), deadline: WAIT }), "AT#FTPLIST");
        assert_eq!(encoded(&LastMessage), "AT#FTPMSG");
    }

    #[test]
    fn the_directory_is_between_the_first_quotes() {
        let directory = |line| WorkingDirectory { deadline: WAIT }.parse(&Reply::new([line], Bytes::new()));
        assert_eq!(directory("#FTPPWD: 257 \"/\"").unwrap(), "/");
        assert_eq!(directory("257 \"/a \"\"b\"\" c\" is current").unwrap(), "/a \"b\" c");
        assert!(directory("257 /").is_err());
        assert!(directory("257 \"/").is_err());
    }

    #[test]
    fn messages_with_and_without_prefix() {
        let message = |lines: &[&'static str]| {
            LastMessage.parse(&Reply::new(lines.iter().copied(), Bytes::new())).unwrap()
        };
        assert_eq!(message(&["#FTPMSG: 226 Done"]).unwrap().code(), Some(226));
        assert_eq!(
            message(&["230-Welcome", "230 Logged in"]).unwrap().to_string(),
            "230-Welcome / 230 Logged in"
        );
        assert_eq!(message(&[]), None);
        assert_eq!(message(&["#FTPMSG: "]), None);
    }
}
