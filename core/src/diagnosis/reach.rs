//! The way to the server without TLS: its name, a TCP connection, and what the server shows of itself in clear.

use std::time::Duration;

use super::cause::{Cause, Judgement};
use super::examination::{Examination, Gone, is_gone};
use super::finding::{Finding, Step};
use super::hello::question;
use super::plain_socket::{NoSocket, PlainSocket};
use super::search::is_address;
use super::seen::{Age, Measure, Seen, Server, alert_name, some_of, version_name};
use crate::commands::QueryName;
use crate::modem::computer_time;
use crate::socket::ConnectFailure;
use crate::tls::{SuiteOffer, plan_of};

/// No source tells how long a module asks for a name.
const QUERY: Duration = Duration::from_secs(60);
/// Suites of TLS 1.2 and older that servers are found with, and the signal of RFC 5746.
const EVERY_SUITE: [u16; 33] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0xccaa, 0xc023, 0xc027, 0xc024, 0xc028,
    0xc009, 0xc013, 0xc00a, 0xc014, 0x0067, 0x006b, 0x0033, 0x0039, 0x009c, 0x009d, 0x003c, 0x003d, 0x002f,
    0x0035, 0xc012, 0x0016, 0x000a, 0x0005, 0x0004, 0x00ff,
];
impl Examination {
    /// Whether the module finds the server's name. Where it cannot be asked, dialling tells.
    pub(super) async fn examine_name(&mut self) -> Result<(), Gone> {
        let host = self.host.clone();
        if is_address(&host) {
            self.note(Finding::ok(Step::Name, format!("{host} is an address")));
            return Ok(());
        }
        if self.asked(self.modem.test_form("#QDNS").await)?.flatten().is_none() {
            let text = "this firmware has no command that looks a name up (#QDNS); connecting tells";
            self.note(Finding::skipped(Step::Name, text));
            return Ok(());
        }
        let found = self.modem.run(QueryName { host: host.clone(), deadline: QUERY }).await;
        let finding = match found {
            Err(error) if is_gone(&error) => return Err(Gone(error.to_string())),
            Ok(Some(address)) => Finding::ok(Step::Name, format!("{host} is {address}")),
            Ok(None) => Finding::failed(Step::Name, format!("{host} has no address")).hint(CHECK_NAME),
            Err(error) => {
                Finding::failed(Step::Name, format!("{host} has no address: {error}")).hint(CHECK_NAME)
            }
        };
        self.note(finding);
        Ok(())
    }

    /// Whether the server takes TCP connections; `None` if that could not be tried.
    pub(super) async fn examine_tcp(&mut self) -> Result<Option<bool>, Gone> {
        let (host, port) = (self.host.clone(), self.port);
        let dialled = match PlainSocket::dial(&self.modem, &host, port).await {
            Err(NoSocket::Gone(gone)) => return Err(gone),
            Err(NoSocket::None) => {
                let text = "no plain socket belongs to the module's context (#SCFG)";
                self.note(Finding::skipped(Step::Tcp, text));
                return Ok(None);
            }
            Err(NoSocket::Refused(error)) => Err(error),
            Ok(socket) => {
                socket.close().await;
                Ok(())
            }
        };
        let Err(error) = dialled else {
            self.note(Finding::ok(Step::Tcp, format!("{host}:{port} takes connections")));
            return Ok(Some(true));
        };
        let (cause, text, hint) = match ConnectFailure::of(&error) {
            ConnectFailure::Name => {
                (Cause::NameResolution, format!("the name {host} has no address"), CHECK_NAME)
            }
            ConnectFailure::Unreachable => {
                (Cause::Unreachable, format!("{host}:{port} takes no connections"), CHECK_HOST)
            }
            ConnectFailure::TimedOut => {
                (Cause::Unreachable, format!("{host}:{port} does not answer in time"), CHECK_FIREWALL)
            }
            ConnectFailure::NoContext => {
                let hint = "bring the module on line again, and look at its contexts (#SCFG, #SGACT)";
                (Cause::Context, "the packet data context is not active".to_owned(), hint)
            }
            _ => {
                self.note(Finding::skipped(Step::Tcp, format!("a plain socket cannot be opened: {error}")));
                return Ok(None);
            }
        };
        self.note(Finding::failed(Step::Tcp, text.clone()).hint(hint));
        self.blame(Judgement::network(cause, text).hint(hint));
        Ok(Some(false))
    }

    /// Greets the server in clear, as the module would, and with every suite if it takes none of those.
    pub(super) async fn look_at_server(&mut self) -> Result<Option<Seen>, Gone> {
        let seen = self.seen_in_clear().await?;
        self.note(match &seen {
            None => Finding::skipped(Step::Server, "it cannot be looked at over a plain socket"),
            Some(Seen::Silent) => {
                Finding::failed(Step::Server, "does not answer the beginning of a TLS handshake")
            }
            Some(Seen::Closed) => {
                Finding::failed(Step::Server, "closes at the beginning of a TLS handshake, without a word")
            }
            Some(Seen::Foreign) => Finding::failed(Step::Server, "answers with something that is not TLS"),
            Some(Seen::Server(server)) => described(server),
        });
        Ok(seen)
    }

    async fn seen_in_clear(&self) -> Result<Option<Seen>, Gone> {
        let ours = self.suites_in_clear().await;
        let named = self.tls.sends_server_name();
        if ours.is_empty() {
            return self.greet(&EVERY_SUITE, named).await;
        }
        let server = match self.greet(&ours, named).await? {
            Some(Seen::Server(server)) if server.takes_no_suite() => server,
            seen => return Ok(seen),
        };
        let every = self.greet(&EVERY_SUITE, named).await?;
        let chosen = matches!(&every, Some(Seen::Server(server)) if server.suite.is_some());
        let with_name = if chosen || named || is_address(&self.host) {
            None
        } else {
            self.greet(&EVERY_SUITE, true).await?
        };
        Ok(Some(Seen::Server(server.asked_again(every, with_name))))
    }

    /// The suites that the module is going to offer up to TLS 1.2.
    async fn suites_in_clear(&self) -> Vec<u16> {
        let suites = match plan_of(&self.modem, &self.tls).await.map(|plan| plan.offer) {
            Ok(SuiteOffer::List(suites)) => suites,
            Ok(SuiteOffer::Pinned { suite, .. }) => vec![suite],
            Ok(SuiteOffer::PlatformDefault) => {
                self.modem.profile().tls.suites.iter().map(|row| row.suite).collect()
            }
            Err(_) => Vec::new(),
        };
        let numbers = suites.into_iter().map(|suite| suite.number());
        numbers.filter(|number| number >> 8 != 0x13).collect()
    }

    async fn greet(&self, suites: &[u16], named: bool) -> Result<Option<Seen>, Gone> {
        let socket = match PlainSocket::dial(&self.modem, &self.host, self.port).await {
            Ok(socket) => socket,
            Err(NoSocket::Gone(gone)) => return Err(gone),
            Err(NoSocket::None | NoSocket::Refused(_)) => return Ok(None),
        };
        let name = named.then_some(self.host.as_str());
        let read = socket.converse(question(random(), suites, name)).await;
        socket.close().await;
        let measure = Measure {
            host: &self.host,
            authorities: self.tls.authorities(),
            trusts_others: self.tls.trusts_preloaded(),
            now: computer_time(),
        };
        Ok(match read {
            Err(error) if is_gone(&error) => return Err(Gone(error.to_string())),
            Err(error) => {
                tracing::debug!(%error, "the server cannot be greeted");
                None
            }
            Ok((reading, closed)) => Some(Seen::of(&reading, closed, measure)),
        })
    }
}

const CHECK_NAME: &str =
    "check the spelling, and whether the operator's network resolves the name; try an address";
const CHECK_HOST: &str = "check host and port, and that the server runs";
const CHECK_FIREWALL: &str =
    "check host and port, and whether a firewall or the access point lets connections through";

fn described(server: &Server) -> Finding {
    let mut told = Vec::new();
    if let (Some(version), Some(suite)) = (server.version, server.suite) {
        told.push(format!("chooses {} with {suite}", version_name(version)));
    }
    if let Some(shown) = &server.certificate {
        let age = match &shown.age {
            Age::Valid => String::new(),
            Age::Expired(date) => format!(", expired on {date}"),
            Age::NotYetValid(date) => format!(", valid only from {date}"),
        };
        told.push(format!(
            "shows {} for {} signed in the end by {}{age}",
            shown.subject,
            shown.names.join(", "),
            shown.root
        ));
    }
    if let Some(authorities) = &server.client_authorities {
        let from =
            if authorities.is_empty() { String::new() } else { format!(" from {}", some_of(authorities)) };
        told.push(format!("asks for a client certificate{from}"));
    }
    told.extend(server.alert.map(|alert| format!("ends with the alert {}", alert_name(alert))));
    let refuses = server.refuses_our_suites || server.alert.is_some() || server.refuses_tls12();
    let sound = server.certificate.as_ref().is_some_and(|shown| shown.age == Age::Valid);
    match (refuses, sound) {
        (true, _) => Finding::failed(Step::Server, told.join("; ")),
        (false, true) => Finding::ok(Step::Server, told.join("; ")),
        (false, false) => Finding::warning(Step::Server, told.join("; ")),
    }
}

/// Nothing is encrypted with it: it only has to differ each time.
fn random() -> [u8; 32] {
    let mut random = [0; 32];
    fastrand::fill(&mut random);
    random
}
