//! How a file server behaves.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use libunftp::options::TlsFlags;
use tempfile::TempDir;

use crate::servers::{Authority, Issued, ServerError, TlsVersion};

/// File names inside the folder of credentials.
pub(super) const CERTIFICATE: &str = "certificate.pem";
pub(super) const KEY: &str = "key.pem";
pub(super) const CLIENT_AUTHORITY: &str = "client-authority.pem";

/// Certificate, users and TLS of an [`FtpsServer`](super::FtpsServer).
#[derive(Clone)]
#[must_use]
pub struct FtpsOptions {
    certificate: Issued,
    pub(super) client_authority: Option<Authority>,
    pub(super) users: HashMap<String, String>,
    newest: TlsVersion,
}

impl FtpsOptions {
    /// Presents `certificate`, asks for no client certificate, and knows no user yet.
    pub fn new(certificate: &Issued) -> Self {
        Self {
            certificate: certificate.clone(),
            client_authority: None,
            users: HashMap::new(),
            newest: TlsVersion::Tls13,
        }
    }

    /// Adds a user. Nobody else can log in, not even as `anonymous`.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.users.insert(name.into(), password.into());
        self
    }

    /// Refuses clients that show no certificate signed by `authority`, on either channel.
    pub fn require_client_certificate(mut self, authority: &Authority) -> Self {
        self.client_authority = Some(authority.clone());
        self
    }

    /// Speaks TLS 1.2 and nothing else.
    pub fn tls12_only(mut self) -> Self {
        self.newest = TlsVersion::Tls12;
        self
    }

    /// Without resumption: a client that never reads would leave the tickets of TLS 1.3 unread on the data channel,
    /// and closing its socket would then destroy the end of an upload.
    pub(super) fn tls_flags(&self) -> TlsFlags {
        match self.newest {
            TlsVersion::Tls13 => TlsFlags::LATEST_VERSIONS,
            _ => TlsFlags::V1_2,
        }
    }

    /// Puts certificate and key into a folder that only this user can read: libunftp wants files.
    pub(super) fn write_credentials(&self) -> Result<TempDir, ServerError> {
        let folder = TempDir::new().map_err(ServerError::io("make a folder"))?;
        write(folder.path(), CERTIFICATE, self.certificate.certificate_pem())?;
        write(folder.path(), KEY, self.certificate.key_pkcs8_pem())?;
        if let Some(authority) = &self.client_authority {
            write(folder.path(), CLIENT_AUTHORITY, &authority.certificate_pem())?;
        }
        Ok(folder)
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), ServerError> {
    std::fs::write(folder.join(name), text).map_err(ServerError::io("write a certificate file"))
}

impl fmt::Debug for FtpsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FtpsOptions")
            .field("certificate", &self.certificate)
            .field("requires_client_certificate", &self.client_authority.is_some())
            .field("users", &self.users.keys())
            .field("newest", &self.newest)
            .finish()
    }
}
