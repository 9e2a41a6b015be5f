//! The last will: what the broker says for a client that is gone without a good-bye.

use bytes::Bytes;

use crate::message::{Publish, QoS};

/// What the broker publishes if the connection ends without a good-bye: the network fails, the module restarts or
/// loses power. [`disconnect`](crate::MqttClient::disconnect), [`pause`](crate::MqttClient::pause) and dropping the
/// last handle say good-bye, and the broker publishes nothing then. Without further calls: at least once, not
/// retained.
///
/// The module takes it on one command line of 400 characters, with a topic of up to 256 and a payload of up to 1024
/// bytes. The payload is 7-bit ASCII. Double quotes (as in JSON), backslashes and control characters take three
/// characters each and firmware that has `#SETHEXSTR`; other firmware refuses them, and so does this crate before
/// anything is changed.
///
/// Some firmware restarts on every last will. It is known here and refused with
/// [`ConnectError::LastWillRestarts`](crate::ConnectError::LastWillRestarts). The manual calls the topic "unused" in
/// one place, so see with your own firmware that the will arrives.
///
/// Source: M37 p20, p166-167, p1020-1022.
///
/// ```
/// use telit_mqtt::{LastWill, MqttOptions, MqttSecurity, QoS};
///
/// let options = MqttOptions::new("broker.example", "meter-7", MqttSecurity::DangerPlain)
///     .last_will(LastWill::new("meter/7/status", r#"{"online":false}"#).qos(QoS::AtLeastOnce).retain(true));
/// # drop(options);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing changes until it is given to MqttOptions::last_will()"]
pub struct LastWill {
    /// What the broker will publish.
    pub(crate) message: Publish,
}

impl LastWill {
    /// A will for `topic`. Both are checked before connecting.
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { message: Publish::new(topic, payload) }
    }

    /// The quality of service. Default [`QoS::AtLeastOnce`].
    pub fn qos(mut self, qos: QoS) -> Self {
        self.message = self.message.qos(qos);
        self
    }

    /// Whether the broker keeps it for later subscribers. Default no.
    pub fn retain(mut self, retain: bool) -> Self {
        self.message = self.message.retain(retain);
        self
    }

    /// Whether a command line can carry the payload only with escapes.
    pub(crate) fn needs_escapes(&self) -> bool {
        self.message.payload.iter().any(|byte| matches!(byte, b'"' | b'\\' | 0..b' ' | 0x7F))
    }
}

/// Firmware that restarts on any `#MQWCFG`, even on its test form for all that is known: starts of the names of model
/// and firmware, and where it was seen.
const RESTARTING: &[(&str, &str, &str)] =
    &[("LE910R1", "M0Q", "public bring-up notes of an LE910R1-EU with firmware M0Q.010001")];

/// Whether a last will restarts this firmware. Nothing of `#MQWCFG` may be sent to it.
pub(crate) fn restarts(model: &str, firmware: &str) -> bool {
    let starts = |text: &str, start: &str| {
        text.trim().get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    RESTARTING.iter().any(|(known_model, known_firmware, _)| {
        starts(model, known_model) && starts(firmware, known_firmware)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firmware_that_restarts_is_known() {
        for (model, firmware) in [("LE910R1-EU", "M0Q.010001"), (" le910r1-na", "m0q.020000 ")] {
            assert!(restarts(model, firmware), "{model} {firmware}");
        }
        for (model, firmware) in [
            ("LE910R1-EU", "M0R.010001"),
            ("LE910C1-EU", "M0Q.010001"),
            ("ME310G1-WW", "37.00.217"),
            ("", ""),
            ("LE910R1-EU", ""),
            ("", "M0Q.010001"),
        ] {
            assert!(!restarts(model, firmware), "{model} {firmware}");
        }
    }

    #[test]
    fn payloads_that_need_escapes() {
        for (payload, escapes) in [
            ("offline", false),
            ("{'a': 1}, ~!", false),
            ("", false),
            ("{\"a\":1}", true),
            ("a\\b", true),
            ("a\nb", true),
            ("\u{7f}", true),
            ("\0", true),
        ] {
            assert_eq!(LastWill::new("t", payload).needs_escapes(), escapes, "{payload:?}");
        }
    }
}
