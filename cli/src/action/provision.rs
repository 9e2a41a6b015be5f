//! `telit provision`: credentials on the module, written only where they differ, listed, and removed by name.

use std::fmt::Write;
use std::str::FromStr;

use clap::Args;
use serde_json::{Value, json};
use telit_core::Modem;
use telit_core::exclusive::{Service, TlsLease};
use telit_core::tls::{
    self, CredentialArea, CredentialKind, CredentialPlace, Provision, ProvisionOptions, StoredCredential,
};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::port;

/// What is done with the module's credentials.
#[derive(Args, Debug)]
#[command(after_help = "Without --list and --remove the files of --ca, --cert and --key are stored. \
What the module holds already is not written again.")]
pub(crate) struct ProvisionArguments {
    /// List what the module holds; keys are never read
    #[arg(long)]
    list: bool,
    /// Remove this credential and no other (repeatable); the slot is 1 if it is left out
    #[arg(long, value_name = "ca|cert|key[:SLOT]|preloaded:SLOT", conflicts_with = "list")]
    remove: Vec<Place>,
    /// Replace the preloaded CA certificate in this slot with the one of --ca
    #[arg(long, value_name = "SLOT", conflicts_with_all = ["list", "remove"])]
    preloaded: Option<u8>,
}

/// One value of `--remove`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(CredentialPlace);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, slot) = match text.split_once(':') {
            Some((name, slot)) => (name, Some(slot)),
            None => (text, None),
        };
        let (area, kind) = match name {
            "ca" => (CredentialArea::Own, CredentialKind::CaCertificate),
            "cert" => (CredentialArea::Own, CredentialKind::ClientCertificate),
            "key" => (CredentialArea::Own, CredentialKind::PrivateKey),
            "preloaded" if slot.is_some() => (CredentialArea::Preloaded, CredentialKind::CaCertificate),
            _ => return Err("use ca, cert or key, with :SLOT or without, or preloaded:SLOT".to_owned()),
        };
        let slot = slot.map_or(Ok(1), str::parse).map_err(|_| "the slot is a number from 1 on".to_owned())?;
        Ok(Self(CredentialPlace { area, slot, kind }))
    }
}

pub(crate) async fn run(
    arguments: &Arguments,
    command: &ProvisionArguments,
    output: &Output,
) -> Result<(), Failure> {
    let files = &arguments.tls;
    let gives_files = !files.ca.is_empty() || files.cert.is_some() || files.key.is_some();
    if gives_files && (command.list || !command.remove.is_empty()) {
        return Err(Failure::usage("credentials are stored, listed or removed, one at a time")
            .hint("leave out --ca, --cert and --key, or --list and --remove"));
    }
    if command.list {
        return with_module(arguments, async |modem, lease| list(modem, lease, output).await).await;
    }
    if !command.remove.is_empty() {
        let places: Vec<_> = command.remove.iter().map(|place| place.0).collect();
        return with_module(arguments, async |modem, lease| remove(modem, lease, &places, output).await)
            .await;
    }
    store(arguments, command, output).await
}

async fn with_module(
    arguments: &Arguments,
    work: impl AsyncFnOnce(&Modem, &TlsLease) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let session = port::open(&arguments.global).await?;
    let lease = session.modem.try_acquire_tls(Service::Socket).await?;
    work(&session.modem, &lease).await?;
    lease.release();
    Ok(())
}

async fn store(arguments: &Arguments, command: &ProvisionArguments, output: &Output) -> Result<(), Failure> {
    let authorities = arguments.tls.authorities()?;
    let identity = arguments.tls.identity()?;
    if authorities.is_empty() && identity.is_none() {
        return Err(Failure::usage("nothing to store")
            .hint("give --ca FILE, or --cert FILE and --key FILE; or --list, or --remove"));
    }
    let mut how = ProvisionOptions::default();
    how.format = arguments.tls.credential_format();
    how.store = arguments.tls.credential_store();
    how.preloaded = command.preloaded;
    with_module(arguments, async |modem, lease| {
        let done = tls::provision_with(modem, lease, &authorities, identity.as_ref(), how).await?;
        let (ca, cert, key) = (word(done.authorities), word(done.certificate), word(done.key));
        output.result(&json!({ "ca": ca, "cert": cert, "key": key }), || {
            format!("CA certificate      {ca}\nclient certificate  {cert}\nprivate key         {key}")
        })
    })
    .await
}

fn word(outcome: Provision) -> &'static str {
    match outcome {
        Provision::Stored => "stored",
        Provision::Unchanged => "unchanged",
        _ => "absent",
    }
}

async fn list(modem: &Modem, lease: &TlsLease, output: &Output) -> Result<(), Failure> {
    let stored = tls::inventory(modem, lease).await?;
    let objects: Vec<Value> = stored.iter().map(object).collect();
    output.result(&json!({ "credentials": objects }), || match stored.is_empty() {
        true => "the module holds no credentials".to_owned(),
        false => stored.iter().map(line).collect::<Vec<_>>().join("\n"),
    })
}

async fn remove(
    modem: &Modem,
    lease: &TlsLease,
    places: &[CredentialPlace],
    output: &Output,
) -> Result<(), Failure> {
    let removed = tls::remove(modem, lease, places).await?;
    let (gone, absent): (Vec<&CredentialPlace>, Vec<_>) =
        places.iter().partition(|place| removed.contains(place));
    let objects = |places: &[&CredentialPlace]| places.iter().map(|it| named(**it)).collect::<Vec<_>>();
    output.result(&json!({ "removed": objects(&gone), "absent": objects(&absent) }), || {
        let line = |place: &CredentialPlace| {
            let word = if removed.contains(place) { "removed" } else { "absent" };
            format!("{}  {word}", name(*place))
        };
        places.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

fn object(stored: &StoredCredential) -> Value {
    let Some(certificate) = &stored.certificate else { return named(stored.place) };
    json!({
        "store": store_word(stored.place.area),
        "slot": stored.place.slot,
        "kind": kind_word(stored.place.kind),
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "not_before": certificate.first_day(),
        "not_after": certificate.last_day(),
        "sha256": certificate.fingerprint(),
    })
}

fn named(place: CredentialPlace) -> Value {
    json!({ "store": store_word(place.area), "slot": place.slot, "kind": kind_word(place.kind) })
}

fn store_word(area: CredentialArea) -> &'static str {
    if area == CredentialArea::Preloaded { "preloaded" } else { "own" }
}

fn kind_word(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::CaCertificate => "ca",
        CredentialKind::ClientCertificate => "cert",
        _ => "key",
    }
}

fn name(place: CredentialPlace) -> String {
    let kind = match (place.area, place.kind) {
        (CredentialArea::Preloaded, _) => "preloaded CA",
        (_, CredentialKind::CaCertificate) => "CA certificate",
        (_, CredentialKind::ClientCertificate) => "client certificate",
        _ => "private key",
    };
    format!("{kind:<18}  slot {}", place.slot)
}

fn line(stored: &StoredCredential) -> String {
    let mut line = name(stored.place);
    if let Some(certificate) = &stored.certificate {
        // Writing to a string cannot fail.
        write!(
            line,
            "  {}, {} to {}, SHA-256 {}",
            certificate.subject(),
            certificate.first_day(),
            certificate.last_day(),
            certificate.fingerprint()
        )
        .unwrap_or_default();
    } else if stored.place.kind != CredentialKind::PrivateKey {
        line.push_str("  cannot be read");
    }
    line
}
