//! That what is handed on is what was sent: exact events and intact bodies are the condition of every figure.

use std::sync::{Arc, Mutex, PoisonError};

use crate::delivered::{Span, deliver};
use crate::measurement::Traffic;
use crate::{Error, Found, READ_SIZES, bodies, floors, peer, reader, text};

/// What was found out, by the size of the reads.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) read_size: usize,
    pub(crate) lines: usize,
    /// Lines that the peer does not hand on as they were sent.
    pub(crate) peer_lines_wrong: usize,
    pub(crate) bodies: usize,
    /// Bodies that the peer does not hand on as they were sent.
    pub(crate) peer_bodies_damaged: usize,
    /// Bytes of bodies that the engine moves in memory.
    pub(crate) moved_bytes: usize,
    pub(crate) body_bytes: usize,
}

/// Checks the SDK, and counts what the peer gets wrong.
pub(crate) fn everything(traffic: &Traffic) -> Result<Vec<Checked>, Error> {
    READ_SIZES.into_iter().map(|read_size| at(traffic, read_size)).collect()
}

fn at(traffic: &Traffic, read_size: usize) -> Result<Checked, Error> {
    let Traffic { text, short, bodies, file } = traffic;
    let lines = traffic.lines();
    let said: usize = text.iter().map(|turn| turn.answer.len() + turn.unsolicited.len()).sum();
    must_hand_on_all(text, read_size)?;
    must_hand_on_all(short, read_size)?;
    if floors::decode_lines(text, read_size) != lines {
        return Err("the lines codec finds other lines".into());
    }
    let mut seen_by_peer = Seen::default();
    peer::read_text(text, read_size, |found| seen_by_peer.take(found));

    must_be_intact(bodies, read_size)?;
    must_be_intact(file, read_size)?;
    let mut bodies_of_peer = Seen::default();
    peer::read_bodies(bodies, read_size, |found| bodies_of_peer.take(found));

    Ok(Checked {
        read_size,
        lines,
        peer_lines_wrong: said - seen_by_peer.right(text),
        bodies: bodies.len(),
        peer_bodies_damaged: bodies.len() - bodies_of_peer.intact(bodies),
        moved_bytes: reader::moved_bytes(bodies, read_size)?,
        body_bytes: traffic.body_bytes(),
    })
}

/// The SDK understands every line, whichever way it is delivered.
fn must_hand_on_all(text: &[text::Turn], read_size: usize) -> Result<(), Error> {
    let mut seen = Seen::default();
    reader::read_text(text, read_size, |found| seen.take(found));
    seen.must_be_all_of_text(text, "the engine")?;
    let mut seen = Seen::default();
    reader::read_lines(text, read_size, |found| seen.take(found));
    if !seen.are_all_lines(text) {
        return Err("without a command the engine hands on other lines than were sent".into());
    }
    for span in [Span::Receiving, Span::Everything] {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let sink = Arc::clone(&seen);
        let take = move |found: Found<'_>| sink.lock().unwrap_or_else(PoisonError::into_inner).take(found);
        deliver(text, read_size, span, Arc::new(take))?;
        seen.lock().unwrap_or_else(PoisonError::into_inner).must_be_all_of_text(text, "the port")?;
    }
    Ok(())
}

/// The SDK hands on every body and every code among them as it was sent.
fn must_be_intact(bodies: &[bodies::Turn], read_size: usize) -> Result<(), Error> {
    let mut seen = Seen::default();
    reader::read_bodies(bodies, read_size, |found| seen.take(found))?;
    match seen.intact(bodies) == bodies.len() && seen.codes == codes_of(bodies) {
        true => Ok(()),
        false => {
            Err(format!("bodies or codes among them are not intact at reads of {read_size} bytes").into())
        }
    }
}

fn codes_of(bodies: &[bodies::Turn]) -> Vec<String> {
    bodies.iter().flat_map(|turn| turn.unsolicited.clone()).collect()
}

/// Everything that was handed on.
#[derive(Debug, Default)]
struct Seen {
    codes: Vec<String>,
    answers: Vec<String>,
    bodies: Vec<Vec<u8>>,
}

impl Seen {
    fn take(&mut self, found: Found<'_>) {
        let shown = |value: Option<_>| value.map_or_else(|| "?".to_owned(), |value| format!("{value:?}"));
        match found {
            Found::Code(value) => self.codes.push(shown(value)),
            Found::Answer(value) => self.answers.push(shown(value)),
            Found::Body(body) => self.bodies.push(body.to_vec()),
        }
    }

    fn must_be_all_of_text(&self, turns: &[text::Turn], who: &str) -> Result<(), Error> {
        let codes: Vec<_> = turns.iter().flat_map(|turn| turn.unsolicited.clone()).collect();
        let answers: Vec<_> = turns.iter().flat_map(|turn| turn.answer.clone()).collect();
        match (codes == self.codes, answers == self.answers) {
            (true, true) => Ok(()),
            _ => Err(format!("{who} hands on other lines than were sent").into()),
        }
    }

    /// Whether these are the lines that were sent, answers and codes alike, and results that are nothing.
    fn are_all_lines(&self, turns: &[text::Turn]) -> bool {
        let results = turns.iter().filter(|turn| turn.query.is_some()).count();
        let codes = turns.iter().map(|turn| turn.unsolicited.len()).sum::<usize>();
        let answers = turns.iter().map(|turn| turn.answer.len()).sum::<usize>();
        self.codes.len() == codes + answers + results
            && self.codes.iter().filter(|code| *code == "?").count() == results
            && in_order(&self.codes, turns.iter().flat_map(|turn| &turn.unsolicited)) == codes
            && in_order(&self.codes, turns.iter().flat_map(|turn| &turn.answer)) == answers
    }

    /// How many lines are right, in their order.
    fn right(&self, turns: &[text::Turn]) -> usize {
        let codes = turns.iter().flat_map(|turn| &turn.unsolicited);
        let answers = turns.iter().flat_map(|turn| &turn.answer);
        in_order(&self.codes, codes) + in_order(&self.answers, answers)
    }

    /// How many bodies are intact, in their order.
    fn intact(&self, turns: &[bodies::Turn]) -> usize {
        in_order(&self.bodies, turns.iter().map(|turn| &turn.body))
    }
}

/// How many of `expected` are among `seen`, in the same order.
fn in_order<'a, T: PartialEq + 'a>(seen: &[T], expected: impl Iterator<Item = &'a T>) -> usize {
    let mut rest = seen;
    let mut found = 0;
    for wanted in expected {
        if let Some(at) = rest.iter().position(|here| here == wanted) {
            found += 1;
            rest = rest.get(at + 1..).unwrap_or_default();
        }
    }
    found
}
