//! Faults on purpose, in a form that can be written on a command line and repeats exactly.
//!
//! A fault is `KIND` or `KIND:KEY=VALUE,KEY=VALUE...`:
//!
//! | kind | keys | what happens |
//! |---|---|---|
//! | `drop-byte` | `at` or `one-in`, `seed`, `times` | a byte to the host is lost |
//! | `damage-byte` | `at` or `one-in`, `seed`, `times` | a byte to the host is changed |
//! | `urc` | `text`, `command`, `nth`, `times` | an unsolicited line stands before the answer |
//! | `garbage` | `bytes`, `seed`, `command`, `nth`, `times` | random bytes stand before the answer |
//! | `error` | `command`, `nth`, `times`, `code` | the command is not executed: `ERROR`, or the CME code |
//! | `delay` | `ms`, `command`, `nth`, `times` | the answer comes later |
//! | `no-answer` | `command`, `nth`, `times` | the command is executed, its answer is lost |
//! | `reboot` | `command`, `nth`, `times` | the module restarts instead of answering |
//! | `hang` | `command`, `nth`, `times` | the module answers nothing any more until it is reset from outside |
//! | `unplug` | `command`, `nth`, `times` | all plugs are pulled out; the command is executed |
//! | `net-loss` | `ms`, `command`, `nth`, `times` | the network is lost, and back after so long; the command is executed |
//! | `echo-on` | `command`, `nth`, `times` | the echo comes back on by itself |
//! | `net-cut` | `after`, `times` | every connection breaks after so many bytes of the network's data |
//!
//! `command` is the beginning of a command line without `AT` (any line if it is missing); `nth` the first line that is
//! hit among those that match (1); `times` how often in all (1; 0 is without end). `at` counts bytes to the host from
//! 1; `one-in=N` hits each byte with a chance of one in N, decided by `seed`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::error::AtError;
use crate::service::LinkId;

/// One fault. The grammar stands in the documentation of [`FaultSpec::from_str`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSpec {
    text: String,
    kind: Kind,
    times: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Byte { change: Change, place: Place },
    Line { effect: LineEffect, command: String, nth: u64 },
    NetworkCut { after: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Drop,
    Damage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    At(u64),
    OneIn { chance: u64, seed: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum LineEffect {
    Unsolicited(String),
    Garbage { bytes: usize, seed: u64 },
    Error(Option<u16>),
    Delay(Duration),
    NoAnswer,
    Reboot,
    Hang,
    Unplug,
    NetworkLoss(Duration),
    EchoOn,
}

/// The text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault `{spec}`: {reason}")]
pub struct InvalidFault {
    spec: String,
    reason: String,
}

impl fmt::Display for FaultSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for FaultSpec {
    type Err = InvalidFault;

    /// Reads `KIND` or `KIND:KEY=VALUE,KEY=VALUE...`.
    ///
    /// | kind | keys |
    /// |---|---|
    /// | `drop-byte`, `damage-byte` | `at=N` or `one-in=N`, `seed`, `times` |
    /// | `urc` | `text`, `command`, `nth`, `times` |
    /// | `garbage` | `bytes`, `seed`, `command`, `nth`, `times` |
    /// | `error` | `command`, `nth`, `times`, `code` |
    /// | `delay`, `net-loss` | `ms`, `command`, `nth`, `times` |
    /// | `no-answer`, `reboot`, `hang`, `unplug`, `echo-on` | `command`, `nth`, `times` |
    /// | `net-cut` | `after=BYTES`, `times` |
    ///
    /// `command` is the beginning of a command line without `AT`. `nth` (1) is the first matching line that is hit,
    /// `times` (1) how often in all; 0 is without end.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |reason: String| InvalidFault { spec: text.to_owned(), reason };
        let (name, keys) = text.split_once(':').unwrap_or((text, ""));
        let mut keys = Keys::parse(keys).map_err(invalid)?;
        let times = keys.number("times", 1).map_err(invalid)?;
        let kind = read_kind(name, &mut keys).map_err(invalid)?;
        match keys.0.first() {
            Some((key, _)) => Err(invalid(format!("unknown key `{key}`"))),
            None => Ok(Self { text: text.to_owned(), kind, times }),
        }
    }
}

fn read_kind(name: &str, keys: &mut Keys) -> Result<Kind, String> {
    let effect = match name {
        "drop-byte" => return read_byte(Change::Drop, keys),
        "damage-byte" => return read_byte(Change::Damage, keys),
        "net-cut" => return Ok(Kind::NetworkCut { after: keys.required("after")? }),
        "urc" => LineEffect::Unsolicited(keys.take("text").ok_or("`text` is missing")?),
        "garbage" => {
            let bytes = usize::try_from(keys.number("bytes", 16)?).map_err(|error| error.to_string())?;
            LineEffect::Garbage { bytes, seed: keys.number("seed", 0)? }
        }
        "error" => match keys.number("code", 0)? {
            0 => LineEffect::Error(None),
            code => LineEffect::Error(Some(u16::try_from(code).map_err(|error| error.to_string())?)),
        },
        "delay" => LineEffect::Delay(Duration::from_millis(keys.required("ms")?)),
        "no-answer" => LineEffect::NoAnswer,
        "reboot" => LineEffect::Reboot,
        "hang" => LineEffect::Hang,
        "unplug" => LineEffect::Unplug,
        "net-loss" => LineEffect::NetworkLoss(Duration::from_millis(keys.required("ms")?)),
        "echo-on" => LineEffect::EchoOn,
        _ => return Err("unknown kind".to_owned()),
    };
    let command = keys.take("command").unwrap_or_default().to_ascii_uppercase();
    Ok(Kind::Line { effect, command, nth: keys.number("nth", 1)? })
}

fn read_byte(change: Change, keys: &mut Keys) -> Result<Kind, String> {
    let seed = keys.number("seed", 0)?;
    let place = match (keys.number("at", 0)?, keys.number("one-in", 0)?) {
        (0, 0) => return Err("`at` or `one-in` is missing".to_owned()),
        (0, chance) => Place::OneIn { chance, seed },
        (at, _) => Place::At(at),
    };
    Ok(Kind::Byte { change, place })
}

struct Keys(Vec<(String, String)>);

impl Keys {
    fn parse(text: &str) -> Result<Self, String> {
        let pairs = text.split(',').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (key, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is not KEY=VALUE"))?;
            Ok((key.trim().to_owned(), value.to_owned()))
        });
        pairs.collect::<Result<_, String>>().map(Self)
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let index = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.remove(index).1)
    }

    fn number(&mut self, key: &str, default: u64) -> Result<u64, String> {
        match self.take(key) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("`{key}={text}` is not a number")),
        }
    }

    fn required(&mut self, key: &str) -> Result<u64, String> {
        let text = self.take(key).ok_or_else(|| format!("`{key}` is missing"))?;
        text.parse().map_err(|_| format!("`{key}={text}` is not a number"))
    }
}

/// What a fault does to a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LineFault {
    Unsolicited(String),
    Garbage(Vec<u8>),
    Fail(AtError),
    Delay(Duration),
    Mute,
    Reboot,
    Hang,
    Unplug,
    /// It comes back after so long.
    NetworkLoss(Duration),
    EchoOn,
}

/// The faults of a module and how far they have got.
#[derive(Debug)]
pub(crate) struct Faults {
    faults: Vec<Running>,
    /// Data of these links and older ones is lost.
    cut: Option<LinkId>,
}

#[derive(Debug)]
struct Running {
    kind: Kind,
    /// How often it may still strike; `None` is without end.
    left: Option<u64>,
    /// Bytes or matching lines so far.
    seen: u64,
    random: Random,
}

impl Running {
    fn strike(&mut self) -> bool {
        match &mut self.left {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

impl Faults {
    pub(crate) fn new(specifications: Vec<FaultSpec>) -> Self {
        let running = |specification: FaultSpec| {
            let seed = match &specification.kind {
                Kind::Byte { place: Place::OneIn { seed, .. }, .. }
                | Kind::Line { effect: LineEffect::Garbage { seed, .. }, .. } => *seed,
                _ => 0,
            };
            let left = (specification.times > 0).then_some(specification.times);
            Running { kind: specification.kind, left, seen: 0, random: Random::new(seed) }
        };
        Self { faults: specifications.into_iter().map(running).collect(), cut: None }
    }

    /// A command line, without `AT`, is about to be executed.
    pub(crate) fn on_line(&mut self, line: &[u8]) -> Vec<LineFault> {
        let line = String::from_utf8_lossy(line).trim_start().to_ascii_uppercase();
        let mut found = Vec::new();
        for fault in &mut self.faults {
            let Kind::Line { effect, command, nth } = &fault.kind else { continue };
            if !line.starts_with(command.as_str()) {
                continue;
            }
            fault.seen += 1;
            let effect = effect.clone();
            if fault.seen >= *nth && fault.strike() {
                found.push(line_fault(effect, &mut fault.random));
            }
        }
        found
    }

    /// Bytes that go to the host.
    pub(crate) fn on_output(&mut self, mut output: BytesMut) -> Bytes {
        for fault in &mut self.faults {
            if let Kind::Byte { change, .. } = fault.kind {
                output = spoil(fault, change, &output);
            }
        }
        output.freeze()
    }

    /// `count` bytes cross the network. `Some(n)`: it is cut after the first `n` of them.
    pub(crate) fn on_traffic(&mut self, count: usize) -> Option<usize> {
        let mut cut = None;
        for fault in &mut self.faults {
            let Kind::NetworkCut { after } = fault.kind else { continue };
            let before = fault.seen;
            fault.seen += count as u64;
            if fault.seen >= after && fault.strike() {
                fault.seen = 0;
                cut = Some(usize::try_from(after.saturating_sub(before)).unwrap_or(count).min(count));
            }
        }
        cut
    }

    /// Everything up to this link is cut.
    pub(crate) fn cut_links(&mut self, newest: LinkId) {
        self.cut = Some(newest);
    }

    pub(crate) fn is_cut(&self, link: LinkId) -> bool {
        self.cut.is_some_and(|newest| link <= newest)
    }
}

fn line_fault(effect: LineEffect, random: &mut Random) -> LineFault {
    match effect {
        LineEffect::Unsolicited(text) => LineFault::Unsolicited(text),
        LineEffect::Garbage { bytes, .. } => LineFault::Garbage((0..bytes).map(|_| random.byte()).collect()),
        LineEffect::Error(code) => LineFault::Fail(code.map_or(AtError::Plain, AtError::Cme)),
        LineEffect::Delay(delay) => LineFault::Delay(delay),
        LineEffect::NoAnswer => LineFault::Mute,
        LineEffect::Reboot => LineFault::Reboot,
        LineEffect::Hang => LineFault::Hang,
        LineEffect::Unplug => LineFault::Unplug,
        LineEffect::NetworkLoss(time) => LineFault::NetworkLoss(time),
        LineEffect::EchoOn => LineFault::EchoOn,
    }
}

fn spoil(fault: &mut Running, change: Change, output: &[u8]) -> BytesMut {
    let mut spoilt = BytesMut::with_capacity(output.len());
    for byte in output {
        fault.seen += 1;
        let hit = match &fault.kind {
            Kind::Byte { place: Place::At(at), .. } => fault.seen == *at,
            Kind::Byte { place: Place::OneIn { chance, .. }, .. } => {
                fault.random.next().is_multiple_of(*chance)
            }
            _ => false,
        };
        match change {
            _ if !hit || !fault.strike() => spoilt.extend_from_slice(&[*byte]),
            Change::Drop => {}
            Change::Damage => {
                let mask = 1 << (fault.random.next() % 8);
                spoilt.extend_from_slice(&[byte ^ mask]);
            }
        }
    }
    spoilt
}

/// Sebastiano Vigna's `SplitMix64`: small, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(specifications: &[&str]) -> Faults {
        Faults::new(specifications.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn a_line_fault_counts_the_lines_that_match() {
        let mut faults = faults(&["error:command=#SSLD,nth=2,code=1004"]);
        assert_eq!(faults.on_line(b"#SSLD=1,443"), []);
        assert_eq!(faults.on_line(b"#SSLS=1"), []);
        assert_eq!(faults.on_line(b"#ssld=1,443"), [LineFault::Fail(AtError::Cme(1004))]);
        assert_eq!(faults.on_line(b"#SSLD=1,443"), []);
    }

    #[test]
    fn times_zero_never_ends() {
        let mut faults = faults(&["delay:ms=20,times=0"]);
        for _ in 0..5 {
            assert_eq!(faults.on_line(b""), [LineFault::Delay(Duration::from_millis(20))]);
        }
    }

    #[test]
    fn a_byte_is_dropped_where_it_was_asked() {
        let mut faults = faults(&["drop-byte:at=3"]);
        assert_eq!(faults.on_output(BytesMut::from("ab")), "ab");
        assert_eq!(faults.on_output(BytesMut::from("cdef")), "def");
        assert_eq!(faults.on_output(BytesMut::from("abcdef")), "abcdef");
    }

    #[test]
    fn damage_repeats_with_its_seed() {
        let spoil =
            || faults(&["damage-byte:one-in=4,seed=7,times=0"]).on_output(BytesMut::from(&[0u8; 64][..]));
        assert_eq!(spoil(), spoil());
        assert!(spoil().iter().any(|byte| *byte != 0));
        assert_eq!(spoil().len(), 64);
    }

    #[test]
    fn the_network_is_cut_at_the_byte() {
        let mut faults = faults(&["net-cut:after=100"]);
        assert_eq!(faults.on_traffic(60), None);
        assert_eq!(faults.on_traffic(60), Some(40));
        assert_eq!(faults.on_traffic(600), None);
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for text in [
            "",
            "x",
            "drop-byte",
            "delay",
            "net-loss",
            "error:nth=x",
            "hang:ms=1",
            "urc:command=#X",
            "net-cut",
        ] {
            assert!(text.parse::<FaultSpec>().is_err(), "{text}");
        }
    }
}
