//! Packets to bytes.

use bytes::BufMut;

use super::super::{Options, Qos, RequestError};
use super::Publish;

/// MQTT 2.2.3
const LARGEST_REMAINING_LENGTH: usize = 268_435_455;
/// What a PUBLISH has besides topic and payload: the topic's length and the packet id.
const PUBLISH_OVERHEAD: usize = 4;

/// MQTT 1.5.3: a text has a length of two bytes.
pub(in super::super) fn check_text(text: &str) -> Result<(), RequestError> {
    if text.len() > usize::from(u16::MAX) { Err(RequestError::TooLong("the topic")) } else { Ok(()) }
}

pub(in super::super) fn check_publish(topic: &str, payload: usize) -> Result<(), RequestError> {
    check_text(topic)?;
    if payload > LARGEST_REMAINING_LENGTH - PUBLISH_OVERHEAD - topic.len() {
        return Err(RequestError::TooLong("the message"));
    }
    Ok(())
}

/// MQTT 3.1
pub(in super::super) fn encode_connect(options: &Options) -> Result<Vec<u8>, &'static str> {
    // MQTT 3.1.2.9: no password without a user name.
    let password = options.password.as_ref().filter(|_| options.username.is_some());
    let mut flags = u8::from(options.clean_session) << 1;
    if let Some(will) = &options.will {
        flags |= 0x04 | will.qos.number() << 3 | u8::from(will.retain) << 5;
    }
    flags |= u8::from(password.is_some()) << 6 | u8::from(options.username.is_some()) << 7;

    let mut body = Vec::new();
    put_field(&mut body, b"MQTT", "")?;
    body.put_u8(4);
    body.put_u8(flags);
    body.put_u16(u16::try_from(options.keep_alive.as_secs()).unwrap_or(u16::MAX));
    put_field(&mut body, options.client_id.as_bytes(), "the client id")?;
    if let Some(will) = &options.will {
        put_field(&mut body, will.topic.as_bytes(), "the will's topic")?;
        put_field(&mut body, &will.payload, "the will's message")?;
    }
    if let Some(username) = &options.username {
        put_field(&mut body, username.as_bytes(), "the user name")?;
    }
    if let Some(password) = password {
        put_field(&mut body, password, "the password")?;
    }
    let mut packet = Vec::new();
    put_packet(&mut packet, 0x10, &[&body]);
    Ok(packet)
}

/// MQTT 3.3. The caller has checked the lengths.
pub(in super::super) fn encode_publish(out: &mut impl BufMut, message: &Publish) {
    let first = 0x30 | message.qos.number() << 1 | u8::from(message.retain);
    let topic_length = length_prefix(&message.topic);
    let id = message.id.to_be_bytes();
    let id: &[u8] = if message.qos == Qos::AtMostOnce { &[] } else { &id };
    put_packet(out, first, &[&topic_length, message.topic.as_bytes(), id, &message.payload]);
}

pub(in super::super) fn encode_puback(out: &mut impl BufMut, id: u16) {
    put_packet(out, 0x40, &[&id.to_be_bytes()]);
}

pub(in super::super) fn encode_pubrec(out: &mut impl BufMut, id: u16) {
    put_packet(out, 0x50, &[&id.to_be_bytes()]);
}

pub(in super::super) fn encode_pubrel(out: &mut impl BufMut, id: u16) {
    put_packet(out, 0x62, &[&id.to_be_bytes()]);
}

pub(in super::super) fn encode_pubcomp(out: &mut impl BufMut, id: u16) {
    put_packet(out, 0x70, &[&id.to_be_bytes()]);
}

/// MQTT 3.8
pub(in super::super) fn encode_subscribe(out: &mut impl BufMut, id: u16, filter: &str, qos: Qos) {
    let parts: [&[u8]; 4] = [&id.to_be_bytes(), &length_prefix(filter), filter.as_bytes(), &[qos.number()]];
    put_packet(out, 0x82, &parts);
}

/// MQTT 3.10
pub(in super::super) fn encode_unsubscribe(out: &mut impl BufMut, id: u16, filter: &str) {
    let parts: [&[u8]; 3] = [&id.to_be_bytes(), &length_prefix(filter), filter.as_bytes()];
    put_packet(out, 0xA2, &parts);
}

fn put_packet(out: &mut impl BufMut, first: u8, parts: &[&[u8]]) {
    out.put_u8(first);
    put_remaining_length(out, parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.put_slice(part);
    }
}

/// MQTT 2.2.3: seven bits a byte, least first.
pub(super) fn put_remaining_length(out: &mut impl BufMut, mut length: usize) {
    loop {
        let digit = u8::try_from(length & 0x7F).unwrap_or(0x7F);
        length >>= 7;
        if length == 0 {
            return out.put_u8(digit);
        }
        out.put_u8(digit | 0x80);
    }
}

fn put_field(body: &mut Vec<u8>, field: &[u8], name: &'static str) -> Result<(), &'static str> {
    body.put_u16(u16::try_from(field.len()).map_err(|_| name)?);
    body.put_slice(field);
    Ok(())
}

fn length_prefix(text: &str) -> [u8; 2] {
    u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes()
}
