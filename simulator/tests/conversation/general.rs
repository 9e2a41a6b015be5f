use std::time::Duration;

use crate::port::{Port, builder, start};

#[tokio::test(start_paused = true)]
async fn the_echo_comes_before_the_answer() {
    let module = builder().build().unwrap();
    let mut port = Port::of(&module);
    port.write("AT\r").await;
    port.expect("AT\r\r\nOK\r\n").await;
    port.write("ATE\r").await;
    port.expect("ATE\r\r\nOK\r\n").await;
    port.ok("AT").await;
}

#[tokio::test(start_paused = true)]
async fn short_results_have_no_line_feed() {
    let (_module, mut port) = start(builder()).await;
    port.ask("ATV0", "0\r").await;
    port.ask("AT+CMEE?", "+CMEE: 2\r\n0\r").await;
    port.ask("AT+NONE", "4\r").await;
    port.ask("AT#SSLCFG?", "\r\n+CME ERROR: SSL not activated\r\n").await;
    port.ask("ATV1", "\r\nOK\r\n").await;
    port.write("ATQ1\r").await;
    port.silent(Duration::from_secs(1)).await;
    port.ask("AT+CMEE?", "\r\n+CMEE: 2\r\n").await;
    port.ok("ATQ0").await;
}

#[tokio::test(start_paused = true)]
async fn registers_show_three_digits_and_frame_the_answer() {
    let (_module, mut port) = start(builder()).await;
    port.ask("ATS2?", "\r\n043\r\n\r\nOK\r\n").await;
    port.ask("ATS12?", "\r\n050\r\n\r\nOK\r\n").await;
    port.ask("ATS12=1", "\r\nERROR\r\n").await;
    // The new value is used for the result of the command that sets it.
    port.ask("ATS3=30", "\x1e\nOK\x1e\n").await;
    port.write("ATS3=13\x1e").await;
    port.expect("\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_chain_stops_at_the_first_error() {
    let (_module, mut port) = start(builder()).await;
    port.ok("ATE0Q0V1X0&S3&K3+IFC=2,2;+CMEE=2;+CTZU=1;&W0").await;
    port.ask("AT+CMEE=1;+NONE;+CMEE=0", "\r\nERROR\r\n").await;
    port.ask("AT+CMEE?;+IFC?", "\r\n+CMEE: 1\r\n\r\n+IFC: 2,2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_line_holds_four_hundred_characters() {
    let (_module, mut port) = start(builder()).await;
    let line = |length: usize| format!("AT{}+CMEE=1", " ".repeat(length - 9));
    port.ok(&line(400)).await;
    port.ask("AT+CMEE=2", "\r\nOK\r\n").await;
    port.ask(&line(401), "\r\nERROR\r\n").await;
    port.ask("AT+CMEE?", "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_last_line_is_repeated() {
    let (_module, mut port) = start(builder()).await;
    port.ask("AT+CGMM", "\r\nME310G1-WW\r\n\r\nOK\r\n").await;
    port.write("A/").await;
    port.expect("\r\nME310G1-WW\r\n\r\nOK\r\n").await;
    port.ask("AT#/", "\r\nME310G1-WW\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_echo_shows_the_erasing() {
    let module = builder().build().unwrap();
    let mut port = Port::of(&module);
    port.write("ATX\x08\r").await;
    port.expect("ATX\x08 \x08\r\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn identity() {
    let (_module, mut port) = start(builder().firmware("37.00.217")).await;
    port.ask("AT+CGMI", "\r\nTelit\r\n\r\nOK\r\n").await;
    port.ask("AT+CGMR", "\r\n37.00.217\r\n\r\nOK\r\n").await;
    port.ask("AT#CGMR", "\r\n#CGMR: 37.00.217\r\n\r\nOK\r\n").await;
    port.ask("AT+CGSN", "\r\n356938035643809\r\n\r\nOK\r\n").await;
    port.ask("AT#CGSN", "\r\n#CGSN: 356938035643809\r\n\r\nOK\r\n").await;
    port.ask("AT#SWPKGV", "\r\n37.00.217-P0C.210001\r\n37.00.217\r\nP0C.210001\r\nA0C.200000\r\n\r\nOK\r\n")
        .await;
    port.ask("AT+CGMM=?", "\r\nOK\r\n").await;
    port.ask("AT#SELINT=2", "\r\nOK\r\n").await;
    port.ask("AT#SELINT=1", "\r\nERROR\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_read_form_executes_an_action() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#REBOOT?").await;
    port.write("AT\r").await;
    port.silent(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_sim() {
    let (_module, mut port) = start(builder().sim_inserted(false)).await;
    port.ask("AT+CPIN?", "\r\n+CME ERROR: SIM not inserted\r\n").await;
    port.ask("AT#QSS?", "\r\n#QSS: 0,0\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLEN=1,1", "\r\n+CME ERROR: SIM not inserted\r\n").await;
    port.ok("AT#SETHEXSTR=2").await;
    port.ask("AT+CEREG?", "\r\n+CME ERROR: SIM not inserted\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn latency_comes_before_the_answer() {
    let (_module, mut port) = start(builder().latency(Duration::from_millis(40))).await;
    let sent = tokio::time::Instant::now();
    port.ok("AT").await;
    assert_eq!(sent.elapsed(), Duration::from_millis(40));
}

#[tokio::test(start_paused = true)]
async fn every_listed_command_has_a_test_form_that_ends() {
    let (_module, mut port) = start(builder()).await;
    port.ask("AT#MQPUBSEXT=?", "\r\n#MQPUBSEXT: (1-2),256,(0-1),(0-2),(0-65536)\r\n\r\nOK\r\n").await;
    port.ask("AT#MQUNS=?", "\r\n#MQUNS: (1-2),\r\n\r\nOK\r\n").await;
    port.ask("AT#HTTPSND=?", "\r\n# HTTPSND: (0-2),(0,1),150,(1-65535),100,100\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLD=?", "\r\n#SSLD: (1-10),(1-65535),,(0),(0,1),(1-5000)\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLRECV=?", "\r\n#SSLRECV: (1-10),(1-1000),(10-5000)\r\n\r\nOK\r\n").await;
}
