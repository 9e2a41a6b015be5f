//! Settings that are sent again to a module that has restarted.

use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::driver::{AtChannel, AtPort, DriverOptions};

use crate::rig::{expect, read, send};

#[tokio::test(start_paused = true)]
async fn a_module_that_echoes_again_gets_its_settings_back_before_the_next_command() {
    let (host, mut module) = tokio::io::duplex(4096);
    let echo_off = Exchange::new(CommandLine::execute("E0"), Expect::result()).numeric_result();
    let port =
        AtPort::start(host, DriverOptions { restored: vec![echo_off].into(), ..DriverOptions::default() });
    let (one, two) = (port.clone(), port.clone());
    let first = tokio::spawn(async move { one.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    let second = tokio::spawn(async move { two.execute(read("#SSLCFG")).await });
    tokio::task::yield_now().await;
    send(&mut module, "AT#SSLEN?\r\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    assert!(first.await.unwrap().is_ok());
    expect(&mut module, b"ATE0\r").await;
    send(&mut module, "ATE0\r\r\nOK\r\n").await;
    expect(&mut module, b"AT#SSLCFG?\r").await;
    send(&mut module, "\r\nOK\r\n").await;
    assert!(second.await.unwrap().is_ok());
    assert_eq!(port.statistics().echoes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_module_that_goes_on_echoing_still_gets_the_next_command() {
    let (host, mut module) = tokio::io::duplex(4096);
    let echo_off = Exchange::new(CommandLine::execute("E0"), Expect::result()).numeric_result();
    let errors = Exchange::new(CommandLine::execute("+CMEE=2"), Expect::result());
    let port = AtPort::start(
        host,
        DriverOptions { restored: vec![echo_off, errors].into(), ..DriverOptions::default() },
    );
    let running = tokio::spawn(async move {
        for _ in 0..2 {
            port.execute(read("#SSLEN")).await.unwrap();
        }
    });
    for line in ["AT#SSLEN?", "ATE0", "AT+CMEE=2", "AT#SSLEN?"] {
        expect(&mut module, format!("{line}\r").as_bytes()).await;
        send(&mut module, &format!("{line}\r\r\nOK\r\n")).await;
    }
    running.await.unwrap();
}
