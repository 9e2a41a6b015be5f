//! The codec by its bytes.

use bytes::{Bytes, BytesMut};
use std::time::Duration;

use proptest::prelude::*;

use super::super::{Options, Qos, Will};
use super::decode::{LARGEST_INCOMING, fixed_header};
use super::encode::put_remaining_length;
use super::*;

fn options() -> Options {
    Options {
        host: "broker.test".into(),
        port: 1883,
        tls: None,
        connect_timeout: Duration::from_secs(1),
        client_id: "id".into(),
        username: None,
        password: None,
        keep_alive: Duration::from_secs(60),
        clean_session: true,
        will: None,
        packet_timeout: Duration::from_secs(1),
    }
}

#[test]
fn a_plain_connect() {
    let packet = encode_connect(&options()).unwrap();
    assert_eq!(packet, b"\x10\x0E\x00\x04MQTT\x04\x02\x00\x3C\x00\x02id");
}

#[test]
fn a_connect_with_everything() {
    let options = Options {
        clean_session: false,
        username: Some("u".into()),
        password: Some(b"\x00p".to_vec()),
        will: Some(Will {
            topic: "w".into(),
            payload: b"\xFF".to_vec(),
            qos: Qos::ExactlyOnce,
            retain: true,
        }),
        ..options()
    };
    let expected =
        b"\x10\x1B\x00\x04MQTT\x04\xF4\x00\x3C\x00\x02id\x00\x01w\x00\x01\xFF\x00\x01u\x00\x02\x00p";
    assert_eq!(encode_connect(&options).unwrap(), expected);
}

#[test]
fn a_password_without_a_user_name_stays_home() {
    let with = Options { password: Some(b"p".to_vec()), ..options() };
    assert_eq!(encode_connect(&with), encode_connect(&options()));
}

#[test]
fn an_option_that_does_not_fit_is_named() {
    let options = Options { client_id: "x".repeat(65_536), ..options() };
    assert_eq!(encode_connect(&options), Err("the client id"));
}

#[test]
fn requests() {
    let mut out = Vec::new();
    encode_subscribe(&mut out, 0x0102, "a/#", Qos::AtLeastOnce);
    encode_unsubscribe(&mut out, 3, "b");
    encode_puback(&mut out, 4);
    encode_pubrec(&mut out, 5);
    encode_pubrel(&mut out, 6);
    encode_pubcomp(&mut out, 7);
    let expected = b"\x82\x08\x01\x02\x00\x03a/#\x01\xA2\x05\x00\x03\x00\x01b\
        \x40\x02\x00\x04\x50\x02\x00\x05\x62\x02\x00\x06\x70\x02\x00\x07";
    assert_eq!(out, expected);
}

#[test]
fn answers() {
    let mut input = BytesMut::from(
        &b"\x20\x02\x01\x05\x90\x03\x00\x01\x80\x90\x03\x00\x01\x02\xB0\x02\x00\x09\xD0\x00\x33\x06\x00\x01t\x00\x07!"[..],
    );
    let mut packets = Vec::new();
    while let Some(packet) = decode(&mut input).unwrap() {
        packets.push(packet);
    }
    let message = Publish {
        topic: "t".into(),
        payload: Bytes::from_static(b"!"),
        qos: Qos::AtLeastOnce,
        retain: true,
        id: 7,
    };
    let expected = [
        Packet::Connack { session_present: true, code: 5 },
        Packet::Suback { id: 1, granted: None },
        Packet::Suback { id: 1, granted: Some(Qos::ExactlyOnce) },
        Packet::Unsuback(9),
        Packet::Pingresp,
        Packet::Publish(message),
    ];
    assert_eq!(packets, expected);
    assert!(input.is_empty());
}

#[test]
fn what_is_not_mqtt_is_refused() {
    let cases: [&[u8]; 9] = [
        b"HTTP/1.1 400",
        b"\x20\x01\x00",
        b"\x20\x03\x00\x00\x00",
        b"\x36\x05\x00\x01t\x00\x01",
        b"\x32\x05\x00\x01t\x00\x00",
        b"\x30\x02\x00\x01",
        b"\x30\x03\x00\x01\xFF",
        b"\x90\x03\x00\x01\x03",
        b"\x30\xFF\xFF\xFF\xFF\x01",
    ];
    for case in cases {
        assert!(decode(&mut BytesMut::from(case)).is_err(), "{case:?}");
    }
}

#[test]
fn a_huge_packet_is_refused_at_its_header() {
    assert_eq!(decode(&mut BytesMut::from(&b"\x30\xFF\xFF\xFF\x7F"[..])), Err(Malformed("packet too large")));
}

fn qos() -> impl Strategy<Value = Qos> {
    prop_oneof![Just(Qos::AtMostOnce), Just(Qos::AtLeastOnce), Just(Qos::ExactlyOnce)]
}

proptest! {
    #[test]
    fn a_message_comes_back_however_it_is_split(
        topic in ".{0,200}",
        payload in prop::collection::vec(any::<u8>(), 0..300),
        qos in qos(),
        retain: bool,
        id in 1_u16..,
        piece in 1_usize..40,
    ) {
        let id = if qos == Qos::AtMostOnce { 0 } else { id };
        let message = Publish { topic, payload: payload.into(), qos, retain, id };
        let mut bytes = Vec::new();
        encode_publish(&mut bytes, &message);
        let mut input = BytesMut::new();
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            input.extend_from_slice(piece);
            found.extend(decode(&mut input).unwrap());
        }
        prop_assert_eq!(found, vec![Packet::Publish(message)]);
        prop_assert!(input.is_empty());
    }

    #[test]
    fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut input = BytesMut::from(&bytes[..]);
        while let Ok(Some(_)) = decode(&mut input) {}
    }

    #[test]
    fn lengths_are_whole(length in 0_usize..=LARGEST_INCOMING) {
        let mut header = vec![0x30];
        put_remaining_length(&mut header, length);
        prop_assert_eq!(fixed_header(&header), Ok(Some((0x30, header.len(), length))));
    }
}
