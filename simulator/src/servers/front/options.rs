//! How a front speaks TLS.

use std::fmt;
use std::sync::Arc;

use openssl::dh::Dh;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    NameType, SniError, SslAlert, SslContext, SslContextBuilder, SslMethod, SslOptions, SslSessionCacheMode,
    SslVerifyMode, SslVersion,
};
use openssl::x509::{X509, X509StoreContextRef};

use super::hello;
use crate::servers::{Authority, Issued, ServerError};

/// Every suite OpenSSL was built with that authenticates the server, strong or not.
const EVERY_SUITE: &str = "ALL:COMPLEMENTOFALL:!aNULL";

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl TlsVersion {
    fn to_openssl(self) -> SslVersion {
        match self {
            Self::Tls10 => SslVersion::TLS1,
            Self::Tls11 => SslVersion::TLS1_1,
            Self::Tls12 => SslVersion::TLS1_2,
            Self::Tls13 => SslVersion::TLS1_3,
        }
    }

    pub(super) fn from_openssl(version: SslVersion) -> Option<Self> {
        [Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13]
            .into_iter()
            .find(|known| known.to_openssl() == version)
    }
}

/// Judges one certificate of a client's chain: OpenSSL's verdict and what it is about in, the final verdict out.
pub(in crate::servers) type ClientCheck = Arc<dyn Fn(bool, &mut X509StoreContextRef) -> bool + Send + Sync>;

/// Certificate, versions, suites and demands of a [`Front`](super::Front).
///
/// The default is TLS 1.2 and 1.3, OpenSSL's default suites at security level 1, no client certificate.
#[derive(Clone)]
#[must_use]
pub struct FrontOptions {
    certificate: Issued,
    client_authority: Option<Authority>,
    client_check: Option<ClientCheck>,
    server_name: Option<String>,
    oldest: TlsVersion,
    newest: TlsVersion,
    cipher_list: Option<String>,
    suites_of_tls13: Option<String>,
    security_level: u32,
    resumption: bool,
}

impl FrontOptions {
    /// Presents `certificate`.
    pub fn new(certificate: &Issued) -> Self {
        Self {
            certificate: certificate.clone(),
            client_authority: None,
            client_check: None,
            server_name: None,
            oldest: TlsVersion::Tls12,
            newest: TlsVersion::Tls13,
            cipher_list: None,
            suites_of_tls13: None,
            security_level: 1,
            resumption: false,
        }
    }

    /// Refuses clients that show no certificate signed by `authority`.
    pub fn require_client_certificate(mut self, authority: &Authority) -> Self {
        self.client_authority = Some(authority.clone());
        self
    }

    /// Demands a certificate and leaves the verdict on it to `check`.
    pub(in crate::servers) fn check_client_certificate(mut self, check: ClientCheck) -> Self {
        self.client_check = Some(check);
        self
    }

    /// Refuses clients that do not indicate exactly this server name (SNI).
    pub fn require_server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Limits the versions. TLS 1.0 and 1.1 also need [`security_level`](Self::security_level) 0.
    pub fn versions(mut self, oldest: TlsVersion, newest: TlsVersion) -> Self {
        self.oldest = oldest;
        self.newest = newest;
        self
    }

    /// Limits the suites up to TLS 1.2, in OpenSSL's language: `AES128-SHA`, `ECDHE+AESGCM`.
    pub fn cipher_list(mut self, list: impl Into<String>) -> Self {
        self.cipher_list = Some(list.into());
        self
    }

    /// Limits the suites of TLS 1.3, by their names and separated by colons: `TLS_AES_128_CCM_8_SHA256`.
    pub fn suites_of_tls13(mut self, list: impl Into<String>) -> Self {
        self.suites_of_tls13 = Some(list.into());
        self
    }

    /// Lets clients resume sessions of TLS 1.2 and older, by their ids.
    pub fn allow_resumption(mut self) -> Self {
        self.resumption = true;
        self
    }

    /// OpenSSL's security level, 0 to 5. Level 0 allows TLS 1.0 and 1.1, SHA-1 signatures and suites without
    /// encryption; level 1 is OpenSSL's own default.
    pub fn security_level(mut self, level: u32) -> Self {
        self.security_level = level;
        self
    }

    /// Accepts TLS 1.0 to 1.3 with every suite that authenticates the server, even those without encryption.
    pub fn danger_accept_everything(self) -> Self {
        self.versions(TlsVersion::Tls10, TlsVersion::Tls13).cipher_list(EVERY_SUITE).security_level(0)
    }

    pub(super) fn context(&self) -> Result<SslContext, ServerError> {
        self.build().map_err(ServerError::tls("set up TLS for a server"))
    }

    fn build(&self) -> Result<SslContext, ErrorStack> {
        let mut context = SslContextBuilder::new(SslMethod::tls_server())?;
        // First, as it decides what the calls below accept.
        context.set_security_level(self.security_level);
        context.set_min_proto_version(Some(self.oldest.to_openssl()))?;
        context.set_max_proto_version(Some(self.newest.to_openssl()))?;
        if let Some(list) = &self.cipher_list {
            context.set_cipher_list(&format!("{list}:@SECLEVEL={}", self.security_level))?;
        }
        if let Some(list) = &self.suites_of_tls13 {
            context.set_ciphersuites(list)?;
        }
        // Without parameters a server never chooses a DHE suite.
        let parameters = Dh::get_2048_256()?;
        context.set_tmp_dh(&parameters)?;
        hello::watch(&mut context)?;
        forbid_tickets(&mut context)?;
        set_session_cache(&mut context, self.resumption)?;
        let certificate = X509::from_pem(self.certificate.certificate_pem().as_bytes())?;
        let key = PKey::private_key_from_pem(self.certificate.key_pem().as_bytes())?;
        context.set_certificate(&certificate)?;
        context.set_private_key(&key)?;
        context.check_private_key()?;
        if let Some(authority) = &self.client_authority {
            require_certificate_from(&mut context, authority)?;
        }
        if let Some(check) = self.client_check.clone() {
            let demanded = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
            context.set_verify_callback(demanded, move |accepted, chain| check(accepted, chain));
        }
        if let Some(name) = self.server_name.clone() {
            require_name(&mut context, name);
        }
        Ok(context.build())
    }
}

impl fmt::Debug for FrontOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontOptions")
            .field("certificate", &self.certificate)
            .field(
                "requires_client_certificate",
                &(self.client_authority.is_some() || self.client_check.is_some()),
            )
            .field("server_name", &self.server_name)
            .field("versions", &(self.oldest..=self.newest))
            .field("cipher_list", &self.cipher_list)
            .field("suites_of_tls13", &self.suites_of_tls13)
            .field("security_level", &self.security_level)
            .field("resumption", &self.resumption)
            .finish()
    }
}

/// Unless asked for, every connection shall show a full handshake.
fn set_session_cache(context: &mut SslContextBuilder, on: bool) -> Result<(), ErrorStack> {
    context.set_session_cache_mode(if on { SslSessionCacheMode::SERVER } else { SslSessionCacheMode::OFF });
    context.set_session_id_context(b"front")
}

/// A client that never reads would leave the tickets of TLS 1.3 unread, and closing its socket would then destroy what it
/// had sent.
fn forbid_tickets(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    context.set_options(SslOptions::NO_TICKET);
    context.set_num_tickets(0)
}

fn require_name(context: &mut SslContextBuilder, name: String) {
    context.set_servername_callback(move |ssl, alert| {
        if ssl.servername(NameType::HOST_NAME) == Some(name.as_str()) {
            return Ok(());
        }
        *alert = SslAlert::UNRECOGNIZED_NAME;
        Err(SniError::ALERT_FATAL)
    });
}

fn require_certificate_from(
    context: &mut SslContextBuilder,
    authority: &Authority,
) -> Result<(), ErrorStack> {
    let root = X509::from_pem(authority.certificate_pem().as_bytes())?;
    context.add_client_ca(&root)?;
    context.cert_store_mut().add_cert(root)?;
    context.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    Ok(())
}
