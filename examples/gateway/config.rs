//! What the gateway is told by a file:
//!
//! ```json
//! {
//!   "apn": "iot.example",
//!   "broker": {
//!     "host": "broker.example", "ca": "ca.pem",
//!     "certificate": "certificates/{module}.pem", "key": "certificates/{module}.key"
//!   },
//!   "every_seconds": 60,
//!   "ports": { "hall-3": "/dev/ttyS1" },
//!   "usb": { "interface": 2, "by_place": false }
//! }
//! ```
//!
//! With certificate and key it is a broker like AWS `IoT`; each module has its own, whose file has the name of the module
//! with `_` for `:` and `/`. Without both it is a broker that asks for no certificate; one without the other is an error.
//! All but the broker may be left out.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use telit_core::pool::{ModuleName, WorkError};
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_mqtt::MqttSecurity;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) apn: Option<String>,
    broker: BrokerConfig,
    #[serde(default = "a_minute")]
    every_seconds: u64,
    #[serde(default)]
    pub(crate) ports: BTreeMap<String, String>,
    pub(crate) usb: Option<UsbConfig>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BrokerConfig {
    host: String,
    ca: String,
    certificate: Option<String>,
    key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsbConfig {
    pub(crate) interface: u8,
    #[serde(default)]
    pub(crate) by_place: bool,
}

fn a_minute() -> u64 {
    60
}

impl Config {
    pub(crate) fn read(path: &str) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
        serde_json::from_str(&text).with_context(|| path.to_owned())
    }
}

/// The broker, and how often something is published.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) host: String,
    pub(crate) every: Duration,
    trust: Trust,
}

#[derive(Debug)]
enum Trust {
    Everyone(Box<TlsOptions>),
    Each { ca: Vec<u8>, certificate: String, key: String },
}

impl Broker {
    /// All modules show the same certificate.
    pub(crate) fn simulated(host: &str, tls: TlsOptions) -> Self {
        Self {
            host: host.to_owned(),
            every: Duration::from_millis(200),
            trust: Trust::Everyone(Box::new(tls)),
        }
    }

    pub(crate) fn real(config: &Config) -> Result<Self> {
        let broker = config.broker.clone();
        let ca = || file(&broker.ca);
        let trust = match (broker.certificate, broker.key) {
            (Some(certificate), Some(key)) => Trust::Each { ca: ca()?, certificate, key },
            (None, None) => {
                let builder = TlsOptions::builder().ca(CaCertificate::from_pem(&ca()?)?);
                Trust::Everyone(Box::new(builder.build()?))
            }
            (Some(_), None) => bail!("the broker has a certificate and no key"),
            (None, Some(_)) => bail!("the broker has a key and no certificate"),
        };
        Ok(Self { host: broker.host, every: Duration::from_secs(config.every_seconds.max(1)), trust })
    }

    /// Whom a module trusts, and who it is.
    pub(crate) fn security(&self, module: &ModuleName) -> Result<MqttSecurity, WorkError> {
        let tls = match &self.trust {
            Trust::Everyone(tls) => (**tls).clone(),
            Trust::Each { ca, certificate, key } => {
                let name = module.as_str().replace([':', '/'], "_");
                let of_module = |pattern: &str| file(&pattern.replace("{module}", &name));
                let identity = Identity::from_pem(&of_module(certificate)?, &of_module(key)?)?;
                TlsOptions::builder().ca(CaCertificate::from_pem(ca)?).identity(identity).build()?
            }
        };
        Ok(MqttSecurity::Tls(tls))
    }
}

fn file(path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.to_owned())
}
