//! The whole set-up on a platform of each layout.

use telit_core::exclusive::Service;
use telit_core::platform::PlatformId;
use telit_core::tls::{CipherPolicy, Provision, TlsOptions, apply, prepare};

use crate::script::{Scripted, Step, ask, clock, held, refuse, set, store};
use crate::{CA, CLIENT, CLIENT_KEY, CLIENT_KEY_MD5, ca, identity};

fn compatible() -> TlsOptions {
    let builder = TlsOptions::builder().ca(ca()).cipher_policy(CipherPolicy::Compatible);
    builder.danger_skip_host_check().without_server_name().build().expect("it fits")
}

/// Test forms that tell nothing.
fn quiet_forms(names: &[&str]) -> Vec<Step> {
    names.iter().map(|name| refuse(format!("AT{name}=?"), "operation not supported")).collect()
}

#[tokio::test(start_paused = true)]
async fn on_2g_there_is_no_version_command() {
    let module = Scripted::new(PlatformId::P16);
    let lease = module.lease(Service::Http).await;
    module.expect(quiet_forms(&["#SSLSECCFG", "#SSLSECDATA", "#SSLCFG"]));
    module.expect([
        set("AT#SSLEN=1,1"),
        clock(),
        set("AT#CPUMODE=2"),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,0,0"),
        set("AT#SSLSECCFG=1,6,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,0,0"),
        store("AT#SSLSECDATA=1,1,1", CA),
        ask("AT#SSLCFG?", "#SSLCFG: 1,1,300,90,100,50,0,0"),
        set("AT#SSLEN=1,0"),
    ]);
    let done = prepare(&module.modem, &lease, &compatible()).await.expect("it is set up");
    module.finish();
    assert_eq!((done.authorities, done.key), (Provision::Stored, Provision::Absent));
}

#[tokio::test(start_paused = true)]
async fn platform_12_as_the_guide_prints_its_answers() {
    let module = Scripted::new(PlatformId::P12);
    let lease = module.lease(Service::Http).await;
    // SSL guide 6.8.1, 6.8.3.1.
    module.expect([
        ask("AT#SSLSECCFG=?", "#SSLSECCFG: (1),(0-5),(0-2),(0,1)"),
        ask("AT#SSLSECCFG2=?", "#SSLSECCFG2: (1),(0-3),(0),(0),(0),(0)"),
        ask("AT#SSLSECDATA=?", "#SSLSECDATA: (1),(0-2),(0-2),(1-4095)"),
        ask("AT#SSLCFG=?", "#SSLCFG: (1),(1),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0),(0)"),
        set("AT#SSLEN=1,1"),
        clock(),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,0,0"),
        set("AT#SSLSECCFG=1,5,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,1,0"),
        held(1, 1, CA),
        ask("AT#SSLCFG?", "#SSLCFG: 1,1,300,90,100,50,0,0,0,0"),
        ask("AT#SSLSECCFG2?", "#SSLSECCFG2: 1,1,0,0,0,0"),
        set("AT#SSLSECCFG2=1,3"),
        set("AT#SSLEN=1,0"),
    ]);
    let done = prepare(&module.modem, &lease, &compatible()).await.expect("it is set up");
    module.finish();
    assert_eq!(done.authorities, Provision::Unchanged);
}

#[tokio::test(start_paused = true)]
async fn platform_23_keeps_credentials_for_each_socket() {
    let module = Scripted::new(PlatformId::P23);
    let lease = module.lease(Service::Socket).await;
    module.expect(quiet_forms(&["#SSLSECCFG", "#SSLSECCFG2", "#SSLSECDATA", "#SSLCFG"]));
    module.expect([
        clock(),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,5,1\n#SSLSECCFG: 4,0,0"),
        set("AT#SSLSECCFG=4,5,2"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,1,0\n#SSLSECDATA: 4,0,0,0"),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 4,5,2"),
        store("AT#SSLSECDATA=4,1,1", CA),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 4,5,2"),
        store("AT#SSLSECDATA=4,1,0", CLIENT),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 4,5,2"),
        store("AT#SSLSECDATA=4,1,2", CLIENT_KEY),
        ask("AT#SSLCFG?", "#SSLCFG: 4,1,300,90,100,50,0,0,0,0"),
        ask("AT#SSLSECCFG2?", "#SSLSECCFG2: 4,3,0,0,0,0"),
        set("AT#SSLSECCFG2=4,3,1"),
    ]);
    let builder = TlsOptions::builder().ca(ca()).identity(identity()).cipher_policy(CipherPolicy::Compatible);
    let options = builder.danger_skip_host_check().build().expect("it fits");
    apply(&module.modem, &lease, 4, &options).await.expect("it is set up");
    module.finish();
}

/// Test forms of a recent firmware of platform 37. Source: M37 p874-929.
fn forms_of_37() -> Vec<Step> {
    vec![
        ask("AT#SSLSECCFG=?", "#SSLSECCFG: (1-10),(0-13),(0-2),(0,1)"),
        ask("AT#SSLSECCFG2=?", "#SSLSECCFG2: (1-10),(0-4),(0,1),(0-15),(0-7),(1-4)"),
        ask("AT#SSLSECDATA=?", "#SSLSECDATA: (1-4),(0-3),(0-2),(1-4096),10,(0,1)"),
        ask(
            "AT#SSLCFG=?",
            "#SSLCFG: (1-10),(1-6),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0,1),(0,1),(0,10-1200),(0)",
        ),
        ask("AT#SSLSECCS=?", "#SSLSECCS: (1),(0-4)"),
    ]
}

#[tokio::test(start_paused = true)]
async fn platform_37_gets_a_list_and_nothing_is_written_twice() {
    let options = TlsOptions::builder().ca(ca()).identity(identity()).build().expect("it fits");
    let module = Scripted::new(PlatformId::P37);
    let lease = module.lease(Service::Mqtt).await;
    module.expect(forms_of_37());
    module.expect([
        clock(),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,0,2\n#SSLSECCFG: 2,0,0"),
        ask("AT#SSLSECCS=1", "#SSLSECCS:\nLIST1:\n01: 0x003d"),
        set("AT#SSLSECCS=1,2"),
    ]);
    let suites = ["1302", "1301", "C02F", "C030", "C02B", "C02C", "009E", "009F"];
    module.expect(suites.map(|suite| set(format!("AT#SSLSECCS=1,1,0x{suite}"))));
    module.expect([
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,1,1,1,0,1\n#SSLSECDATA: 2,0,0,0,0,0"),
        held(1, 1, CA),
        held(1, 0, CLIENT),
        held(1, 2, CLIENT_KEY_MD5.as_bytes()),
        ask("AT#SSLCFG?", "#SSLCFG:1,1,300,90,100,50,0,0,1,0,0,0"),
        set("AT#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0"),
        ask("AT#SSLSECCFG2?", "#SSLSECCFG2: 1,4,0,1,1,1"),
        set("AT#SSLSECCFG2=1,4,1,1,0,3"),
    ]);
    let done = apply(&module.modem, &lease, 1, &options).await.expect("it is set up");
    assert_eq!((done.authorities, done.key), (Provision::Unchanged, Provision::Unchanged));
    module.finish();
    let list = suites.iter().zip(1..).map(|(suite, n)| format!("{n:02}: 0x{}", suite.to_lowercase()));
    module.expect([
        clock(),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,0,2"),
        ask("AT#SSLSECCS=1", &format!("#SSLSECCS:\nLIST1:\n{}", list.collect::<Vec<_>>().join("\n"))),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,1,1,1,0,1\n+CREG: 1\n#SSLSECDATA: 2,0,0,0,0,0"),
        held(1, 1, CA),
        held(1, 0, CLIENT),
        held(1, 2, CLIENT_KEY_MD5.to_uppercase().as_bytes()),
        ask("AT#SSLCFG?", "#SSLCFG:1,1,300,90,100,50,0,0,0,0,0,0"),
        ask("AT#SSLSECCFG2?", "#SSLSECCFG2: 1,4,1,1,0,3"),
    ]);
    apply(&module.modem, &lease, 1, &options).await.expect("it is set up");
    module.finish();
}

#[tokio::test(start_paused = true)]
async fn an_address_is_sent_no_server_name() {
    let module = Scripted::new(PlatformId::P30);
    let lease = module.lease(Service::Mqtt).await;
    let builder = TlsOptions::builder().ca(ca()).cipher_policy(CipherPolicy::Compatible);
    let options = builder.build().expect("it fits").for_host("192.0.2.7");
    module.expect(quiet_forms(&["#SSLSECCFG", "#SSLSECCFG2", "#SSLSECDATA", "#SSLCFG", "#SSLSECCS"]));
    module.expect([
        clock(),
        ask("AT#SSLSECCFG?", "#SSLSECCFG: 1,13,1"),
        ask("AT#SSLSECDATA?", "#SSLSECDATA: 1,0,1,0"),
        held(1, 1, CA),
        ask("AT#SSLCFG?", "#SSLCFG: 1,1,300,90,100,50,0,0,0,0"),
        ask("AT#SSLSECCFG2?", "#SSLSECCFG2: 1,3,1,0,0,0"),
        set("AT#SSLSECCFG2=1,3,0"),
    ]);
    apply(&module.modem, &lease, 1, &options).await.expect("it is set up");
    module.finish();
}
