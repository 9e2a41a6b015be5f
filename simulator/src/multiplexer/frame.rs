//! Frames of the basic option. Source: 5.2.

use bytes::{BufMut, Bytes, BytesMut};

/// Stands before and behind a frame.
pub(super) const FLAG: u8 = 0xF9;
/// Unnumbered information whose header alone is checked.
pub(super) const UIH: u8 = 0xEF;

const SABM: u8 = 0x2F;
const UA: u8 = 0x63;
const DM: u8 = 0x0F;
const DISC: u8 = 0x43;
/// The poll bit of a command, the final bit of an answer.
const POLL: u8 = 0x10;

const EXTENSION: u8 = 0x01;
const COMMAND_OR_RESPONSE: u8 = 0x02;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sabm,
    Ua,
    Dm,
    Disc,
    Uih,
}

impl Kind {
    pub(super) fn read(control: u8) -> Option<Self> {
        match control & !POLL {
            SABM => Some(Self::Sabm),
            UA => Some(Self::Ua),
            DM => Some(Self::Dm),
            DISC => Some(Self::Disc),
            UIH => Some(Self::Uih),
            _ => None,
        }
    }

    pub(super) fn control(self, poll: bool) -> u8 {
        let control = match self {
            Self::Sabm => SABM,
            Self::Ua => UA,
            Self::Dm => DM,
            Self::Disc => DISC,
            Self::Uih => UIH,
        };
        if poll { control | POLL } else { control }
    }
}

/// A frame from the host.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) dlci: u8,
    /// The host, which initiated, marks its commands and data so. Source: 5.2.1.2.
    pub(super) command: bool,
    pub(super) kind: Kind,
    pub(super) poll: bool,
    pub(super) information: Bytes,
}

impl Frame {
    /// `None`: no such frame exists.
    pub(super) fn read(address: u8, control: u8, information: Bytes) -> Option<Self> {
        let kind = Kind::read(control)?;
        let command = address & COMMAND_OR_RESPONSE != 0;
        Some(Self { dlci: address >> 2, command, kind, poll: control & POLL != 0, information })
    }
}

/// The address of what the responder sends of its own. Source: 5.2.1.2, table 1.
pub(super) fn command_address(dlci: u8) -> u8 {
    dlci << 2 | EXTENSION
}

/// The address of an answer to a frame of the initiator.
pub(super) fn answer_address(dlci: u8) -> u8 {
    dlci << 2 | COMMAND_OR_RESPONSE | EXTENSION
}

/// Writes a frame with both flags.
pub(super) fn write(line: &mut BytesMut, address: u8, control: u8, information: &[u8]) {
    let start = line.len() + 1;
    line.extend_from_slice(&[FLAG, address, control]);
    write_length(line, information.len());
    let check = check(line.get(start..).unwrap_or_default());
    line.extend_from_slice(information);
    line.extend_from_slice(&[check, FLAG]);
}

/// Seven bits, or fifteen in two octets. Source: 5.2.1.5.
pub(super) fn write_length(out: &mut impl BufMut, length: usize) {
    let [low, high, ..] = (length << 1).to_le_bytes();
    if length < 128 {
        out.put_slice(&[low | EXTENSION]);
    } else {
        out.put_slice(&[low, high]);
    }
}

/// Reads a length; the second value is how many octets it took. `None`: it is not complete.
pub(super) fn read_length(bytes: &[u8]) -> Option<(usize, usize)> {
    match bytes {
        [low, ..] if low & EXTENSION != 0 => Some((usize::from(low >> 1), 1)),
        [low, high, ..] => Some((usize::from(low >> 1) | usize::from(*high) << 7, 2)),
        _ => None,
    }
}

/// The frame check sequence of a header. Source: 5.2.1.6, annex B.
pub(super) fn check(header: &[u8]) -> u8 {
    let step = |check: u8, byte: &u8| {
        (0..8).fold(check ^ byte, |check, _| if check & 1 == 0 { check >> 1 } else { check >> 1 ^ 0xE0 })
    };
    0xFF - header.iter().fold(0xFF, step)
}
