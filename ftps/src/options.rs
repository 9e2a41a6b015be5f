//! How to reach a server.

use std::fmt;
use std::net::Ipv6Addr;
use std::time::Duration;

use telit_core::Modem;
use telit_core::at::{Command, InvalidValue};
use telit_core::platform::{Availability, FtpProfile};
use telit_core::tls::TlsOptions;
use url::Url;

use crate::commands::{Configure, Extension, Open};
use crate::context::check_context;
use crate::dialect::Dialect;
use crate::error::ConnectError;

const DEFAULT_PORT: u16 = 21;
/// Where servers listen for TLS from the first byte on. Source: IANA, ftps.
const IMPLICIT_PORT: u16 = 990;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// What is said about implicit TLS.
const NO_IMPLICIT_TLS: &str = "cannot do implicit TLS; use explicit TLS (AUTH TLS)";
/// What a command may take beyond opening a data connection: the TLS handshake on it, and the server.
const COMMAND_MARGIN: Duration = Duration::from_secs(60);

/// Options of a session: server, login, TLS, and what is different from the defaults.
///
/// The defaults suit a device in a mobile network: explicit TLS (AUTH TLS) on port 21, passive mode, and
/// a private address in the server's answer to PASV is ignored.
///
/// ```no_run
/// # fn example(tls: telit_core::tls::TlsOptions) {
/// use std::time::Duration;
/// use telit_ftps::FtpsOptions;
///
/// let options = FtpsOptions::new("files.example", "device", "secret", tls).timeout(Duration::from_secs(90));
/// # drop(options);
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens until FtpsClient::connect() is called"]
pub struct FtpsOptions {
    host: String,
    port: Option<u16>,
    user: String,
    password: Password,
    tls: Option<TlsOptions>,
    implicit_tls: bool,
    passive: bool,
    ignore_passive_address: bool,
    extended_commands: bool,
    timeout: Duration,
    stall_timeout: Duration,
    tls_wait: Duration,
}

/// A password, which is never shown.
#[derive(Clone)]
pub(crate) struct Password(String);

impl FtpsOptions {
    /// A session with TLS. `host` is a name or an address, without port.
    pub fn new(
        host: impl Into<String>,
        user: impl Into<String>,
        password: impl Into<String>,
        tls: TlsOptions,
    ) -> Self {
        Self::with(host.into(), user.into(), password.into(), Some(tls))
    }

    /// A session without TLS: the password and all data are readable by everybody on the way.
    pub fn danger_plain(
        host: impl Into<String>,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        tracing::warn!("FTP without TLS: danger_plain is used");
        Self::with(host.into(), user.into(), password.into(), None)
    }

    /// Server, port and user of `ftps://user@host:port/...`, or of `ftps+implicit://...`. The password
    /// does not belong in a URL; one that is there is refused. See [`remote_path`](crate::remote_path)
    /// for the path.
    ///
    /// # Errors
    /// The URL has another scheme, no host, or holds a password.
    pub fn from_url(url: &Url, password: impl Into<String>, tls: TlsOptions) -> Result<Self, ConnectError> {
        let implicit = match url.scheme() {
            "ftps" => false,
            "ftps+implicit" => true,
            _ => return Err(InvalidValue::new("URL", "its scheme is not ftps or ftps+implicit").into()),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| InvalidValue::new("URL", "it names no host"))?;
        if url.password().is_some() {
            return Err(InvalidValue::new("URL", "it holds a password, which does not belong there").into());
        }
        let user = crate::remote_url::decoded(url.username())?;
        let user = if user.is_empty() { "anonymous".to_owned() } else { user };
        let options = Self { port: url.port(), ..Self::new(host, user, password, tls) };
        Ok(if implicit { options.implicit_tls() } else { options })
    }

    fn with(host: String, user: String, password: String, tls: Option<TlsOptions>) -> Self {
        Self {
            host,
            port: None,
            user,
            password: Password(password),
            tls,
            implicit_tls: false,
            passive: true,
            ignore_passive_address: true,
            extended_commands: false,
            timeout: DEFAULT_TIMEOUT,
            stall_timeout: DEFAULT_STALL_TIMEOUT,
            tls_wait: Duration::ZERO,
        }
    }

    /// The port of the control connection. Default 21, and 990 with implicit TLS.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// TLS from the first byte on instead of AUTH TLS.
    ///
    /// Only platform 52 can, "with a specific configuration" that no public document describes. It is used where the
    /// module's own test form offers a third value of `<FTPext>` in `#FTPCFG`, which is a guess until a module has
    /// confirmed it; everywhere else connecting is refused before anything is changed. Source: SSL guide 9.
    pub fn implicit_tls(mut self) -> Self {
        self.implicit_tls = true;
        self
    }

    /// Active mode: the server connects to the module. It does not pass the address translation of
    /// mobile networks. Default passive mode. Source: M37 p825.
    pub fn active(mut self) -> Self {
        self.passive = false;
        self
    }

    /// Whether a *private* IPv4 address that the server names for its data connections is replaced by the
    /// address of the control connection. Servers behind address translation name such addresses, and
    /// with TLS nobody on the way can correct them; public addresses are used as they are. Default true.
    /// Source: M37 p837; RFC 4217.
    pub fn ignore_passive_address(mut self, ignore: bool) -> Self {
        self.ignore_passive_address = ignore;
        self
    }

    /// Whether EPSV and EPRT are used even with IPv4, instead of PASV and PORT. Default false, as the
    /// module has it. Source: M37 p838.
    pub fn extended_commands(mut self, extended: bool) -> Self {
        self.extended_commands = extended;
        self
    }

    /// How long the module may take to open a connection, to the tenth of a second. Default 60 s. On
    /// platform 37 it must be within 10 to 500 s, and the control connection gets at most 120 s.
    /// Source: M37 p825, p834.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a transfer may stand still before it is given up. Default 60 s. The module itself never
    /// gives up. Source: M37 p818.
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// How long [`FtpsClient::connect`](crate::FtpsClient::connect) waits for another service of this
    /// program to give TLS back. Default zero: a busy module is an error at once.
    pub fn tls_wait(mut self, wait: Duration) -> Self {
        self.tls_wait = wait;
        self
    }

    /// For this host: no server name is sent to an address.
    pub(crate) fn tls_options(&self) -> Option<TlsOptions> {
        self.tls.as_ref().map(|tls| tls.for_host(&self.host))
    }

    pub(crate) fn uses_tls(&self) -> bool {
        self.tls.is_some()
    }

    pub(crate) fn stall(&self) -> Duration {
        self.stall_timeout
    }

    pub(crate) fn wait_for_tls(&self) -> Duration {
        self.tls_wait
    }

    pub(crate) fn address(&self) -> (&str, u16) {
        (&self.host, self.port_number())
    }

    fn port_number(&self) -> u16 {
        self.port.unwrap_or(if self.implicit_tls { IMPLICIT_PORT } else { DEFAULT_PORT })
    }

    /// Host and port as one string, IPv6 in brackets. Source: M37 p825.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn server(&self) -> String {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<Ipv6Addr>() {
            Ok(_) => format!("[{bare}]:{}", self.port_number()),
            Err(_) => format!("{}:{}", self.host, self.port_number()),
        }
    }

    /// How long a command that waits for the server may take.
    pub(crate) fn command_deadline(&self, modem: &Modem) -> Duration {
        modem.profile().timeouts.ftp_command.min(self.timeout + COMMAND_MARGIN)
    }

    /// `tls`: whether the next session uses it.
    pub(crate) fn configure(&self, dialect: Dialect, tls: bool) -> Configure {
        let extension = match (tls && self.implicit_tls, self.extended_commands) {
            (true, _) => Extension::ImplicitTls,
            (false, true) => Extension::ExtendedCommands,
            (false, false) => Extension::PlainCommands,
        };
        Configure {
            timeout: self.timeout,
            ignore_passive_address: self.ignore_passive_address,
            tls,
            extension: dialect.extended_commands.then_some(extension),
        }
    }

    pub(crate) fn open(&self, profile: &FtpProfile, modem: &Modem) -> Open {
        Open {
            server: self.server(),
            user: self.user.clone(),
            password: self.password.clone(),
            passive: self.passive,
            context: (profile.open_context_field != Availability::No).then(|| modem.context_id()),
            deadline: modem.profile().timeouts.ftp_open,
        }
    }

    /// Refuses what cannot work, before anything is sent.
    pub(crate) fn check(&self, modem: &Modem) -> Result<&'static FtpProfile, ConnectError> {
        let profile = modem.profile();
        let unsupported = |what| Err(ConnectError::Unsupported { platform: profile.id, what });
        let Some(ftp) = &profile.ftp else {
            return unsupported("has no FTP client; use HTTPS or a TLS socket of telit-core");
        };
        if self.tls.is_some() && ftp.tls == Availability::No {
            return unsupported("has an FTP client without TLS; use HTTPS or a TLS socket of telit-core");
        }
        if self.implicit_tls && (self.tls.is_none() || ftp.implicit_tls == Availability::No) {
            return unsupported(NO_IMPLICIT_TLS);
        }
        check_context(profile, ftp, modem.context_id())?;
        self.check_host()?;
        if self.user.is_empty() {
            return Err(
                InvalidValue::new("user", "it is empty; use \"anonymous\" where no user is needed").into()
            );
        }
        if !ftp.timeout.contains(&self.timeout) {
            let (least, most) = (ftp.timeout.start(), ftp.timeout.end());
            return Err(
                InvalidValue::new("timeout", format!("it must be within {least:?} and {most:?}")).into()
            );
        }
        if self.stall_timeout.is_zero() {
            return Err(InvalidValue::new("stall timeout", "it must not be zero").into());
        }
        self.open(ftp, modem).exchange()?;
        Ok(ftp)
    }

    /// Refuses what this firmware cannot do, before anything is changed.
    pub(crate) fn check_dialect(&self, modem: &Modem, dialect: Dialect) -> Result<(), ConnectError> {
        let unsupported = |what| Err(ConnectError::Unsupported { platform: modem.profile().id, what });
        if self.implicit_tls && !dialect.implicit_tls {
            return unsupported(NO_IMPLICIT_TLS);
        }
        if self.extended_commands && self.implicit_tls {
            return unsupported(
                "does not let EPSV and EPRT be chosen with implicit TLS; leave extended_commands() off",
            );
        }
        if self.extended_commands && !dialect.extended_commands {
            return unsupported("does not let EPSV and EPRT be chosen; leave extended_commands() off");
        }
        Ok(())
    }

    fn check_host(&self) -> Result<(), InvalidValue> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let is_ipv6 = bare.parse::<Ipv6Addr>().is_ok();
        let wrong = |c: char| matches!(c, ':' | '/' | '@' | ',' | '[' | ']') || c.is_whitespace();
        if self.host.is_empty() || (!is_ipv6 && self.host.contains(wrong)) {
            return Err(InvalidValue::new("host", "it must be a bare host name or address"));
        }
        Ok(())
    }
}

impl Password {
    #[cfg(test)]
    pub(crate) fn new(password: &str) -> Self {
        Self(password.to_owned())
    }

    /// The password itself, for the command line only.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls() -> TlsOptions {
        TlsOptions::builder().danger_skip_verification().build().unwrap()
    }

    #[test]
    fn passwords_are_not_shown() {
        let options = FtpsOptions::new("h", "u", "swordfish", tls());
        assert!(!format!("{options:?}").contains("swordfish"));
    }

    #[test]
    fn servers_of_every_kind() {
        let server = |host: &str| FtpsOptions::new(host, "u", "p", tls()).port(2121).server();
        assert_eq!(server("files.example"), "files.example:2121");
        assert_eq!(server("192.0.2.7"), "192.0.2.7:2121");
        assert_eq!(server("2001:db8::7"), "[2001:db8::7]:2121");
        assert_eq!(server("[2001:db8::7]"), "[2001:db8::7]:2121");
    }

    #[test]
    fn hosts_are_bare() {
        for host in ["", "a:21", "a/b", "user@a", "a b"] {
            assert!(FtpsOptions::new(host, "u", "p", tls()).check_host().is_err(), "{host}");
        }
        for host in ["a", "a.example", "192.0.2.7", "2001:db8::7", "[2001:db8::7]"] {
            assert!(FtpsOptions::new(host, "u", "p", tls()).check_host().is_ok(), "{host}");
        }
    }

    #[test]
    fn urls() {
        let options = |url: &str| FtpsOptions::from_url(&Url::parse(url).unwrap(), "p", tls());
        let parsed = options("ftps://dev%20ice@files.example:2121/fw.bin").unwrap();
        assert_eq!((parsed.server(), parsed.user.as_str()), ("files.example:2121".to_owned(), "dev ice"));
        assert_eq!(options("ftps://files.example/").unwrap().user, "anonymous");
        let implicit = options("ftps+implicit://files.example/").unwrap();
        assert!(implicit.implicit_tls);
        assert_eq!(implicit.server(), "files.example:990");
        assert_eq!(options("ftps+implicit://files.example:21/").unwrap().server(), "files.example:21");
        assert!(options("ftps://u:secret@files.example/").is_err());
        assert!(options("https://files.example/").is_err());
    }
}
