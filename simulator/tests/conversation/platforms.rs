//! Which platforms have which commands.

use telit_simulator::Platform::{self, P10, P12, P13, P16, P20, P23, P25Linux, P25ThreadX, P30, P37, P52};
use telit_simulator::VirtualModule;

use crate::port::start_newest;

/// A command in its test form, and who has it.
const COMMANDS: &[(&str, &[Platform])] = &[
    ("#SGACT", &Platform::ALL),
    ("#SGACTAUTH", &Platform::ALL),
    ("#NTP", &Platform::ALL),
    ("#ENHRST", &Platform::ALL),
    ("+CGREG", &Platform::ALL),
    ("+CEREG", &[P20, P23, P25Linux, P25ThreadX, P30, P37, P52]),
    ("+CTZU", &[P12, P20, P23, P25Linux, P25ThreadX, P30, P37, P52]),
    ("#PORTCFG", &[P12, P20, P23, P25Linux, P25ThreadX, P30, P37, P52]),
    ("#PROTOCOLCFG", &[P20, P25Linux, P25ThreadX]),
    ("#PDPAUTH", &[P20, P25Linux, P25ThreadX]),
    ("+CGAUTH", &[P30, P37, P52]),
    ("+CMUX", &Platform::ALL),
    ("#CMUXMODE", &[P25Linux, P25ThreadX]),
    ("#E2ESC", &[P10, P13, P16, P25Linux, P25ThreadX, P30, P37, P52]),
    ("#SKIPESC", &[P10, P13, P16, P30, P37, P52]),
    ("#REBOOT", &[P25Linux, P25ThreadX, P30, P37, P52]),
    ("#SWPKGV", &[P37]),
    ("#SETHEXSTR", &[P37]),
    ("#CFLO", &[P37]),
    ("#NTPCFG", &[P37]),
    ("#HTTPCFG", &Platform::ALL),
    ("#HTTPRCV", &Platform::ALL),
    ("#FTPCFG", &Platform::ALL),
    ("#FTPGETPKT", &Platform::ALL),
    ("#FTPAPPEXT", &Platform::ALL),
    ("#FTPREST", &Platform::ALL),
    ("#FTPCMD", &[P37]),
    ("#MQEN", &[P25Linux, P25ThreadX, P30, P37, P52]),
    ("#MQREAD", &[P25Linux, P25ThreadX, P30, P37, P52]),
    ("#MQPUBSEXT", &[P37, P52]),
];

#[tokio::test(start_paused = true)]
async fn a_command_that_the_platform_lacks_is_an_error() {
    for platform in Platform::ALL {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        for (name, platforms) in COMMANDS {
            let answer = port.answer(&format!("AT{name}=?")).await;
            let known = answer.ends_with("\r\nOK\r\n");
            assert_eq!(known, platforms.contains(&platform), "{platform} {name}: {answer}");
            assert!(known || answer == "\r\nERROR\r\n", "{platform} {name}: {answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_platform_lists_it_knows() {
    for platform in Platform::ALL {
        let (_module, mut port) = start_newest(VirtualModule::builder(platform)).await;
        let list = port.answer("AT+CLAC").await;
        assert_eq!(
            list.contains("\r\n#MQEN\r\n"),
            COMMANDS.iter().any(|(name, platforms)| { *name == "#MQEN" && platforms.contains(&platform) })
        );
        for name in list.lines().filter(|line| line.starts_with(['+', '#'])) {
            let answer = port.answer(&format!("AT{name}=?")).await;
            let fine = answer.ends_with("\r\nOK\r\n") || name == "#Z";
            assert!(fine, "{platform} {name}: {answer}");
        }
    }
}
