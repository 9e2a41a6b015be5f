//! Packets out of bytes, however those are split. No more of a packet is kept than has come, and nothing of one that is
//! larger than agreed.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use bytes::BytesMut;
use mqtt_proto::v3::{Header, Packet};
use mqtt_proto::{Error, PollHeader};

/// Bytes of a length field at most. Source: MQTT 3.1.1, section 2.2.3.
const LENGTH_BYTES: usize = 4;

/// What a broker must not send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// A packet of more bytes than agreed.
    TooLarge(usize),
    /// No packet of MQTT 3.1.1.
    Malformed(Error),
    /// A packet that only clients send, or not now.
    Unexpected(&'static str),
}

#[derive(Debug)]
pub(super) struct PacketReader {
    bytes: BytesMut,
    limit: usize,
}

/// The fixed header.
#[derive(Clone, Copy, Debug)]
struct Head {
    control: u8,
    /// Its own length.
    length: usize,
    /// What follows it.
    remaining: usize,
}

impl PacketReader {
    /// Takes packets of at most so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: BytesMut::new(), limit }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next packet that is whole.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, Violation> {
        let Some(head) = Head::read(&self.bytes)? else {
            return Ok(None);
        };
        let size = head.length + head.remaining;
        if size > self.limit {
            return Err(Violation::TooLarge(size));
        }
        if self.bytes.len() < size {
            return Ok(None);
        }
        let packet = self.bytes.split_to(size);
        decode(head, packet.get(head.length..).unwrap_or_default()).map(Some)
    }
}

impl Head {
    /// `None` while it is not whole.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Violation> {
        let Some((control, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let mut remaining = 0;
        for (position, byte) in rest.iter().take(LENGTH_BYTES).enumerate() {
            remaining |= usize::from(byte & 0x7f) << (7 * position);
            if byte & 0x80 == 0 {
                return Ok(Some(Self { control: *control, length: position + 2, remaining }));
            }
        }
        if rest.len() < LENGTH_BYTES { Ok(None) } else { Err(Violation::Malformed(Error::InvalidVarByteInt)) }
    }
}

fn decode(head: Head, body: &[u8]) -> Result<Packet, Violation> {
    let length = |bytes| u32::try_from(bytes).map_err(|_| Violation::TooLarge(bytes));
    let (remaining, total) = (length(head.remaining)?, length(head.length + head.remaining)?);
    let header = Header::new_with(head.control, remaining, total).map_err(Violation::Malformed)?;
    let mut read = 0;
    let packet = match header.build_empty_packet() {
        Some(packet) => packet,
        None => header.decode_buffer(body, &mut read).map_err(Violation::Malformed)?,
    };
    // The decoder does not mind what follows.
    if read == body.len() { Ok(packet) } else { Err(Violation::Malformed(Error::InvalidRemainingLength)) }
}

#[cfg(test)]
mod tests {
    use mqtt_proto::Pid;
    use mqtt_proto::v3::{Connack, ConnectReturnCode};
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 64;

    fn all(reader: &mut PacketReader) -> Result<Vec<Packet>, Violation> {
        std::iter::from_fn(|| reader.next().transpose()).collect()
    }

    fn read(bytes: &[u8]) -> Result<Vec<Packet>, Violation> {
        let mut reader = PacketReader::new(LIMIT);
        reader.push(bytes);
        all(&mut reader)
    }

    #[test]
    fn packets_come_out_whole_and_in_order() {
        let bytes = b"\x20\x02\x01\x00\xd0\x00\x40\x02\x12\x34\x30\x05\x00\x01txy\x90\x03\x00";
        let accepted = Connack { session_present: true, code: ConnectReturnCode::Accepted };
        let [connack, pingresp, puback, publish] = &read(bytes).unwrap()[..] else {
            panic!("four are whole");
        };
        assert_eq!(*connack, Packet::Connack(accepted));
        assert_eq!(*pingresp, Packet::Pingresp);
        assert_eq!(*puback, Packet::Puback(Pid::try_from(0x1234).unwrap()));
        let Packet::Publish(publish) = publish else {
            panic!("{publish:?}");
        };
        assert_eq!((&*publish.topic_name, &publish.payload[..]), ("t", &b"xy"[..]));
    }

    #[test]
    fn a_packet_that_is_too_large_is_refused_before_it_comes() {
        assert_eq!(read(b"\x30\x3e").unwrap(), []);
        assert_eq!(read(b"\x30\x3f").unwrap_err(), Violation::TooLarge(65));
        assert_eq!(read(b"\x30\xff\xff\xff\x7f").unwrap_err(), Violation::TooLarge(268_435_460));
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for bytes in [
            // A length of five bytes.
            &b"\x30\xff\xff\xff\xff"[..],
            // Reserved types and flags.
            b"\x00\x00",
            b"\xf0\x00",
            b"\x21\x02\x00\x00",
            b"\x36\x05\x00\x01txy",
            // Bodies that are too short, too long, and none where there must be one.
            b"\x20\x01\x00",
            b"\x20\x03\x00\x00\x00",
            b"\x40\x00",
            b"\x40\x03\x00\x01\x00",
            b"\xd0\x01\x00",
            b"\x30\x02\x00\x09",
            // Codes and flags without a meaning; identifier 0.
            b"\x20\x02\x02\x00",
            b"\x20\x02\x00\x06",
            b"\x90\x03\x00\x01\x03",
            b"\x40\x02\x00\x00",
            // Topics that are no topics.
            b"\x30\x03\x00\x01#",
            b"\x30\x03\x00\x01\0",
            b"\x30\x03\x00\x01\xff",
        ] {
            let outcome = read(bytes);
            assert!(matches!(outcome, Err(Violation::Malformed(_))), "{bytes:02x?}: {outcome:?}");
        }
    }

    fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
        let head = prop_oneof![Just(0x20_u8), Just(0x30), Just(0x32), Just(0x90), any::<u8>()];
        let packet = (head, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(head, body)| {
            let length = u8::try_from(body.len()).unwrap();
            [vec![head, length], body].concat()
        });
        let piece = prop_oneof![packet, prop::collection::vec(any::<u8>(), 0..8)];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn splits_change_nothing_and_nothing_panics(
            bytes in hostile_bytes(),
            sizes in prop::collection::vec(1_usize..9, 1..8),
        ) {
            let whole = read(&bytes);
            let mut reader = PacketReader::new(LIMIT);
            let (mut rest, mut sizes) = (&bytes[..], sizes.into_iter().cycle());
            let mut packets = Vec::new();
            let violation = loop {
                let (piece, next) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
                if piece.is_empty() {
                    break None;
                }
                reader.push(piece);
                match all(&mut reader) {
                    Ok(some) => packets.extend(some),
                    Err(violation) => break Some(violation),
                }
                prop_assert!(reader.bytes.len() <= LIMIT);
                rest = next;
            };
            match (violation, whole) {
                (None, Ok(whole)) => prop_assert_eq!(packets, whole),
                (Some(violation), Err(of_whole)) => prop_assert_eq!(violation, of_whole),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
