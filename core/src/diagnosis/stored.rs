//! What the module has stored, held against what was given.

use super::examination::{Examination, Gone, is_gone};
use super::finding::{Finding, Step};
use super::keeper::Keeper;
use crate::modem::computer_time;
use crate::tls::{Certificate, CredentialKind, StoredCredential, TlsError};

impl Examination {
    pub(super) async fn examine_credentials(&mut self, keeper: &Keeper) -> Result<(), Gone> {
        let stored = match keeper.inventory().await {
            Ok(stored) => stored,
            Err(TlsError::Command(error)) if is_gone(&error) => return Err(Gone(error.to_string())),
            Err(error) => {
                self.note(Finding::skipped(Step::Credentials, format!("they cannot be listed: {error}")));
                return Ok(());
            }
        };
        let given =
            self.tls.authorities().iter().map(|ca| (CredentialKind::CaCertificate, ca.certificate().clone()));
        let identity = self.tls.identity().map(|identity| {
            (CredentialKind::ClientCertificate, identity.certificate().certificate().clone())
        });
        let given: Vec<_> = given.chain(identity).collect();
        if given.is_empty() {
            let text = format!("none were given; the module has {}", count(stored.len()));
            self.note(Finding::ok(Step::Credentials, text));
        }
        for (kind, certificate) in given {
            self.note(compare(kind, &certificate, &stored));
        }
        Ok(())
    }
}

fn compare(kind: CredentialKind, given: &Certificate, stored: &[StoredCredential]) -> Finding {
    let of_kind = || stored.iter().filter(|stored| stored.place.kind == kind);
    let same =
        |stored: &StoredCredential| stored.certificate.as_ref().is_some_and(|held| held.der() == given.der());
    let held = if of_kind().any(same) {
        "the module has it".to_owned()
    } else {
        match of_kind().find_map(|stored| stored.certificate.as_ref()) {
            Some(other) => format!(
                "the module has another one, {}, and gets this one for the handshake",
                other.subject()
            ),
            None if of_kind().next().is_some() => "the module has one that it does not show".to_owned(),
            None => "the module has none, and gets it for the handshake".to_owned(),
        }
    };
    let (what, signed) = match kind {
        CredentialKind::ClientCertificate => ("client", format!(" of {}, its key fits", given.issuer())),
        _ => ("CA", String::new()),
    };
    let text = format!("{what} certificate {}{signed}: {held}", given.subject());
    match computer_time().map(|now| given.check_validity(now)) {
        Some(Err(error)) => {
            let error = error.to_string();
            let (wrong, remedy) = error.split_once("; ").unwrap_or((&error, "replace it"));
            Finding::failed(Step::Credentials, wrong).hint(remedy)
        }
        _ => Finding::ok(Step::Credentials, format!("{text}; valid until {}", given.last_day())),
    }
}

fn count(stored: usize) -> String {
    match stored {
        0 => "none".to_owned(),
        1 => "1 credential".to_owned(),
        more => format!("{more} credentials"),
    }
}
