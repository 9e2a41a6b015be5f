//! Policies, stores and forms against real handshakes, on every platform that has them.

use telit_core::exclusive::Service;
use telit_core::socket::TlsConnector;
use telit_core::tls::{
    self, CaCertificate, CredentialArea, CredentialFormat, CredentialKind, Provision, ProvisionOptions,
    TlsError, TlsOptions,
};
use telit_core::{Category, Modem};
use telit_simulator::Platform;
use telit_simulator::servers::{Authority, TestServers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rig::{HTTPS, Rig, for_each_platform};

/// Whether a request over a TLS socket, which every platform has, succeeds.
async fn reaches(modem: &Modem, tls: TlsOptions) -> bool {
    let host = TestServers::REST_NAME;
    let mut socket = match TlsConnector::new(modem, tls).connect(host, HTTPS).await {
        Ok(socket) => socket,
        Err(error) => {
            assert_eq!(error.category(), Category::Network, "{error}");
            return false;
        }
    };
    let request = format!("GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("it is sent");
    let mut status = [0; 15];
    socket.read_exact(&mut status).await.expect("it answers");
    assert_eq!(&status, b"HTTP/1.1 200 OK");
    socket.close().await.expect("it closes in order");
    true
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
        let id = rig.platform.id();
        let builder = rig.tls_builder().credential_format(CredentialFormat::Der);
        let options = builder.build().expect("it fits");
        let done = prepared(&rig, &options).await;
        if takes_binary(rig.platform) {
            assert_eq!(done.expect("it is set up").authorities, Provision::Stored, "{id}");
            let again = prepared(&rig, &options).await.expect("it is set up");
            assert_eq!(again.authorities, Provision::Unchanged, "{id}");
            assert!(reaches(&rig.modem, options).await, "{id}");
        } else {
            let expected = format!(
                "platform {id} stores credentials as PEM only; leave credential_format() (--format der) out"
            );
            assert_eq!(done.expect_err("it takes PEM").to_string(), expected);
        }
    })
    .await;
}

/// Whether the virtual module has `<cert_format>`. Source: SSL guide 6.2, 6.5.
fn takes_binary(platform: Platform) -> bool {
    matches!(
        platform,
        Platform::P12
            | Platform::P20
            | Platform::P23
            | Platform::P25Linux
            | Platform::P25ThreadX
            | Platform::P37
    )
}

#[tokio::test]
async fn one_of_several_authorities_is_enough_where_masks_choose() {
    for_each_platform(|rig| async move {
        let options = rig.tls_builder().ca(stranger()).build().expect("it fits");
        let id = rig.platform.id();
        match rig.platform {
            Platform::P25ThreadX | Platform::P37 | Platform::P52 => {
                assert!(reaches(&rig.modem, options).await, "{id}");
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
    for platform in [Platform::P25ThreadX, Platform::P37, Platform::P52] {
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
