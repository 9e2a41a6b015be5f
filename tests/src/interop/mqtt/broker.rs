//! What all brokers have in common: they demand client certificates, and mosquitto's clients are at the other end.

use std::path::Path;
use std::time::Duration;

use telit_mqtt::{Engine, MqttOptions, MqttSecurity, QoS};
use telit_simulator::Platform;
use tokio::process::Command;

use super::observer::Observer;
use crate::interop::client;
use crate::interop::credentials::{Credentials, DEVICE};
use crate::interop::device::Device;
use crate::interop::program::required;
use crate::rig::MQTTS;

pub(in crate::interop) const HOST: &str = "broker.test";
pub(in crate::interop) const SOON: Duration = Duration::from_secs(60);

pub(in crate::interop) trait Broker: Sized {
    /// With every quality of service. `None` if it, or a client of mosquitto, is not installed.
    async fn start() -> Option<Self>;

    fn credentials(&self) -> &Credentials;

    fn port(&self) -> u16;

    /// Where the credentials are, and room for more.
    fn folder(&self) -> &Path;

    async fn device(&self) -> Device {
        Device::online_in_haste(Platform::P37, &[(HOST, MQTTS, self.port())]).await
    }

    fn options(&self, engine: Engine) -> MqttOptions {
        MqttOptions::new(HOST, DEVICE, MqttSecurity::Tls(self.credentials().tls())).engine(engine)
    }

    /// Starts `mosquitto_sub` and waits until the broker has acknowledged the subscription.
    async fn observe(&self, filter: &str) -> Observer {
        self.observe_at(filter, QoS::ExactlyOnce).await
    }

    async fn observe_at(&self, filter: &str, qos: QoS) -> Observer {
        self.observe_with(filter, qos, &[]).await
    }

    /// The same with more arguments.
    async fn observe_with(&self, filter: &str, qos: QoS, more: &[&str]) -> Observer {
        // Its output would wait for a buffer to be full.
        let mut command = self.foreign_client("stdbuf", &["--output=L", "mosquitto_sub"]);
        command.args(["-q", &qos.number().to_string(), "-t", filter]).args(more);
        Observer::start(command).await
    }

    /// Publishes with `mosquitto_pub`.
    async fn publish(&self, topic: &str, payload: &[u8], qos: QoS) {
        let file = self.folder().join("payload");
        std::fs::write(&file, payload).expect("the folder is writable");
        let mut command = self.foreign_client("mosquitto_pub", &[]);
        command.args(["-q", &qos.number().to_string(), "-t", topic]).arg("-f").arg(file);
        client::succeed(&mut command, b"").await;
    }

    fn foreign_client(&self, program: &str, first: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(first).args(["-h", "localhost", "-p", &self.port().to_string(), "-V", "mqttv311"]);
        for (option, file) in [("--cafile", "ca.pem"), ("--cert", "observer.pem"), ("--key", "observer.key")]
        {
            command.arg(option).arg(self.folder().join(file));
        }
        command
    }
}

/// `None` if a client of mosquitto is not installed.
pub(super) fn clients() -> Option<()> {
    required("mosquitto_sub", "mosquitto-clients")?;
    required("mosquitto_pub", "mosquitto-clients").map(drop)
}
