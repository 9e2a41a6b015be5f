//! What each step of an examination has found.

use std::fmt;

/// A step of an [`Examination`](super::Examination), in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Something on the port answers AT commands, and it is a module that is known.
    Module,
    /// The SIM can be used.
    Sim,
    /// The module is registered in a network.
    Registration,
    /// The packet data context is active and has an address.
    Context,
    /// The module's clock can judge the dates of certificates.
    Clock,
    /// Nobody else has the module's TLS.
    TlsOwner,
    /// What the module has stored, held against what was given.
    Credentials,
    /// The name of the server has an address.
    Name,
    /// The server takes TCP connections.
    Tcp,
    /// The handshake, exactly as it was asked for.
    Handshake,
    /// What the server says of itself before anything is encrypted.
    Server,
    /// The handshake with one thing changed.
    Attempt,
    /// The module's TLS settings are as they were.
    Settings,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 13] = [
        Self::Module,
        Self::Sim,
        Self::Registration,
        Self::Context,
        Self::Clock,
        Self::TlsOwner,
        Self::Credentials,
        Self::Name,
        Self::Tcp,
        Self::Handshake,
        Self::Server,
        Self::Attempt,
        Self::Settings,
    ];

    /// The word for it that programs can rely on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Sim => "sim",
            Self::Registration => "registration",
            Self::Context => "context",
            Self::Clock => "clock",
            Self::TlsOwner => "tls-owner",
            Self::Credentials => "credentials",
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Handshake => "handshake",
            Self::Server => "server",
            Self::Attempt => "attempt",
            Self::Settings => "settings",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing is wrong.
    Ok,
    /// It works, and something should be looked at.
    Warning,
    /// It does not work. An [attempt](Step::Attempt) that fails only rules something out.
    Failed,
    /// It could not be tried.
    Skipped,
}

impl Verdict {
    /// The word for it that programs can rely on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a step has found, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The step.
    pub step: Step,
    /// How it went.
    pub verdict: Verdict,
    /// What was found.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    pub(super) fn new(step: Step, verdict: Verdict, text: impl Into<String>) -> Self {
        Self { step, verdict, text: text.into(), hint: None }
    }

    pub(super) fn ok(step: Step, text: impl Into<String>) -> Self {
        Self::new(step, Verdict::Ok, text)
    }

    pub(super) fn warning(step: Step, text: impl Into<String>) -> Self {
        Self::new(step, Verdict::Warning, text)
    }

    pub(super) fn failed(step: Step, text: impl Into<String>) -> Self {
        Self::new(step, Verdict::Failed, text)
    }

    pub(super) fn skipped(step: Step, text: impl Into<String>) -> Self {
        Self::new(step, Verdict::Skipped, text)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<8} {:<13} {}", self.verdict, self.step, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_different_and_findings_stand_in_columns() {
        let mut words: Vec<_> = Step::ALL.map(Step::as_str).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Step::ALL.len());
        let finding = Finding::ok(Step::Tcp, "broker.test:8883 takes connections").hint("nothing");
        assert_eq!(finding.to_string(), "ok       tcp           broker.test:8883 takes connections");
    }
}
