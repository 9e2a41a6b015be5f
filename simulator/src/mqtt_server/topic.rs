//! Topic filters (MQTT 4.7).

/// Whether a filter may be subscribed to: wildcards stand alone in their level, and `#` is the last one.
pub(crate) fn is_filter(filter: &str) -> bool {
    let levels: Vec<&str> = filter.split('/').collect();
    let last = levels.len() - 1;
    !filter.is_empty()
        && !filter.contains('\0')
        && levels.iter().enumerate().all(|(index, level)| match *level {
            "#" => index == last,
            "+" => true,
            level => !level.contains(['#', '+']),
        })
}

/// Whether a message may be published there.
pub(crate) fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && !topic.contains(['#', '+', '\0'])
}

/// Whether a filter takes in a topic.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    // Wildcards do not reach the broker's own topics.
    if topic.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }
    let (mut filter, mut topic) = (filter.split('/'), topic.split('/'));
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the standard.
    #[test]
    fn wildcards_as_the_standard_explains_them() {
        for (filter, topics) in [
            ("sport/tennis/player1/#", &["sport/tennis/player1", "sport/tennis/player1/ranking"][..]),
            ("sport/#", &["sport", "sport/tennis"]),
            ("sport/tennis/+", &["sport/tennis/player1", "sport/tennis/player2"]),
            ("sport/+", &["sport/", "sport/tennis"]),
            ("+/+", &["/finance"]),
            ("/+", &["/finance"]),
            ("#", &["a", "/", "a/b/c"]),
            ("$SYS/#", &["$SYS/monitor", "$SYS"]),
        ] {
            assert!(topics.iter().all(|topic| matches(filter, topic)), "{filter}");
        }
        for (filter, topic) in [
            ("sport/tennis/+", "sport/tennis/player1/ranking"),
            ("sport/+", "sport"),
            ("+", "/finance"),
            ("#", "$SYS"),
            ("+/monitor", "$SYS/monitor"),
            ("a/b", "a"),
            ("A", "a"),
        ] {
            assert!(!matches(filter, topic), "{filter} {topic}");
        }
    }

    #[test]
    fn misplaced_wildcards_are_no_filter() {
        assert!(["a", "/", "+", "#", "a/+/b/#", " "].iter().all(|filter| is_filter(filter)));
        assert!(!["", "a#", "a/#/b", "a+/b", "#/", "a\0"].iter().any(|filter| is_filter(filter)));
    }
}
