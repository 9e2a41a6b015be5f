//! `AT+CMUX` and the line's way into frames and out of them.

use std::time::Duration;

use telit_simulator::{Platform, Quirk, VirtualModule};

use crate::host::{Host, SETTLING, builder};
use crate::port::{Port, start, start_newest};

/// 27.010, by hand: SABM and UA of DLCI 0 and 1, MSC of DLCI 1, UIH with `AT` and its answer.
const SABM_0: &[u8] = b"\xF9\x03\x3F\x01\x1C\xF9";
const UA_0: &[u8] = b"\xF9\x03\x73\x01\xD7\xF9";
const SABM_1: &[u8] = b"\xF9\x07\x3F\x01\xDE\xF9";
const UA_1: &[u8] = b"\xF9\x07\x73\x01\x15\xF9";
const STATUS_1: &[u8] = b"\xF9\x01\xEF\x09\xE3\x05\x07\x0D\x9A\xF9";
const AT: &[u8] = b"\xF9\x07\xEF\x07AT\r\xD3\xF9";
const CLOSE_DOWN: &[u8] = b"\xF9\x03\xEF\x05\xC3\x01\xF2\xF9";
const CLOSED_DOWN: &[u8] = b"\xF9\x01\xEF\x05\xC1\x01\x93\xF9";

#[tokio::test(start_paused = true)]
async fn the_line_becomes_frames_and_plain_again() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT+CMUX=0").await;
    tokio::time::sleep(SETTLING).await;
    let mut host = Host::new(port.into_stream());
    host.write(SABM_0).await;
    assert_eq!(host.bytes().await, UA_0);
    host.write(SABM_1).await;
    assert_eq!(host.bytes().await, [UA_1, STATUS_1].concat());
    host.write(b"\xF9\x03\xEF\x09\xE1\x05\x07\x0D\xFB\xF9").await;
    host.write(AT).await;
    host.hear(1, "AT\r\r\nOK\r\n").await;
    // What stands behind the close-down is for the parser.
    host.write([CLOSE_DOWN, b"ATE0\r"].concat()).await;
    let bytes = host.bytes().await;
    assert_eq!(bytes.get(..8), Some(CLOSED_DOWN));
    assert_eq!(bytes.get(8..), Some(&b"ATE0\r\r\nOK\r\n"[..]));
}

#[tokio::test(start_paused = true)]
async fn it_reads_and_tests_as_its_platform_knows_it() {
    let seven = ",(1-6),(1-1500),(1-255),(0-100),(2-255),(1-255),(1-7)";
    for platform in Platform::ALL {
        let (read, test) = match platform {
            Platform::P10 | Platform::P13 | Platform::P16 => ("", ""),
            Platform::P30 | Platform::P37 => (",5,122", ",(1-6),(1-1500)"),
            _ => (",5,31,10,3,30,10,2", seven),
        };
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        port.ask("AT+CMUX?", &format!("\r\n+CMUX: 0,0{read}\r\n\r\nOK\r\n")).await;
        port.ask("AT+CMUX=?", &format!("\r\n+CMUX: (0),(0){test}\r\n\r\nOK\r\n")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn more_fields_than_it_knows_are_not_supported() {
    let (_module, mut port) = start(builder()).await;
    let refused = "\r\n+CME ERROR: operation not supported\r\n";
    port.ask("AT+CMUX=0,0,5,127,10", refused).await;
    port.ask("AT+CMUX=0,0,5,127,10,3,30,10,2", refused).await;
    port.ok("AT+CMEE=1").await;
    port.ask("AT+CMUX=0,0,5,127,10,3,30,10,2", "\r\n+CME ERROR: 4\r\n").await;
    for wrong in ["1", "0,1", "0,0,0", "0,0,7", "0,0,5,0", "0,0,5,1501", ",0"] {
        port.ask(&format!("AT+CMUX={wrong}"), "\r\nERROR\r\n").await;
    }
    // Nothing is given, nothing happens.
    port.ok("AT+CMUX=").await;
    port.ask("AT+CMUX?", "\r\n+CMUX: 0,0,5,122\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn what_it_was_given_stays_until_a_restart() {
    let (module, mut host) = Host::start_with(builder(), "AT+CMUX=0,0,,64", &[1]).await;
    host.ask(1, "AT+CMUX?", "\r\n+CMUX: 0,0,5,64\r\n\r\nOK\r\n").await;
    module.reboot();
    tokio::time::sleep(Duration::from_secs(3)).await;
    host.write("AT+CMUX?\r").await;
    assert_eq!(host.bytes().await, b"AT+CMUX?\r\r\n+CMUX: 0,0,5,122\r\n\r\nOK\r\n");
}

#[tokio::test(start_paused = true)]
async fn there_is_no_multiplexer_within_the_multiplexer() {
    let (module, mut host) = Host::start(builder(), &[1, 2]).await;
    host.ask(1, "AT+CMUX=0", "\r\nERROR\r\n").await;
    host.ask(2, "AT+CMUX=0,0,5,122", "\r\nERROR\r\n").await;
    let mut other = Port::of(&module);
    other.quiet().await;
    other.ask("AT+CMUX=0", "\r\nERROR\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn frames_that_come_too_soon_are_lost() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT+CMUX=0").await;
    let mut host = Host::new(port.into_stream());
    tokio::time::sleep(Duration::from_millis(399)).await;
    host.write(SABM_0).await;
    assert_eq!(host.bytes().await, b"");
    host.write(SABM_0).await;
    assert_eq!(host.bytes().await, UA_0);
}

#[tokio::test(start_paused = true)]
async fn frames_that_come_too_soon_can_be_the_end() {
    let (module, mut port) = start(builder().quirk(Quirk::MultiplexerSticks)).await;
    port.ok("AT+CMUX=0").await;
    let mut host = Host::new(port.into_stream());
    host.write(SABM_0).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    host.write([SABM_0, b"AT\r"].concat()).await;
    assert_eq!(host.bytes().await, b"");
    module.reboot();
    tokio::time::sleep(Duration::from_secs(3)).await;
    host.write("AT\r").await;
    assert_eq!(host.bytes().await, b"AT\r\r\nOK\r\n");
}

#[tokio::test(start_paused = true)]
async fn other_platforms_take_frames_at_once() {
    let (_module, mut port) = start(VirtualModule::builder(Platform::P25Linux)).await;
    port.write([b"AT+CMUX=0,0,5,127,10,3,30,10,2\r", SABM_0].concat()).await;
    let mut host = Host::new(port.into_stream());
    assert_eq!(host.bytes().await, [b"\r\nOK\r\n", UA_0].concat());
}

#[tokio::test(start_paused = true)]
async fn without_a_control_channel_the_line_is_plain_after_five_seconds() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT+CMUX=0").await;
    tokio::time::sleep(Duration::from_millis(4999)).await;
    port.write("AT\r").await;
    port.silent(Duration::from_millis(1)).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    port.write("ATE0\r").await;
    port.expect("ATE0\r\r\nOK\r\n").await;
    // With one it stays.
    port.ok("AT+CMUX=0").await;
    tokio::time::sleep(SETTLING).await;
    let mut host = Host::new(port.into_stream());
    host.write(SABM_0).await;
    assert_eq!(host.bytes().await, UA_0);
    tokio::time::sleep(Duration::from_secs(60)).await;
    host.open(1).await;
}
