//! Firmware whose MQTT client differs in what it makes of messages.

use telit_simulator::Quirk;

use crate::bench::{in_virtual_time, module};
use crate::broker::{connected, peers};

#[test]
fn a_long_message_is_cut() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = connected(module(&peers).quirk(Quirk::MessagesTruncated)).await;
        port.ok("AT#MQSUB=1,\"t\"").await;
        broker.publish("t", [b'a'; 1025].to_vec(), 0);
        port.expect("\r\n#MQRING: 1,1,t,1024\r\n").await;
        let payload = "a".repeat(1024);
        port.ask("AT#MQREAD=1,1", &format!("\r\n#MQREAD: 1,t,1024\r\n<<<\r\n{payload}\r\n\r\nOK\r\n")).await;
    });
}

#[test]
fn a_long_message_comes_in_pieces() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = connected(module(&peers).quirk(Quirk::MessagesSplit)).await;
        port.ok("AT#MQSUB=1,\"t\"").await;
        broker.publish("t", [vec![b'a'; 2048], b"end".to_vec()].concat(), 0);
        let rings = "\r\n#MQRING: 1,1,t,1024\r\n\r\n#MQRING: 1,2,t,1024\r\n\r\n#MQRING: 1,3,t,3\r\n";
        port.expect(rings).await;
        port.ask("AT#MQREAD=1,3", "\r\n#MQREAD: 1,t,3\r\n<<<\r\nend\r\n\r\nOK\r\n").await;
        // One that fits stays whole, and an empty one is a message.
        broker.publish("t", [b'b'; 1024].to_vec(), 0);
        port.expect("\r\n#MQRING: 1,3,t,1024\r\n").await;
        broker.publish("t", "", 0);
        port.expect("\r\n#MQRING: 1,4,t,0\r\n").await;
    });
}

#[test]
fn the_header_may_end_in_a_comma() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = connected(module(&peers).quirk(Quirk::MqreadHeaderComma)).await;
        port.ok("AT#MQSUB=1,\"t\"").await;
        broker.publish("t", "ab", 0);
        port.expect("\r\n#MQRING: 1,1,t,2\r\n").await;
        port.ask("AT#MQREAD=1,1", "\r\n#MQREAD: 1,t,2,\r\n<<<\r\nab\r\n\r\nOK\r\n").await;
    });
}

#[test]
fn a_refused_subscription_may_look_like_a_good_one() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (plain, mut port) = connected(module(&peers)).await;
        port.ask("AT#MQSUB=1,\"a#\"", "\r\n+CME ERROR: MQTT Subscribe Fail\r\n").await;
        plain.shutdown().await;
        let (_module, mut port) = connected(module(&peers).quirk(Quirk::RefusedSubscriptionIsOk)).await;
        port.ok("AT#MQSUB=1,\"a#\"").await;
        assert!(broker.subscriptions("device").is_empty());
    });
}
