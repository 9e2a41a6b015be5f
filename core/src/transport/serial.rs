//! The serial port.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_serial::{DataBits, FlowControl, Parity, SerialPortBuilderExt, SerialStream, StopBits};

/// The speed that modules without autobauding start with. Source: M37 p154.
pub const DEFAULT_BAUD_RATE: u32 = 115_200;

/// How a serial port is opened: 8N1, 115200 baud, no flow control unless told otherwise.
///
/// ```no_run
/// # async fn example() -> Result<(), telit_core::transport::SerialError> {
/// use telit_core::transport::SerialPort;
///
/// let stream = SerialPort::new("/dev/ttyUSB2").baud_rate(921_600).hardware_flow_control(true).open()?;
/// # drop(stream);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is opened until open() is called"]
pub struct SerialPort {
    path: String,
    baud_rate: u32,
    hardware_flow_control: bool,
}

/// An open serial port.
///
/// Flushing and closing do not wait until the bytes have crossed the line: the operating system offers
/// that only as a call that blocks the thread, without bound while flow control holds the line. How long the last bytes need
/// is reckoned from the line rate instead, see [`DriverOptions::line_rate`](crate::driver::DriverOptions::line_rate).
#[derive(Debug)]
pub struct SerialLine(SerialStream);

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

/// The port cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SerialError {
    /// No such port.
    #[error("no port {path}")]
    NotFound {
        /// The name that was given.
        path: String,
    },
    /// Another program has it open.
    #[error("port {path} is in use by another program")]
    InUse {
        /// The name that was given.
        path: String,
    },
    /// Something else.
    #[error("port {path} cannot be opened: {reason}")]
    Failed {
        /// The name that was given.
        path: String,
        /// What the operating system said.
        reason: String,
    },
}

impl SerialError {
    /// The kind of failure, as the standard library has it.
    pub(crate) fn kind(&self) -> io::ErrorKind {
        match self {
            Self::NotFound { .. } => io::ErrorKind::NotFound,
            Self::InUse { .. } => io::ErrorKind::ResourceBusy,
            Self::Failed { .. } => io::ErrorKind::Other,
        }
    }
}

impl SerialPort {
    /// A port by its path or name.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), baud_rate: DEFAULT_BAUD_RATE, hardware_flow_control: false }
    }

    /// The line rate in bits a second. It must be the one the module is set to (`AT+IPR`).
    pub fn baud_rate(mut self, baud_rate: u32) -> Self {
        self.baud_rate = baud_rate;
        self
    }

    /// RTS/CTS. Use it where the lines are wired; without it large transfers can lose bytes.
    pub fn hardware_flow_control(mut self, on: bool) -> Self {
        self.hardware_flow_control = on;
        self
    }

    /// The line rate that was chosen.
    pub(crate) fn rate(&self) -> u32 {
        self.baud_rate
    }

    /// Opens the port, exclusively where the operating system can. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`SerialError`].
    pub fn open(&self) -> Result<SerialLine, SerialError> {
        let flow = if self.hardware_flow_control { FlowControl::Hardware } else { FlowControl::None };
        tokio_serial::new(&self.path, self.baud_rate)
            .data_bits(DataBits::Eight)
            .parity(Parity::None)
            .stop_bits(StopBits::One)
            .flow_control(flow)
            .open_native_async()
            .map(SerialLine)
            .map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &tokio_serial::Error) -> SerialError {
        let path = self.path.clone();
        let reason = error.to_string();
        match error.kind() {
            _ if reason.contains("exclusive lock") => SerialError::InUse { path },
            tokio_serial::ErrorKind::Io(io::ErrorKind::NotFound) => SerialError::NotFound { path },
            tokio_serial::ErrorKind::NoDevice if !std::path::Path::new(&path).exists() => {
                SerialError::NotFound { path }
            }
            _ => SerialError::Failed { path, reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_port_is_named() {
        let error = SerialPort::new("/nonexistent/tty").open().unwrap_err();
        assert_eq!(error, SerialError::NotFound { path: "/nonexistent/tty".into() });
        assert_eq!(error.to_string(), "no port /nonexistent/tty");
    }
}
