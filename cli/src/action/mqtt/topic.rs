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
    fn filters() {
        for good in ["#", "+", "a/#", "+/a/+", "/", "a//b"] {
            assert!(check_filter(good).is_ok(), "{good}");
        }
        for bad in ["", "a#", "a/#/b", "a+", "a\nb"] {
            assert_eq!(check_filter(bad).unwrap_err().exit_code(), 2, "{bad:?}");
        }
    }
}
