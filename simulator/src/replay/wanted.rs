//! What the host is to say, as far as a transcript tells it.

use telit_transcript::{Part, Text, Varying, is_clock};

/// `yy/MM/dd,hh:mm:ss±zz`
pub(super) const CLOCK_LENGTH: usize = 20;

/// The host's words between two of the module's.
///
/// Whoever plays a conversation again has another clock, perhaps another payload, and certainly the secrets that the
/// transcript does not show. Everything else must be the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wanted(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Bytes(Vec<u8>),
    /// So many bytes.
    Payload(usize),
    /// Any date and time.
    Clock,
    /// A secret, up to what comes behind it or up to a silence.
    Secret,
}

/// What has come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// All of it, which is so many bytes, among them these secrets, and the last of these dates and times.
    All { length: usize, secrets: Vec<Vec<u8>>, clock: Option<Vec<u8>> },
    /// All of it, this secret at its end, if nothing more comes for a while.
    AllIfSilent { secret: Vec<u8> },
    /// A part of it.
    Part,
    /// Something else.
    Other,
}

impl Wanted {
    /// None for what a recorded transcript does not have.
    pub(super) fn of(text: &Text) -> Option<Self> {
        let mut wanted = Self::default();
        for part in text.parts() {
            match part {
                Part::Literal(bytes) => wanted.push_literal(bytes),
                Part::Payload { length, .. } => wanted.0.push(Piece::Payload(*length)),
                Part::Redacted => wanted.0.push(Piece::Secret),
                Part::Varying(Varying::Clock) => wanted.0.push(Piece::Clock),
                Part::Fixture(_) | Part::FixtureSize(_) | Part::Varying(_) => return None,
            }
        }
        Some(wanted)
    }

    /// Text, in which a date and time can be any.
    fn push_literal(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(at) = rest.windows(CLOCK_LENGTH).position(is_clock) {
            let (before, clock) = rest.split_at(at);
            self.push_bytes(before);
            self.0.push(Piece::Clock);
            rest = clock.get(CLOCK_LENGTH..).unwrap_or_default();
        }
        self.push_bytes(rest);
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.push(Piece::Bytes(bytes.to_vec()));
        }
    }

    /// What the host says right behind it.
    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Whether the host says what time it is.
    pub(super) fn tells_the_time(&self) -> bool {
        self.0.contains(&Piece::Clock)
    }

    /// Compares it with what has come.
    pub(super) fn compare(&self, input: &[u8]) -> Heard {
        let (mut secrets, mut clock) = (Vec::new(), None);
        let mut rest = input;
        let mut pieces = self.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            let taken = match piece {
                Piece::Bytes(bytes) if rest.starts_with(bytes) => bytes.len(),
                Piece::Bytes(bytes) if bytes.starts_with(rest) => return Heard::Part,
                Piece::Bytes(_) => return Heard::Other,
                Piece::Payload(length) => *length,
                Piece::Clock if rest.len() < CLOCK_LENGTH => return Heard::Part,
                Piece::Clock if rest.get(..CLOCK_LENGTH).is_some_and(is_clock) => {
                    clock = rest.get(..CLOCK_LENGTH).map(<[u8]>::to_vec);
                    CLOCK_LENGTH
                }
                Piece::Clock => return Heard::Other,
                Piece::Secret => {
                    let Some(Piece::Bytes(behind)) = pieces.peek() else {
                        return last_secret(rest);
                    };
                    let Some(length) = find(rest, behind) else {
                        return Heard::Part;
                    };
                    secrets.extend(rest.get(..length).map(<[u8]>::to_vec));
                    length
                }
            };
            match rest.get(taken..) {
                Some(behind) => rest = behind,
                None => return Heard::Part,
            }
        }
        Heard::All { length: input.len() - rest.len(), secrets, clock }
    }
}

fn last_secret(rest: &[u8]) -> Heard {
    if rest.is_empty() { Heard::Part } else { Heard::AllIfSilent { secret: rest.to_vec() } }
}

fn find(input: &[u8], wanted: &[u8]) -> Option<usize> {
    input.windows(wanted.len().max(1)).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Wanted {
        let transcript = telit_transcript::Transcript::parse(format!("0.000 > {text}\n").as_bytes()).unwrap();
        match &transcript.events[0].kind {
            telit_transcript::Kind::Host { text, .. } => Wanted::of(text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn all(length: usize) -> Heard {
        Heard::All { length, secrets: Vec::new(), clock: None }
    }

    #[test]
    fn text_is_compared_byte_by_byte() {
        let wanted = wanted("AT+CGMM\\r");
        assert_eq!(wanted.compare(b""), Heard::Part);
        assert_eq!(wanted.compare(b"AT+CG"), Heard::Part);
        assert_eq!(wanted.compare(b"AT+CGMM\r"), all(8));
        assert_eq!(wanted.compare(b"AT+CGMM\rAT"), all(8));
        assert_eq!(wanted.compare(b"AT+CGMR\r"), Heard::Other);
    }

    #[test]
    fn a_clock_is_any_clock() {
        let wanted = wanted("AT+CCLK=\"26/11/26,16:50:00+04\"\\r");
        let clock = Some(b"30/01/02,03:04:05-12".to_vec());
        let heard = wanted.compare(b"AT+CCLK=\"30/01/02,03:04:05-12\"\r");
        assert_eq!(heard, Heard::All { length: 31, secrets: Vec::new(), clock });
        assert_eq!(wanted.compare(b"AT+CCLK=\"30/01/02,03:04"), Heard::Part);
        assert_eq!(wanted.compare(b"AT+CCLK=\"30-01/02,03:04:05-12\"\r"), Heard::Other);
    }

    #[test]
    fn a_payload_is_so_many_bytes() {
        let wanted = wanted("[5 bytes sha256:2cf24dba5fb0]");
        assert_eq!(wanted.compare(b"\0\r\n"), Heard::Part);
        assert_eq!(wanted.compare(b"\0\r\nOKAT\r"), all(5));
    }

    #[test]
    fn a_secret_ends_where_the_text_goes_on() {
        let wanted = wanted("AT+CPIN=[redacted]\\r");
        assert_eq!(wanted.compare(b"AT+CPIN=12"), Heard::Part);
        let secrets = vec![b"1234".to_vec()];
        assert_eq!(wanted.compare(b"AT+CPIN=1234\rAT\r"), Heard::All { length: 13, secrets, clock: None });
    }

    #[test]
    fn a_secret_alone_ends_with_a_silence() {
        let wanted = wanted("[redacted]");
        assert_eq!(wanted.compare(b""), Heard::Part);
        assert_eq!(
            wanted.compare(b"-----BEGIN\x1a"),
            Heard::AllIfSilent { secret: b"-----BEGIN\x1a".to_vec() }
        );
    }
}
