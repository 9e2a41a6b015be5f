//! Reading the parameters of information lines, as leniently as real firmware demands.

use std::borrow::Cow;

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
    let rest = match line.strip_prefix(prefix) {
        Some(rest) => rest,
        None => line.strip_prefix('#')?.trim_start().strip_prefix(prefix.strip_prefix('#')?)?,
    };
    Some(rest.trim_start().strip_prefix(':')?.trim())
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
    fields: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    /// Splits what follows the prefix of an information line.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        Self { fields: split(text) }
    }

    /// How many fields there are; an empty line has one empty field.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Never true: even an empty line has one field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// A field without its quotes.
    #[must_use]
    pub fn text(&self, index: usize) -> Option<&'a str> {
        self.fields.get(index).map(|field| unquoted(field))
    }

    /// A field as it stands, quotes included.
    #[must_use]
    pub fn raw(&self, index: usize) -> Option<&'a str> {
        self.fields.get(index).copied()
    }

    /// A numeric field, quoted or not.
    #[must_use]
    pub fn number<T: std::str::FromStr>(&self, index: usize) -> Option<T> {
        self.text(index)?.parse().ok()
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

fn unquoted(field: &str) -> &str {
    field.strip_prefix('"').map_or(field, |inner| inner.strip_suffix('"').unwrap_or(inner))
}

fn split(text: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut quoted, mut depth, mut start) = (false, 0_usize, 0);
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.saturating_sub(1),
            b',' if !quoted && depth == 0 => {
                fields.push(text.get(start..position).unwrap_or_default().trim());
                start = position + 1;
            }
            _ => {}
        }
    }
    fields.push(text.get(start..).unwrap_or_default().trim());
    fields
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
