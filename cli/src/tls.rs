//! The TLS options of the command line, as files and values that are checked before the port is opened.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use telit_core::tls::{CaCertificate, CipherSuite, Identity, TlsOptions, TlsVersion};

use crate::failure::Failure;

/// TLS options, accepted before and after the command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "TLS options")]
pub(crate) struct TlsArguments {
    /// CA certificates the server must lead to, PEM or DER (repeatable)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) ca: Vec<PathBuf>,
    /// Client certificate, PEM
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) cert: Option<PathBuf>,
    /// Private key of the client certificate, PEM
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) key: Option<PathBuf>,
    /// Least TLS version that is accepted
    #[arg(long, value_name = "1.2|1.3", default_value = "1.2", global = true)]
    pub(crate) min_tls: MinimumVersion,
    /// Offer only this cipher suite, by name or number (repeatable, best first)
    #[arg(long, value_name = "NAME|0xHEX", global = true)]
    pub(crate) cipher: Vec<CipherSuite>,
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

impl TlsArguments {
    /// Everything together, for a connection.
    pub(crate) fn options(&self) -> Result<TlsOptions, Failure> {
        let mut builder = TlsOptions::builder().minimum_version(self.min_tls.0);
        for authority in self.authorities()? {
            builder = builder.ca(authority);
        }
        if let Some(identity) = self.identity()? {
            builder = builder.identity(identity);
        }
        if !self.cipher.is_empty() {
            builder = builder.cipher_suites(self.cipher.iter().copied());
        }
        if self.danger_skip_host_check {
            builder = builder.danger_skip_host_check();
        }
        if self.danger_no_verify {
            builder = builder.danger_skip_verification();
        }
        Ok(builder.build()?)
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
                let identity = Identity::from_pem(&read(cert)?, &read(key)?);
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

fn read_authorities(path: &Path) -> Result<Vec<CaCertificate>, Failure> {
    let bytes = read(path)?;
    let authorities = if is_der(&bytes) {
        CaCertificate::from_der(&bytes).map(|authority| vec![authority])
    } else {
        CaCertificate::all_from_pem(&bytes)
    };
    authorities.map_err(|error| Failure::from(error).about(path.display()))
}

/// A binary certificate is a long ASN.1 sequence, which no text starts like.
fn is_der(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x30, 0x82])
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))
}
