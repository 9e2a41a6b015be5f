//! From what was found out about a handshake that failed to what it fails at. Pure, so that every case can be tested.

use super::cause::{Cause, Judgement};
use super::search::Search;
use super::seen::{Age, Seen, Server, Shown, some_of, version_name};
use crate::platform::{CipherSuite, PlatformId};
use crate::tls::{TlsVersion, Variation};

/// A handshake that failed, and everything that is known about it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) platform: PlatformId,
    /// The module can send the server's name.
    pub(super) can_send_name: bool,
    pub(super) verifies: bool,
    pub(super) checks_host: bool,
    pub(super) sends_name: bool,
    pub(super) minimum: TlsVersion,
    /// Who has signed the client certificate that is shown.
    pub(super) identity_issuer: Option<String>,
    /// Whether the module can be told to offer this suite alone.
    pub(super) can_offer: fn(PlatformId, CipherSuite) -> bool,
    /// What the module said.
    pub(super) words: String,
    pub(super) search: Search,
}

/// What the handshake fails at.
pub(super) fn judge(case: &Case) -> Judgement {
    let connects = |variation| case.search.connects(variation);
    if case.search.is_intermittent {
        return case.intermittent();
    }
    if connects(Variation::NoHostCheck) {
        return case.host_name();
    }
    if connects(Variation::NoIdentity) {
        return case.refused_identity();
    }
    if connects(Variation::NoVerification) {
        return case.trust();
    }
    if connects(Variation::OtherServerName) {
        return case.server_name();
    }
    if connects(Variation::LowerMinimum) {
        return case.minimum_too_high();
    }
    if connects(Variation::PlatformSuites) || connects(Variation::CompatibleSuites) {
        return case.suites();
    }
    case.by_sight()
}

impl Case {
    fn server(&self) -> Option<&Server> {
        match &self.search.seen {
            Some(Seen::Server(server)) => Some(server),
            _ => None,
        }
    }

    fn shown(&self) -> Option<&Shown> {
        self.server().and_then(|server| server.certificate.as_ref())
    }

    fn intermittent(&self) -> Judgement {
        let text = format!(
            "intermittent: the handshake failed at first ({}), and connects when it is repeated",
            self.words
        );
        Judgement::network(Cause::Unknown, text)
            .hint("look at the signal, and at the server's load and limits; let the program try again")
    }

    fn host_name(&self) -> Judgement {
        let host = &self.host;
        if self.shown().is_some_and(|shown| shown.is_for_host) {
            let text = format!(
                "the module connects only without checking the host name, although the server's certificate is for {host}"
            );
            return Judgement::network(Cause::Unknown, text)
                .hint("the module may compare names in another way: let the server's certificate name the host itself");
        }
        let names = self.shown().map(|shown| shown.names.join(", ")).filter(|names| !names.is_empty());
        let text = match &names {
            Some(names) => format!("the server's certificate is for {names}, not for {host}"),
            None => format!("the server's certificate is not for {host}"),
        };
        Judgement::network(Cause::HostName, text).hint(format!(
            "connect by a name that the certificate has, or let the server show one for {host}; \
             --danger-skip-host-check (danger_skip_host_check()) accepts any host that the CA has signed"
        ))
    }

    /// It connects without verification, and not with any part of it.
    fn trust(&self) -> Judgement {
        self.certificate_trouble().unwrap_or_else(|| {
            let root = self.shown().map(|shown| shown.root.as_str());
            let signed = root.map(|root| format!(" (its chain ends with {root})")).unwrap_or_default();
            Judgement::network(
                Cause::Ca,
                format!("the module does not trust the server's certificate{signed}: the CA certificate that was given is not the one behind it"),
            )
            .hint(format!("{}; or the certificate has expired, or the module cannot check its kind of signature", self.give_ca()))
        })
    }

    fn give_ca(&self) -> String {
        match self.shown() {
            Some(shown) => format!("give the certificate of {} with --ca FILE (TlsOptionsBuilder::ca)", shown.root),
            None => "give the certificate of the CA that the server's chain ends with, by --ca FILE (TlsOptionsBuilder::ca)"
                .to_owned(),
        }
    }

    /// What is wrong with the certificate that the server has shown.
    fn certificate_trouble(&self) -> Option<Judgement> {
        let (server, shown) = (self.server()?, self.shown()?);
        let subject = &shown.subject;
        match &shown.age {
            Age::Expired(date) => {
                let text = format!("the server's certificate {subject} has expired on {date}");
                return Some(Judgement::network(Cause::ServerCertificate, text).hint(
                    "the server needs a new certificate; if it is right, this computer's clock and the module's are wrong",
                ));
            }
            Age::NotYetValid(date) => {
                let text = format!("the server's certificate {subject} is valid only from {date}");
                return Some(
                    Judgement::network(Cause::ServerCertificate, text)
                        .hint("look at the clocks of the server, of this computer and of the module"),
                );
            }
            Age::Valid => {}
        }
        if server.leads_to_ours == Some(false) {
            let text = format!(
                "the server's certificate {subject} leads to {}, which is none of the CA certificates that were given",
                shown.root
            );
            return Some(Judgement::network(Cause::Ca, text).hint(self.give_ca()));
        }
        (self.checks_host && !shown.is_for_host).then(|| self.host_name())
    }

    fn refused_identity(&self) -> Judgement {
        Judgement::network(
            Cause::ClientCertificate,
            "the server refuses the client certificate, and connects without one",
        )
        .hint("give the certificate and key that this server knows (--cert, --key), or none")
    }

    fn server_name(&self) -> Judgement {
        let host = &self.host;
        match self.sends_name {
            true => Judgement::network(
                Cause::ServerName,
                format!("the server does not take the name {host} (SNI), and connects without a name"),
            )
            .hint("connect by a name that the server knows, or leave it out with --no-sni (without_server_name())"),
            false => Judgement::network(
                Cause::ServerName,
                format!("the server wants to be told its name (SNI), and connects as {host}"),
            )
            .hint(match self.can_send_name {
                true => "leave --no-sni (without_server_name()) out".to_owned(),
                false => format!("platform {} cannot send it: let the server answer without a name", self.platform),
            }),
        }
    }

    fn minimum_too_high(&self) -> Judgement {
        let minimum = self.minimum;
        Judgement::network(
            Cause::TlsVersion,
            format!("the server does not have {minimum}, which is the least that was asked for"),
        )
        .hint("accept TLS 1.2 with --min-tls 1.2 (minimum_version()), or update the server")
    }

    fn suites(&self) -> Judgement {
        let chosen = self.server().and_then(|server| server.suite);
        let text = match chosen {
            Some(suite) => {
                format!("the server takes none of the cipher suites that are offered; it would take {suite}")
            }
            None => "the server takes none of the cipher suites that are offered".to_owned(),
        };
        let judgement = Judgement::network(Cause::CipherSuite, text);
        match chosen.filter(|suite| (self.can_offer)(self.platform, *suite)) {
            Some(suite) => judgement.hint(format!("offer it with --cipher {suite} (cipher_suites()), or update the server")),
            None => judgement.hint(format!(
                "{}, or let the server accept more",
                if self.search.connects(Variation::CompatibleSuites) {
                    "--cipher compatible (CipherPolicy::Compatible) offers more"
                } else {
                    "--danger-platform-ciphers (danger_platform_default_suites()) offers everything, weak suites too"
                }
            )),
        }
    }

    /// Nothing that was changed helps: what the server shows of itself has to tell.
    fn by_sight(&self) -> Judgement {
        let server = match &self.search.seen {
            None => return self.unknown(),
            Some(Seen::Foreign | Seen::Silent | Seen::Closed) => return self.not_tls(),
            Some(Seen::Server(server)) => server,
        };
        if server.refuses_tls12() {
            return self.version(server);
        }
        if server.refuses_our_suites {
            return self.missing_suite(server);
        }
        if server.wants_name {
            return self.server_name();
        }
        if server.alert == Some(112) {
            return Judgement::network(
                Cause::ServerName,
                format!("the server does not know the name {}", self.host),
            )
            .hint("connect by a name that the server knows");
        }
        if self.verifies
            && let Some(trouble) = self.certificate_trouble()
        {
            return trouble;
        }
        match &server.client_authorities {
            Some(authorities) => self.wanted_identity(authorities),
            None => self.unknown(),
        }
    }

    fn not_tls(&self) -> Judgement {
        let (host, port) = (&self.host, self.port);
        let what = match self.search.seen {
            Some(Seen::Foreign) => "answers with something that is not TLS",
            Some(Seen::Closed) => "closes the connection without a word at the beginning of a TLS handshake",
            _ => "takes connections, and does not answer the beginning of a TLS handshake",
        };
        Judgement::network(Cause::NotTls, format!("{host}:{port} {what}"))
            .hint("check the port: 8883 for MQTT, 443 for HTTPS; explicit FTPS does not begin with TLS")
    }

    fn version(&self, server: &Server) -> Judgement {
        let platform = self.platform;
        if let Some(version) = server.version {
            let text =
                format!("the server has {} at the most, which is too old to be safe", version_name(version));
            return Judgement::network(Cause::TlsVersion, text).hint("update the server");
        }
        let text = match self.search.has_tls13 {
            true => "the server refuses TLS 1.2, and the module does not come to terms with it by TLS 1.3"
                .to_owned(),
            false => format!("the server refuses TLS 1.2, which is the newest that platform {platform} has"),
        };
        Judgement::network(Cause::TlsVersion, text).hint("let the server accept TLS 1.2")
    }

    fn missing_suite(&self, server: &Server) -> Judgement {
        let Some(suite) = server.suite else { return self.unknown() };
        let platform = self.platform;
        if (self.can_offer)(platform, suite) {
            return self.suites();
        }
        let text = format!(
            "the server takes no cipher suite that platform {platform} can offer; it would take {suite}"
        );
        Judgement::network(Cause::CipherSuite, text).hint(
            "let the server accept a suite that the module has; --cipher compatible offers more of them",
        )
    }

    fn wanted_identity(&self, authorities: &[String]) -> Judgement {
        let from = match authorities {
            [] => String::new(),
            some => format!(" from {}", some_of(some)),
        };
        match &self.identity_issuer {
            None => Judgement::network(
                Cause::ClientCertificate,
                format!("the server asks for a client certificate{from}, and none was given"),
            )
            .hint("give one with --cert and --key (TlsOptionsBuilder::identity)"),
            Some(issuer) => Judgement::network(
                Cause::ClientCertificate,
                format!("the server asks for a client certificate{from}, and seems to refuse the one of {issuer}"),
            )
            .hint(format!(
                "give the certificate and key that this server knows with --cert and --key; or the module does not trust the server: {}",
                self.give_ca()
            )),
        }
    }

    fn unknown(&self) -> Judgement {
        let name = match self.can_send_name {
            true => "",
            false => "the server's name cannot be sent (SNI), which many servers need; ",
        };
        Judgement::network(
            Cause::Unknown,
            format!("the handshake fails, and nothing that was tried tells why: {}", self.words),
        )
        .hint(format!("{name}see what the server's log says"))
    }
}

/// A server that ended the connection right behind the handshake, as with TLS 1.3.
pub(super) fn refused_behind_handshake(identity_issuer: Option<&str>) -> Judgement {
    match identity_issuer {
        None => Judgement::network(
            Cause::ClientCertificate,
            "the server ends the connection right behind the handshake: it wants a client certificate",
        )
        .hint("give one with --cert and --key (TlsOptionsBuilder::identity)"),
        Some(issuer) => Judgement::network(
            Cause::ClientCertificate,
            format!("the server ends the connection right behind the handshake: it refuses the client certificate of {issuer}"),
        )
        .hint("give the certificate and key that this server knows with --cert and --key"),
    }
}

#[cfg(test)]
mod tests {
    use Variation::{
        CompatibleSuites, LowerMinimum, NoHostCheck, NoIdentity, NoVerification, OtherServerName,
        PlatformSuites,
    };

    use super::*;

    const ECDHE: CipherSuite = CipherSuite::new(0xc02f);

    fn case() -> Case {
        Case {
            host: "broker.test".to_owned(),
            port: 8883,
            platform: PlatformId::P37,
            can_send_name: true,
            verifies: true,
            checks_host: true,
            sends_name: true,
            minimum: TlsVersion::Tls12,
            identity_issuer: None,
            can_offer: |_, suite| suite == ECDHE,
            words: "SSL error during handshake".to_owned(),
            search: Search::default(),
        }
    }

    fn tried(results: &[(Variation, bool)]) -> Case {
        let tried = results.iter().map(|(variation, connects)| (*variation, Some(*connects))).collect();
        Case { search: Search { tried, ..Search::default() }, ..case() }
    }

    fn shown() -> Shown {
        Shown {
            subject: "CN=broker.test".to_owned(),
            root: "CN=Root".to_owned(),
            age: Age::Valid,
            names: vec!["broker.test".to_owned()],
            is_for_host: true,
        }
    }

    fn sound() -> Server {
        let version = Some(0x0303);
        Server { version, suite: Some(ECDHE), certificate: Some(shown()), ..Server::default() }
    }

    fn seeing(results: &[(Variation, bool)], seen: Server) -> Case {
        let mut case = tried(results);
        case.search.seen = Some(Seen::Server(seen));
        case
    }

    fn with_certificate(shown: Shown) -> Server {
        Server { certificate: Some(shown), ..sound() }
    }

    #[test]
    fn what_connects_names_the_cause() {
        for (results, cause) in [
            (&[(NoVerification, true), (NoHostCheck, true)][..], Cause::HostName),
            (&[(NoVerification, true), (NoHostCheck, false)], Cause::Ca),
            (&[(NoVerification, true), (NoHostCheck, false), (NoIdentity, true)], Cause::ClientCertificate),
            (&[(NoVerification, false), (OtherServerName, true)], Cause::ServerName),
            (&[(NoVerification, false), (LowerMinimum, true)], Cause::TlsVersion),
            (&[(NoVerification, false), (PlatformSuites, true)], Cause::CipherSuite),
            (&[(NoVerification, false), (CompatibleSuites, true)], Cause::CipherSuite),
            (&[(NoVerification, false)], Cause::Unknown),
            (&[], Cause::Unknown),
        ] {
            let judgement = judge(&tried(results));
            assert_eq!(judgement.cause, cause, "{results:?}: {judgement:?}");
            assert!(judgement.hint.is_some() && judgement.category.is_some(), "{judgement:?}");
        }
    }

    #[test]
    fn what_is_seen_tells_trust_apart() {
        let trust = [(NoVerification, true), (NoHostCheck, false)];
        let expired = Shown { age: Age::Expired("2026-01-01".to_owned()), ..shown() };
        let early = Shown { age: Age::NotYetValid("2030-01-01".to_owned()), ..shown() };
        let other = Shown { is_for_host: false, ..shown() };
        for (seen, cause) in [
            (with_certificate(expired), Cause::ServerCertificate),
            (with_certificate(early), Cause::ServerCertificate),
            (Server { leads_to_ours: Some(false), ..sound() }, Cause::Ca),
            (with_certificate(other), Cause::HostName),
            // Of the same name, but not the same.
            (Server { leads_to_ours: Some(true), ..sound() }, Cause::Ca),
        ] {
            assert_eq!(judge(&seeing(&trust, seen.clone())).cause, cause, "{seen:?}");
        }
    }

    /// Its certificates are encrypted.
    #[test]
    fn a_server_with_tls_1_3_alone_is_judged_by_what_connects() {
        let modern = Server { alert: Some(70), ..Server::default() };
        for (results, cause) in [
            (&[(NoVerification, true), (NoHostCheck, false)][..], Cause::Ca),
            (&[(NoVerification, true), (NoHostCheck, true)], Cause::HostName),
            (&[(NoVerification, false)], Cause::TlsVersion),
        ] {
            assert_eq!(judge(&seeing(results, modern.clone())).cause, cause, "{results:?}");
        }
    }

    #[test]
    fn what_is_seen_tells_where_nothing_connects() {
        let nothing = [(NoVerification, false)];
        let asking = |authorities: &[&str]| {
            let authorities = authorities.iter().map(|name| (*name).to_owned()).collect();
            Server { client_authorities: Some(authorities), ..sound() }
        };
        let expired = Shown { age: Age::Expired("2026-01-01".to_owned()), ..shown() };
        for (seen, cause) in [
            (Server { alert: Some(70), ..Server::default() }, Cause::TlsVersion),
            (Server { version: Some(0x0301), ..sound() }, Cause::TlsVersion),
            (Server { refuses_our_suites: true, ..sound() }, Cause::CipherSuite),
            (Server { alert: Some(40), ..Server::default() }, Cause::Unknown),
            (Server { alert: Some(40), wants_name: true, ..Server::default() }, Cause::ServerName),
            (Server { alert: Some(112), ..Server::default() }, Cause::ServerName),
            (asking(&[]), Cause::ClientCertificate),
            (asking(&["CN=Root"]), Cause::ClientCertificate),
            (
                Server { client_authorities: Some(Vec::new()), ..with_certificate(expired) },
                Cause::ServerCertificate,
            ),
            (sound(), Cause::Unknown),
        ] {
            assert_eq!(judge(&seeing(&nothing, seen.clone())).cause, cause, "{seen:?}");
        }
        for seen in [Seen::Foreign, Seen::Silent, Seen::Closed] {
            let mut case = case();
            case.search.seen = Some(seen);
            assert_eq!(judge(&case).cause, Cause::NotTls);
        }
        let mut closed = tried(&[(NoVerification, false), (CompatibleSuites, true)]);
        closed.search.seen = Some(Seen::Closed);
        assert_eq!(judge(&closed).cause, Cause::CipherSuite);
    }

    #[test]
    fn what_connects_by_chance_is_no_cause() {
        let mut case = seeing(&[(NoVerification, true), (NoHostCheck, true)], sound());
        let named = judge(&case);
        assert_eq!(named.cause, Cause::Unknown, "its certificate is for the host: {named:?}");
        case.search.is_intermittent = true;
        let judgement = judge(&case);
        assert_eq!(judgement.cause, Cause::Unknown);
        assert!(judgement.text.starts_with("intermittent: "), "{judgement:?}");
    }

    #[test]
    fn a_suite_is_recommended_only_where_it_can_be_offered() {
        let refused = Server { refuses_our_suites: true, ..sound() };
        let offered = judge(&seeing(&[(CompatibleSuites, true)], refused.clone()));
        assert!(
            offered.hint.unwrap().starts_with("offer it with --cipher TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
        );
        let other = Server { suite: Some(CipherSuite::new(0x009f)), ..refused };
        let judgement = judge(&seeing(&[], other.clone()));
        assert!(judgement.text.contains("takes no cipher suite that platform 37 can offer"), "{judgement:?}");
        let weak = judge(&seeing(&[(PlatformSuites, true)], other));
        assert!(weak.hint.unwrap().starts_with("--danger-platform-ciphers"));
    }

    /// Whether the module trusts the server cannot be told without the client certificate.
    #[test]
    fn a_client_certificate_is_not_blamed_alone() {
        let asking = Server { client_authorities: Some(Vec::new()), leads_to_ours: Some(true), ..sound() };
        let mut case = seeing(&[(NoVerification, false)], asking);
        case.identity_issuer = Some("CN=Other".to_owned());
        let judgement = judge(&case);
        assert!(judgement.text.ends_with(", and seems to refuse the one of CN=Other"), "{judgement:?}");
        assert!(judgement.hint.unwrap().contains("give the certificate of CN=Root with --ca"));
    }

    #[test]
    fn words_fit_what_was_asked_for() {
        let mut unnamed = tried(&[(OtherServerName, true)]);
        assert!(judge(&unnamed).text.contains("does not take the name broker.test"));
        unnamed.sends_name = false;
        assert!(judge(&unnamed).text.contains("wants to be told its name"));
        let mut unverified = seeing(&[], Server { leads_to_ours: Some(false), ..sound() });
        assert_eq!(judge(&unverified).cause, Cause::Ca);
        unverified.verifies = false;
        assert_eq!(judge(&unverified).cause, Cause::Unknown);
        let refused = refused_behind_handshake(Some("CN=Other"));
        assert!(refused.text.ends_with("it refuses the client certificate of CN=Other"), "{refused:?}");
        assert!(refused_behind_handshake(None).text.ends_with("it wants a client certificate"));
    }
}
