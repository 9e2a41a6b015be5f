//! What is typed for the same job on each platform. Source: SSL guide 6.2-6.8, 12.1.

use telit_simulator::{Builder, Platform, VirtualModule};

use crate::port::{Port, go_online, internet, start};

/// One platform.
pub(crate) struct Dialect {
    pub(crate) platform: Platform,
    /// A suite for servers with an RSA certificate, and its number.
    pub(crate) suite: (&'static str, u16),
    /// `#SSLSECCFG2` behind the socket: TLS 1.2, SNI if there is any, the first authority.
    protocol: Option<&'static str>,
    pub(crate) has_server_name: bool,
    /// `#SSLCFG` behind `<noCarrierMode>`, if the host name can be checked: it is.
    host_check: Option<&'static str>,
}

const fn two_g(platform: Platform) -> Dialect {
    Dialect { platform, suite: ("4", 0x003C), protocol: None, has_server_name: false, host_check: None }
}

pub(crate) const ALL: [Dialect; 11] = [
    two_g(Platform::P10),
    two_g(Platform::P13),
    two_g(Platform::P16),
    Dialect { suite: ("3", 0x002F), protocol: Some("3"), ..two_g(Platform::P12) },
    Dialect { suite: ("3", 0x002F), protocol: Some("3"), ..two_g(Platform::P20) },
    Dialect { suite: ("3", 0x002F), protocol: Some("3,1"), has_server_name: true, ..two_g(Platform::P23) },
    Dialect {
        suite: ("10", 0x006B),
        protocol: Some("3"),
        host_check: Some(",0"),
        ..two_g(Platform::P25Linux)
    },
    Dialect {
        platform: Platform::P25ThreadX,
        suite: ("0xC02F", 0xC02F),
        protocol: Some("3,1,1,0,3"),
        has_server_name: true,
        host_check: Some(",0,0,0,0"),
    },
    Dialect {
        platform: Platform::P30,
        suite: ("10", 0x003C),
        protocol: Some("3,1"),
        has_server_name: true,
        host_check: Some(",0,0"),
    },
    Dialect {
        platform: Platform::P37,
        suite: ("0xC02F", 0xC02F),
        protocol: Some("3,1,1,0,3"),
        has_server_name: true,
        host_check: Some(",0,0,0,0"),
    },
    Dialect {
        platform: Platform::P52,
        suite: ("0xc02f", 0xC02F),
        protocol: Some("3,1,1,0,3"),
        has_server_name: true,
        host_check: Some(",0,0,0,0"),
    },
];

impl Dialect {
    pub(crate) fn of(platform: Platform) -> &'static Self {
        ALL.iter().find(|dialect| dialect.platform == platform).unwrap()
    }

    pub(crate) fn checks_host(&self) -> bool {
        self.host_check.is_some()
    }

    /// A module with a context and TLS on, ring and no-carrier modes as given.
    pub(crate) async fn ready(&self, module: Builder, ring: u8) -> (VirtualModule, Port) {
        let (module, mut port) = start(module).await;
        for command in ["AT#SELINT=2", "AT+CMEE=2"] {
            port.ok(command).await;
        }
        go_online(&mut port, self.platform).await;
        port.ok("AT#SSLEN=1,1").await;
        let tail = self.host_check.unwrap_or_default();
        let cid = internet(self.platform);
        port.ok(&format!("AT#SSLCFG=1,{cid},300,90,100,50,{ring},2{tail}")).await;
        (module, port)
    }

    pub(crate) fn module(&self) -> Builder {
        VirtualModule::builder(self.platform).clock(std::time::SystemTime::now())
    }

    /// Suite, version and authentication.
    pub(crate) async fn secure(&self, port: &mut Port, authentication: u8) {
        port.ok(&format!("AT#SSLSECCFG=1,{},{authentication}", self.suite.0)).await;
        if let Some(protocol) = self.protocol {
            port.ok(&format!("AT#SSLSECCFG2=1,{protocol}")).await;
        }
    }
}
