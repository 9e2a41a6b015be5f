use telit_simulator::servers::aws::Policy;

use super::super::client::within;
use super::{Device, connected, is_closed, is_quiet, options};

#[tokio::test]
async fn a_retained_message_waits_for_its_exact_topic() {
    within(async {
        let (aws, mut client) = connected(options()).await;
        client.publish(0x03, "state/lamp", b"on").await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));
        for filter in ["state/#", "state/+", "#"] {
            client.subscribe(filter, 0).await;
        }
        is_quiet(&mut client).await;

        client.subscribe("state/lamp", 0).await;
        let (header, body) = client.read().await;
        assert_eq!((header, &body[12..]), (0x31, &b"on"[..]), "retained");
        // Those who have subscribed get it as any other message.
        aws.publish_retained("state/lamp", "off");
        let (header, body) = client.read().await;
        assert_eq!((header, &body[12..]), (0x30, &b"off"[..]));

        client.publish(0x03, "state/lamp", b"").await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));
        assert_eq!(client.read().await.0, 0x30, "the empty message");
        client.subscribe("state/lamp", 0).await;
        is_quiet(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_retained_on_reserved_topics() {
    within(async {
        let (aws, _client) = connected(options()).await;
        let device = Device::new(&aws, "client", Policy::everything());
        for topic in ["$aws/rules/r/a", "$aws/things/T/shadow/update"] {
            let mut client = device.connected(&aws, "other").await;
            client.publish(0x03, topic, b"{}").await;
            is_closed(&mut client).await;
        }
    })
    .await;
}
