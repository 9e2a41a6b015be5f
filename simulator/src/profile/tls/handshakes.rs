//! Every platform against a server that takes everything: what is chosen is what the server sees.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;

use super::suites::{Suite, SuiteTable};
use crate::net::tls::unavailable_suites;
use crate::profile::Profile;
use crate::servers::{Authority, CertificateRequest, Front, FrontOptions, Handshake, KeyKind, TlsVersion};
use crate::{Platform, VirtualModule};

const ALL_1_3: &str = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:\
                       TLS_AES_128_CCM_8_SHA256";

/// Two servers, one with each kind of certificate, and what is behind them.
struct World {
    rsa: Front,
    ecdsa: Front,
    _backend: TcpListener,
}

impl World {
    async fn new() -> Self {
        let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = backend.local_addr().unwrap();
        let authority = Authority::new().unwrap();
        let front = async |key| {
            let request = CertificateRequest::server("peer.test").key(key);
            let options = FrontOptions::new(&authority.issue(&request).unwrap())
                .danger_accept_everything()
                .suites_of_tls13(ALL_1_3);
            Front::start(&options, address).await.unwrap()
        };
        Self { rsa: front(KeyKind::Rsa(2048)).await, ecdsa: front(KeyKind::P256).await, _backend: backend }
    }

    fn front(&self, ecdsa: bool) -> &Front {
        if ecdsa { &self.ecdsa } else { &self.rsa }
    }

    /// A module that is ready to be set up, with TLS on.
    async fn module(&self, platform: Platform) -> (VirtualModule, Line) {
        let address = |front: &Front| -> SocketAddr { front.addr() };
        let module = VirtualModule::builder(platform)
            .clock(SystemTime::now())
            .resolve("rsa.test", 443, address(&self.rsa))
            .resolve("ecdsa.test", 443, address(&self.ecdsa))
            .build()
            .unwrap();
        let mut line = Line(module.attach_duplex());
        let cid = Profile::of(platform).general.contexts.internet;
        for command in ["ATE0", "AT#SELINT=2", "AT+CMEE=2"] {
            line.ok(command).await;
        }
        line.ok(&format!("AT+CGDCONT={cid},\"IP\",\"a\"")).await;
        line.ok(&format!("AT#SGACT={cid},1")).await;
        line.ok("AT#SSLEN=1,1").await;
        line.ok(&format!("AT#SSLCFG=1,{cid},300,90,100,50")).await;
        (module, line)
    }
}

struct Line(DuplexStream);

impl Line {
    /// The final result.
    async fn ask(&mut self, command: &str) -> String {
        self.0.write_all(format!("{command}\r").as_bytes()).await.unwrap();
        let mut got = String::new();
        let finished =
            |got: &str| got.ends_with("OK\r\n") || (got.contains("ERROR") && got.ends_with("\r\n"));
        while !finished(&got) {
            let mut piece = [0; 256];
            let read = tokio::time::timeout(Duration::from_secs(30), self.0.read(&mut piece)).await;
            let count = read.unwrap_or_else(|_| panic!("{command}: {got:?}")).unwrap();
            got.push_str(std::str::from_utf8(&piece[..count]).unwrap());
        }
        got
    }

    async fn ok(&mut self, command: &str) {
        let answer = self.ask(command).await;
        assert!(answer.ends_with("OK\r\n"), "{command}: {answer:?}");
    }

    async fn version(&mut self, profile: &Profile, version: u8) {
        if profile.tls.protocol.is_some() {
            self.ok(&format!("AT#SSLSECCFG2=1,{version}")).await;
        }
    }
}

/// The value of `<CipherSuite>` that offers a suite alone.
fn value(table: &SuiteTable, suite: &Suite) -> Option<String> {
    match suite.decimal {
        Some(decimal) => Some(decimal.to_string()),
        None => table.hexadecimal.map(|_| table.hexadecimal_value(suite.iana)),
    }
}

/// By the key that signs: `ECDHE_ECDSA`.
fn needs_ecdsa(iana: u16) -> bool {
    matches!(iana, 0xC009 | 0xC00A | 0xC023 | 0xC024 | 0xC02B | 0xC02C | 0xCCA9)
}

/// Dials and gives what the server saw.
async fn dial(line: &mut Line, world: &World, ecdsa: bool, seen: usize) -> (String, Option<Handshake>) {
    let name = if ecdsa { "ecdsa.test" } else { "rsa.test" };
    let answer = line.ask(&format!("AT#SSLD=1,443,\"{name}\",0,1")).await;
    let connected = answer == "\r\nOK\r\n";
    if connected {
        line.ok("AT#SSLH=1").await;
    }
    let handshakes = world.front(ecdsa).handshakes();
    let handshake =
        if connected { Some(world.front(ecdsa).wait_for_handshakes(seen + 1).await) } else { None };
    (answer, handshake.unwrap_or(handshakes).get(seen).cloned())
}

async fn check_suite(line: &mut Line, world: &World, profile: &Profile, suite: &Suite) {
    let Some(value) = value(&profile.tls.suites, suite) else { return };
    let context = format!("{} {value} ({:04X})", profile.platform, suite.iana);
    line.ok(&format!("AT#SSLSECCFG=1,{value},0")).await;
    line.version(profile, if suite.iana >> 8 == 0x13 { 4 } else { 3 }).await;
    let ecdsa = needs_ecdsa(suite.iana);
    let seen = world.front(ecdsa).handshakes().len();
    let (answer, handshake) = dial(line, world, ecdsa, seen).await;
    if unavailable_suites(&[suite.iana]).is_empty() {
        let handshake = handshake.unwrap_or_else(|| panic!("{context}: {answer:?}"));
        assert_eq!(handshake.offered, [suite.iana], "{context}");
        assert_eq!(handshake.suite_number, Some(suite.iana), "{context}");
        assert_eq!(handshake.server_name, None, "{context}");
    } else {
        assert_eq!(answer, "\r\n+CME ERROR: SSL error during handshake\r\n", "{context}");
        assert_eq!(handshake, None, "{context}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_suite_of_every_platform_is_offered_alone() {
    let world = World::new().await;
    for platform in Platform::ALL {
        let profile = Profile::of(platform);
        let (_module, mut line) = world.module(platform).await;
        for suite in profile.tls.suites.suites {
            check_suite(&mut line, &world, profile, suite).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn value_0_offers_the_list_of_the_platform() {
    let world = World::new().await;
    for platform in Platform::ALL {
        let profile = Profile::of(platform);
        let (_module, mut line) = world.module(platform).await;
        line.ok("AT#SSLSECCFG=1,0,0").await;
        line.version(profile, 3).await;
        let seen = world.rsa.handshakes().len();
        let (answer, handshake) = dial(&mut line, &world, false, seen).await;
        let handshake = handshake.unwrap_or_else(|| panic!("{platform}: {answer:?}"));
        let default = profile.tls.suites.default;
        let missing = unavailable_suites(default);
        let expected: Vec<u16> = default.iter().copied().filter(|suite| !missing.contains(suite)).collect();
        assert_eq!(handshake.offered, expected, "{platform}");
        assert_eq!(handshake.version, Some(TlsVersion::Tls12), "{platform}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_version_is_the_one_that_was_asked_for() {
    let world = World::new().await;
    let exact = [None, Some(TlsVersion::Tls10), Some(TlsVersion::Tls11), Some(TlsVersion::Tls12)];
    for platform in Platform::ALL {
        let profile = Profile::of(platform);
        let Some(protocol) = &profile.tls.protocol else { continue };
        let (_module, mut line) = world.module(platform).await;
        // RSA_AES128_CBC_SHA serves every version up to TLS 1.2.
        let suite = profile.tls.suites.suites.iter().find(|suite| suite.iana == 0x002F).unwrap();
        line.ok(&format!("AT#SSLSECCFG=1,{},0", value(&profile.tls.suites, suite).unwrap())).await;
        for (version, expected) in (0..).zip(exact) {
            line.version(profile, version).await;
            let seen = world.rsa.handshakes().len();
            let (answer, handshake) = dial(&mut line, &world, false, seen).await;
            let expected = match protocol.fields {
                super::ProtocolFields::Masks => Some(TlsVersion::Tls12),
                _ => expected,
            };
            assert_eq!(handshake.and_then(|seen| seen.version), expected, "{platform} {version}: {answer:?}");
        }
    }
}
