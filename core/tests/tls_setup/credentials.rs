//! Where credentials go, in which form, and what is left alone.

use telit_core::exclusive::Service;
use telit_core::platform::PlatformId;
use telit_core::tls::{
    CipherPolicy, CredentialFormat, CredentialStore, Provision, ProvisionOptions, TlsOptions, apply,
    inventory, provision, provision_with, remove,
};
use telit_core::tls::{CredentialArea, CredentialKind, CredentialPlace};

use crate::script::{Scripted, Step, ask, clock, held, refuse, set, store, store_binary};
use crate::{CA, CA_DER, CLIENT, CLIENT_KEY, OTHER, ca, identity};

const DATA: &str = "#SSLSECDATA: (1-4),(0-3),(0-2),(1-4096),10,(0,1)";
const WITH_FORMAT: &str = "#SSLSECCFG: (1-10),(0-13),(0-2),(0,1)";

/// Test forms of platform 37 in the order in which they are asked for.
fn forms(security: &str) -> Vec<Step> {
    let refused = |name: &str| refuse(format!("AT{name}=?"), "operation not supported");
    vec![
        ask("AT#SSLSECCFG=?", security),
        refused("#SSLSECCFG2"),
        ask("AT#SSLSECDATA=?", DATA),
        refused("#SSLCFG"),
        refused("#SSLSECCS"),
    ]
}

async fn module(platform: PlatformId) -> (Scripted, telit_core::exclusive::TlsLease) {
    let module = Scripted::new(platform);
    let lease = module.lease(Service::Socket).await;
    (module, lease)
}

#[tokio::test(start_paused = true)]
async fn an_authority_keeps_its_slot() {
    let (module, lease) = module(PlatformId::P37).await;
    module.expect(forms("#SSLSECCFG: (1-10),(0-13),(0-2)"));
    module.expect([
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,1,0\n#SSLSECDATA: 2,0,0,0\n#SSLSECDATA: 3,0,1,0"),
        held(1, 1, OTHER),
        held(3, 1, CA),
        set("AT#SSLEN=1,0"),
    ]);
    let done = provision(&module.modem, &lease, &[ca()], None).await.expect("it is there");
    module.finish();
    assert_eq!(done.authorities, Provision::Unchanged);
}

#[tokio::test(start_paused = true)]
async fn an_empty_slot_is_taken_before_another_authority_is_lost() {
    let (module, lease) = module(PlatformId::P37).await;
    module.expect(forms("#SSLSECCFG: (1-10),(0-13),(0-2)"));
    module.expect([
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,1,0\n#SSLSECDATA: 2,0,0,0"),
        held(1, 1, OTHER),
        store("AT#SSLSECDATA=2,1,1", CA),
        set("AT#SSLEN=1,0"),
    ]);
    provision(&module.modem, &lease, &[ca(), ca()], None).await.expect("it is stored once");
    module.finish();
}

#[tokio::test(start_paused = true)]
async fn keys_are_hidden_where_the_module_can() {
    let (module, lease) = module(PlatformId::P37).await;
    module.expect(forms("#SSLSECCFG: (1-10),(0-13),(0-2)"));
    module.expect([
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,1,0,0,0,0"),
        held(1, 0, OTHER),
        refuse("AT#SSLSECDATA=1,0,0", "operation not allowed"),
        store("AT#SSLSECDATA=1,1,0", CLIENT),
        store("AT#SSLSECDATA=1,1,2", CLIENT_KEY).with_tail(",,1"),
        set("AT#SSLEN=1,0"),
    ]);
    let done = provision(&module.modem, &lease, &[], Some(&identity())).await.expect("they are stored");
    module.finish();
    assert_eq!((done.authorities, done.key), (Provision::Absent, Provision::Stored));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_shown_is_replaced() {
    let (module, lease) = module(PlatformId::P37).await;
    module.expect(forms("#SSLSECCFG: (1-10),(0-13),(0-2)"));
    module.expect([
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,1,0,1,1,1"),
        held(1, 0, CLIENT),
        refuse("AT#SSLSECDATA=1,2,2", "incorrect password"),
        set("AT#SSLSECDATA=1,0,2"),
        store("AT#SSLSECDATA=1,1,2", CLIENT_KEY).with_tail(",,1"),
        set("AT#SSLEN=1,0"),
    ]);
    let done = provision(&module.modem, &lease, &[], Some(&identity())).await.expect("it is stored");
    module.finish();
    assert_eq!((done.certificate, done.key), (Provision::Unchanged, Provision::Stored));
}

/// It is the right one, but it was stored when the test form could not be read.
#[tokio::test(start_paused = true)]
async fn a_key_that_anybody_can_read_is_hidden() {
    let (module, lease) = module(PlatformId::P37).await;
    module.expect(forms("#SSLSECCFG: (1-10),(0-13),(0-2)"));
    module.expect([
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,1,0,1,0,0"),
        held(1, 0, CLIENT),
        set("AT#SSLSECDATA=1,0,2"),
        store("AT#SSLSECDATA=1,1,2", CLIENT_KEY).with_tail(",,1"),
        set("AT#SSLEN=1,0"),
    ]);
    let done = provision(&module.modem, &lease, &[], Some(&identity())).await.expect("it is stored");
    module.finish();
    assert_eq!((done.certificate, done.key), (Provision::Unchanged, Provision::Stored));
}

/// Flash wears, so a key is stored again only where that hides it.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_hidden_or_cannot_be_is_left_alone() {
    for status in ["1,1,0,1,0,1", "1,1,0,1"] {
        let (module, lease) = module(PlatformId::P37).await;
        module.expect(forms("#SSLSECCFG: (1-10),(0-13),(0-2)"));
        module.expect([
            set("AT#SSLEN=1,1"),
            ask("AT#SSLSECDATA?", &format!("#SSLSECDATA: {status}")),
            held(1, 0, CLIENT),
            held(1, 2, CLIENT_KEY),
            set("AT#SSLEN=1,0"),
        ]);
        let done = provision(&module.modem, &lease, &[], Some(&identity())).await.expect("it is there");
        module.finish();
        assert_eq!((done.certificate, done.key), (Provision::Unchanged, Provision::Unchanged));
    }
}

#[tokio::test(start_paused = true)]
async fn binary_form_is_announced_and_counted() {
    let (module, lease) = module(PlatformId::P37).await;
    let mut how = ProvisionOptions::default();
    how.format = CredentialFormat::Der;
    module.expect(forms(WITH_FORMAT));
    module.expect([
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,0,0"),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,0xC02F,1"),
        set("AT#SSLSECCFG=1,0xC02F,1,0"),
        store_binary("AT#SSLSECDATA=1,1,1", CA_DER),
        set("AT#SSLEN=1,0"),
    ]);
    provision_with(&module.modem, &lease, &[ca()], None, how).await.expect("it is stored");
    module.finish();
    // Text again: the module would take it for binary, so it is told.
    module.expect([
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,0,0"),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,0xC02F,1,0"),
        set("AT#SSLSECCFG=1,0xC02F,1,1"),
        store("AT#SSLSECDATA=1,1,1", CA),
        set("AT#SSLEN=1,0"),
    ]);
    provision(&module.modem, &lease, &[ca()], None).await.expect("it is stored");
    module.finish();
}

#[tokio::test(start_paused = true)]
async fn an_authority_in_ram_is_sent_every_time() {
    let (module, lease) = module(PlatformId::P37).await;
    let mut how = ProvisionOptions::default();
    how.store = CredentialStore::Ram;
    module.expect(forms("#SSLSECCFG: (1-10),(0-13),(0-2)"));
    for _ in 0..2 {
        module.expect([
            set("AT#SSLEN=1,1"),
            ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,0,0"),
            store("AT#SSLSECDATA=1,3,1", CA),
            set("AT#SSLEN=1,0"),
        ]);
        let done = provision_with(&module.modem, &lease, &[ca()], None, how).await.expect("it is sent");
        assert_eq!(done.authorities, Provision::Stored);
        module.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_of_platform_23_gets_its_own_authority_before_each_dial() {
    let (module, lease) = module(PlatformId::P23).await;
    let builder = TlsOptions::builder().ca(ca()).credential_store(CredentialStore::Ram);
    let builder = builder.cipher_policy(CipherPolicy::Compatible).danger_skip_host_check();
    let options = builder.build().expect("it fits");
    let forms = ["#SSLSECCFG", "#SSLSECCFG2", "#SSLSECDATA", "#SSLCFG"];
    module.expect(forms.map(|name| refuse(format!("AT{name}=?"), "operation not supported")));
    for _ in 0..2 {
        module.expect([
            clock(),
            ask("AT#SSLSECCFG?", "#SSLSECCFG: 2,5,1"),
            ask("AT#SSLSECDATA?", "#SSLSECDATA: 2,0,0,0"),
            ask("AT#SSLSECCFG?", "#SSLSECCFG: 2,5,1"),
            store("AT#SSLSECDATA=2,3,1", CA),
            ask("AT#SSLCFG?", "#SSLCFG: 2,1,300,90,100,50,0,0,0,0"),
            ask("AT#SSLSECCFG2?", "#SSLSECCFG2: 2,3,1,0,0,0"),
        ]);
        apply(&module.modem, &lease, 2, &options).await.expect("it is set up");
        module.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn an_authority_in_ram_never_stands_over_another_one_in_flash() {
    let (module, lease) = module(PlatformId::P23).await;
    let mut how = ProvisionOptions::default();
    how.store = CredentialStore::Ram;
    let forms = ["#SSLSECCFG", "#SSLSECCFG2", "#SSLSECDATA", "#SSLCFG"];
    module.expect(forms.map(|name| refuse(format!("AT{name}=?"), "operation not supported")));
    for (in_flash, outcome) in [(CA, true), (OTHER, false)] {
        module.expect([
            set("AT#SSLEN=1,1"),
            ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,1,0"),
            held(1, 1, in_flash),
            set("AT#SSLEN=1,0"),
        ]);
        let done = provision_with(&module.modem, &lease, &[ca()], None, how).await;
        module.finish();
        match done {
            Ok(done) => assert_eq!((done.authorities, outcome), (Provision::Unchanged, true)),
            Err(error) => {
                let text = error.to_string();
                assert!(!outcome && text.contains("another CA certificate in flash in slot 1"), "{text}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_inventory_reads_certificates_and_no_key() {
    let (module, lease) = module(PlatformId::P37).await;
    let preloaded = format!("#SSLSECCA: 2,1\n{}", String::from_utf8_lossy(OTHER).trim_end());
    module.expect([
        ask("AT#SSLSECCA=?", "#SSLSECCA: (1-3),(0-2),(1),(1-4095)"),
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,1,0,1,0,0\n#SSLSECDATA: 2,0,1,0,0,0"),
        held(1, 0, CLIENT),
        ask("AT#SSLSECDATA=2,2,1", "#SSLSECDATA: 2,1\nnot a certificate"),
        ask("AT#SSLSECCA?", "#SSLSECCA: 1,0,0,0,,0\n#SSLSECCA: 2,0,1,0,,0"),
        ask("AT#SSLSECCA=2,2,1", &preloaded),
        set("AT#SSLEN=1,0"),
    ]);
    let stored = inventory(&module.modem, &lease).await.expect("it is listed");
    module.finish();
    let told: Vec<_> = stored
        .iter()
        .map(|it| {
            let subject = it.certificate.as_ref().map(|certificate| certificate.subject().to_owned());
            (it.place.area, it.place.slot, it.place.kind, subject)
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                CredentialArea::Own,
                1,
                CredentialKind::ClientCertificate,
                Some("CN=device\\, 1,O=Test only".to_owned())
            ),
            (CredentialArea::Own, 1, CredentialKind::PrivateKey, None),
            (CredentialArea::Own, 2, CredentialKind::CaCertificate, None),
            (
                CredentialArea::Preloaded,
                2,
                CredentialKind::CaCertificate,
                Some("CN=expired device,O=Test only".to_owned())
            ),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn exactly_what_is_named_is_removed() {
    let (module, lease) = module(PlatformId::P30).await;
    let place = |kind| CredentialPlace { area: CredentialArea::Own, slot: 1, kind };
    let (key, authority) = (place(CredentialKind::PrivateKey), place(CredentialKind::CaCertificate));
    module.expect([
        set("AT#SSLEN=1,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,1,0,1"),
        set("AT#SSLSECDATA=1,0,2"),
        set("AT#SSLEN=1,0"),
    ]);
    assert_eq!(remove(&module.modem, &lease, &[authority, key]).await.expect("it is removed"), [key]);
    module.finish();
}
