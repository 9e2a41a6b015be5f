//! Names of subjects and issuers as one line of text, most specific part first: `CN=device,O=Example`.
//!
//! Source: RFC 4514 2. Control characters become `?`, so that a name cannot break a line of a log or an error.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

use super::sequence::sequence;

/// Short names of the attributes in use. Source: RFC 4514 3, RFC 2985 5.2.1 for the last two.
const ATTRIBUTES: [(ObjectIdentifier, &str); 10] = [
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), "STREET"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    (ObjectIdentifier::new_unwrap("2.5.4.5"), "serialNumber"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1"), "emailAddress"),
];

/// Reads the content of a `Name`.
pub(super) fn read(reader: &mut SliceReader<'_>) -> der::Result<String> {
    let mut parts = Vec::new();
    while !reader.is_finished() {
        let set = AnyRef::decode(reader)?;
        set.tag().assert_eq(Tag::Set)?;
        parts.push(relative_name(&mut SliceReader::new(set.value())?)?);
    }
    parts.reverse();
    Ok(parts.join(","))
}

fn relative_name(attributes: &mut SliceReader<'_>) -> der::Result<String> {
    let mut parts = Vec::new();
    while !attributes.is_finished() {
        parts.push(sequence(attributes, |fields| {
            let kind = ObjectIdentifier::decode(fields)?;
            let value = AnyRef::decode(fields)?;
            der::Result::Ok(format!("{}={}", attribute(kind), escape(&text(value))))
        })?);
    }
    Ok(parts.join("+"))
}

fn attribute(kind: ObjectIdentifier) -> String {
    ATTRIBUTES
        .iter()
        .find_map(|(oid, name)| (*oid == kind).then(|| (*name).to_owned()))
        .unwrap_or_else(|| kind.to_string())
}

fn text(value: AnyRef<'_>) -> String {
    let bytes = value.value();
    match value.tag() {
        Tag::BmpString => {
            let units =
                bytes.chunks(2).map(|unit| unit.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte)));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        // Latin-1 is what its writers mean.
        Tag::TeletexString => bytes.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => escaped.extend(['\\', character]),
            _ if character.is_control() => escaped.push('?'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(content: &[u8]) -> String {
        read(&mut SliceReader::new(content).unwrap()).unwrap()
    }

    #[test]
    fn the_most_specific_part_comes_first() {
        // C=IT, then CN=a+O=b in one set.
        let content = b"\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02IT\
            \x31\x14\x30\x08\x06\x03\x55\x04\x03\x0c\x01a\x30\x08\x06\x03\x55\x04\x0a\x0c\x01b";
        assert_eq!(name(content), "CN=a+O=b,C=IT");
    }

    #[test]
    fn values_stay_on_one_line() {
        assert_eq!(name(b"\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04a\r,b"), "CN=a?\\,b");
    }

    #[test]
    fn other_alphabets_are_read() {
        assert_eq!(
            name(b"\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x1e\x04\x00\xe9\x20\xac"),
            "CN=\u{e9}\u{20ac}"
        );
        assert_eq!(name(b"\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x14\x01\xe9"), "CN=\u{e9}");
    }

    #[test]
    fn an_unknown_attribute_keeps_its_number() {
        assert_eq!(name(b"\x31\x0a\x30\x08\x06\x03\x55\x04\x2a\x0c\x01x"), "2.5.4.42=x");
    }
}
