//! Bytes to packets.

use bytes::{Buf, Bytes, BytesMut};

use super::super::Qos;
use super::{Malformed, Packet, Publish};

/// The largest packet that is taken from a broker. The standard allows 256 MiB; the module's messages end at 64 KiB
/// (M37 p1030), and nothing it could do with more is known.
pub(super) const LARGEST_INCOMING: usize = 4 * 1024 * 1024;

type Decoded<T> = Result<T, Malformed>;

/// Takes one packet out of `input`, if a whole one is there.
pub(in super::super) fn decode(input: &mut BytesMut) -> Decoded<Option<Packet>> {
    let Some((first, header, length)) = fixed_header(input)? else {
        return Ok(None);
    };
    if input.len() < header + length {
        return Ok(None);
    }
    input.advance(header);
    decode_body(first, input.split_to(length).freeze()).map(Some)
}

/// The first byte, the length of the fixed header, and the remaining length.
pub(super) fn fixed_header(input: &[u8]) -> Decoded<Option<(u8, usize, usize)>> {
    let Some((&first, rest)) = input.split_first() else {
        return Ok(None);
    };
    if !matches!(first, 0x20 | 0x30..=0x40 | 0x50 | 0x62 | 0x70 | 0x90 | 0xB0 | 0xD0) {
        return Err(Malformed("not a packet of a server"));
    }
    let mut length = 0;
    for (index, &digit) in rest.iter().enumerate().take(4) {
        length |= usize::from(digit & 0x7F) << (7 * index);
        if digit & 0x80 == 0 {
            return if length > LARGEST_INCOMING {
                Err(Malformed("packet too large"))
            } else {
                Ok(Some((first, index + 2, length)))
            };
        }
    }
    if rest.len() < 4 { Ok(None) } else { Err(Malformed("remaining length of more than four bytes")) }
}

fn decode_body(first: u8, mut body: Bytes) -> Decoded<Packet> {
    let packet = match first {
        0x20 => {
            let flags = take_u8(&mut body)?;
            Packet::Connack { session_present: flags & 1 == 1, code: take_u8(&mut body)? }
        }
        0x30..=0x3F => return decode_publish(first, body).map(Packet::Publish),
        0x40 => Packet::Puback(take_id(&mut body)?),
        0x50 => Packet::Pubrec(take_id(&mut body)?),
        0x62 => Packet::Pubrel(take_id(&mut body)?),
        0x70 => Packet::Pubcomp(take_id(&mut body)?),
        0x90 => Packet::Suback { id: take_id(&mut body)?, granted: granted(take_u8(&mut body)?)? },
        0xB0 => Packet::Unsuback(take_id(&mut body)?),
        0xD0 => Packet::Pingresp,
        _ => return Err(Malformed("not a packet of a server")),
    };
    if body.is_empty() { Ok(packet) } else { Err(Malformed("packet longer than its kind")) }
}

fn decode_publish(first: u8, mut body: Bytes) -> Decoded<Publish> {
    let qos = Qos::from_number(first >> 1 & 3).ok_or(Malformed("QoS 3"))?;
    let length = usize::from(take_u16(&mut body)?);
    if body.len() < length {
        return Err(Malformed("topic longer than its packet"));
    }
    let topic =
        String::from_utf8(body.split_to(length).to_vec()).map_err(|_| Malformed("topic is not UTF-8"))?;
    let id = if qos == Qos::AtMostOnce { 0 } else { take_id(&mut body)? };
    Ok(Publish { topic, payload: body, qos, retain: first & 1 == 1, id })
}

/// MQTT 3.9.3
fn granted(code: u8) -> Decoded<Option<Qos>> {
    match code {
        0x80 => Ok(None),
        code => Qos::from_number(code).map(Some).ok_or(Malformed("SUBACK return code")),
    }
}

/// MQTT 2.3.1: 0 is no packet id.
fn take_id(body: &mut Bytes) -> Decoded<u16> {
    match take_u16(body)? {
        0 => Err(Malformed("packet id 0")),
        id => Ok(id),
    }
}

fn take_u16(body: &mut Bytes) -> Decoded<u16> {
    body.try_get_u16().map_err(|_| Malformed("packet shorter than its kind"))
}

fn take_u8(body: &mut Bytes) -> Decoded<u8> {
    body.try_get_u8().map_err(|_| Malformed("packet shorter than its kind"))
}
