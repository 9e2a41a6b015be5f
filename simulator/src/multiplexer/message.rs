//! Messages of the control channel. Source: 5.4.6.

use bytes::Bytes;

use super::frame;

/// DLC parameter negotiation, 5.4.6.3.1.
pub(super) const NEGOTIATION: u8 = 0x80;
/// Multiplexer close down, 5.4.6.3.3.
pub(super) const CLOSE_DOWN: u8 = 0xC0;
/// 5.4.6.3.4
pub(super) const TEST: u8 = 0x20;
/// Flow control on (the host can take data), 5.4.6.3.5.
pub(super) const FLOW_ON: u8 = 0xA0;
/// Flow control off (it cannot), 5.4.6.3.6.
pub(super) const FLOW_OFF: u8 = 0x60;
/// Modem status, 5.4.6.3.7.
pub(super) const STATUS: u8 = 0xE0;
/// Non-supported command, 5.4.6.3.8.
const NOT_SUPPORTED: u8 = 0x10;

const EXTENSION: u8 = 0x01;
const COMMAND: u8 = 0x02;

/// A command or an answer of the control channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) command: bool,
    pub(super) values: Bytes,
}

impl Message {
    /// `None`: it is not whole.
    pub(super) fn read(information: &Bytes) -> Option<Self> {
        let kind = *information.first()?;
        let (length, octets) = frame::read_length(information.get(1..)?)?;
        let start = 1 + octets;
        let end = start.checked_add(length)?;
        if kind & EXTENSION == 0 || end > information.len() {
            return None;
        }
        let values = information.slice(start..end);
        Some(Self { kind: kind & !(EXTENSION | COMMAND), command: kind & COMMAND != 0, values })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.type_octet()];
        frame::write_length(&mut bytes, self.values.len());
        bytes.extend_from_slice(&self.values);
        bytes
    }

    /// The same, as an answer.
    pub(super) fn answer(&self) -> Self {
        Self { command: false, ..self.clone() }
    }

    /// The answer to a command that is not known.
    pub(super) fn not_supported(&self) -> Self {
        let values = Bytes::copy_from_slice(&[self.type_octet()]);
        Self { kind: NOT_SUPPORTED, command: false, values }
    }

    pub(super) fn status(command: bool, dlci: u8, octet: u8) -> Self {
        let values = Bytes::copy_from_slice(&[dlci << 2 | COMMAND | EXTENSION, octet]);
        Self { kind: STATUS, command, values }
    }

    pub(super) fn negotiation(agreed: &Negotiated) -> Self {
        Self { kind: NEGOTIATION, command: false, values: Bytes::copy_from_slice(&agreed.0) }
    }

    fn type_octet(&self) -> u8 {
        let command = if self.command { COMMAND } else { 0 };
        self.kind | command | EXTENSION
    }
}

/// What is negotiated of a channel: DLCI, frame type and convergence layer, priority, T1, N1 (two octets), N2, k.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Negotiated([u8; 8]);

impl Negotiated {
    pub(super) fn read(values: &[u8]) -> Option<Self> {
        values.try_into().ok().map(Self)
    }

    pub(super) fn dlci(&self) -> u8 {
        self.0[0] & 0x3F
    }

    pub(super) fn frame_size(&self) -> usize {
        usize::from(u16::from_le_bytes([self.0[4], self.0[5]]))
    }

    /// UIH frames without a convergence layer, with frames of this size.
    pub(super) fn settle(&mut self, frame_size: usize) {
        let [low, high, ..] = frame_size.to_le_bytes();
        (self.0[1], self.0[4], self.0[5]) = (0, low, high);
    }
}
