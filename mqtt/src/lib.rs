//! Async MQTT client over the MQTT service inside Telit cellular modules.
//!
//! The module holds the connection to the broker, with TLS if asked for (it should be); this crate drives
//! its `AT#MQ...` commands. MQTT 3.1.1, quality of service 0 to 2, any payload byte by byte, and incoming
//! messages as streams. A lost connection comes back by itself, with its subscriptions. There is no WebSocket and no
//! MQTT 5.
//!
//! Only one service of a module uses TLS at a time. An MQTT session holds it while it is connected;
//! [`MqttClient::pause`] lends it to a download.
//!
//! # Quick start
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! # let modem = telit_core::Modem::builder().open(tokio::io::empty()).await?;
//! use telit_core::tls::{CaCertificate, TlsOptions};
//! use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
//!
//! let tls = TlsOptions::builder().ca(CaCertificate::from_pem(&std::fs::read("ca.pem")?)?).build()?;
//! let options = MqttOptions::new("broker.example", "client-1", MqttSecurity::Tls(tls))
//!     .credentials("user", std::env::var("MQTT_PASSWORD")?);
//! let client = MqttClient::connect(&modem, options).await?;
//!
//! let mut commands = client.subscribe("commands/#", QoS::AtLeastOnce).await?;
//! client.publish("telemetry/1", "21.5", QoS::AtLeastOnce).await?;
//! while let Some(message) = commands.next().await {
//!     println!("{}: {} bytes", message.topic, message.payload.len());
//! }
//! println!("the connection ended: {}", client.state());
//! # Ok(())
//! # }
//! ```
//!
//! # Modules without MQTT, and what a module cannot carry
//!
//! Where the module has no MQTT client, or its client cannot carry what is asked for, MQTT 3.1.1 runs on this computer
//! over a TLS socket of the module, behind the same [`MqttClient`]. [`MqttOptions::engine`] asks for the one or the
//! other; by default [`Engine::Auto`] chooses, and [`MqttClient::engine`] and the log tell which, and why. What differs
//! is listed at [`Engine`].
//!
//! # Features
//!
//! All are on by default, and make the program smaller when they are off: `aws` (AWS IoT), and `host` (MQTT on this
//! computer; where it would be needed [`ConnectError::HostNotBuilt`] tells why).
//!
//! # What the module does not tell
//!
//! Quality of service, retain and duplicate flag of received messages; whether the broker remembers a
//! persistent session; the granted quality of service. Received messages wait in 30 slots inside the module
//! and are read at once; when they are all taken, [`Event::SlotsFull`] tells that messages were lost. MQTT on this
//! computer tells all of that, and holds up the broker instead.

#[cfg(feature = "aws")]
pub mod aws;
mod backend;
mod capabilities;
mod carried;
mod choice;
mod client;
mod commands;
mod delivery;
mod dialect;
mod drops;
mod engine;
mod error;
#[cfg(feature = "host")]
mod host;
#[cfg(not(feature = "host"))]
#[path = "without_host.rs"]
mod host;
mod last_will;
mod message;
mod options;
mod plain;
pub mod presets;
mod reconnect;
mod registry;
pub mod roots;
pub mod rules;
mod session;
mod state;
mod subscription;
mod task;
mod topic;

pub use capabilities::Capabilities;
pub use choice::{Engine, EngineChoice, EngineReason};
pub use client::{Events, MqttClient};
pub use delivery::{OfflineQueue, Receipt, WhenFull};
pub use drops::Operation;
pub use error::{ConnectError, DisconnectError, Doubt, PublishError, Refusal, SubscribeError};
#[cfg(feature = "bench")]
#[doc(hidden)]
pub use host::bench;
pub use last_will::LastWill;
pub use message::{Message, Publish, QoS};
pub use options::{MqttOptions, MqttSecurity};
pub use reconnect::Reconnect;
pub use state::{ClientState, Event, LossReason};
pub use subscription::Subscription;
pub use topic::TopicError;
