//! The serial port.

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

    /// Opens the port, exclusively where the operating system can. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`SerialError`].
    pub fn open(&self) -> Result<SerialStream, SerialError> {
        let flow = if self.hardware_flow_control { FlowControl::Hardware } else { FlowControl::None };
        tokio_serial::new(&self.path, self.baud_rate)
            .data_bits(DataBits::Eight)
            .parity(Parity::None)
            .stop_bits(StopBits::One)
            .flow_control(flow)
            .open_native_async()
            .map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &tokio_serial::Error) -> SerialError {
        let path = self.path.clone();
        let reason = error.to_string();
        match error.kind() {
            _ if reason.contains("exclusive lock") => SerialError::InUse { path },
            tokio_serial::ErrorKind::Io(std::io::ErrorKind::NotFound) => SerialError::NotFound { path },
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
