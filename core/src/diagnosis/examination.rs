//! The examination as its user holds it, and the order of its steps.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_core::future::BoxFuture;

use super::cause::{Cause, Diagnosis, Judgement};
use super::finding::{Finding, Step};
use super::keeper::Keeper;
use crate::at::{Command, InvalidValue};
use crate::commands::DialPlainSocket;
use crate::error::{Category, CommandError};
use crate::modem::Modem;
use crate::socket::{SocketError, TlsConnector};
use crate::tls::{TlsError, TlsOptions};

/// Told of every finding as soon as it is made.
type Listener = Box<dyn FnMut(&Finding) + Send>;

impl Modem {
    /// Finds out why the module does not connect to a server by TLS, see [`diagnosis`](crate::diagnosis).
    #[must_use = "nothing is done until run() is called"]
    pub fn diagnose(&self, host: impl Into<String>, port: u16, tls: TlsOptions) -> Examination {
        let host = host.into();
        Examination {
            modem: self.clone(),
            tls: tls.for_host(&host),
            host,
            port,
            connect_timeout: Duration::from_secs(60),
            socket: None,
            findings: Vec::new(),
            listener: None,
            judgement: None,
        }
    }
}

/// Finds out what keeps a module from a server. [`Modem::diagnose`] makes one.
#[must_use = "nothing is done until run() is called"]
pub struct Examination {
    pub(super) modem: Modem,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: TlsOptions,
    pub(super) connect_timeout: Duration,
    /// The TLS socket whose settings are kept, which every handshake gets.
    pub(super) socket: Option<u8>,
    findings: Vec<Finding>,
    /// Locked by nobody: that makes it shareable.
    listener: Option<Mutex<Listener>>,
    judgement: Option<Judgement>,
}

/// The module has stopped answering: nothing more can be found out.
#[derive(Debug)]
pub(super) struct Gone(pub(super) String);

impl fmt::Debug for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, tls, connect_timeout, .. } = self;
        f.debug_struct("Examination")
            .field("host", host)
            .field("port", port)
            .field("tls", tls)
            .field("connect_timeout", connect_timeout)
            .finish_non_exhaustive()
    }
}

impl Examination {
    /// Is told of every finding as soon as it is made: some steps take long.
    pub fn on_finding(mut self, listener: impl FnMut(&Finding) + Send + 'static) -> Self {
        self.listener = Some(Mutex::new(Box::new(listener)));
        self
    }

    /// How long each handshake may take: 100 ms to a day, default 60 s. See [`TlsConnector::connect_timeout`].
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Takes the steps.
    ///
    /// # Time
    /// Seconds where everything is well, and about a minute where a handshake fails at once. At most what
    /// [`bring_up`](Modem::bring_up) takes, nine times the [`connect_timeout`](Self::connect_timeout), and an hour, which is
    /// the sum of the deadlines of all commands.
    ///
    /// # Errors
    /// The host cannot be part of a command. Everything else is a [`Finding`].
    ///
    /// # Cancel safety
    /// What was opened is closed, and the settings of TLS are put back, in the background. Credentials that were stored
    /// stay, as does a clock that was set.
    pub async fn run(self) -> Result<Diagnosis, InvalidValue> {
        let (host, port) = (self.host.clone(), self.port);
        DialPlainSocket { socket: 1, host, port, deadline: self.connect_timeout }.exchange()?;
        Ok(self.all_steps().await)
    }

    fn all_steps(mut self) -> BoxFuture<'static, Diagnosis> {
        Box::pin(async move {
            let modem = &self.modem;
            let text = format!(
                "{} with firmware {}, platform {}",
                modem.model(),
                modem.firmware(),
                modem.profile().id
            );
            self.note(Finding::ok(Step::Module, text));
            if let Err(Gone(reason)) = self.steps().await {
                self.note(Finding::failed(
                    Step::Module,
                    format!("the module has stopped answering: {reason}"),
                ));
                let hint = "check that it is powered, its port and the line rate; restart it";
                self.judgement = Some(Judgement::new(Cause::NoModule, Category::Link, reason).hint(hint));
            }
            let judgement = self.judgement.take().unwrap_or_else(|| {
                Judgement::healthy(format!(
                    "the module connects to {}:{} as it was asked to",
                    self.host, self.port
                ))
            });
            judgement.with(self.findings)
        })
    }

    async fn steps(&mut self) -> Result<(), Gone> {
        let on_line = self.examine_network().await?;
        let clock_is_right = self.examine_clock(on_line).await?;
        let keeper = self.take_tls().await?;
        if let Some(keeper) = &keeper {
            self.examine_credentials(keeper).await?;
        }
        if !on_line {
            for step in [Step::Name, Step::Tcp, Step::Handshake] {
                self.note(Finding::skipped(step, "the module is not on line"));
            }
            return Ok(());
        }
        self.examine_name().await?;
        let reached = self.examine_tcp().await?;
        let why_not = match (&keeper, clock_is_right, &reached) {
            (None, ..) => Some("another service has the module's TLS"),
            (_, false, _) => Some("the module's clock cannot judge certificates"),
            (.., Some(false)) => Some("the server takes no connections"),
            _ => None,
        };
        match (keeper, why_not) {
            (Some(keeper), None) => self.examine_handshake(keeper).await,
            (_, why_not) => {
                self.note(Finding::skipped(Step::Handshake, why_not.unwrap_or_default()));
                Ok(())
            }
        }
    }

    /// Takes TLS for sockets, as every connection does.
    async fn take_tls(&mut self) -> Result<Option<Keeper>, Gone> {
        let owner = self.asked(self.modem.tls_owner().await)?.flatten();
        let connector = TlsConnector::new(&self.modem, self.tls.clone());
        if connector.open_sockets() > 0 {
            self.note_busy("TLS sockets of this program are open");
            return Ok(None);
        }
        match connector.try_turn().await {
            Ok(turn) => {
                self.note(match owner {
                    Some(service) => Finding::warning(
                        Step::TlsOwner,
                        format!("TLS was left on for the {service} service by an earlier program, and was switched off"),
                    ),
                    None => Finding::ok(Step::TlsOwner, "nobody has the module's TLS"),
                });
                Ok(Some(Keeper::new(&self.modem, turn)))
            }
            Err(error) if error.category() == Category::Busy => {
                self.note_busy(&error.to_string());
                Ok(None)
            }
            Err(error) => {
                self.check(&error)?;
                self.note(Finding::failed(Step::TlsOwner, error.to_string()));
                self.blame(Judgement::new(Cause::Unknown, error.category(), error.to_string()));
                Ok(None)
            }
        }
    }

    fn note_busy(&mut self, text: &str) {
        let hint = "one service at a time has the module's TLS: end the other one first";
        self.note(Finding::failed(Step::TlsOwner, text).hint(hint));
        self.blame(Judgement::new(Cause::Busy, Category::Busy, text).hint(hint));
    }

    /// What a step has found.
    pub(super) fn note(&mut self, finding: Finding) {
        if let Some(listener) = &mut self.listener {
            let listener = listener.get_mut().unwrap_or_else(PoisonError::into_inner);
            listener(&finding);
        }
        self.findings.push(finding);
    }

    /// What is wrong. What was wrong before remains the cause.
    pub(super) fn blame(&mut self, judgement: Judgement) {
        self.judgement.get_or_insert(judgement);
    }

    /// What a command has told; `None` if the module refuses it.
    pub(super) fn asked<T>(&self, asked: Result<T, CommandError>) -> Result<Option<T>, Gone> {
        match asked {
            Ok(told) => Ok(Some(told)),
            Err(error) if is_gone(&error) => Err(Gone(error.to_string())),
            Err(error) => {
                tracing::debug!(%error, "a question is not answered");
                Ok(None)
            }
        }
    }

    /// Whether the module is gone, by what a connection said.
    pub(super) fn check(&self, error: &SocketError) -> Result<(), Gone> {
        match error {
            SocketError::Command(error) | SocketError::Tls(TlsError::Command(error)) if is_gone(error) => {
                Err(Gone(error.to_string()))
            }
            SocketError::ModuleRestarted | SocketError::Stuck => Err(Gone(error.to_string())),
            _ => Ok(()),
        }
    }
}

pub(super) fn is_gone(error: &CommandError) -> bool {
    matches!(error, CommandError::LinkLost { .. } | CommandError::NotResponding { .. })
}
