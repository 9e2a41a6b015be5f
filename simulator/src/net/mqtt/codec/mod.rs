//! Packets of MQTT 3.1.1 to and from bytes.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use super::Qos;

pub(super) use decode::decode;
pub(super) use encode::{
    check_publish, check_text, encode_connect, encode_puback, encode_pubcomp, encode_publish, encode_pubrec,
    encode_pubrel, encode_subscribe, encode_unsubscribe,
};

/// A packet that a broker may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    Connack { session_present: bool, code: u8 },
    Publish(Publish),
    Puback(u16),
    Pubrec(u16),
    Pubrel(u16),
    Pubcomp(u16),
    Suback { id: u16, granted: Option<Qos> },
    Unsuback(u16),
    Pingresp,
}

/// A message in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Publish {
    pub topic: String,
    pub payload: Bytes,
    pub qos: Qos,
    pub retain: bool,
    /// 0 with `QoS` 0.
    pub id: u16,
}

/// Bytes that are not MQTT 3.1.1, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

pub(super) const PINGREQ: &[u8] = &[0xC0, 0];
pub(super) const DISCONNECT: &[u8] = &[0xE0, 0];
