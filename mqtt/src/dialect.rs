//! What this firmware's MQTT commands take: the platform's table, overridden by the module's test forms.

use std::ops::RangeInclusive;
use std::time::Duration;

use telit_core::at::{Command, Exchange, ShortPayload};
use telit_core::platform::{Availability, Profile};

use crate::commands::{PublishCounted, PublishText};
use crate::error::PublishError;
use crate::message::{Publish, QoS};
use crate::plain::are_plain;
use crate::topic::TopicName;

/// The slowest line that deadlines reckon with, in bytes a second: 9600 baud.
const SLOW_LINE: u64 = 960;

/// All instances are written alike.
const ANY_INSTANCE: u8 = 1;

/// A command with a counted payload and a topic that is not longer fits every line.
const LONG_TOPIC: usize = 300;

/// How a message goes to the module.
enum Way<'a> {
    /// Behind a prompt.
    Counted,
    /// On the command line.
    Text(&'a str),
}

/// What the test forms answered; `None` where the module refused one, so that the command is missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestForms {
    /// `AT#MQCFG=?`
    pub(crate) configuration: Option<Vec<String>>,
    /// `AT#MQCFG2=?`
    pub(crate) session: Option<Vec<String>>,
    /// `AT#MQTCFG=?`
    pub(crate) packet_timeout: Option<Vec<String>>,
    /// `AT#MQSUB=?`
    pub(crate) subscribe: Option<Vec<String>>,
    /// `AT#MQPUBSEXT=?`
    pub(crate) publish_counted: Option<Vec<String>>,
    /// `AT#MQPUBS=?`
    pub(crate) publish_text: Option<Vec<String>>,
}

impl TestForms {
    /// Whether the firmware has an MQTT client at all. Platforms are documented with it as a whole, and single
    /// firmware can still lack it.
    pub(crate) fn show_a_client(&self) -> bool {
        self.configuration.is_some() || self.session.is_some() || self.subscribe.is_some()
    }
}

/// How this firmware's MQTT commands are written and what they take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `#MQCFG` takes the TLS socket.
    pub(crate) tls_socket_field: bool,
    /// `#MQSUB` takes the quality of service.
    pub(crate) subscribe_qos_field: bool,
    pub(crate) keep_alive: RangeInclusive<Duration>,
    pub(crate) packet_timeout: RangeInclusive<Duration>,
    pub(crate) topic_limit: usize,
    /// Longest payload of `#MQPUBSEXT`, if it exists.
    pub(crate) counted_limit: Option<usize>,
    /// How long the module waits for the counted bytes.
    input_timeout: Duration,
    /// Longest payload of `#MQPUBS`, which no module with an MQTT client lacks. Source: IPE28 p146.
    pub(crate) text_limit: usize,
    /// Longest payload that `#MQPUBS` takes on whatever firmware of the platform.
    short_text_limit: usize,
    pub(crate) line_limit: usize,
}

impl Dialect {
    /// `None` if the platform has no MQTT client.
    pub(crate) fn new(profile: &Profile, forms: &TestForms) -> Option<Self> {
        let mqtt = profile.mqtt.as_ref()?;
        let counted = exists(mqtt.publish_counted, forms.publish_counted.is_some());
        Some(Self {
            tls_socket_field: exists(mqtt.ssl_instance_field, fields(&forms.configuration) > 5),
            subscribe_qos_field: exists(mqtt.subscribe_qos_field, fields(&forms.subscribe) > 2),
            keep_alive: seconds(&forms.session, 1).unwrap_or_else(|| mqtt.keep_alive.clone()),
            packet_timeout: seconds(&forms.packet_timeout, 1).unwrap_or_else(|| mqtt.packet_timeout.clone()),
            topic_limit: most(&forms.subscribe, 1, mqtt.topic_length),
            input_timeout: mqtt.counted_input_timeout,
            counted_limit: counted.then(|| most(&forms.publish_counted, 4, mqtt.counted_payload)),
            text_limit: most(&forms.publish_text, 4, mqtt.text_payload),
            short_text_limit: mqtt.short_text_payload,
            line_limit: profile.line.command_length,
        })
    }

    /// Whether this message can be published, on whatever instance.
    pub(crate) fn check(&self, publish: &Publish) -> Result<(), PublishError> {
        let (topic, way) = self.way(publish)?;
        // The line of any other topic has room, as that of a text is known to have.
        match way {
            Way::Counted if topic.as_str().len() > LONG_TOPIC => {
                self.publish(ANY_INSTANCE, publish, Duration::ZERO).map(drop)
            }
            Way::Counted | Way::Text(_) => Ok(()),
        }
    }

    /// The exchange that publishes this message, or why the module cannot.
    pub(crate) fn publish(
        &self,
        instance: u8,
        publish: &Publish,
        acknowledgement: Duration,
    ) -> Result<Exchange, PublishError> {
        let (topic, way) = self.way(publish)?;
        let (qos, retain) = (publish.qos, publish.retain);
        let deadline = publish_deadline(acknowledgement, qos, publish.payload.len());
        let exchange = match way {
            Way::Counted => {
                let payload = publish.payload.clone();
                let command = PublishCounted { instance, topic, retain, qos, payload, deadline };
                let short = ShortPayload::GivesUp(self.input_timeout);
                command.exchange().map(|exchange| exchange.short_payload(short))
            }
            Way::Text(message) => {
                let line_limit = self.line_limit;
                PublishText { instance, topic, retain, qos, message, line_limit, deadline }.exchange()
            }
        };
        exchange.map_err(|error| PublishError::InvalidTopic(error.into()))
    }

    /// How it goes to the module.
    ///
    /// Counted bytes carry everything. Text on the command line is the way of old firmware: it carries
    /// printable ASCII without double quotes, as far as the line reaches. It is also the way of a short plain text on
    /// any firmware, because it needs no prompt. Source: M37 p20, p1029-1036.
    fn way<'a>(&self, publish: &'a Publish) -> Result<(TopicName<'a>, Way<'a>), PublishError> {
        let (topic, payload) = (&publish.topic, &publish.payload);
        let topic = TopicName::parse(topic, self.topic_limit).map_err(PublishError::InvalidTopic)?;
        let size = payload.len();
        let (way, limit) = match self.counted_limit.filter(|_| !self.is_short_text(topic, payload)) {
            Some(limit) => (Way::Counted, limit),
            None => (Way::Text(text(payload)?), self.text_room(topic).min(self.text_limit)),
        };
        if size > limit { Err(PublishError::TooLarge { size, limit }) } else { Ok((topic, way)) }
    }

    /// Whether the command line carries it whatever the firmware: there a backslash may begin an escape, see
    /// `#SETHEXSTR`. Source: M37 p166-167.
    fn is_short_text(&self, topic: TopicName<'_>, payload: &[u8]) -> bool {
        let room = self.text_room(topic).min(self.short_text_limit);
        (1..=room).contains(&payload.len()) && are_plain(payload) && !payload.contains(&b'\\')
    }

    /// What the command line leaves for the payload of `#MQPUBS`.
    fn text_room(&self, topic: TopicName<'_>) -> usize {
        let command = "AT#MQPUBS=1,\"\",0,0,\"\"".len() + topic.as_str().len();
        self.line_limit.saturating_sub(command)
    }
}

fn exists(table: Availability, probed: bool) -> bool {
    match table {
        Availability::Yes => true,
        Availability::No => false,
        Availability::Probe => probed,
    }
}

fn fields(form: &Option<Vec<String>>) -> usize {
    form.as_ref().map_or(0, Vec::len)
}

/// The upper end of a field, or what the table says.
pub(crate) fn most(form: &Option<Vec<String>>, field: usize, table: usize) -> usize {
    range(form, field).and_then(|range| usize::try_from(*range.end()).ok()).unwrap_or(table)
}

/// Times of MQTT have 16 bits; a form that tells more tells nothing.
fn seconds(form: &Option<Vec<String>>, field: usize) -> Option<RangeInclusive<Duration>> {
    let range = range(form, field).filter(|range| *range.end() <= u16::MAX.into())?;
    Some(Duration::from_secs(*range.start())..=Duration::from_secs(*range.end()))
}

/// `(60-3600)` or `256`. Some firmware writes words instead of numbers. Source: M37 p1009-1036.
fn range(form: &Option<Vec<String>>, field: usize) -> Option<RangeInclusive<u64>> {
    let inner = form.as_ref()?.get(field)?.trim().trim_start_matches('(').trim_end_matches(')');
    let (least, most) = inner.split_once('-').unwrap_or((inner, inner));
    let (least, most) = (least.trim().parse().ok()?, most.trim().parse().ok()?);
    (least <= most).then_some(least..=most)
}

/// The module waits for one acknowledgement, or for two with "exactly once".
fn publish_deadline(acknowledgement: Duration, qos: QoS, size: usize) -> Duration {
    let rounds = if qos == QoS::ExactlyOnce { 2 } else { 1 };
    acknowledgement * rounds + Duration::from_secs(size as u64 / SLOW_LINE)
}

fn text(payload: &[u8]) -> Result<&str, PublishError> {
    let refused = |reason| PublishError::NotRepresentable { reason };
    if payload.is_empty() {
        return Err(refused(
            "this firmware has no #MQPUBSEXT, and #MQPUBS is not known to take an empty payload",
        ));
    }
    let text = str::from_utf8(payload).ok().filter(|text| are_plain(text.as_bytes()));
    text.ok_or_else(|| {
        refused(
            "this firmware has no #MQPUBSEXT, and #MQPUBS takes printable ASCII without double quotes only",
        )
    })
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};

    use super::*;

    const WAIT: Duration = Duration::from_secs(40);

    fn form(fields: &[&str]) -> Option<Vec<String>> {
        Some(fields.iter().map(|field| (*field).to_owned()).collect())
    }

    fn dialect(forms: &TestForms) -> Dialect {
        Dialect::new(profile(PlatformId::P37), forms).unwrap()
    }

    fn new_firmware() -> TestForms {
        TestForms {
            configuration: form(&[
                "(1-maxClients)",
                "512",
                "(1-65535)",
                "(1-6)",
                "(0-1)",
                "(1-maxSSLInstance)",
            ]),
            session: form(&["(1-maxClients)", "(60-3600)", "(0-1)"]),
            packet_timeout: form(&["(1-maxClients)", "(1-60)"]),
            subscribe: form(&["(1-maxClients)", "256", "(0-2)"]),
            publish_counted: form(&["(1-maxClients)", "256", "(0-1)", "(0-2)", "(0-65536)"]),
            publish_text: None,
        }
    }

    fn old_firmware() -> TestForms {
        TestForms {
            configuration: form(&["(1-2)", "512", "(1-65535)", "(1-6)", "(0-1)"]),
            session: form(&["(1-2)", "(20-3600)", "(0-1)"]),
            packet_timeout: form(&["(1-2)", "(1-30)"]),
            subscribe: form(&["(1-2)", "128"]),
            publish_counted: None,
            publish_text: form(&["(1-2)", "128", "(0-1)", "(0-2)", "140"]),
        }
    }

    fn publish(dialect: &Dialect, topic: &str, payload: &[u8]) -> Result<String, PublishError> {
        let publish = Publish::new(topic, payload.to_vec());
        let exchange = dialect.publish(1, &publish, WAIT)?;
        Ok(String::from_utf8(exchange.line().as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn a_form_with_times_that_mqtt_does_not_have_tells_nothing() {
        let mut forms = new_firmware();
        forms.session = form(&["(1-2)", "(60-18446744073709551615)", "(0-1)"]);
        forms.packet_timeout = form(&["(1-2)", "(18446744073709551615-18446744073709551615)"]);
        let (told, table) = (dialect(&forms), dialect(&new_firmware()));
        assert_eq!((told.keep_alive, told.packet_timeout), (table.keep_alive, table.packet_timeout));
    }

    #[test]
    fn test_forms_override_the_table() {
        let new = dialect(&new_firmware());
        assert!(new.tls_socket_field && new.subscribe_qos_field);
        assert_eq!((new.counted_limit, new.topic_limit), (Some(65_536), 256));
        let old = dialect(&old_firmware());
        assert!(!old.tls_socket_field && !old.subscribe_qos_field);
        assert_eq!((old.counted_limit, old.text_limit, old.topic_limit), (None, 140, 128));
        assert_eq!(*old.keep_alive.start(), Duration::from_secs(20));
        assert_eq!(*old.packet_timeout.end(), Duration::from_secs(30));
    }

    #[test]
    fn a_firmware_without_any_of_the_commands_has_no_client() {
        assert!(new_firmware().show_a_client() && old_firmware().show_a_client());
        assert!(!TestForms::default().show_a_client());
    }

    #[test]
    fn words_in_test_forms_leave_the_table_in_force() {
        let mut forms = new_firmware();
        forms.publish_counted = form(&["(1-maxClients)", "maxTopic", "(0-1)", "(0-2)", "(0-maxLen)"]);
        forms.session = Some(Vec::new());
        let dialect = dialect(&forms);
        assert_eq!(dialect.counted_limit, Some(65_536));
        assert_eq!(dialect.keep_alive, Duration::from_secs(60)..=Duration::from_secs(3600));
    }

    #[test]
    fn counted_bytes_take_everything_up_to_the_limit() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(publish(&dialect(&new_firmware()), "t", &all).unwrap(), "AT#MQPUBSEXT=1,\"t\",0,1,256");
        assert_eq!(publish(&dialect(&new_firmware()), "t", b"").unwrap(), "AT#MQPUBSEXT=1,\"t\",0,1,0");
        assert!(publish(&dialect(&new_firmware()), "t", &vec![0; 65_536]).is_ok());
        let error = publish(&dialect(&new_firmware()), "t", &vec![0; 65_537]).unwrap_err();
        assert_eq!(error, PublishError::TooLarge { size: 65_537, limit: 65_536 });
    }

    #[test]
    fn a_short_plain_text_needs_no_prompt() {
        let new = dialect(&new_firmware());
        assert_eq!(publish(&new, "t", b" 21.5 C; ok? ").unwrap(), "AT#MQPUBS=1,\"t\",0,1,\" 21.5 C; ok? \"");
        let longest = "x".repeat(140);
        assert_eq!(
            publish(&new, "t", longest.as_bytes()).unwrap(),
            format!("AT#MQPUBS=1,\"t\",0,1,\"{longest}\"")
        );
        assert_eq!(publish(&new, "t", &[b'x'; 141]).unwrap(), "AT#MQPUBSEXT=1,\"t\",0,1,141");
        for other in [
            &b"{\"a\":1}"[..],
            b"a\rb",
            b"a\nb",
            b"a\0b",
            b"a\x1a",
            b"\x1b",
            b"\x08",
            b"\xe9",
            b"\x7f",
            b"\\41",
        ] {
            let counted = format!("AT#MQPUBSEXT=1,\"t\",0,1,{}", other.len());
            assert_eq!(publish(&new, "t", other).unwrap(), counted, "{other:?}");
        }
    }

    #[test]
    fn a_text_that_the_line_has_no_room_for_is_counted() {
        let topic = "t".repeat(256);
        let room = 400 - 256 - "AT#MQPUBS=1,\"\",0,1,\"\"".len();
        let line = publish(&dialect(&new_firmware()), &topic, &vec![b'x'; room]).unwrap();
        assert_eq!((line.len(), line.starts_with("AT#MQPUBS=")), (400, true));
        let line = publish(&dialect(&new_firmware()), &topic, &vec![b'x'; room + 1]).unwrap();
        assert!(line.starts_with("AT#MQPUBSEXT="), "{line}");
    }

    #[test]
    fn old_firmware_takes_what_the_line_can_carry() {
        let old = dialect(&old_firmware());
        assert_eq!(publish(&old, "t", b"21.5 C").unwrap(), "AT#MQPUBS=1,\"t\",0,1,\"21.5 C\"");
        for hostile in [&b"{\"a\":1}"[..], b"a\rb", b"a\nb", b"\0", b"\x1a", b"\x1b", b"\xff", b"\x7f", b""] {
            let error = publish(&old, "t", hostile).unwrap_err();
            assert!(matches!(error, PublishError::NotRepresentable { .. }), "{hostile:?}");
        }
        let error = publish(&old, "t", &[b'x'; 141]).unwrap_err();
        assert_eq!(error, PublishError::TooLarge { size: 141, limit: 140 });
    }

    #[test]
    fn the_command_line_limits_text_too() {
        let mut forms = old_firmware();
        forms.publish_text = form(&["(1-2)", "256", "(0-1)", "(0-2)", "65536"]);
        let dialect = dialect(&forms);
        let room = 400 - "AT#MQPUBS=1,\"t\",0,1,\"\"".len();
        assert!(publish(&dialect, "t", &vec![b'x'; room]).is_ok());
        let error = publish(&dialect, "t", &vec![b'x'; room + 1]).unwrap_err();
        assert_eq!(error, PublishError::TooLarge { size: room + 1, limit: room });
    }

    #[test]
    fn what_is_checked_is_what_can_be_published() {
        let wide = form(&["(1-2)", "1000", "(0-2)"]);
        let wide = TestForms { subscribe: wide, ..new_firmware() };
        let topics =
            ["t", "a/+", "", "a\"b", "gr\u{fc}n", &"t".repeat(256), &"t".repeat(370), &"t".repeat(400)];
        let payloads: [&[u8]; 6] = [b"", b"21.5", b"{\"a\":1}", b"\xff", &[b'x'; 141], &[0; 65_537]];
        for dialect in [dialect(&new_firmware()), dialect(&old_firmware()), dialect(&wide)] {
            for publish in topics
                .iter()
                .flat_map(|topic| payloads.iter().map(|payload| Publish::new(*topic, payload.to_vec())))
            {
                let published = dialect.publish(ANY_INSTANCE, &publish, Duration::ZERO).map(drop);
                assert_eq!(dialect.check(&publish), published, "{:?}", publish.topic);
            }
        }
    }

    #[test]
    fn deadlines_grow_with_the_payload() {
        assert_eq!(publish_deadline(WAIT, QoS::AtLeastOnce, 0), WAIT);
        assert_eq!(publish_deadline(WAIT, QoS::ExactlyOnce, 0), WAIT * 2);
        assert_eq!(publish_deadline(WAIT, QoS::AtMostOnce, 9600), WAIT + Duration::from_secs(10));
    }

    /// A damaged question looks like a refused one.
    #[test]
    fn a_refused_test_form_does_not_take_publishing_away() {
        let forms = TestForms { publish_counted: None, publish_text: None, ..TestForms::default() };
        let dialect = Dialect::new(profile(PlatformId::P25Linux), &forms).unwrap();
        assert_eq!(dialect.counted_limit, None);
        assert!(dialect.check(&Publish::new("t", "21.5")).is_ok());
    }
}
