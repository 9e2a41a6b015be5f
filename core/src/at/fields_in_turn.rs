//! The fields of an information line one after the other, for who knows what they are.

use std::str::FromStr;

use super::eight::{each_at_most, first_at_most};
use super::fields::{Nesting, bare, other_number};

/// So many digits are a number of 64 bits, whatever they are.
const SHORT: usize = 19;

/// The comma-separated fields of an information line, taken one after the other: each byte is looked at once. They are
/// what [`Fields`](super::Fields) gives by their index.
///
/// A field that is taken is gone, also if it was not what it was taken for.
///
/// ```
/// use telit_core::at::FieldsInTurn;
/// let mut fields = FieldsInTurn::parse(r#"1,"a,b",,(0-2,5), 7"#);
/// assert_eq!(fields.number::<u8>(), Some(1));
/// assert_eq!(fields.text(), Some("a,b"));
/// assert_eq!(fields.count_left(), 3);
/// assert_eq!(fields.skip(2).number::<u8>(), Some(7));
/// assert_eq!(fields.text(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldsInTurn<'a> {
    /// What was not taken yet; `None` behind the last field.
    rest: Option<&'a [u8]>,
}

impl<'a> FieldsInTurn<'a> {
    /// The fields of what follows the prefix of an information line.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        Self::split(text.as_bytes())
    }

    /// The same for bytes: a field that is no UTF-8 has no text and is no number.
    #[inline]
    pub(crate) fn split(bytes: &'a [u8]) -> Self {
        Self { rest: Some(bytes) }
    }

    /// The next field as a number, quoted or not.
    #[inline(always)]
    pub fn number<T: FromStr + TryFrom<u64>>(&mut self) -> Option<T> {
        // Most are digits and nothing else.
        match self.digits() {
            Some(number) => T::try_from(number).ok(),
            None => other_number(self.take()?),
        }
    }

    /// The next field without its quotes.
    #[inline]
    pub fn text(&mut self) -> Option<&'a str> {
        let text = match self.plain() {
            Some(text) => text,
            None => bare(self.take()?),
        };
        str::from_utf8(text).ok()
    }

    /// Leaves out so many fields.
    #[inline]
    pub fn skip(&mut self, count: usize) -> &mut Self {
        for _ in 0..count {
            self.take();
        }
        self
    }

    /// How many fields are left.
    #[must_use]
    pub fn count_left(&self) -> usize {
        let mut commas = 0;
        let mut nesting = Nesting::default();
        each_at_most::<b','>(self.rest.unwrap_or_default(), |_, byte| {
            commas += usize::from(nesting.separates(byte));
        });
        commas + usize::from(self.rest.is_some())
    }

    /// Takes the next field if it is a few digits and nothing else.
    #[inline(always)]
    fn digits(&mut self) -> Option<u64> {
        let bytes = self.rest?;
        let (mut number, mut behind) = (0_u64, bytes);
        let rest = loop {
            match behind {
                [] => break None,
                [b',', rest @ ..] => break Some(rest),
                [digit @ b'0'..=b'9', rest @ ..] => {
                    // Of too many digits nobody asks what they are.
                    number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
                    behind = rest;
                }
                _ => return None,
            }
        };
        (1..=SHORT).contains(&(bytes.len() - behind.len())).then(|| {
            self.rest = rest;
            number
        })
    }

    /// Takes the next field if nothing has to be taken off it but quotes: most texts are so.
    #[inline]
    fn plain(&mut self) -> Option<&'a [u8]> {
        let bytes = self.rest?;
        let Some(first) = first_at_most::<b','>(bytes) else {
            self.rest = None;
            return Some(bytes);
        };
        match bytes.split_at_checked(first)? {
            (text, [b',', rest @ ..]) => {
                self.rest = Some(rest);
                Some(text)
            }
            ([], [b'"', inner @ ..]) => self.quoted(inner),
            _ => None,
        }
    }

    /// Takes a field that is quotes and what stands in them, and gives that.
    #[inline]
    fn quoted(&mut self, inner: &'a [u8]) -> Option<&'a [u8]> {
        let (text, behind) = inner.split_at_checked(first_at_most::<b'"'>(inner)?)?;
        self.rest = match behind {
            [b'"', b',', rest @ ..] => Some(rest),
            [b'"'] => None,
            _ => return None,
        };
        Some(text)
    }

    /// Takes what stands before the next comma that separates.
    fn take(&mut self) -> Option<&'a [u8]> {
        let bytes = self.rest?;
        let end = end_of_field(bytes);
        self.rest = bytes.get(end + 1..);
        bytes.get(..end)
    }
}

/// Where the first field ends.
fn end_of_field(bytes: &[u8]) -> usize {
    let mut nesting = Nesting::default();
    let mut at = 0;
    while let Some(next) = bytes.get(at..).and_then(first_at_most::<b','>) {
        at += next;
        if bytes.get(at).is_some_and(|byte| nesting.separates(*byte)) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::at::Fields;

    #[test]
    fn a_number_is_as_large_as_its_type() {
        let mut fields = FieldsInTurn::parse(
            "255,256,+7,,18446744073709551615,18446744073709551616,-1,1x,9999999999999999999",
        );
        let small: Vec<_> = (0..8).map(|_| fields.number::<u8>()).collect();
        assert_eq!(small, [Some(255), None, Some(7), None, None, None, None, None]);
        assert_eq!(fields.number(), Some(9_999_999_999_999_999_999_u64));
        assert_eq!(fields.number::<u64>(), None);
        assert_eq!(FieldsInTurn::parse("18446744073709551615").number(), Some(u64::MAX));
    }

    #[test]
    fn a_text_is_what_stands_in_quotes() {
        let mut fields = FieldsInTurn::parse("\"a\",\"b,c\" ,d,\"e\"");
        let texts: Vec<_> = (0..5).map(|_| fields.text()).collect();
        assert_eq!(texts, [Some("a"), Some("b,c"), Some("d"), Some("e"), None]);
    }

    #[test]
    fn an_empty_line_has_one_empty_field() {
        let mut fields = FieldsInTurn::parse("");
        assert_eq!(fields.count_left(), 1);
        assert_eq!((fields.text(), fields.text(), fields.count_left()), (Some(""), None, 0));
    }

    #[test]
    fn a_field_that_is_no_text_spoils_no_other() {
        let mut fields = FieldsInTurn::split(b"1,\xff,3");
        assert_eq!((fields.number(), fields.text(), fields.number()), (Some(1), None, Some(3)));
    }

    proptest! {
        #[test]
        fn they_are_those_that_an_index_gives(bytes in "[,\"() 0-9a-zé+.-]{0,60}".prop_map(String::into_bytes)) {
            let by_index = Fields::split(&bytes);
            let mut in_turn = FieldsInTurn::split(&bytes);
            prop_assert_eq!(in_turn.count_left(), by_index.len());
            for index in 0..=by_index.len() {
                prop_assert_eq!(in_turn.clone().number::<u8>(), by_index.number(index));
                prop_assert_eq!(in_turn.clone().number::<u64>(), by_index.number(index));
                prop_assert_eq!(in_turn.clone().number::<i16>(), by_index.number(index));
                let (mut after_number, mut after_text) = (in_turn.clone(), in_turn.clone());
                after_number.number::<u8>();
                prop_assert_eq!(after_text.text(), by_index.text(index));
                prop_assert_eq!(&after_number, &after_text);
                in_turn.skip(1);
                prop_assert_eq!(&after_number, &in_turn);
            }
        }
    }
}
