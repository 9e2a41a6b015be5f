//! Connections to a server that can be broken at any moment.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

type Connections = Arc<Mutex<JoinSet<()>>>;

/// Passes everything on. It ends when this is dropped.
pub(super) struct Relay {
    address: SocketAddr,
    connections: Connections,
    accepting: JoinHandle<()>,
}

impl Relay {
    pub(super) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let connections = Connections::default();
        let running = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                lock(&running).spawn(relay(client, server));
            }
        });
        Self { address, connections, accepting }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Breaks all connections that there are.
    pub(super) fn cut(&self) {
        lock(&self.connections).abort_all();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A connection that breaks is for the two ends to notice.
async fn relay(mut client: TcpStream, server: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(server).await {
        copy_bidirectional(&mut client, &mut server).await.unwrap_or_default();
    }
}

fn lock(connections: &Connections) -> std::sync::MutexGuard<'_, JoinSet<()>> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}
