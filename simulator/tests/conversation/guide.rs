//! SSL guide 6.8, line by line: platforms 12 (HE910) and 23 (LE866).

use telit_simulator::{Platform, VirtualModule};

use crate::port::{Port, start};

const REFUSED: &str = "\r\n+CME ERROR: Resource used by another instance\r\n";

fn module(platform: Platform) -> telit_simulator::Builder {
    VirtualModule::builder(platform)
}

/// `AT#SSLEN?` shows these sockets.
async fn enabled(port: &mut Port, sockets: &[u8]) {
    let lines: Vec<String> =
        (1..).zip(sockets).map(|(id, on): (u8, _)| format!("#SSLEN: {id},{on}")).collect();
    port.ask("AT#SSLEN?", &format!("\r\n{}\r\n\r\nOK\r\n", lines.join("\r\n"))).await;
}

/// 6.8.1
#[tokio::test(start_paused = true)]
async fn one_socket_and_two_instances() {
    let (module, mut com1) = start(module(Platform::P12)).await;
    com1.ask("AT+CGMM", "\r\nHE910\r\n\r\nOK\r\n").await;
    com1.ask("AT#PORTCFG?", "\r\n#PORTCFG: 0,0\r\n\r\nOK\r\n").await;
    com1.ask(
        "AT#SSLCFG=?",
        "\r\n#SSLCFG: (1),(1),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0),(0)\r\n\r\nOK\r\n",
    )
    .await;
    enabled(&mut com1, &[0]).await;
    com1.ok("AT#SSLEN=1,1").await;
    enabled(&mut com1, &[1]).await;

    let mut com4 = Port::of(&module);
    com4.write("ATE0\r").await;
    com4.expect("ATE0\r\r\nOK\r\n").await;
    com4.ask("AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    com4.ok("AT+CMEE=2").await;
    enabled(&mut com4, &[1]).await;
    com4.ask("AT#SSLEN=1,0", REFUSED).await;

    com1.ok("AT#SSLEN=1,0").await;
    enabled(&mut com1, &[0]).await;
    enabled(&mut com4, &[0]).await;
    com4.ok("AT#SSLEN=1,1").await;
    enabled(&mut com1, &[1]).await;
    com1.ask("AT#SSLEN=1,0", REFUSED).await;
}

/// 6.8.2
#[tokio::test(start_paused = true)]
async fn six_sockets_and_two_instances() {
    let (module, mut com1) = start(module(Platform::P23)).await;
    com1.ask("AT+CGMM", "\r\nLE866-SV1\r\n\r\nOK\r\n").await;
    com1.ask("AT#PORTCFG?", "\r\n#PORTCFG: 1,1\r\n\r\nOK\r\n").await;
    com1.ask(
        "AT#SSLCFG=?",
        "\r\n#SSLCFG: (1-6),(1-5),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0),(0)\r\n\r\nOK\r\n",
    )
    .await;
    enabled(&mut com1, &[0, 0, 0, 0, 0, 0]).await;
    com1.ok("AT#SSLEN=1,1").await;
    enabled(&mut com1, &[1, 0, 0, 0, 0, 0]).await;

    let mut com25 = Port::of(&module);
    com25.quiet().await;
    enabled(&mut com25, &[1, 0, 0, 0, 0, 0]).await;
    com25.ask("AT#SSLEN=1,0", REFUSED).await;
    com25.ok("AT#SSLEN=2,1").await;

    com1.ok("AT#SSLEN=1,0").await;
    enabled(&mut com1, &[0, 1, 0, 0, 0, 0]).await;
    com1.ask("AT#SSLEN=2,0", REFUSED).await;
    com1.ok("AT#SSLEN=3,1").await;
    com1.ok("AT#SSLEN=4,1").await;
    enabled(&mut com1, &[0, 1, 1, 1, 0, 0]).await;

    enabled(&mut com25, &[0, 1, 1, 1, 0, 0]).await;
    com25.ok("AT#SSLEN=1,1").await;
    enabled(&mut com25, &[1, 1, 1, 1, 0, 0]).await;
    com25.ask("AT#SSLEN=4,0", REFUSED).await;
}

/// 6.8.3
#[tokio::test(start_paused = true)]
async fn what_needs_an_enabled_socket_and_what_it_shows_first() {
    let (_module, mut port) = start(module(Platform::P12)).await;
    let off = "\r\n+CME ERROR: SSL not activated\r\n";
    port.ask("AT#SSLEN=?", "\r\n#SSLEN: (1),(0,1)\r\n\r\nOK\r\n").await;
    enabled(&mut port, &[0]).await;
    for command in ["AT#SSLSECCFG2?", "AT#SSLSECCFG?", "AT#SSLCFG?"] {
        port.ask(command, off).await;
    }
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECCFG2?", "\r\n#SSLSECCFG2: 1,1,0,0,0,0\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLSECCFG?", "\r\n#SSLSECCFG: 1,0,0\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLCFG?", "\r\n#SSLCFG: 1,1,300,90,100,50,0,0,0,0\r\n\r\nOK\r\n").await;
}
