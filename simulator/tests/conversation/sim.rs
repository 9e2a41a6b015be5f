//! A SIM that asks for its PIN.

use telit_simulator::{Platform, VirtualModule};

use crate::port::{builder, start};

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
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
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
async fn a_pin_is_not_shown() {
    let text = format!("{:?}", builder().sim_pin("1234").sim_puk("87654321"));
    assert!(!text.contains("1234") && !text.contains("8765"), "{text}");
}
