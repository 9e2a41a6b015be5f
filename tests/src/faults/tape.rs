//! What was said on the line, by whom and when.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    Host,
    Module,
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Module => "module",
        })
    }
}

/// Commands whose payload the module waits for without a limit, for all that is documented.
const COUNTED: [&str; 3] = ["#HTTPSND", "#SSLSENDEXT", "#FTPAPPEXT"];

/// One side's bytes until the other side speaks or time passes.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) at: Duration,
    pub(super) speaker: Speaker,
    pub(super) bytes: Bytes,
}

/// A conversation as its two sides heard it, with remarks.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    turns: Vec<Turn>,
    remarks: Vec<(usize, String)>,
    /// The turns that belong to the job which is tried.
    job: Range<usize>,
}

impl Tape {
    pub(super) fn record(&mut self, at: Duration, speaker: Speaker, bytes: &[u8]) {
        match self.turns.last_mut() {
            Some(last) if last.speaker == speaker && last.at == at => {
                last.bytes = [&last.bytes, bytes].concat().into();
            }
            _ => self.turns.push(Turn { at, speaker, bytes: Bytes::copy_from_slice(bytes) }),
        }
    }

    pub(super) fn remark(&mut self, text: String) {
        self.remarks.push((self.turns.len(), text));
    }

    /// What stands before does not belong to the job.
    pub(super) fn begin_job(&mut self) {
        self.remark("the job begins".to_owned());
        self.job = self.turns.len()..usize::MAX;
    }

    /// What follows does not belong to the job any more.
    pub(super) fn end_job(&mut self) {
        self.remark("the job ends".to_owned());
        self.job.end = self.turns.len();
    }

    /// Whether the last command with a counted payload has had no result: the module may wait for the rest of it.
    pub(super) fn is_entry_open(&self) -> bool {
        let begins = |turn: &Turn| {
            turn.speaker == Speaker::Host
                && COUNTED.iter().any(|name| turn.bytes.starts_with(format!("AT{name}=").as_bytes()))
        };
        let ends = |turn: &Turn| {
            let text = String::from_utf8_lossy(&turn.bytes);
            turn.speaker == Speaker::Module && (text.contains("OK\r\n") || text.contains("ERROR"))
        };
        let last = self.turns.iter().rposition(begins);
        last.and_then(|last| self.turns.get(last..)).is_some_and(|since| !since.iter().any(ends))
    }

    /// All turns, and whether they belong to the job.
    pub(super) fn turns(&self) -> impl Iterator<Item = (bool, &Turn)> {
        self.turns.iter().enumerate().map(|(index, turn)| (self.job.contains(&index), turn))
    }
}

impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, turn) in self.turns.iter().enumerate() {
            for (_, remark) in self.remarks.iter().filter(|(before, _)| *before == index) {
                writeln!(f, "             # {remark}")?;
            }
            let arrow = if turn.speaker == Speaker::Host { '>' } else { '<' };
            writeln!(f, "{:>12.3} {arrow} {}", turn.at.as_secs_f64(), shown(&turn.bytes))?;
        }
        for (_, remark) in self.remarks.iter().filter(|(before, _)| *before >= self.turns.len()) {
            writeln!(f, "             # {remark}")?;
        }
        Ok(())
    }
}

/// Bytes as one line of text, cut where it gets long.
pub(super) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 160;
    let shown = bytes[..bytes.len().min(MOST)].escape_ascii();
    match bytes.len() > MOST {
        true => format!("{shown}... ({} bytes)", bytes.len()),
        false => shown.to_string(),
    }
}
