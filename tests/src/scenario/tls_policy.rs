//! Policies, stores and forms against real handshakes, on every platform that has them.

use telit_core::exclusive::Service;
use telit_core::platform::Availability;
use telit_core::tls::{
    self, CaCertificate, CredentialArea, CredentialFormat, CredentialKind, Provision, ProvisionOptions,
    TlsError, TlsOptions,
};
use telit_core::{Category, Modem};
use telit_https::HttpsClient;
use telit_simulator::Platform;
use telit_simulator::servers::{Authority, TestServers};

use crate::rig::{Rig, for_each_platform};

/// Whether a request over TLS succeeds.
async fn reaches(modem: &Modem, tls: TlsOptions) -> bool {
    let url = format!("https://{}/health", TestServers::REST_NAME).parse().expect("it is a URL");
    match HttpsClient::new(modem, tls).get(url).await {
        Ok(response) => {
            response.into_body().bytes(1000).await.expect("it is read");
            true
        }
        Err(error) => {
            assert_eq!(error.category(), Category::Network, "{error}");
            false
        }
    }
}

/// An authority that has signed none of the servers.
fn stranger() -> CaCertificate {
    let authority = Authority::new().expect("it is made");
    CaCertificate::from_pem(authority.certificate_pem().as_bytes()).expect("it is a CA certificate")
}

async fn prepared(rig: &Rig, options: &TlsOptions) -> Result<tls::Provisioned, TlsError> {
    let lease = rig.modem.acquire_tls(Service::Socket).await.expect("TLS is free");
    let prepared = tls::prepare(&rig.modem, &lease, options).await;
    lease.release();
    assert_eq!(rig.modem.tls_owner().await.expect("it answers"), None);
    prepared
}

#[tokio::test]
async fn the_default_list_is_offered_where_the_user_insists() {
    for platform in [Platform::P12, Platform::P20, Platform::P23] {
        let rig = Rig::start_on(platform).await;
        let insisting = rig.tls_builder().danger_platform_default_suites().build().expect("it fits");
        assert!(reaches(&rig.modem, insisting).await, "{}", platform.id());
    }
}

#[tokio::test]
async fn what_is_stored_is_listed_and_only_what_is_named_is_removed() {
    for_each_platform(|rig| async move {
        prepared(&rig, &rig.tls()).await.expect("it is set up");
        let lease = rig.modem.acquire_tls(Service::Socket).await.expect("TLS is free");
        let own = async || {
            let mut stored = tls::inventory(&rig.modem, &lease).await.expect("it is listed");
            stored.retain(|stored| stored.place.area == CredentialArea::Own);
            stored
        };
        let stored = own().await;
        let kinds: Vec<_> = stored.iter().map(|stored| stored.place.kind).collect();
        let expected =
            [CredentialKind::CaCertificate, CredentialKind::ClientCertificate, CredentialKind::PrivateKey];
        assert_eq!(kinds, expected, "{}", rig.platform.id());
        let fingerprint = stored[0].certificate.as_ref().map(tls::Certificate::fingerprint);
        assert_eq!(fingerprint, Some(rig.ca().certificate().fingerprint()));
        assert_eq!(stored[2].certificate, None);
        let removed = tls::remove(&rig.modem, &lease, &[stored[1].place]).await.expect("it is removed");
        assert_eq!(removed, [stored[1].place]);
        assert_eq!(own().await, [stored[0].clone(), stored[2].clone()]);
        lease.release();
    })
    .await;
}

#[tokio::test]
async fn binary_credentials_where_the_module_takes_them() {
    for_each_platform(|rig| async move {
        let builder = rig.tls_builder().credential_format(CredentialFormat::Der);
        let options = builder.build().expect("it fits");
        match prepared(&rig, &options).await {
            Ok(done) => {
                assert_ne!(rig.modem.profile().tls.certificate_format, Availability::No);
                assert_eq!(done.authorities, Provision::Stored);
                let again = prepared(&rig, &options).await.expect("it is set up");
                assert_eq!(again.authorities, Provision::Unchanged, "{}", rig.platform.id());
                if !matches!(rig.platform, Platform::P25Linux | Platform::P25ThreadX) {
                    assert!(reaches(&rig.modem, options).await, "{}", rig.platform.id());
                }
            }
            Err(error) => {
                assert_ne!(rig.modem.profile().tls.certificate_format, Availability::Yes);
                let expected = format!(
                    "platform {} stores credentials as PEM only; leave credential_format() (--format der) out",
                    rig.platform.id()
                );
                assert_eq!(error.to_string(), expected);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn one_of_several_authorities_is_enough_where_masks_choose() {
    for_each_platform(|rig| async move {
        let options = rig.tls_builder().ca(stranger()).build().expect("it fits");
        let id = rig.platform.id();
        match rig.platform {
            Platform::P37 | Platform::P52 => assert!(reaches(&rig.modem, options).await, "{id}"),
            Platform::P25ThreadX => {
                prepared(&rig, &options).await.expect("it is set up");
            }
            _ => {
                let error = prepared(&rig, &options).await.expect_err("it uses one");
                assert!(error.to_string().contains("uses at most 1 CA certificate at once"), "{error}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn preloaded_authorities_are_trusted_on_request_only() {
    for platform in [Platform::P37, Platform::P52] {
        let rig = Rig::start_on(platform).await;
        let mut how = ProvisionOptions::default();
        // The mask of a new module trusts the first slot. Source: M37 p922.
        how.preloaded = Some(1);
        let lease = rig.modem.acquire_tls(Service::Socket).await.expect("TLS is free");
        let stored = tls::provision_with(&rig.modem, &lease, &[rig.ca()], None, how).await;
        lease.release();
        assert_eq!(stored.expect("it is stored").authorities, Provision::Stored);
        let others = TlsOptions::builder().ca(stranger()).build().expect("it fits");
        assert!(!reaches(&rig.modem, others).await, "{}", platform.id());
        let trusted = TlsOptions::builder().preloaded_ca(1).build().expect("it fits");
        assert!(reaches(&rig.modem, trusted).await, "{}", platform.id());
    }
}
