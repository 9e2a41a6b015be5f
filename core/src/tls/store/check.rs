//! Credentials that no module, or not this one, could use: refused before anything is changed.

use super::authority_slots;
use super::wanted::Wanted;
use crate::exclusive::Service;
use crate::modem::computer_time;
use crate::tls::setup::Firmware;
use crate::tls::{CaCertificate, Certificate, CredentialFormat, CredentialStore, TlsError, TlsOptions};

/// Refuses credentials that no module could use, whichever it is.
pub(in crate::tls) fn check_authorities(options: &TlsOptions) -> Result<(), TlsError> {
    // A computer whose clock was never set cannot tell; the module's own clock will.
    let now = computer_time();
    let check = |certificate: &Certificate| now.map_or(Ok(()), |now| certificate.check_validity(now));
    for authority in &options.authorities {
        let certificate = authority.certificate();
        check(certificate)?;
        certificate.check_anchor()?;
        if !certificate.is_ca() {
            tracing::warn!(subject = certificate.subject(), "trusting one self-signed certificate, not a CA");
        }
    }
    if let Some(identity) = &options.identity {
        check(identity.certificate().certificate())?;
    }
    Ok(())
}

/// Refuses what this module cannot hold or use, before anything is changed.
pub(in crate::tls) fn check_store(
    firmware: &Firmware,
    options: &TlsOptions,
    service: Service,
) -> Result<(), TlsError> {
    let unsupported = |what: String| Err(TlsError::Unsupported { platform: firmware.profile.id, what });
    check_forms(firmware, options)?;
    if options.store == CredentialStore::Ram && service != Service::Socket {
        return unsupported(format!(
            "keeps CA certificates in RAM for TLS sockets only, not for {service}; \
             leave credential_store() (--ram) out"
        ));
    }
    if !options.preloaded.is_empty() && firmware.profile.tls.store.preloaded_slots.is_none() {
        return unsupported(
            "has no preloaded CA certificates; give the CA certificate itself (--ca FILE)".to_owned(),
        );
    }
    let (authorities, limit) = (distinct(options), authorities_at_once(firmware));
    if authorities.len() + options.preloaded.len() > limit {
        let left = authorities.iter().skip(limit).map(|it| it.certificate().subject()).collect::<Vec<_>>();
        return unsupported(format!(
            "uses at most {limit} CA certificate{} at once; leave out {}",
            if limit == 1 { "" } else { "s" },
            if left.is_empty() { "a preloaded one".to_owned() } else { left.join(" and ") }
        ));
    }
    Ok(())
}

/// Sizes and forms.
pub(super) fn check_forms(firmware: &Firmware, options: &TlsOptions) -> Result<(), TlsError> {
    let unsupported =
        |what: &str| Err(TlsError::Unsupported { platform: firmware.profile.id, what: what.to_owned() });
    if options.format == CredentialFormat::Der && !firmware.takes_der() {
        return unsupported("stores credentials as PEM only; leave credential_format() (--format der) out");
    }
    if options.store == CredentialStore::Ram && !firmware.has_ram_store() {
        return unsupported("keeps credentials in flash only; leave credential_store() (--ram) out");
    }
    let limit = firmware.size_limit();
    let authorities = options.authorities.iter().map(Wanted::authority);
    for wanted in authorities.chain(options.identity.iter().flat_map(Wanted::identity)) {
        wanted.check_size(options.format, limit)?;
    }
    Ok(())
}

/// The authorities, each once.
pub(super) fn distinct(options: &TlsOptions) -> Vec<&CaCertificate> {
    let mut distinct: Vec<&CaCertificate> = Vec::new();
    for authority in &options.authorities {
        if !distinct.contains(&authority) {
            distinct.push(authority);
        }
    }
    distinct
}

/// How many authorities a connection may use, over both stores.
fn authorities_at_once(firmware: &Firmware) -> usize {
    let store = &firmware.profile.tls.store;
    let slots = authority_slots(firmware, *store.ca_slots.start()).len();
    store.authorities_at_once.map_or(slots, usize::from)
}
