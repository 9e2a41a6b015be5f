//! What can go wrong at a point.

use std::fmt;
use std::time::Duration;

use super::point::{Kind, Point};
use super::tape::Speaker;

/// One thing that goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A byte gets lost.
    Drop,
    /// These bits of a byte are turned over.
    Damage(u8),
    /// The module says something unasked before the piece.
    Unsolicited(&'static str),
    /// Noise before the piece, in the same direction.
    Garbage,
    /// The host is told this instead of the command being executed.
    Refuse(&'static str),
    /// What the module says from here on takes so long.
    Late(Duration),
    /// What the module says from here on is held back until the host has given up and says something else.
    TooLate,
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
const REFUSALS: [&str; 2] = ["ERROR", "+CME ERROR: operation not supported"];
/// Line noise: no line end, so that it joins what follows.
pub(super) const NOISE: &[u8] = b"\xff\x00~\x80U\xfe";

impl Fault {
    /// Whether it hits a single byte of the line, which nothing protects.
    pub(super) fn hits_a_byte(self) -> bool {
        matches!(self, Self::Drop | Self::Damage(_))
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
        all.push(whole(Fault::Garbage));
    }
    if point.kind == Kind::Command {
        all.extend(REFUSALS.map(Fault::Refuse).map(whole));
        all.push(whole(Fault::Garbage));
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
            Self::Garbage => f.write_str("garbage"),
            Self::Refuse(text) => write!(f, "refuse-{}", code(text)),
            Self::Late(by) => write!(f, "late-{}s", by.as_secs()),
            Self::TooLate => f.write_str("too-late"),
            Self::Mute => f.write_str("mute"),
            Self::Swallow => f.write_str("swallow"),
            Self::SingleBytes => f.write_str("single-bytes"),
            Self::Reboot => f.write_str("reboot"),
            Self::NetworkLoss => f.write_str("network-loss"),
            Self::Unplug => f.write_str("unplug"),
        }
    }
}
