//! The bring-up of each platform, as its guide prints it.

use std::time::Duration;

use telit_simulator::Platform::{self, P10, P12, P13, P16, P20, P23, P25Linux, P25ThreadX, P30, P37, P52};
use telit_simulator::VirtualModule;

use crate::port::{Port, start, start_newest};

fn information(line: &str) -> String {
    if line.is_empty() { "\r\nOK\r\n".to_owned() } else { format!("\r\n{line}\r\n\r\nOK\r\n") }
}

/// One line, or `OK` alone, in answer to the same command on every platform of a row.
async fn each(command: &str, rows: &[(&[Platform], &str)]) {
    for (platforms, line) in rows {
        for platform in *platforms {
            let (_module, mut port) = start_newest(VirtualModule::builder(*platform)).await;
            assert_eq!(port.answer(command).await, information(line), "{platform} {command}");
        }
    }
}

const TWO_G: &[Platform] = &[P10, P13, P16];
const THREE_G: &[Platform] = &[P12];
const FOUR_G: &[Platform] = &[P20, P23, P25Linux, P25ThreadX];
const PLATFORM_25: &[Platform] = &[P25Linux, P25ThreadX];

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
    for platform in [P12, P20, P25Linux, P37] {
        let (_module, mut port) = start(VirtualModule::builder(platform)).await;
        port.ask("AT#SELINT?", "\r\n#SELINT: 2\r\n\r\nOK\r\n").await;
        port.ask("AT#SELINT=0", "\r\nERROR\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_found_on_10_and_16() {
    each("AT+IPR?", &[(&[P10, P16], "+IPR: 0"), (&[P13, P12, P20, P23, P30, P37, P52], "+IPR: 115200")])
        .await;
    let fixed = "300,1200,2400,4800,9600,19200,38400,57600,115200";
    each(
        "AT+IPR=?",
        &[(&[P10, P16], &format!("+IPR: (0),({fixed})")), (&[P13], &format!("+IPR: (),({fixed})"))],
    )
    .await;
    let (_module, mut port) = start(VirtualModule::builder(P13)).await;
    port.ask("AT+IPR=0", "\r\nERROR\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_length_of_a_line() {
    for (platform, limit) in [(P10, 80), (P13, 80), (P16, 80), (P12, 400), (P25Linux, 400), (P37, 400)] {
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
            (&[P30, P37], "+COPS: 0,0,\"Virtual Network\",8"),
        ],
    )
    .await;
    each("AT+CSQ", &[(TWO_G, "+CSQ: 21,0"), (FOUR_G, "+CSQ: 21,3"), (&[P37], "+CSQ: 21,3")]).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_module_knows_these_contexts() {
    let six = |cid: u8| format!("+CGDCONT: {cid},\"IPV4V6\",\"\",\"\",0,0,0,0");
    let six = (1..=6).map(six).collect::<Vec<_>>().join("\r\n");
    each(
        "AT+CGDCONT?",
        &[
            (TWO_G, ""),
            (THREE_G, ""),
            (&[P20, P23], "+CGDCONT: 1,\"IPV4V6\",\"\",\"\",0,0"),
            (PLATFORM_25, "+CGDCONT: 1,\"IPV4V6\",\"\",\"\",0,0,0,0"),
            (&[P30, P37, P52], &six),
        ],
    )
    .await;
    each(
        "AT+CGDCONT=?",
        &[
            (TWO_G, "+CGDCONT: (1-5),\"IP\",,,(0,1),(0,1)\r\n+CGDCONT: (1-5),\"IPV6\",,,(0,1),(0,1)"),
            (
                THREE_G,
                "+CGDCONT: (1-5),\"IP\",,,(0,1),(0,1)\r\n+CGDCONT: (1-5),\"IPV6\",,,(0,1),(0,1)\r\n\
             +CGDCONT: (1-5),\"IPV4V6\",,,(0,1),(0,1)",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn contexts_are_activated_within_the_range_of_the_platform() {
    each(
        "AT#SGACT=?",
        &[
            (TWO_G, "#SGACT: (0-5),(0,1)"),
            (THREE_G, "#SGACT: (0-5),(0,1)"),
            (&[P20], "#SGACT: (1-15),(0,1)"),
            (&[P23, P25Linux, P25ThreadX], "#SGACT: (1-5),(0,1)"),
            (&[P30, P37, P52], "#SGACT: (1-6),(0,1)"),
        ],
    )
    .await;
    each(
        "AT#SCFG=?",
        &[
            (TWO_G, "#SCFG: (1-6),(1-5),(0-1500),(0-65535),(10-1200),(0-264)"),
            (&[P20], "#SCFG: (1-10),(1-15),(0-1500),(0-65535),(10-1200),(0-264)"),
            (&[P37], "#SCFG: (1-10),(1-6),(0-1500),(0-65535),(10-1200),(0-264)"),
        ],
    )
    .await;
    for platform in [P10, P13, P16, P12] {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        // No circuit-switched call comes about here.
        port.ask("AT#SGACT=0,1", "\r\n+CME ERROR: activation failed\r\n").await;
        port.ask("AT#SGACT=6,1", "\r\nERROR\r\n").await;
        // Nothing is defined on a new module.
        port.ask("AT#SGACT=1,1", "\r\nERROR\r\n").await;
        port.ok("AT+CGDCONT=1,\"IP\",\"a\"").await;
        port.ask("AT+CGPADDR=1", "\r\n+CGPADDR: 1,\"\"\r\n\r\nOK\r\n").await;
        port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
        // The same name twice is no error, as the guide does it.
        port.ok("AT+CGDCONT=2,\"IP\",\"a\"").await;
        port.ask("AT#SGACT=2,1", "\r\n#SGACT: 10.0.0.2\r\n\r\nOK\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn three_contexts_at_once_on_12() {
    let (_module, mut port) = start(VirtualModule::builder(P12)).await;
    for cid in 1..=5 {
        port.ok(&format!("AT+CGDCONT={cid},\"IP\",\"Access_Point_Name\"")).await;
        port.ok(&format!("AT#SCFG={cid},{cid},300,90,600,50")).await;
    }
    for cid in 1..=3 {
        port.ask(&format!("AT#SGACT={cid},1"), &information(&format!("#SGACT: 10.0.0.{cid}"))).await;
    }
    port.ask("AT#SGACT=4,1", "\r\n+CME ERROR: activation failed\r\n").await;
    port.ask(
        "AT#SGACT?",
        "\r\n#SGACT: 1,1\r\n#SGACT: 2,1\r\n#SGACT: 3,1\r\n#SGACT: 4,0\r\n#SGACT: 5,0\r\n\r\nOK\r\n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_default_bearer_needs_an_interface_first() {
    for platform in FOUR_G {
        let (_module, mut port) = start(VirtualModule::builder(*platform)).await;
        port.ask("AT#SGACT?", "\r\n#SGACT: 1,0\r\n\r\nOK\r\n").await;
        port.ask(
            "AT+CGCONTRDP=1",
            "\r\n+CGCONTRDP: 1,5,\"\",\"10.0.0.1.255.0.0.0\",\"10.0.0.254\",\"10.0.0.251\",\"0.0.0.0\",\"0.0.0.0\",\
             \"0.0.0.0\"\r\n\r\nOK\r\n",
        )
        .await;
        let open = "AT#FTPOPEN=\"server\",\"username\",\"password\"";
        port.ask(open, "\r\n+CME ERROR: Cannot resolve name\r\n").await;
        // No comma behind an address of a dual-stack context here.
        port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn protocols_are_bound_to_contexts() {
    let line = |names: &[&str], rest: &str| {
        names.iter().map(|name| format!("#PROTOCOLCFG: \"{name}\",{rest}")).collect::<Vec<_>>().join("\r\n")
    };
    let (many, few) = (["FTP", "SMTP", "PING", "SSL", "NTP"], ["FTP", "SMTP", "PING", "SSL"]);
    each(
        "AT#PROTOCOLCFG=?",
        &[(&[P20], &line(&many, "(0-15),(0),(0),(0)")), (PLATFORM_25, &line(&few, "(1-5),(0),(0),(0)"))],
    )
    .await;
    each("AT#PROTOCOLCFG?", &[(&[P20], &line(&many, "1,0,0,0")), (PLATFORM_25, &line(&few, "1,0,0,0"))])
        .await;
    let (module, mut port) = start(VirtualModule::builder(P20)).await;
    port.ok("AT#PROTOCOLCFG=\"FTP\",2").await;
    port.ask("AT#PROTOCOLCFG=\"HTTP\",2", "\r\nERROR\r\n").await;
    port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    // The first context does not help FTP now.
    port.ask("AT#FTPOPEN=\"s\",\"u\",\"p\"", "\r\n+CME ERROR: Cannot resolve name\r\n").await;
    module.reboot();
    tokio::time::sleep(Duration::from_secs(3)).await;
    port.quiet().await;
    let kept = line(&many, "1,0,0,0").replacen("\"FTP\",1", "\"FTP\",2", 1);
    port.ask("AT#PROTOCOLCFG?", &information(&kept)).await;
}

#[tokio::test(start_paused = true)]
async fn ports_as_the_guide_prints_them() {
    each("AT#PORTCFG?", &[(THREE_G, "#PORTCFG: 0,0"), (&[P23], "#PORTCFG: 1,1"), (&[P37], "#PORTCFG: 0,0")])
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
async fn authentication_of_contexts() {
    for (platform, name) in [(P20, "#PDPAUTH"), (P25Linux, "#PDPAUTH"), (P30, "+CGAUTH"), (P37, "+CGAUTH")] {
        let (_module, mut port) = start(VirtualModule::builder(platform)).await;
        port.ok(&format!("AT{name}=1,1,\"UserName\",\"PassWord\"")).await;
        let answer = port.answer(&format!("AT{name}?")).await;
        assert!(answer.starts_with(&format!("\r\n{name}: 1,1,\"UserName\"\r\n")), "{answer}");
        assert!(!answer.contains("PassWord"), "{answer}");
        port.ask(&format!("AT{name}=1,3"), "\r\nERROR\r\n").await;
        port.ok("AT#SGACTAUTH=2").await;
        port.ask("AT#SGACTAUTH?", "\r\n#SGACTAUTH: 2\r\n\r\nOK\r\n").await;
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
        port.ok("AT+CGDCONT=1,\"IP\",\"a\"").await;
        port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
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
