//! What is said on the control channel.
//!
//! Source: 3GPP TS 27.010 5.4.6.

mod parameters;
mod signals;

use bytes::{BufMut, Bytes, BytesMut};

pub use parameters::Parameters;
pub use signals::Signals;

use super::frame::{Dlci, EXTENSION};

/// The C/R bit of a message: it is a command.
const COMMAND: u8 = 0x02;
/// The bit behind the extension bit of an octet that names a channel in a message is always set.
const NAMED: u8 = 0x02;

pub(super) const NEGOTIATION: u8 = 0x80;
const CLOSE_DOWN: u8 = 0xc0;
const TEST: u8 = 0x20;
const FLOW_ON: u8 = 0xa0;
const FLOW_OFF: u8 = 0x60;
pub(super) const MODEM_STATUS: u8 = 0xe0;
const NOT_SUPPORTED: u8 = 0x10;

/// One message on the control channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// It asks; otherwise it answers.
    pub is_command: bool,
    /// What about.
    pub content: Content,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// PN: parameters of a channel.
    Negotiation(Parameters),
    /// CLD: the multiplexer ends.
    CloseDown,
    /// Test: to be sent back.
    Test(Bytes),
    /// `FCon`: data are welcome on all channels.
    FlowOn,
    /// `FCoff`: data are welcome on no channel.
    FlowOff,
    /// MSC: the signals of a channel.
    ModemStatus(Dlci, Signals),
    /// NSC: a command of this type octet is not known.
    NotSupported(u8),
    /// A message that is not known here, with its type octet.
    Unknown(u8),
}

impl Message {
    /// A command.
    #[must_use]
    pub const fn command(content: Content) -> Self {
        Self { is_command: true, content }
    }

    /// An answer.
    #[must_use]
    pub const fn response(content: Content) -> Self {
        Self { is_command: false, content }
    }

    /// The information of its frame.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let cr = if self.is_command { COMMAND } else { 0 };
        let (kind, value): (u8, Bytes) = match &self.content {
            Content::Negotiation(parameters) => (NEGOTIATION, Bytes::copy_from_slice(&parameters.octets())),
            Content::CloseDown => (CLOSE_DOWN, Bytes::new()),
            Content::Test(pattern) => (TEST, pattern.clone()),
            Content::FlowOn => (FLOW_ON, Bytes::new()),
            Content::FlowOff => (FLOW_OFF, Bytes::new()),
            Content::ModemStatus(dlci, signals) => {
                (MODEM_STATUS, Bytes::copy_from_slice(&[dlci.address() | NAMED, signals.octet()]))
            }
            Content::NotSupported(kind) => (NOT_SUPPORTED, Bytes::copy_from_slice(&[*kind])),
            Content::Unknown(kind) => (kind_of(*kind), Bytes::new()),
        };
        let mut octets = BytesMut::with_capacity(3 + value.len());
        octets.put_u8(kind | cr | EXTENSION);
        put_length(value.len(), &mut octets);
        octets.put_slice(&value);
        octets.freeze()
    }

    /// Reads all messages of a frame; what is cut off is left out.
    #[must_use]
    pub fn decode(information: &Bytes) -> Vec<Self> {
        let mut messages = Vec::new();
        let mut rest = information.clone();
        while let Some(message) = Self::take(&mut rest) {
            messages.push(message);
        }
        messages
    }

    fn take(octets: &mut Bytes) -> Option<Self> {
        let first = *octets.first()?;
        let kind_size = field_size(octets)?;
        let length_octets = octets.get(kind_size..)?;
        let length_size = field_size(length_octets)?;
        let length = read_length(length_octets.get(..length_size)?)?;
        let start = kind_size + length_size;
        let end = start.checked_add(length).filter(|end| *end <= octets.len())?;
        let value = octets.slice(start..end);
        let is_command = first & COMMAND != 0;
        *octets = octets.slice(end..);
        // No type of more octets is in the standard.
        let content = if kind_size == 1 { content(first, value) } else { Content::Unknown(first) };
        Some(Self { is_command, content })
    }
}

/// The kind of a message, of its type octet.
pub(super) const fn kind_of(octet: u8) -> u8 {
    octet & !(COMMAND | EXTENSION)
}

fn content(first: u8, value: Bytes) -> Content {
    let known = match kind_of(first) {
        NEGOTIATION => Parameters::of(&value).map(Content::Negotiation),
        CLOSE_DOWN => Some(Content::CloseDown),
        TEST => Some(Content::Test(value)),
        FLOW_ON => Some(Content::FlowOn),
        FLOW_OFF => Some(Content::FlowOff),
        MODEM_STATUS => modem_status(&value),
        NOT_SUPPORTED => value.first().copied().map(Content::NotSupported),
        _ => None,
    };
    known.unwrap_or(Content::Unknown(first))
}

/// A third octet would be a break signal, which means nothing to a stream of AT commands.
fn modem_status(value: &[u8]) -> Option<Content> {
    let [dlci, signals] = *value.first_chunk()?;
    Some(Content::ModemStatus(Dlci::of_address(dlci)?, Signals::of(signals)))
}

/// How many octets the field at the beginning has, by their extension bits.
fn field_size(octets: &[u8]) -> Option<usize> {
    octets.iter().position(|octet| octet & EXTENSION != 0).map(|last| last + 1)
}

/// `None` for a length that no frame can have.
fn read_length(octets: &[u8]) -> Option<usize> {
    let mut digits = octets.iter().rev();
    digits.try_fold(0_usize, |length, octet| {
        length.checked_mul(0x80).map(|length| length | usize::from(octet >> 1))
    })
}

fn put_length(length: usize, octets: &mut BytesMut) {
    let mut rest = length;
    while rest > 0x7f {
        octets.put_u8(u8::try_from(rest & 0x7f).unwrap_or_default() << 1);
        rest >>= 7;
    }
    octets.put_u8(u8::try_from(rest).unwrap_or_default() << 1 | EXTENSION);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dlci(number: u8) -> Dlci {
        Dlci::new(number).unwrap()
    }

    fn negotiation() -> Content {
        Content::Negotiation(Parameters {
            dlci: dlci(2),
            layer: 0,
            priority: 7,
            acknowledgement_timer: 10,
            frame_size: 0x0180,
            retransmissions: 3,
            window: 2,
        })
    }

    #[test]
    fn octets_of_the_standard() {
        let ready = Content::ModemStatus(dlci(1), Signals::READY);
        let hold = Content::ModemStatus(dlci(1), Signals { hold: true, ..Signals::READY });
        for (message, octets) in [
            (Message::command(ready.clone()), &b"\xe3\x05\x07\x8d"[..]),
            (Message::response(ready), b"\xe1\x05\x07\x8d"),
            (Message::command(hold), b"\xe3\x05\x07\x8f"),
            (Message::command(Content::CloseDown), b"\xc3\x01"),
            (Message::response(Content::CloseDown), b"\xc1\x01"),
            (Message::command(Content::FlowOn), b"\xa3\x01"),
            (Message::response(Content::FlowOff), b"\x61\x01"),
            (Message::command(Content::Test(Bytes::from_static(b"ab"))), b"\x23\x05ab"),
            (Message::response(Content::NotSupported(0x43)), b"\x11\x03\x43"),
            (Message::command(negotiation()), b"\x83\x11\x02\x00\x07\x0a\x80\x01\x03\x02"),
        ] {
            assert_eq!(message.encode(), octets);
            assert_eq!(Message::decode(&Bytes::from_static(octets)), [message]);
        }
    }

    #[test]
    fn unknown_messages_keep_their_type() {
        let octets = Bytes::from_static(b"\x43\x01\x53\x05\x07\x01\x82\x03\x01x");
        let unknown = |kind| Message::command(Content::Unknown(kind));
        assert_eq!(Message::decode(&octets), [unknown(0x43), unknown(0x53), unknown(0x82)]);
    }

    #[test]
    fn what_is_cut_off_is_none() {
        for octets in [&b""[..], b"\xe3", b"\xe3\x05\x07", b"\x23\xfe\xff\x01x", b"\x82\x82"] {
            assert_eq!(Message::decode(&Bytes::from_static(octets)), [], "{octets:02x?}");
        }
        let short = Message::decode(&Bytes::from_static(b"\xe3\x03\x07"));
        assert_eq!(short, [Message::command(Content::Unknown(0xe3))], "without its signals");
        let endless = [&b"\x23"[..], &[0xfe; 40], &[0xff]].concat();
        assert_eq!(Message::decode(&endless.into()), []);
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in(
            pattern in proptest::collection::vec(any::<u8>(), 0..400),
            signals in any::<[bool; 5]>(),
            number in 0..=Dlci::MAX,
            is_command in any::<bool>(),
        ) {
            let [hold, ready_to_communicate, ready_to_receive, incoming_call, data_valid] = signals;
            let signals =
                Signals { hold, ready_to_communicate, ready_to_receive, incoming_call, data_valid };
            let contents =
                [Content::Test(pattern.into()), Content::ModemStatus(dlci(number), signals), negotiation()];
            let messages = contents.map(|content| Message { is_command, content });
            let octets = messages.iter().flat_map(Message::encode).collect::<Vec<u8>>();
            prop_assert_eq!(Message::decode(&octets.into()), messages);
        }
    }
}
