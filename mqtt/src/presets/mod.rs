//! Presets for well-known brokers: the right port, authorities, cipher suites and rules for each.
//!
//! A preset turns what is known of a broker into [`MqttOptions`](crate::MqttOptions) for the platform at hand, which can
//! be changed further before they are given to [`MqttClient::connect`](crate::MqttClient::connect).
//!
//! | preset | what it is |
//! |---|---|
//! | [`aws::AwsIot`](crate::aws::AwsIot) | AWS IoT Core, with device shadows, jobs and fleet provisioning |
//! | [`AzureIotHub`] | Azure IoT Hub with a client certificate or a shared access signature |
//! | [`HiveMqCloud`] | `HiveMQ` Cloud with user name and password |
//! | [`EmqxServerless`] | EMQX Cloud Serverless with user name and password |
//! | [`Mosquitto`] | a broker of your own |
//!
//! # What which platform cannot do
//!
//! | platform | AWS IoT | Azure IoT Hub | `HiveMQ` Cloud, EMQX Serverless | Mosquitto |
//! |---|---|---|---|---|
//! | 37, 52, 25 `ThreadX` | all | all | all | all |
//! | 30 | no forward secrecy: works while AWS takes RSA key transport | no common cipher suite | as far as the broker takes DHE or RSA key transport | cipher suites without ECDHE |
//! | 25 Linux | as 30, and without server name (SNI): no custom domains | no common cipher suite | no: they need the server name | as 30 |
//! | 10, 13, 16, 12, 20, 23 | no: host names are not checked, and a preset does not waive that | as AWS | as AWS | as AWS |
//!
//! JSON has quotes in it, which only `#MQPUBSEXT` carries: firmware of platforms 25 and 30 that lacks it publishes plain
//! text. AWS IoT is reached from this computer there; with [`Engine::Module`](crate::Engine::Module) shadows, jobs and
//! provisioning are refused ([`PublishError::NotRepresentable`](crate::PublishError::NotRepresentable)).
//!
//! Source: SSL guide 6.3, 12.1; M37 p1029-1036; the brokers' own documentation.

mod azure;
mod emqx;
mod error;
mod hivemq;
mod mosquitto;
mod tls;

pub use azure::{AzureAuthentication, AzureIotHub};
pub use emqx::EmqxServerless;
pub use error::PresetError;
pub use hivemq::HiveMqCloud;
pub use mosquitto::Mosquitto;
pub(crate) use tls::{BrokerTls, ServerName, Suites, authority_slots};
