//! Where the plain bytes of a connection go.

use std::io;
use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// Serves connections whose handshake is done.
pub(in crate::servers) trait Backend: Clone + Send + Sync + 'static {
    /// Serves one of them until it ends.
    fn serve(self, secured: SslStream<TcpStream>) -> impl Future<Output = io::Result<()>> + Send;
}

/// Relays to a plain port.
impl Backend for SocketAddr {
    async fn serve(self, mut secured: SslStream<TcpStream>) -> io::Result<()> {
        let mut plain = TcpStream::connect(self).await?;
        plain.set_nodelay(true)?;
        copy_bidirectional(&mut secured, &mut plain).await?;
        Ok(())
    }
}
