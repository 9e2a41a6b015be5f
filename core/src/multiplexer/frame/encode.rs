//! From a frame to octets.

use bytes::{BufMut, BytesMut};

use super::check_sequence::check_sequence;
use super::{COMMAND_RESPONSE, EXTENSION, FLAG, Header, POLL_FINAL};

/// The longest information field whose length fits into one octet.
const SHORT: usize = 0x7f;
/// The longest of all.
const LONGEST: usize = 0x7fff;

/// Appends the frame, flags included.
pub(in crate::multiplexer) fn encode(header: &Header, information: &[u8], octets: &mut BytesMut) {
    let information = information.get(..LONGEST).unwrap_or(information);
    let (head, size) = head(header, information.len());
    let head = head.get(..size).unwrap_or(&head);
    let checked: &[u8] = if header.kind.checks_information() { information } else { &[] };
    octets.reserve(size + information.len() + 3);
    octets.put_u8(FLAG);
    octets.put_slice(head);
    octets.put_slice(information);
    octets.put_u8(check_sequence([head, checked]));
    octets.put_u8(FLAG);
}

/// Address, control and length, and how many octets they have.
fn head(header: &Header, length: usize) -> ([u8; 4], usize) {
    let address = header.dlci.address() | if header.command_response { COMMAND_RESPONSE } else { 0 };
    let control = header.kind.octet() | if header.poll_final { POLL_FINAL } else { 0 };
    // Fifteen bits above a clear extension bit; a short one has the bit set instead.
    let [low, high] = u16::try_from(length << 1).unwrap_or(u16::MAX - 1).to_le_bytes();
    match length > SHORT {
        false => ([address, control, low | EXTENSION, 0], 3),
        true => ([address, control, low, high], 4),
    }
}
