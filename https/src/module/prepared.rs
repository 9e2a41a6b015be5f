//! A request that was checked whole before anything of it is sent.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use telit_core::at::Command;
use telit_core::{CommandError, Modem};

use crate::error::RequestError;
use crate::module::commands::{Query, QueryMethod, Send, SendMethod};
use crate::module::headers;
use crate::module::limits::{Limits, TextLimits};
use crate::request_body::invalid;
use crate::target::Target;

/// The parts of a request in the module's terms, its body still apart.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) target: Target,
    action: Action,
    headers: String,
}

#[derive(Debug)]
enum Action {
    Query(QueryMethod),
    Send { method: SendMethod, content_type: Option<String> },
}

/// What the platform and the options say about every request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) profile: u8,
    pub(crate) line_limit: usize,
    pub(crate) deadline: Duration,
}

/// The command that makes the request.
#[derive(Clone, Debug)]
pub(crate) enum RequestCommand {
    Query(Query),
    Send(Send),
}

impl Plan {
    /// Reads a request; `joined_headers` as [`headers::join`] wants it.
    pub(crate) fn of(
        method: &Method,
        target: Target,
        mut headers: HeaderMap,
        joined_headers: bool,
    ) -> Result<Self, RequestError> {
        let action = Action::of(method, &mut headers)?;
        Ok(Self { target, action, headers: headers::join(&headers, joined_headers)? })
    }

    /// Holds every length but the body's against the limits.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), RequestError> {
        at_most("the host name is", self.target.host.len(), limits.host_length)?;
        match &self.action {
            Action::Query(_) => self.check_text(limits.query),
            Action::Send { content_type, .. } => {
                self.check_text(limits.send)?;
                let length = content_type.as_ref().map_or(0, String::len);
                at_most("the content type is", length, limits.content_type_length)
            }
        }
    }

    /// Holds the length of a body against the limits.
    pub(crate) fn check_body(&self, limits: &Limits, length: u64) -> Result<(), RequestError> {
        if let Action::Query(_) = self.action {
            return match length {
                0 => Ok(()),
                _ => Err(invalid("the module sends one with POST and PUT only".to_owned())),
            };
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        at_most("the body is", length, limits.most_body)?;
        match length < limits.least_body {
            true => Err(invalid(format!("the module sends no less than {} bytes", limits.least_body))),
            false => Ok(()),
        }
    }

    fn check_text(&self, limits: TextLimits) -> Result<(), RequestError> {
        at_most("path and query are", self.target.resource.len(), Some(limits.resource_length))?;
        at_most("all headers together are", self.headers.len(), Some(limits.headers_length))
    }

    /// The command, checked against the limit of the whole line too.
    pub(crate) fn command(&self, body: Bytes, terms: Terms) -> Result<RequestCommand, RequestError> {
        let unlimited = self.build(body.clone(), Terms { line_limit: usize::MAX, ..terms });
        at_most("the whole command line is", unlimited.line_length()?, Some(terms.line_limit))?;
        Ok(self.build(body, terms))
    }

    fn build(&self, body: Bytes, terms: Terms) -> RequestCommand {
        let Terms { profile, line_limit, deadline } = terms;
        let (resource, headers) = (self.target.resource.clone(), self.headers.clone());
        match &self.action {
            Action::Query(method) => {
                let method = *method;
                RequestCommand::Query(Query { profile, method, resource, headers, line_limit, deadline })
            }
            Action::Send { method, content_type } => {
                let (method, content_type) = (*method, content_type.clone());
                RequestCommand::Send(Send {
                    profile,
                    method,
                    resource,
                    content_type,
                    headers,
                    body,
                    line_limit,
                    deadline,
                })
            }
        }
    }
}

impl Action {
    fn of(method: &Method, headers: &mut HeaderMap) -> Result<Self, RequestError> {
        Ok(match *method {
            Method::GET => Self::Query(QueryMethod::Get),
            Method::HEAD => Self::Query(QueryMethod::Head),
            Method::DELETE => Self::Query(QueryMethod::Delete),
            Method::POST => {
                Self::Send { method: SendMethod::Post, content_type: headers::take_content_type(headers)? }
            }
            Method::PUT => Self::Send { method: SendMethod::Put, content_type: None },
            _ => return Err(RequestError::UnsupportedMethod { method: method.clone() }),
        })
    }
}

impl RequestCommand {
    /// Whether an answer can have a body.
    pub(crate) fn is_head(&self) -> bool {
        matches!(self, Self::Query(Query { method: QueryMethod::Head, .. }))
    }

    pub(crate) async fn run(&self, modem: &Modem) -> Result<(), CommandError> {
        match self.clone() {
            Self::Query(query) => modem.run(query).await,
            Self::Send(send) => modem.run(send).await,
        }
    }

    fn line_length(&self) -> Result<usize, RequestError> {
        let exchange = match self {
            Self::Query(query) => query.exchange(),
            Self::Send(send) => send.exchange(),
        };
        Ok(exchange.map_err(CommandError::from)?.line().as_bytes().len())
    }
}

fn at_most(what: &'static str, length: usize, limit: Option<usize>) -> Result<(), RequestError> {
    match limit {
        Some(limit) if length > limit => Err(RequestError::TooLong { what, length, limit }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { profile: 0, line_limit: 400, deadline: Duration::from_secs(150) };

    fn limits() -> Limits {
        Limits {
            missing: false,
            tls: true,
            host_length: Some(63),
            contexts: 1..=5,
            query: TextLimits { resource_length: 150, headers_length: 100 },
            send: TextLimits { resource_length: 120, headers_length: 90 },
            content_type_length: Some(50),
            least_body: 1,
            most_body: Some(2048),
        }
    }

    fn plan(method: Method, url: &str, headers: &[(&'static str, &str)]) -> Result<Plan, RequestError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let target = Target::of(&url.parse().unwrap(), true)?;
        Plan::of(&method, target, map, true)
    }

    fn too_long(
        method: Method,
        url: &str,
        headers: &[(&'static str, &str)],
        length: u64,
    ) -> Option<(&'static str, usize)> {
        let plan = plan(method, url, headers).unwrap();
        match plan.check(&limits()).and_then(|()| plan.check_body(&limits(), length)) {
            Ok(()) => None,
            Err(RequestError::TooLong { what, limit, .. }) => Some((what, limit)),
            Err(other) => panic!("{other}"),
        }
    }

    fn line(plan: &Plan, body: &'static str) -> String {
        let exchange = match plan.command(body.into(), TERMS).unwrap() {
            RequestCommand::Query(query) => query.exchange(),
            RequestCommand::Send(send) => send.exchange(),
        };
        String::from_utf8(exchange.unwrap().line().as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn every_method_becomes_its_command() {
        let url = "https://a.example/x";
        let json = [("content-type", "application/json"), ("accept", "*/*")];
        let get = plan(Method::GET, url, &json[1..]).unwrap();
        assert_eq!(line(&get, ""), "AT#HTTPQRY=0,0,\"/x\",\"Accept: */*\"");
        assert_eq!(line(&plan(Method::HEAD, url, &[]).unwrap(), ""), "AT#HTTPQRY=0,1,\"/x\"");
        assert_eq!(line(&plan(Method::DELETE, url, &[]).unwrap(), ""), "AT#HTTPQRY=0,2,\"/x\"");
        let post = plan(Method::POST, url, &json).unwrap();
        assert_eq!(line(&post, "{}"), "AT#HTTPSND=0,0,\"/x\",2,\"application/json\",\"Accept: */*\"");
        let put = plan(Method::PUT, url, &json).unwrap();
        assert_eq!(
            line(&put, "{}"),
            "AT#HTTPSND=0,1,\"/x\",2,,\"Content-Type: application/json>>Accept: */*\""
        );
    }

    #[test]
    fn what_the_module_cannot_do_is_refused() {
        let url = "https://a.example/";
        for method in [Method::PATCH, Method::OPTIONS, Method::CONNECT, Method::TRACE] {
            let refused = plan(method.clone(), url, &[]).unwrap_err();
            assert_eq!(refused, RequestError::UnsupportedMethod { method });
        }
        let with_body = plan(Method::DELETE, url, &[]).unwrap().check_body(&limits(), 4);
        assert!(matches!(with_body, Err(RequestError::InvalidBody { .. })));
    }

    #[test]
    fn every_length_has_its_limit() {
        let path = |length: usize| format!("https://a.example/{}", "x".repeat(length - 1));
        let value = |length: usize| "v".repeat(length - "A: ".len());
        assert_eq!(too_long(Method::GET, &path(150), &[], 0), None);
        assert_eq!(too_long(Method::GET, &path(151), &[], 0), Some(("path and query are", 150)));
        assert_eq!(too_long(Method::POST, &path(121), &[], 1), Some(("path and query are", 120)));
        assert_eq!(too_long(Method::GET, &path(1), &[("a", &value(100))], 0), None);
        let headers = Some(("all headers together are", 100));
        assert_eq!(too_long(Method::GET, &path(1), &[("a", &value(101))], 0), headers);
        let long_type = format!("a/{}", "b".repeat(49));
        let content_type = Some(("the content type is", 50));
        assert_eq!(too_long(Method::POST, &path(1), &[("content-type", &long_type)], 1), content_type);
        assert_eq!(too_long(Method::POST, &path(1), &[], 2048), None);
        assert_eq!(too_long(Method::POST, &path(1), &[], 2049), Some(("the body is", 2048)));
        let host = format!("https://{}.example/", "h".repeat(60));
        assert_eq!(too_long(Method::GET, &host, &[], 0), Some(("the host name is", 63)));
    }

    #[test]
    fn an_empty_body_is_refused_only_where_the_module_says_so() {
        let post = plan(Method::POST, "https://a.example/", &[]).unwrap();
        assert!(matches!(post.check_body(&limits(), 0), Err(RequestError::InvalidBody { .. })));
        assert_eq!(post.check_body(&Limits { least_body: 0, ..limits() }, 0), Ok(()));
        assert_eq!(line(&post, ""), "AT#HTTPSND=0,0,\"/\",0");
    }

    #[test]
    fn the_line_has_a_limit_of_its_own() {
        let url = format!("https://a.example/{}", "x".repeat(400));
        let error = plan(Method::GET, &url, &[]).unwrap().command(Bytes::new(), TERMS).unwrap_err();
        let what = "the whole command line is";
        assert_eq!(error, RequestError::TooLong { what, length: 418, limit: 400 });
    }
}
