//! A certificate authority that lives as long as the test.

use std::fmt;
use std::time::{Duration, SystemTime};

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKey, PKeyRef, Private, Public};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef, X509Ref};

use super::ServerError;
use super::certificate::{
    CertificateRequest, Issued, KeyKind, Usage, generate_key, pem_text, traditional_pem,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Signs server and client certificates. Clones are the same authority.
///
/// Two authorities made by [`Authority::new`] bear the same name but different keys, so that a certificate of
/// the one must fail at a client that trusts the other for its signature, and for nothing else.
#[derive(Clone)]
pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
    certificate_pem: String,
}

impl Authority {
    /// Generates a root certificate with a 2048-bit RSA key, valid from yesterday for a year.
    ///
    /// Takes about a tenth of a second of computing: call it from `spawn_blocking` where that matters.
    ///
    /// # Errors
    /// [`ServerError::Tls`] when OpenSSL cannot generate the key or sign.
    pub fn new() -> Result<Self, ServerError> {
        let key = generate_key(KeyKind::Rsa(2048))?;
        let certificate = self_signed(&key)?;
        let certificate_pem =
            pem_text(certificate.to_pem().map_err(ServerError::tls("write a certificate"))?);
        Ok(Self { certificate, key, certificate_pem })
    }

    /// The root certificate, `BEGIN CERTIFICATE`: what a client must trust.
    pub fn certificate_pem(&self) -> String {
        self.certificate_pem.clone()
    }

    /// Generates a key and certifies it.
    ///
    /// Takes about a tenth of a second of computing: call it from `spawn_blocking` where that matters.
    ///
    /// # Errors
    /// [`ServerError::InvalidTime`] for a validity before 1970 or beyond what a certificate can state;
    /// [`ServerError::Tls`] when OpenSSL cannot generate the key or sign.
    pub fn issue(&self, request: &CertificateRequest) -> Result<Issued, ServerError> {
        self.certify(request, &generate_key(request.key)?)
    }

    /// Certifies somebody else's key. Gives back the certificate (PEM).
    pub(super) fn certify_public(
        &self,
        request: &CertificateRequest,
        key: &PKeyRef<Public>,
    ) -> Result<String, ServerError> {
        let from = asn1_time(request.valid_from)?;
        let until = asn1_time(request.valid_until)?;
        let issuer = Some(&*self.certificate);
        let signed =
            sign(request, key, (issuer, &self.key), &from, &until).and_then(|signed| signed.to_pem());
        signed.map(pem_text).map_err(ServerError::tls("make a certificate"))
    }

    /// Certifies a key that is already there.
    pub(super) fn certify(
        &self,
        request: &CertificateRequest,
        key: &PKey<Private>,
    ) -> Result<Issued, ServerError> {
        certify(request, key, Some(self))
    }
}

impl CertificateRequest {
    /// Generates a key that certifies itself: no authority stands behind it.
    ///
    /// Takes about a tenth of a second of computing: call it from `spawn_blocking` where that matters.
    ///
    /// # Errors
    /// As [`Authority::issue`].
    pub fn self_signed(&self) -> Result<Issued, ServerError> {
        certify(self, &generate_key(self.key)?, None)
    }
}

/// Without an authority the key signs for itself.
fn certify(
    request: &CertificateRequest,
    key: &PKey<Private>,
    authority: Option<&Authority>,
) -> Result<Issued, ServerError> {
    let from = asn1_time(request.valid_from)?;
    let until = asn1_time(request.valid_until)?;
    let issuer = authority.map(|authority| &*authority.certificate);
    let signer = authority.map_or(key, |authority| &authority.key);
    let make = || {
        let certificate = sign(request, key, (issuer, signer), &from, &until)?;
        Ok(Issued {
            common_name: request.common_name.clone(),
            certificate_pem: pem_text(certificate.to_pem()?),
            key_pem: pem_text(traditional_pem(key)?),
            key_pkcs8_pem: pem_text(key.private_key_to_pem_pkcs8()?),
        })
    };
    make().map_err(ServerError::tls("make a certificate"))
}

/// Without an issuer the certificate is its own.
fn sign(
    request: &CertificateRequest,
    key: &PKeyRef<impl HasPublic>,
    (issuer, signer): (Option<&X509Ref>, &PKeyRef<Private>),
    from: &Asn1Time,
    until: &Asn1Time,
) -> Result<X509, ErrorStack> {
    let subject = name(&request.common_name)?;
    let issuer_name = issuer.map_or(&*subject, |issuer| issuer.subject_name());
    let mut builder = builder(&subject, issuer_name, key, from, until)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().key_encipherment().build()?)?;
    let mut usage = ExtendedKeyUsage::new();
    match request.usage {
        Usage::Server => usage.server_auth(),
        Usage::Client => usage.client_auth(),
    };
    builder.append_extension(usage.build()?)?;
    append_alternative_names(&mut builder, request, issuer)?;
    let subject_key = SubjectKeyIdentifier::new().build(&builder.x509v3_context(issuer, None))?;
    builder.append_extension(subject_key)?;
    if issuer.is_some() {
        let authority_key =
            AuthorityKeyIdentifier::new().keyid(true).build(&builder.x509v3_context(issuer, None))?;
        builder.append_extension(authority_key)?;
    }
    builder.sign(signer, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn append_alternative_names(
    builder: &mut X509Builder,
    request: &CertificateRequest,
    issuer: Option<&X509Ref>,
) -> Result<(), ErrorStack> {
    // OpenSSL refuses to build the extension without a name in it.
    if request.dns_names.is_empty() && request.addresses.is_empty() {
        return Ok(());
    }
    let mut names = SubjectAlternativeName::new();
    for dns_name in &request.dns_names {
        names.dns(dns_name);
    }
    for address in &request.addresses {
        names.ip(&address.to_string());
    }
    let names = names.build(&builder.x509v3_context(issuer, None))?;
    builder.append_extension(names)
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

fn self_signed(key: &PKey<Private>) -> Result<X509, ServerError> {
    let now = SystemTime::now();
    let from = asn1_time(now - DAY)?;
    let until = asn1_time(now + 365 * DAY)?;
    let build = || {
        let subject = name("Simulator Test Authority")?;
        let mut builder = builder(&subject, &subject, key, &from, &until)?;
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
        let subject_key = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(subject_key)?;
        builder.sign(key, MessageDigest::sha256())?;
        Ok(builder.build())
    };
    build().map_err(ServerError::tls("make a certificate authority"))
}

fn builder(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    key: &PKeyRef<impl HasPublic>,
    from: &Asn1Time,
    until: &Asn1Time,
) -> Result<X509Builder, ErrorStack> {
    const VERSION_3: i32 = 2;
    let mut builder = X509::builder()?;
    builder.set_version(VERSION_3)?;
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::ONE, false)?;
    let serial = Asn1Integer::from_bn(&serial)?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(from)?;
    builder.set_not_after(until)?;
    Ok(builder)
}

fn name(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("O", "Telit Simulator")?;
    name.append_entry_by_text("CN", common_name)?;
    Ok(name.build())
}

fn asn1_time(time: SystemTime) -> Result<Asn1Time, ServerError> {
    let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i128::from(since.as_secs()),
        Err(before) => -i128::from(before.duration().as_secs()),
    };
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Asn1Time::from_unix(seconds).ok())
        .ok_or(ServerError::InvalidTime { seconds })
}
