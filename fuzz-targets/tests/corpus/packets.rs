//! Seeds of what a broker says, by the examples of MQTT 3.1.1: they lead deep into a session.

use telit_fuzz_targets::packets::Operation::{
    self, After, Publish, Reconnect, Room, Says, Sent, Subscribe, Unsubscribe,
};
use telit_mqtt::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

use crate::golden::check;

const ACCEPTED: Operation<'_> = Says(b"\x20\x02\x00\x00");
const ACCEPTED_AGAIN: Operation<'_> = Says(b"\x20\x02\x01\x00");
const ALL: Operation<'_> = Sent(255);

/// The session is kept, and nobody repeats what it repeats.
const KEPT: u8 = 0;
const CLEAN: u8 = 1;
/// The session is kept, and whoever publishes repeats what is at least once.
const REPEATED: u8 = 2;

const CONVERSATIONS: [(&str, u8, &[Operation<'_>]); 8] = [
    ("refused", CLEAN, &[ALL, Says(b"\x20\x02\x00\x05")]),
    (
        "publish",
        CLEAN,
        &[
            ALL,
            ACCEPTED,
            Publish(AtMostOnce),
            Publish(AtLeastOnce),
            Publish(ExactlyOnce),
            ALL,
            Says(b"\x40\x02\x00\x02\x50\x02\x00\x03"),
            ALL,
            Says(b"\x70\x02\x00\x03"),
        ],
    ),
    (
        "receive",
        CLEAN,
        &[
            ALL,
            ACCEPTED,
            Says(b"\x30\x04\x00\x01tx\x32\x06\x00\x01t\x00\x07x\x34\x06\x00\x01t\x00\x08x"),
            ALL,
            Says(b"\x3c\x06\x00\x01t\x00\x08x\x62\x02\x00\x08"),
            ALL,
        ],
    ),
    (
        "no-room",
        CLEAN,
        &[
            ALL,
            ACCEPTED,
            Room(false),
            Says(b"\x32\x06\x00\x01t\x00\x07x\x32\x06\x00\x01t\x00\x08y"),
            ALL,
            Room(true),
            ALL,
        ],
    ),
    (
        "subscribe",
        CLEAN,
        &[
            ALL,
            ACCEPTED,
            Subscribe,
            ALL,
            Says(b"\x90\x04\x00\x01\x01\x80"),
            Unsubscribe,
            ALL,
            Says(b"\xb0\x02\x00\x02"),
        ],
    ),
    ("ping", CLEAN, &[ALL, ACCEPTED, After(60), ALL, Says(b"\xd0\x00"), After(61), ALL, After(30)]),
    (
        "kept",
        KEPT,
        &[
            ALL,
            ACCEPTED,
            Publish(AtLeastOnce),
            Publish(ExactlyOnce),
            ALL,
            Says(b"\x50\x02\x00\x02\x34\x06\x00\x01t\x00\x08x"),
            After(30),
            Reconnect,
            ALL,
            ACCEPTED_AGAIN,
            ALL,
            Says(b"\x40\x02\x00\x01\x70\x02\x00\x02\x3c\x06\x00\x01t\x00\x08x"),
        ],
    ),
    (
        "repeated",
        REPEATED,
        &[
            ALL,
            ACCEPTED,
            Publish(AtLeastOnce),
            Publish(ExactlyOnce),
            ALL,
            After(30),
            Reconnect,
            ALL,
            ACCEPTED_AGAIN,
            ALL,
        ],
    ),
];

#[test]
fn what_a_broker_says() {
    let seeds = CONVERSATIONS.map(|(name, first, operations)| {
        let operations = operations.iter().flat_map(|operation| operation.encode());
        (name.to_owned(), std::iter::once(first).chain(operations).collect())
    });
    check("packets", seeds.into());
}
