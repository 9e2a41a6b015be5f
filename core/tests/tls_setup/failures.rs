//! What is refused, before anything is changed or in the middle.

use std::time::Duration;

use telit_core::Category;
use telit_core::exclusive::Service;
use telit_core::platform::PlatformId;
use telit_core::tls::{
    CaCertificate, CipherPolicy, CredentialFormat, CredentialStore, ProvisionOptions, TlsError, TlsOptions,
    apply, prepare, provision, provision_with,
};

use crate::script::{Scripted, Step, ask, clock, refuse, set, silent};
use crate::{CLIENT, ca, identity};

/// Test forms of platform 37 that tell nothing.
fn quiet() -> Vec<Step> {
    ["#SSLSECCFG", "#SSLSECCFG2", "#SSLSECDATA", "#SSLCFG", "#SSLSECCS"]
        .map(|name| refuse(format!("AT{name}=?"), "operation not supported"))
        .to_vec()
}

#[tokio::test(start_paused = true)]
async fn what_the_platform_cannot_do_changes_nothing() {
    let module = Scripted::new(PlatformId::P30);
    let lease = module.lease(Service::Mqtt).await;
    let options = TlsOptions::builder().ca(ca()).build().expect("it fits");
    module.expect(quiet());
    let error = apply(&module.modem, &lease, 1, &options).await.expect_err("it has no ECDHE");
    module.finish();
    assert_eq!(error.category(), Category::Usage);
    assert!(error.to_string().contains("choose CipherPolicy::Compatible (--cipher compatible)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_certificate_of_a_server_is_no_authority() {
    let module = Scripted::new(PlatformId::P37);
    let lease = module.lease(Service::Http).await;
    module.expect([]);
    let leaf = CaCertificate::from_pem(CLIENT).expect("it is a certificate");
    let options = TlsOptions::builder().ca(leaf.clone()).build().expect("it fits");
    let error = prepare(&module.modem, &lease, &options).await.expect_err("somebody else signed it");
    assert!(error.to_string().contains("was given as a CA certificate"), "{error}");
    let error = provision(&module.modem, &lease, &[leaf], None).await.expect_err("neither is it stored");
    assert!(matches!(error, TlsError::Credential(_)), "{error}");
    module.finish();
}

#[tokio::test(start_paused = true)]
async fn more_than_there_is_room_for() {
    let module = Scripted::new(PlatformId::P30);
    let lease = module.lease(Service::Http).await;
    let other =
        CaCertificate::from_pem(include_bytes!("../credentials/self_signed.pem")).expect("a certificate");
    let builder = TlsOptions::builder().ca(ca()).ca(other.clone()).cipher_policy(CipherPolicy::Compatible);
    let options = builder.build().expect("it fits");
    module.expect(quiet());
    let error = prepare(&module.modem, &lease, &options).await.expect_err("one is the limit");
    assert_eq!(
        error.to_string(),
        "platform 30 uses at most 1 CA certificate at once; leave out CN=pinned.test,O=Test only"
    );
    let error = provision(&module.modem, &lease, &[ca(), other], None).await.expect_err("one slot");
    assert_eq!(
        error.to_string(),
        "platform 30 has room for 1 CA certificate; leave out CN=pinned.test,O=Test only"
    );
    module.finish();
}

#[tokio::test(start_paused = true)]
async fn what_the_store_does_not_take() {
    let module = Scripted::new(PlatformId::P30);
    let lease = module.lease(Service::Socket).await;
    let mut forms = quiet();
    forms[2] = ask("AT#SSLSECDATA=?", "#SSLSECDATA: (1),(0-2),(0-2),(1-1000)");
    module.expect(forms);
    let mut how = ProvisionOptions::default();
    let refused = async |how: ProvisionOptions| {
        let error = provision_with(&module.modem, &lease, &[ca()], Some(&identity()), how).await;
        error.expect_err("it does not fit").to_string()
    };
    assert!(refused(how).await.contains("but the module stores at most 1000"));
    how.format = CredentialFormat::Der;
    assert_eq!(
        refused(how).await,
        "platform 30 stores credentials as PEM only; leave credential_format() (--format der) out"
    );
    how.format = CredentialFormat::Pem;
    how.store = CredentialStore::Ram;
    assert_eq!(
        refused(how).await,
        "platform 30 keeps credentials in flash only; leave credential_store() (--ram) out"
    );
    module.finish();
}

#[tokio::test(start_paused = true)]
async fn ram_is_for_sockets() {
    let module = Scripted::new(PlatformId::P23);
    let lease = module.lease(Service::Http).await;
    module.expect(
        ["#SSLSECCFG", "#SSLSECCFG2", "#SSLSECDATA", "#SSLCFG"].map(|name| set(format!("AT{name}=?"))),
    );
    let builder = TlsOptions::builder().ca(ca()).credential_store(CredentialStore::Ram);
    let builder = builder.cipher_policy(CipherPolicy::Compatible).danger_skip_host_check();
    let error =
        prepare(&module.modem, &lease, &builder.build().expect("it fits")).await.expect_err("not for HTTP");
    assert_eq!(
        error.to_string(),
        "platform 23 keeps CA certificates in RAM for TLS sockets only, not for http; leave credential_store() (--ram) \
         out"
    );
    module.finish();
}

#[tokio::test(start_paused = true)]
async fn an_empty_preloaded_slot_is_not_trusted() {
    let module = Scripted::new(PlatformId::P37);
    let lease = module.lease(Service::Mqtt).await;
    module.expect(quiet());
    module.expect([clock(), ask("AT#SSLSECCA?", "#SSLSECCA: 1,0,1,0,,0\n#SSLSECCA: 2,0,0,0,,0")]);
    let options = TlsOptions::builder().preloaded_ca(1).preloaded_ca(2).build().expect("it fits");
    let error = apply(&module.modem, &lease, 1, &options).await.expect_err("slot 2 is empty");
    module.finish();
    assert_eq!(error, TlsError::EmptyPreloadedSlot { slot: 2 });
}

#[tokio::test(start_paused = true)]
async fn sockets_are_disabled_whatever_happens() {
    let module = Scripted::new(PlatformId::P37);
    let lease = module.lease(Service::Http).await;
    module.expect(quiet());
    module.expect([
        set("AT#SSLEN=1,1"),
        clock(),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,0,0"),
        refuse("AT#SSLSECCFG=1,0xC02F,1", "operation not supported"),
        set("AT#SSLEN=1,0"),
    ]);
    let options = TlsOptions::builder().ca(ca()).build().expect("it fits");
    let error = prepare(&module.modem, &lease, &options).await.expect_err("it is refused");
    module.finish();
    assert_eq!(error.category(), Category::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_asks_for_the_data_is_given_up() {
    let module = Scripted::new(PlatformId::P37);
    let lease = module.lease(Service::Socket).await;
    module.expect(quiet());
    let line = format!("AT#SSLSECDATA=1,1,1,{}", crate::CA.len());
    module.expect([set("AT#SSLEN=1,1"), ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,0,0"), silent(line)]);
    let began = tokio::time::Instant::now();
    let authorities = [ca()];
    let store = provision(&module.modem, &lease, &authorities, None);
    let error =
        tokio::time::timeout(Duration::from_secs(600), store).await.expect("it ends").expect_err("silence");
    assert!(matches!(&error, TlsError::Command(error) if error.is_timeout()), "{error}");
    assert!(began.elapsed() >= Duration::from_secs(60), "storing may take a minute");
}
