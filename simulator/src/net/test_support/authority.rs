//! Fresh certificates.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};

use super::super::Identity;

/// Midnight, the first of January of `year`.
pub(in super::super) fn at(year: u64) -> SystemTime {
    let days = (year - 1970) * 365 + (year - 1969) / 4;
    UNIX_EPOCH + Duration::from_secs(days * 86_400)
}

/// What a certificate is for. Its validity is 2020 to 2030 by default.
pub(in super::super) struct LeafOptions {
    pub name: &'static str,
    pub rsa: bool,
    pub years: (u64, u64),
}

impl Default for LeafOptions {
    fn default() -> Self {
        Self { name: "server.test", rsa: false, years: (2020, 2030) }
    }
}

/// A certificate authority, valid 2000 to 2050.
pub(in super::super) struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

impl Authority {
    pub(in super::super) fn new(name: &str) -> Self {
        let key = elliptic_key();
        let mut builder = builder(name, &key, (2000, 2050));
        let issuer = x509_name(name);
        builder.set_issuer_name(&issuer).unwrap();
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build(), key }
    }

    pub(in super::super) fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }

    pub(in super::super) fn x509(&self) -> X509 {
        self.certificate.clone()
    }

    pub(in super::super) fn issue(&self, options: &LeafOptions) -> (X509, PKey<Private>) {
        let key =
            if options.rsa { PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap() } else { elliptic_key() };
        let mut builder = builder(options.name, &key, options.years);
        builder.set_issuer_name(self.certificate.subject_name()).unwrap();
        let mut names = SubjectAlternativeName::new();
        match options.name.parse::<IpAddr>() {
            Ok(_) => names.ip(options.name),
            Err(_) => names.dns(options.name),
        };
        let names = names.build(&builder.x509v3_context(Some(&self.certificate), None)).unwrap();
        builder.append_extension(names).unwrap();
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        (builder.build(), key)
    }

    pub(in super::super) fn identity(&self, name: &'static str) -> Identity {
        let (certificate, key) = self.issue(&LeafOptions { name, ..LeafOptions::default() });
        Identity { certificate: certificate.to_pem().unwrap(), key: key.private_key_to_pem_pkcs8().unwrap() }
    }
}

fn elliptic_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn builder(name: &str, key: &PKey<Private>, years: (u64, u64)) -> X509Builder {
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::MAYBE_ZERO, false).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&x509_name(name)).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&asn1_time(years.0)).unwrap();
    builder.set_not_after(&asn1_time(years.1)).unwrap();
    builder
}

fn asn1_time(year: u64) -> Asn1Time {
    Asn1Time::from_unix(at(year).duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()).unwrap()
}

fn x509_name(name: &str) -> openssl::x509::X509Name {
    let mut builder = X509NameBuilder::new().unwrap();
    builder.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    builder.build()
}
