//! The profile of a platform: identity, line, errors, context, timings, and what survives a reboot.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::capability::Capability;
use super::error_numbers::SslNumbering;
use super::id::PlatformId;
use super::service_profile::{FtpProfile, HttpProfile, MqttProfile};
use super::tls_profile::TlsProfile;

/// Everything that the kit knows of a platform before it has spoken to a module.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Profile {
    /// Which platform this is.
    pub id: PlatformId,
    /// Product series with this platform, as the vendor writes them.
    pub products: &'static [&'static str],
    /// Radio generation.
    pub generation: Generation,
    /// The command line.
    pub line: LineProfile,
    /// Numbers of errors.
    pub errors: ErrorProfile,
    /// Leaving online mode.
    pub escape: EscapeProfile,
    /// Packet data contexts.
    pub context: ContextProfile,
    /// How long the host waits for answers.
    pub timeouts: Timeouts,
    /// What the module remembers by itself.
    pub stored: StoredSettings,
    /// TLS.
    pub tls: TlsProfile,
    /// The MQTT client inside the module, if there is one.
    pub mqtt: Option<MqttProfile>,
    /// The HTTP client inside the module, if there is one.
    pub http: Option<HttpProfile>,
    /// The FTP client inside the module, if there is one.
    pub ftp: Option<FtpProfile>,
    /// Why something does not work, or what it depends on. Ask with [`support`](Self::support).
    pub remarks: &'static [(Capability, &'static str)],
}

/// Radio generation of a product series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// GSM, GPRS.
    G2,
    /// UMTS.
    G3,
    /// LTE, Cat-M1 and NB-IoT included.
    G4,
}

/// Whether a command or field exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Availability {
    /// On every firmware of the platform.
    Yes,
    /// On none.
    No,
    /// Depends on the firmware, or the sources differ: the test form (`=?`) tells.
    Probe,
}

impl From<bool> for Availability {
    fn from(available: bool) -> Self {
        if available { Self::Yes } else { Self::No }
    }
}

/// The command line and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineProfile {
    /// Most characters of a command line, `AT` included and the final CR not.
    pub command_length: usize,
    /// Several commands on one line, see [`together`](crate::Modem::together). [`Probe`](Availability::Probe): one that
    /// is refused is done command by command.
    pub chains: Availability,
    /// Quiet time between the end of an answer and the next command.
    pub pause: Duration,
    /// Line rate of a new module; `None` where it finds the rate by itself.
    pub default_rate: Option<u32>,
    /// Lowest and highest line rate; `None` if unknown.
    pub rates: Option<RangeInclusive<u32>>,
    /// `#SELINT`: the newest command syntax must be chosen first, since a new module starts with the oldest.
    pub select_syntax: bool,
    /// `#CFLO`: whether RTS and CTS can act in command mode too.
    pub command_mode_flow_control: Availability,
    /// `#SETHEXSTR`: quotes inside strings as `\22`.
    pub hexadecimal_strings: Availability,
    /// AT instances that can be used at the same time.
    pub instances: u8,
    /// Parameters of `+CMUX` that the platform takes; `None` if unknown.
    pub multiplexer_fields: Option<u8>,
    /// The value of `#CMUXMODE` that firmware with this command wants before `+CMUX`.
    pub multiplexer_mode: Option<u8>,
}

/// Numbers of errors, as `+CMEE=1` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorProfile {
    /// The TLS set the platform is documented with. Both are read everywhere, see
    /// [`ssl_error_text`](super::ssl_error_text).
    pub ssl: SslNumbering,
    /// Numbers of the FTP client.
    pub ftp: RangeInclusive<u16>,
    /// Numbers of the MQTT client. Some have other meanings after other commands.
    pub mqtt: Option<RangeInclusive<u16>>,
    /// Numbers of `#NTP`.
    pub ntp: Option<RangeInclusive<u16>>,
}

/// How online mode is left with `+++`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EscapeProfile {
    /// What one step of register S12 is worth.
    pub guard_unit: Duration,
    /// Values that S12 takes.
    pub guard_steps: RangeInclusive<u8>,
    /// S12 of a new module.
    pub guard_default: u8,
    /// `#E2ESC`: a guard time in seconds that overrides S12, 0 for none.
    pub guard_override: Availability,
    /// `#SKIPESC`: keep `+++` from the peer.
    pub skip_escape: Availability,
}

impl EscapeProfile {
    /// Guard time that `steps` of S12 mean.
    #[must_use]
    pub fn guard(&self, steps: u8) -> Duration {
        self.guard_unit * u32::from(steps)
    }
}

/// Packet data contexts and plain sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContextProfile {
    /// Context identifiers that can be defined and that services take.
    pub ids: RangeInclusive<u8>,
    /// The context that the network attach uses, and that the first plain socket refers to on a new module.
    pub attach_id: u8,
    /// Starts of model names, and the context that is the Internet's on those instead: builds whose operator keeps
    /// the first contexts for itself.
    pub attach_id_by_model: &'static [(&'static str, u8)],
    /// Contexts that may be active at once; `None` if unknown.
    pub active_at_once: Option<u8>,
    /// `#PROTOCOLCFG`: whether FTP and TLS take their context from there.
    pub protocol_config: Availability,
    /// Contexts that `#PROTOCOLCFG` takes; `None` without it or if unknown.
    pub protocol_config_ids: Option<RangeInclusive<u8>>,
    /// Registrations to read, the one that tells most first.
    pub registration: &'static [RegistrationDomain],
    /// Highest plain socket of `#SCFG` and `#SD`; `None` where only the test form tells.
    pub sockets: Option<u8>,
    /// How soon after power-on a reboot loses the clock; `None` if unknown.
    pub clock_lost_within: Option<Duration>,
}

impl ContextProfile {
    /// The context for the Internet on this model.
    #[must_use]
    pub fn attach_id_of(&self, model: &str) -> u8 {
        let model = model.trim().to_ascii_uppercase();
        let variant = self.attach_id_by_model.iter().find(|(start, _)| model.starts_with(start));
        variant.map_or(self.attach_id, |(_, id)| *id)
    }
}

/// Which network a registration is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistrationDomain {
    /// `+CREG`: circuit switched.
    Circuit,
    /// `+CGREG`: packet switched, 2G and 3G.
    Packet,
    /// `+CEREG`: LTE.
    Lte,
}

/// How long the host waits for the answer of each class of command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Commands that touch neither SIM nor network.
    pub local: Duration,
    /// `+CPIN`, `+CGSN`, `+CIMI`.
    pub sim: Duration,
    /// `+COPS`.
    pub operator: Duration,
    /// `+CFUN`.
    pub radio: Duration,
    /// `#SGACT`.
    pub context_activation: Duration,
    /// `#NTP` with the longest timeout of its own.
    pub clock: Duration,
    /// `#SHDN`, from its `OK` until the power is off.
    pub power_off: Duration,
    /// Longest silence of the port after a reboot.
    pub reboot_silence: Duration,
    /// Wait between a command that writes the store and a reboot.
    pub store_settle: Duration,
    /// `#SSLD`.
    pub tls_dial: Duration,
    /// Added to the module's own timeout of `#SSLSEND` and `#SSLSENDEXT`.
    pub tls_send_margin: Duration,
    /// Added to the module's own timeout of `#SSLRECV`.
    pub tls_receive_margin: Duration,
    /// `#SSLH`.
    pub tls_close: Duration,
    /// Storing or deleting a credential.
    pub credential_store: Duration,
    /// `#MQCONN`.
    pub mqtt_connect: Duration,
    /// Added to the packet timeout of `#MQTCFG` for publish, subscribe and unsubscribe.
    pub mqtt_packet_margin: Duration,
    /// `#HTTPQRY`, and `#HTTPSND` until its prompt and again until its end.
    pub http_request: Duration,
    /// Added to the timeout of the HTTP profile until `#HTTPRING`.
    pub http_ring_margin: Duration,
    /// `#HTTPRCV`.
    pub http_receive: Duration,
    /// `#FTPOPEN`.
    pub ftp_open: Duration,
    /// Other FTP commands that wait for the server.
    pub ftp_command: Duration,
}

/// Whether a setting survives a reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// Written to the non-volatile store by the command itself.
    AtOnce,
    /// Written by `&W` with the user profile.
    InUserProfile,
    /// Lost at every reboot.
    Lost,
    /// No source says.
    Unknown,
}

/// What the module remembers, by group of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSettings {
    /// `#SSLEN`: a stale one blocks other services after a restart.
    pub tls_enable: Kept,
    /// `#SSLCFG`, `#SSLSECCFG`, `#SSLSECCFG2`, `#SSLSECCS`.
    pub tls_settings: Kept,
    /// The certificate format of `#SSLSECCFG`.
    pub certificate_format: Kept,
    /// `#SSLSECDATA`, `#SSLSECCA`.
    pub credentials: Kept,
    /// `#MQ...`
    pub mqtt: Kept,
    /// `#HTTPCFG`: with TLS on it owns TLS after a restart.
    pub http: Kept,
    /// `#FTPCFG`.
    pub ftp: Kept,
    /// `+CGDCONT`, `#SCFG`.
    pub contexts: Kept,
    /// `#SGACT`.
    pub active_contexts: Kept,
    /// `#SETHEXSTR`.
    pub hexadecimal_strings: Kept,
    /// Echo, `+CMEE`, flow control and the S registers.
    pub line: Kept,
}
