//! Test forms, what is missing, and what is refused while TLS is off.

use telit_simulator::Platform;

use super::{COMMON, FACTS, refuses, shows};

#[tokio::test(start_paused = true)]
async fn test_forms_answer_before_tls_is_on() {
    for facts in &FACTS {
        let (_module, mut port) = facts.start().await;
        let s = facts.sockets;
        let lines = [
            ("AT#SSLEN=?", format!("#SSLEN: {s},(0,1)")),
            ("AT#SSLCFG=?", format!("#SSLCFG: {s},{},{COMMON}{}", facts.contexts, facts.configuration_test)),
            ("AT#SSLSECCFG=?", format!("#SSLSECCFG: {s},{}", facts.security_test)),
            ("AT#SSLSECDATA=?", format!("#SSLSECDATA: {}", facts.credentials_test)),
            ("AT#SSLD=?", format!("#SSLD: {s},(1-65535),,{},(0,1),(1-5000)", facts.closure)),
            ("AT#SSLO=?", format!("#SSLO: {s}")),
            ("AT#SSLH=?", format!("#SSLH: {s},{}", facts.closure)),
            ("AT#SSLS=?", format!("#SSLS: {s}")),
            ("AT#SSLSEND=?", format!("#SSLSEND: {s},(1-5000)")),
            ("AT#SSLSENDEXT=?", format!("#SSLSENDEXT: {s},{},(1-1500)", facts.counted)),
            ("AT#SSLRECV=?", format!("#SSLRECV: {s},(1-1000),(10-5000)")),
        ];
        for (command, line) in lines {
            shows(&mut port, command, &line).await;
        }
        if let Some((test, _)) = facts.protocol {
            shows(&mut port, "AT#SSLSECCFG2=?", &format!("#SSLSECCFG2: {s},{test}")).await;
        }
        if facts.preloaded {
            shows(&mut port, "AT#SSLSECCA=?", "#SSLSECCA: (1-3),(0-2),(1),(1-4095)").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn commands_that_a_platform_lacks_are_errors() {
    for facts in &FACTS {
        let (_module, mut port) = facts.enabled().await;
        let is_2g = facts.protocol.is_none();
        let is_37 = facts.platform == Platform::P37;
        let has_cpu_mode = matches!(facts.platform, Platform::P10 | Platform::P16);
        for (command, present) in [
            ("#SSLSECCFG2", !is_2g),
            ("#SSLSECCA", facts.preloaded),
            ("#SSLSECCS", is_37),
            ("#SSLI", is_37),
            ("#SSLFASTD", is_2g),
            ("#CPUMODE", has_cpu_mode),
        ] {
            if !present {
                for form in ["=?", "?", "=1"] {
                    refuses(&mut port, &format!("AT{command}{form}")).await;
                }
            }
        }
        if is_2g {
            shows(&mut port, "AT#SSLFASTD=?", "#SSLFASTD: (1),(0,1),(1-5000)").await;
        }
        if has_cpu_mode {
            port.ok("AT#CPUMODE=4").await;
            shows(&mut port, "AT#CPUMODE?", "#CPUMODE: 4").await;
            refuses(&mut port, "AT#CPUMODE=5").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_module_shows_its_defaults() {
    for facts in &FACTS {
        let (_module, mut port) = facts.enabled().await;
        shows(&mut port, "AT#SSLCFG?", &format!("#SSLCFG:{}", facts.configuration_read)).await;
        shows(&mut port, "AT#SSLSECCFG?", "#SSLSECCFG: 1,0,0").await;
        if let Some((_, read)) = facts.protocol {
            shows(&mut port, "AT#SSLSECCFG2?", &format!("#SSLSECCFG2: 1,{read}")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_done_while_tls_is_off() {
    for facts in &FACTS {
        let (_module, mut port) = facts.start().await;
        port.ok("AT+CMEE=1").await;
        let off = format!("\r\n+CME ERROR: {}\r\n", facts.numbers.0);
        for command in [
            "AT#SSLCFG?",
            "AT#SSLCFG=1,1,300,90,100,50",
            "AT#SSLSECCFG?",
            "AT#SSLSECCFG=1,0,0",
            "AT#SSLSECDATA?",
            "AT#SSLSECDATA=1,2,1",
            "AT#SSLD=1,443,\"host.example\",0,1",
            "AT#SSLH=1",
            "AT#SSLO=1",
            "AT#SSLSEND=1",
            "AT#SSLSENDEXT=1,5",
            "AT#SSLRECV=1,100",
        ] {
            port.ask(command, &off).await;
        }
        if facts.protocol.is_some() {
            port.ask("AT#SSLSECCFG2?", &off).await;
            port.ask("AT#SSLSECCFG2=1,3", &off).await;
        }
        shows(&mut port, "AT#SSLS=1", "#SSLS: 1,0").await;
        port.ok("AT#SSLEN=1,1").await;
        port.ask("AT#SSLEN=1,1", &format!("\r\n+CME ERROR: {}\r\n", facts.numbers.1)).await;
    }
}
