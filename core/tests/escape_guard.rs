//! The module is asked how long the silence around the escape sequence has to be, in virtual time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use telit_core::Modem;
use telit_core::at::{CommandLine, Exchange, Expect, StreamEnd, StreamEnding};
use telit_core::platform::PlatformId;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

/// What the module answers to `ATS12?` and `AT#E2ESC?`.
#[derive(Clone, Copy)]
struct Told {
    register: &'static str,
    above: &'static str,
}

/// A module whose streams do nothing but end by the escape sequence. Gives the lines it got, and how long the
/// silence before each escape sequence was.
async fn play(mut port: DuplexStream, told: Told) -> (Vec<String>, Vec<Duration>) {
    let (mut lines, mut silences) = (Vec::new(), Vec::new());
    let mut received = String::new();
    let mut last = Instant::now();
    while let Ok(byte) = port.read_u8().await {
        if received.is_empty() && byte == b'+' {
            silences.push(last.elapsed());
        }
        last = Instant::now();
        received.push(char::from(byte));
        let answer = match received.as_str() {
            "+++" => "\r\nOK\r\n",
            "ATS12?\r" => told.register,
            "AT#E2ESC?\r" => told.above,
            "AT#SSLO\r" => "\r\nCONNECT\r\n",
            "AT+CMEE?\r" => "\r\n+CMEE: 2\r\n\r\nOK\r\n",
            "AT+CGMM\r" => "\r\nME310G1-WW\r\n\r\nOK\r\n",
            "AT+CGMR\r" => "\r\n37.00.213\r\n\r\nOK\r\n",
            line if line.ends_with('\r') => "\r\nOK\r\n",
            _ => continue,
        };
        port.write_all(answer.as_bytes()).await.unwrap();
        lines.push(received.trim_end().to_owned());
        received.clear();
    }
    (lines, silences)
}

/// Two streams one after the other, each left by the escape sequence.
async fn leave_two_streams(told: Told) -> (Vec<String>, Vec<Duration>) {
    let (host, port) = duplex(4096);
    let module = tokio::spawn(play(port, told));
    let modem = Modem::builder().platform(PlatformId::P37).open(host).await.unwrap();
    for _ in 0..2 {
        let dial = Expect::stream(StreamEnding::Length(1000));
        let stream = modem.open_stream(Exchange::new(CommandLine::execute("#SSLO"), dial)).await.unwrap();
        stream.close().await;
        assert_eq!(stream.end().await, StreamEnd::Suspended);
    }
    drop(modem);
    module.await.unwrap()
}

fn asked(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).filter(|line| ["ATS12?", "AT#E2ESC?"].contains(line)).collect()
}

fn assert_silences(silences: &[Duration], milliseconds: u64) {
    let expected = Duration::from_millis(milliseconds);
    assert_eq!(silences.len(), 2);
    for silence in silences {
        assert!((expected..expected + Duration::from_millis(10)).contains(silence), "{silences:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_seconds_above_the_register_count_and_are_asked_for_once() {
    let told = Told { register: "\r\n050\r\n\r\nOK\r\n", above: "\r\n#E2ESC: 2\r\n\r\nOK\r\n" };
    let (lines, silences) = leave_two_streams(told).await;
    assert_eq!(asked(&lines), ["AT#E2ESC?"]);
    assert_silences(&silences, 2400);
}

#[tokio::test(start_paused = true)]
async fn without_them_the_register_counts() {
    let told = Told { register: "\r\n150\r\n\r\nOK\r\n", above: "\r\n#E2ESC: 0\r\n\r\nOK\r\n" };
    let (lines, silences) = leave_two_streams(told).await;
    assert_eq!(asked(&lines), ["AT#E2ESC?", "ATS12?"]);
    assert_silences(&silences, 3600);
}

#[tokio::test(start_paused = true)]
async fn a_short_silence_has_to_be_told_twice() {
    let told = Told { register: "\r\n040\r\n\r\nOK\r\n", above: "\r\n#E2ESC: 0\r\n\r\nOK\r\n" };
    let (lines, silences) = leave_two_streams(told).await;
    assert_eq!(asked(&lines), ["AT#E2ESC?", "ATS12?", "ATS12?"]);
    assert_silences(&silences, 960);
}

#[tokio::test(start_paused = true)]
async fn what_the_module_does_not_tell_is_as_it_left_the_factory() {
    for answer in ["\r\nERROR\r\n", "\r\nOK\r\n", "\r\n#E2ESC: x\r\n\r\nOK\r\n", "\r\n001\r\n\r\nOK\r\n"] {
        let (_, silences) = leave_two_streams(Told { register: answer, above: answer }).await;
        assert_silences(&silences, 1200);
    }
}
