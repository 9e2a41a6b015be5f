//! How the services of each platform are set up, as the guides print it.

use telit_simulator::Platform::{self, P10, P12, P13, P16, P20, P23, P25Linux, P25ThreadX, P30, P37, P52};
use telit_simulator::VirtualModule;

use crate::each::{PLATFORM_25, TWO_G, each, each_but};
use crate::port::start_newest;

#[tokio::test(start_paused = true)]
async fn http_profiles_of_a_new_module() {
    let profiles = |blank: &str, rest: &str| {
        format!(
            "#HTTPCFG:{blank}0,\"\",80,0,\"\",\"******\",0,120,{rest}\r\n\
             #HTTPCFG:{blank}1,\"\",80,0,\"\",\"******\",0,120,{rest}\r\n\
             #HTTPCFG:{blank}2,\"m2mlocate.telit.com\",9978,0,\"\",\"******\",0,120,{rest}"
        )
    };
    each(
        "AT#HTTPCFG?",
        &[
            (TWO_G, &profiles(" ", "1")),
            (&[P12, P20, P23], &profiles(" ", "3,300,0,0")),
            (PLATFORM_25, &profiles(" ", "1")),
            (&[P30, P52], &profiles(" ", "1,1500,0,0")),
            (&[P37], &profiles("", "1,1500,0,0")),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_http_takes() {
    let short = "#HTTPCFG: (0-2),50,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-5)";
    let long = "#HTTPCFG: (0-2),50,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-5),(0-1500),(0),(0)";
    each(
        "AT#HTTPCFG=?",
        &[
            (TWO_G, short),
            (&[P12, P23], long),
            (&[P20], "#HTTPCFG: (0-2),50,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-15),(0-1500),(0),(0)"),
            (PLATFORM_25, "#HTTPCFG: (0-2),63,(1-65535),(0,1),50,50,(0),(1-65535),(1-5)"),
            (&[P30, P52], "#HTTPCFG: (0-2),63,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-6),(0-1500),(0),(0)"),
            (&[P37], "#HTTPCFG:(0-2),63,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-6),(0-1500),(0),(0)"),
        ],
    )
    .await;
    each_but(
        &[P12, P20, P23, P25Linux, P25ThreadX, P52],
        "AT#HTTPQRY=?",
        &[
            (TWO_G, "#HTTPQRY: (0-2),(0-2),150,100"),
            (&[P30], "#HTTPQRY:(0-2),(0-2),150,100"),
            (&[P37], "#HTTPQRY:(0-2),(0-2),150,100"),
        ],
    )
    .await;
    let older = [TWO_G, PLATFORM_25, &[P12, P20, P23]].concat();
    each(
        "AT#HTTPSND=?",
        &[
            (&older, "#HTTPSND: (0-2),(0,1),150,(1-65535),100,100"),
            (&[P30, P37, P52], "# HTTPSND: (0-2),(0,1),150,(1-65535),100,100"),
        ],
    )
    .await;
    each(
        "AT#HTTPRCV=?",
        &[(&older, "#HTTPRCV: (0-2),(0,64-1500)"), (&[P30, P37, P52], "# HTTPRCV: (0-2),(0,64-1500)")],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn firmware_by_http_is_a_matter_of_37() {
    for platform in Platform::ALL {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        let answer = match platform {
            P37 => "\r\n# HTTPRCVOTA:(0-2),(0,1)\r\n\r\nOK\r\n",
            _ => "\r\nERROR\r\n",
        };
        port.ask("AT#HTTPRCVOTA=?", answer).await;
    }
}

/// M37 p857-872: a request needs a context, and no SIM; the rest needs one.
#[tokio::test(start_paused = true)]
async fn http_without_a_sim() {
    let (_module, mut port) = start_newest(VirtualModule::builder(P37).sim_inserted(false)).await;
    let missing = "\r\n+CME ERROR: SIM not inserted\r\n";
    for command in
        ["AT#HTTPCFG?", "AT#HTTPCFG=0,\"h\"", "AT#HTTPSND=0,0,\"/\",1", "AT#HTTPRCV=0", "AT#HTTPRCVOTA=0"]
    {
        port.ask(command, missing).await;
    }
    port.ask("AT#HTTPQRY=2,0,\"/\"", "\r\n+CME ERROR: context not opened\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn http_profiles_are_kept_but_not_shown_whole() {
    for platform in Platform::ALL {
        let (module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        port.ok("AT#HTTPCFG=1,\"h\",8080,1,\"me\",\"s3cret\",0,30,2").await;
        // What is left out stays as it was.
        port.ok("AT#HTTPCFG=1,,,,,,,60").await;
        module.reboot();
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        port.quiet().await;
        port.ok("AT#SELINT=2;+CMEE=2").await;
        let shown = port.answer("AT#HTTPCFG?").await;
        assert!(shown.contains("1,\"h\",8080,1,\"me\",\"******\",0,60,2"), "{platform}: {shown}");
        assert!(!shown.contains("s3cret"), "{platform}");
        port.ok("AT#HTTPCFG=1").await;
        let shown = port.answer("AT#HTTPCFG?").await;
        assert!(shown.contains("1,\"\",80,0,\"\",\"******\",0,120,"), "{platform}: {shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn http_refuses_what_the_platform_has_not() {
    for platform in Platform::ALL {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        let has = |platforms: &[Platform]| {
            if platforms.contains(&platform) { "\r\nOK\r\n" } else { "\r\nERROR\r\n" }
        };
        let short = [P10, P13, P16, P25Linux, P25ThreadX];
        let long: Vec<Platform> =
            Platform::ALL.into_iter().filter(|platform| !short.contains(platform)).collect();
        let with_tls: Vec<Platform> =
            Platform::ALL.into_iter().filter(|platform| !PLATFORM_25.contains(platform)).collect();
        let host = |length: usize| format!("AT#HTTPCFG=0,\"{}\"", "h".repeat(length));
        port.ask(&host(50), "\r\nOK\r\n").await;
        port.ask(&host(51), has(&[P25Linux, P25ThreadX, P30, P37, P52])).await;
        port.ask("AT#HTTPCFG=0,\"h\",80,0,,,0,120,1,300", has(&long)).await;
        port.ask("AT#HTTPCFG=0,\"h\",443,0,,,1,120,1", has(&with_tls)).await;
        port.ask("AT#HTTPCFG=0,\"h\",80,0,,,0,120,6", has(&[P20, P30, P37, P52])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn http_holds_tls_alone() {
    for platform in Platform::ALL {
        if PLATFORM_25.contains(&platform) {
            continue;
        }
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        port.ok("AT#HTTPCFG=0,\"h\",443,0,,,1,120,1").await;
        let taken = "\r\n+CME ERROR: SSL already activated\r\n";
        port.ask("AT#SSLEN=1,1", taken).await;
        port.ask("AT#FTPCFG=100,0,1", taken).await;
        port.ask("AT#HTTPCFG=1,\"h\",443,0,,,1,120,1", taken).await;
        port.ok("AT#HTTPCFG=0,\"h\",443,0,,,0,120,1").await;
        port.ok("AT#FTPCFG=100,0,1").await;
        port.ask("AT#HTTPCFG=0,\"h\",443,0,,,1,120,1", taken).await;
        port.ok("AT#FTPCFG=100,0,0").await;
        port.ok("AT#SSLEN=1,1").await;
    }
}

#[tokio::test(start_paused = true)]
async fn ftp_settings_have_three_or_four_values() {
    let older = [P10, P13, P16, P12, P20, P23, P25Linux, P25ThreadX];
    each("AT#FTPCFG?", &[(&older, "#FTPCFG: 100,0,0"), (&[P30, P37, P52], "#FTPCFG: 100,0,0,1")]).await;
    each(
        "AT#FTPCFG=?",
        &[
            (&older, "#FTPCFG: (100-5000),(0,1),(0,1)"),
            (&[P30, P37], "#FTPCFG: (100-5000),(0,1),(0,1),(0,1)"),
            (&[P52], "#FTPCFG: (100-5000),(0,1),(0,1),(0-2)"),
        ],
    )
    .await;
    for platform in older {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        port.ok("AT#FTPCFG=600,1,0").await;
        port.ask("AT#FTPCFG?", "\r\n#FTPCFG: 600,1,0\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPCFG=600,1,0,1", "\r\nERROR\r\n").await;
        // Nor does #FTPOPEN name a context.
        port.ask("AT#FTPOPEN=\"s\",\"u\",\"p\",1,1", "\r\nERROR\r\n").await;
        port.ask("AT#FTPOPEN=\"s\",\"u\",\"p\",1", "\r\n+CME ERROR: Cannot resolve name\r\n").await;
    }
    for (platform, answer) in [(P30, "\r\nERROR\r\n"), (P37, "\r\nERROR\r\n"), (P52, "\r\nOK\r\n")] {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        port.ok("AT#FTPCFG=600,1,1,0").await;
        port.ask("AT#FTPCFG=600,1,1,2", answer).await;
    }
}

#[tokio::test(start_paused = true)]
async fn ftp_without_a_session() {
    for platform in Platform::ALL {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        for command in ["AT#FTPCLOSE", "AT#FTPPWD", "AT#FTPREST?", "AT#FTPGETPKT=\"f\"", "AT#FTPRECV?"] {
            port.ask(command, "\r\n+CME ERROR: Not connected\r\n").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn mqtt_as_the_guide_prints_it() {
    let all = [P25Linux, P25ThreadX, P30, P37, P52];
    let without = [P10, P13, P16, P12, P20, P23];
    let older = [P25Linux, P25ThreadX, P30];
    each_but(&without, "AT#MQEN?", &[(&all, "#MQEN: 1,0\r\n#MQEN: 2,0")]).await;
    each_but(&without, "AT#MQCFG?", &[(&all, "#MQCFG: 1,,1883,1,0\r\n#MQCFG: 2,,1883,1,0")]).await;
    each_but(
        &without,
        "AT#MQCFG2?",
        &[
            (&[P25Linux, P25ThreadX, P30, P52], "#MQCFG2: 1,20,1\r\n#MQCFG2: 2,20,1"),
            (&[P37], "#MQCFG2: 1,60,1\r\n#MQCFG2: 2,60,1"),
        ],
    )
    .await;
    each_but(&without, "AT#MQTCFG?", &[(&all, "#MQTCFG: 1,10\r\n#MQTCFG: 2,10")]).await;
    each_but(&without, "AT#MQWCFG?", &[(&all, "#MQWCFG: 1,0\r\n#MQWCFG: 2,0")]).await;
    each_but(
        &without,
        "AT#MQEN=?",
        &[(&older, "#MQEN: (1-maxClients),(0-1)"), (&[P37, P52], "#MQEN: (1-2),(0-1)")],
    )
    .await;
    each_but(
        &without,
        "AT#MQCFG=?",
        &[
            (PLATFORM_25, "#MQCFG: (1-maxClients),512,(1-65535),(1-5),(0-1)"),
            (&[P30], "#MQCFG: (1-maxClients),512,(1-65535),(1-6),(0-1)"),
            (&[P37], "#MQCFG: (1-2),512,(1-65535),(1-6),(0-1),(1-10)"),
            (&[P52], "#MQCFG: (1-2),512,(1-65535),(1-6),(0-1)"),
        ],
    )
    .await;
    each_but(
        &without,
        "AT#MQSUB=?",
        &[
            (&older, "#MQSUB: (1-maxClients),256"),
            (&[P37], "#MQSUB: (1-2),256,(0-2)"),
            (&[P52], "#MQSUB: (1-2),256"),
        ],
    )
    .await;
    each_but(
        &without,
        "AT#MQPUBS=?",
        &[
            (&older, "#MQPUBS: (1-maxClients),256,(0-1),(0-2),140"),
            (&[P37, P52], "#MQPUBS: (1-2),256,(0-1),(0-2),65536"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn mqtt_errors_by_platform() {
    for (platform, numbered) in
        [(P25Linux, false), (P25ThreadX, false), (P30, false), (P37, true), (P52, true)]
    {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        let failure = |text: &str| match numbered {
            true => format!("\r\n+CME ERROR: MQTT {text} Fail\r\n"),
            false => "\r\nERROR\r\n".to_owned(),
        };
        port.ask("AT#MQCFG=1,\"h\",1883,1", &failure("Configuration")).await;
        port.ok("AT#MQEN=1,1").await;
        port.ask("AT#MQEN=1,1", &failure("Initialization")).await;
        port.ask("AT#MQCFG=1,\"h\",1883,1", "\r\n+CME ERROR: context not opened\r\n").await;
        port.ask("AT#MQCONN=1,\"c\",\"\",\"\"", &failure("Connect")).await;
        port.ask("AT#MQSUB=1,\"t\"", &failure("Subscribe")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn mqtt_has_the_secure_socket_of_its_own_number_where_it_names_none() {
    for platform in [P25Linux, P25ThreadX, P30, P52] {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        port.ok("AT+CGDCONT=1,\"IP\",\"a\"").await;
        port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
        port.ok("AT#MQEN=2,1").await;
        port.ask("AT#MQCFG=2,\"h\",8883,1,1,2", "\r\nERROR\r\n").await;
        port.ok("AT#MQCFG=2,\"h\",8883,1,1").await;
        port.ask("AT#MQCFG?", "\r\n#MQCFG: 1,,1883,1,0\r\n#MQCFG: 2,h,8883,1,1\r\n\r\nOK\r\n").await;
        port.ask("AT#SSLSECCFG=1,0,0", "\r\n+CME ERROR: SSL not activated\r\n").await;
        port.ok("AT#SSLSECCFG=2,0,0").await;
        port.ask("AT#FTPCFG=100,0,1", "\r\n+CME ERROR: SSL already activated\r\n").await;
    }
}
