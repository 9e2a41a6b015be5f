//! What the answer to a request for a file, or for the rest of it, says. Without I/O.

use std::time::Duration;

use http::header::{CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use telit_core::download::Held;

/// A date tells two versions apart only if the file has been left alone since. Source: RFC 9110, section 8.8.2.2.
const AT_REST: Duration = Duration::from_secs(1);

/// What comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// All of it.
    Whole,
    /// What is behind the bytes that are held, to the end of a file of this size.
    Rest { size: u64 },
    /// Nothing, since all of it is held already.
    Complete,
    /// Something that cannot be put behind what is held.
    Useless,
    /// No file.
    None,
}

impl Answer {
    /// `length` is that of the body, `hidden` whether headers are. `held` is what the rest was asked for behind.
    pub(super) fn read(
        status: StatusCode,
        headers: &HeaderMap,
        length: Option<u64>,
        hidden: bool,
        held: Option<&Held>,
    ) -> Self {
        match (status, held) {
            (StatusCode::OK, _) => Self::Whole,
            (StatusCode::PARTIAL_CONTENT, Some(held)) => part(headers, length, hidden, held),
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(held)) => {
                let told = text(headers, CONTENT_RANGE).and_then(|text| text.strip_prefix("bytes */"));
                let size = told.and_then(|size| size.parse().ok());
                let whole = held.bytes == held.size && (hidden || size == Some(held.size));
                if whole { Self::Complete } else { Self::Useless }
            }
            _ => Self::None,
        }
    }
}

/// Source: RFC 9110, sections 14.4 and 15.3.7.
fn part(headers: &HeaderMap, length: Option<u64>, hidden: bool, held: &Held) -> Answer {
    let is_several =
        text(headers, CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"));
    let size = match text(headers, CONTENT_RANGE) {
        Some(place) => rest_behind(held.bytes, place),
        // The status says that it is a part, the length that it is the right one, and the hash decides in the end.
        None if hidden => length.and_then(|length| held.bytes.checked_add(length)),
        None => None,
    };
    let fits = length.is_none_or(|length| size == held.bytes.checked_add(length));
    let same = match (version(headers), &held.version) {
        (Some(now), Some(then)) => now == *then,
        // Asked for with If-Range, it need not say again when it last changed; but a tag it does.
        (None, Some(then)) if is_tag(then) => held.is_hash_known,
        // A date that tells no versions apart tells at least another one.
        (None, Some(then)) => text(headers, LAST_MODIFIED).is_none_or(|now| now == then),
        (_, None) => held.is_hash_known,
    };
    match size.filter(|_| fits && same && !is_several) {
        Some(size) if size == held.size => Answer::Rest { size },
        _ => Answer::Useless,
    }
}

/// The size of the file, if this is all that is behind so many bytes of it.
fn rest_behind(bytes: u64, place: &str) -> Option<u64> {
    let (place, size) = place.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = place.split_once('-')?;
    let (first, last, size): (u64, u64, u64) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first == bytes && last.checked_add(1) == Some(size)).then_some(size)
}

/// What tells this state of a file from all others: a strong entity tag, or when it last changed.
/// Source: RFC 9110, sections 8.8.2 and 8.8.3.
pub(super) fn version(headers: &HeaderMap) -> Option<String> {
    if let Some(tag) = text(headers, ETAG).filter(|tag| is_tag(tag)) {
        return Some(tag.to_owned());
    }
    let changed = text(headers, LAST_MODIFIED)?;
    let at_rest = httpdate::parse_http_date(text(headers, DATE)?)
        .ok()?
        .duration_since(httpdate::parse_http_date(changed).ok()?)
        .ok()?;
    (at_rest >= AT_REST).then(|| changed.to_owned())
}

/// A weak one starts with `W/`.
fn is_tag(version: &str) -> bool {
    version.len() >= 2 && version.starts_with('"') && version.ends_with('"')
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(HeaderValue::to_str)?.ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use telit_core::download::Held;

    use super::*;

    const TAG: &str = "\"7\"";
    const CHANGED: &str = "Sat, 01 Nov 2025 10:00:00 GMT";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        lines.collect()
    }

    /// Four of ten bytes.
    fn held(version: Option<&str>, is_hash_known: bool) -> Held {
        Held::new(4, 10, version.map(str::to_owned), is_hash_known)
    }

    fn part(lines: &[(&'static str, &str)], length: Option<u64>, held: &Held) -> Answer {
        Answer::read(StatusCode::PARTIAL_CONTENT, &headers(lines), length, false, Some(held))
    }

    #[test]
    fn the_rest_of_the_same_file() {
        let tagged = held(Some(TAG), false);
        let place = ("content-range", "bytes 4-9/10");
        assert_eq!(part(&[place, ("etag", TAG)], Some(6), &tagged), Answer::Rest { size: 10 });
        assert_eq!(part(&[place, ("etag", TAG)], None, &tagged), Answer::Rest { size: 10 });
        // A server that knows ranges and not If-Range sends the rest of another file.
        assert_eq!(part(&[place, ("etag", "\"8\"")], Some(6), &tagged), Answer::Useless);
        assert_eq!(part(&[place], Some(6), &tagged), Answer::Useless);
        assert_eq!(part(&[place], Some(6), &held(Some(TAG), true)), Answer::Rest { size: 10 });
        assert_eq!(part(&[place], Some(6), &held(Some(CHANGED), false)), Answer::Rest { size: 10 });
        assert_eq!(part(&[place], Some(6), &held(None, true)), Answer::Rest { size: 10 });
        assert_eq!(part(&[place], Some(6), &held(None, false)), Answer::Useless);
    }

    #[test]
    fn the_rest_of_a_file_with_another_date_is_of_no_use() {
        let place = ("content-range", "bytes 4-9/10");
        let now = "Sun, 02 Nov 2025 10:00:00 GMT";
        for is_hash_known in [false, true] {
            let held = held(Some(CHANGED), is_hash_known);
            for date in [None, Some(("date", now)), Some(("date", "Sun, 02 Nov 2025 10:00:01 GMT"))] {
                let lines = [Some(place), Some(("last-modified", now)), date];
                let lines: Vec<_> = lines.into_iter().flatten().collect();
                assert_eq!(part(&lines, Some(6), &held), Answer::Useless, "{date:?}");
            }
            let same = [place, ("last-modified", CHANGED)];
            assert_eq!(part(&same, Some(6), &held), Answer::Rest { size: 10 });
        }
    }

    #[test]
    fn anything_else_is_of_no_use() {
        let held = held(None, true);
        for (place, length) in [
            ("bytes 3-9/10", 7),
            ("bytes 5-9/10", 5),
            ("bytes 4-8/10", 5),
            ("bytes 4-9/*", 6),
            ("bytes 4-10/11", 7),
            ("bytes 4-9/10", 5),
            ("bytes 4-9", 6),
            ("bytes x-9/10", 6),
            ("bytes 4-18446744073709551615/10", 6),
            ("lines 4-9/10", 6),
        ] {
            let answer = part(&[("content-range", place)], Some(length), &held);
            assert_eq!(answer, Answer::Useless, "{place}, {length} bytes");
        }
        let several =
            [("content-type", "multipart/byteranges; boundary=x"), ("content-range", "bytes 4-9/10")];
        assert_eq!(part(&several, Some(6), &held), Answer::Useless);
        assert_eq!(part(&[], Some(6), &held), Answer::Useless);
    }

    /// The length is all that can be seen.
    #[test]
    fn through_the_module_the_length_has_to_fit() {
        let read = |length, held: &Held| {
            Answer::read(StatusCode::PARTIAL_CONTENT, &HeaderMap::new(), length, true, Some(held))
        };
        assert_eq!(read(Some(6), &held(None, true)), Answer::Rest { size: 10 });
        assert_eq!(read(Some(7), &held(None, true)), Answer::Useless);
        assert_eq!(read(Some(u64::MAX), &held(None, true)), Answer::Useless);
        assert_eq!(read(None, &held(None, true)), Answer::Useless);
        assert_eq!(read(Some(6), &held(None, false)), Answer::Useless);
    }

    #[test]
    fn nothing_is_left_of_a_file_that_is_there() {
        let complete = Held::new(10, 10, Some(TAG.to_owned()), false);
        let read = |place: &str, hidden, held: &Held| {
            let headers = headers(&[("content-range", place)]);
            Answer::read(StatusCode::RANGE_NOT_SATISFIABLE, &headers, Some(0), hidden, Some(held))
        };
        assert_eq!(read("bytes */10", false, &complete), Answer::Complete);
        assert_eq!(read("bytes */9", false, &complete), Answer::Useless);
        assert_eq!(read("", false, &complete), Answer::Useless);
        assert_eq!(read("", true, &complete), Answer::Complete);
        assert_eq!(read("bytes */10", false, &held(Some(TAG), false)), Answer::Useless);
    }

    #[test]
    fn other_statuses() {
        let held = held(None, true);
        let read = |status, held| Answer::read(status, &HeaderMap::new(), Some(6), false, held);
        assert_eq!(read(StatusCode::OK, Some(&held)), Answer::Whole);
        assert_eq!(read(StatusCode::OK, None), Answer::Whole);
        for status in [204, 206, 301, 304, 404, 416, 500] {
            assert_eq!(read(StatusCode::from_u16(status).unwrap(), None), Answer::None, "{status}");
        }
    }

    #[test]
    fn what_tells_versions_apart() {
        let later = ("date", "Sat, 01 Nov 2025 10:00:01 GMT");
        let version = |lines: &[(&'static str, &str)]| version(&headers(lines));
        assert_eq!(version(&[("etag", TAG), ("last-modified", CHANGED), later]).as_deref(), Some(TAG));
        let weak = ("etag", "W/\"7\"");
        assert_eq!(version(&[weak, ("last-modified", CHANGED), later]).as_deref(), Some(CHANGED));
        assert_eq!(version(&[weak]), None);
        // Within the same second it may have changed once more.
        assert_eq!(version(&[("last-modified", CHANGED), ("date", CHANGED)]), None);
        assert_eq!(version(&[("last-modified", CHANGED)]), None);
        assert_eq!(version(&[("last-modified", "yesterday"), later]), None);
        assert_eq!(version(&[("etag", "7")]), None);
    }
}
