//! The parameters behind `=`: quoted and bare strings, numbers, omitted fields.
//!
//! Source: M37 p16-18 (grammar), p166-167 (`#SETHEXSTR`).

use std::ops::RangeInclusive;

use crate::error::AtError;

/// Which `\xx` escapes inside quotes are translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// None: `#SETHEXSTR=0`.
    Off,
    /// 0x20 to 0x7E: `#SETHEXSTR=2`.
    Printable,
    /// 0x00 to 0x7F: `#SETHEXSTR=2` with `#MQWCFG`.
    SevenBit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Omitted,
    Quoted(Vec<u8>),
    Bare(Vec<u8>),
}

/// The parameters of one set command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<Value>);

impl Parameters {
    /// Reads the text behind `=`.
    pub(crate) fn parse(text: &[u8], escapes: Escapes) -> Result<Self, AtError> {
        let mut values = Vec::new();
        let mut rest = text;
        loop {
            let (value, after) = field(rest, escapes)?;
            values.push(value);
            match after {
                Some(next) => rest = next,
                None => return Ok(Self(values)),
            }
        }
    }

    /// Whether nothing at all stands behind `=`.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|value| *value == Value::Omitted)
    }

    /// Number of fields, counting empty ones.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// More than `count` fields are an error.
    pub(crate) fn at_most(&self, count: usize) -> Result<(), AtError> {
        if self.len() > count { Err(AtError::Plain) } else { Ok(()) }
    }

    /// A number in `range`, or nothing if the field is empty or missing.
    pub(crate) fn number(&self, index: usize, range: RangeInclusive<u32>) -> Result<Option<u32>, AtError> {
        let digits = match self.0.get(index) {
            None | Some(Value::Omitted) => return Ok(None),
            Some(Value::Bare(digits) | Value::Quoted(digits)) => digits,
        };
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok());
        match number {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(AtError::Plain),
        }
    }

    /// A number of up to 64 bits, or nothing if the field is empty or missing.
    pub(crate) fn wide_number(&self, index: usize) -> Result<Option<u64>, AtError> {
        let digits = self.text(index, 20)?;
        digits.map(|digits| digits.parse().map_err(|_| AtError::Plain)).transpose()
    }

    /// A number in `range` that must be given.
    pub(crate) fn required(&self, index: usize, range: RangeInclusive<u32>) -> Result<u32, AtError> {
        self.number(index, range)?.ok_or(AtError::Plain)
    }

    /// A small number in `range` that must be given.
    pub(crate) fn required_small(&self, index: usize, range: RangeInclusive<u32>) -> Result<u8, AtError> {
        u8::try_from(self.required(index, range)?).map_err(|_| AtError::Plain)
    }

    /// A small number in `range`, or `current` if the field is empty or missing.
    pub(crate) fn small_or(
        &self,
        index: usize,
        range: RangeInclusive<u32>,
        current: u8,
    ) -> Result<u8, AtError> {
        let number = self.number(index, range)?.unwrap_or_else(|| u32::from(current));
        u8::try_from(number).map_err(|_| AtError::Plain)
    }

    /// A number in `range`, or `current` if the field is empty or missing.
    pub(crate) fn number_or(
        &self,
        index: usize,
        range: RangeInclusive<u32>,
        current: u32,
    ) -> Result<u32, AtError> {
        Ok(self.number(index, range)?.unwrap_or(current))
    }

    /// A switch: 0 or 1, or `current` if the field is empty or missing.
    pub(crate) fn switch_or(&self, index: usize, current: bool) -> Result<bool, AtError> {
        Ok(self.number(index, 0..=1)?.map_or(current, |number| number == 1))
    }

    /// A switch that must be given.
    pub(crate) fn switch(&self, index: usize) -> Result<bool, AtError> {
        Ok(self.required(index, 0..=1)? == 1)
    }

    /// Bytes of a string of at most `limit`, or nothing if the field is empty or missing. `""` is an empty string.
    pub(crate) fn bytes(&self, index: usize, limit: usize) -> Result<Option<&[u8]>, AtError> {
        match self.0.get(index) {
            None | Some(Value::Omitted) => Ok(None),
            Some(Value::Bare(bytes) | Value::Quoted(bytes)) if bytes.len() <= limit => Ok(Some(bytes)),
            Some(_) => Err(AtError::Plain),
        }
    }

    /// A string of at most `limit` bytes, or nothing if the field is empty or missing.
    pub(crate) fn text(&self, index: usize, limit: usize) -> Result<Option<String>, AtError> {
        let Some(bytes) = self.bytes(index, limit)? else { return Ok(None) };
        String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| AtError::Plain)
    }

    /// A string that must be given; it may be empty only if it is quoted.
    pub(crate) fn required_text(&self, index: usize, limit: usize) -> Result<String, AtError> {
        self.text(index, limit)?.ok_or(AtError::Plain)
    }

    /// A string that must be there but may be an empty field, as in `#MQCONN=1,id,,`.
    pub(crate) fn positional_text(&self, index: usize, limit: usize) -> Result<String, AtError> {
        if index >= self.len() {
            return Err(AtError::Plain);
        }
        Ok(self.text(index, limit)?.unwrap_or_default())
    }
}

/// One field and, if a comma follows, the rest behind it.
fn field(text: &[u8], escapes: Escapes) -> Result<(Value, Option<&[u8]>), AtError> {
    let text = skip_blanks(text);
    if let [b'"', inside @ ..] = text {
        let (content, after) = quoted(inside, escapes)?;
        return match skip_blanks(after) {
            [] => Ok((Value::Quoted(content), None)),
            [b',', rest @ ..] => Ok((Value::Quoted(content), Some(rest))),
            // No escape exists for an inner quote.
            _ => Err(AtError::Plain),
        };
    }
    let end = text.iter().position(|byte| *byte == b',').unwrap_or(text.len());
    let (bare, rest) = text.split_at(end);
    let bare = trim_end(bare);
    if bare.contains(&b'"') {
        return Err(AtError::Plain);
    }
    let value = if bare.is_empty() { Value::Omitted } else { Value::Bare(bare.to_vec()) };
    Ok((value, rest.get(1..)))
}

fn quoted(text: &[u8], escapes: Escapes) -> Result<(Vec<u8>, &[u8]), AtError> {
    let mut content = Vec::new();
    let mut rest = text;
    loop {
        match rest {
            [] => return Err(AtError::Plain),
            [b'"', after @ ..] => return Ok((content, after)),
            [b'\\', high, low, after @ ..] => {
                if let Some(byte) = escaped(*high, *low, escapes) {
                    content.push(byte);
                    rest = after;
                } else {
                    content.push(b'\\');
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
            [byte, after @ ..] => {
                content.push(*byte);
                rest = after;
            }
        }
    }
}

fn escaped(high: u8, low: u8, escapes: Escapes) -> Option<u8> {
    let digits = [high, low];
    let code = u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?;
    let translated = match escapes {
        Escapes::Off => false,
        Escapes::Printable => (0x20..=0x7E).contains(&code),
        Escapes::SevenBit => code <= 0x7F,
    };
    (translated && digits.iter().all(u8::is_ascii_hexdigit)).then_some(code)
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Parameters {
        Parameters::parse(text.as_bytes(), Escapes::Off).unwrap()
    }

    #[test]
    fn fields_may_be_quoted_bare_or_omitted() {
        let parameters = parse(r#"1, "a,b" ,,soracom.io,"""#);
        assert_eq!(parameters.len(), 5);
        assert_eq!(parameters.number(0, 0..=9), Ok(Some(1)));
        assert_eq!(parameters.text(1, 10), Ok(Some("a,b".to_owned())));
        assert_eq!(parameters.text(2, 10), Ok(None));
        assert_eq!(parameters.text(3, 10), Ok(Some("soracom.io".to_owned())));
        assert_eq!(parameters.text(4, 10), Ok(Some(String::new())));
    }

    #[test]
    fn an_inner_or_missing_quote_is_an_error() {
        for text in [r#""a"b""#, r#""a"#, r#"a"b"#] {
            assert_eq!(Parameters::parse(text.as_bytes(), Escapes::Off), Err(AtError::Plain), "{text}");
        }
    }

    #[test]
    fn escapes_follow_the_mode() {
        let text = br#""\22\0D\5c""#;
        let content =
            |escapes| Parameters::parse(text, escapes).unwrap().bytes(0, 99).unwrap().unwrap().to_vec();
        assert_eq!(content(Escapes::Off), br"\22\0D\5c");
        assert_eq!(content(Escapes::Printable), br#""\0D\"#);
        assert_eq!(content(Escapes::SevenBit), b"\"\r\\");
    }

    #[test]
    fn numbers_keep_their_range() {
        let parameters = parse("7,x,-1");
        assert_eq!(parameters.number(0, 0..=6), Err(AtError::Plain));
        assert_eq!(parameters.number(1, 0..=6), Err(AtError::Plain));
        assert_eq!(parameters.number(2, 0..=6), Err(AtError::Plain));
        assert_eq!(parameters.number(3, 0..=6), Ok(None));
    }

    #[test]
    fn nothing_behind_the_equals_sign_is_empty() {
        assert!(parse("").is_empty());
        assert!(parse(" ,,").is_empty());
        assert!(!parse("\"\"").is_empty());
    }
}
