//! Bring-up against a scripted module: what must never happen twice, and which clock is trusted.
#![cfg(feature = "mock")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use telit_core::at::{Command, ModuleError, Reply};
use telit_core::commands::SetClock;
use telit_core::driver::MockAtChannel;
use telit_core::modem::{BringUpError, ClockCheck, ClockError, ClockSource, ModemBuilder};
use telit_core::platform::{Generation, PlatformId, profile};
use telit_core::{Category, CommandError, Modem, Outcome};

type Log = Arc<Mutex<Vec<String>>>;

/// A channel that answers by the command line and keeps what was sent.
fn channel(
    answer: impl Fn(&str) -> Result<Vec<String>, &'static str> + Send + Sync + 'static,
) -> (MockAtChannel, Log) {
    let sent = Log::default();
    let mut channel = MockAtChannel::new();
    let log = Arc::clone(&sent);
    channel.expect_execute().returning(move |exchange| {
        let line = String::from_utf8_lossy(exchange.line().as_bytes()).into_owned();
        let name = exchange.line().name().to_owned();
        let result = answer(&line);
        log.lock().expect("one thread").push(line);
        match result {
            Ok(lines) => Ok(Reply::new(lines.iter().map(String::as_str), "")),
            Err(text) => Err(CommandError::Refused { command: name, error: ModuleError::equipment(text) }),
        }
    });
    (channel, sent)
}

fn builder_modem(channel: MockAtChannel) -> Modem {
    Modem::from_channel(Arc::new(channel), profile(PlatformId::P37))
}

fn opened(channel: MockAtChannel, builder: ModemBuilder) -> Modem {
    builder.on_channel(Arc::new(channel), profile(PlatformId::P37))
}

fn clock_text(time: SystemTime) -> String {
    let exchange = SetClock(time).exchange().expect("it encodes");
    let line = String::from_utf8_lossy(exchange.line().as_bytes()).into_owned();
    line.replace("AT+CCLK=", "+CCLK: ")
}

#[tokio::test]
async fn a_missing_pin_is_named() {
    let (channel, sent) = channel(|_| Ok(vec!["+CPIN: SIM PIN".to_owned()]));
    let error = builder_modem(channel).bring_up().await.expect_err("no PIN was given");
    assert_eq!(error.to_string(), "the SIM cannot be used: it asks for its PIN, and none was given");
    assert_eq!(*sent.lock().expect("one thread"), ["AT+CPIN?"]);
}

/// A module whose clock shows `shown` until it is set, and then what it was set to.
fn clock(shown: String, takes: bool) -> (MockAtChannel, Log) {
    let held = Arc::new(Mutex::new(shown));
    channel(move |line| {
        let mut held = held.lock().expect("one thread");
        match line.strip_prefix("AT+CCLK=") {
            Some(time) if takes => *held = format!("+CCLK: {time}"),
            _ if line.starts_with("AT#NTP=") => *held = clock_text(SystemTime::now()),
            _ => return Ok(vec![held.clone()]),
        }
        Ok(Vec::new())
    })
}

const NEVER_SET: &str = "+CCLK: \"80/01/06,00:00:10+00\"";
const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[tokio::test]
async fn a_clock_that_was_never_set_is_set_and_read_back() {
    let (channel, sent) = clock(NEVER_SET.to_owned(), true);
    assert_eq!(builder_modem(channel).ensure_clock().await.expect("it is set"), ClockCheck::Set);
    let sent = sent.lock().expect("one thread");
    assert_eq!((sent[0].as_str(), sent[2].as_str(), sent.len()), ("AT+CCLK?", "AT+CCLK?", 3));
    assert!(sent[1].starts_with("AT+CCLK=\"2"), "{}", sent[1]);
}

#[tokio::test]
async fn the_time_is_that_of_whoever_was_named_to_know_it() {
    const MIDNIGHT: Duration = Duration::from_secs(1_767_225_600);
    let (channel, sent) = clock(NEVER_SET.to_owned(), true);
    let builder = Modem::builder().computer_time(|| SystemTime::UNIX_EPOCH + MIDNIGHT);
    assert_eq!(opened(channel, builder).ensure_clock().await.expect("it is set"), ClockCheck::Set);
    assert_eq!(sent.lock().expect("one thread")[1], "AT+CCLK=\"26/01/01,00:00:00+00\"");
}

#[tokio::test]
async fn a_clock_that_does_not_take_the_time_is_noticed() {
    let (channel, _) = clock(NEVER_SET.to_owned(), false);
    let error = builder_modem(channel).ensure_clock().await.expect_err("it stays unset");
    assert_eq!(error.to_string(), "the module's clock is not set, and setting it had no effect");
    assert_eq!(error.category(), Category::Network);
}

#[tokio::test]
async fn a_clock_that_took_another_time_is_set_once_more() {
    const MIDNIGHT: Duration = Duration::from_secs(1_767_225_600);
    let held = Mutex::new(NEVER_SET.to_owned());
    let misheard = Mutex::new(true);
    let (channel, sent) = channel(move |line| {
        let mut held = held.lock().expect("one thread");
        if let Some(time) = line.strip_prefix("AT+CCLK=") {
            let first = std::mem::take(&mut *misheard.lock().expect("one thread"));
            let time = if first { time.replace("26/01/01", "26/01/11") } else { time.to_owned() };
            *held = format!("+CCLK: {time}");
            return Ok(Vec::new());
        }
        Ok(vec![held.clone()])
    });
    let modem = opened(channel, Modem::builder().computer_time(|| SystemTime::UNIX_EPOCH + MIDNIGHT));
    assert_eq!(modem.ensure_clock().await.expect("it is set"), ClockCheck::Set);
    let set = "AT+CCLK=\"26/01/01,00:00:00+00\"";
    assert_eq!(*sent.lock().expect("one thread"), ["AT+CCLK?", set, "AT+CCLK?", set, "AT+CCLK?"]);
}

#[tokio::test]
async fn a_clock_that_is_right_is_left_alone() {
    let (channel, sent) = clock(clock_text(SystemTime::now()), true);
    assert_eq!(builder_modem(channel).ensure_clock().await.expect("it is read"), ClockCheck::Right);
    assert_eq!(*sent.lock().expect("one thread"), ["AT+CCLK?"]);
}

#[tokio::test]
async fn a_clock_is_moved_forward_but_never_back() {
    let (behind, _) = clock(clock_text(SystemTime::now() - YEAR), true);
    assert_eq!(builder_modem(behind).ensure_clock().await.expect("it is set"), ClockCheck::Set);
    let (ahead, sent) = clock(clock_text(SystemTime::now() + YEAR), true);
    let error = builder_modem(ahead).ensure_clock().await.expect_err("neither is certain");
    assert!(matches!(error, ClockError::Disagreement { .. }), "{error}");
    assert_eq!(*sent.lock().expect("one thread"), ["AT+CCLK?"]);
}

#[tokio::test]
async fn a_time_server_settles_it() {
    for shown in [NEVER_SET.to_owned(), clock_text(SystemTime::now() + YEAR)] {
        let (channel, sent) = clock(shown, true);
        let modem = opened(channel, Modem::builder().time_server("time.test", 123));
        assert_eq!(modem.ensure_clock().await.expect("it is set"), ClockCheck::Set);
        assert_eq!(sent.lock().expect("one thread")[1], "AT#NTP=\"time.test\",123,1,10");
    }
}

#[tokio::test]
async fn with_the_networks_time_nothing_else_sets_the_clock() {
    let network = || Modem::builder().clock(ClockSource::Network);
    let (channel, sent) = clock(NEVER_SET.to_owned(), true);
    let error = opened(channel, network()).ensure_clock().await.expect_err("nothing has come yet");
    assert_eq!(error.to_string(), "the module's clock is not set, and the network has not sent the time yet");
    assert_eq!(*sent.lock().expect("one thread"), ["AT+CCLK?"]);
    let (channel, _) = clock(clock_text(SystemTime::now() - YEAR), true);
    opened(channel, network()).ensure_clock().await.expect_err("it contradicts this computer's");
    let (channel, _) = clock(clock_text(SystemTime::now()), true);
    assert_eq!(opened(channel, network()).ensure_clock().await, Ok(ClockCheck::Right));
}

#[tokio::test]
async fn a_pin_is_sent_once_however_often_bring_up_is_called() {
    let (host, mut module) = tokio::io::duplex(4096);
    let opening = tokio::spawn(Modem::builder().pin("4711").platform(PlatformId::P37).open(host));
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    tokio::spawn(async move {
        use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
        let (reader, mut writer) = tokio::io::split(&mut module);
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\r', &mut line).await.is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            line.clear();
            let answer = match text.as_str() {
                "AT+CMEE?" => "\r\n+CMEE: 2\r\n\r\nOK\r\n",
                "AT+CGMM" | "AT+CGMR" => "\r\nx\r\n\r\nOK\r\n",
                "AT+CPIN?" => "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n",
                text if text.starts_with("AT+CPIN=") => "\r\n+CME ERROR: incorrect password\r\n",
                _ => "\r\nOK\r\n",
            };
            seen.lock().expect("no panic").push(text);
            writer.write_all(answer.as_bytes()).await.expect("the host reads");
        }
    });
    let modem = opening.await.expect("it runs").expect("it opens");
    let refused = modem.bring_up().await.expect_err("the PIN is wrong");
    assert!(refused.to_string().contains("the PIN was refused"), "{refused}");
    for _ in 0..3 {
        modem.bring_up().await.expect_err("it is not tried again");
    }
    let pins = log.lock().expect("no panic").iter().filter(|line| line.starts_with("AT+CPIN=")).count();
    assert_eq!(pins, 1);
}

/// A registered module of a platform with nothing set up; `extra` answers first.
fn fresh(
    platform: PlatformId,
    builder: ModemBuilder,
    extra: &'static [(&'static str, &'static [&'static str])],
) -> (Modem, Log) {
    let (channel, sent) = channel(move |line| {
        let lines = |lines: &[&str]| Ok(lines.iter().map(|line| (*line).to_owned()).collect());
        if let Some((_, answer)) = extra.iter().find(|(command, _)| *command == line) {
            return lines(answer);
        }
        match line {
            "AT+CPIN?" => lines(&["+CPIN: READY"]),
            "AT+CEREG?" => lines(&["+CEREG: 0,1"]),
            "AT+CGREG?" => lines(&["+CGREG: 0,1"]),
            "AT+CGATT?" => lines(&["+CGATT: 1"]),
            _ => lines(&[]),
        }
    });
    (builder.on_channel(Arc::new(channel), profile(platform)), sent)
}

#[tokio::test]
async fn each_platform_is_asked_only_for_what_it_has() {
    let lte: &[&str] =
        &["AT+CPIN?", "AT+CGDCONT?", "AT+CGDCONT=1,\"IP\",\"iot\"", "AT+CEREG?", "AT#SGACT?", "AT#SGACT=1,1"];
    let older: &[&str] = &[
        "AT+CPIN?",
        "AT+CGDCONT?",
        "AT+CGDCONT=1,\"IP\",\"iot\"",
        "AT+CGREG?",
        "AT+CGATT?",
        "AT#SGACT?",
        "AT#SGACT=1,1",
    ];
    for platform in PlatformId::ALL {
        let (modem, sent) = fresh(platform, Modem::builder().apn("iot"), &[]);
        modem.bring_up().await.expect("it comes on line");
        let mut sent = sent.lock().expect("one thread").clone();
        sent.retain(|line| line != "AT#PROTOCOLCFG?");
        let expected = match profile(platform).generation {
            Generation::G4 => lte,
            _ => older,
        };
        assert_eq!(sent, expected, "{platform}");
    }
}

#[tokio::test]
async fn a_module_that_is_not_attached_is_attached() {
    let (modem, sent) = fresh(PlatformId::P12, Modem::builder(), &[("AT+CGATT?", &["+CGATT: 0"])]);
    modem.bring_up().await.expect("it comes on line");
    let sent = sent.lock().expect("one thread");
    assert_eq!(sent[4..6], ["AT+CGATT?", "AT+CGATT=1"]);
}

#[tokio::test]
async fn another_context_is_tied_to_a_socket_and_to_the_protocols() {
    const SOCKETS: &[&str] = &["#SCFG: 1,1,300,90,600,50", "#SCFG: 6,2,300,90,600,50"];
    const PROTOCOLS: &[&str] =
        &["#PROTOCOLCFG: \"FTP\",1,0,0,0", "#PROTOCOLCFG: \"SSL\",3,0,0,0", "#PROTOCOLCFG: \"SMTP\",1,0,0,0"];
    const ANSWERS: &[(&str, &[&str])] = &[("AT#SCFG?", SOCKETS), ("AT#PROTOCOLCFG?", PROTOCOLS)];
    let (modem, sent) = fresh(PlatformId::P25ThreadX, Modem::builder().context_id(3), ANSWERS);
    modem.bring_up().await.expect("it comes on line");
    let sent = sent.lock().expect("one thread");
    assert_eq!(
        sent[3..7],
        ["AT#SCFG?", "AT#SCFG=6,3,300,90,600,50", "AT#PROTOCOLCFG?", "AT#PROTOCOLCFG=\"FTP\",3"]
    );
}

#[tokio::test]
async fn a_context_that_does_not_exist_is_refused_before_anything_is_stored() {
    let (modem, sent) = fresh(PlatformId::P12, Modem::builder().context_id(7).apn("iot"), &[]);
    let error = modem.bring_up().await.expect_err("there are five");
    assert_eq!(error.to_string(), "platform 12 has the contexts 1 to 5, not 7");
    assert_eq!(error.category(), Category::Usage);
    assert_eq!(*sent.lock().expect("one thread"), ["AT+CPIN?"]);
}

#[tokio::test]
async fn without_an_access_point_name_the_module_keeps_its_own() {
    const DEFINED: &[(&str, &[&str])] = &[("AT+CGDCONT?", &["+CGDCONT: 1,\"IP\",\"its.own\",\"\",0,0"])];
    for (answers, expected) in
        [(DEFINED, ["AT+CGDCONT?", "AT+CEREG?"]), (&[], ["AT+CGDCONT?", "AT+CGDCONT=1,\"IP\",\"\""])]
    {
        let (modem, sent) = fresh(PlatformId::P30, Modem::builder(), answers);
        modem.bring_up().await.expect("it comes on line");
        assert_eq!(sent.lock().expect("one thread")[1..3], expected);
    }
}

#[tokio::test]
async fn a_context_that_is_refused_because_no_socket_refers_to_it_is_tied_to_one() {
    let (channel, sent) = channel({
        let tied = Mutex::new(false);
        move |line| {
            let mut tied = tied.lock().expect("one thread");
            *tied |= line.starts_with("AT#SCFG=");
            match line {
                "AT+CPIN?" => Ok(vec!["+CPIN: READY".to_owned()]),
                "AT+CEREG?" => Ok(vec!["+CEREG: 0,1".to_owned()]),
                "AT#SCFG?" => Ok(vec!["#SCFG: 1,2,300,90,600,50".to_owned()]),
                "AT#SGACT=1,1" if !*tied => Err(""),
                _ => Ok(Vec::new()),
            }
        }
    });
    Modem::builder()
        .on_channel(Arc::new(channel), profile(PlatformId::P37))
        .bring_up()
        .await
        .expect("it works");
    let sent = sent.lock().expect("one thread");
    assert_eq!(sent[5..], ["AT#SGACT=1,1", "AT#SCFG?", "AT#SCFG=1,1,300,90,600,50", "AT#SGACT=1,1"]);
}

#[tokio::test]
async fn a_refused_activation_is_told_even_if_the_sockets_cannot_be_read() {
    let (channel, _) = channel(|line| match line {
        "AT+CPIN?" => Ok(vec!["+CPIN: READY".to_owned()]),
        "AT+CEREG?" => Ok(vec!["+CEREG: 0,1".to_owned()]),
        "AT#SCFG?" => Err("operation not supported"),
        "AT#SGACT=1,1" => Err("activation failed"),
        _ => Ok(Vec::new()),
    });
    let error = builder_modem(channel).bring_up().await.expect_err("the network refuses");
    assert!(
        error.to_string().starts_with("context 1 cannot be activated: the module refused #SGACT"),
        "{error}"
    );
    assert_eq!(error.category(), Category::Network);
}

/// A SIM that asks for its PIN and tells how many attempts are left, or not.
fn asking_sim(told: Result<&'static str, &'static str>) -> (MockAtChannel, Log) {
    channel(move |line| match line {
        "AT+CPIN?" => Ok(vec!["+CPIN: SIM PIN".to_owned()]),
        "AT#PCT" => told.map(|line| if line.is_empty() { Vec::new() } else { vec![line.to_owned()] }),
        _ => Err("incorrect password"),
    })
}

#[tokio::test]
async fn the_last_attempt_at_a_pin_is_left_alone() {
    for told in ["#PCT: 1", "#PCT: 0"] {
        let (channel, sent) = asking_sim(Ok(told));
        let error =
            opened(channel, Modem::builder().pin("1234")).bring_up().await.expect_err("it is too late");
        assert_eq!(error, BringUpError::LastPinAttempt);
        assert_eq!((error.category(), error.outcome()), (Category::Refused, Outcome::NotSent));
        assert_eq!(*sent.lock().expect("one thread"), ["AT+CPIN?", "AT#PCT"]);
    }
}

#[tokio::test]
async fn a_pin_is_sent_while_attempts_are_left_or_nobody_knows() {
    for told in [Ok("#PCT: 2"), Ok("#PCT: 3"), Ok(""), Err("operation not supported")] {
        let (channel, sent) = asking_sim(told);
        opened(channel, Modem::builder().pin("1234")).bring_up().await.expect_err("the PIN is wrong");
        assert_eq!(*sent.lock().expect("one thread"), ["AT+CPIN?", "AT#PCT", "AT+CPIN=\"1234\""], "{told:?}");
    }
}

#[tokio::test]
async fn whoever_takes_the_last_attempt_has_to_say_so() {
    let (channel, sent) = asking_sim(Ok("#PCT: 1"));
    let modem = opened(channel, Modem::builder().pin("1234").danger_last_pin_attempt());
    modem.bring_up().await.expect_err("the PIN is wrong");
    assert_eq!(pins(&sent), 1);
}

#[tokio::test]
async fn a_number_of_attempts_that_cannot_be_read_sends_no_pin() {
    let (channel, sent) = asking_sim(Ok("#PCT: x"));
    opened(channel, Modem::builder().pin("1234")).bring_up().await.expect_err("noise");
    assert_eq!(pins(&sent), 0);
}

/// A SIM that takes one PIN, asked for again and again by whoever holds the switch.
fn locked_sim(right: &'static str) -> (MockAtChannel, Log, Arc<Mutex<bool>>) {
    let ready = Arc::new(Mutex::new(false));
    let state = Arc::clone(&ready);
    let (channel, sent) = channel(move |line| {
        let mut ready = state.lock().expect("one thread");
        match line {
            "AT+CPIN?" if *ready => Ok(vec!["+CPIN: READY".to_owned()]),
            "AT+CPIN?" => Ok(vec!["+CPIN: SIM PIN".to_owned()]),
            _ if line == format!("AT+CPIN=\"{right}\"") => {
                *ready = true;
                Ok(Vec::new())
            }
            _ if line.starts_with("AT+CPIN=") => Err("incorrect password"),
            _ => Err("operation not allowed"),
        }
    });
    (channel, sent, ready)
}

fn pins(sent: &Log) -> usize {
    sent.lock().expect("one thread").iter().filter(|line| line.starts_with("AT+CPIN=")).count()
}

#[tokio::test]
async fn a_pin_that_was_right_is_sent_again_when_the_sim_asks_again() {
    let (channel, sent, ready) = locked_sim("1234");
    let modem = opened(channel, Modem::builder().pin("1234"));
    for times in 1..4 {
        drop(modem.bring_up().await);
        assert_eq!((pins(&sent), *ready.lock().expect("one thread")), (times, true));
        *ready.lock().expect("one thread") = false;
    }
}

#[tokio::test]
async fn a_wrong_pin_is_sent_once_even_if_somebody_else_unlocks_the_sim() {
    let (channel, sent, ready) = locked_sim("1234");
    let modem = opened(channel, Modem::builder().pin("9999"));
    for unlocked in [false, true, false, false] {
        *ready.lock().expect("one thread") = unlocked;
        drop(modem.bring_up().await);
        assert_eq!(pins(&sent), 1);
    }
}
