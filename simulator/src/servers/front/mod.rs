//! A TLS server that hands the plain bytes on.

mod backend;
mod handshake;
mod hello;
mod options;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;

use openssl::ssl::{Ssl, SslContext};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio_openssl::SslStream;

pub(super) use self::backend::Backend;
pub use self::handshake::Handshake;
pub(super) use self::options::ClientCheck;
pub use self::options::{FrontOptions, TlsVersion};
use super::ServerError;
use crate::journal::Journal;

/// Terminates TLS on a loopback port and relays to a plain port.
///
/// It gives servers that only speak plain TCP, or only modern TLS, everything OpenSSL has: TLS 1.0 to 1.3, every
/// suite, client certificates, and a log of each handshake. Dropping it closes its port and its connections.
#[derive(Debug)]
pub struct Front {
    addr: SocketAddr,
    handshakes: Journal<Handshake>,
    disconnect: watch::Sender<()>,
    accepting: AbortHandle,
}

impl Front {
    /// Listens on a free loopback port and relays every connection to `backend`.
    ///
    /// # Errors
    /// [`ServerError::Tls`] when the options make no working TLS set-up; [`ServerError::Io`] when no port is free.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(options: &FrontOptions, backend: SocketAddr) -> Result<Self, ServerError> {
        Self::serve(options, 0, backend).await
    }

    /// Hands every connection to `backend`. Port 0 is any that is free.
    pub(super) async fn serve(
        options: &FrontOptions,
        port: u16,
        backend: impl Backend,
    ) -> Result<Self, ServerError> {
        let context = options.context()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(ServerError::io("listen on a loopback port"))?;
        let addr = listener.local_addr().map_err(ServerError::io("read the port listened on"))?;
        let handshakes = Journal::new();
        let disconnect = watch::Sender::new(());
        let relay =
            Relay { context, backend, handshakes: handshakes.clone(), disconnect: disconnect.subscribe() };
        let accepting = tokio::spawn(accept_all(listener, relay)).abort_handle();
        Ok(Self { addr, handshakes, disconnect, accepting })
    }

    /// The address with TLS.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Every handshake so far, also the failed ones, in the order they ended.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.handshakes.all()
    }

    /// Waits until `count` handshakes have ended since the start and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_handshakes(&self, count: usize) -> Vec<Handshake> {
        self.handshakes.at_least(count).await
    }

    /// Cuts every present connection without a TLS farewell, as a network failure behind a proxy would.
    ///
    /// New connections are accepted as before.
    pub fn disconnect_all(&self) {
        self.disconnect.send_replace(());
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What a connection needs to know.
#[derive(Clone)]
struct Relay<B> {
    context: SslContext,
    backend: B,
    handshakes: Journal<Handshake>,
    disconnect: watch::Receiver<()>,
}

async fn accept_all<B: Backend>(listener: TcpListener, relay: Relay<B>) {
    // Owned here, so that aborting this task ends the connections too.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(relay.clone().serve(stream, peer));
                }
                Err(error) => tracing::warn!(%error, "cannot accept"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl<B: Backend> Relay<B> {
    async fn serve(mut self, stream: TcpStream, peer: SocketAddr) {
        // A clone of the first receiver would also see the cuts that came before this connection.
        self.disconnect.mark_unchanged();
        let mut disconnect = self.disconnect.clone();
        tokio::select! {
            _ = disconnect.changed() => tracing::debug!(%peer, "cut on request"),
            result = self.relay(stream, peer) => match result {
                Ok(()) => tracing::debug!(%peer, "closed"),
                Err(error) => tracing::debug!(%peer, %error, "ended"),
            },
        }
    }

    async fn relay(&self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        // An AT module's small packets must not wait for one another.
        stream.set_nodelay(true)?;
        let ssl = Ssl::new(&self.context)?;
        let mut secured = SslStream::new(ssl, stream)?;
        let accepted = Pin::new(&mut secured).accept().await;
        let handshake = Handshake::observe(peer, secured.ssl(), accepted.as_ref().err());
        tracing::debug!(?handshake, "handshake ended");
        self.handshakes.push(handshake);
        accepted.map_err(io::Error::other)?;

        self.backend.clone().serve(secured).await
    }
}
