//! `gnutls-serv` with every suite and version that `GnuTLS` has, and once more with each alone.

use telit_core::platform::CipherSuite;
use telit_core::tls::TlsOptions;

use super::outcome::{Used, version};
use super::peer::{Failure, Peer, Visit, Way};
use super::socket::http_get;
use super::suite_names::{SUITES, by_gnutls_name, is_tls_1_3};
use crate::interop::credentials::Credentials;
use crate::interop::device::Device;
use crate::interop::gnutls::{Described, GnutlsServ};

/// TLS 1.0 to 1.2 with everything; `GnuTLS` gives up TLS 1.3 when the suites without encryption are switched on.
const OLD: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0:+RSA:+DHE-RSA:+ECDHE-RSA:+ECDHE-ECDSA:\
                   +ARCFOUR-128:+3DES-CBC:+NULL:+AES-128-CCM-8:+AES-256-CCM-8:+CAMELLIA-128-CBC:+CAMELLIA-256-CBC:\
                   +MD5:+SHA1:+SHA256:+SHA384:%COMPAT";
const NEW: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+AES-128-CCM:+AES-128-CCM-8";

const OLD_PORT: u16 = 1443;
const NEW_PORT: u16 = 2443;
/// The first suite's; the others follow.
const ALONE_PORT: u16 = 3443;
/// It would ask for a client certificate.
const OPTIONS: &[&str] = &["--disable-client-cert"];

/// One process has one port and one list of suites.
pub(super) struct Gnutls {
    old: GnutlsServ,
    new: GnutlsServ,
    /// For each suite of TLS 1.2 one that has nothing else.
    alone: Vec<GnutlsServ>,
}

impl Peer for Gnutls {
    const NAME: &'static str = "gnutls-serv";

    async fn start(credentials: &Credentials) -> Option<Self> {
        let old = GnutlsServ::start(credentials, OLD, OPTIONS).await?;
        let new = GnutlsServ::start(credentials, NEW, OPTIONS).await?;
        let mut alone = Vec::new();
        for name in old_suites() {
            alone.push(GnutlsServ::start(credentials, &priority(name), OPTIONS).await?);
        }
        Some(Self { old, new, alone })
    }

    fn ports(&self) -> Vec<(u16, u16)> {
        let alone = (ALONE_PORT..).zip(self.alone.iter().map(GnutlsServ::port));
        [(OLD_PORT, self.old.port()), (NEW_PORT, self.new.port())].into_iter().chain(alone).collect()
    }

    fn way(&self, _device: &Device) -> Way {
        Way::Socket
    }

    async fn visit(&self, device: &Device, tls: TlsOptions, visit: &Visit) -> Result<Used, Failure> {
        let (port, _) = self.process(visit);
        let (dialled, page) = http_get(&device.modem, tls, port, "/").await?;
        let told = told(&page).unwrap_or_else(|| panic!("{page}"));
        dialled.close(told).await;
        Ok(told)
    }

    fn mark(&self, visit: &Visit) -> usize {
        self.process(visit).1.mark()
    }

    async fn has_nothing_in_common(&self, visit: &Visit, mark: usize) -> bool {
        self.process(visit).1.says_since(mark, "No supported cipher suites have been found.").await
    }
}

impl Gnutls {
    fn process(&self, visit: &Visit) -> (u16, &GnutlsServ) {
        if is_tls_1_3(visit.suite) {
            return (NEW_PORT, &self.new);
        }
        let is_this = |(name, _): &(&str, _)| by_gnutls_name(name) == Some(visit.suite.number());
        let mut alone = old_suites().zip((ALONE_PORT..).zip(&self.alone));
        match alone.find(is_this) {
            Some((_, process)) if visit.alone => process,
            _ => (OLD_PORT, &self.old),
        }
    }
}

fn old_suites() -> impl Iterator<Item = &'static str> {
    SUITES.iter().filter(|suite| !suite.is_tls_1_3()).filter_map(|suite| suite.gnutls)
}

/// The priority string for one suite, whose name holds all that it needs: `DHE_RSA_AES_128_CBC_SHA256`.
fn priority(suite: &str) -> String {
    const EXCHANGES: [&str; 4] = ["ECDHE_RSA_", "ECDHE_ECDSA_", "DHE_RSA_", "RSA_"];
    let split = EXCHANGES.iter().find_map(|exchange| Some((exchange, suite.strip_prefix(exchange)?)));
    let (exchange, rest) = split.expect("it is one of these");
    let (cipher, mac) = match rest.rsplit_once('_') {
        Some((cipher, hash)) if cipher.ends_with("_GCM") && hash.starts_with("SHA") => (cipher, "AEAD"),
        Some((cipher, mac)) if mac.starts_with("SHA") || mac == "MD5" => (cipher, mac),
        _ => (rest, "AEAD"),
    };
    let part = |name: &str| name.trim_end_matches('_').replace('_', "-");
    format!(
        "NONE:+VERS-TLS1.2:+{}:+{}:+{mac}:+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509:%COMPAT",
        part(exchange),
        part(cipher)
    )
}

fn told(page: &str) -> Option<Used> {
    let described = Described::read(page)?;
    let version = version(described.version.strip_prefix("TLS")?)?;
    Some(Used { version, suite: CipherSuite::new(by_gnutls_name(&described.suite)?) })
}
