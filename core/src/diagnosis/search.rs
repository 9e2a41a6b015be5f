//! Which thing is changed next, so that as few handshakes as possible tell what the one that was asked for fails at.

use std::net::IpAddr;

use super::seen::{Seen, Server};
use crate::tls::{TlsOptions, Variation};

/// A handshake that failed, and what has been found out since.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    /// What can be changed at all.
    pub(super) possible: Vec<Variation>,
    /// What was changed, and whether the module connected; `None` if it could not be tried.
    pub(super) tried: Vec<(Variation, Option<bool>)>,
    /// What the server says of itself, if it was asked.
    pub(super) seen: Option<Seen>,
    /// The module may have TLS 1.3, for which a server is not greeted.
    pub(super) has_tls13: bool,
    /// What failed connects when it is done again.
    pub(super) is_intermittent: bool,
}

/// Everything, in the order of what fails most often.
const EVERYTHING: [Variation; 7] = [
    Variation::NoVerification,
    Variation::NoHostCheck,
    Variation::NoIdentity,
    Variation::OtherServerName,
    Variation::LowerMinimum,
    Variation::PlatformSuites,
    Variation::CompatibleSuites,
];

/// Where the server has refused before it has shown a certificate.
const BEFORE_CERTIFICATES: [Variation; 4] = [
    Variation::LowerMinimum,
    Variation::PlatformSuites,
    Variation::CompatibleSuites,
    Variation::OtherServerName,
];

/// What can be changed of these options for this host: an address has no server name.
pub(super) fn possible(tls: &TlsOptions, host: &str) -> Vec<Variation> {
    let all = EVERYTHING.into_iter().filter(|variation| tls.varied(*variation).is_some());
    all.filter(|variation| *variation != Variation::OtherServerName || !is_address(host)).collect()
}

/// Whether a host is an address.
pub(super) fn is_address(host: &str) -> bool {
    host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

impl Search {
    /// What is changed next; `None` if nothing more would tell.
    pub(super) fn next(&self) -> Option<Variation> {
        let decided = |(variation, connects): &(Variation, Option<bool>)| {
            *connects == Some(true) && *variation != Variation::NoVerification
        };
        if self.tried.iter().any(decided) || self.is_hopeless() {
            return None;
        }
        self.order().iter().copied().find(|variation| self.is_open(*variation))
    }

    /// Whether the module connected with this changed.
    pub(super) fn connects(&self, variation: Variation) -> bool {
        self.result(variation) == Some(Some(true))
    }

    /// Whether something has connected: only then does it tell something that the first handshake did not.
    pub(super) fn has_connected(&self) -> bool {
        self.tried.iter().any(|(_, connects)| *connects == Some(true))
    }

    /// What does not answer at all is tried once, since each time takes long.
    fn is_hopeless(&self) -> bool {
        match self.seen {
            Some(Seen::Foreign) => true,
            Some(Seen::Silent) => !self.tried.is_empty() && !self.has_connected(),
            _ => false,
        }
    }

    fn order(&self) -> &'static [Variation] {
        match &self.seen {
            Some(Seen::Server(server)) if self.ends_before_certificates(server) => &BEFORE_CERTIFICATES,
            _ => &EVERYTHING,
        }
    }

    /// A server that refuses everything up to TLS 1.2 may still show its certificates to a module that has TLS 1.3.
    fn ends_before_certificates(&self, server: &Server) -> bool {
        let refuses = server.refuses_our_suites || server.takes_no_suite() || server.refuses_tls12();
        server.is_too_old() || (refuses && !self.has_tls13)
    }

    fn is_open(&self, variation: Variation) -> bool {
        self.possible.contains(&variation) && self.result(variation).is_none() && self.can_tell(variation)
    }

    fn result(&self, variation: Variation) -> Option<Option<bool>> {
        self.tried.iter().find(|(tried, _)| *tried == variation).map(|(_, result)| *result)
    }

    /// Whether it is not clear beforehand what comes of it.
    fn can_tell(&self, variation: Variation) -> bool {
        let shows_identity = self.possible.contains(&Variation::NoIdentity);
        let trusting = self.result(Variation::NoVerification).flatten();
        match variation {
            // What fails without any verification fails without a part of it too, unless the server wants the identity
            // that was left out.
            Variation::NoHostCheck => trusting != Some(false) || shows_identity,
            Variation::NoIdentity => trusting != Some(false),
            Variation::OtherServerName | Variation::LowerMinimum | Variation::PlatformSuites => {
                trusting != Some(true)
            }
            Variation::CompatibleSuites => {
                trusting != Some(true) && self.result(Variation::PlatformSuites).flatten().is_none()
            }
            Variation::NoVerification => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use Variation::{
        CompatibleSuites, LowerMinimum, NoHostCheck, NoIdentity, NoVerification, OtherServerName,
        PlatformSuites,
    };

    use super::*;

    /// What is tried if these connect, and these cannot be tried.
    fn tried(
        possible: &[Variation],
        connecting: &[Variation],
        impossible: &[Variation],
        seen: Option<Seen>,
    ) -> Vec<Variation> {
        tried_by(Search { possible: possible.to_vec(), seen, ..Search::default() }, connecting, impossible)
    }

    fn tried_by(mut search: Search, connecting: &[Variation], impossible: &[Variation]) -> Vec<Variation> {
        let mut order = Vec::new();
        while let Some(next) = search.next() {
            order.push(next);
            let result = (!impossible.contains(&next)).then(|| connecting.contains(&next));
            search.tried.push((next, result));
            assert!(order.len() <= EVERYTHING.len(), "{order:?}");
        }
        order
    }

    const USUAL: [Variation; 5] =
        [NoVerification, NoHostCheck, OtherServerName, PlatformSuites, CompatibleSuites];

    #[test]
    fn trust_is_told_apart_in_two_handshakes() {
        assert_eq!(tried(&USUAL, &[NoVerification, NoHostCheck], &[], None), [NoVerification, NoHostCheck]);
        assert_eq!(tried(&USUAL, &[NoVerification], &[], None), [NoVerification, NoHostCheck]);
        let with_identity = [&USUAL[..], &[NoIdentity]].concat();
        assert_eq!(
            tried(&with_identity, &[NoVerification, NoIdentity], &[], None),
            [NoVerification, NoHostCheck, NoIdentity]
        );
    }

    #[test]
    fn what_fails_without_verification_is_no_question_of_trust() {
        assert_eq!(tried(&USUAL, &[OtherServerName], &[], None), [NoVerification, OtherServerName]);
        let all = [NoVerification, OtherServerName, PlatformSuites];
        assert_eq!(tried(&USUAL, &[], &[], None), all);
        let versions = [&USUAL[..], &[LowerMinimum]].concat();
        assert_eq!(
            tried(&versions, &[LowerMinimum], &[], None),
            [NoVerification, OtherServerName, LowerMinimum]
        );
    }

    #[test]
    fn a_server_that_wants_the_identity_keeps_the_host_name_in_question() {
        let possible = [NoVerification, NoHostCheck, NoIdentity, OtherServerName];
        assert_eq!(tried(&possible, &[NoHostCheck], &[], None), [NoVerification, NoHostCheck]);
        assert_eq!(tried(&possible, &[], &[], None), [NoVerification, NoHostCheck, OtherServerName]);
    }

    #[test]
    fn suites_are_tried_as_the_platform_can() {
        let all = [NoVerification, OtherServerName, PlatformSuites, CompatibleSuites];
        assert_eq!(tried(&USUAL, &[], &[OtherServerName, PlatformSuites], None), all);
    }

    #[test]
    fn a_server_that_refused_at_once_is_not_asked_about_trust() {
        let refusing = Server { refuses_our_suites: true, ..Server::default() };
        let seen = Some(Seen::Server(refusing));
        assert_eq!(tried(&USUAL, &[PlatformSuites], &[], seen), [PlatformSuites]);
        let modern = Server { alert: Some(70), ..Server::default() };
        let possible = [NoVerification, LowerMinimum, OtherServerName];
        assert_eq!(tried(&possible, &[], &[], Some(Seen::Server(modern))), [LowerMinimum, OtherServerName]);
    }

    #[test]
    fn what_refuses_tls_1_2_is_asked_about_trust_by_a_module_with_tls_1_3() {
        let modern = Server { alert: Some(70), ..Server::default() };
        let other_suites = Server { refuses_our_suites: true, ..Server::default() };
        let possible = [NoVerification, NoHostCheck, OtherServerName];
        for server in [modern, other_suites] {
            let search = Search {
                possible: possible.to_vec(),
                seen: Some(Seen::Server(server)),
                has_tls13: true,
                ..Search::default()
            };
            let trusting = tried_by(search.clone(), &[NoVerification], &[]);
            assert_eq!(trusting, [NoVerification, NoHostCheck]);
            assert_eq!(tried_by(search, &[], &[]), [NoVerification, OtherServerName]);
        }
        let old = Server { version: Some(0x0301), ..Server::default() };
        let seen = Some(Seen::Server(old));
        let search = Search { possible: possible.to_vec(), seen, has_tls13: true, ..Search::default() };
        assert_eq!(tried_by(search, &[], &[]), [OtherServerName]);
    }

    #[test]
    fn what_is_not_tls_is_not_greeted_again() {
        assert!(tried(&USUAL, &[], &[], Some(Seen::Foreign)).is_empty());
    }

    #[test]
    fn what_closes_without_a_word_may_still_be_tls() {
        let connecting = [OtherServerName];
        let order = [NoVerification, OtherServerName];
        assert_eq!(tried(&USUAL, &connecting, &[], Some(Seen::Closed)), order);
        assert_eq!(tried(&USUAL, &connecting, &[], Some(Seen::Silent)), [NoVerification]);
        let trusting = tried(&USUAL, &[NoVerification], &[], Some(Seen::Silent));
        assert_eq!(trusting, [NoVerification, NoHostCheck]);
    }

    #[test]
    fn an_address_has_no_server_name() {
        let options = TlsOptions::builder().danger_skip_verification().build().unwrap();
        for host in ["192.0.2.7", "[2001:db8::1]", "2001:db8::1"] {
            assert_eq!(possible(&options, host), [PlatformSuites, CompatibleSuites], "{host}");
        }
        let named = [OtherServerName, PlatformSuites, CompatibleSuites];
        assert_eq!(possible(&options, "broker.test"), named);
    }
}
