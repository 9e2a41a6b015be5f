//! Starts with several commands on a line, and with a stored profile: what goes over the line, and what happens where a
//! module refuses that, differs or is another one.

use telit_core::Modem;
use telit_core::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};
use telit_core::driver::Recorder;
use telit_core::exclusive::Service;
use telit_core::modem::{ModemBuilder, StoredProfile};
use telit_core::tls;
use telit_mqtt::{MqttClient, QoS};
use telit_simulator::{Platform, Quirk, VirtualModule};
use tokio::time::{Duration, sleep};

use crate::rig::{Lines, Rig};

fn quick(lines: &Lines) -> ModemBuilder {
    Modem::builder().apn("iot.test").chains(true).powered_on().recorder(Recorder::new(lines.clone()))
}

/// The module is switched off and on, and everything starts again.
async fn start(module: &VirtualModule, builder: ModemBuilder) -> Modem {
    module.reboot();
    sleep(Duration::from_millis(100)).await;
    let modem = builder.open(module.attach_duplex()).await.expect("the module answers");
    modem.bring_up().await.expect("it comes on line");
    modem
}

/// A module whose clock and credentials are set, and what was found out of it.
async fn provisioned() -> (Rig, StoredProfile) {
    provisioned_with(&[]).await
}

async fn provisioned_with(quirks: &[Quirk]) -> (Rig, StoredProfile) {
    let module = |builder: telit_simulator::Builder| {
        let builder = builder.start_up(Duration::from_millis(1)).network_time(true);
        quirks.iter().fold(builder, |builder, quirk| builder.quirk(*quirk))
    };
    let rig = Rig::start_with(module, Modem::builder().chains(true)).await;
    publish(&rig, &rig.modem).await;
    let profile = rig.modem.stored_profile().await.expect("it tells its number");
    let profile = profile.to_string().parse().expect("it is text");
    (rig, profile)
}

async fn publish(rig: &Rig, modem: &Modem) {
    let client = MqttClient::connect(modem, rig.mqtt("thing-1")).await.expect("it connects");
    let published = rig.servers.broker().messages().len();
    client.publish("t/1", "hello", QoS::AtLeastOnce).await.expect("it is acknowledged");
    rig.servers.broker().wait_for_messages(published + 1).await;
    client.disconnect().await.expect("it disconnects");
}

const GREETING: &str = "ATE0V1Q0+CMEE=2;#CGMM;#CGMR;#CGSN";
const BRING_UP: &str = "+CPIN?;+CGDCONT?;+CEREG?;#SGACT?";
const LEFTOVERS: &str = "#MQEN?;#HTTPCFG?;#FTPCFG?;#SSLEN?";
const CLIENT: &str = "AT#MQEN=1,1;#MQCFG=1,\"broker.test\",8883,1,1,1;#MQCFG2=1,60,1;#MQTCFG=1,10";
const READS: [&str; 3] = ["#SSLSECCFG?;#SSLSECCS=1;#SSLSECDATA?", "#SSLCFG?;#SSLSECCFG2?;#MQEN?", ""];
const CREDENTIALS: &str = "#SSLSECDATA=1,2,1;#SSLSECDATA=1,2,0;#SSLSECDATA=1,2,2";
const LOGIN: &str = "AT#MQCONN=1,\"thing-1\",\"\",\"\";#MQCONN?;#MQREAD?";
const END: [&str; 3] = ["AT#MQPUBS=1,\"t/1\",0,1,\"[redacted]\"", "AT#MQDISC=1", "AT#MQEN=1,0"];

#[tokio::test]
async fn a_warm_start_asks_eight_times() {
    let (rig, _) = provisioned().await;
    let lines = Lines::default();
    let modem = start(&rig.module, quick(&lines)).await;
    publish(&rig, &modem).await;
    let [first, last, _] = READS;
    let forms = "#MQPUBSEXT=?;#MQCFG=?;#MQCFG2=?;#MQTCFG=?;#MQSUB=?;#SSLSECCFG=?;#SSLSECCFG2=?;#SSLSECDATA=?;\
                 #SSLCFG=?;#SSLSECCS=?;+CCLK?";
    let expected = [
        GREETING,
        &format!("AT{BRING_UP}"),
        "AT#SGACT=1,1",
        &format!("AT{LEFTOVERS};{forms}"),
        &format!("{CLIENT};{first};{last}"),
        &format!("AT{CREDENTIALS}"),
        LOGIN,
    ];
    assert_eq!(lines.take(), [&expected[..], &END].concat());
}

#[tokio::test]
async fn a_warm_start_with_a_stored_profile_asks_five_times() {
    let (rig, profile) = provisioned().await;
    let lines = Lines::default();
    let modem = start(&rig.module, quick(&lines).stored_profile(profile)).await;
    publish(&rig, &modem).await;
    let [first, last, _] = READS;
    let expected = [
        &format!("{GREETING};{BRING_UP};+CCLK?;{LEFTOVERS}"),
        "AT#SGACT=1,1",
        &format!("{CLIENT};{first};{CREDENTIALS};{last}"),
        LOGIN,
    ];
    assert_eq!(lines.take(), [&expected[..], &END].concat());
}

#[tokio::test]
async fn a_difference_is_found_and_only_that_is_written() {
    let (rig, profile) = provisioned().await;
    // Somebody else has switched the check of names off, and has put another CA certificate in place of ours.
    let other = rig.servers.client().certificate_pem().to_owned();
    let port = rig.modem.channel();
    for line in ["AT#SSLEN=1,1", "AT#SSLCFG=1,1,300,90,100,50,0,0,1,0,0,0", "AT#SSLSECDATA=1,0,1"] {
        raw(port.as_ref(), line).await;
    }
    let place = telit_core::commands::CredentialPlace {
        area: telit_core::commands::CredentialArea::Own,
        slot: 1,
        kind: telit_core::commands::CredentialKind::CaCertificate,
    };
    let data = other.replace("\r\n", "\n").into_bytes().into();
    let store = telit_core::commands::StoreCredential { place, data, binary: false, ram: false, fields: 4 };
    rig.modem.run(store).await.expect("it is stored");
    raw(port.as_ref(), "AT#SSLEN=1,0").await;
    let lines = Lines::default();
    let modem = start(&rig.module, quick(&lines).stored_profile(profile)).await;
    publish(&rig, &modem).await;
    let written: Vec<String> = lines.take().into_iter().filter(|line| line.starts_with("AT#SSL")).collect();
    assert_eq!(
        written,
        [
            "AT#SSLSECCFG?",
            // The other one stays where it is, and is not trusted.
            &format!("AT#SSLSECDATA=2,1,1,{}", rig.servers.authority().certificate_pem().len()),
            "AT#SSLSECDATA=1,2,0",
            "AT#SSLSECDATA=1,2,2",
            "AT#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0",
            "AT#SSLSECCFG2=1,4,1,2,0,3",
        ]
    );
}

async fn raw(port: &dyn telit_core::driver::AtChannel, line: &str) {
    use telit_core::at::{CommandLine, Exchange, Expect};
    let line = CommandLine::verbatim(line).expect("it is one");
    port.execute(Exchange::new(line, Expect::result())).await.expect("it is taken");
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_line_is_made_good() {
    let (rig, profile) = provisioned().await;
    raw(rig.modem.channel().as_ref(), "AT#SSLEN=1,1").await;
    let lines = Lines::default();
    // What is left enabled is found by the first line, and switched off before the client is created.
    let modem = start(&rig.module, quick(&lines).stored_profile(profile)).await;
    publish(&rig, &modem).await;
    let sent = lines.take();
    assert!(sent.contains(&"AT#SSLEN=1,0".to_owned()), "{sent:?}");
    // And one that is in the way only when the line runs.
    let client = MqttClient::connect(&modem, rig.mqtt("thing-2")).await.expect("it connects");
    client.disconnect().await.expect("it disconnects");
    lines.take();
    let module = rig.module.as_ref();
    drop(modem);
    let modem = start(module, quick(&lines)).await;
    let lease = modem.acquire_tls(Service::Mqtt).await.expect("nobody has it");
    lease.release();
    raw(modem.channel().as_ref(), "AT#SSLEN=1,1").await;
    lines.take();
    let failed = MqttClient::connect(&modem, rig.mqtt("thing-3")).await;
    let sent = lines.take();
    assert!(failed.is_err(), "the socket is enabled for somebody else");
    let line =
        sent.iter().position(|line| line.starts_with("AT#MQEN=1,1;")).expect("it is tried on one line");
    assert_eq!(
        &sent[line + 1..],
        [
            "AT#MQEN?",
            "AT#MQDISC=1",
            "AT#MQEN=1,0",
            "AT#MQEN=1,1",
            "AT#MQCFG=1,\"broker.test\",8883,1,1,1",
            "AT#MQDISC=1",
            "AT#MQEN=1,0"
        ],
        "what was done of it is undone, then each command is alone"
    );
}

#[tokio::test]
async fn the_profile_of_another_module_does_not_count() {
    let (rig, profile) = provisioned().await;
    let text = profile.to_string();
    let serial = text.lines().find_map(|line| line.strip_prefix("serial ")).expect("it has one");
    for (from, to) in [(format!("serial {serial}"), "serial 1"), ("firmware M0C".to_owned(), "firmware M0B")]
    {
        let other = text.replace(&from, to).parse().expect("it is one");
        let lines = Lines::default();
        let modem = start(&rig.module, quick(&lines).stored_profile(other)).await;
        publish(&rig, &modem).await;
        let sent = lines.take();
        assert!(sent.iter().any(|line| line.contains("#SSLSECCFG2=?")), "asked anew: {sent:?}");
        assert!(sent.contains(&format!("AT{CREDENTIALS}")), "{sent:?}");
    }
}

#[tokio::test]
async fn modules_that_do_not_take_several_commands_get_one_after_the_other() {
    for quirk in [Quirk::ChainsRefused, Quirk::ChainsCut] {
        let (rig, profile) = provisioned_with(&[quirk]).await;
        assert!(profile.to_string().contains("chains false"), "{quirk:?}: {profile}");
        let lines = Lines::default();
        let modem = start(&rig.module, quick(&lines).stored_profile(profile)).await;
        publish(&rig, &modem).await;
        let sent = lines.take();
        assert!(sent.iter().all(|line| !line.contains(';')), "{quirk:?}: it is known: {sent:?}");
        let modem = start(&rig.module, quick(&lines)).await;
        publish(&rig, &modem).await;
        let tried = lines.take().into_iter().filter(|line| line.contains(';')).count();
        assert!((1..=3).contains(&tried), "{quirk:?}: {tried} lines");
    }
}

#[tokio::test]
async fn every_platform_starts_whether_it_takes_several_commands_or_not() {
    for platform in Platform::ALL {
        for quirk in [None, Some(Quirk::ChainsRefused), Some(Quirk::ChainsCut)] {
            let module = |builder: telit_simulator::Builder| match quirk {
                Some(quirk) => builder.quirk(quirk),
                None => builder,
            };
            let builder = Modem::builder().chains(true).powered_on();
            let rig = Rig::start_on_with(platform, module, builder).await;
            let lease = rig.modem.acquire_tls(Service::Http).await;
            let lease = lease.unwrap_or_else(|error| panic!("{platform} {quirk:?}: {error}"));
            let first = tls::prepare(&rig.modem, &lease, &rig.tls()).await;
            let first = first.unwrap_or_else(|error| panic!("{platform} {quirk:?}: {error}"));
            let again = tls::prepare(&rig.modem, &lease, &rig.tls()).await;
            let again = again.unwrap_or_else(|error| panic!("{platform} {quirk:?}: {error}"));
            assert_eq!(first.authorities, tls::Provision::Stored, "{platform} {quirk:?}");
            assert_eq!(again.authorities, tls::Provision::Unchanged, "{platform} {quirk:?}");
            lease.release();
        }
    }
}

/// Reads one setting.
struct Read(&'static str);

impl Read {
    fn line(&self) -> Exchange {
        Exchange::new(CommandLine::read(self.0), Expect::lines(self.0)).effect(Effect::Query)
    }
}

impl Command for Read {
    type Response = usize;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(self.line())
    }

    fn parse(&self, reply: &Reply) -> Result<usize, UnexpectedReply> {
        Ok(reply.lines().len())
    }
}

/// Meanwhile another channel of the module may have changed them.
#[tokio::test]
async fn settings_of_tls_that_were_read_before_a_lease_are_read_again() {
    let (rig, _) = provisioned().await;
    let lines = Lines::default();
    let modem = start(&rig.module, quick(&lines)).await;
    // What earlier owners may have left is asked for once.
    modem.acquire_tls(Service::Http).await.expect("nobody has TLS").release();
    let (tls, other) = (Read("#SSLEN"), Read("+CGDCONT"));
    modem.look_ahead(&[tls.line(), other.line()]).await.expect("it answers");
    let lease = modem.acquire_tls(Service::Http).await.expect("nobody has TLS");
    lines.take();
    modem.run(Read("+CGDCONT")).await.expect("it was read");
    assert_eq!(lines.take(), [""; 0]);
    modem.run(Read("#SSLEN")).await.expect("it is read");
    assert_eq!(lines.take(), ["AT#SSLEN?"]);
    lease.release();
}
