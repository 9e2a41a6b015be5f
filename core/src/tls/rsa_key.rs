//! RSA keys as they stand in certificates and in private key files.
//!
//! Only the public half is kept: it tells whether a key belongs to a certificate.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Reader, SliceReader};

use super::sequence::sequence;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Names of the other algorithms that people meet, for the refusal.
const OTHER_ALGORITHMS: [(ObjectIdentifier, &str); 5] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"), "elliptic curves (EC)"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"), "RSA-PSS"),
    (ObjectIdentifier::new_unwrap("1.2.840.10040.4.1"), "DSA"),
    (ObjectIdentifier::new_unwrap("1.3.101.112"), "Ed25519"),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), "Ed448"),
];

/// Modulus and exponent, big-endian without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RsaPublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl RsaPublicKey {
    /// Reads modulus and exponent, in this order in public and in private keys. Source: RFC 8017 A.1.
    fn read(reader: &mut SliceReader<'_>) -> der::Result<Self> {
        let modulus = UintRef::decode(reader)?.as_bytes().to_vec();
        let exponent = UintRef::decode(reader)?.as_bytes().to_vec();
        Ok(Self { modulus, exponent })
    }

    /// Length of the modulus.
    pub(super) fn bits(&self) -> usize {
        let unused = self.modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        self.modulus.len() * 8 - unused
    }
}

/// The public key of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// An RSA key.
    Rsa(RsaPublicKey),
    /// Another algorithm, by name.
    Other(&'static str),
}

impl PublicKey {
    /// Reads the content of a `SubjectPublicKeyInfo`. Source: RFC 5280 4.1.
    pub(super) fn read(reader: &mut SliceReader<'_>) -> der::Result<Self> {
        let algorithm = algorithm(reader)?;
        let key = der::asn1::BitStringRef::decode(reader)?;
        if algorithm != RSA {
            return Ok(Self::Other(name_of(algorithm)));
        }
        let mut reader = SliceReader::new(key.raw_bytes())?;
        let key = sequence(&mut reader, RsaPublicKey::read)?;
        reader.finish()?;
        Ok(Self::Rsa(key))
    }
}

/// The public half of a PKCS#1 `RSAPrivateKey`, whose numbers are all read. Source: RFC 8017 A.1.2.
pub(super) fn read_pkcs1(content: &[u8]) -> der::Result<RsaPublicKey> {
    /// Private exponent, two primes, two exponents, coefficient.
    const PRIVATE_NUMBERS: usize = 6;
    let mut reader = SliceReader::new(content)?;
    let key = sequence(&mut reader, |fields| {
        // Version 0: two primes. A further field of version 1 is left over and so refused.
        UintRef::decode(fields)?;
        let key = RsaPublicKey::read(fields)?;
        for _ in 0..PRIVATE_NUMBERS {
            UintRef::decode(fields)?;
        }
        der::Result::Ok(key)
    })?;
    reader.finish()?;
    Ok(key)
}

/// What a PKCS#8 `PrivateKeyInfo` holds. Source: RFC 5208 5.
pub(super) enum Pkcs8<'a> {
    /// The PKCS#1 key inside.
    Rsa(&'a [u8]),
    /// Another algorithm, by name.
    Other(&'static str),
}

/// Opens a PKCS#8 `PrivateKeyInfo`.
pub(super) fn open_pkcs8(content: &[u8]) -> der::Result<Pkcs8<'_>> {
    let mut reader = SliceReader::new(content)?;
    let opened = sequence(&mut reader, |fields| {
        UintRef::decode(fields)?;
        let algorithm = algorithm(fields)?;
        let key: &OctetStringRef = Decode::decode(fields)?;
        while !fields.is_finished() {
            AnyRef::decode(fields)?;
        }
        der::Result::Ok(if algorithm == RSA {
            Pkcs8::Rsa(key.as_bytes())
        } else {
            Pkcs8::Other(name_of(algorithm))
        })
    })?;
    reader.finish()?;
    Ok(opened)
}

fn algorithm(reader: &mut SliceReader<'_>) -> der::Result<ObjectIdentifier> {
    sequence(reader, |fields| {
        let algorithm = ObjectIdentifier::decode(fields)?;
        while !fields.is_finished() {
            AnyRef::decode(fields)?;
        }
        Ok(algorithm)
    })
}

fn name_of(algorithm: ObjectIdentifier) -> &'static str {
    OTHER_ALGORITHMS
        .iter()
        .find_map(|(oid, name)| (*oid == algorithm).then_some(*name))
        .unwrap_or("another algorithm")
}
