//! Connecting to AWS IoT Core.

use std::time::Duration;

use telit_core::Modem;
use telit_core::platform::{CipherSuite, Profile, TlsVersion};
use telit_core::tls::{CaCertificate, Identity};

use super::{Endpoint, EndpointError, EndpointKind};
use crate::client::MqttClient;
use crate::error::ConnectError;
use crate::message::QoS;
use crate::options::{MqttOptions, MqttSecurity};
use crate::presets::{BrokerTls, PresetError, ServerName, Suites, authority_slots};
use crate::roots::RootCa;
use crate::rules::{BrokerRules, Retain};

const BROKER: &str = "AWS IoT";

/// What AWS IoT Core takes. [`AwsIot`] brings it along; with options put together by hand give it to
/// [`MqttOptions::rules`].
///
/// Source: AWS documentation, "AWS IoT Core message broker and protocol limits and quotas", "MQTT", "Basic Ingest".
pub const RULES: BrokerRules = BrokerRules::new(BROKER)
    .client_id_limit(128)
    .keep_alive(Duration::from_secs(30)..=Duration::from_secs(1200))
    .topic_limit(256)
    .slash_limit(7)
    .publish_only("$aws/rules/")
    .highest_qos(QoS::AtLeastOnce)
    .retain(Retain::NotReserved)
    .payload_limit(128 * 1024)
    .subscription_limit(50)
    .publishes_per_second(100);

/// Of the messages a second that AWS takes on a connection, half: those that arrive count too. The rest is thrown away.
const PUBLISHES_PER_SECOND: u32 = 50;

/// A shadow's document is JSON of so many bytes at most, so a module that carries some text only is used for its TLS.
const DOCUMENT: usize = 8 * 1024;

/// Of the default security policy, those for RSA certificates. ECDSA is not offered, so that the server's chain leads to
/// Amazon Root CA 1.
const EPHEMERAL: [CipherSuite; 6] = [
    CipherSuite::new(0xC02F), // ECDHE-RSA-AES128-GCM-SHA256
    CipherSuite::new(0xC030), // ECDHE-RSA-AES256-GCM-SHA384
    CipherSuite::new(0xC027), // ECDHE-RSA-AES128-SHA256
    CipherSuite::new(0xC028), // ECDHE-RSA-AES256-SHA384
    CipherSuite::new(0xC013), // ECDHE-RSA-AES128-SHA
    CipherSuite::new(0xC014), // ECDHE-RSA-AES256-SHA
];

/// Those of the default security policy without forward secrecy.
const TRANSPORT: [CipherSuite; 6] = [
    CipherSuite::new(0x009C), // RSA-AES128-GCM-SHA256
    CipherSuite::new(0x009D), // RSA-AES256-GCM-SHA384
    CipherSuite::new(0x003C), // RSA-AES128-SHA256
    CipherSuite::new(0x003D), // RSA-AES256-SHA256
    CipherSuite::new(0x002F), // RSA-AES128-SHA
    CipherSuite::new(0x0035), // RSA-AES256-SHA
];

/// Those of the policy of `GovCloud`.
const GOV_TRANSPORT: [CipherSuite; 2] = [CipherSuite::new(0x002F), CipherSuite::new(0x0035)];

const TLS13: [CipherSuite; 2] = [
    CipherSuite::new(0x1302), // AES-256-GCM-SHA384
    CipherSuite::new(0x1301), // AES-128-GCM-SHA256
];

/// An endpoint of AWS IoT Core and a device that is known there.
///
/// Port 8883 with mutual TLS of version 1.2, server name sent, host name checked, and one of the cipher suites that AWS
/// takes: with forward secrecy wherever the platform has one. Platforms 30 and 25 Linux have RSA key transport only,
/// which is logged as a warning: they cannot connect any more once AWS, or a security policy of yours, does without it.
///
/// What is trusted, without [`trust`](Self::trust): Amazon Root CA 1, and on platforms that take several authorities
/// (37, 52, 25 `ThreadX`) beside it the Starfield root that has signed it, in the first two free slots. With TLS 1.3, in
/// which the server chooses the kind of its certificate, Amazon Root CA 3 too.
///
/// [`mqtt_options`](Self::mqtt_options) gives the options to add to them; [`connect`](Self::connect) takes them as they
/// are. Either way [`RULES`] are kept, and no more than 50 messages a second are published: what AWS would answer by closing the connection is refused before it is sent.
///
/// A platform that does not check host names (10, 13, 16, 12, 20, 23) is refused: the Amazon roots have signed the
/// certificates of others too.
///
/// A module whose MQTT client cannot publish JSON documents of 8 KiB (firmware without `#MQPUBSEXT`) is used for its TLS
/// only, and MQTT runs on this computer; [`MqttOptions::engine`] and [`MqttOptions::largest_payload`] change that.
///
/// A private key must be RSA, see [`Identity`].
///
/// Source: AWS IoT Core documentation, "Transport security", "Server authentication", "MQTT"; SSL guide 6.3, 10.1, 12.1.
#[derive(Clone, Debug)]
#[must_use = "nothing happens until it is asked to connect"]
pub struct AwsIot {
    endpoint: Endpoint,
    thing: String,
    client_id: Option<String>,
    identity: Identity,
    authorities: Vec<CaCertificate>,
    minimum: TlsVersion,
    server_name: ServerName,
}

impl AwsIot {
    /// The device `thing` at an endpoint. Its name is also its client identifier, as AWS recommends.
    ///
    /// # Errors
    /// The name is none of an endpoint that devices can connect to.
    pub fn new(endpoint: &str, thing: impl Into<String>, identity: Identity) -> Result<Self, EndpointError> {
        Ok(Self {
            endpoint: endpoint.parse()?,
            thing: thing.into(),
            client_id: None,
            identity,
            authorities: Vec::new(),
            minimum: TlsVersion::Tls12,
            server_name: ServerName::Sent,
        })
    }

    /// Another client identifier than the name of the thing. Policies mostly allow one of them only.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Trusts this authority in place of the built-in roots, for a custom domain with a certificate of another one.
    pub fn trust(mut self, authority: CaCertificate) -> Self {
        self.authorities.push(authority);
        self
    }

    /// Takes TLS 1.3 only, for an endpoint with the security policy `IoTSecurityPolicy_TLS13_1_3_2022_10`. Default:
    /// TLS 1.2, which every module here has.
    pub fn tls13_only(mut self) -> Self {
        self.minimum = TlsVersion::Tls13;
        self
    }

    /// Connects without sending the server's name (SNI), which platform 25 Linux cannot do. AWS recommends it strongly
    /// and finds custom domains by it.
    pub fn without_server_name(mut self) -> Self {
        self.server_name = ServerName::Left;
        self
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The name of the thing.
    #[must_use]
    pub fn thing(&self) -> &str {
        &self.thing
    }

    /// The options for a module of this platform.
    ///
    /// ```no_run
    /// # async fn example(modem: telit_core::Modem, aws: telit_mqtt::aws::AwsIot) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use telit_mqtt::MqttClient;
    ///
    /// let options = aws.mqtt_options(modem.profile())?.keep_alive(Duration::from_secs(1200)).clean_session(false);
    /// let client = MqttClient::connect(&modem, options).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`PresetError`].
    pub fn mqtt_options(&self, profile: &'static Profile) -> Result<MqttOptions, PresetError> {
        if !profile.tls.checks_host_name() {
            return Err(PresetError::HostNameCheck { broker: BROKER, platform: profile.id });
        }
        let tls = BrokerTls {
            broker: BROKER,
            authorities: self.authorities_on(profile)?,
            identity: Some(&self.identity),
            suites: self.suites(),
            minimum: self.minimum,
            server_name: self.server_name(),
        };
        let security = MqttSecurity::Tls(tls.options(profile)?);
        let client_id = self.client_id.as_ref().unwrap_or(&self.thing);
        let options = MqttOptions::new(self.endpoint.host(), client_id, security).rules(RULES);
        Ok(options.rate_limit(PUBLISHES_PER_SECOND, PUBLISHES_PER_SECOND).largest_payload(DOCUMENT))
    }

    /// Connects with these options.
    ///
    /// # Errors
    /// See [`ConnectError`]. A login that AWS does not want ends in a closed connection, mostly without a word: check that
    /// the certificate is active, and that its policy allows `iot:Connect` to this client identifier.
    ///
    /// # Cancel safety
    /// As [`MqttClient::connect`].
    pub async fn connect(&self, modem: &Modem) -> Result<MqttClient, ConnectError> {
        MqttClient::connect(modem, self.mqtt_options(modem.profile())?).await
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The same endpoint, reached the same way by another thing.
    pub(super) fn as_thing(&self, thing: String, identity: Identity) -> Self {
        Self { thing, client_id: None, identity, ..self.clone() }
    }

    fn suites(&self) -> Suites {
        if self.minimum == TlsVersion::Tls13 {
            return Suites::Known { ephemeral: &TLS13, transport: &[] };
        }
        let transport: &[CipherSuite] = match self.endpoint.kind() {
            EndpointKind::Ats { partition: super::Partition::GovCloud, .. } => &GOV_TRANSPORT,
            _ => &TRANSPORT,
        };
        Suites::Known { ephemeral: &EPHEMERAL, transport }
    }

    fn server_name(&self) -> ServerName {
        match self.endpoint.kind() {
            EndpointKind::CustomDomain => ServerName::Needed,
            _ => self.server_name,
        }
    }

    fn authorities_on(&self, profile: &Profile) -> Result<Vec<CaCertificate>, PresetError> {
        if !self.authorities.is_empty() {
            return Ok(self.authorities.clone());
        }
        if matches!(self.endpoint.kind(), EndpointKind::Legacy { .. }) {
            return Err(PresetError::UnknownChain { host: self.endpoint.host().to_owned() });
        }
        let roots = self.roots().iter().take(authority_slots(profile));
        Ok(roots.map(|root| root.certificate()).collect::<Result<_, _>>()?)
    }

    /// The most important first, because some platforms take one only.
    fn roots(&self) -> &'static [RootCa] {
        match self.minimum {
            TlsVersion::Tls13 => &[RootCa::AmazonRootCa1, RootCa::AmazonRootCa3, RootCa::StarfieldServicesG2],
            _ => &[RootCa::AmazonRootCa1, RootCa::StarfieldServicesG2],
        }
    }
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};
    use telit_core::tls::{Probed, SuiteOffer, TlsOptions, resolve};

    use super::*;
    use crate::last_will::LastWill;
    use crate::message::Publish;
    use crate::rules::Rule;

    const ATS: &str = "a1-ats.iot.eu-central-1.amazonaws.com";
    const GOV: &str = "a1-ats.iot.us-gov-west-1.amazonaws.com";

    fn aws(endpoint: &str) -> AwsIot {
        let certificate = include_bytes!("../../../core/tests/credentials/client.pem");
        let key = include_bytes!("../../../core/tests/credentials/client_key.pem");
        AwsIot::new(endpoint, "thing-1", Identity::from_pem(certificate, key).unwrap()).unwrap()
    }

    fn tls(aws: &AwsIot, platform: PlatformId) -> TlsOptions {
        let options = aws.mqtt_options(profile(platform)).unwrap();
        let MqttSecurity::Tls(tls) = options.security else { panic!("it is secure") };
        tls
    }

    fn pinned(aws: &AwsIot, platform: PlatformId) -> String {
        match resolve(profile(platform), &tls(aws, platform), &Probed::default()).unwrap().offer {
            SuiteOffer::Pinned { value, .. } => value,
            other => panic!("{other:?}"),
        }
    }

    fn trusted(aws: &AwsIot, platform: PlatformId) -> Vec<String> {
        let tls = tls(aws, platform);
        let names = tls.authorities().iter().map(|it| it.certificate().subject().to_owned());
        names.map(|name| name.split(',').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn one_line_makes_the_options() {
        let options = aws(ATS).mqtt_options(profile(PlatformId::P37)).unwrap();
        assert_eq!((options.host.as_str(), options.port_number()), (ATS, 8883));
        assert_eq!((options.client_id.as_str(), options.user.as_str()), ("thing-1", ""));
        assert_eq!(options.rules, Some(RULES));
        assert!(options.rate_limit.is_some());
        assert_eq!(options.largest_payload, 8192);
        let other = aws(ATS).client_id("other").mqtt_options(profile(PlatformId::P37)).unwrap();
        assert_eq!(other.client_id, "other");
    }

    #[test]
    fn every_platform_gets_the_best_suite_that_aws_takes() {
        for (platform, suite, gov) in [
            (PlatformId::P25ThreadX, "0xC02F", "0xC02F"),
            (PlatformId::P37, "0xC02F", "0xC02F"),
            (PlatformId::P52, "0xC02F", "0xC02F"),
            (PlatformId::P30, "10", "3"),
        ] {
            assert_eq!(pinned(&aws(ATS), platform), suite, "{platform}");
            assert_eq!(pinned(&aws(GOV), platform), gov, "{platform}");
        }
        assert_eq!(pinned(&aws(ATS).without_server_name(), PlatformId::P25Linux), "3");
    }

    #[test]
    fn a_module_that_takes_a_list_gets_those_with_forward_secrecy_only() {
        let platform = PlatformId::P37;
        let mut probed = Probed::default();
        probed.suite_list = Some(true);
        let plan = resolve(profile(platform), &tls(&aws(ATS), platform), &probed).unwrap();
        assert_eq!(plan.offer, SuiteOffer::List(EPHEMERAL.to_vec()));
        assert_eq!((plan.minimum, plan.newest), (TlsVersion::Tls12, TlsVersion::Tls12));
        let plan = resolve(profile(platform), &tls(&aws(ATS).tls13_only(), platform), &probed).unwrap();
        assert_eq!(plan.offer, SuiteOffer::List(TLS13.to_vec()));
        assert_eq!(plan.minimum, TlsVersion::Tls13);
    }

    #[test]
    fn a_platform_that_does_not_check_host_names_is_refused() {
        for platform in PlatformId::ALL {
            let options = aws(ATS).mqtt_options(profile(platform));
            match profile(platform).tls.checks_host_name() {
                true => assert!(options.is_ok(), "{platform}"),
                false => {
                    let error = PresetError::HostNameCheck { broker: BROKER, platform };
                    assert_eq!(options.unwrap_err(), error);
                }
            }
        }
    }

    #[test]
    fn what_is_not_silently_done_without() {
        let error =
            resolve(profile(PlatformId::P25Linux), &tls(&aws(ATS), PlatformId::P25Linux), &Probed::default())
                .unwrap_err();
        assert!(error.to_string().contains("without_server_name()"), "{error}");
        let custom = aws("iot.example.com").without_server_name();
        let error = custom.mqtt_options(profile(PlatformId::P25Linux)).unwrap_err();
        assert_eq!(error, PresetError::ServerName { broker: BROKER, platform: PlatformId::P25Linux });
        let error = aws(ATS).tls13_only().mqtt_options(profile(PlatformId::P30)).unwrap_err();
        assert_eq!(error, PresetError::NoCommonSuite { broker: BROKER, platform: PlatformId::P30 });
    }

    #[test]
    fn as_many_roots_are_trusted_as_the_platform_takes() {
        let (first, starfield) =
            ("CN=Amazon Root CA 1", "CN=Starfield Services Root Certificate Authority - G2");
        for platform in [PlatformId::P25ThreadX, PlatformId::P37, PlatformId::P52] {
            assert_eq!(trusted(&aws(ATS), platform), [first, starfield], "{platform}");
        }
        for platform in [PlatformId::P25Linux, PlatformId::P30] {
            assert_eq!(trusted(&aws(ATS), platform), [first], "{platform}");
        }
        let newest = trusted(&aws(ATS).tls13_only(), PlatformId::P37);
        assert_eq!(newest, [first, "CN=Amazon Root CA 3", starfield]);
        let own = aws("iot.example.com").trust(RootCa::IsrgRootX1.certificate().unwrap());
        assert_eq!(trusted(&own, PlatformId::P37), ["CN=ISRG Root X1"]);
    }

    #[test]
    fn the_old_chain_needs_somebody_to_trust() {
        let old = aws("a1.iot.eu-central-1.amazonaws.com");
        let error = old.mqtt_options(profile(PlatformId::P37)).unwrap_err();
        assert!(matches!(error, PresetError::UnknownChain { .. }), "{error}");
        assert!(error.hint().unwrap().contains("iot:Data-ATS"));
        let own = old.trust(RootCa::IsrgRootX1.certificate().unwrap());
        assert!(own.mqtt_options(profile(PlatformId::P37)).is_ok());
    }

    #[test]
    fn a_will_keeps_the_rules_too() {
        let profile = profile(PlatformId::P37);
        let with = |will| aws(ATS).mqtt_options(profile).unwrap().last_will(will);
        let keep_alive = Duration::from_secs(60);
        assert_eq!(with(LastWill::new("t", "gone").retain(true)).check_rules(keep_alive), Ok(()));
        let error = with(LastWill::new("$aws/t", "gone").retain(true)).check_rules(keep_alive).unwrap_err();
        assert_eq!(error.rule, Rule::Retain);
    }

    #[test]
    fn the_rules_are_those_of_the_quotas() {
        let minute = Duration::from_secs(60);
        assert!(RULES.check_login(&"c".repeat(128), minute).is_ok());
        assert!(RULES.check_login(&"c".repeat(129), minute).is_err());
        assert!(RULES.check_login("c", Duration::from_secs(1201)).is_err());
        assert!(RULES.check_publish(&Publish::new("1/2/3/4/5/6/7/8", vec![0; 131_072])).is_ok());
        assert!(RULES.check_publish(&Publish::new("1/2/3/4/5/6/7/8/9", "")).is_err());
        assert!(RULES.check_publish(&Publish::new("t", vec![0; 131_073])).is_err());
        assert!(RULES.check_publish(&Publish::new("$aws/things/t/shadow/get", "").retain(true)).is_err());
        assert!(RULES.check_subscribe("t", QoS::ExactlyOnce, 1).is_err());
        assert!(RULES.check_subscribe("t", QoS::AtLeastOnce, 50).is_ok());
        assert!(RULES.check_subscribe("t", QoS::AtLeastOnce, 51).is_err());
        assert_eq!(RULES.publish_rate(), Some(100));
    }
}
