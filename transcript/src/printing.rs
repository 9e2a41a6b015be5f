//! Events to text.

use std::fmt::{self, Display, Formatter, Write};

use crate::reading::is_name;
use crate::{Event, Kind, Part, ServerAct, Text, Transcript};

impl Display for Transcript {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.events.iter().try_for_each(|event| writeln!(f, "{event}"))
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} ", self.at.as_secs(), self.at.subsec_millis())?;
        match &self.kind {
            Kind::Host { port, text } => said(f, '>', *port, text),
            Kind::Module { port, text } => said(f, '<', *port, text),
            Kind::Remark(text) if text.is_empty() => f.write_char('#'),
            Kind::Remark(text) => write!(f, "# {text}"),
            Kind::Server(act) => write!(f, "# server {act}"),
        }
    }
}

fn said(f: &mut Formatter<'_>, side: char, port: u8, text: &Text) -> fmt::Result {
    f.write_char(side)?;
    if port != 1 {
        write!(f, "{port}")?;
    }
    spaced(f, text)
}

fn spaced(f: &mut Formatter<'_>, text: &Text) -> fmt::Result {
    if text.parts().is_empty() { Ok(()) } else { write!(f, " {text}") }
}

impl Display for ServerAct {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sends(text) => f.write_str("sends").and_then(|()| spaced(f, text)),
            Self::Receives(text) => f.write_str("receives").and_then(|()| spaced(f, text)),
            Self::Closes => f.write_str("closes"),
            Self::SeesTheEnd => f.write_str("sees the end"),
        }
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = self.parts().iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(bytes) => literal(f, bytes, parts.peek().is_none())?,
                Part::Payload { length, digest } => write!(f, "[{length} bytes sha256:{digest}]")?,
                Part::Redacted => f.write_str("[redacted]")?,
                Part::Fixture(name) => write!(f, "{{{name}}}")?,
                Part::FixtureSize(name) => write!(f, "{{{name}.size}}")?,
                Part::Varying(kind) => write!(f, "{{?{}}}", kind.name())?,
            }
        }
        Ok(())
    }
}

/// A blank at the end of a line would be lost in many an editor.
fn literal(f: &mut Formatter<'_>, bytes: &[u8], at_the_end: bool) -> fmt::Result {
    for (index, &byte) in bytes.iter().enumerate() {
        let rest = bytes.get(index + 1..).unwrap_or_default();
        match byte {
            b'\r' => f.write_str("\\r")?,
            b'\n' => f.write_str("\\n")?,
            b'\\' => f.write_str("\\\\")?,
            b' ' if at_the_end && rest.is_empty() => f.write_str("\\x20")?,
            b'[' if begins_bracketed(rest) => f.write_str("\\x5b")?,
            b'{' if begins_braced(rest) => f.write_str("\\x7b")?,
            b' '..=b'~' => f.write_char(char::from(byte))?,
            _ => write!(f, "\\x{byte:02x}")?,
        }
    }
    Ok(())
}

/// Whether it could be read as a payload or a redaction; escaping more than needed does no harm.
fn begins_bracketed(rest: &[u8]) -> bool {
    rest.starts_with(b"redacted") || rest.first().is_some_and(u8::is_ascii_digit)
}

fn begins_braced(rest: &[u8]) -> bool {
    let name = rest.split(|byte| *byte == b'}').next().unwrap_or_default();
    let name = std::str::from_utf8(name).unwrap_or_default();
    let name = name.strip_prefix('?').or_else(|| name.strip_suffix(".size")).unwrap_or(name);
    is_name(name)
}
