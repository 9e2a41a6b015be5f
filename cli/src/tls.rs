//! The TLS options of the command line, as files and values that are checked before the port is opened.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use telit_core::tls::{
    CaCertificate, CipherPolicy, CipherSuite, CredentialFormat, CredentialStore, Identity, ServerKey,
    TlsOptions, TlsOptionsBuilder, TlsVersion,
};

use crate::failure::Failure;
use crate::transfer;

/// TLS options, accepted before and after the command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "TLS options")]
pub(crate) struct TlsArguments {
    /// CA certificates the server must lead to, PEM or DER (repeatable)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) ca: Vec<PathBuf>,
    /// Client certificate, PEM or DER
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) cert: Option<PathBuf>,
    /// Private key of the client certificate, PEM or DER
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) key: Option<PathBuf>,
    /// Least TLS version that is accepted
    #[arg(long, value_name = "1.2|1.3", default_value = "1.2", global = true)]
    pub(crate) min_tls: MinimumVersion,
    /// Trust the preloaded CA certificate in this slot of the module too (repeatable)
    #[arg(long, value_name = "SLOT", global = true)]
    pub(crate) trust_preloaded: Vec<u8>,
    /// Form in which credentials are stored on the module
    #[arg(long, value_name = "pem|der", default_value = "pem", hide_default_value = true, global = true)]
    pub(crate) format: Format,
    /// Keep CA certificates in the module's RAM, for one connection of a TLS socket
    #[arg(long, global = true)]
    pub(crate) ram: bool,
    /// Cipher suites: recommended (default), compatible (older servers and modules), or suites by name or number
    /// (repeatable, best first)
    #[arg(long, value_name = "recommended|compatible|NAME|0xHEX", global = true)]
    pub(crate) cipher: Vec<Cipher>,
    /// Key in the server's certificate, where the module offers one cipher suite only
    #[arg(long, value_name = "rsa|ecdsa", default_value = "rsa", hide_default_value = true, global = true)]
    pub(crate) server_key: ServerKeyChoice,
    /// Do not send the server's name (SNI)
    #[arg(long, global = true)]
    pub(crate) no_sni: bool,
    /// DANGER: offer this cipher suite although it is broken (repeatable, best first)
    #[arg(long, value_name = "NAME|0xHEX", global = true)]
    pub(crate) danger_cipher: Vec<CipherSuite>,
    /// DANGER: offer all that the module offers by itself, broken cipher suites too
    #[arg(long, global = true)]
    pub(crate) danger_platform_ciphers: bool,
    /// DANGER: accept any server
    #[arg(long, global = true)]
    pub(crate) danger_no_verify: bool,
    /// DANGER: accept the certificate of any host that a trusted CA has signed
    #[arg(long, global = true)]
    pub(crate) danger_skip_host_check: bool,
}

/// The value of `--min-tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MinimumVersion(TlsVersion);

impl FromStr for MinimumVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1.2" => Ok(Self(TlsVersion::Tls12)),
            "1.3" => Ok(Self(TlsVersion::Tls13)),
            _ => Err("use 1.2 or 1.3".to_owned()),
        }
    }
}

/// One value of `--cipher`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    /// The recommended ones.
    Recommended,
    /// These and what older servers and modules have.
    Compatible,
    /// This one.
    Suite(CipherSuite),
}

impl FromStr for Cipher {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "recommended" => Ok(Self::Recommended),
            "compatible" => Ok(Self::Compatible),
            _ => text
                .parse()
                .map(Self::Suite)
                .map_err(|error| format!("{error}; or recommended, or compatible")),
        }
    }
}

/// The value of `--server-key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerKeyChoice(ServerKey);

impl FromStr for ServerKeyChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rsa" => Ok(Self(ServerKey::Rsa)),
            "ecdsa" => Ok(Self(ServerKey::Ecdsa)),
            _ => Err("use rsa or ecdsa".to_owned()),
        }
    }
}

/// The value of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format(CredentialFormat);

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "pem" => Ok(Self(CredentialFormat::Pem)),
            "der" => Ok(Self(CredentialFormat::Der)),
            _ => Err("use pem or der".to_owned()),
        }
    }
}

impl TlsArguments {
    /// Everything together, for a connection.
    pub(crate) fn options(&self) -> Result<TlsOptions, Failure> {
        self.options_trusting(None)
    }

    /// The same for a server whose authority is known, and trusted if no other is named.
    pub(crate) fn options_trusting(&self, known: Option<CaCertificate>) -> Result<TlsOptions, Failure> {
        let mut builder = TlsOptions::builder()
            .minimum_version(self.min_tls.0)
            .server_key(self.server_key.0)
            .credential_format(self.credential_format())
            .credential_store(self.credential_store());
        for slot in &self.trust_preloaded {
            builder = builder.preloaded_ca(*slot);
        }
        let named = self.authorities()?;
        let known = known.filter(|_| self.names_no_trust());
        for authority in named.into_iter().chain(known) {
            builder = builder.ca(authority);
        }
        if let Some(identity) = self.identity()? {
            builder = builder.identity(identity);
        }
        builder = self.cipher_suites(builder)?;
        if self.no_sni {
            builder = builder.without_server_name();
        }
        if self.danger_skip_host_check {
            builder = builder.danger_skip_host_check();
        }
        if self.danger_no_verify {
            builder = builder.danger_skip_verification();
        }
        Ok(builder.build()?)
    }

    fn cipher_suites(&self, builder: TlsOptionsBuilder) -> Result<TlsOptionsBuilder, Failure> {
        let ways = [!self.cipher.is_empty(), !self.danger_cipher.is_empty(), self.danger_platform_ciphers];
        if ways.into_iter().filter(|given| *given).count() > 1 {
            return Err(Failure::usage("cipher suites are chosen in several ways")
                .hint("give one of --cipher, --danger-cipher and --danger-platform-ciphers"));
        }
        if self.danger_platform_ciphers {
            return Ok(builder.danger_platform_default_suites());
        }
        if !self.danger_cipher.is_empty() {
            return Ok(builder.danger_cipher_suites(self.danger_cipher.iter().copied()));
        }
        Ok(builder.cipher_policy(policy(&self.cipher)?))
    }

    /// Whether nothing older than TLS 1.3 is accepted.
    pub(crate) fn needs_tls13(&self) -> bool {
        self.min_tls.0 == TlsVersion::Tls13
    }

    /// Whether nothing says whom to trust.
    pub(crate) fn names_no_trust(&self) -> bool {
        self.ca.is_empty() && self.trust_preloaded.is_empty() && !self.danger_no_verify
    }

    /// Whether cipher suites for older servers and modules may be used.
    pub(crate) fn is_compatible(&self) -> bool {
        self.cipher == [Cipher::Compatible]
    }

    /// The first option given that a preset decides by itself.
    pub(crate) fn beside_a_preset(&self) -> Option<&'static str> {
        let given = [
            (!self.trust_preloaded.is_empty(), "--trust-preloaded"),
            (self.format.0 != CredentialFormat::Pem, "--format"),
            (self.ram, "--ram"),
            (!self.cipher.is_empty(), "--cipher"),
            (self.server_key.0 != ServerKey::Rsa, "--server-key"),
            (!self.danger_cipher.is_empty(), "--danger-cipher"),
            (self.danger_platform_ciphers, "--danger-platform-ciphers"),
            (self.danger_no_verify, "--danger-no-verify"),
            (self.danger_skip_host_check, "--danger-skip-host-check"),
        ];
        given.into_iter().find_map(|(given, option)| given.then_some(option))
    }

    /// Form of stored credentials.
    pub(crate) fn credential_format(&self) -> CredentialFormat {
        self.format.0
    }

    /// Where CA certificates are stored.
    pub(crate) fn credential_store(&self) -> CredentialStore {
        if self.ram { CredentialStore::Ram } else { CredentialStore::NonVolatile }
    }

    /// The CA certificates of all files.
    pub(crate) fn authorities(&self) -> Result<Vec<CaCertificate>, Failure> {
        let mut authorities = Vec::new();
        for path in &self.ca {
            authorities.extend(read_authorities(path)?);
        }
        Ok(authorities)
    }

    /// The client certificate and its key, which come together.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, Failure> {
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let identity = Identity::from_bytes(&read(cert)?, &read(key)?);
                Ok(Some(identity.map_err(|error| {
                    Failure::from(error).about(format!("{}, {}", cert.display(), key.display()))
                })?))
            }
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(Failure::usage("--cert needs --key").hint("give the key of the certificate"))
            }
            (None, Some(_)) => {
                Err(Failure::usage("--key needs --cert").hint("give the certificate of the key"))
            }
        }
    }
}

fn policy(cipher: &[Cipher]) -> Result<CipherPolicy, Failure> {
    let suites = cipher.iter().map(|cipher| match cipher {
        Cipher::Suite(suite) => Some(*suite),
        _ => None,
    });
    match (cipher, suites.collect::<Option<Vec<_>>>()) {
        ([] | [Cipher::Recommended], _) => Ok(CipherPolicy::Recommended),
        ([Cipher::Compatible], _) => Ok(CipherPolicy::Compatible),
        (_, Some(suites)) => Ok(CipherPolicy::Only(suites)),
        (_, None) => Err(Failure::usage("--cipher has a policy and something else")
            .hint("give recommended or compatible alone, or suites")),
    }
}

fn read_authorities(path: &Path) -> Result<Vec<CaCertificate>, Failure> {
    let authorities = CaCertificate::all_from_bytes(&read(path)?);
    authorities.map_err(|error| Failure::from(error).about(path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    transfer::read_input(path)
}
