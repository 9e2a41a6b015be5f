//! Servers on loopback that the virtual module can talk to, with fresh certificates.
//!
//! | Server | Made of | TLS |
//! |---|---|---|
//! | [`Broker`] | rumqttd, MQTT 3.1.1 | [`Front`]: TLS 1.0 to 1.3, every suite OpenSSL has, client certificates |
//! | [`aws::AwsIot`] | AWS IoT Core: its broker, its rules and limits, its services | [`Front`], with mutual TLS |
//! | [`RestServer`] | axum, HTTP/1.1 | [`Front`] |
//! | [`FtpsServer`] | libunftp, explicit FTPS | rustls: TLS 1.2 and 1.3 with ephemeral key exchange and AEAD suites |
//!
//! All certificates come from an [`Authority`] made on the spot, so that nothing expires and no key lies in
//! the repository. [`TestServers`] starts everything at once.
//!
//! Nothing here prints: the servers report through `tracing`. What clients did is kept in logs that can be
//! read and awaited ([`Front::handshakes`], [`Broker::messages`], [`RestServer::requests`],
//! [`FtpsServer::transfers`]).
//!
//! # Examples
//!
//! ```no_run
//! # async fn example() -> Result<(), telit_simulator::servers::ServerError> {
//! use telit_simulator::servers::TestServers;
//!
//! let servers = TestServers::start().await?;
//! println!("broker.test is at {}", servers.broker().addr());
//! println!("trust {}", servers.authority().certificate_pem());
//! # Ok(())
//! # }
//! ```

mod authority;
pub mod aws;
mod background;
mod broker;
mod certificate;
mod error;
mod front;
mod ftps;
mod rest;
mod test_servers;

pub use crate::pattern::{pattern, pattern_byte};
pub use authority::Authority;
pub use broker::{Broker, BrokerOptions, Message};
pub use certificate::{CertificateRequest, Issued, KeyKind};
pub use error::ServerError;
pub use front::{Front, FrontOptions, Handshake, TlsVersion};
pub use ftps::{Direction, FtpsOptions, FtpsServer, LoginAttempt, Transfer};
pub use rest::{RecordedRequest, RestOptions, RestServer};
pub use test_servers::TestServers;
