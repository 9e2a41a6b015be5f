//! The bring-up of each platform, as its guide prints it.

use std::time::Duration;

use telit_simulator::Platform::{self, P10, P12, P13, P16, P20, P23, P25Linux, P25ThreadX, P30, P37, P52};
use telit_simulator::VirtualModule;

use crate::each::{FOUR_G, PLATFORM_25, THREE_G, TWO_G, each, each_but};
use crate::port::{Port, go_online, start, start_newest};

#[tokio::test(start_paused = true)]
async fn two_g_needs_the_newest_style_first() {
    for platform in TWO_G {
        let (_module, mut port) = start(VirtualModule::builder(*platform)).await;
        port.ask("AT#SELINT?", "\r\n#SELINT: 0\r\n\r\nOK\r\n").await;
        port.ask("AT#SELINT=?", "\r\n#SELINT: (0-2)\r\n\r\nOK\r\n").await;
        for command in ["AT#SGACT=1,1", "AT#SSLEN=1,1", "AT#HTTPCFG?", "AT#FTPTO?", "AT#SCFG?", "AT#SSLEN=?"]
        {
            port.ask(command, "\r\nERROR\r\n").await;
        }
        port.ask("AT+CGMI", "\r\nTelit\r\n\r\nOK\r\n").await;
        port.ok("AT#SELINT=2").await;
        port.ask("AT#SSLEN?", "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPTO?", "\r\n#FTPTO: 100\r\n\r\nOK\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_style_is_kept_by_a_stored_profile_only() {
    let (module, mut port) = start(VirtualModule::builder(P13)).await;
    let restart = async |port: &mut Port| {
        module.reboot();
        tokio::time::sleep(Duration::from_secs(3)).await;
        port.quiet().await;
    };
    port.ok("AT#SELINT=2").await;
    restart(&mut port).await;
    port.ask("AT#SELINT?", "\r\n#SELINT: 0\r\n\r\nOK\r\n").await;
    port.ok("AT#SELINT=2;&W0").await;
    module.reboot();
    tokio::time::sleep(Duration::from_secs(3)).await;
    port.ask("AT#SELINT?", "\r\n#SELINT: 2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn other_platforms_know_the_newest_style_only() {
    for platform in Platform::ALL.into_iter().filter(|platform| !TWO_G.contains(platform)) {
        let (_module, mut port) = start(VirtualModule::builder(platform)).await;
        port.ask("AT#SELINT?", "\r\n#SELINT: 2\r\n\r\nOK\r\n").await;
        port.ask("AT#SELINT=0", "\r\nERROR\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_found_on_10_and_16() {
    each(
        "AT+IPR?",
        &[
            (&[P10, P16], "+IPR: 0"),
            (&[P13, P12, P20, P23, P25Linux, P25ThreadX, P30, P37, P52], "+IPR: 115200"),
        ],
    )
    .await;
    let fixed = "300,1200,2400,4800,9600,19200,38400,57600,115200";
    each_but(
        &[P12, P20, P23, P25Linux, P25ThreadX, P30, P37, P52],
        "AT+IPR=?",
        &[(&[P10, P16], &format!("+IPR: (0),({fixed})")), (&[P13], &format!("+IPR: (),({fixed})"))],
    )
    .await;
    let (_module, mut port) = start(VirtualModule::builder(P13)).await;
    port.ask("AT+IPR=0", "\r\nERROR\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_length_of_a_line() {
    for platform in Platform::ALL {
        let limit = if TWO_G.contains(&platform) { 80 } else { 400 };
        let (_module, mut port) = start(VirtualModule::builder(platform)).await;
        let line = |length: usize| format!("AT{}+CMEE=2", " ".repeat(length - 9));
        port.ok(&line(limit)).await;
        port.ask(&line(limit + 1), "\r\nERROR\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn registration_by_generation() {
    for (platforms, cell) in [
        (TWO_G, ",\"0001\",\"01A2\""),
        (THREE_G, ",\"0001\",\"01A2D101\",2"),
        (FOUR_G, ",\"0001\",\"01A2D101\",7"),
        (&[P52], ",\"0001\",\"01A2D101\",7"),
        (&[P30, P37], ",\"0001\",\"01A2D101\",8"),
    ] {
        for platform in platforms {
            let (_module, mut port) = start(VirtualModule::builder(*platform)).await;
            port.ok("AT+CGREG=2").await;
            port.ask("AT+CGREG?", &format!("\r\n+CGREG: 2,1{cell}\r\n\r\nOK\r\n")).await;
        }
    }
    each(
        "AT+COPS?",
        &[
            (TWO_G, "+COPS: 0,0,\"Virtual Network\""),
            (THREE_G, "+COPS: 0,0,\"Virtual Network\",2"),
            (FOUR_G, "+COPS: 0,0,\"Virtual Network\",7"),
            (&[P52], "+COPS: 0,0,\"Virtual Network\",7"),
            (&[P30, P37], "+COPS: 0,0,\"Virtual Network\",8"),
        ],
    )
    .await;
    each(
        "AT+CSQ",
        &[
            (TWO_G, "+CSQ: 21,0"),
            (THREE_G, "+CSQ: 21,0"),
            (FOUR_G, "+CSQ: 21,3"),
            (&[P30, P37, P52], "+CSQ: 21,3"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn ports_as_the_guide_prints_them() {
    each_but(
        &[P10, P13, P16, P20, P25Linux, P25ThreadX, P30, P52],
        "AT#PORTCFG?",
        &[(THREE_G, "#PORTCFG: 0,0"), (&[P23], "#PORTCFG: 1,1"), (&[P37], "#PORTCFG: 0,0")],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_number_of_the_board_or_of_the_equipment() {
    for platform in Platform::ALL {
        let (_module, mut port) = start(VirtualModule::builder(platform)).await;
        let (imei, other) = (port.answer("AT+CGSN").await, port.answer("AT+GSN").await);
        assert_eq!(imei == other, ![P30, P37, P52].contains(&platform), "{platform}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_multiplexer_mode_of_25_is_noted() {
    for platform in PLATFORM_25 {
        let (_module, mut port) = start(VirtualModule::builder(*platform)).await;
        port.ok("AT#CMUXMODE=5").await;
        port.ask("AT#CMUXMODE?", "\r\n#CMUXMODE: 5\r\n\r\nOK\r\n").await;
    }
}

#[tokio::test]
async fn the_clock_can_be_set_from_the_network_everywhere() {
    for platform in Platform::ALL {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        go_online(&mut port, platform).await;
        let answer = port.answer("AT#NTP=\"ntp.example\",123,1,2").await;
        assert!(
            answer.starts_with("\r\n#NTP: 2") || answer.starts_with("\r\n#NTP: 3"),
            "{platform} {answer}"
        );
        let zone = port.answer("AT#NTP=\"ntp.example\",123,1,2,4").await;
        assert_eq!(zone == "\r\nERROR\r\n", ![P30, P37, P52].contains(&platform), "{platform} {zone}");
        let clock = port.answer("AT+CCLK?").await;
        assert!(!clock.contains("80/01/06"), "{platform} {clock}");
    }
}

#[tokio::test(start_paused = true)]
async fn functionality_by_platform() {
    for platform in Platform::ALL {
        let (_module, mut port) = start(VirtualModule::builder(platform)).await;
        let newer = [P30, P37, P52].contains(&platform);
        // The virtual port cannot be woken up.
        port.ask("AT+CFUN=0", "\r\n+CME ERROR: operation not supported\r\n").await;
        let sleep = if newer { "\r\nERROR\r\n" } else { "\r\n+CME ERROR: operation not supported\r\n" };
        port.ask("AT+CFUN=9", sleep).await;
        port.ok("AT+CFUN=5").await;
        port.ask("AT+CFUN?", "\r\n+CFUN: 5\r\n\r\nOK\r\n").await;
        port.ask("AT+CFUN=6", if newer { "\r\nOK\r\n" } else { "\r\nERROR\r\n" }).await;
    }
}
