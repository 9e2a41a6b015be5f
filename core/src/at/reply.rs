//! What a successful command answered.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::eight::first_of;
use super::fields::{Fields, after_prefix, printable};
use super::fields_in_turn::FieldsInTurn;
use super::lines::Lines;

/// One line from the module, without its line end.
#[derive(Clone, PartialEq, Eq)]
pub struct Line(Bytes);

impl Line {
    /// A line from raw bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes as they arrived.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The line as text; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match str::from_utf8(&self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&self.0),
        }
    }

    /// What the line is about, and its fields: `#MQRING` and the rest of `#MQRING: 1,3,topic,5`. Nothing is copied.
    /// `None` if it has no name with a colon. A field that is no UTF-8 has no text.
    ///
    /// ```
    /// use telit_core::at::Line;
    ///
    /// let line = Line::new(&b"#MQRING: 1,3,topic,5"[..]);
    /// let (name, fields) = line.parts().unwrap();
    /// assert_eq!((name, fields.text(2), fields.number(3)), (&b"#MQRING"[..], Some("topic"), Some(5_u32)));
    /// assert!(Line::new(&b"RING"[..]).parts().is_none());
    /// ```
    #[must_use]
    pub fn parts(&self) -> Option<(&[u8], Fields<'_>)> {
        let (name, fields) = self.name_and_fields()?;
        Some((name, Fields::split(fields)))
    }

    /// Like [`parts`](Self::parts), with the fields one after the other: that takes less work.
    ///
    /// ```
    /// use telit_core::at::Line;
    ///
    /// let line = Line::new(&b"#MQRING: 1,3,topic,5"[..]);
    /// let (name, mut fields) = line.parts_in_turn().unwrap();
    /// assert_eq!((name, fields.number()), (&b"#MQRING"[..], Some(1_u8)));
    /// assert_eq!((fields.number(), fields.text()), (Some(3_u8), Some("topic")));
    /// ```
    #[must_use]
    #[inline]
    pub fn parts_in_turn(&self) -> Option<(&[u8], FieldsInTurn<'_>)> {
        let (name, fields) = self.name_and_fields()?;
        Some((name, FieldsInTurn::split(fields)))
    }

    #[inline]
    fn name_and_fields(&self) -> Option<(&[u8], &[u8])> {
        let (name, rest) = self.0.split_at_checked(first_of::<b':'>(&self.0)?)?;
        Some((name, rest.strip_prefix(b": ").or_else(|| rest.get(1..))?))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text())
    }
}

/// The answer to a command that ended with `OK` or `CONNECT`: its information lines and, for block
/// commands, the raw bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub(super) lines: Lines,
    pub(crate) body: Bytes,
}

impl Reply {
    /// A reply made of these lines and bytes, for tests of code that parses replies.
    #[must_use]
    pub fn new<'a>(lines: impl IntoIterator<Item = &'a str>, body: impl Into<Bytes>) -> Self {
        let mut reply = Self { lines: Lines::default(), body: body.into() };
        lines.into_iter().for_each(|line| reply.lines.push(Line::new(line.to_owned().into_bytes())));
        reply
    }

    /// The information lines, in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.lines.as_slice()
    }

    /// The raw bytes of a block command; empty for all others.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// What follows `prefix` in every information line that has it.
    #[must_use]
    pub fn values(&self, prefix: &str) -> Vec<String> {
        let strip = |line: &Line| after_prefix(&line.text(), prefix).map(str::to_owned);
        self.lines().iter().filter_map(strip).collect()
    }

    /// What follows `prefix` in the first information line that has it.
    #[must_use]
    pub fn value(&self, prefix: &str) -> Option<String> {
        self.lines().iter().find_map(|line| after_prefix(&line.text(), prefix).map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_name_and_fields() {
        let of = |line: &'static str| {
            let line = Line::new(line.as_bytes());
            let parts = line.parts();
            parts.map(|(name, fields)| (name.to_vec(), fields.text(0).map(str::to_owned), fields.number(1)))
        };
        assert_eq!(of("#X: a,7"), Some((b"#X".to_vec(), Some("a".to_owned()), Some(7_u8))));
        assert_eq!(of("#X:a,8"), Some((b"#X".to_vec(), Some("a".to_owned()), Some(8))));
        assert_eq!(of("RING"), None);
        let line = Line::new(&b"#X: a,7"[..]);
        let (name, mut fields) = line.parts_in_turn().unwrap();
        assert_eq!((name, fields.text(), fields.number()), (&b"#X"[..], Some("a"), Some(7_u8)));
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        assert_eq!(Line::new(&b"#X: \xff"[..]).text(), "#X: \u{fffd}");
    }

    #[test]
    fn values_are_what_follows_the_prefix() {
        let reply = Reply::new(["TIMEOUT", "#X: 1,a", "#X:2", "#XY: 3"], &b"body"[..]);
        assert_eq!(reply.value("#X").as_deref(), Some("1,a"));
        assert_eq!(reply.values("#X"), ["1,a", "2"]);
        assert_eq!((reply.value("#Z"), reply.values("#Z")), (None, Vec::new()));
        assert_eq!((reply.lines().len(), &reply.body()[..]), (4, &b"body"[..]));
    }
}
