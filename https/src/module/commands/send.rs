//! `#HTTPSND`: requests with a body.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

use crate::target::Resource;

/// Time that each byte of the body may take: slower than 9600 baud.
const PER_BYTE: Duration = Duration::from_millis(1);

/// `<command>`. Source: M37 p866.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendMethod {
    Post,
    Put,
}

impl SendMethod {
    fn number(self) -> u8 {
        match self {
            Self::Post => 0,
            Self::Put => 1,
        }
    }
}

/// `AT#HTTPSND=<profile>,<command>,"resource",<length>[,"content type"[,"headers"]]`, then, at the prompt
/// `>>>`, exactly the announced bytes. The content type is a parameter for POST only; PUT has it among
/// the headers.
///
/// Source: M37 p865-868.
#[derive(Clone)]
pub(crate) struct Send {
    pub(crate) profile: u8,
    pub(crate) method: SendMethod,
    pub(crate) resource: Resource,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: String,
    pub(crate) body: Bytes,
    pub(crate) line_limit: usize,
    pub(crate) deadline: Duration,
}

impl Command for Send {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#HTTPSND").number(self.profile).number(self.method.number());
        let mut line = self.resource.append_to(line).number(self.body.len() as u64);
        line = match &self.content_type {
            Some(content_type) => line.text("content type", content_type),
            None if self.headers.is_empty() => line,
            None => line.omitted(),
        };
        if !self.headers.is_empty() {
            // Headers carry tokens.
            line = line.secret_text("headers", &self.headers);
        }
        let line = line.limit(self.line_limit).build()?;
        let length = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        let deadline = self.deadline + PER_BYTE * length;
        let exchange = Exchange::new(line, Expect::triple_prompt(self.body.clone()));
        Ok(exchange.deadline(deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

impl fmt::Debug for Send {
    /// Neither headers nor body: both can be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send")
            .field("profile", &self.profile)
            .field("method", &self.method)
            .field("resource", &self.resource)
            .field("content_type", &self.content_type)
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::commands::line;

    fn send(method: SendMethod, content_type: Option<&str>, headers: &str, body: &'static [u8]) -> Send {
        Send {
            profile: 0,
            method,
            resource: Resource::new("/api"),
            content_type: content_type.map(str::to_owned),
            headers: headers.to_owned(),
            body: Bytes::from_static(body),
            line_limit: 400,
            deadline: Duration::from_secs(150),
        }
    }

    #[test]
    fn exact_lines() {
        let post = send(SendMethod::Post, Some("application/json"), "", b"{}");
        assert_eq!(line(&post), "AT#HTTPSND=0,0,\"/api\",2,\"application/json\"");
        let post = send(SendMethod::Post, Some("text/plain; charset=utf-8"), "Accept: a", b"x");
        assert_eq!(line(&post), "AT#HTTPSND=0,0,\"/api\",1,\"text/plain; charset=utf-8\",\"Accept: a\"");
        assert_eq!(line(&send(SendMethod::Post, None, "", b"x")), "AT#HTTPSND=0,0,\"/api\",1");
        assert_eq!(line(&send(SendMethod::Post, None, "A: b", b"x")), "AT#HTTPSND=0,0,\"/api\",1,,\"A: b\"");
        let put = send(SendMethod::Put, None, "Content-Type: application/json>>A: b", b"x");
        assert_eq!(line(&put), "AT#HTTPSND=0,1,\"/api\",1,,\"Content-Type: application/json>>A: b\"");
        assert_eq!(line(&send(SendMethod::Put, None, "", b"")), "AT#HTTPSND=0,1,\"/api\",0");
    }

    #[test]
    fn the_body_and_the_headers_are_never_shown() {
        let send = send(SendMethod::Post, None, "Authorization: t0ken", b"b0dy");
        let shown = format!("{send:?} {:?}", send.exchange().unwrap());
        assert!(!shown.contains("t0ken") && !shown.contains("b0dy"), "{shown}");
    }
}
