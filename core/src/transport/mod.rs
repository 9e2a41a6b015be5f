//! Byte streams to a module. Anything that is `AsyncRead + AsyncWrite` will do; this is the serial port.

#[cfg(feature = "serial")]
mod port_name;
#[cfg(feature = "serial")]
mod serial;
#[cfg(feature = "serial")]
mod serial_error;
#[cfg(feature = "serial")]
mod usb_port;

#[cfg(feature = "serial")]
pub use port_name::{InvalidPortName, PortName};
#[cfg(feature = "serial")]
pub use serial::{DEFAULT_BAUD_RATE, SerialLine, SerialPort};
#[cfg(feature = "serial")]
pub use serial_error::SerialError;
#[cfg(feature = "serial")]
pub use usb_port::UsbPort;
