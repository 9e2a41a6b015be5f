//! The `#SSL` commands of every platform: layouts, limits, refusals. Source: SSL guide 6, 7, 12; M37 for 37.

use telit_simulator::{Platform, VirtualModule};

use crate::port::{Port, start};

const COMMON: &str = "(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2)";

/// What one platform prints and takes. Where a text begins behind `<SSId>`, that is left out.
struct Facts {
    platform: Platform,
    sockets: &'static str,
    contexts: &'static str,
    configuration_test: &'static str,
    configuration_read: &'static str,
    security_test: &'static str,
    /// `#SSLSECCFG2`, test and read.
    protocol: Option<(&'static str, &'static str)>,
    credentials_test: &'static str,
    preloaded: bool,
    closure: &'static str,
    counted: &'static str,
    kept: bool,
    /// `SSL not activated`, `SSL already activated`
    numbers: (&'static str, &'static str),
    suites: Values,
}

/// Values of `<CipherSuite>`.
struct Values {
    taken: &'static [&'static str],
    refused: &'static [&'static str],
}

const GUIDE: (&str, &str) = ("836", "835");
const MANUAL: (&str, &str) = ("1000", "1003");
const EXACT: Option<(&str, &str)> = Some(("(0-3),(0),(0),(0),(0)", "1,0,0,0,0"));
const NAME: Option<(&str, &str)> = Some(("(0-3),(0,1),(0),(0),(0)", "1,0,0,0,0"));

const TWO_G: Facts = Facts {
    platform: Platform::P10,
    sockets: "(1)",
    contexts: "(1)",
    configuration_test: "",
    configuration_read: " 1,1,300,90,100,50,0,0",
    security_test: "(0-6),(0-2)",
    protocol: None,
    credentials_test: "(1),(0-2),(0-2),(1-1535)",
    preloaded: false,
    closure: "(0,1)",
    counted: "(1-1024)",
    kept: false,
    numbers: GUIDE,
    suites: Values { taken: &["0", "1", "6"], refused: &["7", "0x0035", "-1", ""] },
};

const FACTS: [Facts; 11] = [
    TWO_G,
    Facts { platform: Platform::P13, credentials_test: "(1),(0-2),(0-2),(1-2048)", ..TWO_G },
    Facts { platform: Platform::P16, credentials_test: "(1),(0-2),(0-2),(1-2048)", ..TWO_G },
    Facts {
        platform: Platform::P12,
        configuration_test: ",(0),(0)",
        configuration_read: " 1,1,300,90,100,50,0,0,0,0",
        security_test: "(0-5),(0-2),(0,1)",
        protocol: EXACT,
        credentials_test: "(1),(0-2),(0-2),(1-2048)",
        closure: "(0)",
        counted: "(1-1500)",
        suites: Values { taken: &["0", "1", "5"], refused: &["6", "0xC02F"] },
        ..TWO_G
    },
    Facts {
        platform: Platform::P20,
        contexts: "(1-15)",
        security_test: "(0-5),(0-2),(0,1)",
        protocol: EXACT,
        credentials_test: "(1),(0-2),(0-2),(1-2048)",
        closure: "(0)",
        counted: "(1-1500)",
        numbers: MANUAL,
        suites: Values { taken: &["0", "1", "5"], refused: &["6", "0xC02F"] },
        ..TWO_G
    },
    Facts {
        platform: Platform::P23,
        sockets: "(1-6)",
        contexts: "(1-5)",
        configuration_test: ",(0),(0)",
        configuration_read: " 1,1,300,90,100,50,0,0,0,0",
        security_test: "(0-5),(0-2),(0,1)",
        protocol: NAME,
        credentials_test: "(1-6),(0-3),(0-2),(1-2048)",
        closure: "(0)",
        counted: "(1-1500)",
        suites: Values { taken: &["0", "1", "5"], refused: &["6", "0xC030"] },
        ..TWO_G
    },
    Facts {
        platform: Platform::P25Linux,
        sockets: "(1-6)",
        contexts: "(1-5)",
        configuration_test: ",(0,1)",
        configuration_read: " 1,1,300,90,100,50,0,0,1",
        security_test: "(0-10),(0-2),(0,1)",
        protocol: EXACT,
        credentials_test: "(1-6),(0-2),(0-2),(1-4096)",
        closure: "(0)",
        counted: "(1-1500)",
        suites: Values { taken: &["0", "1", "10"], refused: &["11", "0x002F"] },
        ..TWO_G
    },
    Facts {
        platform: Platform::P25ThreadX,
        sockets: "(1-6)",
        contexts: "(1-5)",
        configuration_test: ",(0,1),(0,1),(0,10-1200),(0)",
        configuration_read: " 1,1,300,90,100,50,0,0,1,0,0,0",
        security_test: "(0-8),(0-2),(0,1)",
        protocol: Some(("(0-4),(0,1),(0-15),(0-7),(0-4)", "4,0,1,1,1")),
        credentials_test: "(1-4),(0-2),(0-2),(1-4096)",
        preloaded: true,
        closure: "(0)",
        counted: "(1-1500)",
        kept: true,
        numbers: MANUAL,
        suites: Values {
            taken: &["0", "8", "0xC02F", "0x1301"],
            refused: &["9", "0xC031", "0x0004", "0xZZ"],
        },
    },
    Facts {
        platform: Platform::P30,
        sockets: "(1-6)",
        contexts: "(1-6)",
        configuration_test: ",(0,1),(0,1)",
        configuration_read: " 1,1,300,90,100,50,0,0,1,0",
        security_test: "(0-13),(0-2)",
        protocol: NAME,
        credentials_test: "(1-6),(0-2),(0-2),(1-4096)",
        closure: "(0)",
        counted: "(1-1500)",
        kept: true,
        numbers: MANUAL,
        suites: Values { taken: &["0", "3", "13"], refused: &["1", "4", "14", "0x002F"] },
        ..TWO_G
    },
    Facts {
        platform: Platform::P37,
        sockets: "(1-10)",
        contexts: "(1-6)",
        configuration_test: ",(0,1),(0,1),(0,10-1200),(0)",
        configuration_read: "1,1,0,90,100,50,0,0,1,0,0,0",
        security_test: "(0-13),(0-2),(0,1)",
        protocol: Some(("(0-4),(0,1),(0-15),(0-7),(0-4)", "4,0,1,1,1")),
        credentials_test: "(1-4),(0-3),(0-2),(1-4096),10,(0,1)",
        preloaded: true,
        closure: "(0)",
        counted: "(1-1500)",
        kept: true,
        numbers: MANUAL,
        suites: Values {
            taken: &["0", "1", "8", "13", "0xC02F", "0xc031"],
            refused: &["14", "0x0004", "0xC0300"],
        },
    },
    Facts {
        platform: Platform::P52,
        sockets: "(1-10)",
        contexts: "(1-6)",
        configuration_test: ",(0,1),(0,1),(0,10-1200),(0)",
        configuration_read: " 1,1,300,90,100,50,0,0,1,0,0,0",
        security_test: "(0),(0-2)",
        protocol: Some(("(0-3),(0,1),(0-15),(0-7),(0-3)", "3,0,1,1,1")),
        credentials_test: "(1-4),(0-2),(0-2),(1-4096)",
        preloaded: true,
        closure: "(0)",
        counted: "(1-1500)",
        kept: true,
        numbers: MANUAL,
        suites: Values { taken: &["0", "0xc02f", "0x002F"], refused: &["3", "0x1301", "0xcca8"] },
    },
];

impl Facts {
    async fn start(&self) -> (VirtualModule, Port) {
        let (module, mut port) = start(VirtualModule::builder(self.platform)).await;
        port.ok("AT#SELINT=2").await;
        port.ok("AT+CMEE=2").await;
        (module, port)
    }

    async fn enabled(&self) -> (VirtualModule, Port) {
        let (module, mut port) = self.start().await;
        port.ok("AT#SSLEN=1,1").await;
        (module, port)
    }

    fn has_format(&self) -> bool {
        self.security_test.ends_with("(0,1)")
    }

    fn has_masks(&self) -> bool {
        self.protocol.is_some_and(|(test, _)| test.contains("(0-15)"))
    }

    /// Fields of `#SSLCFG`.
    fn fields(&self) -> usize {
        self.configuration_read.split(',').count()
    }
}

async fn shows(port: &mut Port, command: &str, line: &str) {
    port.ask(command, &format!("\r\n{line}\r\n\r\nOK\r\n")).await;
}

async fn refuses(port: &mut Port, command: &str) {
    port.ask(command, "\r\nERROR\r\n").await;
}

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
        (Platform::P12, 1),
        (Platform::P20, 15),
        (Platform::P23, 5),
        (Platform::P25Linux, 5),
        (Platform::P30, 6),
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

/// Stores `data` in a slot that can be read back.
async fn store(port: &mut Port, command: &str, data: &str) {
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

#[tokio::test(start_paused = true)]
async fn settings_survive_where_the_platform_keeps_them() {
    for facts in &FACTS {
        let (module, mut port) = facts.enabled().await;
        port.ok("AT#SSLCFG=1,1,300,90,600,50").await;
        port.ok("AT#SSLSECCFG=1,0,1").await;
        store(&mut port, "AT#SSLSECDATA=1,1,1,2", "ca\x1a").await;
        module.reboot();
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        port.quiet().await;
        port.ok("AT#SELINT=2").await;
        port.write("AT#SSLEN?\r").await;
        port.expect(if facts.kept { "\r\n#SSLEN: 1,1\r\n" } else { "\r\n#SSLEN: 1,0\r\n" }).await;
        let (_, mut port) = (port, Port::of(&module));
        port.quiet().await;
        port.ok("AT#SELINT=2").await;
        port.ok("AT+CMEE=2").await;
        if !facts.kept {
            port.ok("AT#SSLEN=1,1").await;
        }
        let authentication = u8::from(facts.kept);
        shows(&mut port, "AT#SSLSECCFG?", &format!("#SSLSECCFG: 1,0,{authentication}")).await;
        // Certificates are always kept.
        shows(&mut port, "AT#SSLSECDATA=1,2,1", "#SSLSECDATA: 1,1\r\nca").await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_platform_has_three_instances_and_one_owner() {
    use tokio::io::AsyncReadExt;
    for facts in &FACTS {
        let (module, mut first) = facts.enabled().await;
        let mut others = [Port::of(&module), Port::of(&module)];
        for other in &mut others {
            other.quiet().await;
            other.ok("AT#SELINT=2").await;
            other.ok("AT+CMEE=1").await;
            let refused = "\r\n+CME ERROR: 612\r\n";
            let mut commands = vec![
                "AT#SSLEN=1,0",
                "AT#SSLEN=1,1",
                "AT#SSLCFG=1,1,300,90,100,50",
                "AT#SSLSECCFG=1,0,0",
                "AT#SSLSECDATA=1,0,1",
                "AT#SSLSECDATA=1,1,1,3",
                "AT#SSLD=1,443,\"host.example\",0,1",
                "AT#SSLH=1",
                "AT#SSLO=1",
                "AT#SSLRECV=1,10",
                "AT#SSLSEND=1",
            ];
            if facts.protocol.is_some() {
                commands.push("AT#SSLSECCFG2=1,3");
            }
            if facts.preloaded {
                commands.push("AT#SSLSECCA=1,0,1");
            }
            for command in commands {
                other.ask(command, refused).await;
            }
            // Reading is allowed.
            shows(other, "AT#SSLSECCFG?", "#SSLSECCFG: 1,0,0").await;
        }
        let mut fourth = Port::of(&module).into_stream();
        assert_eq!(fourth.read(&mut [0]).await.unwrap(), 0, "{}", facts.platform);
        first.ok("AT#SSLEN=1,0").await;
        others[1].ok("AT#SSLEN=1,1").await;
    }
}
