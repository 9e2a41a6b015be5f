//! Packets of MQTT 3.1.1 as a broker reads and writes them (OASIS standard, 29 October 2014).

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// A packet that a client may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    Connect(Connect),
    Publish(Publish),
    Puback(u16),
    Pubrec(u16),
    Pubrel(u16),
    Pubcomp(u16),
    Subscribe { id: u16, filters: Vec<(String, u8)> },
    Unsubscribe { id: u16, filters: Vec<String> },
    Pingreq,
    Disconnect,
}

/// MQTT 3.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connect {
    pub(crate) level: u8,
    pub(crate) client_id: String,
    pub(crate) clean_session: bool,
    pub(crate) keep_alive: u16,
    pub(crate) will: Option<Publish>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Bytes>,
}

/// MQTT 3.3, in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Publish {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    /// 0 with quality 0.
    pub(crate) id: u16,
    pub(crate) duplicate: bool,
}

/// What came is not MQTT 3.1.1: the connection is closed without an answer (MQTT 4.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Takes one packet out of `input`, if a whole one is there.
pub(crate) fn take(input: &mut BytesMut) -> Result<Option<Packet>, Malformed> {
    let Some((header, length)) = lengths(input)? else { return Ok(None) };
    if input.len() < header + length {
        return Ok(None);
    }
    let first = input.first().copied().unwrap_or_default();
    input.advance(header);
    read(first, input.split_to(length).freeze()).map(Some)
}

/// How long the packet is that `input` begins with, once its fixed header is there.
#[cfg(feature = "servers")]
pub(crate) fn length(input: &[u8]) -> Result<Option<usize>, Malformed> {
    Ok(lengths(input)?.map(|(header, rest)| header + rest))
}

/// The length of the fixed header, and that of the rest (MQTT 2.2.3).
fn lengths(input: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let mut length = 0;
    for (index, digit) in input.iter().skip(1).take(4).enumerate() {
        length |= usize::from(digit & 0x7F) << (7 * index);
        if digit & 0x80 == 0 {
            return Ok(Some((index + 2, length)));
        }
    }
    if input.len() > 4 { Err(Malformed) } else { Ok(None) }
}

fn read(first: u8, mut body: Bytes) -> Result<Packet, Malformed> {
    let packet = match first {
        0x10 => Packet::Connect(connect(&mut body)?),
        0x30..=0x3F => Packet::Publish(publish(first, &mut body)?),
        0x40 => Packet::Puback(id(&mut body)?),
        0x50 => Packet::Pubrec(id(&mut body)?),
        0x62 => Packet::Pubrel(id(&mut body)?),
        0x70 => Packet::Pubcomp(id(&mut body)?),
        0x82 => Packet::Subscribe {
            id: id(&mut body)?,
            filters: some(&mut body, |body| Ok((text(body)?, qos(byte(body)?)?)))?,
        },
        0xA2 => Packet::Unsubscribe { id: id(&mut body)?, filters: some(&mut body, text)? },
        0xC0 => Packet::Pingreq,
        0xE0 => Packet::Disconnect,
        _ => return Err(Malformed),
    };
    if body.is_empty() { Ok(packet) } else { Err(Malformed) }
}

fn connect(body: &mut Bytes) -> Result<Connect, Malformed> {
    if text(body)? != "MQTT" {
        return Err(Malformed);
    }
    let (level, flags) = (byte(body)?, byte(body)?);
    let keep_alive = body.try_get_u16().map_err(|_| Malformed)?;
    let client_id = text(body)?;
    let is_set = |bit: u8| flags & bit != 0;
    let will = match is_set(0x04) {
        true => Some(Publish {
            topic: text(body)?,
            payload: field(body)?,
            qos: qos(flags >> 3 & 3)?,
            retain: is_set(0x20),
            id: 0,
            duplicate: false,
        }),
        false => None,
    };
    let username = if is_set(0x80) { Some(text(body)?) } else { None };
    let password = if is_set(0x40) { Some(field(body)?) } else { None };
    if is_set(0x01) || (password.is_some() && username.is_none()) {
        return Err(Malformed);
    }
    Ok(Connect { level, client_id, clean_session: is_set(0x02), keep_alive, will, username, password })
}

fn publish(first: u8, body: &mut Bytes) -> Result<Publish, Malformed> {
    let qos = qos(first >> 1 & 3)?;
    let topic = text(body)?;
    let id = if qos == 0 { 0 } else { id(body)? };
    let payload = body.split_off(0);
    Ok(Publish { topic, payload, qos, retain: first & 1 == 1, id, duplicate: first & 8 == 8 })
}

/// One or more, to the end of the packet.
fn some<T>(body: &mut Bytes, read: impl Fn(&mut Bytes) -> Result<T, Malformed>) -> Result<Vec<T>, Malformed> {
    let mut items = vec![read(body)?];
    while !body.is_empty() {
        items.push(read(body)?);
    }
    Ok(items)
}

fn byte(body: &mut Bytes) -> Result<u8, Malformed> {
    body.try_get_u8().map_err(|_| Malformed)
}

/// MQTT 2.3.1: 0 is no packet id.
fn id(body: &mut Bytes) -> Result<u16, Malformed> {
    body.try_get_u16().ok().filter(|id| *id != 0).ok_or(Malformed)
}

fn qos(number: u8) -> Result<u8, Malformed> {
    if number <= 2 { Ok(number) } else { Err(Malformed) }
}

fn field(body: &mut Bytes) -> Result<Bytes, Malformed> {
    let length = usize::from(body.try_get_u16().map_err(|_| Malformed)?);
    if length <= body.len() { Ok(body.split_to(length)) } else { Err(Malformed) }
}

fn text(body: &mut Bytes) -> Result<String, Malformed> {
    String::from_utf8(field(body)?.to_vec()).map_err(|_| Malformed)
}

pub(crate) fn connack(session_present: bool, code: u8) -> Bytes {
    packet(0x20, &[&[u8::from(session_present), code]])
}

/// PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK, by its first byte.
pub(crate) fn acknowledgement(first: u8, id: u16) -> Bytes {
    packet(first, &[&id.to_be_bytes()])
}

pub(crate) fn suback(id: u16, codes: &[u8]) -> Bytes {
    packet(0x90, &[&id.to_be_bytes(), codes])
}

pub(crate) fn pingresp() -> Bytes {
    packet(0xD0, &[])
}

impl Publish {
    pub(crate) fn to_bytes(&self) -> Bytes {
        let first = 0x30 | self.qos << 1 | u8::from(self.retain) | u8::from(self.duplicate) << 3;
        let length = u16::try_from(self.topic.len()).unwrap_or(u16::MAX).to_be_bytes();
        let id = self.id.to_be_bytes();
        let id: &[u8] = if self.qos == 0 { &[] } else { &id };
        packet(first, &[&length, self.topic.as_bytes(), id, &self.payload])
    }
}

fn packet(first: u8, parts: &[&[u8]]) -> Bytes {
    let mut packet = BytesMut::new();
    packet.put_u8(first);
    let mut length: usize = parts.iter().map(|part| part.len()).sum();
    loop {
        let digit = u8::try_from(length & 0x7F).unwrap_or(0x7F);
        length >>= 7;
        if length == 0 {
            packet.put_u8(digit);
            break;
        }
        packet.put_u8(digit | 0x80);
    }
    parts.iter().for_each(|part| packet.put_slice(part));
    packet.freeze()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_connect_of_everything() {
        let mut input = BytesMut::from(
            &b"\x10\x24\0\x04MQTT\x04\xEE\0\x3C\0\x03dev\0\x01t\0\x02\0\xFF\0\x04name\0\x06secret"[..],
        );
        let will = Publish {
            topic: "t".into(),
            payload: Bytes::from_static(b"\0\xFF"),
            qos: 1,
            retain: true,
            id: 0,
            duplicate: false,
        };
        let expected = Connect {
            level: 4,
            client_id: "dev".into(),
            clean_session: true,
            keep_alive: 60,
            will: Some(will),
            username: Some("name".into()),
            password: Some(Bytes::from_static(b"secret")),
        };
        assert_eq!(take(&mut input), Ok(Some(Packet::Connect(expected))));
    }

    #[test]
    fn what_no_client_may_send_is_malformed() {
        for bytes in [
            &b"\x20\x02\0\0"[..],
            // QoS 3, packet id 0, no filter, too long a length, something behind the packet.
            b"\x36\x05\0\x01a\0\x01",
            b"\x32\x05\0\x01a\0\0",
            b"\x82\x02\0\x01",
            b"\x30\xFF\xFF\xFF\xFF\x01",
            b"\xC0\x01\0",
        ] {
            assert_eq!(take(&mut BytesMut::from(bytes)), Err(Malformed), "{bytes:02X?}");
        }
    }

    proptest! {
        #[test]
        fn a_message_survives(topic in "[a-z/]{1,20}", payload: Vec<u8>, qos in 0..=2u8, retain: bool) {
            let message = Publish {
                topic,
                payload: payload.into(),
                qos,
                retain,
                id: u16::from(qos > 0),
                duplicate: qos == 2,
            };
            let mut input = BytesMut::from(&message.to_bytes()[..]);
            prop_assert_eq!(take(&mut input), Ok(Some(Packet::Publish(message))));
            prop_assert!(input.is_empty());
        }

        #[test]
        fn no_input_panics(bytes: Vec<u8>) {
            let mut input = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = take(&mut input) {}
            prop_assert!(input.len() <= bytes.len());
        }
    }
}
