//! Settings turned into an OpenSSL client, and the handshake.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslRef, SslVerifyMode};
use openssl::x509::X509;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509CheckFlags;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::super::NetError;
use super::resumption::{ResumableStream, Resumption};
use super::suites::{Offer, offer};
use super::{Identity, TlsFailure, TlsSettings, Verify, failure};

/// A client that is ready to make handshakes.
pub(in super::super) struct Client {
    kind: Kind,
    best_suite: u16,
}

enum Kind {
    Plain { context: SslContext, server_name: Option<String> },
    Resuming(Resumption, TlsSettings),
}

/// A TLS stream after the handshake.
#[derive(Debug)]
pub(in super::super) enum TlsStream {
    Plain(Pin<Box<SslStream<TcpStream>>>),
    Resumable(Box<ResumableStream>),
}

impl Client {
    /// Prepares a client. Whatever can be wrong with the settings shows here, before anything is sent.
    pub(in super::super) fn new(settings: &TlsSettings) -> Result<Self, NetError> {
        let best_suite = offer(settings)?.best().unwrap_or_default();
        if let Some(resumption) = &settings.resumption {
            resumption.connector(settings)?;
            let kind = Kind::Resuming(resumption.clone(), settings.clone());
            return Ok(Self { kind, best_suite });
        }
        let mut builder = SslContextBuilder::new(SslMethod::tls_client()).map_err(setup)?;
        prepare(&mut builder, settings)?;
        let kind = Kind::Plain { context: builder.build(), server_name: server_name(settings) };
        Ok(Self { kind, best_suite })
    }

    /// The suite that a peer which can do everything agrees to.
    pub(in super::super) fn best_suite(&self) -> u16 {
        self.best_suite
    }

    pub(in super::super) async fn handshake(&self, socket: TcpStream) -> Result<TlsStream, NetError> {
        match &self.kind {
            Kind::Plain { context, server_name } => {
                plain_handshake(context, server_name.as_deref(), socket).await
            }
            Kind::Resuming(resumption, settings) => {
                let stream = resumption.connector(settings)?.handshake(socket).await?;
                Ok(TlsStream::Resumable(Box::new(stream)))
            }
        }
    }
}

async fn plain_handshake(
    context: &SslContext,
    server_name: Option<&str>,
    socket: TcpStream,
) -> Result<TlsStream, NetError> {
    let mut ssl = Ssl::new(context).map_err(setup)?;
    if let Some(name) = server_name {
        ssl.set_hostname(name).map_err(setup)?;
    }
    let mut stream = Box::pin(SslStream::new(ssl, socket).map_err(setup)?);
    match stream.as_mut().connect().await {
        Ok(()) => Ok(TlsStream::Plain(stream)),
        Err(error) => Err(failure::of_handshake(&error, stream.ssl().verify_result())),
    }
}

impl TlsStream {
    pub(in super::super) fn ssl(&self) -> &SslRef {
        match self {
            Self::Plain(stream) => stream.ssl(),
            Self::Resumable(stream) => stream.ssl(),
        }
    }

    pub(in super::super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream.get_ref(),
            Self::Resumable(stream) => stream.socket(),
        }
    }
}

/// Everything but the server's name.
pub(super) fn prepare(builder: &mut SslContextBuilder, settings: &TlsSettings) -> Result<(), NetError> {
    let offer = offer(settings)?;
    builder.set_security_level(0);
    set_offer(builder, &offer).map_err(setup)?;
    set_verification(builder, settings)?;
    settings.identity.as_ref().map_or(Ok(()), |identity| set_identity(builder, identity))
}

/// An address is no name. Source: RFC 6066, 3.
pub(super) fn server_name(settings: &TlsSettings) -> Option<String> {
    settings.server_name.clone().filter(|name| name.parse::<IpAddr>().is_err())
}

pub(super) fn verify_mode(settings: &TlsSettings) -> SslVerifyMode {
    match settings.verify {
        Verify::None => SslVerifyMode::NONE,
        Verify::Server => SslVerifyMode::PEER,
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}

fn set_offer(builder: &mut SslContextBuilder, offer: &Offer) -> Result<(), ErrorStack> {
    builder.set_min_proto_version(Some(offer.min.to_openssl()))?;
    builder.set_max_proto_version(Some(offer.max.to_openssl()))?;
    // A firmware resumes nothing unless told to; 2G's `#SSLFASTD` does it by the session id.
    builder.set_options(SslOptions::NO_TICKET);
    if !offer.suites_1_3.is_empty() {
        builder.set_ciphersuites(&offer.suites_1_3.join(":"))?;
    }
    if !offer.suites.is_empty() {
        builder.set_cipher_list(&format!("{}:@SECLEVEL=0", offer.suites.join(":")))?;
    }
    Ok(())
}

fn set_verification(builder: &mut SslContextBuilder, settings: &TlsSettings) -> Result<(), NetError> {
    builder.set_verify(verify_mode(settings));
    if settings.verify == Verify::None {
        return Ok(());
    }
    builder.set_cert_store(authorities(&settings.ca_certificates)?);
    let parameters = builder.verify_param_mut();
    parameters.set_time(unix_seconds(settings.now));
    let Some(host) = &settings.check_host else {
        return Ok(());
    };
    parameters.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
    match host.parse::<IpAddr>() {
        Ok(address) => parameters.set_ip(address).map_err(setup),
        Err(_) => parameters.set_host(host).map_err(setup),
    }
}

fn authorities(pems: &[Vec<u8>]) -> Result<X509Store, NetError> {
    let mut store = X509StoreBuilder::new().map_err(setup)?;
    let mut known = 0;
    for pem in pems {
        let certificates = X509::stack_from_pem(pem).map_err(|_| credentials("unreadable CA certificate"))?;
        known += certificates.len();
        for certificate in certificates {
            store.add_cert(certificate).map_err(|_| credentials("unusable CA certificate"))?;
        }
    }
    if known == 0 {
        return Err(credentials("no CA certificate to verify the server with"));
    }
    Ok(store.build())
}

fn set_identity(builder: &mut SslContextBuilder, identity: &Identity) -> Result<(), NetError> {
    let chain = X509::stack_from_pem(&identity.certificate)
        .map_err(|_| credentials("unreadable client certificate"))?;
    let mut chain = chain.into_iter();
    let certificate = chain.next().ok_or_else(|| credentials("no client certificate"))?;
    builder.set_certificate(&certificate).map_err(|_| credentials("unusable client certificate"))?;
    for intermediate in chain {
        builder.add_extra_chain_cert(intermediate).map_err(|_| credentials("unusable client chain"))?;
    }
    let key = private_key(&identity.key)?;
    let mismatch = |_| credentials("the private key does not belong to the client certificate");
    builder.set_private_key(&key).map_err(mismatch)?;
    builder.check_private_key().map_err(mismatch)
}

fn private_key(pem: &[u8]) -> Result<PKey<Private>, NetError> {
    // The callback stands in for OpenSSL's own, which would ask for the password of an encrypted key on the terminal.
    PKey::private_key_from_pem_callback(pem, |_| Ok(0)).map_err(|_| credentials("unreadable private key"))
}

fn unix_seconds(time: SystemTime) -> UnixSeconds {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => UnixSeconds::try_from(since.as_secs()).unwrap_or(UnixSeconds::MAX),
        Err(before) => {
            UnixSeconds::try_from(before.duration().as_secs()).map_or(UnixSeconds::MIN, |seconds| -seconds)
        }
    }
}

/// `time_t`, as wide as it is on every 64-bit target.
type UnixSeconds = i64;

fn credentials(text: &str) -> NetError {
    NetError::tls(TlsFailure::Credentials, text)
}

pub(super) fn setup(error: ErrorStack) -> NetError {
    let words: Vec<_> = error.errors().iter().filter_map(openssl::error::Error::reason).collect();
    NetError::tls(TlsFailure::Handshake, format!("set-up: {}", words.join(", ")))
}
