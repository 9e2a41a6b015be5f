//! A wire that can be cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Carries connections to a port of loopback.
pub(super) struct Relay {
    port: u16,
    connections: Arc<Mutex<JoinSet<()>>>,
    _accepting: JoinSet<()>,
}

impl Relay {
    pub(super) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has free ports");
        let port = listener.local_addr().expect("it is bound").port();
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let (running, mut accepting) = (Arc::clone(&connections), JoinSet::new());
        accepting.spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                running.lock().expect("nobody panics with it").spawn(carry(near, to));
            }
        });
        Self { port, connections, _accepting: accepting }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Ends all connections; new ones are welcome.
    pub(super) fn cut(&self) {
        self.connections.lock().expect("nobody panics with it").abort_all();
    }
}

async fn carry(mut near: TcpStream, to: u16) {
    if let Ok(mut far) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, to))).await {
        // How it ends is the business of both sides.
        drop(copy_bidirectional(&mut near, &mut far).await);
    }
}
