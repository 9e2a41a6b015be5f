use telit_simulator::servers::aws::{AwsIot, DisconnectReason, Disruption, Lifecycle, Policy};

use super::super::client::{Secured, within};
use super::super::mqtt::Mqtt;
use super::{Device, connected, is_closed, is_quiet, json_on, message_on, options, started, unhurried};

async fn sleeper(device: &Device, aws: &AwsIot, session_present: u8) -> Mqtt<Secured> {
    let mut client = Mqtt::connect_with(device.stream(aws).await, 0x00, 60, &["sleeper"]).await;
    assert_eq!(client.read().await, (0x20, vec![session_present, 0]));
    client
}

async fn goodbye(mut client: Mqtt<Secured>) {
    client.write(0xE0, b"").await;
    is_closed(&mut client).await;
}

#[tokio::test]
async fn a_second_connection_drops_the_first() {
    within(async {
        let aws = started(options()).await;
        let device = Device::new(&aws, "T1", Policy::everything());
        let mut first = device.connected(&aws, "same").await;
        let mut second = device.connected(&aws, "same").await;
        is_closed(&mut first).await;
        is_quiet(&mut second).await;
        let events = aws.events();
        assert!(matches!(
            &events[1],
            Lifecycle::Disconnected { client_id, reason: DisconnectReason::DuplicateClientId, .. }
                if client_id == "same"
        ));
        assert_eq!((events.len(), aws.clients()), (3, vec!["same".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn a_persistent_session_keeps_what_was_missed() {
    within(async {
        let mut limits = unhurried();
        limits.replays_per_second = None;
        let aws = started(options().limits(limits)).await;
        let device = Device::new(&aws, "T1", Policy::everything());
        let mut client = sleeper(&device, &aws, 0).await;
        client.subscribe("news", 1).await;
        client.subscribe("gossip", 0).await;
        // Delivered, but not acknowledged.
        aws.publish("news", "1");
        let (header, body) = client.read().await;
        assert_eq!((header, &body[8..]), (0x32, &b"1"[..]));
        goodbye(client).await;
        aws.publish("news", "2");
        aws.publish("gossip", "3");
        assert_eq!(aws.pending("sleeper"), 2);

        let mut client = sleeper(&device, &aws, 1).await;
        // Again, under another id and not marked as a duplicate.
        let (header, body) = client.read().await;
        assert_eq!((header, &body[6..8], &body[8..]), (0x32, &[0, 2][..], &b"1"[..]));
        client.write(0x40, &[0, 2]).await;
        assert_eq!(message_on(&mut client, "news").await, b"2");
        is_quiet(&mut client).await;
        assert_eq!(aws.pending("sleeper"), 0);
        goodbye(client).await;

        // A clean session forgets it.
        goodbye(device.connected(&aws, "sleeper").await).await;
        goodbye(sleeper(&device, &aws, 0).await).await;
    })
    .await;
}

#[tokio::test]
async fn a_will_is_published_unless_the_client_says_goodbye() {
    within(async {
        let (aws, mut reader) = connected(options()).await;
        reader.subscribe("wills", 0).await;
        let device = Device::new(&aws, "T1", Policy::everything());
        for says_goodbye in [true, false] {
            let fields = ["dying", "wills", "gone"];
            let mut dying = Mqtt::connect_with(device.stream(&aws).await, 0x06, 60, &fields).await;
            assert_eq!(dying.read().await, (0x20, vec![0, 0]));
            if says_goodbye {
                goodbye(dying).await;
                is_quiet(&mut reader).await;
            } else {
                drop(dying);
                assert_eq!(message_on(&mut reader, "wills").await, b"gone");
            }
        }
        // One that may not be published keeps its client out.
        let fields = ["dying", "$aws/things/T1/shadow/update", "gone"];
        let mut refused = Mqtt::connect_with(device.stream(&aws).await, 0x06, 60, &fields).await;
        is_closed(&mut refused).await;
    })
    .await;
}

#[tokio::test]
async fn lifecycle_events_tell_who_comes_and_goes() {
    within(async {
        let (aws, mut reader) = connected(options()).await;
        reader.subscribe("$aws/events/presence/#", 0).await;
        let device = Device::new(&aws, "T1", Policy::everything());
        goodbye(device.connected(&aws, "T1").await).await;
        let event = json_on(&mut reader, "$aws/events/presence/connected/T1").await;
        assert_eq!(
            (event["clientId"].as_str(), event["eventType"].as_str()),
            (Some("T1"), Some("connected"))
        );
        let event = json_on(&mut reader, "$aws/events/presence/disconnected/T1").await;
        assert_eq!(event["disconnectReason"], "CLIENT_INITIATED_DISCONNECT");
        assert_eq!(event["clientInitiatedDisconnect"], true);
    })
    .await;
}

#[tokio::test]
async fn what_goes_wrong_on_demand_does() {
    within(async {
        let aws = started(options()).await;
        let device = Device::new(&aws, "T1", Policy::everything());
        aws.disrupt(Disruption::RefuseConnects { times: 1, code: 3 });
        let mut refused = Mqtt::connect(device.stream(&aws).await, "T1", None).await;
        assert_eq!(refused.read().await, (0x20, vec![0, 3]));

        aws.disrupt(Disruption::CloseAfterConnects { times: 1 });
        is_closed(&mut device.connected(&aws, "T1").await).await;

        let mut client = device.connected(&aws, "T1").await;
        aws.disrupt(Disruption::WithholdPubacks { times: 1 });
        client.publish(0x02, "t", b"").await;
        is_quiet(&mut client).await;
        client.publish(0x02, "t", b"").await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));

        client.subscribe("twice", 1).await;
        aws.disrupt(Disruption::DuplicateDeliveries { times: 1 });
        aws.publish("twice", "1");
        aws.publish("twice", "2");
        let mut got = Vec::new();
        for _ in 0..3 {
            got.push(message_on(&mut client, "twice").await);
        }
        assert_eq!(got, [b"1", b"1", b"2"]);

        assert!(aws.disconnect("T1"));
        is_closed(&mut client).await;
        assert!(!aws.disconnect("T1"));
    })
    .await;
}
