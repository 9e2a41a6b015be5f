//! The ordered list of cipher suites.

use crate::at::{Command, CommandLine, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};
use crate::commands::{query, setting};

/// `AT#SSLSECCS=1`: the ordered list of cipher suites that is offered for suite 0.
///
/// Source: M37 p925-929.
#[derive(Clone, Copy, Debug)]
pub struct ListCipherSuites;

impl Command for ListCipherSuites {
    type Response = Vec<u16>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::set("#SSLSECCS").number(1_u8).build()?, Expect::text()).headed("#SSLSECCS:"))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<u16>, UnexpectedReply> {
        // One suite a line or all on one line; hexadecimal in either case. Source: M37 p926.
        let texts: Vec<String> = reply.lines().iter().map(|line| line.text().to_lowercase()).collect();
        let numbers = texts.iter().flat_map(|line| line.split("0x").skip(1));
        let digits = numbers.filter_map(|rest| rest.split(|c: char| !c.is_ascii_hexdigit()).next());
        Ok(digits.filter_map(|digits| u16::from_str_radix(digits, 16).ok()).collect())
    }
}

/// How the list of cipher suites is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CipherSuiteChange {
    /// Empties it.
    Clear,
    /// Appends a suite; the order of appending is the order of preference.
    Append(u16),
}

/// `AT#SSLSECCS=1,...`: changes the list. Source: M37 p925-929.
#[derive(Clone, Copy, Debug)]
pub struct SetCipherSuites(pub CipherSuiteChange);

impl Command for SetCipherSuites {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLSECCS").number(1_u8);
        let line = match self.0 {
            CipherSuiteChange::Clear => line.number(2_u8),
            CipherSuiteChange::Append(suite) => line.number(1_u8).hex(suite),
        };
        Ok(setting(line.build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    #[test]
    fn exact_lines() {
        assert_eq!(line(&SetCipherSuites(CipherSuiteChange::Append(0x1302))), "AT#SSLSECCS=1,1,0x1302");
        assert_eq!(line(&SetCipherSuites(CipherSuiteChange::Clear)), "AT#SSLSECCS=1,2");
        assert_eq!(line(&ListCipherSuites), "AT#SSLSECCS=1");
    }

    #[test]
    fn cipher_lists_in_both_layouts() {
        let lines = ["#SSLSECCS:", "LIST1:", "01: 0x1302", "02: 0x003d"];
        assert_eq!(ListCipherSuites.parse(&Reply::new(lines, "")).unwrap(), [0x1302, 0x003d]);
        let lines = ["#SSLSECCS: 1,0xC02F,0xC030"];
        assert_eq!(ListCipherSuites.parse(&Reply::new(lines, "")).unwrap(), [0xc02f, 0xc030]);
        let lines = ["#SSLSECCS: LIST1: 01: 0x9f", "02: 0X35"];
        assert_eq!(ListCipherSuites.parse(&Reply::new(lines, "")).unwrap(), [0x009f, 0x0035]);
        assert!(ListCipherSuites.parse(&Reply::default()).unwrap().is_empty());
    }
}
