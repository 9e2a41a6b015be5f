//! How a broker behaves.

use std::collections::HashMap;
use std::fmt;

use rumqttd::ConnectionSettings;

use crate::servers::{Authority, FrontOptions, Issued};

/// 128 KiB of payload, and room for the longest topic and the packet identifier.
const DEFAULT_MAX_PACKET_SIZE: usize = 128 * 1024 + 2 + 65_535 + 2;

/// TLS, users and limits of a [`Broker`](super::Broker).
#[derive(Clone)]
#[must_use]
pub struct BrokerOptions {
    pub(super) front: FrontOptions,
    users: HashMap<String, String>,
    max_packet_size: usize,
}

impl BrokerOptions {
    /// Demands a client certificate from `authority`, as AWS IoT does.
    pub fn mutual_tls(certificate: &Issued, authority: &Authority) -> Self {
        Self::with_front(FrontOptions::new(certificate).require_client_certificate(authority))
    }

    /// Asks for no client certificate.
    pub fn server_tls(certificate: &Issued) -> Self {
        Self::with_front(FrontOptions::new(certificate))
    }

    /// Speaks TLS as told.
    pub fn with_front(front: FrontOptions) -> Self {
        Self { front, users: HashMap::new(), max_packet_size: DEFAULT_MAX_PACKET_SIZE }
    }

    /// Adds a user. With at least one, a client must log in; without any, every client may connect.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.users.insert(name.into(), password.into());
        self
    }

    /// The largest packet taken, in bytes after the fixed header. The default takes any topic with 128 KiB of
    /// payload. A larger packet ends the connection.
    pub fn max_packet_size(mut self, bytes: usize) -> Self {
        self.max_packet_size = bytes;
        self
    }

    pub(super) fn connection_settings(&self) -> ConnectionSettings {
        ConnectionSettings {
            connection_timeout_ms: 60_000,
            max_payload_size: self.max_packet_size,
            max_inflight_count: 100,
            auth: (!self.users.is_empty()).then(|| self.users.clone()),
            external_auth: None,
            dynamic_filters: true,
        }
    }
}

impl fmt::Debug for BrokerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerOptions")
            .field("front", &self.front)
            .field("users", &self.users.keys())
            .field("max_packet_size", &self.max_packet_size)
            .finish()
    }
}
