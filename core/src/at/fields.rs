//! Reading the parameters of information lines, as leniently as real firmware demands.

use std::borrow::Cow;
use std::str::FromStr;

use super::eight::each_at_most;

/// Takes `prefix` (without colon) off a line and gives what follows the colon, blanks trimmed.
///
/// Blanks after the colon are optional, and so is one behind `#`: manuals print `# HTTPSND:`.
///
/// Source: M37 p32, p866.
///
/// ```
/// use telit_core::at::after_prefix;
/// assert_eq!(after_prefix("#SSLCFG:1,1,300", "#SSLCFG"), Some("1,1,300"));
/// assert_eq!(after_prefix("# HTTPSND: (0-2)", "#HTTPSND"), Some("(0-2)"));
/// assert_eq!(after_prefix("+CREGX: 1", "+CREG"), None);
/// ```
#[must_use]
pub fn after_prefix<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = behind_prefix(line.as_bytes(), prefix)?;
    let start = line.len() - rest.len();
    line.get(start..start + rest.trim_ascii_end().len())
}

/// Whether a line has that prefix.
#[inline]
pub(crate) fn has_prefix(line: &[u8], prefix: &str) -> bool {
    // Nearly always nothing stands between the two.
    let is_plain = line.get(prefix.len()) == Some(&b':') && line.starts_with(prefix.as_bytes());
    is_plain || behind_prefix(line, prefix).is_some()
}

/// The same for bytes.
pub(crate) fn bytes_after_prefix<'a>(line: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    Some(behind_prefix(line, prefix)?.trim_ascii_end())
}

fn behind_prefix<'a>(line: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let prefix = prefix.as_bytes();
    let rest = match line.strip_prefix(prefix) {
        Some(rest) => rest,
        None => match line {
            [b'#', blank, rest @ ..] if blank.is_ascii_whitespace() => {
                rest.trim_ascii_start().strip_prefix(prefix.strip_prefix(b"#")?)?
            }
            _ => return None,
        },
    };
    Some(rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())
}

/// So many digits are a number of 64 bits, whatever they are.
const SHORT: usize = 19;

/// Fields whose ends need no memory of their own: more than any code or answer has that comes often.
const INLINE: usize = 12;

/// What a comma stands in. All bytes that matter come first in ASCII: none is above the comma.
#[derive(Default)]
pub(super) struct Nesting {
    quoted: bool,
    depth: usize,
}

impl Nesting {
    /// Takes the next byte. Whether it is a comma that separates.
    #[inline]
    pub(super) fn separates(&mut self, byte: u8) -> bool {
        match byte {
            b',' => return !self.quoted && self.depth == 0,
            b'"' => self.quoted = !self.quoted,
            b'(' if !self.quoted => self.depth += 1,
            b')' if !self.quoted => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}

/// The comma-separated fields of an information line.
///
/// Commas inside double quotes and parentheses do not separate. Quotes are taken off.
///
/// ```
/// use telit_core::at::Fields;
/// let fields = Fields::parse(r#"1,"a,b",,(0-2,5), 7"#);
/// assert_eq!(fields.text(1), Some("a,b"));
/// assert_eq!(fields.text(2), Some(""));
/// assert_eq!(fields.text(3), Some("(0-2,5)"));
/// assert_eq!(fields.number::<u8>(4), Some(7));
/// assert_eq!(fields.len(), 5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    /// How many fields there are.
    count: usize,
    /// Where the first of them end.
    ends: [usize; INLINE],
    /// Where the others end.
    more_ends: Vec<usize>,
}

impl<'a> Fields<'a> {
    /// Splits what follows the prefix of an information line.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        Self::split(text.as_bytes())
    }

    /// The same for bytes: a field that is no UTF-8 has no text and is no number.
    pub(crate) fn split(bytes: &'a [u8]) -> Self {
        let mut fields = Self { bytes, count: 0, ends: [0; INLINE], more_ends: Vec::new() };
        let mut nesting = Nesting::default();
        each_at_most::<b','>(bytes, |position, byte| {
            if nesting.separates(byte) {
                fields.end(position);
            }
        });
        fields.end(bytes.len());
        fields
    }

    #[inline]
    fn end(&mut self, position: usize) {
        match self.ends.get_mut(self.count) {
            Some(end) => *end = position,
            None => self.more_ends.push(position),
        }
        self.count += 1;
    }

    #[inline]
    fn end_of(&self, index: usize) -> Option<usize> {
        match self.ends.get(index) {
            Some(end) => (index < self.count).then_some(*end),
            None => self.more_ends.get(index - INLINE).copied(),
        }
    }

    /// What stands between two commas.
    #[inline]
    fn between(&self, index: usize) -> Option<&'a [u8]> {
        let end = self.end_of(index)?;
        let start = match index.checked_sub(1) {
            None => 0,
            Some(before) => self.end_of(before)? + 1,
        };
        self.bytes.get(start..end)
    }

    fn field(&self, index: usize) -> Option<&'a [u8]> {
        Some(self.between(index)?.trim_ascii())
    }

    /// How many fields there are; an empty line has one empty field.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Never true: even an empty line has one field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// A field without its quotes.
    #[must_use]
    pub fn text(&self, index: usize) -> Option<&'a str> {
        str::from_utf8(bare(self.between(index)?)).ok()
    }

    /// A field as it stands, quotes included.
    #[must_use]
    pub fn raw(&self, index: usize) -> Option<&'a str> {
        str::from_utf8(self.field(index)?).ok()
    }

    /// A numeric field, quoted or not.
    #[must_use]
    pub fn number<T: FromStr + TryFrom<u64>>(&self, index: usize) -> Option<T> {
        let field = self.between(index)?;
        // Most are digits and nothing else.
        match short_number(field) {
            Some(number) => T::try_from(number).ok(),
            None => other_number(field),
        }
    }
}

/// Removes what is not printable from text that goes into an error or a log.
pub(crate) fn printable(text: &[u8]) -> Cow<'_, str> {
    let lossy = String::from_utf8_lossy(text);
    if lossy.chars().all(|c| !c.is_control()) {
        return lossy;
    }
    Cow::Owned(lossy.escape_debug().to_string())
}

/// The number that a few digits are.
#[inline]
fn short_number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > SHORT {
        return None;
    }
    let mut number = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// A number with blanks or quotes around it, with a sign, or with many digits.
#[cold]
pub(super) fn other_number<T: FromStr>(field: &[u8]) -> Option<T> {
    str::from_utf8(bare(field)).ok()?.parse().ok()
}

/// A field without the blanks around it and its quotes.
pub(super) fn bare(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field.strip_prefix(b"\"").map_or(field, |inner| inner.strip_suffix(b"\"").unwrap_or(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        assert_eq!(after_prefix("#FTPRECV:400", "#FTPRECV"), Some("400"));
        assert_eq!(after_prefix("#FTPRECV: 400", "#FTPRECV"), Some("400"));
        assert_eq!(after_prefix("SSLSRING: 1,3", "SSLSRING"), Some("1,3"));
        assert_eq!(after_prefix("#FTPRECVX: 1", "#FTPRECV"), None);
        assert_eq!(after_prefix("# FTPRECV : 400 ", "#FTPRECV"), Some("400"));
        assert_eq!(after_prefix("# CREG: 1", "+CREG"), None);
        assert_eq!(after_prefix("OK", "#FTPRECV"), None);
    }

    #[test]
    fn commas_in_quotes_and_parentheses_separate_nothing() {
        for (text, fields) in [
            ("1,2", &["1", "2"][..]),
            ("", &[""]),
            (",", &["", ""]),
            ("\"a,b\",c", &["\"a,b\"", "c"]),
            ("(0-2,5),(1,(2,3)),4", &["(0-2,5)", "(1,(2,3))", "4"]),
            ("\"(\",\")\",c", &["\"(\"", "\")\"", "c"]),
            ("(\")\",1),2", &["(\")\",1)", "2"]),
            ("),1", &[")", "1"]),
            (" 1 , \" 2 \" ", &["1", "\" 2 \""]),
        ] {
            let parsed = Fields::parse(text);
            let raw: Vec<_> = (0..parsed.len()).map(|index| parsed.raw(index).unwrap()).collect();
            assert_eq!(raw, fields, "{text}");
            assert_eq!(parsed.raw(fields.len()), None);
        }
    }

    #[test]
    fn there_may_be_many_fields() {
        let text = (0..30).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let fields = Fields::parse(&text);
        assert_eq!(fields.len(), 30);
        assert!((0..30).all(|n| fields.number(n) == Some(n)));
        assert_eq!(fields.raw(30), None);
    }

    #[test]
    fn numbers_are_as_large_as_their_type() {
        let fields = Fields::parse("255,256,+7,,18446744073709551615,18446744073709551616,-1,1x");
        let small: Vec<_> = (0..8).map(|index| fields.number::<u8>(index)).collect();
        assert_eq!(small, [Some(255), None, Some(7), None, None, None, None, None]);
        assert_eq!([4, 5].map(|index| fields.number::<u64>(index)), [Some(u64::MAX), None]);
        assert_eq!(fields.number::<i8>(6), Some(-1));
    }

    #[test]
    fn a_field_that_is_no_text_spoils_no_other() {
        let fields = Fields::split(b"1,\xff,3");
        assert_eq!((fields.number(0), fields.text(1), fields.number(2)), (Some(1), None, Some(3)));
        assert_eq!((fields.raw(1), fields.number::<u8>(1)), (None, None));
    }

    #[test]
    fn quotes_are_taken_off_texts_and_numbers() {
        let fields = Fields::parse("\" a \",\"7\",7,\"open,x");
        assert_eq!((fields.text(0), fields.raw(0)), (Some(" a "), Some("\" a \"")));
        assert_eq!((fields.number(1), fields.number(2), fields.number::<u8>(0)), (Some(7), Some(7_u8), None));
        assert_eq!((fields.text(3), fields.number::<u8>(4)), (Some("open,x"), None));
    }

    #[test]
    fn hostile_fields_do_not_panic() {
        for text in ["", "\"", "\",", "((", "))),", ",,,", "é,\"ü"] {
            let fields = Fields::parse(text);
            assert!(!fields.is_empty(), "even nothing is one field");
            let _unused: Vec<_> =
                (0..fields.len()).map(|i| (fields.text(i), fields.number::<u64>(i))).collect();
        }
    }

    #[test]
    fn control_characters_are_escaped_for_people() {
        assert_eq!(printable(b"ab\x1b\r"), "ab\\u{1b}\\r");
        assert_eq!(printable("plain \"é\"".as_bytes()), "plain \"é\"", "and nothing else");
    }
}
