use std::time::Duration;

use telit_simulator::peers::{Broker, Message, Peers};
use telit_simulator::{Builder, VirtualModule};

use crate::bench::{in_virtual_time, module, ready, settle};
use crate::port::Port;

const CONNECT: &str = "AT#MQCONN=1,\"device\",\"\",\"\"";

pub(crate) fn peers() -> (Peers, Broker) {
    let peers = Peers::new();
    let broker = peers.broker("broker.test", 8883);
    (peers, broker)
}

/// A module with client 1 set up for TLS.
async fn prepared(builder: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = ready(builder).await;
    port.ok("AT#MQEN=1,1").await;
    port.ok("AT#MQCFG=1,\"broker.test\",8883,1,1,1").await;
    port.ok("AT#SSLSECCFG=1,0xC02F,0").await;
    (module, port)
}

pub(crate) async fn connected(builder: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = prepared(builder).await;
    port.ok(CONNECT).await;
    port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,1\r\n\r\nOK\r\n").await;
    (module, port)
}

type Short<'message> = (Option<&'message str>, &'message str, &'message [u8], u8, bool);

fn short(messages: &[Message]) -> Vec<Short<'_>> {
    messages.iter().map(|m| (m.client_id.as_deref(), &*m.topic, &*m.payload, m.qos, m.retain)).collect()
}

#[test]
fn messages_come_and_go_as_the_manual_prints_them() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (module, mut port) = connected(module(&peers)).await;
        let mut second = Port::of(&module);
        second.quiet().await;
        port.ok("AT#MQSUB=1,\"test/fan/#\"").await;
        port.write("AT#MQPUBS=1,\"test/fan/floor1\",0,0,\"abc\"\r").await;
        port.expect("\r\nOK\r\n\r\n#MQRING: 1,1,test/fan/floor1,3\r\n").await;
        // On all interfaces.
        second.expect("\r\n#MQRING: 1,1,test/fan/floor1,3\r\n").await;
        port.ask("AT#MQREAD=1,1", "\r\n#MQREAD: 1,test/fan/floor1,3\r\n<<<\r\nabc\r\n\r\nOK\r\n").await;
        port.ok("AT#MQUNS=1,\"test/fan/#\"").await;
        broker.publish("test/fan/floor1", "nobody hears it", 2);
        port.ok("AT#MQDISC=1").await;
        port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,0\r\n\r\nOK\r\n").await;
        settle().await;
        assert_eq!(broker.clients(), [""; 0]);
        let [connect] = broker.connects().try_into().unwrap();
        assert_eq!((connect.client_id.as_str(), connect.code, connect.secured), ("device", 0, true));
    });
}

#[test]
fn all_qualities_reach_the_broker_once() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = connected(module(&peers)).await;
        let payload: Vec<u8> = (0..=255).collect();
        for qos in 0..=2 {
            port.ask(&format!("AT#MQPUBSEXT=1,\"bytes\",0,{qos},256"), "\r\n>>>").await;
            port.write(&payload).await;
            port.expect("\r\nOK\r\n").await;
        }
        port.ask("AT#MQPUBSEXT=1,\"empty\",1,1,0", "\r\n>>>\r\nOK\r\n").await;
        let expected = [
            (Some("device"), "bytes", &payload[..], 0, false),
            (Some("device"), "bytes", &payload, 1, false),
            (Some("device"), "bytes", &payload, 2, false),
            (Some("device"), "empty", b"", 1, true),
        ];
        assert_eq!(short(&broker.messages()), expected);
    });
}

#[test]
fn thirty_slots_and_no_more() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = connected(module(&peers)).await;
        port.ok("AT#MQSUB=1,\"many/+\",1").await;
        for number in 1..=31 {
            broker.publish("many/a", format!("{number:02}"), number % 3);
            let line = if number <= 30 {
                format!("\r\n#MQRING: 1,{number},many/a,2\r\n")
            } else {
                "\r\n#MQRING: 0\r\n".to_owned()
            };
            port.expect(&line).await;
        }
        port.ask("AT#MQREAD=1,7", "\r\n#MQREAD: 1,many/a,2\r\n<<<\r\n07\r\n\r\nOK\r\n").await;
        settle().await;
        assert_eq!(broker.pending("device"), 0);
    });
}

#[test]
fn a_lost_broker_shows_in_the_state_only() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = connected(module(&peers)).await;
        for end in [Broker::disconnect, Broker::reset] {
            assert!(end(&broker, "device"));
            settle().await;
            port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,2\r\n\r\nOK\r\n").await;
            port.ask(CONNECT, "\r\n+CME ERROR: MQTT Connect Fail\r\n").await;
            port.ok("AT#MQDISC=1").await;
            port.ok(CONNECT).await;
        }
        assert!(!broker.disconnect("another"));
    });
}

#[test]
fn a_session_that_is_kept_gets_what_it_missed() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = prepared(module(&peers)).await;
        port.ok("AT#MQCFG2=1,60,0").await;
        port.ok(CONNECT).await;
        port.ok("AT#MQSUB=1,\"kept\",1").await;
        port.ok("AT#MQDISC=1").await;
        settle().await;
        broker.publish("kept", "lost", 0);
        broker.publish("kept", "one", 1);
        broker.publish("kept", "three", 2);
        assert_eq!(broker.pending("device"), 2);
        port.ask(CONNECT, "\r\nOK\r\n\r\n#MQRING: 1,1,kept,3\r\n\r\n#MQRING: 1,2,kept,5\r\n").await;
        settle().await;
        assert_eq!(broker.pending("device"), 0);
        assert_eq!(broker.subscriptions("device"), [("kept".to_owned(), 1)]);
        let present: Vec<_> = broker.connects().iter().map(|connect| connect.session_present).collect();
        assert_eq!(present, [false, true]);
        // A clean session forgets it.
        port.ok("AT#MQDISC=1").await;
        port.ok("AT#MQCFG2=1,60,1").await;
        port.ok(CONNECT).await;
        assert_eq!(broker.subscriptions("device"), []);
    });
}

#[test]
fn refusals_have_their_numbers() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = prepared(module(&peers)).await;
        port.ok("AT+CMEE=1").await;
        let mut codes = Vec::new();
        for code in 1..=5 {
            broker.refuse(Some(code));
            let answer = port.answer(CONNECT).await;
            let expected = format!("\r\n+CME ERROR: {}\r\n", 1111 + u16::from(code) - 1);
            codes.push((answer, expected));
            port.ok("AT#MQDISC=1").await;
        }
        assert!(codes.iter().all(|(answer, expected)| answer == expected), "{codes:?}");
        broker.refuse(None);
        broker.add_user("name", "secret");
        port.ask("AT#MQCONN=1,\"device\",\"name\",\"wrong\"", &codes[3].1).await;
        port.ok("AT#MQDISC=1").await;
        port.ask(CONNECT, &codes[3].1).await;
        port.ok("AT#MQDISC=1").await;
        port.ok("AT#MQCONN=1,\"device\",\"name\",\"secret\"").await;
    });
}

#[test]
fn a_broker_that_falls_silent_is_noticed_in_time() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (_module, mut port) = prepared(module(&peers)).await;
        broker.set_unresponsive(true);
        let start = tokio::time::Instant::now();
        let refused = port.answer(CONNECT).await;
        assert_eq!(refused, "\r\n+CME ERROR: MQTT Command Timeout Fail\r\n");
        port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,4\r\n\r\nOK\r\n").await;
        assert!(start.elapsed() > Duration::from_secs(1));
        port.ok("AT#MQDISC=1").await;
        broker.set_unresponsive(false);
        port.ok("AT#MQCFG2=1,60,1").await;
        port.ok(CONNECT).await;
        broker.set_unresponsive(true);
        port.ask("AT#MQPUBS=1,\"a\",0,1,\"x\"", "\r\n+CME ERROR: MQTT Command Timeout Fail\r\n").await;
        // A ping after the keep-alive has no answer either.
        tokio::time::sleep(Duration::from_secs(80)).await;
        port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,3\r\n\r\nOK\r\n").await;
        assert_eq!(broker.messages(), []);
    });
}

#[test]
fn a_will_is_published_when_the_client_vanishes() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        let (module, mut port) = prepared(module(&peers)).await;
        port.ok("AT#MQWCFG=1,1,0,1,\"will\",\"gone\"").await;
        port.ok(CONNECT).await;
        port.ok("AT#MQDISC=1").await;
        settle().await;
        assert_eq!(broker.messages(), []);
        port.ok(CONNECT).await;
        module.reboot();
        settle().await;
        assert_eq!(short(&broker.messages()), [(Some("device"), "will", &b"gone"[..], 1, false)]);
    });
}

#[test]
fn a_retained_message_greets_who_subscribes() {
    in_virtual_time(async {
        let (peers, broker) = peers();
        broker.publish_retained("kept/a", "here", 1);
        broker.publish_retained("kept/b", "gone", 1);
        broker.publish_retained("kept/b", "", 1);
        let (_module, mut port) = connected(module(&peers)).await;
        port.ask("AT#MQSUB=1,\"kept/+\",1", "\r\nOK\r\n\r\n#MQRING: 1,1,kept/a,4\r\n").await;
        port.silent(Duration::from_secs(1)).await;
    });
}
