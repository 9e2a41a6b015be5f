//! The broker, and its own clients.

use std::process::{Command as ServerCommand, Stdio};
use std::time::Duration;

use telit_mqtt::QoS;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::interop::client;
use crate::interop::credentials::Credentials;
use crate::interop::device::Device;
use crate::interop::program::required;
use crate::interop::server::Server;
use crate::rig::MQTTS;

pub(super) const HOST: &str = "broker.test";
pub(super) const SOON: Duration = Duration::from_secs(20);

/// The broker, and what its clients need to connect.
pub(super) struct Mosquitto {
    pub(super) server: Server<1>,
    pub(super) credentials: Credentials,
    highest: QoS,
}

impl Mosquitto {
    pub(super) async fn start() -> Option<Self> {
        Self::start_with(QoS::AtLeastOnce).await
    }

    pub(super) async fn start_with(highest: QoS) -> Option<Self> {
        let program = required("mosquitto", "mosquitto")?;
        required("mosquitto_sub", "mosquitto-clients")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        let server = Server::start(folder, |folder, [port]| {
            let file = folder.join("mosquitto.conf");
            std::fs::write(&file, configuration(port, highest)).expect("the folder is writable");
            let mut command = ServerCommand::new(&program);
            command.arg("-c").arg(file);
            command
        });
        Some(Self { server: server.await, credentials, highest })
    }

    pub(super) async fn device(&self) -> Device {
        let [port] = self.server.ports();
        Device::online(&[(HOST, MQTTS, port)]).await
    }

    /// Starts `mosquitto_sub` and waits until the broker has acknowledged the subscription.
    pub(super) async fn observe(&self, filter: &str) -> Observer {
        // Its output would wait for a buffer to be full.
        let mut command = self.foreign_client("stdbuf", &["--output=L", "mosquitto_sub"]);
        let qos = self.highest.number().to_string();
        command.args(["-d", "-q", &qos, "-t", filter, "-F", "message %t %q %r %x"]);
        command.stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("it runs");
        let output = process.stdout.take().expect("it is piped");
        let mut observer = Observer { lines: BufReader::new(output).lines(), _process: process };
        observer.line("Subscribed ").await;
        observer
    }

    /// Publishes with `mosquitto_pub`.
    pub(super) async fn publish(&self, topic: &str, payload: &[u8], qos: QoS) {
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

fn configuration(port: u16, highest: QoS) -> String {
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
        &format!("max_qos {}", highest.number()),
        "max_packet_size 131072",
        "log_dest stderr",
        "log_type all",
    ];
    lines.join("\n")
}

/// `mosquitto_sub`.
pub(super) struct Observer {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

/// A message as `mosquitto_sub` saw it.
pub(super) struct Seen {
    pub(super) topic: String,
    pub(super) qos: u8,
    pub(super) retained: bool,
    pub(super) payload: Vec<u8>,
}

impl Observer {
    pub(super) async fn next(&mut self) -> Seen {
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
