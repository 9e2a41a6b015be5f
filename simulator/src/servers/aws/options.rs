//! How the broker is set up.

use super::limits::Limits;
use crate::servers::{Authority, FrontOptions, Issued};

/// The suites up to TLS 1.2 of `IoTSecurityPolicy_TLS13_1_2_2022_10`, the default of AWS outside `GovCloud`. Source:
/// "Transport security in AWS IoT".
const SUITES: &str = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256:\
    ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-GCM-SHA384:\
    ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA:\
    ECDHE-RSA-AES256-SHA:AES128-GCM-SHA256:AES128-SHA256:AES128-SHA:AES256-GCM-SHA384:AES256-SHA256:AES256-SHA";

/// What AWS IoT Core does with quality of service 2, which it does not have.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QualityTwo {
    /// A PUBLISH or SUBSCRIBE with it is never answered.
    #[default]
    Ignored,
    /// It ends the connection.
    Closes,
}

/// Port, TLS and rules of an [`AwsIot`](super::AwsIot).
#[derive(Debug, Clone)]
#[must_use]
pub struct AwsIotOptions {
    pub(super) front: FrontOptions,
    pub(super) authority: Authority,
    pub(super) port: u16,
    pub(super) limits: Limits,
    pub(super) quality_two: QualityTwo,
    pub(super) answers_unsubscribed: bool,
}

impl AwsIotOptions {
    /// Presents `certificate` with TLS 1.2 and 1.3 and the suites of AWS. `authority` signs the certificates that fleet
    /// provisioning gives out.
    pub fn new(certificate: &Issued, authority: &Authority) -> Self {
        Self::with_front(FrontOptions::new(certificate).cipher_list(SUITES), authority)
    }

    /// Speaks TLS as told. Whatever it says about client certificates: they are demanded, and have to be registered.
    pub fn with_front(front: FrontOptions, authority: &Authority) -> Self {
        Self {
            front,
            authority: authority.clone(),
            port: 0,
            limits: Limits::default(),
            quality_two: QualityTwo::default(),
            answers_unsubscribed: false,
        }
    }

    /// Refuses clients that do not indicate exactly this server name (SNI), as AWS does for custom domains. By default
    /// the name does not matter.
    pub fn require_server_name(mut self, name: impl Into<String>) -> Self {
        self.front = self.front.require_server_name(name);
        self
    }

    /// The loopback port. The default is 0: any that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Other numbers than those of AWS.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What happens with quality of service 2. By default it is ignored.
    pub fn quality_two(mut self, quality_two: QualityTwo) -> Self {
        self.quality_two = quality_two;
        self
    }

    /// Shadow and provisioning answer a client that has not subscribed to their answers, too, as jobs always do.
    pub fn answer_without_subscription(mut self) -> Self {
        self.answers_unsubscribed = true;
        self
    }
}
