//! `HiveMQ` Cloud.

use telit_core::platform::{Profile, TlsVersion};
use telit_core::tls::CaCertificate;

use super::{BrokerTls, PresetError, ServerName, Suites};
use crate::options::{MqttOptions, MqttSecurity};
use crate::roots::RootCa;
use crate::rules::BrokerRules;

const BROKER: &str = "HiveMQ Cloud";

/// A cluster of `HiveMQ` Cloud, with user name and password.
///
/// It finds its clusters by the server name (SNI): without it, a right password is answered with "not authorised", so
/// platforms that do not send it are refused.
///
/// ```no_run
/// # async fn example(modem: telit_core::Modem) -> Result<(), Box<dyn std::error::Error>> {
/// use telit_mqtt::MqttClient;
/// use telit_mqtt::presets::HiveMqCloud;
///
/// let cluster = HiveMqCloud::new("abc.s1.eu.hivemq.cloud", "client-1");
/// let options = cluster.mqtt_options(modem.profile())?.credentials("user", std::env::var("MQTT_PASSWORD")?);
/// let client = MqttClient::connect(&modem, options).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens until its options are given to MqttClient::connect()"]
pub struct HiveMqCloud {
    host: String,
    client_id: String,
    authority: Option<CaCertificate>,
}

impl HiveMqCloud {
    /// The cluster at `host`, where this device is `client_id`.
    pub fn new(host: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self { host: host.into(), client_id: client_id.into(), authority: None }
    }

    /// Trusts this authority in place of the root of Let's Encrypt, ISRG Root X1.
    pub fn trust(mut self, authority: CaCertificate) -> Self {
        self.authority = Some(authority);
        self
    }

    /// The options for a module of this platform.
    ///
    /// # Errors
    /// See [`PresetError`].
    pub fn mqtt_options(&self, profile: &'static Profile) -> Result<MqttOptions, PresetError> {
        let authority = match &self.authority {
            Some(authority) => authority.clone(),
            None => RootCa::IsrgRootX1.certificate()?,
        };
        let tls = BrokerTls {
            broker: BROKER,
            authorities: vec![authority],
            identity: None,
            suites: Suites::Unknown,
            minimum: TlsVersion::Tls12,
            server_name: ServerName::Needed,
        };
        let security = MqttSecurity::Tls(tls.options(profile)?);
        Ok(MqttOptions::new(&self.host, &self.client_id, security).rules(BrokerRules::new(BROKER)))
    }
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};

    use super::*;

    #[test]
    fn it_needs_the_server_name() {
        let cluster = HiveMqCloud::new("abc.s1.eu.hivemq.cloud", "client-1");
        let error = cluster.mqtt_options(profile(PlatformId::P25Linux)).unwrap_err();
        assert_eq!(error, PresetError::ServerName { broker: BROKER, platform: PlatformId::P25Linux });
        for platform in [PlatformId::P25ThreadX, PlatformId::P30, PlatformId::P37, PlatformId::P52] {
            assert!(cluster.mqtt_options(profile(platform)).is_ok(), "{platform}");
        }
    }
}
