//! Topics and topic filters by the rules of MQTT 3.1.1, section 4.7.

use telit_core::at::InvalidValue;

use crate::plain::are_plain;

/// A topic or a topic filter cannot be used. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// It has no character.
    #[error("it is empty")]
    Empty,
    /// It is longer than can be carried.
    #[error("it has {length} bytes, at most {limit} are taken")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The most that can be carried.
        limit: usize,
    },
    /// `+` and `#` are for subscribing only.
    #[error("it contains the wildcard {wildcard}, which only topic filters may")]
    Wildcard {
        /// Which one.
        wildcard: char,
    },
    /// `+` must fill a whole level; `#` must fill the last one.
    #[error("the wildcard {wildcard} must fill a whole level, and # the last one")]
    MisplacedWildcard {
        /// Which one.
        wildcard: char,
    },
    /// A shared subscription is written `$share/group/filter`.
    #[error("a shared subscription is written $share/group/filter")]
    MisplacedShare,
    /// It holds a character that cannot be carried.
    #[error(transparent)]
    Unsendable(#[from] InvalidValue),
}

/// A topic to publish to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TopicName<'a>(&'a str);

/// What to subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicFilter(String);

impl<'a> TopicName<'a> {
    /// One that a command line can carry.
    pub(crate) fn parse(topic: &'a str, limit: usize) -> Result<Self, TopicError> {
        let topic = Self::parse_any(topic, limit)?;
        check_characters(topic.0)?;
        Ok(topic)
    }

    /// One that MQTT can carry.
    pub(crate) fn parse_any(topic: &'a str, limit: usize) -> Result<Self, TopicError> {
        check(topic, limit)?;
        match topic.bytes().find(|byte| matches!(byte, b'+' | b'#')) {
            Some(wildcard) => Err(TopicError::Wildcard { wildcard: char::from(wildcard) }),
            None => Ok(Self(topic)),
        }
    }

    pub(crate) fn as_str(&self) -> &'a str {
        self.0
    }
}

impl TopicFilter {
    /// One that a command line can carry.
    pub(crate) fn parse(filter: &str, limit: usize) -> Result<Self, TopicError> {
        let filter = Self::parse_any(filter, limit)?;
        check_characters(&filter.0)?;
        Ok(filter)
    }

    /// One that MQTT can carry.
    pub(crate) fn parse_any(filter: &str, limit: usize) -> Result<Self, TopicError> {
        check(filter, limit)?;
        check_share(filter)?;
        let mut levels = filter.split('/').peekable();
        while let Some(level) = levels.next() {
            let is_last = levels.peek().is_none();
            if level.contains('#') && !(level == "#" && is_last) {
                return Err(TopicError::MisplacedWildcard { wildcard: '#' });
            }
            if level.contains('+') && level != "+" {
                return Err(TopicError::MisplacedWildcard { wildcard: '+' });
            }
        }
        Ok(Self(filter.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a message with this topic belongs to the filter.
    pub(crate) fn matches(&self, topic: &str) -> bool {
        let filter = without_share(&self.0);
        if topic.starts_with('$') && filter.starts_with(['+', '#']) {
            return false;
        }
        let mut levels = topic.split('/');
        for wanted in filter.split('/') {
            match (wanted, levels.next()) {
                // Also the parent level: `sport/#` matches `sport`.
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (wanted, Some(level)) if wanted == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

/// A shared subscription delivers messages whose topics match what follows `$share/group/`.
fn without_share(filter: &str) -> &str {
    let shared = filter.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
    shared.map_or(filter, |(_, filter)| filter)
}

fn check(text: &str, limit: usize) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > limit {
        return Err(TopicError::TooLong { length: text.len(), limit });
    }
    // Source: MQTT 3.1.1, section 1.5.3.
    if text.contains('\0') {
        return Err(InvalidValue::new("topic", "it contains a character with the number 0").into());
    }
    Ok(())
}

/// Source: MQTT 5.0, section 4.8.2; brokers of MQTT 3.1.1 follow it.
fn check_share(filter: &str) -> Result<(), TopicError> {
    let Some(rest) = filter.strip_prefix("$share/") else {
        return Ok(());
    };
    match rest.split_once('/') {
        Some((group, filter)) if !group.is_empty() && !filter.is_empty() && !group.contains(['+', '#']) => {
            Ok(())
        }
        _ => Err(TopicError::MisplacedShare),
    }
}

/// The encoder knows what a command line cannot carry; its length is judged with the whole command.
fn check_characters(text: &str) -> Result<(), TopicError> {
    if are_plain(text.as_bytes()) {
        return Ok(());
    }
    // The encoder says what is wrong.
    telit_core::at::CommandLine::set("#").limit(usize::MAX).text("topic", text).build()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 256;

    fn matches(filter: &str, topic: &str) -> bool {
        TopicFilter::parse(filter, LIMIT).unwrap().matches(topic)
    }

    #[test]
    fn matching_follows_the_standard() {
        for (filter, topic) in [
            ("sport/tennis/player1/#", "sport/tennis/player1"),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking"),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"),
            ("sport/#", "sport"),
            ("#", "a/b/c"),
            ("sport/tennis/+", "sport/tennis/player1"),
            ("sport/+", "sport/"),
            ("+/+", "/finance"),
            ("/+", "/finance"),
            ("+/tennis/#", "sport/tennis"),
            ("$SYS/#", "$SYS/broker/load"),
            ("$SYS/monitor/+", "$SYS/monitor/Clients"),
            ("a/b", "a/b"),
            ("$share/workers/jobs/+", "jobs/7"),
        ] {
            assert!(matches(filter, topic), "{filter} must match {topic}");
        }
        for (filter, topic) in [
            ("sport/tennis/+", "sport/tennis/player1/ranking"),
            ("sport/+", "sport"),
            ("+", "/finance"),
            ("#", "$SYS/broker/load"),
            ("+/monitor/Clients", "$SYS/monitor/Clients"),
            ("a/b", "a/B"),
            ("a/b", "a/b/"),
            ("a/b/", "a/b"),
            ("a/+/c", "a/b/d"),
            ("$share/workers/jobs/+", "other/7"),
        ] {
            assert!(!matches(filter, topic), "{filter} must not match {topic}");
        }
    }

    #[test]
    fn filters_are_checked() {
        for good in ["#", "+", "a/#", "+/a/+", "/", "a//b", "+/tennis/#"] {
            assert!(TopicFilter::parse(good, LIMIT).is_ok(), "{good}");
        }
        for (bad, wildcard) in [("a#", '#'), ("a/#/b", '#'), ("#/a", '#'), ("a+", '+'), ("+a/b", '+')] {
            let error = TopicFilter::parse(bad, LIMIT).unwrap_err();
            assert_eq!(error, TopicError::MisplacedWildcard { wildcard }, "{bad}");
        }
    }

    #[test]
    fn names_have_no_wildcards() {
        assert_eq!(TopicName::parse("a/+", LIMIT).unwrap_err(), TopicError::Wildcard { wildcard: '+' });
        assert_eq!(TopicName::parse("#", LIMIT).unwrap_err(), TopicError::Wildcard { wildcard: '#' });
        assert!(TopicName::parse("$aws/things/a b/shadow", LIMIT).is_ok());
    }

    #[test]
    fn limits_and_characters() {
        assert!(TopicName::parse(&"t".repeat(256), LIMIT).is_ok());
        let error = TopicName::parse(&"t".repeat(257), LIMIT).unwrap_err();
        assert_eq!(error, TopicError::TooLong { length: 257, limit: 256 });
        assert_eq!(TopicFilter::parse("", LIMIT).unwrap_err(), TopicError::Empty);
        for bad in ["a\rb", "a\nb", "a\0b", "a\u{1a}", "a\u{1b}", "a\"b", "grün"] {
            assert!(matches!(TopicName::parse(bad, LIMIT), Err(TopicError::Unsendable(_))), "{bad:?}");
            assert!(matches!(TopicFilter::parse(bad, LIMIT), Err(TopicError::Unsendable(_))), "{bad:?}");
        }
    }
}
