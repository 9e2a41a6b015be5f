//! The few facts of an X.509 certificate that a user of the module asks for.
//!
//! This reads, it does not verify: signatures and chains are the module's business. Source: RFC 5280 4.1.

use std::net::IpAddr;

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use super::distinguished_name;
use super::rsa_key::PublicKey;
use super::sequence::sequence;
use super::validity::Validity;

const ALTERNATIVE_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const VERSION: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
const DNS_NAME: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(2) };
const ADDRESS: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(7) };
const EXTENSIONS: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(3) };

/// What is known of a certificate.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) validity: Validity,
    pub(super) is_ca: bool,
    /// DNS names and addresses that it stands for.
    pub(super) names: Vec<String>,
    pub(super) public_key: PublicKey,
}

/// Reads one certificate and nothing after it.
pub(super) fn read(content: &[u8]) -> der::Result<Facts> {
    let mut reader = SliceReader::new(content)?;
    let facts = sequence(&mut reader, |fields| {
        let facts = sequence(fields, read_facts)?;
        let _signature_algorithm = AnyRef::decode(fields)?;
        let _signature = AnyRef::decode(fields)?;
        der::Result::Ok(facts)
    })?;
    reader.finish()?;
    Ok(facts)
}

fn read_facts(fields: &mut SliceReader<'_>) -> der::Result<Facts> {
    if Tag::peek(fields)? == VERSION {
        AnyRef::decode(fields)?;
    }
    let _serial_number = AnyRef::decode(fields)?;
    let _signature_algorithm = AnyRef::decode(fields)?;
    let issuer = sequence(fields, distinguished_name::read)?;
    let validity = sequence(fields, Validity::read)?;
    let subject = sequence(fields, distinguished_name::read)?;
    let public_key = sequence(fields, PublicKey::read)?;
    let mut extensions = Extensions::default();
    while !fields.is_finished() {
        let field = AnyRef::decode(fields)?;
        if field.tag() == EXTENSIONS {
            extensions = sequence(&mut SliceReader::new(field.value())?, Extensions::read)?;
        }
    }
    let Extensions { is_ca, names } = extensions;
    Ok(Facts { subject, issuer, validity, is_ca, names, public_key })
}

/// What is known from the list of extensions.
#[derive(Default)]
struct Extensions {
    is_ca: bool,
    names: Vec<String>,
}

impl Extensions {
    /// Source: RFC 5280 4.2.1.6, 4.2.1.9.
    fn read(extensions: &mut SliceReader<'_>) -> der::Result<Self> {
        let mut found = Self::default();
        while !extensions.is_finished() {
            sequence(extensions, |fields| {
                let kind = ObjectIdentifier::decode(fields)?;
                if Tag::peek(fields)? == Tag::Boolean {
                    AnyRef::decode(fields)?;
                }
                let value: &OctetStringRef = Decode::decode(fields)?;
                match kind {
                    BASIC_CONSTRAINTS => found.is_ca |= basic_constraints(value.as_bytes())?,
                    // Names that cannot be read are none: nothing is decided by them.
                    ALTERNATIVE_NAMES => {
                        found.names = alternative_names(value.as_bytes()).unwrap_or_default()
                    }
                    _ => {}
                }
                der::Result::Ok(())
            })?;
        }
        Ok(found)
    }
}

fn alternative_names(value: &[u8]) -> der::Result<Vec<String>> {
    sequence(&mut SliceReader::new(value)?, |fields| {
        let mut names = Vec::new();
        while !fields.is_finished() {
            let field = AnyRef::decode(fields)?;
            names.extend(match field.tag() {
                DNS_NAME => Some(printable(field.value())),
                ADDRESS => address(field.value()),
                _ => None,
            });
        }
        Ok(names)
    })
}

fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn address(octets: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let address = four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from));
    address.ok().map(|address| address.to_string())
}

/// A name as servers send it, in the form of [`Certificate::subject`](super::Certificate::subject).
pub(crate) fn name_of(name: &[u8]) -> Option<String> {
    sequence(&mut SliceReader::new(name).ok()?, distinguished_name::read).ok()
}

fn basic_constraints(value: &[u8]) -> der::Result<bool> {
    sequence(&mut SliceReader::new(value)?, |fields| {
        let mut is_ca = false;
        while !fields.is_finished() {
            let field = AnyRef::decode(fields)?;
            is_ca |= field.tag() == Tag::Boolean && field.value() != [0];
        }
        Ok(is_ca)
    })
}
