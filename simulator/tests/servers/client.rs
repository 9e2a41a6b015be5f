//! A TLS client straight on OpenSSL.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslConnector, SslMethod, SslVersion};
use openssl::x509::X509;
use telit_simulator::servers::{Authority, Issued};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

pub(crate) type Secured = SslStream<TcpStream>;

/// Fails a test that hangs.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("done in time")
}

#[derive(Clone)]
pub(crate) struct Client {
    trusted: String,
    /// Certificate and key, as PEM.
    identity: Option<(String, String)>,
    name: String,
    version: Option<SslVersion>,
    cipher_list: Option<&'static str>,
}

impl Client {
    /// Trusts `authority` and expects a certificate for `name`.
    pub(crate) fn new(authority: &Authority, name: &str) -> Self {
        let trusted = authority.certificate_pem();
        Self { trusted, identity: None, name: name.to_owned(), version: None, cipher_list: None }
    }

    pub(crate) fn identity(self, identity: &Issued) -> Self {
        self.identity_pem(identity.certificate_pem(), identity.key_pem())
    }

    pub(crate) fn identity_pem(mut self, certificate: &str, key: &str) -> Self {
        self.identity = Some((certificate.to_owned(), key.to_owned()));
        self
    }

    pub(crate) fn version(mut self, version: SslVersion) -> Self {
        self.version = Some(version);
        self
    }

    pub(crate) fn cipher_list(mut self, list: &'static str) -> Self {
        self.cipher_list = Some(list);
        self
    }

    pub(crate) async fn connect(&self, addr: SocketAddr) -> Result<Secured, openssl::ssl::Error> {
        self.secure(TcpStream::connect(addr).await.expect("the port is open")).await
    }

    pub(crate) async fn secure(&self, stream: TcpStream) -> Result<Secured, openssl::ssl::Error> {
        let mut secured = SslStream::new(self.ssl(), stream).unwrap();
        Pin::new(&mut secured).connect().await?;
        Ok(secured)
    }

    /// Why the server's certificate is refused, as OpenSSL's `X509_V_ERR` number, or nothing.
    pub(crate) async fn verify_result(&self, stream: TcpStream) -> Option<i32> {
        let mut secured = SslStream::new(self.ssl(), stream).unwrap();
        match Pin::new(&mut secured).connect().await {
            Ok(()) => None,
            Err(_) => Some(secured.ssl().verify_result().as_raw()),
        }
    }

    fn ssl(&self) -> Ssl {
        let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
        connector.set_security_level(0);
        connector.set_min_proto_version(self.version).unwrap();
        connector.set_max_proto_version(self.version).unwrap();
        if let Some(list) = self.cipher_list {
            connector.set_cipher_list(&format!("{list}:@SECLEVEL=0")).unwrap();
        }
        connector.cert_store_mut().add_cert(X509::from_pem(self.trusted.as_bytes()).unwrap()).unwrap();
        if let Some((certificate, key)) = &self.identity {
            let certificate = X509::from_pem(certificate.as_bytes()).unwrap();
            let key = PKey::private_key_from_pem(key.as_bytes()).unwrap();
            connector.set_certificate(&certificate).unwrap();
            connector.set_private_key(&key).unwrap();
        }
        connector.build().configure().unwrap().into_ssl(&self.name).unwrap()
    }
}

/// Reads to the end; a cut connection counts as an end.
pub(crate) async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes).await {
        eprintln!("ended with {error}");
    }
    bytes
}
