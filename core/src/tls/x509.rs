//! The few facts of an X.509 certificate that a user of the module asks for.
//!
//! This reads, it does not verify: signatures and chains are the module's business. Source: RFC 5280 4.1.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use super::distinguished_name;
use super::rsa_key::PublicKey;
use super::validity::Validity;

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const VERSION: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
const EXTENSIONS: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(3) };

/// What is known of a certificate.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) validity: Validity,
    pub(super) is_ca: bool,
    pub(super) public_key: PublicKey,
}

/// Reads one certificate and nothing after it.
pub(super) fn read(content: &[u8]) -> der::Result<Facts> {
    let mut reader = SliceReader::new(content)?;
    let facts = reader.sequence(|fields| {
        let facts = fields.sequence(read_facts)?;
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
    let issuer = fields.sequence(distinguished_name::read)?;
    let validity = fields.sequence(Validity::read)?;
    let subject = fields.sequence(distinguished_name::read)?;
    let public_key = fields.sequence(PublicKey::read)?;
    let mut is_ca = false;
    while !fields.is_finished() {
        let field = AnyRef::decode(fields)?;
        if field.tag() == EXTENSIONS {
            is_ca = SliceReader::new(field.value())?.sequence(names_an_authority)?;
        }
    }
    Ok(Facts { subject, issuer, validity, is_ca, public_key })
}

/// Looks for the basic constraints in a list of extensions. Source: RFC 5280 4.2.1.9.
fn names_an_authority(extensions: &mut SliceReader<'_>) -> der::Result<bool> {
    let mut is_ca = false;
    while !extensions.is_finished() {
        is_ca |= extensions.sequence(|fields| {
            let kind = ObjectIdentifier::decode(fields)?;
            if Tag::peek(fields)? == Tag::Boolean {
                AnyRef::decode(fields)?;
            }
            let value: &OctetStringRef = Decode::decode(fields)?;
            der::Result::Ok(kind == BASIC_CONSTRAINTS && basic_constraints(value.as_bytes())?)
        })?;
    }
    Ok(is_ca)
}

fn basic_constraints(value: &[u8]) -> der::Result<bool> {
    SliceReader::new(value)?.sequence(|fields| {
        let mut is_ca = false;
        while !fields.is_finished() {
            let field = AnyRef::decode(fields)?;
            is_ca |= field.tag() == Tag::Boolean && field.value() != [0];
        }
        Ok(is_ca)
    })
}
