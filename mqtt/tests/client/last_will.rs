//! A last will is left before the login, as the firmware takes it.

use std::sync::Arc;

use telit_core::platform::{Availability, PlatformId, Profile, profile};
use telit_core::{Category, Modem};
use telit_mqtt::{ClientState, ConnectError, LastWill, LossReason, MqttClient, QoS};

use crate::fake::{ERROR, Fake};
use crate::{connected, plain, secure, until};

/// What was sent from the configuration of the session to the login.
fn before_login(fake: &Fake) -> Vec<String> {
    let lines = fake.lines().into_iter().skip_while(|line| !line.starts_with("AT#MQTCFG=1")).skip(1);
    lines.take_while(|line| !line.starts_with("AT#MQCONN=1")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_will_goes_before_the_login_and_again_with_every_connection() {
    let (modem, fake) = Fake::start();
    let will = LastWill::new("meter/7", "gone").qos(QoS::ExactlyOnce).retain(true);
    let client = MqttClient::connect(&modem, secure().last_will(will)).await.unwrap();
    assert_eq!(before_login(&fake), ["AT#MQWCFG=1,1,1,2,\"meter/7\",\"gone\""]);
    client.pause().await.unwrap();
    client.resume().await.unwrap();
    assert_eq!(before_login(&fake), ["AT#MQWCFG=1,1,1,2,\"meter/7\",\"gone\""]);
}

#[tokio::test(start_paused = true)]
async fn escapes_are_on_only_while_they_are_needed() {
    let (modem, fake) = Fake::start();
    let options = plain().last_will(LastWill::new("t", "{\"on\":false}\n").qos(QoS::AtMostOnce));
    let _client = MqttClient::connect(&modem, options.clone()).await.unwrap();
    let expected = [
        "AT#SETHEXSTR?",
        "AT#SETHEXSTR=2",
        "AT#MQWCFG=1,1,0,0,\"t\",\"{\\22on\\22:false}\\0A\"",
        "AT#SETHEXSTR=0",
    ];
    assert_eq!(before_login(&fake), expected);

    let (modem, fake) = Fake::start();
    fake.answer("AT#SETHEXSTR?", "\r\n#SETHEXSTR: 2\r\n\r\nOK\r\n");
    fake.answer("AT#MQWCFG=1", "\r\nOK\r\n");
    let _client = MqttClient::connect(&modem, options).await.unwrap();
    let left_as_it_was = ["AT#SETHEXSTR?", "AT#MQWCFG=1,1,0,0,\"t\",\"{\\22on\\22:false}\\0A\""];
    assert_eq!(before_login(&fake), left_as_it_was);
}

#[tokio::test(start_paused = true)]
async fn escapes_are_off_again_after_a_refusal() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQWCFG=1", "\r\n+CME ERROR: operation not allowed\r\n");
    let error = MqttClient::connect(&modem, plain().last_will(LastWill::new("t", "\""))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid last will: the module refuses it: +CME ERROR: operation not allowed"
    );
    let lines = fake.lines();
    let after = ["AT#SETHEXSTR=0", "AT#MQDISC=1", "AT#MQEN=1,0"];
    assert_eq!(lines[lines.len() - 3..], after);
}

#[tokio::test(start_paused = true)]
async fn escapes_are_off_again_after_a_login_that_was_broken_off() {
    for silent in ["AT#SETHEXSTR=2", "AT#MQWCFG=1"] {
        let options = secure().last_will(LastWill::new("t", "\""));
        let (client, _modem, fake) = connected(options).await;
        let mut events = client.events();
        fake.answer(silent, "");
        fake.set_connection(2);
        until(&mut events, ClientState::Reconnecting(LossReason::ClosedByBroker)).await;
        fake.saw(silent).await;
        client.pause().await.unwrap();
        let lines = fake.lines();
        let last_of = |start: &str| lines.iter().rposition(|line| line.starts_with(start)).unwrap();
        assert!(last_of("AT#SETHEXSTR=0") > last_of("AT#SETHEXSTR=2"), "{lines:?}");
        assert!(!fake.takes_escapes(), "{silent}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_line_cannot_carry_is_refused_before_anything_is_sent() {
    for (will, field) in [
        (LastWill::new("t", "ü"), "payload of the last will"),
        (LastWill::new("t", vec![0xff]), "payload of the last will"),
        (LastWill::new("t", "x".repeat(1025)), "payload of the last will"),
        (LastWill::new("t", "x".repeat(400)), "command line"),
        (LastWill::new("t", "\"".repeat(130)), "command line"),
        (LastWill::new("a/+", "x"), "topic of the last will"),
        (LastWill::new("", "x"), "topic of the last will"),
        (LastWill::new("a\"b", "x"), "topic of the last will"),
        (LastWill::new("t".repeat(257), "x"), "topic of the last will"),
    ] {
        let (modem, fake) = Fake::start();
        let error = MqttClient::connect(&modem, plain().last_will(will)).await.unwrap_err();
        let ConnectError::InvalidOption(invalid) = &error else { panic!("{error:?}") };
        assert_eq!(invalid.field(), field);
        assert_eq!(fake.lines(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn firmware_that_has_no_will_or_no_escapes_is_told_before_anything_changes() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQWCFG=?", ERROR);
    let error = MqttClient::connect(&modem, plain().last_will(LastWill::new("t", "x"))).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid last will: this firmware takes none: it has no #MQWCFG");
    assert_eq!(error.category(), Category::Usage);
    assert!(fake.mqtt_lines().iter().all(|line| line.ends_with("=?")));

    let (modem, fake) = Fake::start();
    fake.answer("AT#SETHEXSTR=?", ERROR);
    let json = plain().last_will(LastWill::new("t", "{\"a\":1}"));
    let error = MqttClient::connect(&modem, json).await.unwrap_err();
    assert!(error.to_string().contains("#SETHEXSTR"), "{error}");
    assert!(fake.lines().iter().all(|line| line.ends_with("=?")));
    let _client = MqttClient::connect(&modem, plain().last_will(LastWill::new("t", "x"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_firmwares_own_limits_decide() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQWCFG=?", "\r\n#MQWCFG: (1-2),(0-1),(0-1),(0-2),10,20\r\n\r\nOK\r\n");
    let will = LastWill::new("t", "x".repeat(21));
    let error = MqttClient::connect(&modem, plain().last_will(will)).await.unwrap_err();
    let expected = "invalid payload of the last will: it has 21 bytes, the module takes at most 20";
    assert_eq!(error.to_string(), expected);
    assert!(fake.mqtt_lines().iter().all(|line| line.ends_with("=?")));
}

#[tokio::test(start_paused = true)]
async fn where_the_table_says_no_to_escapes_nobody_is_asked() {
    let without: &'static Profile = {
        let mut profile = profile(PlatformId::P37).clone();
        profile.line.hexadecimal_strings = Availability::No;
        Box::leak(Box::new(profile))
    };
    let (modem, fake) = Fake::start();
    let modem = Modem::from_channel(Arc::clone(modem.channel()), without);
    let error = MqttClient::connect(&modem, plain().last_will(LastWill::new("t", "\""))).await.unwrap_err();
    assert_eq!(error.category(), Category::Usage);
    assert!(!fake.lines().iter().any(|line| line.contains("SETHEXSTR")));
}

#[tokio::test(start_paused = true)]
async fn firmware_that_restarts_on_a_will_is_never_told_of_one() {
    let fake = Fake::named("LE910R1-EU", "M0Q.010001");
    let modem = Modem::builder().platform(PlatformId::P37).open(fake.plug_in()).await.unwrap();
    fake.lines();
    let error = MqttClient::connect(&modem, plain().last_will(LastWill::new("t", "x"))).await.unwrap_err();
    let (model, firmware) = ("LE910R1-EU".to_owned(), "M0Q.010001".to_owned());
    assert_eq!(error, ConnectError::LastWillRestarts { model, firmware });
    assert_eq!(error.category(), Category::Usage);
    assert_eq!(fake.lines(), [""; 0]);
    MqttClient::capabilities(&modem).await.unwrap();
    let _client = MqttClient::connect(&modem, plain()).await.unwrap();
    assert!(!fake.lines().iter().any(|line| line.contains("MQWCFG")));
}
