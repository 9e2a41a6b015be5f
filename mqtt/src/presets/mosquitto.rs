//! Mosquitto, or any other broker of one's own.

use telit_core::platform::{Profile, TlsVersion};
use telit_core::tls::{CaCertificate, Identity};

use super::{BrokerTls, PresetError, ServerName, Suites};
use crate::options::{MqttOptions, MqttSecurity};
use crate::rules::BrokerRules;

const BROKER: &str = "Mosquitto";

/// A Mosquitto broker of your own, behind TLS, whose authority you know.
///
/// It takes whatever OpenSSL takes, so every platform gets the strongest cipher suite that it can be pinned to, down to
/// RSA key transport. Quality of service 2, retained messages and wills all work.
///
/// ```no_run
/// # async fn example(modem: telit_core::Modem) -> Result<(), Box<dyn std::error::Error>> {
/// use telit_core::tls::CaCertificate;
/// use telit_mqtt::MqttClient;
/// use telit_mqtt::presets::Mosquitto;
///
/// let authority = CaCertificate::from_pem(&std::fs::read("ca.crt")?)?;
/// let broker = Mosquitto::new("broker.example", "client-1", authority);
/// let client = MqttClient::connect(&modem, broker.mqtt_options(modem.profile())?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens until its options are given to MqttClient::connect()"]
pub struct Mosquitto {
    host: String,
    client_id: String,
    authority: CaCertificate,
    identity: Option<Identity>,
    server_name: ServerName,
}

impl Mosquitto {
    /// The broker at `host`, whose certificate `authority` has signed, where this device is `client_id`.
    pub fn new(host: impl Into<String>, client_id: impl Into<String>, authority: CaCertificate) -> Self {
        let (host, client_id) = (host.into(), client_id.into());
        Self { host, client_id, authority, identity: None, server_name: ServerName::Sent }
    }

    /// Shows a client certificate (`require_certificate` of Mosquitto).
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Connects without sending the server's name (SNI), which platform 25 Linux needs.
    pub fn without_server_name(mut self) -> Self {
        self.server_name = ServerName::Left;
        self
    }

    /// The options for a module of this platform.
    ///
    /// # Errors
    /// See [`PresetError`].
    pub fn mqtt_options(&self, profile: &'static Profile) -> Result<MqttOptions, PresetError> {
        let tls = BrokerTls {
            broker: BROKER,
            authorities: vec![self.authority.clone()],
            identity: self.identity.as_ref(),
            suites: Suites::Unknown,
            minimum: TlsVersion::Tls12,
            server_name: self.server_name,
        };
        let security = MqttSecurity::Tls(tls.options(profile)?);
        Ok(MqttOptions::new(&self.host, &self.client_id, security).rules(BrokerRules::new(BROKER)))
    }
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};
    use telit_core::tls::{Probed, resolve};

    use super::*;
    use crate::roots::RootCa;

    #[test]
    fn every_platform_has_a_suite_for_it() {
        let root = RootCa::IsrgRootX1.certificate().unwrap();
        for platform in PlatformId::ALL {
            let profile = profile(platform);
            let mut broker = Mosquitto::new("broker.example", "client-1", root.clone());
            if !profile.tls.sends_server_name() {
                broker = broker.without_server_name();
            }
            let options = broker.mqtt_options(profile).unwrap();
            let MqttSecurity::Tls(tls) = options.security else { panic!("it is secure") };
            let resolved = resolve(profile, &tls, &Probed::default());
            assert_eq!(resolved.is_ok(), profile.tls.checks_host_name(), "{platform}: {resolved:?}");
        }
    }
}
