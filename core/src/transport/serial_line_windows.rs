//! An open serial port.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_serial::{Error, SerialPortBuilder, SerialPortBuilderExt, SerialStream};

/// An open serial port.
///
/// Flushing and closing do not wait until the bytes have crossed the line: the operating system offers
/// that only as a call that blocks the thread, without bound while flow control holds the line. How long the last bytes need
/// is reckoned from the line rate instead, see [`DriverOptions::line_rate`](crate::driver::DriverOptions::line_rate).
#[derive(Debug)]
pub struct SerialLine(SerialStream);

impl SerialLine {
    pub(super) fn open(port: &SerialPortBuilder) -> Result<Self, Error> {
        port.clone().open_native_async().map(Self)
    }

    /// Whether bytes are to gather. Here they wake the thread all the same.
    pub(crate) fn set_gathering(&self, _: bool) {}
}

impl AsyncRead for SerialLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for SerialLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
