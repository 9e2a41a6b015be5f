use telit_simulator::servers::aws::{Action, Policy, QualityTwo};
use telit_simulator::servers::pattern;

use super::super::client::within;
use super::super::mqtt::{Mqtt, text};
use super::{Device, connected, is_closed, is_quiet, last_detail, message_on, options, started};

fn own_topics() -> Policy {
    Policy::nothing()
        .allow(Action::Connect, "${iot:Connection.Thing.ThingName}")
        .allow(Action::Publish, "dt/${iot:Connection.Thing.ThingName}/*")
        .allow(Action::Subscribe, "cmd/${iot:Connection.Thing.ThingName}/#")
        .allow(Action::Receive, "cmd/${iot:Connection.Thing.ThingName}/open")
}

#[tokio::test]
async fn who_may_not_connect_is_hung_up_on() {
    within(async {
        let aws = started(options()).await;
        let device = Device::new(&aws, "T1", own_topics());
        let mut other = Mqtt::connect(device.stream(&aws).await, "T2", None).await;
        is_closed(&mut other).await;
        let expected = ("AUTH_ERROR".to_owned(), "the policy does not allow to connect as `T2`".to_owned());
        assert_eq!(last_detail(&aws, 1).await, expected);
        device.connected(&aws, "T1").await;
    })
    .await;
}

#[tokio::test]
async fn what_the_policy_does_not_allow_ends_the_connection_without_a_word() {
    within(async {
        let aws = started(options()).await;
        let device = Device::new(&aws, "T1", own_topics());

        let mut client = device.connected(&aws, "T1").await;
        client.publish(0x02, "dt/T1/level", b"1").await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));
        client.publish(0x00, "dt/T2/level", b"1").await;
        is_closed(&mut client).await;
        let (reason, detail) = last_detail(&aws, 2).await;
        assert_eq!(
            (&reason[..], &detail[..]),
            ("AUTH_ERROR", "the policy does not allow to publish to `dt/T2/level`")
        );

        let mut client = device.connected(&aws, "T1").await;
        client.subscribe("cmd/T1/#", 1).await;
        client.write(0x82, &[&[0, 2][..], &text("cmd/T1/open"), &[1]].concat()).await;
        is_closed(&mut client).await;
        assert_eq!(last_detail(&aws, 4).await.1, "the policy does not allow to subscribe to `cmd/T1/open`");

        // To keep a message is a right of its own.
        let mut client = device.connected(&aws, "T1").await;
        client.publish(0x03, "dt/T1/level", b"1").await;
        is_closed(&mut client).await;
        assert_eq!(aws.messages().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_may_not_be_received_is_not_delivered() {
    within(async {
        let aws = started(options()).await;
        let mut client = Device::new(&aws, "T1", own_topics()).connected(&aws, "T1").await;
        client.subscribe("cmd/T1/#", 0).await;
        aws.publish("cmd/T1/closed", "1");
        aws.publish("cmd/T1/open", "2");
        assert_eq!(message_on(&mut client, "cmd/T1/open").await, b"2");
        is_quiet(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_may_change_while_a_client_is_connected() {
    within(async {
        let aws = started(options()).await;
        let device = Device::new(&aws, "T1", own_topics());
        let mut client = device.connected(&aws, "T1").await;
        client.publish(0x02, "dt/T1/x", b"").await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));
        assert!(aws.set_policy(&device.certificate_id, own_topics().deny(Action::Publish, "*")));
        client.publish(0x02, "dt/T1/x", b"").await;
        is_closed(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn a_client_id_has_1_to_128_bytes() {
    within(async {
        let aws = started(options()).await;
        let device = Device::new(&aws, "any", Policy::everything());
        let longest = "i".repeat(128);
        // Such ids would be too much for others, but not for AWS.
        for id in [&longest[..], "i", "a/b+c#d", "$x"] {
            device.connected(&aws, id).await;
        }
        for id in [&"i".repeat(129)[..], ""] {
            let mut refused = Mqtt::connect(device.stream(&aws).await, id, None).await;
            assert_eq!(refused.read().await, (0x20, vec![0, 2]));
            is_closed(&mut refused).await;
        }
    })
    .await;
}

#[tokio::test]
async fn quality_of_service_two_gets_no_answer_or_ends_the_connection() {
    within(async {
        let (aws, mut client) = connected(options()).await;
        client.publish(0x04, "t", b"1").await;
        client.write(0x82, &[&[0, 1][..], &text("t"), &[2]].concat()).await;
        is_quiet(&mut client).await;
        assert!(aws.messages().is_empty() && aws.subscriptions("client").is_empty());

        let (aws, mut client) = connected(options().quality_two(QualityTwo::Closes)).await;
        client.publish(0x04, "t", b"1").await;
        is_closed(&mut client).await;
        assert_eq!(last_detail(&aws, 2).await.1, "PUBLISH with quality of service 2");
    })
    .await;
}

#[tokio::test]
async fn topics_and_payloads_are_bounded() {
    within(async {
        let (aws, mut client) = connected(options()).await;
        for topic in ["a/b/c/d/e/f/g/h", &"t".repeat(256)] {
            client.publish(0x02, topic, b"").await;
            assert_eq!(client.read().await, (0x40, vec![0, 7]), "{topic}");
        }
        client.publish(0x02, "big", &pattern(128 * 1024)).await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));
        assert!(aws.messages()[2].payload == pattern(128 * 1024));

        let device = Device::new(&aws, "client", Policy::everything());
        for (topic, payload) in [
            ("a/b/c/d/e/f/g/h/i", 0),
            (&"t".repeat(257)[..], 0),
            ("a/+", 0),
            ("", 0),
            ("big", 128 * 1024 + 1),
            // So long that it is not waited for.
            ("bigger", 300 * 1024),
        ] {
            let mut client = device.connected(&aws, "client").await;
            client.publish(0x02, topic, &pattern(payload)).await;
            is_closed(&mut client).await;
        }
        assert_eq!(aws.messages().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_connection_has_fifty_subscriptions_in_portions_of_eight() {
    within(async {
        let (aws, mut client) = connected(options()).await;
        for number in 0..50 {
            client.subscribe(&format!("t/{number}"), 1).await;
        }
        let mut one_more = [0, 9].to_vec();
        one_more.extend([text("t/50"), vec![0], text("t/7"), vec![0]].concat());
        client.write(0x82, &one_more).await;
        assert_eq!(client.read().await, (0x90, vec![0, 9, 0x80, 0]), "one is there already");
        assert_eq!(aws.subscriptions("client").len(), 50);

        let nine: Vec<u8> =
            (0..9).flat_map(|number| [text(&format!("u/{number}")), vec![0]].concat()).collect();
        client.write(0x82, &[vec![0, 10], nine].concat()).await;
        is_closed(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn reserved_topics_are_closed_but_for_what_they_are_for() {
    within(async {
        let aws = started(options()).await;
        let device = Device::new(&aws, "T1", Policy::everything());
        for topic in ["$aws/things/T1/shadow/update/accepted", "$aws/things/T1/jobs/notify", "$SYS/x"] {
            let mut client = device.connected(&aws, "T1").await;
            client.publish(0x02, topic, b"{}").await;
            is_closed(&mut client).await;
        }
        for filter in ["$aws/rules/r/#", "$share/g/t", "a/#/b"] {
            let mut client = device.connected(&aws, "T1").await;
            client.write(0x82, &[&[0, 1][..], &text(filter), &[0]].concat()).await;
            is_closed(&mut client).await;
        }
        let mut client = device.connected(&aws, "T1").await;
        client.subscribe("$aws/things/T1/jobs/notify", 1).await;
        client.publish(0x02, "$aws/things/T1/defender/metrics/json", b"{}").await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));
        is_quiet(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn a_hash_does_not_take_in_its_parent() {
    within(async {
        let (aws, mut client) = connected(options()).await;
        client.subscribe("sensor/#", 0).await;
        aws.publish("sensor", "1");
        aws.publish("sensor/a/b", "2");
        assert_eq!(message_on(&mut client, "sensor/a/b").await, b"2");
        is_quiet(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_no_mqtt_or_no_connect_first_ends_the_connection() {
    within(async {
        let aws = started(options()).await;
        let device = Device::new(&aws, "T1", Policy::everything());
        let mut client = Mqtt { stream: device.stream(&aws).await };
        client.write(0xC0, b"").await;
        is_closed(&mut client).await;
        let mut client = device.connected(&aws, "T1").await;
        client.write(0xF0, b"x").await;
        is_closed(&mut client).await;
        let mut client = device.connected(&aws, "T1").await;
        client.write(0x10, &[&text("MQTT")[..], b"\x04\x02\x00\x3C", &text("T1")].concat()).await;
        is_closed(&mut client).await;
        assert_eq!(last_detail(&aws, 4).await, ("CLIENT_ERROR".to_owned(), "a second CONNECT".to_owned()));
    })
    .await;
}
