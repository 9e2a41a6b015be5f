//! `#HTTPQRY`: requests without a body.

use std::time::Duration;

use telit_core::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

use crate::target::Resource;

/// `<command>`. Source: M37 p861.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryMethod {
    Get,
    Head,
    Delete,
}

impl QueryMethod {
    fn number(self) -> u8 {
        match self {
            Self::Get => 0,
            Self::Head => 1,
            Self::Delete => 2,
        }
    }
}

/// `AT#HTTPQRY=<profile>,<command>,"resource"[,"headers"]`. `OK` means that the request is on its way.
///
/// Source: M37 p861-864.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) profile: u8,
    pub(crate) method: QueryMethod,
    pub(crate) resource: Resource,
    pub(crate) headers: String,
    pub(crate) line_limit: usize,
    pub(crate) deadline: Duration,
}

impl Command for Query {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#HTTPQRY").number(self.profile).number(self.method.number());
        let mut line = self.resource.append_to(line);
        if !self.headers.is_empty() {
            // Headers carry tokens.
            line = line.secret_text("headers", &self.headers);
        }
        let line = line.limit(self.line_limit).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::commands::line;

    fn query(method: QueryMethod, resource: &str, headers: &str) -> Query {
        Query {
            profile: 0,
            method,
            resource: Resource::new(resource),
            headers: headers.to_owned(),
            line_limit: 400,
            deadline: Duration::from_secs(150),
        }
    }

    #[test]
    fn exact_lines() {
        assert_eq!(line(&query(QueryMethod::Get, "/", "")), "AT#HTTPQRY=0,0,\"/\"");
        assert_eq!(line(&query(QueryMethod::Head, "/a?b=c", "")), "AT#HTTPQRY=0,1,\"/a?b=c\"");
        let delete = query(QueryMethod::Delete, "/a", "Accept: text/plain>>X-Id: 1, 2");
        assert_eq!(line(&delete), "AT#HTTPQRY=0,2,\"/a\",\"Accept: text/plain>>X-Id: 1, 2\"");
    }

    #[test]
    fn headers_and_the_query_of_a_resource_are_never_shown() {
        let query = query(QueryMethod::Get, "/a?signature=s3cr3t", "Authorization: Bearer t0ken");
        let shown = format!("{} {query:?} {:?}", query.exchange().unwrap().line(), query.exchange().unwrap());
        assert!(shown.starts_with("AT#HTTPQRY=0,0,\"[redacted]\",\"[redacted]\""), "{shown}");
        let debug_of_command = format!("{:?}", query.resource);
        assert!(!shown.contains("s3cr3t") && !debug_of_command.contains("s3cr3t"), "{shown}");
    }

    #[test]
    fn the_whole_line_is_limited() {
        let mut long = query(QueryMethod::Get, &format!("/{}", "x".repeat(390)), "");
        assert_eq!(long.exchange().unwrap_err().field(), "command line");
        long.line_limit = usize::MAX;
        assert!(long.exchange().is_ok());
    }
}
