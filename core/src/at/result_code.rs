//! Final results: the line that ends the answer to a command.

use std::fmt;

/// What the module says when it refuses a command.
///
/// Unknown codes are kept: [`number`](Self::number) and [`text`](Self::text) give what arrived.
/// SSL numbers differ between manuals, so decide by [`is`](Self::is) with the text first.
///
/// Source: M37 p20-31; SSL guide 12.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleError {
    family: ErrorFamily,
    number: Option<u32>,
    text: String,
    behind_payload: bool,
}

/// The form in which a refusal arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorFamily {
    /// A bare `ERROR`: syntax, parameters, or `AT+CMEE=0`.
    Plain,
    /// `+CME ERROR: ...`
    Equipment,
    /// `+CMS ERROR: ...`
    Message,
    /// `NO CARRIER`, `BUSY`, `NO ANSWER` or `NO DIALTONE` in answer to a dial-like command.
    Call,
}

impl ModuleError {
    /// A bare `ERROR`.
    #[must_use]
    pub fn plain() -> Self {
        Self { family: ErrorFamily::Plain, number: None, text: String::new(), behind_payload: false }
    }

    /// A `+CME ERROR` with this number or text.
    #[must_use]
    pub fn equipment(detail: &str) -> Self {
        Self::detailed(ErrorFamily::Equipment, detail)
    }

    fn detailed(family: ErrorFamily, detail: &str) -> Self {
        let detail = detail.trim();
        match detail.parse() {
            Ok(number) => Self { family, number: Some(number), text: String::new(), behind_payload: false },
            Err(_) => Self { family, number: None, text: detail.to_owned(), behind_payload: false },
        }
    }

    fn call(text: &str) -> Self {
        Self { family: ErrorFamily::Call, number: None, text: text.to_owned(), behind_payload: false }
    }

    /// The same refusal, of a command whose payload the module had got by then.
    #[must_use]
    pub fn behind_payload(mut self) -> Self {
        self.behind_payload = true;
        self
    }

    /// Whether the module had asked for the payload of the command, and got it, before it refused. If not, none of the
    /// payload has gone anywhere.
    #[must_use]
    pub fn is_behind_payload(&self) -> bool {
        self.behind_payload
    }

    /// The form in which it arrived.
    #[must_use]
    pub fn family(&self) -> ErrorFamily {
        self.family
    }

    /// The number, if the module sent one (`AT+CMEE=1`).
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.number
    }

    /// The module's own words (`AT+CMEE=2`), empty if it sent a number or a bare `ERROR`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this is the error with one of these numbers or this text.
    ///
    /// Texts are compared by letters and digits only, and `cannot` equals `can not`: firmware
    /// differs in blanks, case, full stops and that word. Source: SSL guide 6.8.1; M37 p20, p25.
    #[must_use]
    pub fn is(&self, numbers: &[u32], text: &str) -> bool {
        match self.number {
            Some(number) => numbers.contains(&number),
            None => !self.text.is_empty() && normal(&self.text) == normal(text),
        }
    }

    /// Whether the normalised text contains this one.
    #[must_use]
    pub fn mentions(&self, text: &str) -> bool {
        normal(&self.text).contains(&normal(text))
    }
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.family {
            ErrorFamily::Plain => return f.write_str("ERROR"),
            ErrorFamily::Call => return f.write_str(&self.text),
            ErrorFamily::Equipment => "CME",
            ErrorFamily::Message => "CMS",
        };
        match self.number {
            Some(number) => write!(f, "+{name} ERROR: {number}"),
            None => write!(f, "+{name} ERROR: {}", self.text),
        }
    }
}

/// A final result line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Final {
    Ok,
    Connect,
    Error(ModuleError),
}

impl Final {
    /// Whether [`parse`](Self::parse) may recognise it: most lines begin with something else.
    #[inline]
    pub(crate) fn may_be(line: &[u8]) -> bool {
        matches!(line, [b'O' | b'E', ..] | [b'+', b'C', b'M', ..])
    }

    /// Recognises `OK`, `ERROR` and `+CME/+CMS ERROR`, which end every kind of command.
    pub(crate) fn parse(line: impl AsRef<[u8]>) -> Option<Self> {
        let line = line.as_ref();
        match line.first()? {
            b'O' => (line == b"OK").then_some(Self::Ok),
            b'E' => (line == b"ERROR").then(|| Self::Error(ModuleError::plain())),
            b'+' => {
                let (family, rest) = match line.strip_prefix(b"+CM")? {
                    [b'E', rest @ ..] => (ErrorFamily::Equipment, rest),
                    [b'S', rest @ ..] => (ErrorFamily::Message, rest),
                    _ => return None,
                };
                let detail = String::from_utf8_lossy(rest.strip_prefix(b" ERROR:")?);
                Some(Self::Error(ModuleError::detailed(family, &detail)))
            }
            _ => None,
        }
    }

    /// Recognises what only ends a dial-like command; elsewhere `NO CARRIER` is unsolicited.
    pub(crate) fn parse_dial(line: impl AsRef<[u8]>) -> Option<Self> {
        let line = line.as_ref();
        if line == b"CONNECT" || line.starts_with(b"CONNECT ") {
            return Some(Self::Connect);
        }
        let call = is_no_carrier(line) || matches!(line, b"NO DIALTONE" | b"BUSY" | b"NO ANSWER");
        call.then(|| Self::Error(ModuleError::call(&String::from_utf8_lossy(line))))
    }

    /// `0` and `4`, the results of a module that is still in `ATV0`.
    pub(crate) fn parse_numeric(line: impl AsRef<[u8]>) -> Option<Self> {
        match line.as_ref() {
            b"0" => Some(Self::Ok),
            b"4" => Some(Self::Error(ModuleError::plain())),
            _ => None,
        }
    }
}

/// Guides print `NO CARRIER` and `NOCARRIER`. Source: IPE28 p126.
pub(crate) fn is_no_carrier(line: &[u8]) -> bool {
    after_no_carrier(line).is_some()
}

/// What stands behind the words.
pub(crate) fn after_no_carrier(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"NO CARRIER").or_else(|| line.strip_prefix(b"NOCARRIER"))
}

fn normal(text: &str) -> String {
    let letters: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    letters.replace("byanotherinstance", "byotherinstance")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_final_result() {
        assert_eq!(Final::parse("OK"), Some(Final::Ok));
        assert_eq!(Final::parse("ERROR"), Some(Final::Error(ModuleError::plain())));
        let numeric = Final::parse("+CME ERROR: 553");
        assert_eq!(numeric, Some(Final::Error(ModuleError::equipment("553"))));
        let text = Final::parse("+CME ERROR:SSL already activated");
        assert_eq!(text, Some(Final::Error(ModuleError::equipment("SSL already activated"))));
        assert_eq!(Final::parse("+CMS ERROR: 1103").unwrap().to_string(), "+CMS ERROR: 1103");
        assert_eq!(Final::parse("OKAY"), None);
        assert_eq!(Final::parse("+CMEE: 2"), None);
        assert_eq!(Final::parse("NO CARRIER"), None);
        assert_eq!(Final::parse_dial("CONNECT 150000000"), Some(Final::Connect));
        assert_eq!(Final::parse_dial("CONNECTED"), None);
        assert!(matches!(Final::parse_dial("NO CARRIER:SSL,1,4"), Some(Final::Error(_))));
    }

    #[test]
    fn numeric_results_are_zero_and_four() {
        assert_eq!(Final::parse_numeric("0"), Some(Final::Ok));
        assert_eq!(Final::parse_numeric("4"), Some(Final::Error(ModuleError::plain())));
        for other in ["1", "3", "00", "OK", ""] {
            assert_eq!(Final::parse_numeric(other), None);
        }
    }

    #[test]
    fn what_ends_a_dial() {
        for line in ["NO CARRIER", "NOCARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"] {
            let Some(Final::Error(error)) = Final::parse_dial(line) else { panic!("{line}") };
            assert_eq!(
                (error.family(), error.text(), error.to_string()),
                (ErrorFamily::Call, line, line.into())
            );
        }
        assert_eq!(Final::parse_dial("CONNECT"), Some(Final::Connect));
        for line in ["OK", "NO DIALTONES", "CONNECTION"] {
            assert_eq!(Final::parse_dial(line), None);
        }
    }

    #[test]
    fn errors_are_shown_as_they_arrived() {
        let shown = |line| Final::parse(line).map(|result| result.to_string());
        for line in ["ERROR", "+CME ERROR: 100", "+CMS ERROR: unknown", "+CME ERROR: SIM not inserted"] {
            assert_eq!(shown(line).as_deref(), Some(line));
        }
        let families = ["ERROR", "+CME ERROR: 1", "+CMS ERROR: 1"].map(|line| match Final::parse(line) {
            Some(Final::Error(error)) => error.family(),
            _ => ErrorFamily::Call,
        });
        assert_eq!(families, [ErrorFamily::Plain, ErrorFamily::Equipment, ErrorFamily::Message]);
    }

    #[test]
    fn a_text_may_mention_something() {
        let error = ModuleError::equipment("MQTT: can not connect, Socket-Error.");
        assert!(error.mentions("socket error") && error.mentions("cannot connect"));
        assert!(!error.mentions("socket is closed") && !ModuleError::equipment("7").mentions("7"));
    }

    #[test]
    fn unknown_codes_are_kept() {
        let error = ModuleError::equipment("30015");
        assert_eq!((error.number(), error.to_string()), (Some(30015), "+CME ERROR: 30015".to_owned()));
        let error = ModuleError::equipment("something new");
        assert_eq!((error.number(), error.text()), (None, "something new"));
    }

    #[test]
    fn texts_match_whatever_the_spelling() {
        let error = ModuleError::equipment("Resource used by another instance.");
        assert!(error.is(&[612], "Resource used by other instance"));
        assert!(ModuleError::equipment("Can not resolve DN").is(&[558], "cannot resolve DN"));
        assert!(ModuleError::equipment("1003").is(&[835, 1003], "SSL already activated"));
        assert!(!ModuleError::equipment("1004").is(&[835, 1003], "SSL already activated"));
        assert!(!ModuleError::equipment("SSL not activated").is(&[835, 1003], "SSL already activated"));
        assert!(!ModuleError::plain().is(&[], ""));
    }

    impl fmt::Display for Final {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Ok => f.write_str("OK"),
                Self::Connect => f.write_str("CONNECT"),
                Self::Error(error) => error.fmt(f),
            }
        }
    }
}
