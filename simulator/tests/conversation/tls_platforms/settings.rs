//! `#SSLCFG`, `#SSLSECCFG`, `#SSLSECCFG2`.

use telit_simulator::Platform;

use super::{FACTS, refuses, shows};

#[tokio::test(start_paused = true)]
async fn socket_settings_have_the_fields_of_the_platform() {
    for facts in &FACTS {
        let (_module, mut port) = facts.enabled().await;
        port.ok("AT#SSLCFG=1,1,1500,0,5000,0,2,2").await;
        let blank = if facts.platform == Platform::P37 { "" } else { " " };
        let all = [",0", ",1", ",1200", ",0"];
        let meant = facts
            .configuration_test
            .split("),(")
            .filter(|field| field.contains(",1") || field.contains("1200"));
        let meant = meant.count();
        let tail: String = all.iter().take(meant).copied().collect();
        let zeros = ",0".repeat(facts.fields() - 8 - meant);
        port.ok(&format!("AT#SSLCFG=1,1,1500,0,5000,0,2,2{tail}{zeros}")).await;
        let line = format!("#SSLCFG:{blank}1,1,1500,0,5000,0,2,2{tail}{zeros}");
        shows(&mut port, "AT#SSLCFG?", &line).await;
        for refused in ["2,1,300", "1,1,300,90,9", "1,1,300,90,100,50,3", "1,1,300,90,100,50,0,3", "1,1,1501"]
        {
            if refused.starts_with('2') && facts.sockets != "(1)" {
                continue;
            }
            refuses(&mut port, &format!("AT#SSLCFG={refused}")).await;
        }
        // A field more than there are, and a value in a field without a meaning.
        refuses(&mut port, &format!("AT#SSLCFG=1,1,300,90,100,50,0,0{}", ",0".repeat(facts.fields() - 7)))
            .await;
        if zeros.len() > 1 {
            refuses(
                &mut port,
                &format!(
                    "AT#SSLCFG=1,1,300,90,100,50,0,0{tail}{},1",
                    ",0".repeat(facts.fields() - 9 - meant)
                ),
            )
            .await;
        }
        shows(&mut port, "AT#SSLCFG?", &line).await;
    }
}

#[tokio::test(start_paused = true)]
async fn contexts_are_those_of_the_platform() {
    for (platform, last) in [
        (Platform::P10, 1),
        (Platform::P13, 1),
        (Platform::P16, 1),
        (Platform::P12, 1),
        (Platform::P20, 15),
        (Platform::P23, 5),
        (Platform::P25Linux, 5),
        (Platform::P25ThreadX, 5),
        (Platform::P30, 6),
        (Platform::P37, 6),
        (Platform::P52, 6),
    ] {
        let facts = FACTS.iter().find(|facts| facts.platform == platform).unwrap();
        let (_module, mut port) = facts.enabled().await;
        port.ok(&format!("AT#SSLCFG=1,{last},300,90,100,50")).await;
        refuses(&mut port, &format!("AT#SSLCFG=1,{},300,90,100,50", last + 1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn suites_are_chosen_by_the_values_of_the_platform() {
    for facts in &FACTS {
        let (_module, mut port) = facts.enabled().await;
        for value in facts.suites.taken {
            port.ok(&format!("AT#SSLSECCFG=1,{value},2")).await;
            let shown = match (value.get(..2), facts.platform) {
                (Some("0x"), Platform::P52) => value.to_ascii_lowercase(),
                (Some("0x"), _) => value.to_ascii_uppercase().replace("0X", "0x"),
                _ => (*value).to_owned(),
            };
            shows(&mut port, "AT#SSLSECCFG?", &format!("#SSLSECCFG: 1,{shown},2")).await;
        }
        for value in facts.suites.refused {
            refuses(&mut port, &format!("AT#SSLSECCFG=1,{value},0")).await;
        }
        refuses(&mut port, "AT#SSLSECCFG=1,0,3").await;
    }
}

/// Source: SSL guide 6.2.2.
#[tokio::test(start_paused = true)]
async fn the_format_is_shown_once_it_has_been_given() {
    for facts in &FACTS {
        let (_module, mut port) = facts.enabled().await;
        if !facts.has_format() {
            refuses(&mut port, "AT#SSLSECCFG=1,0,0,1").await;
            continue;
        }
        port.ok("AT#SSLSECCFG=1,0,1").await;
        shows(&mut port, "AT#SSLSECCFG?", "#SSLSECCFG: 1,0,1").await;
        port.ok("AT#SSLSECCFG=1,0,1,0").await;
        shows(&mut port, "AT#SSLSECCFG?", "#SSLSECCFG: 1,0,1,0").await;
        port.ok("AT#SSLSECCFG=1,0,0").await;
        shows(&mut port, "AT#SSLSECCFG?", "#SSLSECCFG: 1,0,0,0").await;
        refuses(&mut port, "AT#SSLSECCFG=1,0,0,2").await;
        refuses(&mut port, "AT#SSLSECCFG=1,0,0,1,0").await;
    }
}

#[tokio::test(start_paused = true)]
async fn versions_names_and_masks_are_those_of_the_platform() {
    for facts in &FACTS {
        let Some((test, _)) = facts.protocol else { continue };
        let (_module, mut port) = facts.enabled().await;
        let highest = if test.starts_with("(0-4)") { 4 } else { 3 };
        refuses(&mut port, &format!("AT#SSLSECCFG2=1,{}", highest + 1)).await;
        refuses(&mut port, "AT#SSLSECCFG2=1,3,0,0,0,0,0").await;
        match (facts.has_masks(), test.contains("(0,1)")) {
            (true, _) => {
                port.ok("AT#SSLSECCFG2=1,3,1,14,0,3").await;
                shows(&mut port, "AT#SSLSECCFG2?", "#SSLSECCFG2: 1,3,1,14,0,3").await;
                // Four authorities; a lowest version above the highest.
                refuses(&mut port, "AT#SSLSECCFG2=1,3,1,14,1,3").await;
                refuses(&mut port, "AT#SSLSECCFG2=1,3,1,1,0,4").await;
                // Lowest versions begin with 1, which is TLS 1.0.
                refuses(&mut port, "AT#SSLSECCFG2=1,3,1,1,0,0").await;
                port.ok("AT#SSLSECCFG2=1,0").await;
                shows(&mut port, "AT#SSLSECCFG2?", "#SSLSECCFG2: 1,3,1,14,0,3").await;
            }
            (false, true) => {
                port.ok("AT#SSLSECCFG2=1,0,1,0,0,0").await;
                shows(&mut port, "AT#SSLSECCFG2?", "#SSLSECCFG2: 1,0,1,0,0,0").await;
                refuses(&mut port, "AT#SSLSECCFG2=1,3,1,1").await;
                refuses(&mut port, "AT#SSLSECCFG2=1,3,1,0,0,3").await;
            }
            (false, false) => {
                port.ok("AT#SSLSECCFG2=1,3,0,0,0,0").await;
                shows(&mut port, "AT#SSLSECCFG2?", "#SSLSECCFG2: 1,3,0,0,0,0").await;
                refuses(&mut port, "AT#SSLSECCFG2=1,3,1").await;
                refuses(&mut port, "AT#SSLSECCFG2=1,3,0,0,0,1").await;
            }
        }
    }
}
