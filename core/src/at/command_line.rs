//! The one encoder: values in, a command line out, nothing injected.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::typed_secrets;

/// Longest command line that every module takes, counted without the closing carriage return.
///
/// Source: M37 p20.
pub const DEFAULT_LINE_LIMIT: usize = 400;

/// Most lines are not longer, so that one piece of memory is enough for them.
const USUAL_LENGTH: usize = 32;

const REDACTED: &str = "[redacted]";

/// Characters in a row by which a secret is recognised.
const SECRET_FRAGMENT: usize = 6;

/// Shorter secrets are not recognised.
const SHORTEST_SECRET: usize = 4;

/// Characters in front of a secret by which its place on the line is recognised.
const SECRET_CONTEXT: usize = 4;

/// One AT command line, encoded and checked, without its closing carriage return.
///
/// It is built from typed parameters only, so a value of the user can never end the line or open
/// another command. Its `Debug` and `Display` forms show secrets as `[redacted]`.
///
/// ```
/// use telit_core::at::CommandLine;
///
/// let line = CommandLine::set("#MQCFG").number(1_u8).text("host", "broker.example").number(8883_u16).build()?;
/// assert_eq!(line.as_bytes(), b"AT#MQCFG=1,\"broker.example\",8883");
/// assert!(CommandLine::set("#MQCFG").number(1_u8).text("host", "a\r\nATD1").build().is_err());
/// # Ok::<(), telit_core::at::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CommandLine {
    text: String,
    secrets: Vec<Range<usize>>,
    /// Not shown, and not looked for in what the module says, as secrets are.
    payload: Option<Range<usize>>,
    name: Range<usize>,
}

impl CommandLine {
    /// The execution form: `AT#MQDISC`.
    #[must_use]
    pub fn execute(name: &'static str) -> Self {
        Self::bare(name, "")
    }

    /// The read form: `AT#MQEN?`. Never use it on a command that acts: the module would execute it.
    ///
    /// Source: M37 p18.
    #[must_use]
    pub fn read(name: &'static str) -> Self {
        Self::bare(name, "?")
    }

    /// The test form, which tells the ranges that this firmware takes: `AT#MQEN=?`.
    #[must_use]
    pub fn test(name: &'static str) -> Self {
        Self::bare(name, "=?")
    }

    /// Starts a set form: `AT#MQEN=...`.
    pub fn set(name: &'static str) -> Parameters {
        let line = Self::begin(name, "=", USUAL_LENGTH);
        Parameters { line, first: true, limit: DEFAULT_LINE_LIMIT, refused: None }
    }

    /// A line typed by a person, sent as it stands.
    ///
    /// # Errors
    /// Refuses control characters, non-ASCII text and lines that are too long.
    pub fn verbatim(line: &str) -> Result<Self, InvalidValue> {
        if let Some(problem) = forbidden(line, true) {
            return Err(InvalidValue::new("command line", problem));
        }
        if line.len() > DEFAULT_LINE_LIMIT {
            return Err(too_long("command line", line.len(), DEFAULT_LINE_LIMIT));
        }
        let end = line.find(['=', '?']).unwrap_or(line.len());
        Ok(Self { text: line.to_owned(), secrets: typed_secrets::find(line), payload: None, name: 0..end })
    }

    /// Several commands on one line: a semicolon stands behind each extended one, nothing behind a basic one.
    /// Source: M37 p19.
    pub(super) fn chain<'a>(lines: impl Iterator<Item = &'a Self>) -> Self {
        let mut chain = Self { text: "AT".to_owned(), secrets: Vec::new(), payload: None, name: 2..2 };
        let mut after_extended = false;
        for line in lines {
            if after_extended {
                chain.text.push(';');
            } else if chain.name.is_empty() {
                chain.name = line.name.clone();
            }
            chain.text.push_str(line.text.get(2..).unwrap_or_default());
            after_extended = line.name().starts_with(['+', '#']);
        }
        chain
    }

    fn bare(name: &'static str, form: &str) -> Self {
        Self::begin(name, form, 2 + name.len() + form.len())
    }

    /// With room for so many bytes.
    fn begin(name: &'static str, form: &str, room: usize) -> Self {
        let mut text = String::with_capacity(room);
        ["AT", name, form].iter().for_each(|part| text.push_str(part));
        Self { name: 2..2 + name.len(), text, secrets: Vec::new(), payload: None }
    }

    /// The line as it is sent, secrets included.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The command's name, such as `#MQCFG`: safe to show anywhere.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.get(self.name.clone()).unwrap_or_default()
    }

    /// The line with every secret and the payload replaced by `[redacted]`.
    #[must_use]
    pub fn redacted(&self) -> String {
        let mut shown = String::with_capacity(self.text.len());
        let mut from = 0;
        let mut hidden: Vec<_> = self.secrets.iter().chain(&self.payload).collect();
        hidden.sort_by_key(|range| range.start);
        for range in hidden {
            shown.push_str(self.text.get(from..range.start).unwrap_or_default());
            shown.push_str(REDACTED);
            from = range.end;
        }
        shown.push_str(self.text.get(from..).unwrap_or_default());
        shown
    }

    pub(crate) fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// Whether a received line shows one of the secrets, or a fragment: the line may be an echo that was damaged
    /// on its way. Secrets of less than [`SHORTEST_SECRET`] characters are too common to be recognised.
    pub(crate) fn is_secret_in(&self, line: &[u8]) -> bool {
        let shown = |secret: &[u8]| {
            let length = secret.len().min(SECRET_FRAGMENT);
            length >= SHORTEST_SECRET
                && secret.windows(length).any(|part| memchr::memmem::find(line, part).is_some())
        };
        self.secrets.iter().filter_map(|range| self.text.as_bytes().get(range.clone())).any(shown)
    }

    /// Whether a received line goes on as this one does where it has its name, or where a secret begins.
    pub(crate) fn is_copied_in(&self, line: &[u8]) -> bool {
        let begins = |range: &Range<usize>| {
            range.start.saturating_sub(SECRET_CONTEXT)..range.end.min(range.start + SHORTEST_SECRET)
        };
        let name = self.name.start..self.name.end + 1;
        let pieces = self.secrets.iter().map(begins).chain([name]);
        let mut bytes = pieces.filter_map(|range| self.text.as_bytes().get(range));
        bytes.any(|piece| memchr::memmem::find(line, piece).is_some())
    }

    pub(crate) fn to_wire(&self) -> Bytes {
        let mut wire = Vec::with_capacity(self.text.len() + 1);
        wire.extend_from_slice(self.text.as_bytes());
        // Only CR: an LF would land in a following data prompt. Source: M37 p19.
        wire.push(b'\r');
        wire.into()
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl fmt::Debug for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommandLine").field(&self.redacted()).finish()
    }
}

/// The parameters of a set command while it is being built. See [`CommandLine::set`].
#[derive(Debug)]
#[must_use = "nothing is encoded until build() is called"]
pub struct Parameters {
    line: CommandLine,
    first: bool,
    limit: usize,
    refused: Option<InvalidValue>,
}

impl Parameters {
    /// A decimal number.
    pub fn number(mut self, value: impl Into<u64>) -> Self {
        self.separate();
        let value = value.into();
        match u8::try_from(value) {
            Ok(digit @ 0..=9) => self.line.text.push(char::from(b'0' + digit)),
            _ => self.line.text.push_str(&value.to_string()),
        }
        self
    }

    /// A 16-bit number in hexadecimal: `0xC02F`, as cipher suites are written.
    ///
    /// Source: M37 p885.
    pub fn hex(mut self, value: u16) -> Self {
        self.separate();
        self.line.text.push_str(&format!("0x{value:04X}"));
        self
    }

    /// A string in double quotes. `field` names the value in the error message.
    ///
    /// Control characters, double quotes and everything outside ASCII are refused when the line is
    /// built: no escape exists that every module understands. Source: M37 p166-167.
    pub fn text(mut self, field: &'static str, value: &str) -> Self {
        self.quoted(field, value);
        self
    }

    /// Like [`text`](Self::text), and never shown in logs, errors or transcripts.
    pub fn secret_text(mut self, field: &'static str, value: &str) -> Self {
        let range = self.quoted(field, value);
        if !value.is_empty() {
            self.line.secrets.push(range);
        }
        self
    }

    /// Like [`text`](Self::text), and shown as `[redacted]`: what is published is nobody's business. It may be any text, so
    /// that the module's own lines may hold it too: they are not taken for damaged echoes, as those with a
    /// [secret](Self::secret_text) are. For one value of a line.
    pub fn payload_text(mut self, field: &'static str, value: &str) -> Self {
        let range = self.quoted(field, value);
        self.line.payload = (!value.is_empty()).then_some(range);
        self
    }

    /// A string in double quotes in which a backslash and two hexadecimal digits stand for each control character,
    /// double quote and backslash. The module must have been told to take such escapes (`#SETHEXSTR=2`), and only
    /// `#MQWCFG` takes them for control characters. A value that needs none is written as by [`text`](Self::text).
    ///
    /// What is not ASCII is refused when the line is built. Source: M37 p166-167.
    pub fn escaped_text(mut self, field: &'static str, value: &[u8]) -> Self {
        self.separate();
        if !value.is_ascii() {
            self.refused.get_or_insert_with(|| InvalidValue::new(field, "it is not ASCII"));
        }
        self.line.text.push('"');
        for &byte in value {
            match byte {
                b'"' | b'\\' | 0..b' ' | 0x7F => self.line.text.push_str(&format!("\\{byte:02X}")),
                printable => self.line.text.push(char::from(printable)),
            }
        }
        self.line.text.push('"');
        self
    }

    /// An omitted parameter, which keeps its previous value in commands that have a read form.
    ///
    /// Source: M37 p16.
    pub fn omitted(mut self) -> Self {
        self.separate();
        self
    }

    /// Replaces the limit on the length of the whole line (default [`DEFAULT_LINE_LIMIT`]).
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Finishes the line.
    ///
    /// # Errors
    /// The first value that cannot be sent, or the line's length.
    pub fn build(self) -> Result<CommandLine, InvalidValue> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        if self.line.text.len() > self.limit {
            return Err(too_long("command line", self.line.text.len(), self.limit));
        }
        Ok(self.line)
    }

    fn separate(&mut self) {
        if !self.first {
            self.line.text.push(',');
        }
        self.first = false;
    }

    fn quoted(&mut self, field: &'static str, value: &str) -> Range<usize> {
        self.separate();
        if let Some(problem) = forbidden(value, false) {
            self.refused.get_or_insert_with(|| InvalidValue::new(field, problem));
        }
        // Also the quotes, and the comma behind them.
        self.line.text.reserve(value.len() + 3);
        self.line.text.push('"');
        let start = self.line.text.len();
        self.line.text.push_str(value);
        let end = self.line.text.len();
        self.line.text.push('"');
        start..end
    }
}

/// A value that cannot be put on a command line. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {field}: {problem}")]
pub struct InvalidValue {
    field: &'static str,
    problem: String,
}

impl InvalidValue {
    /// Names the value that was refused and says why, without repeating the value.
    #[must_use]
    pub fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }

    /// Which value was refused.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }
}

fn too_long(field: &'static str, length: usize, limit: usize) -> InvalidValue {
    InvalidValue::new(field, format!("it has {length} characters, the module takes at most {limit}"))
}

fn forbidden(value: &str, quotes_allowed: bool) -> Option<String> {
    let is_allowed = |byte: u8| (b' '..=b'~').contains(&byte) & (quotes_allowed | (byte != b'"'));
    // All bytes together: a loop that stops at the first one takes them one by one.
    if value.bytes().fold(true, |allowed, byte| allowed & is_allowed(byte)) {
        return None;
    }
    let found = value.chars().find(|&c| !(' '..='~').contains(&c) || (c == '"' && !quotes_allowed))?;
    Some(match found {
        '\r' => "it contains a carriage return".to_owned(),
        '\n' => "it contains a line feed".to_owned(),
        '\0' => "it contains a NUL character".to_owned(),
        '\u{1a}' => "it contains Ctrl-Z".to_owned(),
        '\u{1b}' => "it contains an escape character".to_owned(),
        '"' => "it contains a double quote, which AT strings cannot carry".to_owned(),
        c if c.is_ascii() => format!("it contains the control character 0x{:02x}", u32::from(c)),
        _ => "it contains a character outside ASCII".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_every_kind_of_parameter() {
        let line = CommandLine::set("#X")
            .number(1_u32)
            .text("name", "a b")
            .omitted()
            .hex(0xc02f)
            .text("empty", "")
            .build()
            .unwrap();
        assert_eq!(line.as_bytes(), b"AT#X=1,\"a b\",,0xC02F,\"\"");
        assert_eq!(line.name(), "#X");
        assert_eq!(&line.to_wire()[..], b"AT#X=1,\"a b\",,0xC02F,\"\"\r");
    }

    #[test]
    fn escapes_stand_for_what_a_string_cannot_hold() {
        let escaped = |value: &[u8]| CommandLine::set("#X").escaped_text("will", value).build();
        let line = escaped(b"\0\x1f \"~\\\x7f").unwrap();
        assert_eq!(line.as_bytes(), b"AT#X=\"\\00\\1F \\22~\\5C\\7F\"");
        assert_eq!(escaped(b"plain").unwrap().as_bytes(), b"AT#X=\"plain\"");
        let error = escaped(b"\x80").unwrap_err();
        assert_eq!(error.to_string(), "invalid will: it is not ASCII");
        let error = escaped(&[b'"'; 132]).unwrap_err();
        assert_eq!(error.field(), "command line", "each takes three characters");
    }

    #[test]
    fn other_forms() {
        assert_eq!(CommandLine::execute("#MQDISC").as_bytes(), b"AT#MQDISC");
        assert_eq!(CommandLine::read("+CMEE").as_bytes(), b"AT+CMEE?");
        assert_eq!(CommandLine::test("#SSLCFG").as_bytes(), b"AT#SSLCFG=?");
    }

    #[test]
    fn refuses_what_could_inject_and_says_what_it_was() {
        for (bad, problem) in [
            ("a\rb", "a carriage return"),
            ("a\nb", "a line feed"),
            ("a\0b", "a NUL character"),
            ("a\u{1a}", "Ctrl-Z"),
            ("\u{1b}", "an escape character"),
            ("say \"hi\"", "a double quote, which AT strings cannot carry"),
            ("b\u{8}", "the control character 0x08"),
            ("\u{7f}", "the control character 0x7f"),
            ("é", "a character outside ASCII"),
            ("\u{80}", "a character outside ASCII"),
        ] {
            let error = CommandLine::set("#X").text("topic", bad).build().unwrap_err();
            assert_eq!(error.field(), "topic");
            assert_eq!(error.to_string(), format!("invalid topic: it contains {problem}"));
        }
        let line = CommandLine::set("#X").text("topic", " ~").build().unwrap();
        assert_eq!(line.as_bytes(), b"AT#X=\" ~\"", "the first and the last that are taken");
    }

    #[test]
    fn first_refusal_is_reported() {
        let error = CommandLine::set("#X").text("one", "\r").text("two", "\n").build().unwrap_err();
        assert_eq!(error.to_string(), "invalid one: it contains a carriage return");
    }

    #[test]
    fn secrets_are_never_shown() {
        let line = CommandLine::set("#FTPOPEN")
            .text("server", "h:21")
            .text("user", "u")
            .secret_text("password", "swordfish")
            .number(1_u32)
            .build()
            .unwrap();
        assert_eq!(line.to_string(), "AT#FTPOPEN=\"h:21\",\"u\",\"[redacted]\",1");
        assert_eq!(
            format!("{line:?}"),
            "CommandLine(\"AT#FTPOPEN=\\\"h:21\\\",\\\"u\\\",\\\"[redacted]\\\",1\")"
        );
        assert!(line.as_bytes().windows(9).any(|w| w == b"swordfish"));
    }

    #[test]
    fn line_length_is_limited() {
        let fits = "x".repeat(DEFAULT_LINE_LIMIT - "AT#X=\"\"".len());
        assert!(CommandLine::set("#X").text("t", &fits).build().is_ok());
        let error = CommandLine::set("#X").text("t", &format!("{fits}x")).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid command line: it has 401 characters, the module takes at most 400"
        );
    }

    #[test]
    fn another_limit_counts_instead() {
        let line = |limit| CommandLine::set("#X").number(12_u8).limit(limit).build();
        assert!(line(7).is_ok());
        assert_eq!(
            line(6).unwrap_err().to_string(),
            "invalid command line: it has 7 characters, the module takes at most 6"
        );
    }

    #[test]
    fn verbatim_lines_are_limited_too() {
        assert!(CommandLine::verbatim(&"A".repeat(DEFAULT_LINE_LIMIT)).is_ok());
        assert_eq!(
            CommandLine::verbatim(&"A".repeat(DEFAULT_LINE_LIMIT + 1)).unwrap_err().to_string(),
            "invalid command line: it has 401 characters, the module takes at most 400"
        );
    }

    #[test]
    fn a_payload_is_not_shown_and_not_looked_for() {
        let line =
            CommandLine::set("#MQPUBS").secret_text("a", "swordfish").payload_text("b", "#MQRING: 1,1");
        let line = line.build().unwrap();
        assert_eq!(line.as_bytes(), b"AT#MQPUBS=\"swordfish\",\"#MQRING: 1,1\"");
        assert_eq!(line.to_string(), "AT#MQPUBS=\"[redacted]\",\"[redacted]\"");
        assert!(line.is_secret_in(b"AT#MQPUBS=\"swordfsh\"") && !line.is_secret_in(b"#MQRING: 1,1,\"t\",3"));
        let line = CommandLine::set("#MQPUBS").payload_text("b", "").build().unwrap();
        assert_eq!(line.to_string(), "AT#MQPUBS=\"\"");
    }

    #[test]
    fn the_name_of_a_verbatim_line_ends_before_its_parameters() {
        for (line, name) in
            [("AT+CPIN=1234", "AT+CPIN"), ("AT+CPIN?", "AT+CPIN"), ("AT#X=?", "AT#X"), ("ATI", "ATI")]
        {
            assert_eq!(CommandLine::verbatim(line).unwrap().name(), name);
        }
    }

    #[test]
    fn an_empty_secret_hides_nothing() {
        let line = CommandLine::set("#X").secret_text("password", "").build().unwrap();
        assert_eq!((line.to_string(), line.has_secrets()), ("AT#X=\"\"".to_owned(), false));
    }

    #[test]
    fn verbatim_lines_keep_quotes_but_no_controls() {
        assert_eq!(CommandLine::verbatim("AT#X=\"a\"").unwrap().as_bytes(), b"AT#X=\"a\"");
        assert!(CommandLine::verbatim("AT\rATD").is_err());
    }
}
