//! TLS sessions that a later connection resumes, as `#SSLFASTD` does.
//!
//! The call of OpenSSL that takes a session up again is unsafe in its Rust binding. hyper-openssl makes it, behind a
//! connector for HTTPS clients that keeps the sessions of each host. Such a connector is used here: one for each kept
//! session, given a socket that is open already.

use std::error::Error;
use std::fmt;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use http::Uri;
use hyper_openssl::SslStream;
use hyper_openssl::client::legacy::{HttpsLayer, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use openssl::ssl::{self, SslConnector, SslMethod, SslRef};
use openssl::x509::X509VerifyResult;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_layer::Layer;
use tower_service::Service;

use super::super::NetError;
use super::{TlsFailure, TlsSettings, client, failure};

/// A place for one TLS session. The first connection that is given it fills it, later ones resume. Clones are the same
/// place.
#[derive(Clone, Default)]
pub(crate) struct Resumption(Arc<OnceLock<Connector>>);

/// Makes connections that share a session, with the settings of the first one.
pub(super) struct Connector {
    layer: HttpsLayer,
    verified: Arc<Mutex<X509VerifyResult>>,
}

impl Resumption {
    /// The connector of this place, made by the settings if it is the first time.
    pub(super) fn connector(&self, settings: &TlsSettings) -> Result<&Connector, NetError> {
        if let Some(connector) = self.0.get() {
            return Ok(connector);
        }
        let connector = Connector::new(settings)?;
        Ok(self.0.get_or_init(|| connector))
    }
}

impl Connector {
    fn new(settings: &TlsSettings) -> Result<Self, NetError> {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(client::setup)?;
        client::prepare(&mut builder, settings)?;
        let verified = Arc::new(Mutex::new(X509VerifyResult::OK));
        let seen = Arc::clone(&verified);
        builder.set_verify_callback(client::verify_mode(settings), move |good, context| {
            if !good {
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = context.error();
            }
            good
        });
        let mut layer = HttpsLayer::with_connector(builder).map_err(client::setup)?;
        let name = client::server_name(settings);
        layer.set_callback(move |configuration, _| {
            configuration.set_use_server_name_indication(false);
            configuration.set_verify_hostname(false);
            name.as_ref().map_or(Ok(()), |name| configuration.set_hostname(name))
        });
        Ok(Self { layer, verified })
    }

    pub(super) async fn handshake(&self, socket: TcpStream) -> Result<ResumableStream, NetError> {
        let mut connector = self.layer.layer(Dialled(Some(socket)));
        // The name only tells apart what one connector connects to, which here is one thing.
        match connector.call(Uri::from_static("https://peer")).await {
            Ok(MaybeHttpsStream::Https(stream)) => Ok(ResumableStream(TokioIo::new(stream))),
            Ok(MaybeHttpsStream::Http(_)) => Err(NetError::tls(TlsFailure::Handshake, "no TLS")),
            Err(error) => Err(self.failure(error.as_ref())),
        }
    }

    fn failure(&self, error: &(dyn Error + 'static)) -> NetError {
        let verified = *self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        match error.source().and_then(|source| source.downcast_ref::<ssl::Error>()) {
            Some(error) => failure::of_handshake(error, verified),
            None => NetError::tls(TlsFailure::Handshake, error.to_string()),
        }
    }
}

/// Gives a socket that is open already.
struct Dialled(Option<TcpStream>);

impl Service<Uri> for Dialled {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().map(TokioIo::new).ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

/// A TLS stream whose session can be resumed.
#[derive(Debug)]
pub(in super::super) struct ResumableStream(TokioIo<SslStream<TokioIo<TcpStream>>>);

impl ResumableStream {
    pub(in super::super) fn ssl(&self) -> &SslRef {
        self.0.inner().ssl()
    }

    pub(in super::super) fn socket(&self) -> &TcpStream {
        self.0.inner().get_ref().inner()
    }
}

impl AsyncRead for ResumableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for ResumableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl PartialEq for Resumption {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Resumption {}

impl fmt::Debug for Resumption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Resumption(kept: {})", self.0.get().is_some())
    }
}
