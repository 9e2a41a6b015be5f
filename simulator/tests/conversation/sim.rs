//! A SIM that asks for its PIN.

use std::time::Duration;

use telit_simulator::{Platform, VirtualModule};

use crate::port::{Port, builder, start};

#[tokio::test(start_paused = true)]
async fn the_pin_comes_before_the_network() {
    for platform in Platform::ALL {
        let (_module, mut port) = start(VirtualModule::builder(platform).sim_pin("1234")).await;
        port.ask("AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n").await;
        port.ask("AT#QSS?", "\r\n#QSS: 0,1\r\n\r\nOK\r\n").await;
        port.ask("AT+CREG?", "\r\n+CME ERROR: SIM PIN required\r\n").await;
        port.ask("AT+CPIN=\"4321\"", "\r\n+CME ERROR: incorrect password\r\n").await;
        port.ask("AT#PCT", "\r\n#PCT: 2\r\n\r\nOK\r\n").await;
        port.ok("AT+CPIN=\"1234\"").await;
        port.ask("AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n").await;
        port.ask("AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n").await;
        port.ask("AT+CPIN=\"1234\"", "\r\n+CME ERROR: operation not allowed\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn three_wrong_pins_ask_for_the_puk() {
    let (_module, mut port) = start(builder().sim_pin("1234").sim_puk("87654321")).await;
    for _ in 0..3 {
        port.ask("AT+CPIN=0000", "\r\n+CME ERROR: incorrect password\r\n").await;
    }
    port.ask("AT+CPIN?", "\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n").await;
    port.ask("AT#PCT", "\r\n#PCT: 10\r\n\r\nOK\r\n").await;
    port.ask("AT+CPIN=\"1234\"", "\r\n+CME ERROR: SIM PUK required\r\n").await;
    port.ask("AT+CPIN=\"11111111\",\"5678\"", "\r\n+CME ERROR: incorrect password\r\n").await;
    port.ask("AT#PCT", "\r\n#PCT: 9\r\n\r\nOK\r\n").await;
    port.ok("AT+CPIN=\"87654321\",\"5678\"").await;
    port.ask("AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_asks_again_and_a_changed_pin_holds() {
    let (module, mut port) = start(builder().sim_pin("1234")).await;
    port.ok("AT+CPIN=\"1234\",\"5678\"").await;
    port.ask("AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n").await;
    module.reboot();
    tokio::time::sleep(Duration::from_secs(3)).await;
    port.quiet().await;
    port.ask("AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n").await;
    port.ask("AT+CPIN=\"1234\"", "\r\n+CME ERROR: incorrect password\r\n").await;
    port.ok("AT+CPIN=\"5678\"").await;
}

#[tokio::test(start_paused = true)]
async fn wrong_pins_at_a_change_lock_the_card_and_lose_the_network() {
    let (_module, mut port) = start(builder().sim_pin("1234")).await;
    port.ok("AT+CPIN=\"1234\"").await;
    for _ in 0..3 {
        port.ask("AT+CPIN=\"9999\",\"0000\"", "\r\n+CME ERROR: incorrect password\r\n").await;
    }
    port.ask("AT+CPIN?", "\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n").await;
    port.ask("AT+CREG?", "\r\n+CME ERROR: SIM PUK required\r\n").await;
    port.ask("AT+CSQ", "\r\n+CSQ: 99,99\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn every_change_of_the_card_is_told_to_who_asked() {
    let (module, mut port) = start(builder().sim_pin("1234")).await;
    port.ok("AT#QSS=2").await;
    let mut basic = Port::of(&module);
    basic.quiet().await;
    basic.ok("AT#QSS=1").await;
    port.ask("AT+CPIN=\"1234\"", "\r\n#QSS: 2\r\n\r\n#QSS: 3\r\n\r\nOK\r\n").await;
    for _ in 0..2 {
        port.ask("AT+CPIN=\"9999\",\"0000\"", "\r\n+CME ERROR: incorrect password\r\n").await;
    }
    port.ask("AT+CPIN=\"9999\",\"0000\"", "\r\n#QSS: 1\r\n\r\n+CME ERROR: incorrect password\r\n").await;
    basic.silent(Duration::from_secs(1)).await;
}

/// What a host can see of a restart unasked: the lines that the stored profile asks for.
#[tokio::test(start_paused = true)]
async fn a_start_shows_the_card_and_the_network_if_the_stored_profile_says_so() {
    let (module, mut port) = start(builder().registration_delay(Duration::from_secs(3))).await;
    port.ok("AT#QSS=2;+CREG=1;+CEREG=1;&W0").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    port.expect("\r\n+CREG: 1\r\n\r\n+CEREG: 1\r\n").await;
    module.reboot();
    port.silent(Duration::from_millis(1999)).await;
    let card = "\r\n#QSS: 1\r\n\r\n#QSS: 2\r\n\r\n#QSS: 3\r\n";
    port.expect(&format!("{card}\r\n+CREG: 2\r\n\r\n+CEREG: 2\r\n")).await;
    port.silent(Duration::from_millis(2990)).await;
    port.expect("\r\n+CREG: 1\r\n\r\n+CEREG: 1\r\n").await;
    // The echo was stored as it was: off.
    port.ok("AT").await;
}

#[tokio::test(start_paused = true)]
async fn a_pin_is_not_shown() {
    let text = format!("{:?}", builder().sim_pin("1234").sim_puk("87654321"));
    assert!(!text.contains("1234") && !text.contains("8765"), "{text}");
}
