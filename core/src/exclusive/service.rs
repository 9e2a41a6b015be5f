//! The names of those who can own TLS.

use std::fmt;

/// A service of the module that can use TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// TLS sockets (`#SSLD`).
    Socket,
    /// The HTTP client.
    Http,
    /// The FTP client.
    Ftp,
    /// The MQTT client.
    Mqtt,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 4] = [Self::Socket, Self::Http, Self::Ftp, Self::Mqtt];
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Socket => "socket",
            Self::Http => "http",
            Self::Ftp => "ftp",
            Self::Mqtt => "mqtt",
        })
    }
}

/// Who holds TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Holder {
    /// A service of this program.
    Here(Service),
    /// A service that was started on another AT port of the module.
    OtherPort(Service),
}

impl Holder {
    /// The service, wherever it was started.
    #[must_use]
    pub fn service(self) -> Service {
        match self {
            Self::Here(service) | Self::OtherPort(service) => service,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(service) => write!(f, "the {service} service of this program"),
            Self::OtherPort(service) => write!(f, "the {service} service on another port of the module"),
        }
    }
}
