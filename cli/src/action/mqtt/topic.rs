//! Topics are checked before the module is opened, so that a mistake costs no connection.

use telit_core::at::CommandLine;

use crate::failure::Failure;

/// A topic to publish to: no wildcards.
pub(super) fn check_name(topic: &str) -> Result<(), Failure> {
    if topic.contains(['+', '#']) {
        return Err(invalid(topic, "+ and # are for subscribing only"));
    }
    check(topic)
}

/// A topic filter: `+` fills a level, `#` the last one.
pub(super) fn check_filter(filter: &str) -> Result<(), Failure> {
    let levels: Vec<&str> = filter.split('/').collect();
    let last = levels.len() - 1;
    let misplaced = |(index, level): (usize, &&str)| {
        let fills_it = *level == "+" || (*level == "#" && index == last);
        !fills_it && level.contains(['+', '#'])
    };
    if levels.iter().enumerate().any(misplaced) {
        return Err(invalid(filter, "+ must fill a whole level, and # the last one"));
    }
    check(filter)
}

/// The filters without those that another one covers: each message belongs to one that is left.
pub(super) fn without_covered(filters: &[String]) -> Vec<&str> {
    let mut left: Vec<&str> = Vec::new();
    for filter in filters {
        if left.iter().any(|other| covers(other, filter)) {
            continue;
        }
        left.retain(|other| !covers(filter, other));
        left.push(filter);
    }
    left
}

/// Whether a message with this topic belongs to the filter.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    let shared = filter.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
    covers(shared.map_or(filter, |(_, filter)| filter), topic)
}

/// Whether every topic of the second filter belongs to the first one too. A topic is a filter of itself.
///
/// Source: MQTT 3.1.1, section 4.7.
fn covers(filter: &str, other: &str) -> bool {
    if other.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut others = other.split('/');
    for level in filter.split('/') {
        match (level, others.next()) {
            // The parent level too.
            ("#", _) => return true,
            ("+", Some(other)) if other != "#" => {}
            (level, Some(other)) if level == other => {}
            _ => return false,
        }
    }
    others.next().is_none()
}

fn check(topic: &str) -> Result<(), Failure> {
    if topic.is_empty() {
        return Err(invalid(topic, "it is empty"));
    }
    // The encoder knows what a command line cannot carry.
    let line = CommandLine::set("#").limit(usize::MAX).text("topic", topic).build();
    line.map(drop).map_err(Failure::usage)
}

fn invalid(topic: &str, reason: &str) -> Failure {
    Failure::usage(format!("invalid topic {topic:?}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(check_name("$aws/things/a/shadow/update").is_ok());
        for bad in ["", "a/+", "#", "a\rb", "a\"b"] {
            assert_eq!(check_name(bad).unwrap_err().exit_code(), 2, "{bad:?}");
        }
    }

    #[test]
    fn which_filter_covers_which() {
        for (filter, other) in [
            ("#", "a/#"),
            ("#", "+"),
            ("a/#", "a"),
            ("a/#", "a/+/b"),
            ("a/+", "a/b"),
            ("a/+", "a/+"),
            ("+/b", "a/b"),
        ] {
            assert!(covers(filter, other), "{filter} {other}");
        }
        for (filter, other) in [
            ("a/+", "a/#"),
            ("a/+", "+/b"),
            ("a", "b"),
            ("a", "a/b"),
            ("a/b", "a"),
            ("#", "$SYS/#"),
            ("+/x", "$SYS/x"),
        ] {
            assert!(!covers(filter, other), "{filter} {other}");
        }
        assert!(matches("$share/group/a/+", "a/b") && !matches("$share/group/a/+", "group/a/b"));
    }

    #[test]
    fn what_is_covered_is_left_out() {
        let of = |filters: &[&str]| {
            let filters: Vec<String> = filters.iter().map(|filter| (*filter).to_owned()).collect();
            without_covered(&filters).join(" ")
        };
        assert_eq!(of(&["a/b", "a/#", "a/+", "c", "c"]), "a/# c");
        assert_eq!(of(&["a/+", "+/b"]), "a/+ +/b");
        assert_eq!(of(&["#", "$SYS/#"]), "# $SYS/#");
    }

    #[test]
    fn filters() {
        for good in ["#", "+", "a/#", "+/a/+", "/", "a//b"] {
            assert!(check_filter(good).is_ok(), "{good}");
        }
        for bad in ["", "a#", "a/#/b", "a+", "a\nb"] {
            assert_eq!(check_filter(bad).unwrap_err().exit_code(), 2, "{bad:?}");
        }
    }
}
