//! What the FTP server said last.

use std::fmt;

/// Longest line that is kept.
const LINE_LIMIT: usize = 512;

/// The last reply of the server, as the module tells it (`#FTPMSG`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerReply {
    lines: Vec<String>,
}

impl ServerReply {
    pub(crate) fn from_lines(lines: impl IntoIterator<Item = String>) -> Option<Self> {
        let kept = |line: String| line.trim().chars().take(LINE_LIMIT).collect::<String>();
        let lines: Vec<String> = lines.into_iter().map(kept).filter(|line| !line.is_empty()).collect();
        (!lines.is_empty()).then_some(Self { lines })
    }

    /// Its three-digit code, of the last line that has one.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.lines.iter().rev().find_map(|line| {
            let digits = line.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse().ok()
        })
    }

    /// Its lines, control characters made visible.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Whether the server said no.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.code().is_some_and(|code| code >= 400)
    }

    /// Whether a transfer of data ended well. Source: RFC 959 5.4.
    pub(crate) fn ends_transfer(&self) -> bool {
        matches!(self.code(), Some(226 | 250))
    }

    /// Whether a data connection failed because it did not resume the TLS session of the control
    /// connection. The module never does. Source: SSL guide 9.
    pub(crate) fn demands_session_reuse(&self) -> bool {
        let says = |words: &str| self.contains(words);
        match self.code() {
            Some(522) => true,
            // ProFTPD gives no reason. Source: ProFTPD mod_tls, NoSessionReuseRequired.
            Some(425) if says("unable to build data connection") => true,
            Some(400..) => says("reus") || (says("session") && says("resum")),
            _ => false,
        }
    }

    /// Whether a session without TLS was refused because of that. Source: RFC 4217 (534), and the words of servers.
    pub(crate) fn demands_tls(&self) -> bool {
        let words = ["tls", "ssl", "encrypt", "cleartext"];
        self.code() == Some(534) || (self.is_negative() && words.iter().any(|words| self.contains(words)))
    }

    /// Whether the server cannot begin a file in the middle: it does not know REST (RFC 959 4.2), or does not allow it.
    pub(crate) fn refuses_restart(&self) -> bool {
        matches!(self.code(), Some(500..=504)) || (self.is_negative() && self.contains("restart"))
    }

    /// Whether SIZE was refused because of the representation type. Source: RFC 3659 4.3.
    pub(crate) fn refuses_ascii(&self) -> bool {
        self.is_negative() && self.contains("ascii")
    }

    pub(crate) fn contains(&self, words: &str) -> bool {
        self.lines.iter().any(|line| line.to_ascii_lowercase().contains(words))
    }
}

impl fmt::Display for ServerReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join(" / "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(line: &str) -> ServerReply {
        ServerReply::from_lines([line.to_owned()]).unwrap()
    }

    #[test]
    fn codes() {
        assert_eq!(reply("550 No such file").code(), Some(550));
        assert_eq!(reply("hello").code(), None);
        assert_eq!(reply("5é").code(), None);
        let lines = ["220-a".to_owned(), "220 b".to_owned(), "  ".to_owned()];
        assert_eq!(ServerReply::from_lines(lines).unwrap().lines().len(), 2);
    }

    #[test]
    fn servers_that_cannot_begin_in_the_middle() {
        for line in [
            "500 Command \"REST\" not understood.",
            "502 Command not implemented",
            "501 REST: Resume transfers not allowed",
            "451 fw.bin: Restart not permitted, try again",
        ] {
            assert!(reply(line).refuses_restart(), "{line}");
        }
        for line in ["350 Restarting at 5", "425 Can't open data connection.", "550 No such file"] {
            assert!(!reply(line).refuses_restart(), "{line}");
        }
    }

    #[test]
    fn servers_that_demand_session_reuse() {
        for line in [
            "522 SSL connection failed; session reuse required: see require_ssl_reuse option in vsftpd.conf man page",
            "425 Unable to build data connection: Operation not permitted",
            "450 TLS session of data connection has not resumed or the session does not match the control connection",
            "425 Unable to build data connection: TLS session of data connection not resumed.",
        ] {
            assert!(reply(line).demands_session_reuse(), "{line}");
        }
        for line in ["425 Can't open data connection.", "550 No such file", "226 session reused", "450 busy"]
        {
            assert!(!reply(line).demands_session_reuse(), "{line}");
        }
    }
}
