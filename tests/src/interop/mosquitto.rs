//! Mosquitto in the manner of AWS `IoT`: client certificates, their names as user names,
//! nothing above QoS 1. Its own clients are at the other end.

use std::process::{Command as ServerCommand, Stdio};
use std::time::Duration;

use bytes::Bytes;
use telit_core::Category;
use telit_core::tls::TlsOptions;
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS, Subscription};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::client;
use super::credentials::{Credentials, DEVICE};
use super::device::Device;
use super::program::required;
use super::server::Server;
use crate::rig::{MQTTS, hostile_payloads};

const HOST: &str = "broker.test";
const SOON: Duration = Duration::from_secs(20);
/// The largest payload of the module. Source: M37 p1035.
const LARGEST: usize = 65536;

#[tokio::test]
async fn mosquitto_sub_receives_what_the_sdk_publishes() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let mut observer = broker.observe("things/#").await;
    let client = connect(&device, broker.credentials.tls()).await;
    // MQTT 3.1.1, clean session, 60 s keep-alive, and the name in our certificate as the user name.
    let login = broker.server.printed(&format!("as {DEVICE} (")).await;
    assert!(login.ends_with(&format!("as {DEVICE} (p2, c1, k60, u'{DEVICE}').")), "{login}");
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        for (number, payload) in payloads().into_iter().enumerate() {
            let topic = format!("things/{number}/qos/{}", qos.number());
            client.publish(topic.as_str(), payload.clone(), qos).await.expect("it is published");
            let seen = observer.next().await;
            assert!(
                seen.payload == payload,
                "{topic}: {} bytes instead of {}",
                seen.payload.len(),
                payload.len()
            );
            assert_eq!((seen.topic, seen.qos, seen.retained), (topic, qos.number(), false));
        }
    }
    client.disconnect().await.expect("it disconnects");
    broker.server.printed(&format!("Client {DEVICE} disconnected.")).await;
}

#[tokio::test]
async fn the_sdk_receives_what_mosquitto_pub_publishes() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let client = connect(&device, broker.credentials.tls()).await;
    let mut messages = client.subscribe("things/+/down", QoS::AtLeastOnce).await.expect("it subscribes");
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        for (number, payload) in payloads().into_iter().enumerate() {
            let topic = format!("things/{number}/down");
            broker.publish(&topic, &payload, qos).await;
            let message = next(&mut messages).await;
            assert!(message.payload == payload, "{topic}: {} bytes arrived", message.payload.len());
            assert_eq!(message.topic, topic);
        }
    }
    assert_eq!(messages.missed(), 0);
    client.disconnect().await.expect("it disconnects");
}

#[tokio::test]
async fn a_retained_message_is_kept_and_forgotten() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let client = connect(&device, broker.credentials.tls()).await;
    let topic = "things/status";
    client.publish_retained(topic, "on line", QoS::AtLeastOnce).await.expect("it is published");
    let seen = broker.observe(topic).await.next().await;
    assert_eq!((&seen.payload[..], seen.retained), (&b"on line"[..], true));
    client.publish_retained(topic, Bytes::new(), QoS::AtLeastOnce).await.expect("it is published");
    let mut observer = broker.observe(topic).await;
    client.publish(topic, "after", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(observer.next().await.payload, b"after", "nothing was kept");
}

#[tokio::test]
async fn without_a_certificate_or_with_a_strangers_nobody_gets_in() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    for tls in [broker.credentials.anonymous_tls(), broker.credentials.rogue_tls()] {
        let error = MqttClient::connect(&device.modem, options(tls)).await.expect_err("it is refused");
        assert_eq!(error.category(), Category::Network, "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("certificate")), "{error}: {:?}", error.hint());
        assert_eq!(device.modem.tls_holder(), None);
    }
    let client = connect(&device, broker.credentials.tls()).await;
    client.publish("things/x", "x", QoS::AtLeastOnce).await.expect("the right certificate does it");
}

#[tokio::test]
async fn qos_2_ends_the_session_and_it_can_be_resumed() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let mut observer = broker.observe("things/#").await;
    let client = connect(&device, broker.credentials.tls()).await;
    let error = client.publish("things/twice", "x", QoS::ExactlyOnce).await.expect_err("QoS 2 is refused");
    assert_eq!(error.category(), Category::Network, "{error}");
    let error = client.publish("things/lost", "x", QoS::AtLeastOnce).await.expect_err("the session is gone");
    assert!(!error.may_have_been_published(), "{error}");
    assert_eq!(device.modem.tls_holder(), None);
    client.resume().await.expect("it connects again");
    client.publish("things/again", "x", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(observer.next().await.topic, "things/again", "nothing else arrived");
}

#[tokio::test]
async fn a_filter_that_the_broker_does_not_bear_ends_the_session_and_it_can_be_resumed() {
    let Some(broker) = Mosquitto::start().await else { return };
    let device = broker.device().await;
    let client = connect(&device, broker.credentials.tls()).await;
    // Mosquitto takes 200 levels and hangs up on more, as AWS does on more than 8.
    let error = client.subscribe("/".repeat(250), QoS::AtLeastOnce).await.expect_err("it is refused");
    assert_eq!(error.category(), Category::Network, "{error}");
    broker.server.printed("Invalid subscription string").await;
    client.resume().await.expect("it connects again");
    let mut messages = client.subscribe("things/#", QoS::AtLeastOnce).await.expect("it subscribes");
    broker.publish("things/x", b"x", QoS::AtLeastOnce).await;
    assert_eq!(next(&mut messages).await.payload, "x");
}

/// The broker, and what its clients need to connect.
struct Mosquitto {
    server: Server<1>,
    credentials: Credentials,
}

impl Mosquitto {
    async fn start() -> Option<Self> {
        let program = required("mosquitto", "mosquitto")?;
        required("mosquitto_sub", "mosquitto-clients")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        let server = Server::start(folder, |folder, [port]| {
            let file = folder.join("mosquitto.conf");
            std::fs::write(&file, configuration(port)).expect("the folder is writable");
            let mut command = ServerCommand::new(&program);
            command.arg("-c").arg(file);
            command
        });
        Some(Self { server: server.await, credentials })
    }

    async fn device(&self) -> Device {
        let [port] = self.server.ports();
        Device::online(&[(HOST, MQTTS, port)]).await
    }

    /// Starts `mosquitto_sub` and waits until the broker has acknowledged the subscription.
    async fn observe(&self, filter: &str) -> Observer {
        // Its output would wait for a buffer to be full.
        let mut command = self.foreign_client("stdbuf", &["--output=L", "mosquitto_sub"]);
        command.args(["-d", "-q", "1", "-t", filter, "-F", "message %t %q %r %x"]);
        command.stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("it runs");
        let output = process.stdout.take().expect("it is piped");
        let mut observer = Observer { lines: BufReader::new(output).lines(), _process: process };
        observer.line("Subscribed ").await;
        observer
    }

    /// Publishes with `mosquitto_pub`.
    async fn publish(&self, topic: &str, payload: &[u8], qos: QoS) {
        let file = self.server.file("payload");
        std::fs::write(&file, payload).expect("the folder is writable");
        let mut command = self.foreign_client("mosquitto_pub", &[]);
        command.args(["-q", &qos.number().to_string(), "-t", topic]).arg("-f").arg(file);
        client::succeed(&mut command, b"").await;
    }

    fn foreign_client(&self, program: &str, first: &[&str]) -> Command {
        let [port] = self.server.ports();
        let mut command = Command::new(program);
        command.args(first).args(["-h", "localhost", "-p", &port.to_string(), "-V", "mqttv311"]);
        for (option, file) in [("--cafile", "ca.pem"), ("--cert", "observer.pem"), ("--key", "observer.key")]
        {
            command.arg(option).arg(self.server.file(file));
        }
        command
    }
}

fn configuration(port: u16) -> String {
    let lines = [
        // Otherwise a broker that root starts becomes another user, who cannot read the key.
        "user root",
        "per_listener_settings true",
        &format!("listener {port} 127.0.0.1"),
        "cafile ca.pem",
        "certfile server.pem",
        "keyfile server.key",
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous false",
        "max_qos 1",
        "max_packet_size 131072",
        "log_dest stderr",
        "log_type all",
    ];
    lines.join("\n")
}

/// `mosquitto_sub`.
struct Observer {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

/// A message as `mosquitto_sub` saw it.
struct Seen {
    topic: String,
    qos: u8,
    retained: bool,
    payload: Vec<u8>,
}

impl Observer {
    async fn next(&mut self) -> Seen {
        let line = self.line("message ").await;
        let mut fields = line.split(' ').skip(1);
        let mut field = || fields.next().unwrap_or_else(|| panic!("{line}")).to_owned();
        let (topic, qos, retained, payload) = (field(), field(), field(), field());
        let byte = |at| u8::from_str_radix(&payload[at..at + 2], 16).expect("it is hexadecimal");
        let payload = (0..payload.len()).step_by(2).map(byte).collect();
        Seen { topic, qos: qos.parse().expect("a number"), retained: retained == "1", payload }
    }

    /// The next line that begins like this.
    async fn line(&mut self, beginning: &str) -> String {
        let found = async {
            loop {
                let line = self.lines.next_line().await.expect("it is text").expect("mosquitto_sub goes on");
                if line.starts_with(beginning) {
                    return line;
                }
            }
        };
        timeout(SOON, found).await.unwrap_or_else(|_| panic!("no line begins with {beginning:?}"))
    }
}

fn payloads() -> Vec<Bytes> {
    let largest: Vec<u8> = (0..LARGEST).map(|n| n.to_le_bytes()[n % 2]).collect();
    hostile_payloads().into_iter().chain([Bytes::from(largest)]).collect()
}

fn options(tls: TlsOptions) -> MqttOptions {
    MqttOptions::new(HOST, DEVICE, MqttSecurity::Tls(tls))
}

async fn connect(device: &Device, tls: TlsOptions) -> MqttClient {
    MqttClient::connect(&device.modem, options(tls)).await.expect("it connects")
}

async fn next(subscription: &mut Subscription) -> telit_mqtt::Message {
    timeout(SOON, subscription.next()).await.expect("it arrives in time").expect("the subscription goes on")
}
