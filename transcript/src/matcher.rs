//! Whether bytes are those of a text, one byte after the other.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};

use crate::{Part, Text, Varying};

/// What `{name}` stands for.
pub type Fixtures = BTreeMap<String, Vec<u8>>;

/// A text that cannot be played or compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No fixture has this name.
    #[error("there is no fixture `{0}`")]
    Fixture(String),
    /// It cannot be told from the text.
    #[error("what stands for a digest, a secret or a varying value is not known")]
    Content,
}

/// The bytes that the host or the server says.
///
/// # Errors
/// [`Unknown`] for a fixture that is not there, and for parts without known content.
pub fn content(text: &Text, fixtures: &Fixtures) -> Result<Vec<u8>, Unknown> {
    let mut bytes = Vec::new();
    for part in text.parts() {
        match part {
            Part::Literal(literal) => bytes.extend_from_slice(literal),
            Part::Fixture(name) => bytes.extend_from_slice(fixture(name, fixtures)?),
            Part::FixtureSize(name) => bytes.extend(fixture(name, fixtures)?.len().to_string().into_bytes()),
            Part::Payload { .. } | Part::Redacted | Part::Varying(_) => return Err(Unknown::Content),
        }
    }
    Ok(bytes)
}

fn fixture<'a>(name: &str, fixtures: &'a Fixtures) -> Result<&'a [u8], Unknown> {
    fixtures.get(name).map(Vec::as_slice).ok_or_else(|| Unknown::Fixture(name.to_owned()))
}

/// Takes the bytes that come, and tells when they are a text's.
#[derive(Debug)]
pub struct Matcher {
    wanted: VecDeque<Wanted>,
}

#[derive(Debug)]
enum Wanted {
    Bytes(VecDeque<u8>),
    Payload {
        left: usize,
        digest: String,
        seen: Sha256,
    },
    /// Of this kind, with what has come of it.
    Varying(Varying, Vec<u8>),
}

/// What one more byte led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It fits, and more may come.
    More,
    /// It was the last.
    Complete,
    /// The byte does not belong there.
    Differs,
}

impl Matcher {
    /// Waits for this text.
    ///
    /// # Errors
    /// [`Unknown`] for a fixture that is not there, and for what was redacted.
    pub fn new(text: &Text, fixtures: &Fixtures) -> Result<Self, Unknown> {
        let wanted = text.parts().iter().map(|part| Wanted::of(part, fixtures));
        Ok(Self { wanted: wanted.collect::<Result<_, _>>()? })
    }

    /// Whether nothing is missing, so that not even a byte needs to come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Takes the next byte.
    pub fn take(&mut self, byte: u8) -> Progress {
        while let Some(wanted) = self.wanted.front_mut() {
            match wanted.take(byte) {
                Taken::More => return Progress::More,
                Taken::Complete => {
                    self.wanted.pop_front();
                    return if self.wanted.is_empty() { Progress::Complete } else { Progress::More };
                }
                Taken::CompleteBefore => {
                    self.wanted.pop_front();
                }
                Taken::Differs => return Progress::Differs,
            }
        }
        Progress::Differs
    }
}

enum Taken {
    More,
    Complete,
    /// It was complete already; the byte belongs to what follows.
    CompleteBefore,
    Differs,
}

impl Wanted {
    fn of(part: &Part, fixtures: &Fixtures) -> Result<Self, Unknown> {
        match part {
            Part::Payload { length, digest } => {
                Ok(Self::Payload { left: *length, digest: digest.clone(), seen: Sha256::new() })
            }
            Part::Varying(kind) => Ok(Self::Varying(*kind, Vec::new())),
            known => Ok(Self::Bytes(content(&Text::new([known.clone()]), fixtures)?.into())),
        }
    }

    fn take(&mut self, byte: u8) -> Taken {
        match self {
            Self::Bytes(left) => match left.front() {
                None => Taken::CompleteBefore,
                Some(first) if *first != byte => Taken::Differs,
                Some(_) => {
                    left.pop_front();
                    if left.is_empty() { Taken::Complete } else { Taken::More }
                }
            },
            Self::Payload { left: 0, digest, seen } => {
                if is_digest(digest, seen) {
                    Taken::CompleteBefore
                } else {
                    Taken::Differs
                }
            }
            Self::Payload { left, digest, seen } => {
                seen.update([byte]);
                *left -= 1;
                match left {
                    0 if is_digest(digest, seen) => Taken::Complete,
                    0 => Taken::Differs,
                    _ => Taken::More,
                }
            }
            Self::Varying(kind, seen) => kind.take(seen, byte),
        }
    }
}

fn is_digest(digest: &str, seen: &Sha256) -> bool {
    let hash = seen.clone().finalize();
    let hex: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    hex == digest
}

impl Varying {
    fn take(self, seen: &mut Vec<u8>, byte: u8) -> Taken {
        if self == Self::Fields {
            seen.push(byte);
            return if seen.ends_with(b"\r\n\r\n") || seen == b"\r\n" {
                Taken::Complete
            } else {
                Taken::More
            };
        }
        if self.allows(byte) {
            seen.push(byte);
            return Taken::More;
        }
        if self.accepts(seen) { Taken::CompleteBefore } else { Taken::Differs }
    }

    fn allows(self, byte: u8) -> bool {
        match self {
            Self::Ip => byte.is_ascii_digit() || byte == b'.',
            Self::Suite => byte.is_ascii_hexdigit() || byte == b'x',
            Self::Name => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' ' | b'.'),
            Self::Number => byte.is_ascii_digit(),
            Self::Clock => byte.is_ascii_digit() || b"/,:+-".contains(&byte),
            Self::Rest => matches!(byte, b' '..=b'~'),
            Self::Escape => byte == b'+',
            Self::Fields => true,
        }
    }

    fn accepts(self, seen: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(seen) else {
            return false;
        };
        match self {
            Self::Ip => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Suite => match text.strip_prefix("0x") {
                Some(hex) => hex.len() == 4 && u16::from_str_radix(hex, 16).is_ok(),
                None => text.parse::<u8>().is_ok(),
            },
            Self::Name | Self::Number | Self::Fields => !text.is_empty(),
            Self::Clock => is_clock(seen),
            Self::Rest => true,
            Self::Escape => text.is_empty() || text == "+++",
        }
    }
}

/// `yy/MM/dd,hh:mm:ss±zz`, with any digits.
#[must_use]
pub fn is_clock(text: &[u8]) -> bool {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    text.len() == 20
        && text.iter().enumerate().all(|(at, byte)| match at {
            2 | 5 => *byte == b'/',
            8 => *byte == b',',
            11 | 14 => *byte == b':',
            17 => matches!(byte, b'+' | b'-'),
            _ => is_digit(at),
        })
}
