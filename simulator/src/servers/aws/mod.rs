//! AWS IoT Core on loopback: its broker, with its rules and limits, and the services behind its reserved topics.
//!
//! It is for those who write an application for AWS IoT and want to run it without an account, and to see what AWS
//! does not tell a client: [`AwsIot::events`] has the reason of each connection that was closed without a word.
//!
//! | As AWS | |
//! |---|---|
//! | TLS | 1.2 and 1.3, the suites of the default policy, a client certificate that is registered and active |
//! | Policies | checked at each CONNECT, PUBLISH, SUBSCRIBE and delivery; a violation closes the connection |
//! | Client id | 1 to 128 bytes; a second connection drops the first; one CONNECT a second |
//! | Messages | quality of service 0 and 1, 128 KiB, topics of 256 bytes and 7 slashes, 100 a second |
//! | Subscriptions | 50; `sensor/#` does not take in `sensor`; no retained message for a wildcard |
//! | Keep-alive | 30 to 1200 s; the connection ends after 1.5 times of it |
//! | Sessions | persistent for an hour; what was missed comes at 10 a second, again, and not marked as a duplicate |
//! | Reserved topics | shadow, jobs, fleet provisioning, basic ingest, lifecycle events; elsewhere nobody may publish |
//!
//! [`Limits`] has the numbers, [`Disruption`] what goes wrong on demand. What it does not do: MQTT 5, MQTT over
//! WebSocket, custom authorisers, shared subscriptions, the rules engine (what a rule is sent can be read:
//! [`AwsIot::rule_messages`]), Device Defender and streams (they take what they get), conditions in policies, CBOR.
//!
//! # Examples
//!
//! ```no_run
//! # async fn example() -> Result<(), telit_simulator::servers::ServerError> {
//! use telit_simulator::servers::aws::{AwsIot, AwsIotOptions, Policy};
//! use telit_simulator::servers::{Authority, CertificateRequest};
//!
//! let authority = Authority::new()?;
//! let server = authority.issue(&CertificateRequest::server("a1b2c3-ats.iot.eu-west-1.amazonaws.com"))?;
//!
//! let aws = AwsIot::start(&AwsIotOptions::new(&server, &authority)).await?;
//! let device = aws.create_device("thermostat", Policy::everything())?;
//! println!("connect to {} and trust {}", aws.addr(), authority.certificate_pem());
//! println!("as {} with {}", device.certificate_pem(), device.key_pem());
//! # Ok(())
//! # }
//! ```

mod answer;
mod backend;
mod calendar;
mod connection;
mod disruption;
mod handle;
mod hub;
mod jobs;
mod limits;
mod log;
mod options;
mod pace;
mod packets;
mod policy;
mod provisioning;
mod registry;
mod session;
mod shadow;
mod state;
#[cfg(test)]
mod tests;
mod topic;

pub use self::disruption::Disruption;
pub use self::handle::AwsIot;
pub use self::jobs::{JobExecution, JobRefused, JobStatus};
pub use self::limits::Limits;
pub use self::log::{DisconnectReason, Lifecycle, PublishedMessage, RuleMessage};
pub use self::options::{AwsIotOptions, QualityTwo};
pub use self::policy::{Action, InvalidPolicy, Policy};
pub use self::provisioning::ProvisioningTemplate;
pub use self::registry::CertificateStatus;
pub use self::shadow::ShadowRejected;
