//! What is wrong, in one word and in one sentence.

use std::fmt;

use super::Finding;
use crate::error::Category;

/// What keeps a module from its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Nothing: it connects as it was asked to.
    None,
    /// No module answers, or it stopped answering.
    NoModule,
    /// The SIM is missing or locked.
    Sim,
    /// No network, or the network refuses the SIM.
    Registration,
    /// The packet data context cannot be activated.
    Context,
    /// The module's clock cannot judge certificates.
    Clock,
    /// Another service has the module's TLS.
    Busy,
    /// The server's name has no address.
    NameResolution,
    /// Nobody takes TCP connections there, or the network does not let them through.
    Unreachable,
    /// What takes TCP connections there does not speak TLS.
    NotTls,
    /// The server's certificate does not lead to the CA that was given, or the CA certificate cannot be used.
    Ca,
    /// The server's certificate has expired or is not yet valid.
    ServerCertificate,
    /// The server's certificate is for another host name.
    HostName,
    /// The server wants its name (SNI) and does not get it, or does not know the one it gets.
    ServerName,
    /// Both sides have no TLS version in common.
    TlsVersion,
    /// Both sides have no cipher suite in common.
    CipherSuite,
    /// The server wants a client certificate, or refuses the one it gets.
    ClientCertificate,
    /// Nothing that was tried tells.
    Unknown,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 18] = [
        Self::None,
        Self::NoModule,
        Self::Sim,
        Self::Registration,
        Self::Context,
        Self::Clock,
        Self::Busy,
        Self::NameResolution,
        Self::Unreachable,
        Self::NotTls,
        Self::Ca,
        Self::ServerCertificate,
        Self::HostName,
        Self::ServerName,
        Self::TlsVersion,
        Self::CipherSuite,
        Self::ClientCertificate,
        Self::Unknown,
    ];

    /// The word for it that programs can rely on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::NoModule => "no-module",
            Self::Sim => "sim",
            Self::Registration => "registration",
            Self::Context => "context",
            Self::Clock => "clock",
            Self::Busy => "busy",
            Self::NameResolution => "name-resolution",
            Self::Unreachable => "unreachable",
            Self::NotTls => "not-tls",
            Self::Ca => "ca",
            Self::ServerCertificate => "server-certificate",
            Self::HostName => "host-name",
            Self::ServerName => "sni",
            Self::TlsVersion => "tls-version",
            Self::CipherSuite => "cipher-suite",
            Self::ClientCertificate => "client-certificate",
            Self::Unknown => "unknown",
        }
    }
}

impl Cause {
    /// Whose turn it is, unless what was asked for cannot be.
    fn category(self) -> Option<Category> {
        match self {
            Self::None => None,
            Self::NoModule => Some(Category::Link),
            Self::Sim => Some(Category::Refused),
            Self::Busy => Some(Category::Busy),
            _ => Some(Category::Network),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What came of an [`Examination`](super::Examination).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What every step has found, in the order in which they were taken.
    pub findings: Vec<Finding>,
    /// What is wrong.
    pub cause: Cause,
    /// The same in one sentence.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whose turn it is; `None` if nothing is wrong.
    pub category: Option<Category>,
}

impl Diagnosis {
    /// Whether the module connects as it was asked to.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.cause == Cause::None
    }
}

/// A cause with its words, before it is known what else was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) cause: Cause,
    pub(super) text: String,
    pub(super) hint: Option<String>,
    pub(super) category: Option<Category>,
}

impl Judgement {
    /// `category`: of the error behind it. What the caller has to change remains that; otherwise the cause tells.
    pub(super) fn new(cause: Cause, category: Category, text: impl Into<String>) -> Self {
        let category = if category == Category::Usage { Some(category) } else { cause.category() };
        Self { cause, text: text.into(), hint: None, category }
    }

    /// Of the network or the server.
    pub(super) fn network(cause: Cause, text: impl Into<String>) -> Self {
        Self::new(cause, Category::Network, text)
    }

    pub(super) fn healthy(text: impl Into<String>) -> Self {
        Self { cause: Cause::None, text: text.into(), hint: None, category: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn hint_if(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    pub(super) fn with(self, findings: Vec<Finding>) -> Diagnosis {
        let Self { cause, text, hint, category } = self;
        Diagnosis { findings, cause, text, hint, category }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_different() {
        let mut words: Vec<_> = Cause::ALL.map(Cause::as_str).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Cause::ALL.len());
    }

    #[test]
    fn one_cause_has_one_category_unless_the_caller_is_wrong() {
        let category = |cause, of_error| Judgement::new(cause, of_error, "").category;
        assert_eq!(category(Cause::Context, Category::Link), Some(Category::Network));
        assert_eq!(category(Cause::Unknown, Category::Refused), Some(Category::Network));
        assert_eq!(category(Cause::Busy, Category::Link), Some(Category::Busy));
        assert_eq!(category(Cause::Ca, Category::Usage), Some(Category::Usage));
    }
}
