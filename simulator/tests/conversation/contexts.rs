//! Packet data contexts of each platform, as its guide prints them.

use std::time::Duration;

use telit_simulator::Platform::{P10, P12, P13, P16, P20, P23, P25Linux, P25ThreadX, P30, P37, P52};
use telit_simulator::VirtualModule;

use crate::each::{PLATFORM_25, THREE_G, TWO_G, each, each_but, information};
use crate::port::{start, start_newest};

#[tokio::test(start_paused = true)]
async fn a_new_module_knows_these_contexts() {
    let six = |cid: u8| format!("+CGDCONT: {cid},\"IPV4V6\",\"\",\"\",0,0,0,0");
    let six = (1..=6).map(six).collect::<Vec<_>>().join("\r\n");
    each(
        "AT+CGDCONT?",
        &[
            (TWO_G, ""),
            (THREE_G, ""),
            (&[P20], "+CGDCONT: 1,\"IPV4V6\",\"\",\"\",0,0"),
            (
                &[P23],
                "+CGDCONT: 1,\"IPV4V6\",\"vzwims\",\"\",0,0,0,0,1,0\r\n\
                 +CGDCONT: 2,\"IPV4V6\",\"vzwadmin\",\"\",0,0\r\n\
                 +CGDCONT: 3,\"IPV4V6\",\"vzwinternet\",\"\",0,0",
            ),
            (PLATFORM_25, "+CGDCONT: 1,\"IPV4V6\",\"\",\"\",0,0,0,0"),
            (&[P30, P37, P52], &six),
        ],
    )
    .await;
    let lines = |kinds: &[&str], range: &str, flags: &str| {
        let line = |kind: &&str| format!("+CGDCONT: ({range}),\"{kind}\",,,{flags}");
        kinds.iter().map(line).collect::<Vec<_>>().join("\r\n")
    };
    let both = ["IP", "IPV6", "IPV4V6"];
    let flags = "0,(0-4),(0,1),(0,1),(0,1),(0,1)";
    let of_25 = lines(&["IP", "PPP", "IPV6", "IPV4V6"], "1-24", "(0-2),(0-4),(0-1),(0-1)");
    each_but(
        &[P30, P37, P52],
        "AT+CGDCONT=?",
        &[
            (TWO_G, "+CGDCONT: (1-5),\"IP\",,,(0,1),(0,1)\r\n+CGDCONT: (1-5),\"IPV6\",,,(0,1),(0,1)"),
            (
                THREE_G,
                "+CGDCONT: (1-5),\"IP\",,,(0,1),(0,1)\r\n+CGDCONT: (1-5),\"IPV6\",,,(0,1),(0,1)\r\n\
             +CGDCONT: (1-5),\"IPV4V6\",,,(0,1),(0,1)",
            ),
            (&[P20], &lines(&both, "1-15", flags)),
            (&[P23], &lines(&both, "1-4", flags)),
            (PLATFORM_25, &of_25),
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
            (&[P23], "#SGACT: (1-4),(0,1)"),
            (PLATFORM_25, "#SGACT: (1-5),(0,1)"),
            (&[P30, P37, P52], "#SGACT: (1-6),(0,1)"),
        ],
    )
    .await;
    each_but(
        &[P30, P52],
        "AT#SCFG=?",
        &[
            (THREE_G, "#SCFG: (1-6),(1-5),(0-1500),(0-65535),(10-1200),(0-264)"),
            (TWO_G, "#SCFG: (1-6),(1-5),(0-1500),(0-65535),(10-1200),(0-264)"),
            (&[P20], "#SCFG: (1-10),(0-15),(0-1500),(0-65535),(10-1200),(0-264)"),
            (&[P23], "#SCFG: (1-6),(1-4),(0-1500),(0-65535),(10-1200),(0-264)"),
            (PLATFORM_25, "#SCFG: (1-10),(1-5),(0-1500),(0-65535),(10-1200),(0-264)"),
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
async fn sockets_are_bound_to_these_contexts() {
    let lines = |contexts: &[u8]| {
        let line = |(id, cid): (u8, &u8)| format!("#SCFG: {id},{cid},300,90,600,50");
        (1..).zip(contexts).map(line).collect::<Vec<_>>().join("\r\n")
    };
    let six = lines(&[1, 1, 1, 2, 2, 2]);
    each_but(
        &[P25Linux, P25ThreadX, P30, P52],
        "AT#SCFG?",
        &[
            (TWO_G, &six),
            (THREE_G, &six),
            (&[P20], &lines(&[1, 1, 1, 2, 2, 2, 1, 1, 2, 2])),
            (&[P23], &lines(&[3, 3, 3, 2, 2, 2])),
            (&[P37], &lines(&[1, 1, 1, 2, 2, 2, 2, 2, 2, 2])),
        ],
    )
    .await;
}

/// Source: IPE28 p39-40, p66-67.
#[tokio::test(start_paused = true)]
async fn the_operator_has_two_contexts_of_23_for_itself() {
    let (_module, mut port) = start(VirtualModule::builder(P23)).await;
    for command in ["=1,\"IP\",\"Access_Point_Name\"", "=2,\"IP\",\"Access_Point_Name\"", "=1", "=2"] {
        port.ask(&format!("AT+CGDCONT{command}"), "\r\n+CME ERROR: operation not allowed\r\n").await;
    }
    port.ask("AT+CGDCONT=5,\"IP\",\"a\"", "\r\nERROR\r\n").await;
    // All three have an address since the attach.
    let addresses =
        "\r\n+CGPADDR: 1,\"10.0.0.1\"\r\n+CGPADDR: 2,\"10.0.0.2\"\r\n+CGPADDR: 3,\"10.0.0.3\"\r\n\r\nOK\r\n";
    port.ask("AT+CGPADDR", addresses).await;
    // No socket is bound to the first one.
    port.ask("AT#SGACT=1,1", "\r\nERROR\r\n").await;
    port.ok("AT+CGDCONT=3,\"IP\",\"Access_Point_Name\"").await;
    port.ask("AT#SGACT=3,1", "\r\n#SGACT: 10.0.0.3\r\n\r\nOK\r\n").await;
    // TLS looks for the first one until it is told.
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLD=1,443,\"h\",0,1", "\r\n+CME ERROR: context not opened\r\n").await;
    // FTP, which cannot be told, uses that of the Internet.
    port.ask("AT#FTPOPEN=\"h\",\"u\",\"p\"", "\r\n+CME ERROR: Cannot resolve name\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn contexts_of_25_go_further_than_services_do() {
    let (_module, mut port) = start(VirtualModule::builder(P25Linux)).await;
    port.ok("AT+CGDCONT=24,\"PPP\",\"a\"").await;
    port.ask("AT+CGDCONT=25,\"IP\",\"a\"", "\r\nERROR\r\n").await;
    port.ask("AT#SGACT=24,1", "\r\nERROR\r\n").await;
    port.ask("AT#SCFG=1,24,300,90,600,50", "\r\nERROR\r\n").await;
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
    for platform in [P20, P25Linux, P25ThreadX] {
        let (_module, mut port) = start(VirtualModule::builder(platform)).await;
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
    let without = [P10, P13, P16, P12, P23, P30, P37, P52];
    each_but(
        &without,
        "AT#PROTOCOLCFG=?",
        &[(&[P20], &line(&many, "(0-15),(0),(0),(0)")), (PLATFORM_25, &line(&few, "(1-5),(0),(0),(0)"))],
    )
    .await;
    each_but(
        &without,
        "AT#PROTOCOLCFG?",
        &[(&[P20], &line(&many, "1,0,0,0")), (PLATFORM_25, &line(&few, "1,0,0,0"))],
    )
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
