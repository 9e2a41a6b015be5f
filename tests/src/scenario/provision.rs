//! Credentials are stored once, and never rewritten as long as they are the same.

use std::sync::Arc;

use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::tls::{self, Provision, Provisioned, TlsOptions};

use crate::rig::{Rig, recorded, recorder};

async fn prepare(modem: &Modem, options: &TlsOptions) -> Provisioned {
    let lease = modem.acquire_tls(Service::Socket).await.expect("TLS is free");
    let provisioned = tls::prepare(modem, &lease, options).await.expect("it is set up");
    lease.release();
    provisioned
}

#[tokio::test]
async fn stored_once_then_unchanged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let transcript = folder.path().join("transcript");
    let rig = Rig::start_with(|module| module, Modem::builder().recorder(recorder(&transcript))).await;
    let options = rig.tls();
    let first = prepare(&rig.modem, &options).await;
    assert_eq!(first.authorities, Provision::Stored);
    assert_eq!(first.certificate, Provision::Stored);
    assert_eq!(first.key, Provision::Stored);
    let written = recorded(&transcript).len();
    let second = prepare(&rig.modem, &options).await;
    assert_eq!(second.authorities, Provision::Unchanged);
    assert_eq!(second.certificate, Provision::Unchanged);
    assert_eq!(second.key, Provision::Unchanged);
    let again: Vec<String> = recorded(&transcript).split_off(written);
    let flash_writes =
        ["> AT#SSLSECDATA=1,1", "> AT#SSLCFG=", "> AT#SSLSECCFG=", "> AT#SSLSECCFG2=", "> AT#SSLSECCS=1,"];
    for line in again {
        assert!(!flash_writes.iter().any(|write| line.starts_with(write)), "written again: {line}");
    }
    assert_eq!(rig.modem.tls_owner().await.expect("it answers"), None);
}

#[tokio::test]
async fn another_identity_replaces_the_old_one() {
    let rig = Rig::start().await;
    prepare(&rig.modem, &rig.tls()).await;
    let request = telit_simulator::servers::CertificateRequest::client("another");
    let other = rig.servers.authority().issue(&request).expect("it is issued");
    let identity = tls::Identity::from_pem(other.certificate_pem().as_bytes(), other.key_pem().as_bytes());
    let options =
        TlsOptions::builder().ca(rig.ca()).identity(identity.expect("they fit")).build().expect("it fits");
    let replaced = prepare(&rig.modem, &options).await;
    assert_eq!(replaced.authorities, Provision::Unchanged);
    assert_eq!(replaced.certificate, Provision::Stored);
    assert_eq!(replaced.key, Provision::Stored);
    assert_eq!(prepare(&rig.modem, &options).await.key, Provision::Unchanged);
}

#[tokio::test]
async fn no_secret_in_transcript_debug_or_errors() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let transcript = folder.path().join("transcript");
    let rig = Rig::start_with(|module| module, Modem::builder().recorder(recorder(&transcript))).await;
    let options = rig.tls();
    prepare(&rig.modem, &options).await;
    prepare(&rig.modem, &options).await;
    let key = rig.servers.client().key_pem();
    let secrets: Vec<&str> = key.lines().filter(|line| !line.starts_with("---")).collect();
    assert!(secrets.len() > 10);
    let text = std::fs::read_to_string(&transcript).expect("it was recorded");
    let shown = format!("{options:?} {:?} {:?}", rig.modem, Arc::new(rig.mqtt("thing")));
    for secret in secrets {
        assert!(!text.contains(secret), "the transcript shows the key");
        assert!(!shown.contains(secret), "Debug shows the key");
    }
}
