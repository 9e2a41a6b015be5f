//! Cuts a command line into its commands. Source: M37 p16-19.

use super::value::{Escapes, Parameters};
use crate::error::AtError;

/// The form of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// `AT#X`
    Execute,
    /// `AT#X?`
    Read,
    /// `AT#X=?`
    Test,
    /// `AT#X=...`
    Set(Parameters),
    /// A basic command with its digits: `ATE1`, `AT&W`. An omitted number is `None`.
    Basic(Option<u32>),
}

/// A command, before the rest of the line has been looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed<'line> {
    /// In capitals: `#SSLCFG`, `&K`, `S12`, `E`.
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) rest: &'line [u8],
}

/// The next command of a line, `None` at its end.
///
/// `escapes` tells how to read the strings of the command with the given name.
pub(crate) fn next_command<'line>(
    line: &'line [u8],
    escapes: impl Fn(&str) -> Escapes,
) -> Result<Option<Parsed<'line>>, AtError> {
    let line = skip_separators(line);
    match line {
        [] => Ok(None),
        [b'+' | b'#', ..] => extended(line, escapes).map(Some),
        [b'S' | b's', digit, ..] if digit.is_ascii_digit() => register(line).map(Some),
        [b'D' | b'd', ..] => Ok(Some(Parsed { name: "D".to_owned(), form: Form::Execute, rest: &[] })),
        _ => basic(line).map(Some),
    }
}

/// Whether an extended command shares the line with another one.
pub(crate) fn is_chain(line: &[u8]) -> bool {
    let (mut rest, mut count, mut extended) = (line, 0, false);
    while let Ok(Some(parsed)) = next_command(rest, |_| Escapes::Off) {
        count += 1;
        extended |= parsed.name.starts_with(['+', '#']);
        rest = parsed.rest;
    }
    count > 1 && extended
}

fn extended<'line>(line: &'line [u8], escapes: impl Fn(&str) -> Escapes) -> Result<Parsed<'line>, AtError> {
    let (command, rest) = line.split_at(end_of_command(line));
    let name_end = command.iter().position(|byte| matches!(byte, b'=' | b'?')).unwrap_or(command.len());
    let (name, tail) = command.split_at(name_end);
    let name = clean_name(name)?;
    let form = match tail {
        [] => Form::Execute,
        [b'?', after @ ..] if is_blank(after) => Form::Read,
        [b'=', after @ ..] => match trim(after) {
            [b'?'] => Form::Test,
            _ => Form::Set(Parameters::parse(after, escapes(&name))?),
        },
        _ => return Err(AtError::Plain),
    };
    Ok(Parsed { name, form, rest })
}

/// `S12=50`, `S12?`
fn register(line: &[u8]) -> Result<Parsed<'_>, AtError> {
    let digits = digits(line.get(1..).unwrap_or_default());
    let (name, tail) = line.split_at(1 + digits.len());
    let name = clean_name(name)?;
    match tail {
        [b'?', rest @ ..] => Ok(Parsed { name, form: Form::Read, rest }),
        [b'=', rest @ ..] => {
            let value = self::digits(rest);
            let parameters = Parameters::parse(value, Escapes::Off)?;
            let rest = rest.get(value.len()..).unwrap_or_default();
            Ok(Parsed { name, form: Form::Set(parameters), rest })
        }
        _ => Err(AtError::Plain),
    }
}

/// `E0`, `&K3`
fn basic(line: &[u8]) -> Result<Parsed<'_>, AtError> {
    let length = if matches!(line, [b'&' | b'\\', ..]) { 2 } else { 1 };
    if line.len() < length || !line.get(length - 1).is_some_and(u8::is_ascii_alphabetic) {
        return Err(AtError::Plain);
    }
    let (name, tail) = line.split_at(length);
    let digits = digits(tail);
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    if number.is_none() && !digits.is_empty() {
        return Err(AtError::Plain);
    }
    let rest = tail.get(digits.len()..).unwrap_or_default();
    Ok(Parsed { name: clean_name(name)?, form: Form::Basic(number), rest })
}

/// The first separator outside quotes.
fn end_of_command(line: &[u8]) -> usize {
    let mut quoted = false;
    for (index, byte) in line.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b';' if !quoted => return index,
            _ => {}
        }
    }
    line.len()
}

fn clean_name(name: &[u8]) -> Result<String, AtError> {
    let name: Vec<u8> = name.iter().filter(|byte| **byte != b' ').map(u8::to_ascii_uppercase).collect();
    match String::from_utf8(name) {
        Ok(name) if name.is_ascii() => Ok(name),
        _ => Err(AtError::Plain),
    }
}

fn digits(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn skip_separators(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b';')).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte == b' ')
}

fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<(String, Form)> {
        let mut rest = line.as_bytes();
        let mut found = Vec::new();
        while let Some(parsed) = next_command(rest, |_| Escapes::Off).unwrap() {
            found.push((parsed.name, parsed.form));
            rest = parsed.rest;
        }
        found
    }

    fn set(text: &str) -> Form {
        Form::Set(Parameters::parse(text.as_bytes(), Escapes::Off).unwrap())
    }

    #[test]
    fn basic_and_extended_commands_chain() {
        let found = names("E0Q0V1X0&S3&K3+IFC=2,2;+CMEE=2;&W0");
        let expected: Vec<(String, Form)> = [
            ("E", Form::Basic(Some(0))),
            ("Q", Form::Basic(Some(0))),
            ("V", Form::Basic(Some(1))),
            ("X", Form::Basic(Some(0))),
            ("&S", Form::Basic(Some(3))),
            ("&K", Form::Basic(Some(3))),
            ("+IFC", set("2,2")),
            ("+CMEE", set("2")),
            ("&W", Form::Basic(Some(0))),
        ]
        .map(|(name, form)| (name.to_owned(), form))
        .to_vec();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_chain_has_an_extended_command_and_another_one() {
        for chain in ["+CMEE?;#MQEN?", "E0V1Q0+CMEE=2", "#X=\"a;b\";+Y"] {
            assert!(is_chain(chain.as_bytes()), "{chain}");
        }
        for single in ["", "E0V1Q0", "+CMEE?", "#X=\"a;b\"", "+CMEE=2;"] {
            assert!(!is_chain(single.as_bytes()), "{single}");
        }
    }

    #[test]
    fn all_four_forms_are_told_apart() {
        assert_eq!(names("#sslen?"), [("#SSLEN".to_owned(), Form::Read)]);
        assert_eq!(names("#SSLEN = ?"), [("#SSLEN".to_owned(), Form::Test)]);
        assert_eq!(names("#REBOOT"), [("#REBOOT".to_owned(), Form::Execute)]);
        assert_eq!(names("#FTPTO="), [("#FTPTO".to_owned(), set(""))]);
        assert_eq!(names("E"), [("E".to_owned(), Form::Basic(None))]);
    }

    #[test]
    fn a_semicolon_inside_quotes_belongs_to_the_string() {
        assert_eq!(names("#X=\"a;b\";#Y").len(), 2);
    }

    #[test]
    fn registers_have_set_and_read_forms() {
        assert_eq!(names("S12=50S12?"), [("S12".to_owned(), set("50")), ("S12".to_owned(), Form::Read)]);
    }

    #[test]
    fn nonsense_is_an_error() {
        for line in ["?", "5", "&", "S12", "+CMEE?x"] {
            assert_eq!(next_command(line.as_bytes(), |_| Escapes::Off), Err(AtError::Plain), "{line}");
        }
    }
}
