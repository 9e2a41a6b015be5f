//! What goes wrong with a TLS socket, in the words that the module's own HTTP client has for the same mishap.

use telit_core::CommandError;
use telit_core::socket::{ConnectFailure, SocketEnding, SocketError};

use super::{DATA, RequestError};
use crate::target::Target;

impl RequestError {
    /// A connection that could not be made: nothing of the request was sent.
    pub(crate) fn of_connecting(error: SocketError, target: &Target) -> Self {
        match error {
            SocketError::Tls(error) => error.into(),
            SocketError::ModuleRestarted => Self::ModuleRestarted { sent: false },
            SocketError::Command(error) => error.into(),
            SocketError::Connect { failure, error, .. } => Self::of_dialling(failure, error, target),
            error => Self::Socket { error, sent: false },
        }
    }

    fn of_dialling(failure: ConnectFailure, error: CommandError, target: &Target) -> Self {
        let (host, port) = (target.host.clone(), target.port);
        match (failure, error.module_error().cloned()) {
            (ConnectFailure::Tls(failure), _) => Self::Tls { host, failure, sent: false },
            (ConnectFailure::Name, Some(error)) => Self::Dns { host, error },
            (ConnectFailure::NoContext, Some(error)) => Self::NotOnline { error },
            (ConnectFailure::Unreachable | ConnectFailure::TimedOut, Some(error)) => {
                Self::Connect { host, port, error }
            }
            _ => error.into(),
        }
    }

    /// A connection that failed before the answer's head was there. `sent`: something of the request had gone.
    pub(crate) fn of_connection(error: SocketError, target: &Target, sent: bool) -> Self {
        let host = target.host.clone();
        match error {
            SocketError::ModuleRestarted | SocketError::Disabled => Self::ModuleRestarted { sent },
            SocketError::Command(CommandError::LinkLost { reason, .. }) => {
                Self::Command(CommandError::LinkLost { command: DATA.to_owned(), reason, sent })
            }
            SocketError::Ended { ending, .. } if is_by_server(ending) => Self::NoAnswer { host },
            SocketError::NotSent { error, may_have_gone } => match error.module_error() {
                Some(error) if sent => Self::Interrupted { host, error: error.clone() },
                _ => Self::Socket { error: SocketError::NotSent { error, may_have_gone }, sent },
            },
            error => Self::Socket { error, sent },
        }
    }
}

fn is_by_server(ending: SocketEnding) -> bool {
    match ending {
        SocketEnding::CloseNotify
        | SocketEnding::Truncated
        | SocketEnding::Reset
        | SocketEnding::Alert
        | SocketEnding::Unknown => true,
        SocketEnding::Inactivity | SocketEnding::ContextClosed | SocketEnding::Local => false,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telit_core::Category;
    use telit_core::at::{Effect, ModuleError};
    use telit_core::tls::TlsFailure;

    use super::*;
    use crate::target::Resource;

    fn target() -> Target {
        Target { host: "a.example".to_owned(), port: 8443, resource: Resource::new("/") }
    }

    fn refused(command: &str, words: &str) -> CommandError {
        CommandError::Refused { command: command.into(), error: ModuleError::equipment(words) }
    }

    fn connecting(failure: ConnectFailure, error: CommandError) -> RequestError {
        let (host, port) = ("a.example".to_owned(), 8443);
        let error = SocketError::Connect { host, port, failure, error };
        RequestError::of_connecting(error, &target())
    }

    #[test]
    fn a_connection_that_is_not_made_has_sent_nothing() {
        let tls = ConnectFailure::Tls;
        let cases = [
            (ConnectFailure::Name, "558", "Dns"),
            (ConnectFailure::NoContext, "556", "NotOnline"),
            (ConnectFailure::Unreachable, "560", "Connect"),
            (ConnectFailure::TimedOut, "559", "Connect"),
            (ConnectFailure::Unknown, "4", "Refused"),
            (tls(TlsFailure::Handshake), "1004", "Tls"),
            (tls(TlsFailure::Disconnected), "1011", "Tls"),
        ];
        for (failure, words, variant) in cases {
            let error = connecting(failure, refused("#SSLD", words));
            assert!(format!("{error:?}").starts_with(variant), "{error:?}");
            assert!(!error.may_have_taken_effect(), "{error}");
        }
        let waited = Duration::from_secs(70);
        let late = CommandError::TimedOut { command: "#SSLD".into(), waited, effect: Effect::Once };
        let error = connecting(ConnectFailure::TimedOut, late);
        assert!(matches!(error, RequestError::Command(_)) && !error.may_have_taken_effect());
    }

    #[test]
    fn a_connection_that_fails_says_whether_the_request_had_gone() {
        let of = |error: SocketError, sent| RequestError::of_connection(error, &target(), sent);
        let lost = |sent| {
            let (command, reason) = ("#SSLD".to_owned(), "unplugged".to_owned());
            of(SocketError::Command(CommandError::LinkLost { command, reason, sent: true }), sent)
        };
        assert_eq!((lost(true).may_have_taken_effect(), lost(true).category()), (true, Category::Link));
        assert!(!lost(false).may_have_taken_effect());
        assert_eq!(of(SocketError::ModuleRestarted, true), RequestError::ModuleRestarted { sent: true });
        let ended = |ending| SocketError::Ended { ending, before_first_byte: true };
        let host = "a.example".to_owned();
        for ending in [SocketEnding::CloseNotify, SocketEnding::Reset, SocketEnding::Truncated] {
            assert_eq!(of(ended(ending), true), RequestError::NoAnswer { host: host.clone() });
        }
        let closed = of(ended(SocketEnding::ContextClosed), true);
        assert!(closed.may_have_taken_effect() && closed.category() == Category::Network, "{closed}");
        let error = refused("#SSLSENDEXT", "563");
        let untaken = of(SocketError::NotSent { may_have_gone: false, error: error.clone() }, false);
        assert!(!untaken.may_have_taken_effect() && untaken.category() == Category::Network, "{untaken}");
        let broken = of(SocketError::NotSent { may_have_gone: true, error }, true);
        assert!(matches!(broken, RequestError::Interrupted { .. }) && broken.may_have_taken_effect());
    }
}
