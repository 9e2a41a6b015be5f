//! What survives a power cycle. Source: M37 p35-36 (what "setting saved: Auto" means), p59 (`AT&W`).

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::instance::InstanceSettings;
use crate::profile::{HttpProfile, Profile};

/// The non-volatile memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Nvm {
    /// The two user profiles of each instance.
    pub(crate) user_profiles: BTreeMap<usize, [InstanceSettings; 2]>,
    pub(crate) boot_profile: u8,
    pub(crate) common: Common,
    pub(crate) contexts: BTreeMap<u8, Context>,
    /// `+CGAUTH`, `#PDPAUTH`
    pub(crate) authentication: BTreeMap<u8, Authentication>,
    /// `#PROTOCOLCFG`
    pub(crate) protocols: BTreeMap<String, u8>,
    pub(crate) sockets: Vec<Socket>,
    pub(crate) tls_sockets: Vec<TlsSocket>,
    pub(crate) certificates: Vec<CertificateSlot>,
    pub(crate) preloaded: Vec<Option<Secret>>,
    /// `#SSLSECCS`: `None` is the factory list.
    pub(crate) suites: Option<Vec<u16>>,
    pub(crate) http: Vec<HttpSettings>,
    /// `#PORTCFG`, active after a reboot.
    pub(crate) port_variant: u8,
    /// `#E2ESC`, in seconds; 0 is S12.
    pub(crate) escape_guard: u8,
    pub(crate) operator_mode: u8,
    pub(crate) ntp_context: u8,
    /// `#CCLKMODE`
    pub(crate) clock_in_utc: bool,
    /// `#ENHRST=2`: minutes between restarts.
    pub(crate) periodic_restart: Option<u32>,
}

/// The "common profile", kept by `AT&W`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Common {
    pub(crate) sim_detection: u8,
    pub(crate) nitz: u8,
    pub(crate) automatic_time: bool,
}

/// `+CGDCONT`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Context {
    pub(crate) protocol: String,
    pub(crate) apn: String,
}

/// What a context shows to the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Authentication {
    pub(crate) kind: u8,
    pub(crate) user: String,
    pub(crate) password: Secret,
}

/// `#SCFG`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Socket {
    pub(crate) context: u8,
    pub(crate) values: [u32; 4],
}

/// `#SSLEN`, `#SSLCFG`, `#SSLSECCFG`, `#SSLSECCFG2`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TlsSocket {
    pub(crate) enabled: bool,
    pub(crate) context: u8,
    pub(crate) packet_size: u32,
    pub(crate) inactivity: u32,
    pub(crate) default_timeout: u32,
    pub(crate) flush: u32,
    pub(crate) ring_mode: u8,
    pub(crate) no_carrier_mode: u8,
    pub(crate) skip_host_mismatch: bool,
    pub(crate) equalize: bool,
    pub(crate) connect_timeout: u32,
    pub(crate) suite: SuiteChoice,
    pub(crate) authentication: u8,
    pub(crate) version: u8,
    pub(crate) server_name: bool,
    pub(crate) custom_mask: u8,
    pub(crate) preloaded_mask: u8,
    pub(crate) lowest_version: u8,
}

/// `<CipherSuite>`, as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SuiteChoice {
    /// A decimal value; 0 is the default list.
    Decimal(u8),
    /// An IANA number.
    Iana(u16),
}

/// One slot of `#SSLSECDATA`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CertificateSlot {
    pub(crate) certificate: Option<Secret>,
    pub(crate) authority: Option<Secret>,
    pub(crate) key: Option<Secret>,
    pub(crate) password: Option<Secret>,
    pub(crate) digest_only: bool,
}

/// `#HTTPCFG`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct HttpSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) authentication: u8,
    pub(crate) user: String,
    pub(crate) password: Secret,
    pub(crate) tls: bool,
    pub(crate) timeout: u32,
    pub(crate) context: u8,
    pub(crate) packet_size: u32,
}

/// Bytes that are never shown.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) Vec<u8>);

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({} bytes)", self.0.len())
    }
}

impl Nvm {
    /// The content of a new module.
    pub(crate) fn factory(profile: &Profile) -> Self {
        let contexts = &profile.general.contexts;
        let context = |apn: &str| Context { protocol: "IPV4V6".to_owned(), apn: apn.to_owned() };
        Self {
            contexts: (1..).zip(contexts.predefined.iter().map(|known| context(known.name))).collect(),
            sockets: Socket::all(profile.general.sockets),
            ntp_context: contexts.internet,
            tls_sockets: vec![TlsSocket::factory(profile); usize::from(profile.tls.sockets)],
            certificates: vec![CertificateSlot::default(); usize::from(profile.tls.certificate_slots())],
            preloaded: vec![None; usize::from(profile.tls.preloaded_slots())],
            http: HttpSettings::all(profile.http.as_ref()),
            port_variant: profile.general.ports.map_or(0, |ports| ports.factory),
            ..Self::default()
        }
    }

    /// Reads the memory from a file; a file that is not there is a new module.
    pub(crate) fn load(path: &Path, profile: &Profile) -> io::Result<Self> {
        let factory = Self::factory(profile);
        let text = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(factory),
            text => text?,
        };
        let mut nvm: Self = serde_json::from_slice(&text).map_err(io::Error::other)?;
        nvm.sockets.resize_with(factory.sockets.len(), || Socket { context: 1, values: [300, 90, 600, 50] });
        nvm.tls_sockets.resize_with(factory.tls_sockets.len(), || TlsSocket::factory(profile));
        nvm.certificates.resize_with(factory.certificates.len(), CertificateSlot::default);
        nvm.preloaded.resize_with(factory.preloaded.len(), || None);
        let known = nvm.http.len().min(factory.http.len());
        nvm.http.truncate(known);
        nvm.http.extend(factory.http.into_iter().skip(known));
        Ok(nvm)
    }

    /// Forgets what this platform does not keep over a power cycle.
    pub(crate) fn power_cycle(&mut self, profile: &Profile) {
        if !profile.tls.settings_kept {
            self.tls_sockets.fill(TlsSocket::factory(profile));
            self.suites = None;
        }
    }

    /// Writes the memory to a file that only its owner can read, in one step.
    pub(crate) fn store(&self, path: &Path) -> io::Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;

        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = Path::new(&name);
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(new)?;
        file.write_all(&text)?;
        std::fs::rename(new, path)
    }

    /// The settings that an instance starts with.
    pub(crate) fn start_settings(&self, instance: usize) -> InstanceSettings {
        let profiles = self.user_profiles.get(&instance);
        profiles
            .and_then(|profiles| profiles.get(usize::from(self.boot_profile)))
            .cloned()
            .unwrap_or_default()
    }
}

impl Default for Nvm {
    fn default() -> Self {
        Self {
            user_profiles: BTreeMap::new(),
            boot_profile: 0,
            common: Common::default(),
            contexts: BTreeMap::new(),
            authentication: BTreeMap::new(),
            protocols: BTreeMap::new(),
            sockets: Vec::new(),
            tls_sockets: Vec::new(),
            certificates: Vec::new(),
            preloaded: Vec::new(),
            suites: None,
            http: Vec::new(),
            port_variant: 0,
            escape_guard: 0,
            operator_mode: 0,
            ntp_context: 1,
            clock_in_utc: false,
            periodic_restart: None,
        }
    }
}

impl Socket {
    /// Every socket of a new module. Source: M37 p707.
    fn all(contexts: &[u8]) -> Vec<Self> {
        contexts.iter().map(|context| Self { context: *context, values: [300, 90, 600, 50] }).collect()
    }
}

impl Default for Common {
    fn default() -> Self {
        Self { sim_detection: 1, nitz: 7, automatic_time: false }
    }
}

impl TlsSocket {
    /// The settings of a new module.
    pub(crate) fn factory(profile: &Profile) -> Self {
        let version = profile.tls.protocol.as_ref().map_or(0, |protocol| protocol.default);
        Self { packet_size: profile.tls.configuration.packet_size, version, ..Self::default() }
    }
}

impl Default for TlsSocket {
    /// Source: M37 p874-880 (`<pktSz>` 0 means 300), p881, p921-923.
    fn default() -> Self {
        Self {
            enabled: false,
            context: 1,
            packet_size: 0,
            inactivity: 90,
            default_timeout: 100,
            flush: 50,
            ring_mode: 0,
            no_carrier_mode: 0,
            skip_host_mismatch: true,
            equalize: false,
            connect_timeout: 0,
            suite: SuiteChoice::Decimal(0),
            authentication: 0,
            version: 4,
            server_name: false,
            custom_mask: 1,
            preloaded_mask: 1,
            lowest_version: 1,
        }
    }
}

impl HttpSettings {
    /// Every profile of a new module.
    fn all(client: Option<&HttpProfile>) -> Vec<Self> {
        client.map_or_else(Vec::new, |client| {
            (0..client.profiles).map(|id| Self::factory(client, id)).collect()
        })
    }

    pub(crate) fn factory(client: &HttpProfile, id: u8) -> Self {
        let (context, packet_size) = (client.context, client.packet_size);
        let settings = Self { context, packet_size, ..Self::default() };
        match id {
            2 => Self { host: client.preset.0.to_owned(), port: client.preset.1, ..settings },
            _ => settings,
        }
    }
}

impl Default for HttpSettings {
    /// Source: M37 p857-860.
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 80,
            authentication: 0,
            user: String::new(),
            password: Secret::default(),
            tls: false,
            timeout: 120,
            context: 1,
            packet_size: 1500,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Platform;

    #[test]
    fn the_file_brings_everything_back() {
        let profile = Profile::of(Platform::P37);
        let path = std::env::temp_dir().join(format!("telit-nvm-{}", std::process::id()));
        let mut nvm = Nvm::factory(profile);
        nvm.tls_sockets[3].suite = SuiteChoice::Iana(0xC02F);
        nvm.certificates[0].key = Some(Secret(vec![0, 255]));
        nvm.user_profiles.insert(1, Default::default());
        nvm.store(&path).unwrap();
        assert_eq!(Nvm::load(&path, profile).unwrap(), nvm);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Nvm::load(&path, profile).unwrap(), Nvm::factory(profile));
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(format!("{:?}", Secret(b"topsecret".to_vec())), "Secret(9 bytes)");
    }
}
