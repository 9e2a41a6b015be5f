//! Commands: who gets which answer, and what becomes of those that nobody waits for.

use std::time::Duration;

use telit_core::Outcome;
use telit_core::at::{CommandLine, Exchange, Expect, Settings};
use telit_core::driver::{AtChannel, AtPort, DriverOptions};
use tokio::io::AsyncReadExt;

use crate::rig::{expect, read, send, start};

#[tokio::test(start_paused = true)]
async fn answers_go_to_who_asked() {
    let (port, mut module) = start();
    let (one, two) = (port.clone(), port.clone());
    let first = tokio::spawn(async move { one.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    let second = tokio::spawn(async move { two.execute(read("#SSLCFG")).await });
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    expect(&mut module, b"AT#SSLCFG?\r").await;
    send(&mut module, "\r\n#SSLCFG: 1,1\r\n\r\nOK\r\n").await;
    assert_eq!(first.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
    assert_eq!(second.await.unwrap().unwrap().value("#SSLCFG").unwrap(), "1,1");
}

#[tokio::test(start_paused = true)]
async fn a_command_dropped_before_it_was_written_is_not_sent() {
    let (port, mut module) = start();
    let running = {
        let port = port.clone();
        tokio::spawn(async move { port.execute(read("#SSLEN")).await })
    };
    expect(&mut module, b"AT#SSLEN?\r").await;
    let dropped = tokio::time::timeout(Duration::from_millis(10), port.execute(read("#DROPPED"))).await;
    assert!(dropped.is_err());
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    assert!(running.await.unwrap().is_ok());
    let next = tokio::spawn(async move { port.execute(read("#SSLCFG")).await });
    expect(&mut module, b"AT#SSLCFG?\r").await;
    send(&mut module, "\r\nOK\r\n").await;
    assert!(next.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_command_dropped_after_it_was_written_runs_to_its_end() {
    let (port, mut module) = start();
    let dropped = {
        let port = port.clone();
        tokio::spawn(async move { port.execute(read("#SSLEN")).await })
    };
    expect(&mut module, b"AT#SSLEN?\r").await;
    dropped.abort();
    let next = tokio::spawn(async move { port.execute(read("#SSLCFG")).await });
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    expect(&mut module, b"AT#SSLCFG?\r").await;
    send(&mut module, "\r\n#SSLCFG: 1,7\r\n\r\nOK\r\n").await;
    assert_eq!(next.await.unwrap().unwrap().value("#SSLCFG").unwrap(), "1,7");
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_caller_left_while_the_line_was_looked_for_is_not_sent() {
    let (host, mut module) = tokio::io::duplex(4096);
    let mut settings = Settings::default();
    settings.unknown_state = true;
    let port = AtPort::start(host, DriverOptions { settings, ..DriverOptions::default() });
    let dropped = tokio::time::timeout(Duration::from_millis(100), port.execute(read("#DROPPED"))).await;
    assert!(dropped.is_err());
    expect(&mut module, b"AT+CMEE?\r").await;
    send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    assert_eq!(next.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_told_and_the_next_command_gets_its_own_answer() {
    let (port, mut module) = start();
    let error = port.execute(read("#SSLEN").deadline(Duration::from_secs(5))).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_taken_effect());
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\n#SSLEN: 9,9\r\n\r\nOK\r\n").await;
    let next = {
        let port = port.clone();
        tokio::spawn(async move { port.execute(read("#SSLEN")).await })
    };
    expect(&mut module, b"AT+CMEE?\r").await;
    send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    assert_eq!(next.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
    assert_eq!(port.statistics().resyncs, 1);
    assert!(port.statistics().dropped_bytes >= 13);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_refused_payload_is_not_written_to_a_module_that_reads_commands() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let payload = b"\rAT#REBOOT\r".repeat(100);
    let prompt = Expect::counted_prompt(payload.into(), None);
    let upload = Exchange::new(CommandLine::execute("#FTPAPPEXT"), prompt);
    let running = tokio::spawn({
        let port = port.clone();
        async move { port.execute(upload).await }
    });
    expect(&mut module, b"AT#FTPAPPEXT\r").await;
    send(&mut module, "\r\n> ").await;
    // The line holds 64 bytes; the rest waits in the port when the module gives up.
    tokio::task::yield_now().await;
    send(&mut module, "\r\n+CME ERROR: 614\r\n").await;
    let error = running.await.unwrap().unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused);
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"AT+CMEE?\r") {
        module.read_exact(&mut byte).await.unwrap();
        seen.push(byte[0]);
    }
    assert!(seen.len() < 200, "{} bytes were written", seen.len());
}

#[tokio::test(start_paused = true)]
async fn every_subscriber_gets_the_codes() {
    let (port, mut module) = start();
    let (mut one, mut two) = (port.unsolicited(), port.unsolicited());
    send(&mut module, "\r\n#MQRING: 1,1,t,3\r\n").await;
    assert_eq!(one.next().await.unwrap().unwrap().text(), "#MQRING: 1,1,t,3");
    assert_eq!(two.next().await.unwrap().unwrap().text(), "#MQRING: 1,1,t,3");
}
