//! Flow control, and signals that are told again.

use std::time::Duration;

use crate::host::{Host, UIH, builder, ours, theirs};

const READY: u8 = 0x0D;
const STOP: u8 = 0x0F;

#[tokio::test(start_paused = true)]
async fn a_stopped_channel_waits_and_the_others_do_not() {
    let (_module, mut host) = Host::start(builder(), &[1, 2]).await;
    host.signals(1, STOP).await;
    assert_eq!(host.frames().await, [(theirs(0), UIH, vec![0xE1, 0x05, ours(1), STOP])]);
    host.say(1, "AT+CMEE?\r").await;
    host.ask(2, "AT", "\r\nOK\r\n").await;
    host.is_silent(1).await;
    host.signals(1, READY).await;
    let repeated = (theirs(0), UIH, vec![0xE1, 0x05, ours(1), READY]);
    let answer = (theirs(1), UIH, b"\r\n+CMEE: 0\r\n\r\nOK\r\n".to_vec());
    assert_eq!(host.frames().await, [repeated, answer]);
}

#[tokio::test(start_paused = true)]
async fn all_channels_can_be_stopped_but_the_control_channel() {
    let (_module, mut host) = Host::start(builder(), &[1, 2]).await;
    host.control(&[0x63, 0x01]).await;
    assert_eq!(host.frames().await, [(theirs(0), UIH, vec![0x61, 0x01])]);
    host.say(1, "AT\r").await;
    host.say(2, "AT\r").await;
    host.control(b"\x23\x01").await;
    assert_eq!(host.frames().await, [(theirs(0), UIH, b"\x21\x01".to_vec())]);
    host.control(&[0xA3, 0x01]).await;
    assert_eq!(host.told(2).await, [0xA1, 0x01]);
    host.hear(1, "\r\nOK\r\n").await;
    host.hear(2, "\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_full_stops_the_host() {
    let delay = "delay:ms=5000,command=+CSQ".parse().unwrap();
    let (_module, mut host) = Host::start(builder().fault(delay), &[1, 2]).await;
    host.say(1, "AT+CSQ\r").await;
    let lines = b"AT\r".repeat(40);
    // 24 KiB and a little more.
    for _ in 0..205 {
        host.say(1, &lines).await;
    }
    assert_eq!(host.frames().await, [(theirs(0), UIH, vec![0xE3, 0x05, ours(1), 0x07])]);
    host.control(&[0xE1, 0x05, ours(1), 0x07]).await;
    host.ask(2, "AT", "\r\nOK\r\n").await;
    host.hear(1, "\r\n+CSQ: 21,3\r\n\r\nOK\r\n").await;
    assert_eq!(host.told(4).await, [0xE3, 0x05, ours(1), READY]);
    for _ in 0..205 * 40 {
        host.hear(1, "\r\nOK\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn signals_that_are_not_answered_are_told_three_times_more() {
    let (_module, mut host) = Host::start(builder(), &[]).await;
    host.write(crate::host::frame(ours(1), crate::host::SABM, &[])).await;
    let told = (theirs(0), UIH, vec![0xE3, 0x05, ours(1), READY]);
    assert_eq!(host.frames().await, [(ours(1), crate::host::UA, vec![]), told.clone()]);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(host.frames().await, [told.clone(), told.clone(), told]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(host.frames().await, []);
}
