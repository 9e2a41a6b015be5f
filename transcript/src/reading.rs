//! Text to events.

use std::str::FromStr;
use std::time::Duration;

use crate::{Event, Kind, Part, Problem, ReadError, ServerAct, Text, Transcript, Varying};

impl Transcript {
    /// Reads a transcript of any origin; never panics.
    ///
    /// # Errors
    /// The first line that is wrong, and why.
    pub fn parse(input: &[u8]) -> Result<Self, ReadError> {
        let mut events: Vec<Event> = Vec::new();
        for (index, line) in lines(input).enumerate() {
            let earliest = events.last().map_or(Duration::ZERO, |event| event.at);
            let event = event(line, earliest).map_err(|problem| ReadError { line: index + 1, problem })?;
            events.push(event);
        }
        Ok(Self { events })
    }
}

impl FromStr for Transcript {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, ReadError> {
        Self::parse(text.as_bytes())
    }
}

/// The lines, of which only the last may lack its end.
fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = input.strip_suffix(b"\n").unwrap_or(input);
    (!input.is_empty()).then_some(whole).into_iter().flat_map(|text| text.split(|byte| *byte == b'\n'))
}

fn event(line: &[u8], earliest: Duration) -> Result<Event, Problem> {
    let line = std::str::from_utf8(line).map_err(|_| Problem::NotUtf8)?;
    let (time, rest) = line.split_once(' ').ok_or(Problem::Time)?;
    let at = self::time(time).ok_or(Problem::Time)?;
    if at < earliest {
        return Err(Problem::TimeGoesBack);
    }
    let (direction, text) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok(Event { at, kind: kind(direction, text)? })
}

fn time(shown: &str) -> Option<Duration> {
    let (seconds, millis) = shown.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(millis) || millis.len() != 3 {
        return None;
    }
    let whole = Duration::from_secs(seconds.parse().ok()?);
    whole.checked_add(Duration::from_millis(millis.parse().ok()?))
}

fn kind(direction: &str, text: &str) -> Result<Kind, Problem> {
    if direction == "#" {
        return remark(text);
    }
    let unknown = || Problem::Direction(direction.to_owned());
    let mut characters = direction.chars();
    let side = characters.next().ok_or_else(unknown)?;
    let port = match characters.as_str() {
        "" => 1,
        digit => digit.parse().ok().filter(|port| (2..=9).contains(port)).ok_or_else(unknown)?,
    };
    match side {
        '>' => Ok(Kind::Host { port, text: bytes(text)? }),
        '<' => Ok(Kind::Module { port, text: bytes(text)? }),
        _ => Err(unknown()),
    }
}

fn remark(text: &str) -> Result<Kind, Problem> {
    let Some(act) = text.strip_prefix("server ") else {
        return Ok(Kind::Remark(text.to_owned()));
    };
    let act = match act.split_once(' ').unwrap_or((act, "")) {
        ("sends", text) => ServerAct::Sends(bytes(text)?),
        ("receives", text) => ServerAct::Receives(bytes(text)?),
        ("closes", "") => ServerAct::Closes,
        ("sees", "the end") => ServerAct::SeesTheEnd,
        _ => return Err(Problem::ServerAct(act.to_owned())),
    };
    Ok(Kind::Server(act))
}

fn bytes(shown: &str) -> Result<Text, Problem> {
    let mut text = Text::default();
    let mut rest = shown;
    while let Some(first) = rest.chars().next() {
        let (part, length) = match first {
            '\\' => escape(rest)?,
            '[' => bracketed(rest).unwrap_or_else(|| itself(b'[')),
            '{' => braced(rest)?.unwrap_or_else(|| itself(b'{')),
            ' '..='~' => (Part::Literal(first.to_string().into_bytes()), 1),
            _ => return Err(Problem::NotPrintable(first)),
        };
        text.push(part);
        rest = rest.get(length..).unwrap_or_default();
    }
    closed(&text)?;
    Ok(text)
}

/// The part that `rest` begins with, and how long it is as written.
type Read = (Part, usize);

fn itself(byte: u8) -> Read {
    (Part::Literal(vec![byte]), 1)
}

fn escape(rest: &str) -> Result<Read, Problem> {
    let literal = |byte, length| Ok((Part::Literal(vec![byte]), length));
    match rest.as_bytes() {
        [b'\\', b'r', ..] => literal(b'\r', 2),
        [b'\\', b'n', ..] => literal(b'\n', 2),
        [b'\\', b'\\', ..] => literal(b'\\', 2),
        [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            literal(nibble(*high) << 4 | nibble(*low), 4)
        }
        _ => Err(Problem::Escape(rest.chars().take(4).collect())),
    }
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

fn bracketed(rest: &str) -> Option<Read> {
    let inner = rest.strip_prefix('[')?.split_once(']')?.0;
    let length = inner.len() + 2;
    if inner == "redacted" {
        return Some((Part::Redacted, length));
    }
    let (count, digest) = inner.split_once(" bytes sha256:")?;
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digest.len() != 12 || !digest.bytes().all(hex) {
        return None;
    }
    let bytes: usize = count.parse().ok()?;
    // The one way to write it, so that what is read is printed the same.
    (bytes.to_string() == count).then(|| (Part::Payload { length: bytes, digest: digest.to_owned() }, length))
}

/// A brace that begins no placeholder is itself, as in JSON.
fn braced(rest: &str) -> Result<Option<Read>, Problem> {
    let Some((inner, _)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
        return Ok(None);
    };
    let length = inner.len() + 2;
    if let Some(kind) = inner.strip_prefix('?').filter(|kind| is_name(kind)) {
        let varying = Varying::named(kind).ok_or_else(|| Problem::UnknownKind(kind.to_owned()))?;
        return Ok(Some((Part::Varying(varying), length)));
    }
    if let Some(name) = inner.strip_suffix(".size").filter(|name| is_name(name)) {
        return Ok(Some((Part::FixtureSize(name.to_owned()), length)));
    }
    Ok(is_name(inner).then(|| (Part::Fixture(inner.to_owned()), length)))
}

/// Lower-case words with hyphens between them.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn closed(text: &Text) -> Result<(), Problem> {
    let mut parts = text.parts().iter().peekable();
    while let Some(part) = parts.next() {
        match part {
            Part::Varying(varying)
                if varying.ends_at_the_next_byte() && !matches!(parts.peek(), Some(Part::Literal(_))) =>
            {
                return Err(Problem::OpenEnd(varying.name()));
            }
            _ => {}
        }
    }
    Ok(())
}
