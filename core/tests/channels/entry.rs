//! From plain AT to channels, and back.

use std::time::Duration;

use telit_core::Modem;
use telit_core::channels::{ChannelLost, Channels, ChannelsError};
use telit_core::commands::SignalQuality;
use telit_core::driver::ModuleState;
use telit_core::modem::OpenError;
use telit_core::multiplexer::{Content, FrameKind, Message, SessionEnd};
use telit_core::platform::PlatformId;
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::module::Module;

const OK: &str = "\r\nOK\r\n";
const ERROR: &str = "\r\n+CME ERROR: operation not supported\r\n";
const NOW: &str = "\r\n+CMUX: 0,0,5,122\r\n\r\nOK\r\n";
const RANGES: &str = "\r\n+CMUX: (0),(0),(1-6),(1-1500)\r\n\r\nOK\r\n";

type Opened = Result<Channels, ChannelsError>;

fn open(port: DuplexStream, channels: u8) -> JoinHandle<Opened> {
    let builder = Modem::builder().line_rate(115_200).multiplexed().unwrap().channels(channels);
    tokio::spawn(builder.open(port))
}

/// As far as the module's `OK`.
async fn asked(module: &mut Module) {
    module.identify().await;
    module.converse(&[("AT+CMUX?", NOW), ("AT+CMUX=?", RANGES), ("AT+CMUX=0,0,5,512", OK)]).await;
}

async fn opened() -> (Channels, Module) {
    let (port, mut module) = Module::new();
    let opening = open(port, 2);
    asked(&mut module).await;
    module.open(2).await;
    module.greet(1).await;
    module.greet(2).await;
    (opening.await.unwrap().unwrap(), module)
}

#[tokio::test(start_paused = true)]
async fn the_module_is_asked_first_and_has_half_a_second_then() {
    let (port, mut module) = Module::new();
    let opening = open(port, 2);
    asked(&mut module).await;
    let told = Instant::now();
    let frame = module.frame().await;
    assert_eq!(frame.kind, FrameKind::Sabm);
    assert!(told.elapsed() >= Duration::from_millis(500), "{:?}", told.elapsed());
    module.send(0, FrameKind::Ua, b"").await;
    for number in 1..=2 {
        assert_eq!(module.frame().await.kind, FrameKind::Sabm);
        module.send(number, FrameKind::Ua, b"").await;
        module.acknowledge_signals(number).await;
    }
    module.greet(1).await;
    module.greet(2).await;
    let channels = opening.await.unwrap().unwrap();
    assert_eq!(channels.len(), 2);
    let [one, two] = [1, 2].map(|number| channels.channel(number).unwrap().clone());
    assert_eq!((one.model(), two.model()), ("ME310G1-WW", "ME310G1-WW"));
    assert_eq!(one.module_id(), two.module_id());
    assert_eq!(channels.channel(3).unwrap_err().to_string(), "the module has no channel 3");
    assert_eq!(one.health().now().restarts, 0, "a channel that echoes at first has not restarted");
}

#[tokio::test(start_paused = true)]
async fn a_module_that_refuses_parameters_gets_none() {
    for (now, ranges, asked) in [
        (NOW, RANGES, Some("AT+CMUX=0,0,5,512")),
        (ERROR, RANGES, Some("AT+CMUX=0,0,5,512")),
        (ERROR, ERROR, None),
        (NOW, "\r\n+CMUX: (0),(0)\r\n\r\nOK\r\n", None),
        (NOW, "\r\nOK\r\n", None),
    ] {
        let (port, mut module) = Module::new();
        let opening = open(port, 1);
        module.identify().await;
        module.converse(&[("AT+CMUX?", now), ("AT+CMUX=?", ranges)]).await;
        if let Some(asked) = asked {
            module.converse(&[(asked, ERROR)]).await;
        }
        module.converse(&[("AT+CMUX=0", OK)]).await;
        module.open(1).await;
        module.greet(1).await;
        opening.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn frames_are_as_long_as_the_module_takes_them() {
    let (port, mut module) = Module::new();
    let opening = open(port, 1);
    module.identify().await;
    let ranges = "\r\n+CMUX: (0),(0),(1-6),(1-10)\r\n\r\nOK\r\n";
    module.converse(&[("AT+CMUX?", NOW), ("AT+CMUX=?", ranges), ("AT+CMUX=0,0,5,10", OK)]).await;
    module.open(1).await;
    module.greet(1).await;
    let channels = opening.await.unwrap().unwrap();
    let modem = channels.channel(1).unwrap().clone();
    tokio::spawn(async move { modem.test_form("#SSLSECCFG2").await });
    assert_eq!(module.frame().await.information, "AT#SSLSECC");
    assert_eq!(module.frame().await.information, "FG2=?\r");
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_the_module_has_no_code_for_is_left_as_it_is() {
    let (port, mut module) = Module::new();
    let builder = Modem::builder().line_rate(921_600).multiplexed().unwrap().channels(1);
    let _opening = tokio::spawn(builder.open(port));
    module.identify().await;
    module.converse(&[("AT+CMUX?", NOW), ("AT+CMUX=?", RANGES), ("AT+CMUX=0,0,5,512", OK)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_module_without_multiplexer_is_a_refusal_with_a_reason() {
    let (port, mut module) = Module::new();
    let opening = open(port, 2);
    module.identify().await;
    module.converse(&[("AT+CMUX?", ERROR), ("AT+CMUX=?", ERROR), ("AT+CMUX=0", ERROR)]).await;
    let error = opening.await.unwrap().unwrap_err();
    let reason = "operation not supported".to_owned();
    assert!(
        matches!(&error, ChannelsError::NoMultiplexer { platform: PlatformId::P37, reason: why } if why.contains(&reason)),
        "{error:?}"
    );
    assert_eq!(
        module.line.read_u8().await.unwrap_err().kind(),
        std::io::ErrorKind::UnexpectedEof,
        "the port is closed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_module_that_says_ok_and_does_nothing_is_told_apart() {
    let (port, mut module) = Module::new();
    let opening = open(port, 2);
    asked(&mut module).await;
    for _ in 0..4 {
        assert_eq!(module.frame().await.kind, FrameKind::Sabm);
    }
    let error = opening.await.unwrap().unwrap_err();
    assert_eq!(error, ChannelsError::Lost(ChannelLost::Session(SessionEnd::NoAnswer)));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_an_earlier_process_left_is_closed_first() {
    let (port, mut module) = Module::new();
    let opening = open(port, 1);
    assert_eq!(module.command().await, "AT", "text is not heard");
    let frame = module.frame().await;
    assert_eq!(Message::decode(&frame.information), [Message::command(Content::CloseDown)]);
    module.message(&Message::response(Content::CloseDown)).await;
    let script = [
        ("AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n"),
        ("ATE0V1Q0", OK),
        ("AT+CMEE=2", OK),
        ("AT+CGMM", "\r\nME310G1-WW\r\n\r\nOK\r\n"),
        ("AT+CGMR", "\r\nM0C.200006\r\n\r\nOK\r\n"),
        ("AT#SWPKGV", "\r\n37.00.217-P0C.210001\r\n\r\nOK\r\n"),
        ("AT+CMUX?", NOW),
        ("AT+CMUX=?", RANGES),
        ("AT+CMUX=0,0,5,512", OK),
    ];
    module.converse(&script).await;
    module.open(1).await;
    module.greet(1).await;
    assert_eq!(opening.await.unwrap().unwrap().len(), 1);
}

/// An earlier process was killed in the middle of a transfer: what is heard first is neither a flag nor a line.
#[tokio::test(start_paused = true)]
async fn a_session_is_known_by_any_part_of_a_frame() {
    let (port, mut module) = Module::new();
    let opening = open(port, 1);
    assert_eq!(module.command().await, "AT");
    module.say(&[b'x'; 300]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    module.send(1, FrameKind::Uih, b"and so on").await;
    let frame = module.frame().await;
    assert_eq!(Message::decode(&frame.information), [Message::command(Content::CloseDown)]);
    opening.abort();
}

#[tokio::test(start_paused = true)]
async fn a_port_that_takes_nothing_is_no_module() {
    let (port, _module) = Module::with_room(1);
    let opened = timeout(Duration::from_secs(60), open(port, 1)).await.expect("not for ever");
    assert_eq!(opened.unwrap().unwrap_err(), ChannelsError::Open(OpenError::NoModule));
}

#[tokio::test(start_paused = true)]
async fn a_port_with_nothing_on_it_is_no_module() {
    let (port, _module) = Module::new();
    let error = open(port, 1).await.unwrap().unwrap_err();
    assert_eq!(error, ChannelsError::Open(OpenError::NoModule));
}

#[tokio::test(start_paused = true)]
async fn each_channel_has_a_conversation_of_its_own() {
    let (channels, mut module) = opened().await;
    let (one, two) = (channels.channel(1).unwrap().clone(), channels.channel(2).unwrap().clone());
    let slow = tokio::spawn(async move { one.test_form("#SSLCFG").await });
    assert_eq!(module.frame().await.information, "AT#SSLCFG=?\r");
    let quick = tokio::spawn(async move { two.run(SignalQuality).await });
    module.converse_on(2, &[("AT+CSQ", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n")]).await;
    quick.await.unwrap().unwrap();
    assert!(!slow.is_finished());
    module.send(1, FrameKind::Uih, b"\r\n#SSLCFG: (1-6)\r\n\r\nOK\r\n").await;
    assert_eq!(slow.await.unwrap().unwrap(), Some(vec!["(1-6)".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn closing_takes_the_module_back_to_plain_at() {
    let (channels, mut module) = opened().await;
    let left = channels.channel(1).unwrap().clone();
    let closing = tokio::spawn(channels.close());
    module.close().await;
    closing.await.unwrap();
    let error = left.run(SignalQuality).await.unwrap_err();
    assert!(error.is_link_lost(), "{error}");
    assert_eq!(module.line.read_u8().await.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_holds_is_closed_in_the_background() {
    let (channels, mut module) = opened().await;
    drop(channels);
    module.close().await;
    assert_eq!(module.line.read_u8().await.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test(start_paused = true)]
async fn a_module_that_restarts_is_lost_on_all_channels_with_the_reason() {
    let (channels, mut module) = opened().await;
    let (one, two) = (channels.channel(1).unwrap().clone(), channels.channel(2).unwrap().clone());
    let asking = tokio::spawn({
        let one = one.clone();
        async move { one.run(SignalQuality).await }
    });
    assert_eq!(module.frame().await.information, "AT+CSQ\r");
    module.say(b"\r\n+CREG: 0\r\n").await;
    let error = asking.await.unwrap().unwrap_err();
    let expected = "the link to the module is lost: the module has restarted, and its multiplexer with it";
    assert_eq!(error.to_string(), expected);
    for modem in [one, two] {
        while modem.health().now().state != ModuleState::Down {
            modem.health().changed().await;
        }
        assert_eq!(modem.health().now().port_losses, 1);
        assert!(modem.run(SignalQuality).await.unwrap_err().is_link_lost());
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_hangs_up_takes_all_channels_with_it() {
    let (channels, module) = opened().await;
    drop(module);
    for (_, modem) in channels.iter() {
        let mut health = modem.health();
        while health.now().state != ModuleState::Down {
            health.changed().await;
        }
        assert!(modem.run(SignalQuality).await.unwrap_err().is_link_lost());
    }
}
