//! Byte streams to a module. Anything that is `AsyncRead + AsyncWrite` will do; this is the serial port.

use std::any::Any;

#[cfg(feature = "serial")]
mod port_name;
#[cfg(feature = "serial")]
mod serial;
#[cfg(feature = "serial")]
mod serial_error;
#[cfg(feature = "serial")]
#[cfg_attr(windows, path = "serial_line_windows.rs")]
mod serial_line;
#[cfg(feature = "serial")]
mod usb_place;
#[cfg(feature = "serial")]
mod usb_port;

#[cfg(feature = "serial")]
pub use port_name::{InvalidPortName, PortName};
#[cfg(feature = "serial")]
pub use serial::{DEFAULT_BAUD_RATE, SerialPort};
#[cfg(feature = "serial")]
pub use serial_error::SerialError;
#[cfg(feature = "serial")]
pub use serial_line::SerialLine;
#[cfg(feature = "serial")]
pub use usb_port::UsbPort;
#[cfg(feature = "serial")]
pub(crate) use usb_port::attached;

/// Tells a stream whether bytes are to gather before somebody reads them. Only a [`SerialLine`] can do something about
/// it; with others each piece wakes the thread.
pub(crate) fn set_gathering(stream: &dyn Any, gathering: bool) {
    #[cfg(feature = "serial")]
    if let Some(line) = stream.downcast_ref::<SerialLine>() {
        line.set_gathering(gathering);
    }
    #[cfg(not(feature = "serial"))]
    let _ = (stream, gathering);
}
