//! What the answer of a server says about it: the facts, without a judgement.

use std::time::SystemTime;

use super::hello::{Answer, Reading};
use crate::platform::{CipherSuite, TlsVersion};
use crate::tls::{CaCertificate, Certificate, name_of};

/// TLS 1.2 on the wire.
const TLS12: u16 = 0x0303;

/// What came back when the server was greeted in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing came.
    Silent,
    /// The server closed without a word.
    Closed,
    /// Something that is not TLS.
    Foreign,
    /// A server that speaks TLS.
    Server(Server),
}

/// A server as it shows itself up to TLS 1.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    /// It took none of the suites that the module offers, and chose another one.
    pub(super) refuses_our_suites: bool,
    /// It took none of all suites, and chose one when it was told its name.
    pub(super) wants_name: bool,
    /// The version that it chose.
    pub(super) version: Option<u16>,
    /// The suite that it chose.
    pub(super) suite: Option<CipherSuite>,
    /// The alert that it ended with.
    pub(super) alert: Option<u8>,
    /// Its own certificate.
    pub(super) certificate: Option<Shown>,
    /// Whether its certificates lead to one of the CA certificates that were given, by their names.
    pub(super) leads_to_ours: Option<bool>,
    /// The authorities from which it takes client certificates, if it asks for one.
    pub(super) client_authorities: Option<Vec<String>>,
}

/// A certificate that a server has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) subject: String,
    /// Who has signed the last one of the chain.
    pub(super) root: String,
    pub(super) age: Age,
    /// The hosts that it is for.
    pub(super) names: Vec<String>,
    pub(super) is_for_host: bool,
}

/// Where today lies in the validity of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Valid,
    /// Its last day.
    Expired(String),
    /// Its first day.
    NotYetValid(String),
}

/// What an answer is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure<'a> {
    pub(super) host: &'a str,
    pub(super) authorities: &'a [CaCertificate],
    /// Somebody is trusted whose certificate is not here.
    pub(super) trusts_others: bool,
    pub(super) now: Option<SystemTime>,
}

impl Seen {
    /// `closed`: the server has closed the connection.
    pub(super) fn of(reading: &Reading, closed: bool, measure: Measure<'_>) -> Self {
        match reading {
            Reading::Foreign => Self::Foreign,
            Reading::Complete(answer) => Self::Server(Server::of(answer, measure)),
            // What is missing did not come in time.
            Reading::Partial(answer) if answer.version.is_some() => Self::Server(Server::of(answer, measure)),
            Reading::Partial(_) if closed => Self::Closed,
            Reading::Partial(_) => Self::Silent,
        }
    }
}

/// `handshake_failure` and `insufficient_security`. Source: RFC 5246 7.2.2.
const NO_COMMON_SUITE: [u8; 2] = [40, 71];

impl Server {
    /// Whether it found no suite, or says so for want of something else, such as its name.
    pub(super) fn takes_no_suite(&self) -> bool {
        self.version.is_none() && self.alert.is_some_and(|alert| NO_COMMON_SUITE.contains(&alert))
    }

    /// This one, which took none of the module's suites, with what it answers to every suite (`every`), and to every
    /// suite with its name (`named`) where that is another question.
    pub(super) fn asked_again(self, every: Option<Seen>, named: Option<Seen>) -> Self {
        match (every, named) {
            (Some(Seen::Server(other)), _) if other.suite.is_some() => {
                Self { refuses_our_suites: true, ..other }
            }
            (_, Some(Seen::Server(other))) if other.suite.is_some() => Self { wants_name: true, ..self },
            _ => self,
        }
    }

    /// Whether it refuses TLS 1.2, as a server does that has TLS 1.3 alone, or something older.
    pub(super) fn refuses_tls12(&self) -> bool {
        const PROTOCOL_VERSION: u8 = 70;
        self.alert == Some(PROTOCOL_VERSION) || self.is_too_old()
    }

    /// Whether it chose a version before TLS 1.2, as a server does that has nothing newer.
    pub(super) fn is_too_old(&self) -> bool {
        self.version.is_some_and(|version| version < TLS12)
    }

    pub(super) fn of(answer: &Answer, measure: Measure<'_>) -> Self {
        let chain: Vec<CaCertificate> =
            answer.certificates.iter().map_while(|binary| CaCertificate::from_der(binary).ok()).collect();
        let certificate = chain
            .first()
            .zip(chain.last())
            .map(|(own, last)| shown(own.certificate(), last.certificate(), measure));
        let leads = chain.iter().any(|shown| measure.authorities.iter().any(|ours| leads_to(shown, ours)));
        let can_tell = !chain.is_empty() && !measure.trusts_others && !measure.authorities.is_empty();
        let authorities = answer.client_authorities.as_ref();
        Self {
            refuses_our_suites: false,
            wants_name: false,
            version: answer.version,
            suite: answer.suite.map(CipherSuite::new),
            alert: answer.alert,
            certificate,
            leads_to_ours: can_tell.then_some(leads),
            client_authorities: authorities
                .map(|names| names.iter().filter_map(|name| name_of(name)).collect()),
        }
    }
}

fn leads_to(shown: &CaCertificate, ours: &CaCertificate) -> bool {
    let (shown, ours) = (shown.certificate(), ours.certificate());
    shown.issuer() == ours.subject() || shown.der() == ours.der()
}

fn shown(own: &Certificate, last: &Certificate, measure: Measure<'_>) -> Shown {
    let age = match measure.now {
        Some(now) if now > own.not_after() => Age::Expired(own.last_day()),
        Some(now) if now < own.not_before() => Age::NotYetValid(own.first_day()),
        _ => Age::Valid,
    };
    let mut names = own.names().to_vec();
    if names.is_empty() {
        names.extend(common_name(own.subject()));
    }
    Shown {
        subject: own.subject().to_owned(),
        root: last.issuer().to_owned(),
        age,
        is_for_host: names.iter().any(|name| covers(name, measure.host)),
        names,
    }
}

fn common_name(subject: &str) -> Option<String> {
    subject.split(',').find_map(|part| part.strip_prefix("CN=").map(str::to_owned))
}

/// Whether a name of a certificate stands for a host: the same but for case, or with a first label that stands for any.
/// Source: RFC 6125 6.4.
fn covers(name: &str, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let rest = |text: &str| text.split_once('.').map(|(_, rest)| rest.to_ascii_lowercase());
    match name.strip_prefix("*.") {
        Some(parent) => rest(host).is_some_and(|rest| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

/// The first of many names.
pub(super) fn some_of(names: &[String]) -> String {
    match names.split_at_checked(3) {
        Some((first, rest)) if !rest.is_empty() => format!("{} or {} more", first.join(" or "), rest.len()),
        _ => names.join(" or "),
    }
}

/// A version on the wire, in words.
pub(super) fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301 => TlsVersion::Tls10.to_string(),
        0x0302 => TlsVersion::Tls11.to_string(),
        TLS12 => TlsVersion::Tls12.to_string(),
        0x0304 => TlsVersion::Tls13.to_string(),
        other => format!("version 0x{other:04x}"),
    }
}

/// Alerts in words. Source: RFC 8446 6.
pub(super) fn alert_name(alert: u8) -> String {
    let name = match alert {
        0 => "close_notify",
        10 => "unexpected_message",
        40 => "handshake_failure",
        42 => "bad_certificate",
        47 => "illegal_parameter",
        50 => "decode_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        112 => "unrecognized_name",
        _ => return format!("alert {alert}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_certificates() {
        assert!(covers("Broker.test", "broker.TEST."));
        assert!(covers("*.test", "broker.test"));
        for (name, host) in
            [("*.test", "a.broker.test"), ("*.test", "test"), ("test", "broker.test"), ("*", "test")]
        {
            assert!(!covers(name, host), "{name} {host}");
        }
        assert!(covers("2001:db8::1", "[2001:db8::1]"));
        assert_eq!(common_name("CN=device,O=Example").as_deref(), Some("device"));
        assert_eq!(common_name("O=Example"), None);
    }

    #[test]
    fn what_has_come_of_an_answer_tells() {
        let measure = Measure { host: "a.test", authorities: &[], trusts_others: false, now: None };
        let nothing = Reading::Partial(Answer::default());
        assert_eq!(Seen::of(&nothing, false, measure), Seen::Silent);
        assert_eq!(Seen::of(&nothing, true, measure), Seen::Closed);
        assert_eq!(Seen::of(&Reading::Foreign, true, measure), Seen::Foreign);
        let begun =
            Reading::Partial(Answer { version: Some(TLS12), suite: Some(0xc02f), ..Answer::default() });
        let server =
            Server { version: Some(TLS12), suite: Some(CipherSuite::new(0xc02f)), ..Server::default() };
        assert_eq!(Seen::of(&begun, false, measure), Seen::Server(server));
    }

    #[test]
    fn suites_are_blamed_only_where_another_one_is_chosen() {
        let refusing = Server { alert: Some(40), ..Server::default() };
        assert!(refusing.takes_no_suite());
        let choosing = Server { suite: Some(CipherSuite::new(0xc02f)), ..Server::default() };
        let (refused, chosen) = (Seen::Server(refusing.clone()), Seen::Server(choosing.clone()));
        let asked = |every: &Seen, named: Option<&Seen>| {
            refusing.clone().asked_again(Some(every.clone()), named.cloned())
        };
        assert_eq!(asked(&chosen, None), Server { refuses_our_suites: true, ..choosing });
        assert_eq!(asked(&refused, Some(&chosen)), Server { wants_name: true, ..refusing.clone() });
        assert_eq!(asked(&refused, Some(&refused)), refusing);
        // The first answer stands if the next one does not come.
        assert_eq!(asked(&Seen::Closed, None), refusing);
        assert_eq!(refusing.clone().asked_again(None, None), refusing);
    }

    #[test]
    fn a_few_names_of_many() {
        let names = ["A", "B", "C", "D", "E"].map(str::to_owned);
        assert_eq!(some_of(&names), "A or B or C or 2 more");
        assert_eq!(some_of(&names[..3]), "A or B or C");
        assert_eq!(some_of(&[]), "");
    }

    #[test]
    fn an_answer_without_certificates_says_little() {
        let answer = Answer { alert: Some(70), ..Answer::default() };
        let measure = Measure { host: "a.test", authorities: &[], trusts_others: false, now: None };
        let server = Server::of(&answer, measure);
        assert!(server.refuses_tls12() && server.certificate.is_none() && server.leads_to_ours.is_none());
        let old = Answer { version: Some(0x0301), ..Answer::default() };
        assert!(Server::of(&old, measure).refuses_tls12());
        assert_eq!(version_name(0x0301), "TLS 1.0");
        assert_eq!((alert_name(40), alert_name(99)), ("handshake_failure".to_owned(), "alert 99".to_owned()));
    }
}
