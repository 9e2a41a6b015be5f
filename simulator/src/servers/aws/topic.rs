//! Topics as AWS IoT Core takes them.

use super::limits::Limits;
use crate::mqtt_server::topic;

/// Whether a filter takes in a topic. `sensor/#` does not take in `sensor`, other than in the standard.
pub(super) fn matches(filter: &str, name: &str) -> bool {
    let is_parent = filter.ends_with('#') && levels(name) < levels(filter);
    topic::matches(filter, name) && !is_parent
}

fn levels(text: &str) -> usize {
    text.split('/').count()
}

/// Whether messages may be published there, as far as its form goes.
pub(super) fn is_topic(name: &str, limits: &Limits) -> bool {
    topic::is_topic(name) && fits(name, limits)
}

/// Whether it may be subscribed to, as far as its form goes.
pub(super) fn is_filter(filter: &str, limits: &Limits) -> bool {
    topic::is_filter(filter) && fits(filter, limits)
}

pub(super) fn has_wildcard(filter: &str) -> bool {
    filter.contains(['#', '+'])
}

/// Length and levels; `$aws/rules/<rule>/` counts for nothing.
fn fits(text: &str, limits: &Limits) -> bool {
    let counted = match Route::of(text) {
        Route::Rule { topic, .. } => topic,
        _ => text,
    };
    counted.len() <= limits.topic && counted.bytes().filter(|byte| *byte == b'/').count() <= limits.slashes
}

/// Who is to take what is published to a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// Whoever has subscribed.
    Subscribers,
    /// Basic ingest: a rule, and the topic behind its prefix.
    Rule {
        rule: &'a str,
        topic: &'a str,
    },
    Shadow {
        thing: &'a str,
        name: Option<&'a str>,
        action: &'a str,
    },
    /// `request` is what follows `jobs/`.
    Jobs {
        thing: &'a str,
        request: &'a str,
    },
    CreateCertificate {
        from_request: bool,
        format: &'a str,
    },
    RegisterThing {
        template: &'a str,
    },
    /// A service of AWS that is not played here: it takes what it gets.
    Silence,
    /// Nobody may publish there.
    Closed,
}

impl<'a> Route<'a> {
    /// Source: "Reserved topics" of the AWS IoT Core developer guide.
    pub(super) fn of(topic: &'a str) -> Self {
        if !topic.starts_with('$') {
            return Self::Subscribers;
        }
        let levels: Vec<&str> = topic.split('/').collect();
        match levels.as_slice() {
            ["$aws", "rules", rule, rest @ ..] if !rule.is_empty() && !rest.is_empty() => {
                Self::Rule { rule, topic: behind(topic, 3) }
            }
            ["$aws", "things", thing, "shadow", action @ ("get" | "update" | "delete")] => {
                Self::Shadow { thing, name: None, action }
            }
            ["$aws", "things", thing, "shadow", "name", name, action @ ("get" | "update" | "delete")] => {
                Self::Shadow { thing, name: Some(name), action }
            }
            ["$aws", "things", thing, "jobs", "get" | "start-next"]
            | ["$aws", "things", thing, "jobs", _, "get" | "update"] => {
                Self::Jobs { thing, request: behind(topic, 4) }
            }
            ["$aws", "certificates", "create", format] => {
                Self::CreateCertificate { from_request: false, format }
            }
            ["$aws", "certificates", "create-from-csr", format] => {
                Self::CreateCertificate { from_request: true, format }
            }
            ["$aws", "provisioning-templates", template, "provision", _] => Self::RegisterThing { template },
            ["$aws", "things", _, "defender", "metrics", "json" | "cbor"]
            | ["$aws", "things", _, "streams", _, "describe" | "get", "json" | "cbor"] => Self::Silence,
            _ => Self::Closed,
        }
    }
}

/// What follows the first `count` levels.
fn behind(topic: &str, count: usize) -> &str {
    topic.splitn(count + 1, '/').nth(count).unwrap_or_default()
}

/// Whether it may be subscribed to, as far as the topics of AWS go: nobody sees what a rule is sent.
pub(super) fn is_open_filter(filter: &str) -> bool {
    !filter.starts_with('$') || (filter.starts_with("$aws/") && !filter.starts_with("$aws/rules/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_a_hash_is_not_taken_in() {
        for (filter, topic) in
            [("sensor/#", "sensor/"), ("sensor/#", "sensor/a/b"), ("#", "a"), ("+/#", "a/b")]
        {
            assert!(matches(filter, topic), "{filter} {topic}");
        }
        for (filter, topic) in [("sensor/#", "sensor"), ("+/#", "a"), ("#", "$aws/x"), ("a/b", "a")] {
            assert!(!matches(filter, topic), "{filter} {topic}");
        }
    }

    #[test]
    fn length_and_levels_are_bounded_without_the_prefix_of_a_rule() {
        let limits = Limits::default();
        let longest = "t".repeat(256);
        let eight_levels = "a/b/c/d/e/f/g/h";
        for topic in [&longest, eight_levels, &format!("$aws/rules/r/{longest}")] {
            assert!(is_topic(topic, &limits), "{topic}");
        }
        assert!(is_topic(&format!("$aws/rules/r/{eight_levels}"), &limits));
        for topic in ["", "a/+", &"t".repeat(257), "a/b/c/d/e/f/g/h/i", "$aws/rules/r/a/b/c/d/e/f/g/h/i"] {
            assert!(!is_topic(topic, &limits), "{topic}");
        }
        // The longest of the reserved topics fits.
        let (thing, shadow) = ("t".repeat(128), "s".repeat(64));
        let topic = format!("$aws/things/{thing}/shadow/name/{shadow}/update/documents");
        assert!(is_filter(&topic, &limits) && topic.len() == 234);
    }

    #[test]
    fn reserved_topics_go_to_their_services() {
        let shadow = |name| Route::Shadow { thing: "T", name, action: "update" };
        for (topic, route) in [
            ("a/b", Route::Subscribers),
            ("$aws/rules/store/a/b", Route::Rule { rule: "store", topic: "a/b" }),
            ("$aws/things/T/shadow/update", shadow(None)),
            ("$aws/things/T/shadow/name/S/update", shadow(Some("S"))),
            ("$aws/things/T/jobs/start-next", Route::Jobs { thing: "T", request: "start-next" }),
            ("$aws/things/T/jobs/$next/get", Route::Jobs { thing: "T", request: "$next/get" }),
            (
                "$aws/certificates/create/json",
                Route::CreateCertificate { from_request: false, format: "json" },
            ),
            (
                "$aws/certificates/create-from-csr/cbor",
                Route::CreateCertificate { from_request: true, format: "cbor" },
            ),
            ("$aws/provisioning-templates/P/provision/json", Route::RegisterThing { template: "P" }),
            ("$aws/things/T/defender/metrics/json", Route::Silence),
            ("$aws/things/T/shadow/update/accepted", Route::Closed),
            ("$aws/things/T/jobs/notify", Route::Closed),
            ("$aws/rules/store", Route::Closed),
            ("$SYS/x", Route::Closed),
        ] {
            assert_eq!(Route::of(topic), route, "{topic}");
        }
    }

    #[test]
    fn what_a_rule_is_sent_cannot_be_subscribed_to() {
        assert!(
            ["a/#", "#", "$aws/things/T/shadow/#", "$aws/events/presence/connected/+"]
                .into_iter()
                .all(is_open_filter)
        );
        assert!(!["$aws/rules/r/#", "$share/group/a", "$SYS/#"].into_iter().any(is_open_filter));
    }
}
