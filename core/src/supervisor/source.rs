//! Where the stream to a module comes from, again and again.

use std::io;

use async_trait::async_trait;

use crate::driver::BoxedStream;

/// Opens the port of a module, as often as it takes.
///
/// A [`SerialPort`](crate::transport::SerialPort) is one. So is every closure that gives a future of a stream:
///
/// ```
/// # fn is_source(_: impl telit_core::supervisor::PortSource) {}
/// # fn example() {
/// let bridge = || async {
///     let stream = tokio::net::TcpStream::connect("bridge.example:4001").await?;
///     Ok(Box::pin(stream) as telit_core::driver::BoxedStream)
/// };
/// is_source(bridge);
/// # }
/// ```
#[async_trait]
pub trait PortSource: Send + Sync {
    /// Opens it. The stream that was opened before has been closed.
    ///
    /// # Errors
    /// The port is not there, or in use. It is tried again later.
    async fn open(&self) -> io::Result<BoxedStream>;

    /// The line rate in bits a second, if the stream takes bytes before they have crossed a serial line. See
    /// [`ModemBuilder::line_rate`](crate::modem::ModemBuilder::line_rate).
    fn line_rate(&self) -> Option<u32> {
        None
    }
}

#[async_trait]
impl<F, O> PortSource for F
where
    F: Fn() -> O + Send + Sync,
    O: Future<Output = io::Result<BoxedStream>> + Send,
{
    async fn open(&self) -> io::Result<BoxedStream> {
        self().await
    }
}

#[cfg(feature = "serial")]
#[async_trait]
impl PortSource for crate::transport::SerialPort {
    async fn open(&self) -> io::Result<BoxedStream> {
        Ok(Box::pin(Self::open(self)?))
    }

    fn line_rate(&self) -> Option<u32> {
        Some(self.rate())
    }
}
