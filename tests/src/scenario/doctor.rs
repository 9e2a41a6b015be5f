//! A diagnosis on a module that is not as it should be, and what is left on the module behind one. Which cause which
//! server leads to is tested with the tool.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use telit_core::commands::{EnableSockets, ListCipherSuites, ReadSetting, SocketContexts};
use telit_core::diagnosis::{Cause, Diagnosis, Finding, Step, Verdict};
use telit_core::exclusive::Service;
use telit_core::modem::ClockSource;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_core::{Category, Modem};
use telit_simulator::servers::{Authority, TestServers};
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rig::{HTTPS, Rig, module_for};

const HOST: &str = TestServers::REST_NAME;
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn usual(rig: &Rig) -> TlsOptions {
    rig.tls_builder().build().expect("they fit together")
}

/// Whoever the servers do not lead to.
fn strange(rig: &Rig) -> TlsOptions {
    let authority = Authority::new().expect("it is made");
    let ca = CaCertificate::from_pem(authority.certificate_pem().as_bytes()).expect("it is one");
    rig.tls_builder_for(ca).build().expect("they fit together")
}

async fn diagnose(rig: &Rig) -> Diagnosis {
    rig.modem.diagnose(HOST, HTTPS, usual(rig)).run().await.expect("the host can be said")
}

fn verdict(diagnosis: &Diagnosis, step: Step) -> (Verdict, &str) {
    let mut of_step = diagnosis.findings.iter().filter(|finding| finding.step == step);
    let finding = of_step.next().unwrap_or_else(|| panic!("{step} is missing: {diagnosis:#?}"));
    assert!(of_step.next().is_none(), "{step} comes twice: {diagnosis:#?}");
    (finding.verdict, &finding.text)
}

async fn with_clock(time: SystemTime, source: ClockSource) -> Diagnosis {
    let rig = Rig::start_with(|module| module.clock(time), Modem::builder().clock(source)).await;
    diagnose(&rig).await
}

#[tokio::test]
async fn a_clock_of_1980_is_set_and_told() {
    let of_1980 = UNIX_EPOCH + 10 * YEAR;
    let diagnosis = with_clock(of_1980, ClockSource::ThisComputer).await;
    assert_eq!((diagnosis.cause, diagnosis.category), (Cause::None, None), "{diagnosis:#?}");
    let told = (Verdict::Warning, "it was never set; it has been set now");
    assert_eq!(verdict(&diagnosis, Step::Clock), told);
}

#[tokio::test]
async fn a_clock_that_nobody_may_set_is_the_cause() {
    for (time, source) in [
        (UNIX_EPOCH + 10 * YEAR, ClockSource::Network),
        (SystemTime::now() + YEAR, ClockSource::ThisComputer),
    ] {
        let diagnosis = with_clock(time, source).await;
        let (cause, category) = (diagnosis.cause, diagnosis.category);
        assert_eq!((cause, category), (Cause::Clock, Some(Category::Network)), "{diagnosis:#?}");
        assert_eq!(verdict(&diagnosis, Step::Clock).0, Verdict::Failed);
        // What the clock has nothing to do with is still looked at.
        assert_eq!(verdict(&diagnosis, Step::Tcp).0, Verdict::Ok, "{diagnosis:#?}");
        assert_eq!(verdict(&diagnosis, Step::Handshake).0, Verdict::Skipped);
    }
}

#[tokio::test]
async fn a_service_on_another_port_has_tls() {
    let rig = Rig::start().await;
    let mut other = rig.module.attach_duplex();
    other.write_all(b"ATE0\rAT#SSLEN=1,1\r").await.expect("it is taken");
    let mut answers = Vec::new();
    while answers.windows(2).filter(|two| *two == b"OK").count() < 2 {
        assert!(other.read_buf(&mut answers).await.expect("it answers") > 0);
    }
    let diagnosis = diagnose(&rig).await;
    assert_eq!((diagnosis.cause, diagnosis.category), (Cause::Busy, Some(Category::Busy)), "{diagnosis:#?}");
    assert_eq!(verdict(&diagnosis, Step::TlsOwner).0, Verdict::Failed);
    assert_eq!(verdict(&diagnosis, Step::Tcp).0, Verdict::Ok, "{diagnosis:#?}");
    assert_eq!(verdict(&diagnosis, Step::Handshake).0, Verdict::Skipped);
}

#[tokio::test]
async fn a_service_of_this_program_has_tls() {
    let rig = Rig::start().await;
    let lease = rig.modem.acquire_tls(Service::Http).await.expect("nobody has it");
    let diagnosis = diagnose(&rig).await;
    assert_eq!(diagnosis.cause, Cause::Busy, "{diagnosis:#?}");
    lease.release();
    assert_eq!(diagnose(&rig).await.cause, Cause::None);
    assert_eq!(rig.modem.tls_holder(), None);
}

#[tokio::test]
async fn what_an_earlier_program_left_on_is_switched_off_and_told() {
    let rig = Rig::start().await;
    rig.modem.run(EnableSockets { socket: 1, on: true }).await.expect("it is enabled");
    let diagnosis = diagnose(&rig).await;
    assert_eq!(diagnosis.cause, Cause::None, "{diagnosis:#?}");
    let (verdict, text) = verdict(&diagnosis, Step::TlsOwner);
    assert_eq!(verdict, Verdict::Warning);
    assert!(text.starts_with("TLS was left on for the socket service"), "{text}");
}

async fn offline(configure: impl FnOnce(telit_simulator::Builder) -> telit_simulator::Builder) -> Diagnosis {
    let servers = TestServers::start().await.expect("the servers start");
    let module = configure(module_for(Platform::P37, &servers, servers.ftps().addr()));
    let module: VirtualModule = module.build().expect("the module starts");
    let builder = Modem::builder().registration_timeout(Duration::from_secs(1));
    let modem = builder.open(module.attach_duplex()).await.expect("it answers");
    let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes()).expect("it is one");
    let tls = TlsOptions::builder().ca(ca).build().expect("they fit");
    modem.diagnose(HOST, HTTPS, tls).run().await.expect("the host can be said")
}

#[tokio::test]
async fn without_a_sim_and_without_a_network_nothing_behind_is_tried() {
    let missing = offline(|module| module.sim_inserted(false)).await;
    assert_eq!((missing.cause, missing.category), (Cause::Sim, Some(Category::Refused)), "{missing:#?}");
    assert_eq!(verdict(&missing, Step::Tcp).0, Verdict::Skipped);
    let late = offline(|module| module.registration_delay(Duration::from_secs(3600))).await;
    let found = (late.cause, late.category);
    assert_eq!(found, (Cause::Registration, Some(Category::Network)), "{late:#?}");
    assert_eq!(verdict(&late, Step::Sim).0, Verdict::Ok);
    assert_eq!(verdict(&late, Step::Handshake).0, Verdict::Skipped);
}

#[tokio::test]
async fn a_module_that_goes_in_the_middle() {
    let rig = Rig::start().await;
    let module = Arc::clone(&rig.module);
    let examination = rig.modem.diagnose(HOST, HTTPS, usual(&rig)).on_finding(move |finding| {
        if finding.step == Step::Credentials {
            module.unplug();
        }
    });
    let diagnosis = examination.run().await.expect("the host can be said");
    assert_eq!(
        (diagnosis.cause, diagnosis.category),
        (Cause::NoModule, Some(Category::Link)),
        "{diagnosis:#?}"
    );
}

#[tokio::test]
async fn a_host_that_cannot_be_said_is_refused() {
    let rig = Rig::start().await;
    for host in ["a\"b.test", "a\rAT#SHDN"] {
        let refused = rig.modem.diagnose(host, HTTPS, usual(&rig)).run().await;
        assert!(refused.is_err(), "{host:?}: {refused:?}");
    }
}

/// Everything that a diagnosis may change for a while.
async fn settings(modem: &Modem) -> Vec<String> {
    settings_of(modem, 1).await
}

async fn settings_of(modem: &Modem, socket: u8) -> Vec<String> {
    modem.run(EnableSockets { socket, on: true }).await.expect("TLS is free");
    let mut held = Vec::new();
    for name in ["#SSLSECCFG", "#SSLCFG", "#SSLSECCFG2"] {
        held.push(format!("{name} {:?}", modem.run(ReadSetting { name, socket }).await.expect("it is read")));
    }
    held.push(format!("suites {:x?}", modem.run(ListCipherSuites).await.expect("they are read")));
    held.push(format!("contexts {:?}", modem.run(SocketContexts).await.expect("they are read")));
    modem.run(EnableSockets { socket, on: false }).await.expect("it is open to nobody");
    held
}

#[tokio::test]
async fn settings_are_put_back() {
    let rig = Rig::start().await;
    let before = settings(&rig.modem).await;
    let diagnosis = rig.modem.diagnose(HOST, HTTPS, strange(&rig)).run().await.expect("it can be said");
    assert_eq!(diagnosis.cause, Cause::Ca, "{diagnosis:#?}");
    let weaker = "without verifying the server: connects; closed at once, no data were sent";
    assert!(diagnosis.findings.iter().any(|finding| finding.text == weaker), "{diagnosis:#?}");
    assert_eq!(verdict(&diagnosis, Step::Settings).0, Verdict::Ok);
    assert_eq!(settings(&rig.modem).await, before);
    assert_eq!(rig.modem.tls_holder(), None);
    // No request has come over any of these connections.
    assert_eq!(rig.servers.rest().requests().len(), 0);
}

/// What is weaker is the second of the handshakes.
#[tokio::test]
async fn settings_are_put_back_behind_a_restart() {
    let fault = "reboot:command=#SSLD,nth=2".parse().expect("it is a fault");
    let rig = Rig::start_with(|module| module.fault(fault), Modem::builder()).await;
    let before = settings(&rig.modem).await;
    let examination = rig.modem.diagnose(HOST, HTTPS, strange(&rig)).connect_timeout(Duration::from_secs(1));
    let diagnosis = examination.run().await.expect("it can be said");
    let found = (diagnosis.cause, diagnosis.category);
    assert_eq!(found, (Cause::NoModule, Some(Category::Link)), "{diagnosis:#?}");
    assert_eq!(verdict(&diagnosis, Step::Settings).0, Verdict::Ok, "{diagnosis:#?}");
    assert_eq!(settings(&rig.modem).await, before);
}

/// The fourth time it is written is when it is put back.
#[tokio::test]
async fn a_setting_that_is_refused_keeps_no_other_from_being_put_back() {
    let fault = "error:command=#SSLSECCFG=1,nth=4,times=0".parse().expect("it is a fault");
    let rig = Rig::start_with(|module| module.fault(fault), Modem::builder()).await;
    let before = settings(&rig.modem).await;
    let diagnosis = rig.modem.diagnose(HOST, HTTPS, strange(&rig)).run().await.expect("it can be said");
    assert_eq!(diagnosis.cause, Cause::Ca, "{diagnosis:#?}");
    let (verdict, text) = verdict(&diagnosis, Step::Settings);
    assert_eq!(verdict, Verdict::Warning, "{diagnosis:#?}");
    assert!(text.contains("could not be put back, and may verify less than before: "), "{text}");
    rig.modem.acquire_tls(Service::Socket).await.expect("it comes back").release();
    let after = settings(&rig.modem).await;
    assert_ne!(after.first(), before.first());
    assert_eq!(after.get(1..), before.get(1..));
}

/// A socket that could not be closed in order is avoided by everybody else.
#[tokio::test]
async fn no_other_socket_is_made_weaker() {
    let fault = "error:command=#SSLEN=1,nth=10".parse().expect("it is a fault");
    let rig = Rig::start_with(|module| module.fault(fault), Modem::builder()).await;
    let before = [settings(&rig.modem).await, settings_of(&rig.modem, 2).await];
    let diagnosis = rig.modem.diagnose(HOST, HTTPS, strange(&rig)).run().await.expect("it can be said");
    assert_eq!(diagnosis.cause, Cause::Ca, "{diagnosis:#?}");
    assert_eq!([settings(&rig.modem).await, settings_of(&rig.modem, 2).await], before);
}

/// Dropped in the middle of what is weaker.
#[tokio::test]
async fn settings_are_put_back_in_the_background() {
    let rig = Rig::start().await;
    let before = settings(&rig.modem).await;
    for step in [Step::Handshake, Step::Server, Step::Attempt] {
        let (told, mut reached) = tokio::sync::mpsc::unbounded_channel();
        let told = Mutex::new(told);
        let examination =
            rig.modem.diagnose(HOST, HTTPS, strange(&rig)).on_finding(move |finding: &Finding| {
                if finding.step == step {
                    told.lock().expect("nobody panics").send(()).unwrap_or_default();
                }
            });
        tokio::select! {
            diagnosis = examination.run() => panic!("it was not dropped: {diagnosis:#?}"),
            next = reached.recv() => assert!(next.is_some()),
        }
        let lease = rig.modem.acquire_tls(Service::Socket).await.expect("it comes back");
        lease.release();
        assert_eq!(settings(&rig.modem).await, before, "dropped behind {step}");
    }
    assert_eq!(diagnose(&rig).await.cause, Cause::None);
}

/// Everybody finds the same on each platform, as far as it can.
#[tokio::test]
async fn every_platform_is_healthy() {
    crate::rig::for_each_platform(async |rig: Arc<Rig>| {
        let diagnosis = diagnose(&rig).await;
        assert_eq!(diagnosis.cause, Cause::None, "{}: {diagnosis:#?}", rig.platform.id());
    })
    .await;
}
