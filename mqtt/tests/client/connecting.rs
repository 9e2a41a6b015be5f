use std::sync::Arc;
use std::time::Duration;

use telit_core::exclusive::{Holder, Service};
use telit_core::platform::{PlatformId, Profile, profile};
use telit_core::tls::TlsFailure;
use telit_core::{Category, CommandError, Modem};
use telit_mqtt::rules::BrokerRules;
use telit_mqtt::{
    ClientState, ConnectError, Engine, LossReason, MqttClient, MqttOptions, MqttSecurity, Publish,
    PublishError, Refusal,
};
use tokio::time::Instant;

use crate::fake::{ERROR, Fake};
use crate::{plain, secure};

const TEST_FORMS: [&str; 5] = ["AT#MQPUBSEXT=?", "AT#MQCFG=?", "AT#MQCFG2=?", "AT#MQTCFG=?", "AT#MQSUB=?"];
const UNDONE: [&str; 2] = ["AT#MQDISC=1", "AT#MQEN=1,0"];

#[tokio::test(start_paused = true)]
async fn plain_connection_line_by_line() {
    let (modem, fake) = Fake::start();
    let options =
        plain().credentials("user", "secret").keep_alive(Duration::from_secs(120)).clean_session(false);
    let client = MqttClient::connect(&modem, options.packet_timeout(Duration::from_secs(20))).await.unwrap();
    assert_eq!(client.state(), ClientState::Connected);
    assert_eq!(modem.tls_holder(), None);
    let mut expected = TEST_FORMS.to_vec();
    expected.extend([
        "AT#MQEN?",
        "AT#MQEN=1,1",
        "AT#MQCFG=1,\"broker.example\",1883,1,0",
        "AT#MQCFG2=1,120,0",
        "AT#MQTCFG=1,20",
        "AT#MQCONN=1,\"client-1\",\"user\",\"secret\"",
        "AT#MQCONN?",
        "AT#MQREAD?",
    ]);
    assert_eq!(fake.lines(), expected);
    client.disconnect().await.unwrap();
    assert_eq!(fake.lines(), UNDONE);
}

#[tokio::test(start_paused = true)]
async fn tls_is_set_up_between_the_broker_and_the_session() {
    let (modem, fake) = Fake::start();
    let client = MqttClient::connect(&modem, secure()).await.unwrap();
    assert_eq!(modem.tls_holder(), Some(Service::Mqtt));
    let lines = fake.lines();
    let at = |start: &str| {
        lines.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no {start}"))
    };
    assert_eq!(lines[at("AT#MQCFG=1")], "AT#MQCFG=1,\"broker.example\",8883,1,1,1");
    assert!(at("AT#MQEN=1,1") < at("AT#MQCFG=1"));
    for setting in ["AT#SSLSECCFG=1", "AT#SSLCFG=1", "AT#SSLSECCFG2=1"] {
        assert!(at("AT#MQCFG=1") < at(setting) && at(setting) < at("AT#MQCFG2=1"), "{setting}");
    }
    assert!(at("AT#MQCFG2=1,60,1") < at("AT#MQTCFG=1,10"));
    assert!(at("AT#MQTCFG=1,10") < at("AT#MQCONN=1,\"client-1\",\"\",\"\""));
    assert!(!lines.iter().any(|line| line.contains("MQWCFG")), "some firmware resets on it");

    client.disconnect().await.unwrap();
    assert_eq!(fake.lines(), UNDONE);
    assert_eq!(modem.tls_holder(), None);
    modem.try_acquire_tls(Service::Http).await.unwrap().release();
    assert_eq!(fake.lines(), [""; 0], "what was given back in order needs no cleaning");
}

#[tokio::test(start_paused = true)]
async fn firmware_without_the_newer_fields() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQCFG=?", "\r\n#MQCFG: (1-2),512,(1-65535),(1-6),(0-1)\r\n\r\nOK\r\n");
    let _client = MqttClient::connect(&modem, secure()).await.unwrap();
    assert!(fake.lines().contains(&"AT#MQCFG=1,\"broker.example\",8883,1,1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_brokers_refusals_by_number_and_by_text() {
    for (words, refusal, category) in [
        ("1111", Refusal::Protocol, Category::Refused),
        ("MQTT Protocol Unsupported", Refusal::Protocol, Category::Refused),
        ("1112", Refusal::Identifier, Category::Refused),
        ("MQTT Identifier Rejected", Refusal::Identifier, Category::Refused),
        ("1113", Refusal::ServerUnavailable, Category::Network),
        ("MQTT Server Unavailable", Refusal::ServerUnavailable, Category::Network),
        ("1114", Refusal::Credentials, Category::Refused),
        ("MQTT Bad Username or Password", Refusal::Credentials, Category::Refused),
        ("1115", Refusal::NotAuthorised, Category::Refused),
        ("MQTT Not Authorised", Refusal::NotAuthorised, Category::Refused),
    ] {
        let (modem, fake) = Fake::start();
        fake.answer("AT#MQCONN=", format!("\r\n+CME ERROR: {words}\r\n"));
        let error = MqttClient::connect(&modem, secure()).await.unwrap_err();
        assert_eq!((&error, error.category()), (&ConnectError::Refused { refusal }, category), "{words}");
        let lines = fake.mqtt_lines();
        assert_eq!(lines[lines.len() - 2..], UNDONE, "{words}");
        assert!(!fake.is_enabled());
        assert_eq!(modem.tls_holder(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn message_errors_count_as_well() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQCONN=", "\r\n+CMS ERROR: 1114\r\n");
    let error = MqttClient::connect(&modem, plain()).await.unwrap_err();
    assert_eq!(error, ConnectError::Refused { refusal: Refusal::Credentials });
}

#[tokio::test(start_paused = true)]
async fn failed_handshakes_are_explained() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQCONN=", "\r\n+CME ERROR: SSL error during handshake\r\n");
    let error = MqttClient::connect(&modem, secure()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { failure: TlsFailure::Handshake, .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("CA certificate"));
    assert_eq!(error.category(), Category::Network);
}

#[tokio::test(start_paused = true)]
async fn an_unnamed_failure_is_looked_up_in_the_state() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQCONN=", ERROR);
    fake.set_connection(5);
    let error = MqttClient::connect(&modem, plain()).await.unwrap_err();
    assert_eq!(error, ConnectError::NotConnected { reason: LossReason::LoginUndelivered });
}

#[tokio::test(start_paused = true)]
async fn ok_without_a_connection_is_a_failure() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQCONN?", "\r\n#MQCONN: 1,4\r\n\r\nOK\r\n");
    let error = MqttClient::connect(&modem, plain()).await.unwrap_err();
    assert_eq!(error, ConnectError::NotConnected { reason: LossReason::LoginUnanswered });
    assert!(!fake.is_enabled());
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_program_left_is_ended_first() {
    let (modem, fake) = Fake::start();
    fake.set_enabled(true);
    let _client = MqttClient::connect(&modem, plain()).await.unwrap();
    let lines = fake.mqtt_lines();
    assert_eq!(lines[TEST_FORMS.len()..][..4], ["AT#MQEN?", "AT#MQDISC=1", "AT#MQEN=1,0", "AT#MQEN=1,1"]);
}

#[tokio::test(start_paused = true)]
async fn tls_of_another_service_is_respected() {
    let (modem, fake) = Fake::start();
    let lease = modem.acquire_tls(Service::Http).await.unwrap();
    fake.lines();
    let error = MqttClient::connect(&modem, secure()).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Busy(busy) if busy.holder == Holder::Here(Service::Http)));
    assert_eq!(error.category(), Category::Busy);
    assert_eq!(fake.lines(), [""; 0]);

    let waiting = MqttClient::connect(&modem, secure().tls_wait(Duration::from_secs(60)));
    let (client, ()) = tokio::join!(waiting, async {
        tokio::time::sleep(Duration::from_secs(50)).await;
        lease.release();
    });
    assert_eq!(client.unwrap().state(), ClientState::Connected);
}

#[tokio::test(start_paused = true)]
async fn unusable_options_are_refused_before_anything_is_sent() {
    let named = |client_id: &str| MqttOptions::new("broker.example", client_id, MqttSecurity::DangerPlain);
    for (options, field) in [
        (named("a\rb"), "client identifier"),
        (named(""), "client identifier"),
        (MqttOptions::new("a\"b", "c", MqttSecurity::DangerPlain), "host"),
        (plain().credentials("u", "p\np"), "password"),
        (plain().credentials("u".repeat(200), "p".repeat(200)), "command line"),
        (plain().packet_timeout(Duration::ZERO), "packet timeout"),
    ] {
        let (modem, fake) = Fake::start();
        let error = MqttClient::connect(&modem, options).await.unwrap_err();
        assert!(
            matches!(&error, ConnectError::InvalidOption(invalid) if invalid.field() == field),
            "{error:?}"
        );
        assert_eq!(error.category(), Category::Usage);
        assert_eq!(fake.lines(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_firmwares_keep_alive_range_decides() {
    let short = Duration::from_secs(30);
    let (modem, fake) = Fake::start();
    let error = MqttClient::connect(&modem, plain().keep_alive(short)).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid keep-alive: the module takes 60 s to 3600 s");
    assert_eq!(fake.lines(), TEST_FORMS, "nothing was changed, so nothing is undone");
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQCFG2=?", "\r\n#MQCFG2: (1-2),(20-3600),(0-1)\r\n\r\nOK\r\n");
    let _client = MqttClient::connect(&modem, plain().keep_alive(short)).await.unwrap();
    assert!(fake.lines().contains(&"AT#MQCFG2=1,30,1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_firmwares_packet_timeouts_decide() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQTCFG=?", "\r\n#MQTCFG: (1-2),(1-30)\r\n\r\nOK\r\n");
    let options = plain().packet_timeout(Duration::from_secs(31));
    let error = MqttClient::connect(&modem, options).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid packet timeout: the module takes 1 s to 30 s");
    assert_eq!(fake.lines(), TEST_FORMS);
}

const NO_CLIENT: &str = "this module (platform 37) has no MQTT client of its own; let MQTT run on this computer: engine \
     auto or host (MqttOptions::engine, --engine), with TLS";

#[tokio::test(start_paused = true)]
async fn a_firmware_without_the_commands_is_told_before_anything_changes() {
    let (modem, fake) = Fake::start();
    for form in TEST_FORMS {
        fake.answer(form, ERROR);
    }
    fake.answer("AT#MQPUBS=?", ERROR);
    let error = MqttClient::connect(&modem, secure().engine(Engine::Module)).await.unwrap_err();
    assert_eq!(error, ConnectError::Unsupported { platform: PlatformId::P37 });
    assert_eq!((error.to_string().as_str(), error.category()), (NO_CLIENT, Category::Usage));
    assert_eq!(modem.tls_holder(), None);
    let changes = fake.mqtt_lines().into_iter().filter(|line| !line.contains('?')).count();
    assert_eq!(changes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_platform_without_the_commands_is_told_before_anything_is_sent() {
    let without: &'static Profile = {
        let mut profile = profile(PlatformId::P37).clone();
        profile.mqtt = None;
        Box::leak(Box::new(profile))
    };
    let (modem, fake) = Fake::start();
    let modem = Modem::from_channel(Arc::clone(modem.channel()), without);
    let error = MqttClient::connect(&modem, secure().engine(Engine::Module)).await.unwrap_err();
    assert_eq!(error.to_string(), NO_CLIENT);
    MqttClient::capabilities(&modem).await.expect_err("it has none");
    assert_eq!(fake.lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_published_is_known_before_connecting() {
    let (modem, fake) = Fake::start();
    let capabilities = MqttClient::capabilities(&modem).await.unwrap();
    assert_eq!(fake.lines(), TEST_FORMS);
    capabilities.check(&Publish::new("t", vec![0; 65_536])).unwrap();
    let error = capabilities.check(&Publish::new("t", vec![0; 65_537])).unwrap_err();
    assert_eq!(error, PublishError::TooLarge { size: 65_537, limit: 65_536 });
    assert!(capabilities.check(&Publish::new("t/#", "x")).is_err());
    let _client = MqttClient::connect(&modem, plain()).await.unwrap();
    assert!(!fake.lines().iter().any(|line| line.ends_with("=?")), "it was asked before");
}

#[tokio::test(start_paused = true)]
async fn a_silent_broker_takes_no_longer_than_allowed() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQCONN=", "");
    let start = Instant::now();
    let options = secure().connect_timeout(Duration::from_secs(70));
    let error = MqttClient::connect(&modem, options).await.unwrap_err();
    assert!(matches!(error, ConnectError::Network(CommandError::TimedOut { .. })), "{error:?}");
    assert_eq!(error.category(), Category::Network);
    let took = start.elapsed();
    assert!((70..80).contains(&took.as_secs()), "{took:?}");
    assert!(!fake.is_enabled());
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_leaves_nothing_behind() {
    for until in ["AT#MQEN=1,1", "AT#MQCFG=1", "AT#SSLSECCFG=1", "AT#MQTCFG=1", "AT#MQCONN=1", "AT#MQCONN?"] {
        let (modem, fake) = Fake::start();
        tokio::select! {
            biased;
            () = fake.saw(until) => {}
            _ = MqttClient::connect(&modem, secure()) => panic!("{until} did not come first"),
        }
        modem.acquire_tls(Service::Http).await.unwrap().release();
        let lines = fake.mqtt_lines();
        assert_eq!(lines[lines.len() - 2..], UNDONE, "{until}");
        assert!(!fake.is_enabled());
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_the_broker_would_not_take_is_not_sent() {
    let (modem, fake) = Fake::start();
    let rules = BrokerRules::new("the broker").client_id_limit(7);
    let error = MqttClient::connect(&modem, plain().rules(rules)).await.unwrap_err();
    assert_eq!(error.to_string(), "the broker takes client identifiers of at most 7 bytes, this one has 8");
    assert_eq!(error.category(), Category::Usage);
    assert_eq!(fake.lines(), [""; 0]);
}
