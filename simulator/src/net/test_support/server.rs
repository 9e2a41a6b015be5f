//! A TLS acceptor for one handshake at a time.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use openssl::dh::Dh;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{NameType, Ssl, SslContext, SslContextBuilder, SslMethod, SslVerifyMode};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use tokio::net::{TcpListener, TcpStream};
use tokio_openssl::SslStream;

use super::super::{TlsSettings, TlsVersion, Verify};
use super::{Authority, Peer, at};

/// Settings that trust `authority`, for TLS 1.2 and 1.3, in the year 2025.
pub(in super::super) fn tls_settings(authority: &Authority) -> TlsSettings {
    TlsSettings {
        min: TlsVersion::V1_2,
        max: TlsVersion::V1_3,
        suites: vec![0x1301, 0xC02B, 0xC02F],
        verify: Verify::Server,
        ca_certificates: vec![authority.pem()],
        identity: None,
        server_name: Some("server.test".to_owned()),
        check_host: Some("server.test".to_owned()),
        now: at(2025),
        resumption: None,
    }
}

/// A TLS server that takes every version and suite.
pub(in super::super) struct TlsServer {
    context: SslContext,
    names: Arc<Mutex<Vec<Option<String>>>>,
}

impl TlsServer {
    pub(in super::super) fn new(identity: &(X509, PKey<Private>)) -> Self {
        Self::with(identity, |_| ())
    }

    /// A server that wants a certificate of `authority`.
    pub(in super::super) fn mutual(identity: &(X509, PKey<Private>), authority: &Authority) -> Self {
        Self::with(identity, |builder| {
            let mut store = X509StoreBuilder::new().unwrap();
            store.add_cert(authority.x509()).unwrap();
            builder.set_verify_cert_store(store.build()).unwrap();
            builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        })
    }

    pub(in super::super) fn with(
        (certificate, key): &(X509, PKey<Private>),
        configure: impl FnOnce(&mut SslContextBuilder),
    ) -> Self {
        let names = Arc::<Mutex<Vec<Option<String>>>>::default();
        let seen = Arc::clone(&names);
        let mut builder = SslContextBuilder::new(SslMethod::tls_server()).unwrap();
        builder.set_security_level(0);
        builder.set_cipher_list("ALL:COMPLEMENTOFALL:@SECLEVEL=0").unwrap();
        builder.set_min_proto_version(None).unwrap();
        builder.set_tmp_dh(&Dh::get_2048_256().unwrap()).unwrap();
        builder.set_certificate(certificate).unwrap();
        builder.set_private_key(key).unwrap();
        // Runs in every handshake, with or without the extension.
        builder.set_servername_callback(move |ssl, _| {
            seen.lock().unwrap().push(ssl.servername(NameType::HOST_NAME).map(str::to_owned));
            Ok(())
        });
        configure(&mut builder);
        Self { context: builder.build(), names }
    }

    /// The names of all handshakes so far.
    pub(in super::super) fn names(&self) -> Vec<Option<String>> {
        self.names.lock().unwrap().clone()
    }

    pub(in super::super) async fn accept(
        &self,
        listener: &TcpListener,
    ) -> Result<Peer<Pin<Box<SslStream<TcpStream>>>>, openssl::ssl::Error> {
        self.secure(Peer::accept(listener).await).await
    }

    pub(in super::super) async fn secure(
        &self,
        peer: Peer<TcpStream>,
    ) -> Result<Peer<Pin<Box<SslStream<TcpStream>>>>, openssl::ssl::Error> {
        let mut stream = Box::pin(SslStream::new(Ssl::new(&self.context).unwrap(), peer.0).unwrap());
        stream.as_mut().accept().await?;
        Ok(Peer(stream))
    }
}
