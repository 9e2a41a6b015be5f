//! `#SSLSECDATA`.

use telit_simulator::Platform;

use super::{FACTS, refuses, shows};
use crate::port::Port;

/// Stores `data` in a slot that can be read back.
pub(super) async fn store(port: &mut Port, command: &str, data: &str) {
    port.ask(command, "\r\n> ").await;
    port.write(data).await;
    port.expect("\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn credentials_are_stored_read_and_deleted() {
    for facts in &FACTS {
        let (_module, mut port) = facts.enabled().await;
        let protected = facts.platform == Platform::P37;
        let more = if protected { ",0,0" } else { "" };
        let slots = match facts.credentials_test.get(..5) {
            Some("(1-4)") => 4,
            Some("(1-6)") => 6,
            _ => 1,
        };
        let state = |first: &str| {
            let lines: Vec<String> = (1..=slots)
                .map(|id| format!("#SSLSECDATA: {id},{}{more}", if id == 1 { first } else { "0,0,0" }))
                .collect();
            lines.join("\r\n")
        };
        shows(&mut port, "AT#SSLSECDATA?", &state("0,0,0")).await;
        shows(&mut port, "AT#SSLSECDATA=1,2,0", "#SSLSECDATA: 1,0\r\nNo data stored").await;
        // Lines end in line feeds alone, and come back as lines.
        store(&mut port, "AT#SSLSECDATA=1,1,0,8", "cert\none\x1a").await;
        store(&mut port, "AT#SSLSECDATA=1,1,1,6", "ca\none\x1a").await;
        store(&mut port, "AT#SSLSECDATA=1,1,2,3", "key\x1a").await;
        shows(&mut port, "AT#SSLSECDATA?", &state("1,1,1")).await;
        shows(&mut port, "AT#SSLSECDATA=1,2,0", "#SSLSECDATA: 1,0\r\ncert\r\none").await;
        shows(&mut port, "AT#SSLSECDATA=1,2,2", "#SSLSECDATA: 1,2\r\nkey").await;
        // Left by ESC, nothing changes.
        port.ask("AT#SSLSECDATA=1,1,1,9", "\r\n> ").await;
        port.write("other\x1b").await;
        port.expect("\r\nOK\r\n").await;
        shows(&mut port, "AT#SSLSECDATA=1,2,1", "#SSLSECDATA: 1,1\r\nca\r\none").await;
        port.ok("AT#SSLSECDATA=1,0,1").await;
        shows(&mut port, "AT#SSLSECDATA?", &state("1,0,1")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_have_the_limits_of_the_platform() {
    for facts in &FACTS {
        let (_module, mut port) = facts.enabled().await;
        let limit: u32 = match facts.platform {
            Platform::P10 => 1535,
            Platform::P13 | Platform::P16 | Platform::P12 | Platform::P20 | Platform::P23 => 2048,
            _ => 4096,
        };
        for refused in [
            "1,1,1".to_owned(),
            "1,1,1,0".to_owned(),
            format!("1,1,1,{}", limit + 1),
            "1,4,1".to_owned(),
            "1,2,3".to_owned(),
            "0,2,1".to_owned(),
            "11,2,1".to_owned(),
        ] {
            refuses(&mut port, &format!("AT#SSLSECDATA={refused}")).await;
        }
        if facts.platform != Platform::P37 {
            refuses(&mut port, "AT#SSLSECDATA=1,1,1,5,\"word\"").await;
        }
        // The surplus is thrown away.
        let long = "x".repeat(usize::try_from(limit).unwrap() + 100);
        store(&mut port, &format!("AT#SSLSECDATA=1,1,1,{limit}"), &format!("{long}\x1a")).await;
        let kept = long.get(..usize::try_from(limit).unwrap()).unwrap();
        shows(&mut port, "AT#SSLSECDATA=1,2,1", &format!("#SSLSECDATA: 1,1\r\n{kept}")).await;
        // RAM holds authorities alone, and is not shown.
        if matches!(facts.platform, Platform::P23 | Platform::P37) {
            refuses(&mut port, "AT#SSLSECDATA=1,3,0,5").await;
            port.ok("AT#SSLSECDATA=1,0,1").await;
            store(&mut port, "AT#SSLSECDATA=1,3,1,5", "other\x1a").await;
            shows(&mut port, "AT#SSLSECDATA=1,2,1", "#SSLSECDATA: 1,1\r\nNo data stored").await;
        } else {
            refuses(&mut port, "AT#SSLSECDATA=1,3,1,5").await;
        }
    }
}

/// Where there are no masks, each socket has its own; elsewhere slots are shared and only the first is for clients.
#[tokio::test(start_paused = true)]
async fn slots_belong_to_sockets_or_to_all() {
    for facts in FACTS.iter().filter(|facts| facts.sockets != "(1)") {
        let (module, mut port) = facts.enabled().await;
        let mut second = Port::of(&module);
        second.quiet().await;
        second.ok("AT#SELINT=2").await;
        if facts.has_masks() {
            refuses(&mut port, "AT#SSLSECDATA=2,1,0,3").await;
            refuses(&mut port, "AT#SSLSECDATA=2,2,2").await;
            store(&mut port, "AT#SSLSECDATA=4,1,1,3", "abc\x1a").await;
            continue;
        }
        port.ask("AT#SSLSECDATA=2,1,0,3", "\r\n+CME ERROR: SSL not activated\r\n").await;
        second.ok("AT#SSLEN=2,1").await;
        store(&mut second, "AT#SSLSECDATA=2,1,0,3", "abc\x1a").await;
        let answer = match facts.platform {
            Platform::P23 => "\r\n+CME ERROR: Resource used by another instance\r\n",
            _ => {
                port.ok("AT+CMEE=1").await;
                "\r\n+CME ERROR: 612\r\n"
            }
        };
        port.ask("AT#SSLSECDATA=2,0,0", answer).await;
        shows(&mut port, "AT#SSLSECDATA=2,2,0", "#SSLSECDATA: 2,0\r\nabc").await;
    }
}

/// Source: SSL guide 6.5. Every byte value is data and nothing ends it but the count.
#[tokio::test(start_paused = true)]
async fn der_is_counted_where_it_can_be_chosen() {
    for facts in FACTS.iter().filter(|facts| facts.has_format()) {
        let (_module, mut port) = facts.enabled().await;
        port.ok("AT#SSLSECCFG=1,0,1,0").await;
        store(&mut port, "AT#SSLSECDATA=1,1,1,6", "\x1a\x1b\x08A\0\r").await;
        port.ok("AT").await;
        port.ok("AT#SSLSECCFG=1,0,1,1").await;
        store(&mut port, "AT#SSLSECDATA=1,1,1,6", "pem\x1a").await;
    }
}
