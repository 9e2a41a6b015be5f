//! What can go wrong until the answer's head is there.

use std::time::Duration;

use http::Method;
use telit_core::at::ModuleError;
use telit_core::exclusive::{LeaseError, ServiceBusy};
use telit_core::platform::PlatformId;
use telit_core::socket::SocketError;
use telit_core::tls::{TlsError, TlsFailure};
use telit_core::{Category, CommandError};

mod network_failure;
#[cfg(feature = "socket")]
mod of_socket;

pub(crate) use self::network_failure::NetworkFailure;
use crate::choice::EngineReason;
use crate::target::Target;

/// What stands for the exchanges that carry a request and its answer over a socket.
const DATA: &str = "TLS socket";

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The URL, or the one that a redirect leads to, cannot be requested. Nothing was sent there.
    #[error("invalid URL: {reason}")]
    InvalidUrl {
        /// Why.
        reason: String,
    },
    /// The module has no command for this method, or it is CONNECT. Nothing was sent.
    #[error("the module cannot send {method} requests")]
    UnsupportedMethod {
        /// The method.
        method: Method,
    },
    /// A header cannot be sent. Nothing was sent.
    #[error("invalid header {name}: {reason}")]
    InvalidHeader {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The body cannot be sent. Of one that is sent as it comes, the server may have got a beginning, and no end.
    #[error("invalid request body: {reason}")]
    InvalidBody {
        /// Why.
        reason: String,
    },
    /// An option of the client does not fit the platform. Nothing was sent.
    #[error("invalid {option}: {reason}")]
    InvalidOption {
        /// Which option.
        option: &'static str,
        /// Why.
        reason: String,
    },
    /// Something is longer than the module takes. Nothing was sent.
    #[error("{what} too long: {length}, the module takes at most {limit}")]
    TooLong {
        /// What it is, with its verb: `the body is`.
        what: &'static str,
        /// How long it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The module's HTTP client is missing or has no TLS, and no other was allowed. Nothing was changed.
    ///
    /// Source: IPE28 p100-104.
    #[error("this module (platform {platform}) {what}")]
    Unsupported {
        /// The platform.
        platform: PlatformId,
        /// What it lacks.
        what: &'static str,
    },
    /// HTTP would have to run on this computer, and this program was built without that: without the feature `socket` of
    /// `telit-https`, which is on by default. Nothing was sent.
    #[error("{}, and this program was built without HTTP on this computer: the feature `socket` of telit-https", match .because {
        EngineReason::ModuleCannot { why } => why.as_str(),
        _ => "engine socket was asked for",
    })]
    SocketNotBuilt {
        /// Why it would have to.
        because: EngineReason,
    },
    /// Somebody else held TLS for too long. The request was not sent.
    #[error(transparent)]
    Busy(#[from] ServiceBusy),
    /// TLS could not be set up on the module. The request was not sent.
    #[error("TLS cannot be set up: {0}")]
    Setup(TlsError),
    /// The module has no packet data context. Behind the body of a request ([`ModuleError::is_behind_payload`]) the server may
    /// have got that.
    #[error("the module is not online: {error}")]
    NotOnline {
        /// The module's words.
        error: ModuleError,
    },
    /// The host's address was not found.
    #[error("{host} was not found: {error}")]
    Dns {
        /// The host.
        host: String,
        /// The module's words.
        error: ModuleError,
    },
    /// No connection to the server. Behind the body of a request ([`ModuleError::is_behind_payload`]) it may have ended, and
    /// the server may have got the request.
    #[error("no connection to {host}:{port}: {error}")]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// The module's words.
        error: ModuleError,
    },
    /// The connection broke while the request was sent. The server may have seen it.
    #[error("the connection to {host} broke: {error}")]
    Interrupted {
        /// The host.
        host: String,
        /// The module's words.
        error: ModuleError,
    },
    /// TLS with the server failed; [`hint`](Self::hint) tells what to look at.
    #[error("TLS with {host} failed: {failure}")]
    Tls {
        /// The host.
        host: String,
        /// What the module says.
        failure: TlsFailure,
        /// The server may have got the request.
        sent: bool,
    },
    /// The server did not answer in time. It may have done what was asked.
    #[error("{host} did not answer within {timeout:?}")]
    TimedOut {
        /// The host.
        host: String,
        /// The client's timeout.
        timeout: Duration,
    },
    /// The server ended the connection without an answer. It may have done what was asked.
    #[error("{host} closed the connection without an answer")]
    NoAnswer {
        /// The host.
        host: String,
    },
    /// What the server sent is no answer that HTTP knows. It may have done what was asked.
    #[error("{host} sent no valid answer: {reason}")]
    Malformed {
        /// The host.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Status line and headers of the answer are longer than the client allows. The server may have done what was asked.
    #[error("the headers of the answer of {host} are longer than {limit} bytes")]
    HeadTooLarge {
        /// The host.
        host: String,
        /// The client's limit.
        limit: usize,
    },
    /// The server sent from one resource to the next too often.
    #[error("redirected more than {limit} times")]
    TooManyRedirects {
        /// The client's limit.
        limit: usize,
    },
    /// The TLS socket under the request failed, in a way that the module's own HTTP client does not have.
    #[error("the connection through the module failed: {error}")]
    Socket {
        /// How.
        error: SocketError,
        /// The server may have got the request.
        sent: bool,
    },
    /// The module took the request and never told of an answer. The server may have seen it.
    ///
    /// The module names no request when it tells of an answer, only the profile. If it tells after all, 60 seconds after the
    /// request's own time-out and more, and another request of this profile waits for its answer just then, that one
    /// gets the late status. The same can happen after [`Command`](Self::Command), with a request that was sent in doubt. Who
    /// cannot bear that checks the answer (an identifier in its body, a hash), gives the next client another
    /// [`profile`](crate::HttpsOptions::profile), or uses [`Engine::Socket`](crate::Engine::Socket), where it cannot happen.
    /// Source: M37 p862.
    #[error("the module told of no answer within {waited:?}")]
    Lost {
        /// How long we waited.
        waited: Duration,
    },
    /// The module has restarted, and the request is gone with it.
    #[error(
        "the module has restarted{}",
        if *.sent { "; the server may have got the request" } else { " before the request was sent" }
    )]
    ModuleRestarted {
        /// The server may have got the request.
        sent: bool,
    },
    /// The request that failed last did no harm, but the server may have done what was asked already: in an earlier
    /// attempt, or before it redirected. Requests that only ask (GET, HEAD, OPTIONS and TRACE) never end so.
    #[error("{error}; an earlier attempt, or the request before a redirect, may have taken effect")]
    AfterEarlier {
        /// How the last one failed.
        error: Box<Self>,
    },
    /// The module refused, for another reason. Behind the body of a request ([`ModuleError::is_behind_payload`]) the server may
    /// have got that.
    #[error(transparent)]
    Refused(CommandError),
    /// An exchange with the module failed.
    #[error(transparent)]
    Command(CommandError),
    /// The runtime was shut down while the request was under way.
    #[error("the request was stopped together with its runtime")]
    Stopped,
}

impl RequestError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::InvalidUrl { .. }
            | Self::UnsupportedMethod { .. }
            | Self::InvalidHeader { .. }
            | Self::InvalidBody { .. }
            | Self::InvalidOption { .. }
            | Self::TooLong { .. }
            | Self::Unsupported { .. }
            | Self::SocketNotBuilt { .. } => Category::Usage,
            Self::Busy(_) => Category::Busy,
            Self::Setup(error) => error.category(),
            Self::NotOnline { .. }
            | Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Interrupted { .. }
            | Self::Tls { .. }
            | Self::TimedOut { .. }
            | Self::NoAnswer { .. }
            | Self::Malformed { .. }
            | Self::TooManyRedirects { .. }
            | Self::Lost { .. } => Category::Network,
            Self::HeadTooLarge { .. } => Category::Verification,
            Self::Socket { error, .. } => error.category(),
            Self::ModuleRestarted { .. } => Category::Link,
            Self::Refused(error) | Self::Command(error) => error.category(),
            Self::AfterEarlier { error } => error.category(),
            Self::Stopped => Category::Other,
        }
    }

    /// Whether the server may have got the request, so that sending it again could do it twice. All attempts count, and
    /// the requests before a redirect.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::TimedOut { .. }
            | Self::NoAnswer { .. }
            | Self::Malformed { .. }
            | Self::HeadTooLarge { .. }
            | Self::Lost { .. }
            | Self::Interrupted { .. }
            | Self::AfterEarlier { .. }
            | Self::Stopped => true,
            Self::Tls { sent, .. } | Self::ModuleRestarted { sent } | Self::Socket { sent, .. } => *sent,
            Self::NotOnline { error } | Self::Connect { error, .. } => error.is_behind_payload(),
            Self::Refused(error) => is_behind_payload(error),
            Self::Command(error) => is_about_sending(error) && error.may_have_taken_effect(),
            _ => false,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::UnsupportedMethod { .. } => {
                "the module has GET, HEAD, DELETE, POST and PUT; Engine::Auto sends others but CONNECT from this computer"
            }
            Self::TooLong { .. } => {
                "the limits are the module's; shorten it, or let Engine::Auto send it from this computer"
            }
            Self::Unsupported { .. } => {
                "let Engine::Auto or Engine::Socket speak HTTP on this computer, over a TLS socket of the module"
            }
            Self::SocketNotBuilt { .. } => "build the program with the default features of telit-https",
            Self::HeadTooLarge { .. } => "allow more in the client's options, if the server means it",
            Self::Malformed { .. } => "check that an HTTPS server listens on this port",
            Self::TooManyRedirects { .. } => "check where the server sends to; it may be a circle",
            Self::Socket { error, .. } => return error.hint(),
            Self::Busy(_) => {
                "end or pause the other service; an answer of this program that is neither read to its end nor \
                 dropped holds TLS too"
            }
            Self::Setup(error) => return error.hint(),
            Self::NotOnline { .. } => "bring the module online first",
            Self::Dns { .. } => "check the host name, and whether this network's name server knows it",
            Self::Connect { .. } => {
                "check host, port and firewall, and whether the APN leads to the internet"
            }
            Self::Tls { failure, .. } => failure.hint(),
            Self::NoAnswer { .. } => {
                "check that an HTTPS server listens on this port, and whether it wants a client certificate"
            }
            Self::TimedOut { .. } => "give more time in the client's options, or try again later",
            Self::ModuleRestarted { sent: false } => "send it again when the module is on line",
            Self::ModuleRestarted { sent: true } => {
                "when the module is on line, send it again if doing it twice does no harm"
            }
            Self::AfterEarlier { .. } => "ask the server what it has done before you send it again",
            Self::Interrupted { .. } | Self::Lost { .. } => "try again if doing it twice does no harm",
            Self::Refused(_) => "the module gives no reason; is it online, and are host and port right?",
            _ => return None,
        })
    }

    /// Whether the module did not answer, or never told of an answer. A lost port is no silence: nobody can be asked.
    pub(crate) fn is_silence(&self) -> bool {
        match self {
            Self::Command(error) => is_silence(error),
            Self::Setup(error) => error.category() == Category::Link,
            Self::Lost { .. } => true,
            _ => false,
        }
    }

    /// What a refusal of the request means.
    pub(crate) fn of_request(error: CommandError, target: &Target) -> Self {
        if let Some(failure) = TlsFailure::of(&error) {
            let sent = may_be_sent(failure, is_behind_payload(&error));
            return Self::Tls { host: target.host.clone(), failure, sent };
        }
        let CommandError::Refused { error: module_error, .. } = &error else {
            return error.into();
        };
        let (host, port, module_error) = (target.host.clone(), target.port, module_error.clone());
        match NetworkFailure::of(&module_error) {
            Some(NetworkFailure::NotOnline) => Self::NotOnline { error: module_error },
            Some(NetworkFailure::Dns) => Self::Dns { host, error: module_error },
            Some(NetworkFailure::Connect) => Self::Connect { host, port, error: module_error },
            Some(NetworkFailure::Interrupted) => Self::Interrupted { host, error: module_error },
            None => Self::Refused(error),
        }
    }
}

/// Whether the server may have got the request when TLS failed so. The command that connects sends the request too.
fn may_be_sent(failure: TlsFailure, is_behind_payload: bool) -> bool {
    match failure {
        TlsFailure::Socket | TlsFailure::Disconnected | TlsFailure::Data => true,
        // Before the body was taken, they can only be about the connection that is to be.
        TlsFailure::Generic
        | TlsFailure::InvalidState
        | TlsFailure::NotConnected
        | TlsFailure::AlreadyConnected => is_behind_payload,
        _ => false,
    }
}

/// Whether the module had got the body of the request when it refused. Then it may have gone in part, or whole: no manual
/// tells when the module connects. Source: M37 p865.
pub(crate) fn is_behind_payload(error: &CommandError) -> bool {
    error.module_error().is_some_and(ModuleError::is_behind_payload)
}

/// Whether an exchange was the one that sends the request, or the wait for its answer. All others come before.
fn is_about_sending(error: &CommandError) -> bool {
    match error {
        CommandError::Refused { command, .. }
        | CommandError::TimedOut { command, .. }
        | CommandError::Restarted { command, .. }
        | CommandError::Unexpected { command, .. }
        | CommandError::NotResponding { command }
        | CommandError::LinkLost { command, .. } => {
            matches!(command.as_str(), "#HTTPQRY" | "#HTTPSND" | "#HTTPRING" | DATA)
        }
        _ => true,
    }
}

/// Whether the module did not answer.
pub(crate) fn is_silence(error: &CommandError) -> bool {
    matches!(
        error,
        CommandError::TimedOut { .. } | CommandError::Restarted { .. } | CommandError::NotResponding { .. }
    )
}

impl From<CommandError> for RequestError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused { .. } => Self::Refused(error),
            error => Self::Command(error),
        }
    }
}

impl From<LeaseError> for RequestError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Busy(busy) => Self::Busy(busy),
            LeaseError::Command(error) => error.into(),
            error => Self::Setup(error.into()),
        }
    }
}

impl From<TlsError> for RequestError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Lease(error) => error.into(),
            error => Self::Setup(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use telit_core::at::Effect;

    use super::*;
    use crate::target::Resource;

    fn of_request(detail: &str) -> RequestError {
        of_refusal("#HTTPQRY", ModuleError::equipment(detail))
    }

    fn of_refusal(command: &str, error: ModuleError) -> RequestError {
        let error = CommandError::Refused { command: command.into(), error };
        let target = Target { host: "a.example".to_owned(), port: 443, resource: Resource::new("/") };
        RequestError::of_request(error, &target)
    }

    #[test]
    fn refusals_are_explained_by_number_and_by_text() {
        for detail in ["558", "can not resolve DN", "Cannot resolve name"] {
            assert!(matches!(of_request(detail), RequestError::Dns { .. }), "{detail}");
        }
        for detail in ["562", "connection failed", "Time-out in opening socket"] {
            assert!(matches!(of_request(detail), RequestError::Connect { port: 443, .. }), "{detail}");
        }
        for detail in ["556", "context not opened"] {
            assert!(matches!(of_request(detail), RequestError::NotOnline { .. }), "{detail}");
        }
        for detail in ["839", "1004", "SSL error during handshake"] {
            let error = of_request(detail);
            let (host, failure) = ("a.example".into(), TlsFailure::Handshake);
            let expected = RequestError::Tls { host, failure, sent: false };
            assert_eq!(error, expected, "{detail}");
            assert!(error.hint().unwrap().contains("CA certificate"));
        }
        assert_eq!(of_request("4").category(), Category::Refused);
        assert_eq!(of_request("612").category(), Category::Busy);
    }

    #[test]
    fn a_request_that_was_never_begun_has_no_effect() {
        let timed_out = |command: &str| {
            let waited = Duration::from_secs(5);
            RequestError::from(CommandError::TimedOut {
                command: command.into(),
                waited,
                effect: Effect::Once,
            })
        };
        for command in ["#HTTPCFG", "#SSLEN", "#HTTPCFG2"] {
            assert!(!timed_out(command).may_have_taken_effect(), "{command}");
        }
        for command in ["#HTTPQRY", "#HTTPSND", "#HTTPRING"] {
            assert!(timed_out(command).may_have_taken_effect(), "{command}");
        }
    }

    #[test]
    fn only_what_may_have_arrived_may_have_taken_effect() {
        assert!(of_request("561").may_have_taken_effect());
        assert!(RequestError::Lost { waited: Duration::from_secs(1) }.may_have_taken_effect());
        for detail in ["558", "562", "1004", "556", "4"] {
            assert!(!of_request(detail).may_have_taken_effect(), "{detail}");
        }
    }

    #[test]
    fn what_was_refused_behind_the_body_may_have_arrived() {
        let error = |error: ModuleError| of_refusal("#HTTPSND", error);
        for detail in ["556", "609", "559", "560", "562", "4", "830", "833", "841"] {
            let refusal = ModuleError::equipment(detail);
            assert!(!error(refusal.clone()).may_have_taken_effect(), "{detail}");
            assert!(error(refusal.behind_payload()).may_have_taken_effect(), "{detail}");
        }
        assert!(!error(ModuleError::plain()).may_have_taken_effect());
        assert!(error(ModuleError::plain().behind_payload()).may_have_taken_effect());
        // Without the server's address, or without its certificate, nothing can have gone.
        for detail in ["558", "603", "839", "837", "1012"] {
            let refusal = ModuleError::equipment(detail).behind_payload();
            assert!(!error(refusal).may_have_taken_effect(), "{detail}");
        }
    }
}
