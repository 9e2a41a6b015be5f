//! The `#SSL` commands of every platform: layouts, limits, refusals. Source: SSL guide 6, 7, 12; M37 for 37.

mod credentials;
mod forms;
mod owners;
mod settings;

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
        protocol: Some(("(0-4),(0,1),(0-15),(0-7),(1-4)", "4,0,1,1,1")),
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
        protocol: Some(("(0-4),(0,1),(0-15),(0-7),(1-4)", "4,0,1,1,1")),
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
        protocol: Some(("(0-3),(0,1),(0-15),(0-7),(1-3)", "3,0,1,1,1")),
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
