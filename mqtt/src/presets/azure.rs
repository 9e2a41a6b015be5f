//! Azure IoT Hub.

use std::fmt;

use telit_core::platform::{CipherSuite, Profile, TlsVersion};
use telit_core::tls::{CaCertificate, Identity};

use super::{BrokerTls, PresetError, ServerName, Suites, authority_slots};
use crate::message::QoS;
use crate::options::{MqttOptions, MqttSecurity};
use crate::roots::RootCa;
use crate::rules::BrokerRules;

const BROKER: &str = "Azure IoT Hub";

/// What the hub has left since weak suites were removed in 2025.
const EPHEMERAL: [CipherSuite; 4] = [
    CipherSuite::new(0xC02F), // ECDHE-RSA-AES128-GCM-SHA256
    CipherSuite::new(0xC030), // ECDHE-RSA-AES256-GCM-SHA384
    CipherSuite::new(0xC027), // ECDHE-RSA-AES128-SHA256
    CipherSuite::new(0xC028), // ECDHE-RSA-AES256-SHA384
];

const RULES: BrokerRules = BrokerRules::new(BROKER)
    .highest_qos(QoS::AtLeastOnce)
    .payload_limit(256 * 1024)
    .publish_topics(&["devices/", "$iothub/"])
    .subscribe_filters(&["devices/", "$iothub/"]);

/// How a device proves who it is.
#[derive(Clone)]
#[non_exhaustive]
pub enum AzureAuthentication {
    /// By a client certificate.
    X509(Identity),
    /// By a shared access signature, `SharedAccessSignature sr=...&sig=...&se=...`. User name, device id and token share
    /// one command line, 400 characters on platform 37, and it ends at the time in it.
    SharedAccessSignature(String),
}

/// An Azure IoT Hub.
///
/// Topics are fixed: see [`telemetry_topic`](Self::telemetry_topic) and [`commands_filter`](Self::commands_filter).
/// Platforms 30 and 25 Linux have no cipher suite any more that the hub takes. What the hub gets with retain it passes
/// on as a property.
///
/// ```no_run
/// # async fn example(modem: telit_core::Modem) -> Result<(), Box<dyn std::error::Error>> {
/// use telit_mqtt::presets::{AzureAuthentication, AzureIotHub};
/// use telit_mqtt::{MqttClient, QoS};
///
/// let token = AzureAuthentication::SharedAccessSignature(std::env::var("AZURE_SAS")?);
/// let hub = AzureIotHub::new("example.azure-devices.net", "device-1", token);
/// let client = MqttClient::connect(&modem, hub.mqtt_options(modem.profile())?).await?;
/// client.publish(hub.telemetry_topic(), r#"{"celsius":21.5}"#, QoS::AtLeastOnce).await?;
/// # Ok(())
/// # }
/// ```
///
/// Source: Azure IoT Hub documentation, "MQTT support" and "TLS support".
#[derive(Clone, Debug)]
#[must_use = "nothing happens until its options are given to MqttClient::connect()"]
pub struct AzureIotHub {
    host: String,
    device_id: String,
    authentication: AzureAuthentication,
    authorities: Vec<CaCertificate>,
}

impl AzureIotHub {
    /// The hub at `host`, where this device is `device_id`.
    pub fn new(
        host: impl Into<String>,
        device_id: impl Into<String>,
        authentication: AzureAuthentication,
    ) -> Self {
        let (host, device_id) = (host.into(), device_id.into());
        Self { host, device_id, authentication, authorities: Vec::new() }
    }

    /// Trusts this authority in place of the built-in roots: `DigiCert` Global Root G2 and, where there is room,
    /// Microsoft RSA Root 2017.
    pub fn trust(mut self, authority: CaCertificate) -> Self {
        self.authorities.push(authority);
        self
    }

    /// Where telemetry is published.
    #[must_use]
    pub fn telemetry_topic(&self) -> String {
        format!("devices/{}/messages/events/", self.device_id)
    }

    /// What to subscribe to for messages to this device.
    #[must_use]
    pub fn commands_filter(&self) -> String {
        format!("devices/{}/messages/devicebound/#", self.device_id)
    }

    /// The options for a module of this platform.
    ///
    /// # Errors
    /// See [`PresetError`].
    pub fn mqtt_options(&self, profile: &'static Profile) -> Result<MqttOptions, PresetError> {
        let (identity, password) = match &self.authentication {
            AzureAuthentication::X509(identity) => (Some(identity), ""),
            AzureAuthentication::SharedAccessSignature(token) => (None, token.as_str()),
        };
        let tls = BrokerTls {
            broker: BROKER,
            authorities: self.authorities(profile)?,
            identity,
            suites: Suites::Known { ephemeral: &EPHEMERAL, transport: &[] },
            minimum: TlsVersion::Tls12,
            server_name: ServerName::Sent,
        };
        let security = MqttSecurity::Tls(tls.options(profile)?);
        let user = format!("{}/{}/?api-version=2021-04-12", self.host, self.device_id);
        Ok(MqttOptions::new(&self.host, &self.device_id, security).credentials(user, password).rules(RULES))
    }

    fn authorities(&self, profile: &Profile) -> Result<Vec<CaCertificate>, PresetError> {
        if !self.authorities.is_empty() {
            return Ok(self.authorities.clone());
        }
        let roots = [RootCa::DigiCertGlobalRootG2, RootCa::MicrosoftRsaRoot2017];
        let roots = roots.into_iter().take(authority_slots(profile));
        Ok(roots.map(RootCa::certificate).collect::<Result<_, _>>()?)
    }
}

impl fmt::Debug for AzureAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::X509(identity) => f.debug_tuple("X509").field(identity).finish(),
            Self::SharedAccessSignature(_) => f.write_str("SharedAccessSignature([redacted])"),
        }
    }
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};
    use telit_core::tls::{Probed, SuiteOffer, resolve};

    use super::*;
    use crate::message::Publish;

    fn hub() -> AzureIotHub {
        let token = AzureAuthentication::SharedAccessSignature("SharedAccessSignature sr=x".to_owned());
        AzureIotHub::new("h.azure-devices.net", "device-1", token)
    }

    #[test]
    fn who_we_are() {
        let options = hub().mqtt_options(profile(PlatformId::P37)).unwrap();
        assert_eq!(options.client_id, "device-1");
        assert_eq!(options.user, "h.azure-devices.net/device-1/?api-version=2021-04-12");
        assert_eq!(options.password, "SharedAccessSignature sr=x");
        assert_eq!(options.port_number(), 8883);
        for shown in [format!("{options:?}"), format!("{:?}", hub())] {
            assert!(!shown.contains("sr=x"), "{shown}");
        }
    }

    #[test]
    fn old_platforms_have_nothing_in_common_with_it() {
        for platform in [PlatformId::P30, PlatformId::P25Linux] {
            let error = hub().mqtt_options(profile(platform)).unwrap_err();
            assert_eq!(error, PresetError::NoCommonSuite { broker: BROKER, platform });
        }
        for platform in [PlatformId::P37, PlatformId::P52, PlatformId::P25ThreadX] {
            let options = hub().mqtt_options(profile(platform)).unwrap();
            let MqttSecurity::Tls(tls) = options.security else { panic!("it is secure") };
            let plan = resolve(profile(platform), &tls, &Probed::default()).unwrap();
            let SuiteOffer::Pinned { suite, .. } = plan.offer else { panic!("{:?}", plan.offer) };
            assert_eq!(suite, CipherSuite::new(0xC02F));
            assert_eq!(tls.authorities().len(), 2);
        }
    }

    #[test]
    fn topics_are_fixed() {
        let hub = hub();
        assert_eq!(RULES.check_publish(&Publish::new(hub.telemetry_topic(), "{}")), Ok(()));
        assert!(RULES.check_publish(&Publish::new("telemetry", "{}")).is_err());
        assert_eq!(RULES.check_subscribe(&hub.commands_filter(), QoS::AtLeastOnce, 1), Ok(()));
        assert!(RULES.check_subscribe("#", QoS::AtLeastOnce, 1).is_err());
        assert!(
            RULES.check_publish(&Publish::new("$iothub/twin/GET/?$rid=1", "").qos(QoS::ExactlyOnce)).is_err()
        );
    }
}
