//! The targets on inputs made of what matters to them: pieces of conversations in any order.

use proptest::prelude::*;
use telit_fuzz_targets::clients::{JOBS, encode};
use telit_fuzz_targets::packets::Operation;
use telit_fuzz_targets::{clients, codec, engine, packets, values};
use telit_mqtt::QoS;

/// What modules say, whole and in pieces.
const PIECES: [&str; 34] = [
    "\r\n",
    "\r",
    "\n",
    " ",
    "> ",
    ">>>",
    "<<<",
    "OK",
    "\r\nOK\r\n",
    "\r\nERROR\r\n",
    "\r\n+CME ERROR: ",
    "CONNECT\r\n",
    "\r\nCONNECT\r\n",
    "\r\nNO CARRIER\r\n",
    "\r\nNO CARRIER:SSL,1,4\r\n",
    "NO CARR",
    "SSLSRING: 1,3,",
    "SSLSRING: 1,",
    "#MQRING: 1,1,t,3\r\n",
    "RING\r\n",
    "#FTPRECV: ",
    "#SSLRECV: 1,",
    "#MQREAD: 1,t,",
    "#HTTPSND: ",
    "+CREG: 1",
    "#SSLEN: 1,0\r\n",
    "AT#SSLEN?\r",
    "+CMEE: 2\r\n",
    "0\r\n",
    "4\r\n",
    "20\r\n",
    "300\r\n",
    "abc",
    "+++",
];

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let pieces = PIECES.map(|piece| piece.as_bytes().to_vec()).to_vec();
    prop_oneof![6 => prop::sample::select(pieces), 1 => prop::collection::vec(any::<u8>(), 0..50)]
}

/// Operations of the engine's target; bytes of the module that would be operations are escaped.
fn operation() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => piece().prop_map(|bytes| bytes.into_iter().flat_map(|byte| [0x1f, byte]).collect()),
        2 => any::<u8>().prop_map(|number| vec![0x01, number]),
        2 => (2..=3_u8, 0..40_u8).prop_map(|(unit, count)| vec![unit, count]),
        1 => Just(vec![0x04]),
        1 => any::<u8>().prop_map(|count| vec![0x05, count]),
        1 => prop::sample::select(vec![0x06, 0x07, 0x08, 0x0b, 0x0c, 0x0e]).prop_map(|operation| vec![operation]),
    ]
}

/// What brokers say, whole and in pieces: few identifiers, so that they meet.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let short = prop::sample::select(vec![0x40_u8, 0x50, 0x62, 0x70, 0xb0, 0x20, 0x60]);
    let short = (short, 0_u8..5).prop_map(|(kind, id)| vec![kind, 2, 0, id]);
    let message = (prop::sample::select(vec![0x30_u8, 0x32, 0x34, 0x3c, 0x3b]), 0_u8..5)
        .prop_map(|(head, id)| vec![head, 6, 0, 1, b't', 0, id, b'x']);
    let granted = (0_u8..5, any::<u8>()).prop_map(|(id, code)| vec![0x90, 4, 0, id, code, 1]);
    let anything = prop::collection::vec(any::<u8>(), 0..6);
    prop_oneof![4 => short, 4 => message, 2 => granted, 1 => Just(vec![0xd0, 0]), 1 => anything]
}

/// Operations of the target of packets.
fn session_operation() -> impl Strategy<Value = Vec<u8>> {
    let says = prop::collection::vec(packet(), 1..30).prop_map(|packets| packets.concat());
    let qualities = prop::sample::select(vec![QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce]);
    prop_oneof![
        6 => says.prop_map(|bytes| Operation::Says(&bytes).encode()),
        3 => qualities.prop_map(|qos| Operation::Publish(qos).encode()),
        1 => Just(Operation::Subscribe.encode()),
        1 => Just(Operation::Unsubscribe.encode()),
        3 => (0..=255_usize).prop_map(|length| Operation::Sent(length).encode()),
        1 => (0..70_u64).prop_map(|seconds| Operation::After(seconds).encode()),
        1 => any::<bool>().prop_map(|room| Operation::Room(room).encode()),
        1 => Just([Operation::Reconnect.encode(), Operation::Says(b"\x20\x02\x01\x00").encode()].concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_operations(settings in any::<u8>(), operations in prop::collection::vec(operation(), 0..30)) {
        engine(&[vec![settings], operations.concat()].concat());
    }

    #[test]
    fn any_packets(first in 0_u8..4, operations in prop::collection::vec(session_operation(), 0..60)) {
        let login = Operation::Says(b"\x20\x02\x00\x00").encode();
        packets(&[vec![first], login, operations.concat()].concat());
    }

    #[test]
    fn any_lines(pieces in prop::collection::vec(piece(), 0..30)) {
        let input = pieces.concat();
        codec(&input);
        values(&input);
    }

    #[test]
    fn any_values(line in "[ -~]{0,20}[\"\\\\,()\r\n\0\u{1a}\u{1b}é]{0,3}[ -~]{0,20}") {
        codec(line.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_answers(
        platform in any::<u8>(),
        job in 0..JOBS.len(),
        answers in prop::collection::vec(prop::collection::vec(piece(), 0..4), 0..20),
    ) {
        let answers: Vec<Vec<u8>> = answers.iter().map(|pieces| pieces.concat()).collect();
        let job = u8::try_from(job).expect("there are few");
        clients(&[vec![platform, job, 0], encode(&answers)].concat());
    }
}
