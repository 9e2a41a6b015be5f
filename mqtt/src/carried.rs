//! What MQTT itself carries.

use crate::error::PublishError;
use crate::message::Publish;
use crate::topic::{TopicError, TopicFilter, TopicName};

/// Most bytes of a text. Source: MQTT 3.1.1, section 1.5.3.
pub(crate) const TEXT_LIMIT: usize = 65_535;
/// Most bytes behind the fixed header of a packet. Source: MQTT 3.1.1, section 2.2.3.
const PACKET_LIMIT: usize = 268_435_455;
/// Length of the topic, and packet identifier.
const PUBLISH_HEAD: usize = 4;

/// A topic filter that can be subscribed to.
pub(crate) fn filter(filter: &str) -> Result<TopicFilter, TopicError> {
    TopicFilter::parse_any(filter, TEXT_LIMIT)
}

/// Whether a message can be published.
pub(crate) fn check(publish: &Publish) -> Result<(), PublishError> {
    let topic = TopicName::parse_any(&publish.topic, TEXT_LIMIT).map_err(PublishError::InvalidTopic)?;
    let limit = PACKET_LIMIT - PUBLISH_HEAD - topic.as_str().len();
    let size = publish.payload.len();
    if size > limit { Err(PublishError::TooLarge { size, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_a_topic() {
        for topic in ["a\"b", "grün/\u{1f600}", "a\rb\u{1a}", "$aws/things/a b/shadow"] {
            assert_eq!(check(&Publish::new(topic, "")), Ok(()), "{topic:?}");
            assert!(filter(topic).is_ok(), "{topic:?}");
        }
        assert!(check(&Publish::new("t".repeat(65_535), "")).is_ok());
        for topic in ["", "a/+", "#", "a\0b"] {
            let error = check(&Publish::new(topic, "")).unwrap_err();
            assert!(matches!(error, PublishError::InvalidTopic(_)), "{topic:?}: {error}");
        }
        let error = check(&Publish::new("t".repeat(65_536), "")).unwrap_err();
        let too_long = TopicError::TooLong { length: 65_536, limit: 65_535 };
        assert_eq!(error, PublishError::InvalidTopic(too_long));
    }

    #[test]
    fn filters_that_no_broker_takes_are_refused() {
        for bad in
            ["", "a#", "a/#/b", "a+", "a\0b", "$share/", "$share//a", "$share/a", "$share/a/", "$share/+/a"]
        {
            assert!(filter(bad).is_err(), "{bad:?}");
        }
        for good in ["#", "+/a/+", "$share/workers/jobs/+"] {
            assert!(filter(good).is_ok(), "{good:?}");
        }
    }
}
