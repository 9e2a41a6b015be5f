//! What a module's MQTT client takes, known before anything is changed on the module.

use telit_core::platform::{Availability, MqttProfile, Profile};
use telit_core::{CommandError, Modem};

use crate::dialect::{Dialect, TestForms};
use crate::error::{ConnectError, PublishError};
use crate::message::Publish;

/// What the MQTT client of a module can do, from its platform's table and its own test forms.
///
/// Given by [`MqttClient::capabilities`](crate::MqttClient::capabilities).
#[derive(Clone, Debug)]
pub struct Capabilities {
    dialect: Dialect,
}

impl Capabilities {
    /// Asks for the test forms, which a modem keeps; nothing is changed.
    pub(crate) async fn learn(modem: &Modem) -> Result<Self, ConnectError> {
        let profile = modem.profile();
        let mqtt = client_of(profile)?;
        let forms = test_forms(modem, mqtt).await.map_err(ConnectError::of_command)?;
        let dialect = Dialect::new(profile, &forms).filter(|_| forms.show_a_client());
        dialect.map(|dialect| Self { dialect }).ok_or(ConnectError::Unsupported { platform: profile.id })
    }

    /// The commands whose test forms are asked for in any case.
    pub(crate) fn forms(mqtt: &MqttProfile) -> Vec<&'static str> {
        let counted = (mqtt.publish_counted != Availability::No).then_some("#MQPUBSEXT");
        let text = (mqtt.publish_counted == Availability::No).then_some("#MQPUBS");
        counted.into_iter().chain(text).chain(["#MQCFG", "#MQCFG2", "#MQTCFG", "#MQSUB"]).collect()
    }

    /// Whether the module can carry this message unchanged. Nothing is sent.
    ///
    /// # Errors
    /// As publishing it: [`PublishError::TooLarge`], [`PublishError::NotRepresentable`],
    /// [`PublishError::InvalidTopic`].
    pub fn check(&self, publish: &Publish) -> Result<(), PublishError> {
        self.dialect.check(publish)
    }

    pub(crate) fn dialect(self) -> Dialect {
        self.dialect
    }
}

/// The table of the platform's MQTT client.
pub(crate) fn client_of(profile: &'static Profile) -> Result<&'static MqttProfile, ConnectError> {
    profile.mqtt.as_ref().ok_or(ConnectError::Unsupported { platform: profile.id })
}

async fn test_forms(modem: &Modem, mqtt: &MqttProfile) -> Result<TestForms, CommandError> {
    let publish_counted = match mqtt.publish_counted {
        Availability::No => None,
        Availability::Yes | Availability::Probe => modem.test_form("#MQPUBSEXT").await?,
    };
    let publish_text = match (&publish_counted, mqtt.publish_counted) {
        (None, Availability::No | Availability::Probe) => modem.test_form("#MQPUBS").await?,
        _ => None,
    };
    Ok(TestForms {
        configuration: modem.test_form("#MQCFG").await?,
        session: modem.test_form("#MQCFG2").await?,
        packet_timeout: modem.test_form("#MQTCFG").await?,
        subscribe: modem.test_form("#MQSUB").await?,
        publish_counted,
        publish_text,
    })
}
