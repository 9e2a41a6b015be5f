//! What a platform can do, in the words its users ask in, and why not.

use std::fmt;

use super::profile::{Availability, Profile};

/// Something that works on one platform and not on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Sockets with TLS inside the module.
    TlsSockets,
    /// More than one of them at a time.
    SeveralTlsSockets,
    /// MQTT over TLS by the client inside the module.
    MqttTls,
    /// HTTPS by the client inside the module.
    Https,
    /// FTPS by the client inside the module, asked for with AUTH TLS.
    Ftps,
    /// FTPS with TLS from the first byte on.
    ImplicitFtps,
    /// The host name in the server's certificate can be checked.
    HostNameCheck,
    /// The server name can be sent (SNI).
    ServerName,
    /// The TLS version can be chosen.
    VersionChoice,
    /// A minimum of the TLS version can be set.
    MinimumVersion,
    /// TLS 1.3.
    Tls13,
    /// A client certificate.
    ClientCertificate,
    /// Credentials as DER; PEM works everywhere.
    DerCredentials,
    /// An authority in RAM, for one connection.
    RamCredentials,
    /// Several authorities for one connection.
    SeveralAuthorities,
    /// A second store for authorities (`#SSLSECCA`).
    PreloadedAuthorities,
    /// An ordered list of suites of one's own (`#SSLSECCS`); elsewhere one suite, or all of them.
    SuiteList,
    /// A session that is resumed without a full handshake (`#SSLFASTD`).
    SessionResumption,
}

impl Capability {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 18] = [
        Self::TlsSockets,
        Self::SeveralTlsSockets,
        Self::MqttTls,
        Self::Https,
        Self::Ftps,
        Self::ImplicitFtps,
        Self::HostNameCheck,
        Self::ServerName,
        Self::VersionChoice,
        Self::MinimumVersion,
        Self::Tls13,
        Self::ClientCertificate,
        Self::DerCredentials,
        Self::RamCredentials,
        Self::SeveralAuthorities,
        Self::PreloadedAuthorities,
        Self::SuiteList,
        Self::SessionResumption,
    ];
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::TlsSockets => "TLS sockets",
            Self::SeveralTlsSockets => "several TLS sockets at a time",
            Self::MqttTls => "MQTT over TLS",
            Self::Https => "HTTPS by the module",
            Self::Ftps => "FTPS by the module",
            Self::ImplicitFtps => "implicit FTPS",
            Self::HostNameCheck => "host name check",
            Self::ServerName => "server name (SNI)",
            Self::VersionChoice => "choice of the TLS version",
            Self::MinimumVersion => "minimum TLS version",
            Self::Tls13 => "TLS 1.3",
            Self::ClientCertificate => "client certificate",
            Self::DerCredentials => "credentials as DER",
            Self::RamCredentials => "credentials in RAM",
            Self::SeveralAuthorities => "several CA certificates at once",
            Self::PreloadedAuthorities => "preloaded CA certificates",
            Self::SuiteList => "ordered list of cipher suites",
            Self::SessionResumption => "session resumption",
        })
    }
}

/// Whether a platform has a capability, and what there is to know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Support {
    /// Whether.
    pub availability: Availability,
    /// Why not, or what it depends on, with the source. Always there unless the answer is a plain yes.
    pub remark: Option<&'static str>,
}

impl Profile {
    /// Whether the platform has a capability, and why not.
    ///
    /// ```
    /// use telit_core::platform::{Availability, Capability, PlatformId, profile};
    ///
    /// let support = profile(PlatformId::P12).support(Capability::ServerName);
    /// assert_eq!(support.availability, Availability::No);
    /// println!("no server name: {}", support.remark.unwrap_or_default());
    /// ```
    #[must_use]
    pub fn support(&self, capability: Capability) -> Support {
        let about = |(known, _): &&(Capability, &str)| *known == capability;
        let remark = self.remarks.iter().find(about).map(|(_, remark)| *remark);
        Support { availability: self.availability(capability), remark }
    }

    fn availability(&self, capability: Capability) -> Availability {
        let tls = &self.tls;
        match capability {
            Capability::TlsSockets => tls.command_mode,
            Capability::SeveralTlsSockets => tls.several_sockets,
            Capability::MqttTls => self.mqtt.as_ref().map_or(Availability::No, |mqtt| mqtt.tls),
            Capability::Https => self.http.as_ref().map_or(Availability::No, |http| http.tls),
            Capability::Ftps => self.ftp.as_ref().map_or(Availability::No, |ftp| ftp.tls),
            Capability::ImplicitFtps => self.ftp.as_ref().map_or(Availability::No, |ftp| ftp.implicit_tls),
            Capability::HostNameCheck => Availability::from(tls.checks_host_name()),
            Capability::ServerName => Availability::from(tls.sends_server_name()),
            Capability::VersionChoice => Availability::from(!tls.versions.version.is_empty()),
            Capability::MinimumVersion => Availability::from(!tls.versions.minimum.is_empty()),
            Capability::Tls13 => tls.tls13,
            Capability::ClientCertificate => tls.client_certificate,
            Capability::DerCredentials => tls.certificate_format,
            Capability::RamCredentials => tls.store.ram,
            Capability::SeveralAuthorities => Availability::from(tls.selects_authorities()),
            Capability::PreloadedAuthorities => tls.preloaded_store,
            Capability::SuiteList => tls.suite_list,
            Capability::SessionResumption => tls.fast_dial,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_complete_and_every_capability_has_a_name_of_its_own() {
        assert!(Capability::ALL.is_sorted_by(|one, next| one < next));
        assert_eq!(Capability::ALL.last(), Some(&Capability::SessionResumption));
        let mut names = Capability::ALL.map(|capability| capability.to_string());
        names.sort();
        assert!(names.is_sorted_by(|one, next| one < next));
    }
}
