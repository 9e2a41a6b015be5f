//! What the module holds, and removing it.

use bytes::Bytes;

use crate::commands::{
    CredentialArea, CredentialKind, CredentialPlace, CredentialSlots, CredentialSlotsStatus,
    DeleteCredential, ReadCredential,
};
use crate::error::CommandError;
use crate::exclusive::TlsLease;
use crate::modem::Modem;
use crate::platform::Availability;
use crate::tls::setup::while_enabled;
use crate::tls::{Certificate, Credential, TlsError};

const KINDS: [CredentialKind; 3] =
    [CredentialKind::CaCertificate, CredentialKind::ClientCertificate, CredentialKind::PrivateKey];

/// A credential in the module's flash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredCredential {
    /// Where it is.
    pub place: CredentialPlace,
    /// What is known of it: `None` for a key, which is never read, and for a certificate that the module does not give
    /// back as PEM.
    pub certificate: Option<Certificate>,
}

/// Lists what the module holds: own credentials first, then preloaded CA certificates, by slot. What is in RAM is not
/// visible. Source: M37 p890, p916-918.
///
/// # Errors
/// See [`TlsError`].
///
/// # Cancel safety
/// TLS sockets may stay enabled; the next lease cleans that.
pub async fn inventory(modem: &Modem, lease: &TlsLease) -> Result<Vec<StoredCredential>, TlsError> {
    tracing::debug!(service = %lease.service(), "listing credentials");
    let areas = areas(modem).await?;
    while_enabled(modem, async {
        let mut stored = Vec::new();
        for area in areas {
            for place in held(modem, area).await? {
                let certificate = certificate(modem, place).await?;
                stored.push(StoredCredential { place, certificate });
            }
        }
        Ok(stored)
    })
    .await
}

/// Removes exactly the credentials that are named, and gives those that were there.
///
/// # Errors
/// See [`TlsError`]. What stands before the one that failed is removed.
///
/// # Cancel safety
/// Credentials are removed one by one; TLS sockets may stay enabled, and the next lease cleans that.
pub async fn remove(
    modem: &Modem,
    lease: &TlsLease,
    places: &[CredentialPlace],
) -> Result<Vec<CredentialPlace>, TlsError> {
    tracing::debug!(service = %lease.service(), "removing credentials");
    let areas = areas(modem).await?;
    if let Some(place) = places.iter().find(|place| !areas.contains(&place.area)) {
        let what = format!("has no preloaded CA certificates, so there is none in slot {}", place.slot);
        return Err(TlsError::Unsupported { platform: modem.profile().id, what });
    }
    while_enabled(modem, async {
        let mut present = Vec::new();
        for area in areas.iter().filter(|area| places.iter().any(|place| place.area == **area)) {
            present.extend(held(modem, *area).await?);
        }
        present.retain(|place| places.contains(place));
        for place in &present {
            tracing::info!(?place, "removing a credential");
            modem.run(DeleteCredential(*place)).await?;
        }
        Ok(present)
    })
    .await
}

/// The stores that this firmware has.
async fn areas(modem: &Modem) -> Result<Vec<CredentialArea>, TlsError> {
    let preloaded = match modem.profile().tls.preloaded_store {
        Availability::Yes => true,
        Availability::No => false,
        Availability::Probe => modem.test_form("#SSLSECCA").await?.is_some(),
    };
    let areas = [CredentialArea::Own].into_iter().chain(preloaded.then_some(CredentialArea::Preloaded));
    Ok(areas.collect())
}

async fn held(modem: &Modem, area: CredentialArea) -> Result<Vec<CredentialPlace>, TlsError> {
    let slots: Vec<CredentialSlotsStatus> = modem.run(CredentialSlots(area)).await?;
    let places = slots.iter().flat_map(|status| {
        let kinds = KINDS.into_iter().filter(|kind| status.holds(*kind));
        kinds.map(|kind| CredentialPlace { area, slot: status.slot, kind })
    });
    Ok(places.collect())
}

async fn certificate(modem: &Modem, place: CredentialPlace) -> Result<Option<Certificate>, TlsError> {
    let role = match place.kind {
        CredentialKind::CaCertificate => Credential::CaCertificate,
        CredentialKind::ClientCertificate => Credential::ClientCertificate,
        // Without <md5WhenReading> it would come over the line in clear.
        CredentialKind::PrivateKey => return Ok(None),
    };
    match modem.run(ReadCredential { place, binary: false }).await {
        Ok(lines) => Ok(parse(role, &lines)),
        // Of another secure socket, which is not enabled.
        Err(CommandError::Refused { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn parse(role: Credential, lines: &[Bytes]) -> Option<Certificate> {
    Certificate::from_pem(role, &lines.join(&b'\n')).ok()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures;
    use super::*;

    #[test]
    fn certificates_are_read_from_lines() {
        let lines: Vec<Bytes> =
            fixtures::CA.split(|byte| *byte == b'\n').map(Bytes::copy_from_slice).collect();
        let certificate = parse(Credential::CaCertificate, &lines).unwrap();
        assert_eq!(certificate.fingerprint(), fixtures::CA_SHA256);
        assert_eq!(parse(Credential::CaCertificate, &[]), None);
        assert_eq!(parse(Credential::CaCertificate, &[Bytes::from_static(b"\x30\x82")]), None);
    }
}
