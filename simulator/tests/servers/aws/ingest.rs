use telit_simulator::servers::aws::{Action, Policy};

use super::super::client::within;
use super::{Device, is_closed, is_quiet, options, started};

#[tokio::test]
async fn a_rule_gets_what_is_sent_to_it_and_nobody_else_does() {
    within(async {
        let aws = started(options()).await;
        let policy = Policy::everything().deny(Action::Publish, "$aws/rules/secret/*");
        let device = Device::new(&aws, "T1", policy);
        let mut client = device.connected(&aws, "T1").await;
        client.subscribe("#", 1).await;
        // Eight levels besides the prefix.
        client.publish(0x02, "$aws/rules/store/a/b/c/d/e/f/g/h", b"17").await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));
        client.publish(0x02, "$aws/rules/other/a", b"18").await;
        assert_eq!(client.read().await, (0x40, vec![0, 7]));
        is_quiet(&mut client).await;

        let sent = aws.wait_for_rule_messages("store", 1).await;
        assert_eq!(sent.len(), 1);
        assert_eq!((&sent[0].client_id[..], &sent[0].topic[..]), ("T1", "a/b/c/d/e/f/g/h"));
        assert_eq!(sent[0].payload, "17");
        assert_eq!(aws.rule_messages("other").len(), 1);
        assert!(aws.rule_messages("third").is_empty());

        client.publish(0x02, "$aws/rules/secret/a", b"19").await;
        is_closed(&mut client).await;
        assert!(aws.rule_messages("secret").is_empty());
    })
    .await;
}
