//! What is said in which order: a transcript as the module in it sees it.

use std::collections::VecDeque;
use std::time::Duration;

use telit_transcript::{Event, Kind, Part, ReadError, Text, Transcript, is_clock};

use super::wanted::{CLOCK_LENGTH, Wanted};

/// What stands for a byte of a payload whose digest alone is known.
const FILLER: u8 = b'.';

/// The module's side of a conversation, of which `telit --transcript` or any other recorder has written down both.
///
/// The module says what it said, when it said it, behind what the host said before. The host may have another clock,
/// other secrets and other payloads of the same length; everything else must be what it was. Where the transcript has only
/// the digest of what the module sent, so many full stops are sent instead. The module's clock goes on from what the host
/// sets it to; one that is never set goes with this computer's, as a right one did.
#[derive(Debug, Clone)]
pub struct Recording {
    steps: VecDeque<Step>,
    lines: usize,
}

/// One thing that happens, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Counted from 1.
    pub(super) line: usize,
    /// Since what happened before.
    pub(super) pause: Duration,
    /// As it is printed.
    pub(super) text: String,
    pub(super) act: Act,
}

#[derive(Debug, Clone)]
pub(super) enum Act {
    Hear(Wanted),
    Say(Vec<Saying>),
}

/// A piece of what the module says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Saying {
    Bytes(Vec<u8>),
    /// What the host has said in secret, as its echo.
    Secret,
    /// A date and time, here as it was then.
    Clock(String),
}

/// A transcript that cannot be played again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotReplayable {
    /// It is no transcript.
    #[error("this is no transcript: {0}")]
    Unreadable(#[from] ReadError),
    /// The module says nothing in it.
    #[error("the module says nothing in this transcript")]
    Silent,
    /// It has something that no recorder writes.
    #[error("line {line}: {what} cannot be played again")]
    Unknown {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        what: &'static str,
    },
}

impl Recording {
    /// Reads a transcript.
    ///
    /// # Errors
    /// [`NotReplayable`] for one that cannot be read, in which no module speaks, or that uses several ports, scripted
    /// servers or placeholders, as the golden transcripts of this project do.
    pub fn parse(transcript: &[u8]) -> Result<Self, NotReplayable> {
        let transcript = Transcript::parse(transcript)?;
        let mut steps: VecDeque<Step> = VecDeque::new();
        let mut before = Duration::ZERO;
        for (index, event) in transcript.events.iter().enumerate() {
            let line = index + 1;
            let Some(act) = act(event).map_err(|what| NotReplayable::Unknown { line, what })? else {
                continue;
            };
            let pause = event.at.saturating_sub(before);
            before = event.at;
            match (steps.back_mut().map(|step| &mut step.act), act) {
                // It may come in one piece, and what comes behind a secret tells where that ends.
                (Some(Act::Hear(wanted)), Act::Hear(more)) => wanted.extend(more),
                (_, act) => steps.push_back(Step { line, pause, text: event.to_string(), act }),
            }
        }
        if !steps.iter().any(|step| matches!(step.act, Act::Say(_))) {
            return Err(NotReplayable::Silent);
        }
        Ok(Self { steps, lines: transcript.events.len() })
    }

    /// How many lines the transcript has.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines
    }

    pub(super) fn first(&self) -> Option<&Step> {
        self.steps.front()
    }

    pub(super) fn drop_first(&mut self) {
        self.steps.pop_front();
    }

    /// Whether the host is still to say what time it is.
    pub(super) fn sets_the_clock(&self) -> bool {
        self.steps.iter().any(|step| matches!(&step.act, Act::Hear(wanted) if wanted.tells_the_time()))
    }
}

fn act(event: &Event) -> Result<Option<Act>, &'static str> {
    const PLACEHOLDER: &str = "a placeholder";
    match &event.kind {
        Kind::Host { port: 1, text } => Ok(Some(Act::Hear(Wanted::of(text).ok_or(PLACEHOLDER)?))),
        Kind::Module { port: 1, text } => Ok(Some(Act::Say(sayings(text).ok_or(PLACEHOLDER)?))),
        Kind::Host { .. } | Kind::Module { .. } => Err("a second port"),
        Kind::Server(_) => Err("a scripted server"),
        Kind::Remark(_) => Ok(None),
    }
}

fn sayings(text: &Text) -> Option<Vec<Saying>> {
    if *text.parts() == [Part::Redacted] {
        // A whole line was hidden, with the line ends around it.
        return Some(vec![Saying::Bytes(b"\r\n[redacted]\r\n".to_vec())]);
    }
    let mut sayings = Vec::new();
    for part in text.parts() {
        match part {
            Part::Literal(bytes) => say_literal(bytes, &mut sayings),
            Part::Payload { length, .. } => sayings.push(Saying::Bytes(vec![FILLER; *length])),
            Part::Redacted => sayings.push(Saying::Secret),
            Part::Fixture(_) | Part::FixtureSize(_) | Part::Varying(_) => return None,
        }
    }
    Some(sayings)
}

fn say_literal(bytes: &[u8], sayings: &mut Vec<Saying>) {
    let mut rest = bytes;
    while let Some(at) = rest.windows(CLOCK_LENGTH).position(is_clock) {
        let (before, clock) = rest.split_at(at);
        let (clock, behind) = clock.split_at(CLOCK_LENGTH);
        sayings.push(Saying::Bytes(before.to_vec()));
        sayings.push(Saying::Clock(String::from_utf8_lossy(clock).into_owned()));
        rest = behind;
    }
    sayings.push(Saying::Bytes(rest.to_vec()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(transcript: &str) -> String {
        Recording::parse(transcript.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_played_is_told_with_its_line() {
        assert_eq!(
            refused("hello\n"),
            "this is no transcript: line 1: the line does not begin with SECONDS.millis, three digits behind the point"
        );
        assert_eq!(refused(""), "the module says nothing in this transcript");
        assert_eq!(refused("0.000 > AT\\r\n"), "the module says nothing in this transcript");
        assert_eq!(refused("0.000 > AT\\r\n0.000 < {ca}\n"), "line 2: a placeholder cannot be played again");
        assert_eq!(refused("0.000 >2 AT\\r\n"), "line 1: a second port cannot be played again");
        assert_eq!(refused("0.000 # server closes\n"), "line 1: a scripted server cannot be played again");
    }

    #[test]
    fn pauses_are_those_between_what_happens() {
        let recording = Recording::parse(b"0.100 > AT\\r\n0.150 # remark\n0.400 < OK\n").unwrap();
        let pauses: Vec<_> = recording.steps.iter().map(|step| (step.line, step.pause.as_millis())).collect();
        assert_eq!((pauses, recording.lines()), (vec![(1, 100), (3, 300)], 3));
    }

    #[test]
    fn what_the_host_says_in_several_pieces_is_heard_as_one() {
        let recording =
            Recording::parse(b"0.100 > [redacted]\n0.150 # remark\n0.200 > \\x1a\n0.250 < OK\n").unwrap();
        let lines: Vec<_> = recording.steps.iter().map(|step| (step.line, step.pause.as_millis())).collect();
        assert_eq!(lines, [(1, 100), (4, 50)]);
        let Some(Step { act: Act::Hear(wanted), .. }) = recording.first() else { panic!("{recording:?}") };
        let secrets = vec![b"1234".to_vec()];
        assert_eq!(
            wanted.compare(b"1234\x1a"),
            super::super::wanted::Heard::All { length: 5, secrets, clock: None }
        );
    }

    #[test]
    fn a_payload_without_content_has_its_length() {
        let recording = Recording::parse(b"0.000 < [3 bytes sha256:ba7816bf8f01]\\r\\n\n").unwrap();
        let Some(Step { act: Act::Say(sayings), .. }) = recording.first() else { panic!("{recording:?}") };
        assert_eq!(*sayings, [Saying::Bytes(b"...".to_vec()), Saying::Bytes(b"\r\n".to_vec())]);
    }
}
