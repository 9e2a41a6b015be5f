//! How much of a topic a broker counts.

/// The topic without an address, if it begins with one: the prefix and the level behind it.
pub(super) fn counted<'a>(topic: &'a str, prefix: Option<&str>) -> &'a str {
    let behind = prefix.and_then(|prefix| topic.strip_prefix(prefix));
    behind.and_then(|behind| behind.split_once('/')).map_or(topic, |(_, counted)| counted)
}

/// One less than the topic has levels.
pub(super) fn slashes(topic: &str) -> usize {
    topic.bytes().filter(|byte| *byte == b'/').count()
}
