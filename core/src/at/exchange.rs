//! One command and what its answer looks like.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::command_line::{CommandLine, InvalidValue};
use super::entry::ShortPayload;

const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
/// A clock can be that far ahead.
const LONGEST_DEADLINE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Bytes that edit or end a prompt which is closed by Ctrl-Z: backspace, Ctrl-Z, escape.
///
/// Source: M37 p741-744.
const EDITING_BYTES: [u8; 3] = [0x08, CTRL_Z, 0x1b];
pub(crate) const CTRL_Z: u8 = 0x1a;

/// One command, the shape of its answer, how long to wait and what it does to the module.
///
/// ```
/// use std::time::Duration;
/// use telit_core::at::{CommandLine, Effect, Exchange, Expect};
///
/// let exchange = Exchange::new(CommandLine::read("#SSLEN"), Expect::lines("#SSLEN"))
///     .deadline(Duration::from_secs(5))
///     .effect(Effect::Query);
/// assert_eq!(exchange.line().name(), "#SSLEN");
/// ```
#[derive(Clone, Debug)]
pub struct Exchange {
    pub(crate) line: CommandLine,
    pub(crate) expect: Expect,
    pub(crate) deadline: Duration,
    pub(crate) prompt_deadline: Option<Duration>,
    pub(crate) effect: Effect,
    pub(crate) secret_answer: bool,
    pub(crate) numeric_result: bool,
    pub(crate) refuse_prompt: bool,
    pub(crate) short_payload: ShortPayload,
    pub(crate) head: Option<String>,
}

impl Exchange {
    /// A command that is answered as `expect` says, within 5 seconds.
    #[must_use]
    pub fn new(line: CommandLine, expect: Expect) -> Self {
        Self {
            line,
            expect,
            deadline: DEFAULT_DEADLINE,
            prompt_deadline: None,
            effect: Effect::Once,
            secret_answer: false,
            numeric_result: false,
            refuse_prompt: false,
            short_payload: ShortPayload::Waits,
            head: None,
        }
    }

    /// How long the module may take from the moment the command was written: a year at most.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.min(LONGEST_DEADLINE);
        self
    }

    /// How long the prompt may take, for commands whose prompt the module opens by itself: whoever waits for an answer of
    /// the network need not wait as long for a module that does not even ask for the data. Without this call, and at
    /// most, as long as the answer.
    #[must_use]
    pub fn prompt_deadline(mut self, deadline: Duration) -> Self {
        self.prompt_deadline = Some(deadline);
        self
    }

    /// What the command does to the module. Without this call it counts as [`Effect::Once`].
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// The answer or the payload is secret: transcripts show its length only.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret_answer = true;
        self
    }

    /// Also takes the digits `0` and `4` as results, for a module that may still be in `ATV0`.
    #[must_use]
    pub fn numeric_result(mut self) -> Self {
        self.numeric_result = true;
        self
    }

    /// Fails at once when the module asks for data with a prompt: for lines that people type.
    #[must_use]
    pub fn refuse_prompt(mut self) -> Self {
        self.refuse_prompt = true;
        self
    }

    /// What the module does with a counted payload of which not every byte comes. Without this call it
    /// [waits](ShortPayload::Waits).
    #[must_use]
    pub fn short_payload(mut self, short_payload: ShortPayload) -> Self {
        self.short_payload = short_payload;
        self
    }

    /// The first line of an answer of bare text, without blanks, or how it begins if `head` ends in a colon: by it the
    /// answer is found among those of other commands on the same line.
    #[must_use]
    pub fn headed(mut self, head: impl Into<String>) -> Self {
        self.head = Some(head.into());
        self
    }

    /// The command line.
    #[must_use]
    pub fn line(&self) -> &CommandLine {
        &self.line
    }

    /// The shape of the answer.
    #[must_use]
    pub fn expected(&self) -> &Expect {
        &self.expect
    }

    /// Whether it ends in a stream, so that the driver can hand out the right end.
    pub(crate) fn opens_stream(&self) -> bool {
        matches!(self.expect.0, Shape::Stream { .. })
    }
}

/// What running a command twice would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Reads only.
    Query,
    /// Changes something; doing it again changes nothing more.
    Idempotent,
    /// Doing it again does it again: publish, send, dial.
    Once,
}

/// The shape of an answer. Every shape ends with a final result.
#[derive(Clone, Debug)]
pub struct Expect(pub(crate) Shape);

#[derive(Clone)]
pub(crate) enum Shape {
    Final,
    Lines { prefix: &'static str, accept: Option<fn(&str) -> bool> },
    Text { foreign: bool },
    Prompt { prompt: Prompt, payload: Bytes, prefix: Option<&'static str> },
    Block { prefix: &'static str, field: usize, words: &'static [&'static str], limit: usize },
    Marked { prefix: &'static str, limit: usize },
    Unannounced { length: Option<usize>, limit: usize },
    Stream { end: StreamEnding },
    Several(Arc<[Self]>),
}

impl fmt::Debug for Shape {
    /// Payloads can be keys, so only their length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Final => f.write_str("Final"),
            Self::Lines { prefix, .. } => write!(f, "Lines({prefix})"),
            Self::Text { foreign } => write!(f, "Text(foreign: {foreign})"),
            Self::Prompt { prompt, payload, .. } => write!(f, "Prompt({prompt:?}, {} bytes)", payload.len()),
            Self::Block { prefix, limit, .. } => write!(f, "Block({prefix}, at most {limit} bytes)"),
            Self::Marked { prefix, limit } => write!(f, "Marked({prefix}, at most {limit} bytes)"),
            Self::Unannounced { length, limit } => {
                write!(f, "Unannounced({length:?}, at most {limit} bytes)")
            }
            Self::Stream { end } => write!(f, "Stream({end:?})"),
            Self::Several(shapes) => f.debug_tuple("Several").field(shapes).finish(),
        }
    }
}

/// How a prompt looks and how its data end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// `> `, closed by Ctrl-Z.
    Terminated,
    /// `> `, closed by the announced number of bytes.
    Counted,
    /// `>>>`, closed by the announced number of bytes.
    CountedTriple,
}

/// How a data stream behind `CONNECT` ends.
///
/// `NO CARRIER` is sent in the data themselves, so the same bytes can be part of the data.
/// Source: M37 p818; SSL guide 7.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEnding {
    /// So many bytes, then `NO CARRIER`. If it comes earlier and silence follows, the stream was cut.
    Length(u64),
    /// `NO CARRIER` followed by silence, on a stream that nobody sends into, such as a listing.
    ReceiveOnly,
    /// `NO CARRIER` followed by silence: for any data of unknown length, both ways.
    MarkAndSilence,
    /// The same for a TLS socket: unless it names the connection, which the module can be told to do, it is proven
    /// first by the escape sequence. A stream that goes on is left by that as if it had been closed:
    /// [`StreamEnd::Suspended`](super::StreamEnd::Suspended).
    ProvenMarkAndSilence,
    /// `NO CARRIER:SSL,<SSId>...` followed by silence; all else is data. For modules that were told to name the
    /// connection and whose escape sequence reaches the peer, so that it cannot prove anything.
    NamedMarkAndSilence,
}

impl StreamEnding {
    /// Whether what is written goes to somebody.
    pub(crate) const fn has_peer(self) -> bool {
        matches!(self, Self::MarkAndSilence | Self::ProvenMarkAndSilence | Self::NamedMarkAndSilence)
    }
}

impl Expect {
    /// Nothing but a final result.
    #[must_use]
    pub const fn result() -> Self {
        Self(Shape::Final)
    }

    /// Information lines that start with `prefix` and a colon.
    #[must_use]
    pub const fn lines(prefix: &'static str) -> Self {
        Self(Shape::Lines { prefix, accept: None })
    }

    /// Like [`lines`](Self::lines), for prefixes that unsolicited lines share: only lines whose text
    /// behind the prefix is accepted belong to the answer.
    #[must_use]
    pub const fn lines_if(prefix: &'static str, accept: fn(&str) -> bool) -> Self {
        Self(Shape::Lines { prefix, accept: Some(accept) })
    }

    /// Lines without prefix; all that is not a known unsolicited code belongs to the answer.
    #[must_use]
    pub const fn text() -> Self {
        Self(Shape::Text { foreign: false })
    }

    /// Like [`text`](Self::text), for lines that somebody else has written, a server for example: they may
    /// look like a final result. So after the final result the engine makes sure that nothing follows.
    #[must_use]
    pub const fn foreign_text() -> Self {
        Self(Shape::Text { foreign: true })
    }

    /// The prompt `> `; then `payload` is sent and closed by Ctrl-Z.
    ///
    /// # Errors
    /// The payload holds a byte that would edit or end the entry (08, 1A, 1B).
    pub fn terminated_prompt(field: &'static str, payload: Bytes) -> Result<Self, InvalidValue> {
        if let Some(byte) = payload.iter().find(|byte| EDITING_BYTES.contains(byte)) {
            return Err(InvalidValue::new(field, format!("it contains the control byte 0x{byte:02x}")));
        }
        Ok(Self(Shape::Prompt { prompt: Prompt::Terminated, payload, prefix: None }))
    }

    /// The prompt `> `; then exactly the announced `payload` is sent, any bytes. Information lines
    /// with `prefix` may follow.
    #[must_use]
    pub const fn counted_prompt(payload: Bytes, prefix: Option<&'static str>) -> Self {
        Self(Shape::Prompt { prompt: Prompt::Counted, payload, prefix })
    }

    /// The prompt `>>>`; then exactly the announced `payload` is sent, any bytes.
    #[must_use]
    pub const fn triple_prompt(payload: Bytes) -> Self {
        Self(Shape::Prompt { prompt: Prompt::CountedTriple, payload, prefix: None })
    }

    /// A header line `prefix: ...,n` whose field number `field` announces n raw bytes (at most
    /// `limit`). Lines equal to one of `words` belong to the answer too.
    #[must_use]
    pub const fn block(
        prefix: &'static str,
        field: usize,
        words: &'static [&'static str],
        limit: usize,
    ) -> Self {
        Self(Shape::Block { prefix, field, words, limit })
    }

    /// A header line whose last field announces n raw bytes behind the mark `<<<`.
    #[must_use]
    pub const fn marked_block(prefix: &'static str, limit: usize) -> Self {
        Self(Shape::Marked { prefix, limit })
    }

    /// Raw bytes behind the mark `<<<`, not announced: `length` of them if the host knows, otherwise
    /// at most `limit`, ended by the final result and silence. Fewer than `length` are taken after the
    /// final result and a silence ten times as long.
    #[must_use]
    pub const fn unannounced_block(length: Option<usize>, limit: usize) -> Self {
        Self(Shape::Unannounced { length, limit })
    }

    /// `CONNECT`, then a stream of raw bytes both ways.
    #[must_use]
    pub const fn stream(end: StreamEnding) -> Self {
        Self(Shape::Stream { end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminated_prompts_refuse_editing_bytes() {
        for byte in EDITING_BYTES {
            let payload = Bytes::copy_from_slice(&[b'a', byte, b'b']);
            let error = Expect::terminated_prompt("certificate", payload).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("invalid certificate: it contains the control byte 0x{byte:02x}")
            );
        }
        assert!(Expect::terminated_prompt("certificate", Bytes::from_static(b"PEM\n")).is_ok());
    }

    #[test]
    fn several_shapes_are_shown_one_by_one() {
        let several = Shape::Several([Expect::result().0, Expect::lines("#X").0].into());
        assert_eq!(format!("{several:?}"), "Several([Final, Lines(#X)])");
    }
}
