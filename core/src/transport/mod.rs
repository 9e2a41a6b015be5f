//! Byte streams to a module. Anything that is `AsyncRead + AsyncWrite` will do; this is the serial port.

#[cfg(feature = "serial")]
mod serial;

#[cfg(feature = "serial")]
pub use serial::{DEFAULT_BAUD_RATE, SerialError, SerialLine, SerialPort};
