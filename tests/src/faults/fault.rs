//! What can go wrong at a point.

use std::fmt;
use std::time::Duration;

use super::outcome::Ending;
use super::point::{Kind, Point};
use super::tape::Speaker;

/// One thing that goes wrong, once.
///
/// Nothing unsolicited is said in the midst of online data: there the module says nothing but the data (SSL guide 7.1.1),
/// and the payloads hold everything that looks like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A byte gets lost.
    Drop,
    /// These bits of a byte are turned over.
    Damage(u8),
    /// The module says something unasked before the piece.
    Unsolicited(&'static str),
    /// The module says something unasked behind the piece, before the host says anything else.
    UnsolicitedBehind(&'static str),
    /// Noise before the piece, in the same direction, without a line end: it joins what follows.
    Garbage,
    /// Noise before the piece, in the same direction, in lines of its own.
    GarbageLines,
    /// The host is told this instead of the command being executed.
    Refuse(&'static str),
    /// The host is told this instead of `OK` although the command was executed.
    Deny(&'static str),
    /// What the module says from here on takes so long.
    Late(Duration),
    /// What the module says from here on is held back until the host has given up and says something else.
    TooLate,
    /// What the module says from here on is held back until the operation under way has ended, and comes before the
    /// host begins another one.
    Overdue,
    /// What the module says from here on is lost, until the host says something else.
    Mute,
    /// The piece never gets there.
    Swallow,
    /// The piece comes in single bytes with pauses between them.
    SingleBytes,
    /// The module restarts.
    Reboot,
    /// The mobile network is gone for [`OUTAGE`].
    NetworkLoss,
    /// The plug is pulled.
    Unplug,
}

/// How long a lost network stays away.
pub(super) const OUTAGE: Duration = Duration::from_secs(30);

/// Shorter than every deadline of a command.
const LATE: Duration = Duration::from_secs(4);
/// Turns digits into other digits, and letters into control characters.
const BITS: [u8; 2] = [0x01, 0x40];
const UNSOLICITED: [&str; 4] = ["#MQRING: 1,1,\"a\",3", "SSLSRING: 2,10", "NO CARRIER:SSL,3", "+CREG: 5"];
const BEHIND: [&str; 2] = ["#MQRING: 1,1,\"a\",3", "+CREG: 5"];
const REFUSALS: [&str; 2] = ["ERROR", "+CME ERROR: operation not supported"];
const DENIAL: &str = "ERROR";
/// Line noise: no line end, so that it joins what follows.
pub(super) const NOISE: &[u8] = b"\xff\x00~\x80U\xfe";
/// Line noise with line ends of all sorts.
pub(super) const NOISE_LINES: &[u8] = b"\r\n\xff\x00~\r\x80U\n\r\n~O\r\n";

impl Fault {
    /// Whether it hits a single byte of the line, which nothing protects.
    pub(super) fn hits_a_byte(self) -> bool {
        matches!(self, Self::Drop | Self::Damage(_))
    }

    /// Whether a job may end like this with it. What the line and the module are allowed to do makes no error, and
    /// "it may have taken effect" is no excuse where a command was refused, unless something has.
    pub(super) fn allows(self, ending: Ending) -> bool {
        match self {
            Self::Unsolicited(_) | Self::UnsolicitedBehind(_) | Self::Late(_) | Self::SingleBytes => {
                ending == Ending::Right
            }
            Self::Refuse(_) => ending != Ending::InDoubt,
            _ => true,
        }
    }
}

/// Everything that can go wrong at a point, with the byte of the piece that is hit.
pub(super) fn faults(point: &Point, every_byte: bool) -> Vec<(usize, Fault)> {
    let mut all = Vec::new();
    for at in positions(point.bytes.len(), every_byte) {
        all.push((at, Fault::Drop));
        all.extend(BITS.map(|bits| (at, Fault::Damage(bits))));
    }
    let whole = |fault: Fault| (0, fault);
    if matches!(point.kind, Kind::Line | Kind::Prompt) {
        all.extend(UNSOLICITED.map(Fault::Unsolicited).map(whole));
    }
    if matches!(point.kind, Kind::Line | Kind::Prompt | Kind::Command) {
        all.extend([Fault::Garbage, Fault::GarbageLines].map(whole));
    }
    if point.kind == Kind::Line && point.bytes.trim_ascii() == b"OK" {
        let last = point.bytes.len() - 1;
        all.extend(BEHIND.map(|text| (last, Fault::UnsolicitedBehind(text))));
        all.push(whole(Fault::Deny(DENIAL)));
    }
    if point.kind == Kind::Command {
        all.extend(REFUSALS.map(Fault::Refuse).map(whole));
        all.push(whole(Fault::Overdue));
    }
    if point.speaker == Speaker::Module {
        all.push(whole(Fault::SingleBytes));
    }
    all.extend([Fault::Late(LATE), Fault::TooLate, Fault::Mute].map(whole));
    if point.speaker == Speaker::Host {
        all.push(whole(Fault::Swallow));
    }
    all.extend([Fault::Reboot, Fault::NetworkLoss, Fault::Unplug].map(whole));
    all
}

/// First, middle and last byte.
fn positions(length: usize, every_byte: bool) -> Vec<usize> {
    if every_byte {
        return (0..length).collect();
    }
    let mut some = vec![0, length / 2, length - 1];
    some.dedup();
    some
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = |text: &str| text.split([':', '=']).next().unwrap_or_default().replace(' ', "-");
        match self {
            Self::Drop => f.write_str("drop"),
            Self::Damage(bits) => write!(f, "damage-{bits:02x}"),
            Self::Unsolicited(text) => write!(f, "unsolicited-{}", code(text)),
            Self::UnsolicitedBehind(text) => write!(f, "unsolicited-behind-{}", code(text)),
            Self::Garbage => f.write_str("garbage"),
            Self::GarbageLines => f.write_str("garbage-lines"),
            Self::Refuse(text) => write!(f, "refuse-{}", code(text)),
            Self::Deny(text) => write!(f, "deny-{}", code(text)),
            Self::Late(by) => write!(f, "late-{}s", by.as_secs()),
            Self::TooLate => f.write_str("too-late"),
            Self::Overdue => f.write_str("overdue"),
            Self::Mute => f.write_str("mute"),
            Self::Swallow => f.write_str("swallow"),
            Self::SingleBytes => f.write_str("single-bytes"),
            Self::Reboot => f.write_str("reboot"),
            Self::NetworkLoss => f.write_str("network-loss"),
            Self::Unplug => f.write_str("unplug"),
        }
    }
}
