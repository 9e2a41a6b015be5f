//! The handshake as it was asked for, and with one thing changed at a time.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::cause::{Cause, Judgement};
use super::examination::{Examination, Gone};
use super::finding::{Finding, Step};
use super::judge::{Case, judge, refused_behind_handshake};
use super::keeper::Keeper;
use super::search::{Search, possible};
use crate::error::Category;
use crate::platform::{Availability, CipherSuite, PlatformId, profile};
use crate::socket::{ConnectFailure, SocketEnding, SocketError, TlsConnector, TlsSocket};
use crate::tls::{Credential, CredentialError, PolicyRefusal, TlsError, TlsFailure, TlsOptions, Variation};

/// With TLS 1.3 a server refuses the client certificate when the client thinks it is connected.
const REFUSAL: Duration = Duration::from_secs(3);

/// What came of a handshake.
enum Outcome {
    Connected(Option<CipherSuite>),
    /// It stood, and the server ended it with an alert.
    EndedByAlert,
    /// It failed, and changing something may tell why.
    Failed(String),
    /// It is clear what is wrong.
    Judged(Judgement),
}

impl Examination {
    /// The rest of the examination: the handshake, the search if it fails, and putting everything back.
    pub(super) async fn examine_handshake(&mut self, mut keeper: Keeper) -> Result<(), Gone> {
        let kept = keeper.keep().await;
        if let Err(error) = &kept {
            self.check(error)?;
        }
        self.socket = keeper.socket();
        let examined = self.try_handshakes(kept.is_ok()).await;
        let put_back = match &kept {
            Ok(()) => keeper.put_back().await,
            Err(_) => Ok(()),
        };
        let gone = put_back.as_ref().map_or_else(|error| self.check(error), |()| Ok(()));
        self.note_settings(kept, put_back);
        examined.and(gone)
    }

    /// `may_change`: what cannot be put back is not made weaker.
    async fn try_handshakes(&mut self, may_change: bool) -> Result<(), Gone> {
        let connected = self.handshake(&self.tls.clone()).await?;
        self.note_handshake(&connected);
        match connected {
            Outcome::Connected(_) => {}
            Outcome::EndedByAlert => self.blame(refused_behind_handshake(self.identity_issuer().as_deref())),
            Outcome::Judged(judgement) => self.blame(judgement),
            Outcome::Failed(words) => {
                let search = self.search(may_change).await?;
                self.blame(judge(&self.case(words, search)));
            }
        }
        Ok(())
    }

    fn note_settings(&mut self, kept: Result<(), SocketError>, put_back: Result<(), SocketError>) {
        let text = match (kept, put_back) {
            (Ok(()), Ok(())) => {
                self.note(Finding::ok(Step::Settings, "the module's TLS settings are as they were"));
                return;
            }
            (Err(error), _) => format!("the module's TLS settings could not be kept: {error}"),
            (Ok(()), Err(error)) => {
                format!(
                    "the module's TLS settings could not be put back, and may verify less than before: {error}"
                )
            }
        };
        let hint = "the next connection of this program sets them anew";
        self.note(Finding::warning(Step::Settings, text).hint(hint));
    }

    fn note_handshake(&mut self, outcome: &Outcome) {
        self.note(match outcome {
            Outcome::Connected(Some(suite)) => Finding::ok(Step::Handshake, format!("connects with {suite}")),
            Outcome::Connected(None) => Finding::ok(Step::Handshake, "connects"),
            Outcome::EndedByAlert => Finding::failed(
                Step::Handshake,
                "connects, and the server ends the connection with a TLS alert",
            ),
            Outcome::Failed(words) => Finding::failed(Step::Handshake, words.clone()),
            Outcome::Judged(judgement) => {
                let finding = Finding::failed(Step::Handshake, judgement.text.clone());
                match &judgement.hint {
                    Some(hint) => finding.hint(hint.clone()),
                    None => finding,
                }
            }
        });
    }

    async fn search(&mut self, may_change: bool) -> Result<Search, Gone> {
        let has_tls13 = self.modem.profile().tls.tls13 != Availability::No;
        let mut search = Search { seen: self.look_at_server().await?, has_tls13, ..Search::default() };
        if !may_change {
            return Ok(search);
        }
        search.possible = possible(&self.tls, &self.host);
        while let Some(variation) = search.next() {
            let result = self.attempt(variation).await?;
            search.tried.push((variation, result));
        }
        search.is_intermittent = search.has_connected() && self.connects_after_all().await?;
        Ok(search)
    }

    /// A handshake may have been lost on its way: then what connected later did so by chance.
    async fn connects_after_all(&mut self) -> Result<bool, Gone> {
        let connects = matches!(self.handshake(&self.tls.clone()).await?, Outcome::Connected(_));
        if connects {
            self.note(Finding::ok(Step::Attempt, "exactly as asked for, once more: connects"));
        }
        Ok(connects)
    }

    /// Whether it connects with this changed; `None` if the platform cannot try it.
    async fn attempt(&mut self, variation: Variation) -> Result<Option<bool>, Gone> {
        let Some(options) = self.tls.varied(variation) else { return Ok(None) };
        let what = self.description(variation);
        tracing::warn!("trying to connect {what}, to find out what fails; no data are sent");
        let (finding, result) = match self.handshake(&options).await? {
            Outcome::Connected(_) => (
                Finding::ok(Step::Attempt, format!("{what}: connects; closed at once, no data were sent")),
                Some(true),
            ),
            Outcome::EndedByAlert => (
                Finding::failed(Step::Attempt, format!("{what}: the server ends the connection")),
                Some(stands_until_alert(variation)),
            ),
            Outcome::Failed(words) => {
                (Finding::failed(Step::Attempt, format!("{what}: {words}")), Some(false))
            }
            Outcome::Judged(judgement) => {
                (Finding::skipped(Step::Attempt, format!("{what}: {}", judgement.text)), None)
            }
        };
        self.note(finding);
        Ok(result)
    }

    fn description(&self, variation: Variation) -> &'static str {
        match variation {
            Variation::NoVerification if self.tls.identity().is_some() => {
                "without verifying the server, and without the client certificate"
            }
            Variation::NoVerification => "without verifying the server",
            Variation::NoHostCheck => "without checking the host name",
            Variation::NoIdentity => "without the client certificate",
            Variation::OtherServerName if self.tls.sends_server_name() => "without the server's name (SNI)",
            Variation::OtherServerName => "with the server's name (SNI)",
            Variation::LowerMinimum => "with TLS 1.2",
            Variation::PlatformSuites => "with all cipher suites that the module offers by itself",
            Variation::CompatibleSuites => "with cipher suites for older servers",
        }
    }

    /// Connects and closes at once.
    async fn handshake(&self, options: &TlsOptions) -> Result<Outcome, Gone> {
        let connector = TlsConnector::new(&self.modem, options.clone()).connect_timeout(self.connect_timeout);
        let connector = match self.socket {
            Some(socket) => connector.on_socket(socket),
            None => connector,
        };
        match connector.connect(&self.host, self.port).await {
            Ok(socket) => self.settle(socket).await,
            Err(error) => {
                self.check(&error)?;
                Ok(self.outcome_of(&error))
            }
        }
    }

    async fn settle(&self, mut socket: TlsSocket) -> Result<Outcome, Gone> {
        let suite = socket.status().await.ok().and_then(|status| status.suite);
        let is_tls13 = suite.is_none_or(|suite| suite.number() >> 8 == 0x13);
        if is_tls13 && self.modem.profile().tls.tls13 != Availability::No {
            // What comes is not wanted: the end is.
            let mut first = [0];
            drop(timeout(REFUSAL, socket.read(&mut first)).await);
        }
        let ending = socket.ending();
        match socket.close().await {
            Err(error) if self.check(&error).is_err() => Err(Gone(error.to_string())),
            _ if ending == Some(SocketEnding::Alert) => Ok(Outcome::EndedByAlert),
            _ => Ok(Outcome::Connected(suite)),
        }
    }

    fn outcome_of(&self, error: &SocketError) -> Outcome {
        let text = error.to_string();
        let judged = |cause| {
            let judgement = Judgement::new(cause, error.category(), text.clone());
            Outcome::Judged(judgement.hint_if(error.hint()))
        };
        match error {
            SocketError::Connect { failure, .. } => match failure {
                ConnectFailure::Name => judged(Cause::NameResolution),
                ConnectFailure::Unreachable => judged(Cause::Unreachable),
                ConnectFailure::NoContext => judged(Cause::Context),
                ConnectFailure::Tls(TlsFailure::AlreadyActivated) => judged(Cause::Busy),
                failure => Outcome::Failed(failure.to_string()),
            },
            SocketError::Tls(TlsError::Policy(refusal)) => {
                let judgement = Judgement::new(refused_by_platform(refusal), error.category(), text.clone());
                Outcome::Judged(remedied(judgement))
            }
            SocketError::Tls(TlsError::Credential(credential)) => {
                let judgement = Judgement::new(of_credential(credential), error.category(), text.clone());
                Outcome::Judged(remedied(judgement))
            }
            SocketError::Tls(TlsError::Clock(_)) => judged(Cause::Clock),
            _ if error.category() == Category::Busy => judged(Cause::Busy),
            _ => judged(Cause::Unknown),
        }
    }

    fn identity_issuer(&self) -> Option<String> {
        self.tls.identity().map(|identity| identity.certificate().certificate().issuer().to_owned())
    }

    fn case(&self, words: String, search: Search) -> Case {
        let tls = &self.modem.profile().tls;
        Case {
            host: self.host.clone(),
            port: self.port,
            platform: self.modem.profile().id,
            can_send_name: tls.sends_server_name(),
            verifies: self.tls.verifies(),
            checks_host: self.tls.checks_host(),
            sends_name: self.tls.sends_server_name(),
            minimum: self.tls.minimum(),
            identity_issuer: self.identity_issuer(),
            can_offer,
            words,
            search,
        }
    }
}

/// An alert behind the handshake is about the client certificate, which is left out without verification: that nothing
/// else was in the way is what that attempt is for.
fn stands_until_alert(variation: Variation) -> bool {
    variation == Variation::NoVerification
}

fn can_offer(platform: PlatformId, suite: CipherSuite) -> bool {
    profile(platform).tls.suite_value(suite).is_some()
}

/// The remedy stands behind a semicolon in these texts.
fn remedied(mut judgement: Judgement) -> Judgement {
    if let Some((text, remedy)) = judgement.text.clone().split_once("; ") {
        judgement.text = text.to_owned();
        judgement.hint = Some(remedy.to_owned());
    }
    judgement
}

fn refused_by_platform(refusal: &PolicyRefusal) -> Cause {
    match refusal {
        PolicyRefusal::Version { .. } | PolicyRefusal::VersionNotKept { .. } => Cause::TlsVersion,
        PolicyRefusal::DefaultNotKept { .. } => Cause::TlsVersion,
        PolicyRefusal::ServerName { .. } => Cause::ServerName,
        PolicyRefusal::HostCheck { .. } => Cause::HostName,
        PolicyRefusal::Suites { .. } | PolicyRefusal::DefaultNotNeeded { .. } => Cause::CipherSuite,
        PolicyRefusal::Several { refusals } => refusals.first().map_or(Cause::Unknown, refused_by_platform),
    }
}

fn of_credential(error: &CredentialError) -> Cause {
    let credential = match error {
        CredentialError::Expired { credential, .. }
        | CredentialError::NotYetValid { credential, .. }
        | CredentialError::TooLarge { credential, .. } => *credential,
        CredentialError::NotAnAuthority { .. } => Credential::CaCertificate,
        _ => Credential::ClientCertificate,
    };
    match credential {
        Credential::CaCertificate => Cause::Ca,
        Credential::ClientCertificate | Credential::PrivateKey => Cause::ClientCertificate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_behind_the_handshake_is_not_about_the_server() {
        assert!(stands_until_alert(Variation::NoVerification));
        assert!(!stands_until_alert(Variation::NoHostCheck) && !stands_until_alert(Variation::NoIdentity));
    }
}
