//! AWS IoT Core: connecting in a few lines, and what the service offers behind its broker.
//!
//! ```no_run
//! # async fn example(modem: telit_core::Modem) -> Result<(), Box<dyn std::error::Error>> {
//! use telit_core::tls::Identity;
//! use telit_mqtt::QoS;
//! use telit_mqtt::aws::AwsIot;
//!
//! let identity = Identity::from_pem(&std::fs::read("device.pem.crt")?, &std::fs::read("device.pem.key")?)?;
//! let aws = AwsIot::new("prefix-ats.iot.eu-central-1.amazonaws.com", "thing-1", identity)?;
//! let client = aws.connect(&modem).await?;
//! client.publish("thing-1/telemetry", r#"{"celsius":21.5}"#, QoS::AtLeastOnce).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What the module can receive
//!
//! Vendor code gives the module's MQTT client a receive buffer of 1024 bytes, and no source says what becomes of a larger
//! message. An answer that arrives in part is reported as such, never taken for a whole one.

mod basic_ingest;
mod endpoint;
mod iot;
pub mod jobs;
mod names;
pub mod provisioning;
mod request;
mod request_error;
pub mod shadow;

pub use basic_ingest::basic_ingest_topic;
pub use endpoint::{Endpoint, EndpointError, EndpointKind, Partition};
pub use iot::{AwsIot, RULES};
pub use names::{check_job_id, check_shadow_name, check_thing_name};
pub use request_error::RequestError;
