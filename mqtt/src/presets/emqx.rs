//! EMQX Cloud Serverless.

use telit_core::platform::{Profile, TlsVersion};
use telit_core::tls::CaCertificate;

use super::{BrokerTls, PresetError, ServerName, Suites};
use crate::options::{MqttOptions, MqttSecurity};
use crate::rules::BrokerRules;

const BROKER: &str = "EMQX Serverless";

/// Source: EMQX Cloud documentation, quotas of Serverless.
const RULES: BrokerRules =
    BrokerRules::new(BROKER).client_id_limit(23).subscription_limit(10).payload_limit(1024 * 1024);

/// A deployment of EMQX Cloud Serverless, with user name and password.
///
/// Client identifiers have at most 23 characters, a client at most 10 subscriptions. Its tenants share their servers, so
/// platforms that do not send the server name (SNI) are refused. For EMQX of your own take
/// [`Mosquitto`](super::Mosquitto), which has no rules beyond the standard's.
///
/// ```no_run
/// # async fn example(modem: telit_core::Modem) -> Result<(), Box<dyn std::error::Error>> {
/// use telit_core::tls::CaCertificate;
/// use telit_mqtt::MqttClient;
/// use telit_mqtt::presets::EmqxServerless;
///
/// let root = CaCertificate::from_pem(&std::fs::read("emqxsl-ca.crt")?)?;
/// let deployment = EmqxServerless::new("abc.ala.eu-central-1.emqxsl.com", "client-1", root);
/// let options = deployment.mqtt_options(modem.profile())?.credentials("user", std::env::var("MQTT_PASSWORD")?);
/// let client = MqttClient::connect(&modem, options).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens until its options are given to MqttClient::connect()"]
pub struct EmqxServerless {
    host: String,
    client_id: String,
    authority: CaCertificate,
}

impl EmqxServerless {
    /// The deployment at `host`, where this device is `client_id`. The root certificate is on its overview page.
    pub fn new(host: impl Into<String>, client_id: impl Into<String>, root: CaCertificate) -> Self {
        Self { host: host.into(), client_id: client_id.into(), authority: root }
    }

    /// The options for a module of this platform.
    ///
    /// # Errors
    /// See [`PresetError`].
    pub fn mqtt_options(&self, profile: &'static Profile) -> Result<MqttOptions, PresetError> {
        let tls = BrokerTls {
            broker: BROKER,
            authorities: vec![self.authority.clone()],
            identity: None,
            suites: Suites::Unknown,
            minimum: TlsVersion::Tls12,
            server_name: ServerName::Needed,
        };
        let security = MqttSecurity::Tls(tls.options(profile)?);
        Ok(MqttOptions::new(&self.host, &self.client_id, security).rules(RULES))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telit_core::platform::{PlatformId, profile};

    use super::*;
    use crate::message::QoS;
    use crate::roots::RootCa;

    #[test]
    fn its_rules_come_along() {
        let root = RootCa::DigiCertGlobalRootG2.certificate().unwrap();
        let deployment = EmqxServerless::new("abc.emqxsl.com", "client-1", root);
        let options = deployment.mqtt_options(profile(PlatformId::P37)).unwrap();
        let rules = options.rules.unwrap();
        let minute = Duration::from_secs(60);
        assert!(rules.check_login(&"c".repeat(23), minute).is_ok());
        assert!(rules.check_login(&"c".repeat(24), minute).is_err());
        assert!(rules.check_subscribe("a", QoS::ExactlyOnce, 10).is_ok());
        assert!(rules.check_subscribe("a", QoS::ExactlyOnce, 11).is_err());
        assert!(deployment.mqtt_options(profile(PlatformId::P25Linux)).is_err());
    }
}
