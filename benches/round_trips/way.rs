//! The way to the broker, which can be cut.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A relay to the broker.
#[derive(Debug)]
pub(crate) struct Way {
    address: SocketAddr,
    cuts: watch::Sender<()>,
}

impl Way {
    pub(crate) async fn to(broker: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let cuts = watch::Sender::new(());
        let mut cut = cuts.subscribe();
        tokio::spawn(async move {
            while let Ok((module, _)) = listener.accept().await {
                cut.mark_unchanged();
                tokio::spawn(relay(module, broker, cut.clone()));
            }
        });
        Ok(Self { address, cuts })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection that stands.
    pub(crate) fn cut(&self) {
        self.cuts.send_replace(());
    }
}

async fn relay(mut module: TcpStream, broker: SocketAddr, mut cut: watch::Receiver<()>) {
    let Ok(mut broker) = TcpStream::connect(broker).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut module, &mut broker) => {}
        _ = cut.changed() => {}
    }
}
