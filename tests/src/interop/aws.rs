//! Mosquitto's clients with AWS IoT Core as the simulator plays it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use telit_simulator::servers::aws::{Action, AwsIot, AwsIotOptions, DisconnectReason, Lifecycle, Policy};
use telit_simulator::servers::{Authority, CertificateRequest};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::client::succeed;
use super::program::required;

const THING: &str = "thermostat";
const SOON: Duration = Duration::from_secs(30);

/// The account, and the folder with `ca.pem`, `device.pem` and `device.key`.
struct Account {
    aws: AwsIot,
    folder: tempfile::TempDir,
}

impl Account {
    async fn new(policy: Policy) -> Self {
        let authority = Authority::new().expect("keys can be made");
        let server = authority.issue(&CertificateRequest::server("aws.test").dns_name("localhost"));
        let options = AwsIotOptions::new(&server.expect("it is issued"), &authority);
        let aws = AwsIot::start(&options).await.expect("it starts");
        let device = aws.create_device(THING, policy).expect("it is issued");
        let folder = tempfile::tempdir().expect("it is made");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("it is writable");
        };
        write("ca.pem", &authority.certificate_pem());
        write("device.pem", device.certificate_pem());
        write("device.key", device.key_pem());
        Self { aws, folder }
    }

    fn client(&self, program: &Path, id: &str) -> Command {
        let file = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(program);
        command.args(["-h", "localhost", "-i", id, "-p"]).arg(self.aws.addr().port().to_string());
        command.arg("--cafile").arg(file("ca.pem"));
        command.arg("--cert").arg(file("device.pem")).arg("--key").arg(file("device.key"));
        command
    }
}

#[tokio::test]
async fn mosquitto_updates_a_shadow_and_sees_the_difference() {
    let (Some(publisher), Some(subscriber)) =
        (required("mosquitto_pub", "mosquitto-clients"), required("mosquitto_sub", "mosquitto-clients"))
    else {
        return;
    };
    let account = Account::new(Policy::everything()).await;
    let prefix = format!("$aws/things/{THING}/shadow/update");
    let mut watching = account.client(&subscriber, "watcher");
    watching.args(["-q", "1", "-C", "2", "-W", "30", "-F", "%t %p"]);
    watching.args(["-t", &format!("{prefix}/accepted"), "-t", &format!("{prefix}/delta")]);
    let watcher = watching.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn();
    let watcher = watcher.expect("it starts");
    let subscribed = async {
        while account.aws.subscriptions("watcher").len() < 2 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, subscribed).await.expect("it subscribes");

    let update = json!({ "state": { "desired": { "celsius": 21 } }, "clientToken": "m" });
    let mut publishing = account.client(&publisher, "publisher");
    succeed(publishing.args(["-q", "1", "-t", &prefix, "-m", &update.to_string()]), b"").await;
    let output = watcher.wait_with_output().await.expect("it ends");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let mut lines = text.lines().map(|line| line.split_once(' ').expect("topic and payload"));
    for suffix in ["accepted", "delta"] {
        let (topic, payload) = lines.next().expect("a message");
        assert_eq!(topic, format!("{prefix}/{suffix}"));
        let payload: Value = serde_json::from_str(payload).expect("it is JSON");
        assert_eq!((&payload["version"], &payload["clientToken"]), (&json!(1), &json!("m")));
    }
    let shadow = account.aws.shadow(THING, None).expect("it is there");
    assert_eq!(shadow["state"]["desired"], json!({ "celsius": 21 }));
}

#[tokio::test]
async fn mosquitto_is_hung_up_on_when_it_may_not_publish() {
    let Some(publisher) = required("mosquitto_pub", "mosquitto-clients") else { return };
    let account = Account::new(Policy::everything().deny(Action::Publish, "secret")).await;
    let mut publishing = account.client(&publisher, "publisher");
    publishing.args(["-q", "1", "-t", "secret", "-m", "x"]).stdin(Stdio::null()).kill_on_drop(true);
    // It would try again without end.
    let _trying = publishing.spawn().expect("it starts");
    let refused = timeout(SOON, account.aws.wait_for_events(2)).await.expect("it is hung up on");
    assert!(matches!(
        &refused[1],
        Lifecycle::Disconnected { reason: DisconnectReason::AuthError, detail, .. }
            if detail == "the policy does not allow to publish to `secret`"
    ));
    assert!(account.aws.messages().is_empty());
}
