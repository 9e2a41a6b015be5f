//! What golden transcripts say, turn by turn.

use telit_core::platform::PlatformId;
use telit_transcript::{Kind, Part, Text, Transcript};

use super::module::PROBE;

/// One thing that the host says, and everything that the module says until the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// By the host.
    pub said: Vec<u8>,
    /// By the module.
    pub answer: Vec<u8>,
}

/// The turns on the first port. Placeholders stand for themselves, but for what has a length.
///
/// # Panics
/// The file is no transcript.
#[must_use]
pub fn turns(file: &[u8]) -> Vec<Turn> {
    let transcript = Transcript::parse(file).expect("it is a transcript");
    let mut turns: Vec<Turn> = Vec::new();
    for event in transcript.events {
        match event.kind {
            Kind::Host { port: 1, text } => match turns.last_mut() {
                Some(turn) if turn.answer.is_empty() => turn.said.extend(bytes(&text)),
                _ => turns.push(Turn { said: bytes(&text), answer: Vec::new() }),
            },
            Kind::Module { port: 1, text } => {
                if let Some(turn) = turns.last_mut() {
                    turn.answer.extend(bytes(&text));
                }
            }
            _ => {}
        }
    }
    turns
}

/// The answers, in order, but for those to [`PROBE`].
///
/// # Panics
/// The file is no transcript.
#[must_use]
pub fn answers(file: &[u8]) -> Vec<Vec<u8>> {
    let turns = turns(file).into_iter().filter(|turn| !turn.said.ends_with(PROBE));
    turns.map(|turn| turn.answer).collect()
}

fn bytes(text: &Text) -> Vec<u8> {
    let part = |part: &Part| match part {
        Part::Literal(literal) => literal.clone(),
        Part::Payload { length, .. } => vec![b'x'; *length],
        other => Text::new([other.clone()]).to_string().into_bytes(),
    };
    text.parts().iter().flat_map(part).collect()
}

macro_rules! recorded {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/transcripts/sdk/", $name, "-bring-up.txt"))
    };
}

/// How a module of this platform came on line.
pub(super) fn bring_up(platform: PlatformId) -> &'static [u8] {
    match platform {
        PlatformId::P10 => recorded!("10"),
        PlatformId::P12 => recorded!("12"),
        PlatformId::P13 => recorded!("13"),
        PlatformId::P16 => recorded!("16"),
        PlatformId::P20 => recorded!("20"),
        PlatformId::P23 => recorded!("23"),
        PlatformId::P25Linux => recorded!("25-linux"),
        PlatformId::P25ThreadX => recorded!("25-threadx"),
        PlatformId::P30 => recorded!("30"),
        PlatformId::P52 => recorded!("52"),
        // The platform that knows most, and whatever comes.
        _ => recorded!("37"),
    }
}
