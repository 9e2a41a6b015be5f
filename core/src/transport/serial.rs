//! The serial port.

use std::io;
use std::path::Path;

use tokio_serial::{DataBits, Error, ErrorKind, FlowControl, Parity, StopBits};

use super::port_name::{InvalidPortName, Kind, PortName};
use super::serial_error::SerialError;
use super::serial_line::SerialLine;
use super::usb_port::{self, NotFound, UsbPort};

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
    name: Result<PortName, InvalidPortName>,
    baud_rate: u32,
    hardware_flow_control: bool,
}

impl SerialPort {
    /// A port by its [name](PortName), which is looked up anew each time it is opened. Text that is no name is an
    /// error of [`open`](Self::open).
    pub fn new<N>(name: N) -> Self
    where
        N: TryInto<PortName>,
        N::Error: Into<InvalidPortName>,
    {
        let name = name.try_into().map_err(Into::into);
        Self { name, baud_rate: DEFAULT_BAUD_RATE, hardware_flow_control: false }
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

    /// Finds the port and opens it, exclusively where the operating system can. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`SerialError`].
    pub fn open(&self) -> Result<SerialLine, SerialError> {
        self.open_among(usb_port::attached)
    }

    /// Opens it; `attached` lists the USB ports when they are asked for.
    fn open_among(
        &self,
        attached: impl FnOnce() -> Result<Vec<UsbPort>, Error>,
    ) -> Result<SerialLine, SerialError> {
        let name = self.name.as_ref().map_err(InvalidPortName::clone)?;
        match &name.0 {
            Kind::Path(path) => self.open_path(path, path),
            Kind::Usb(usb) => {
                let ports = attached().map_err(|error| explain(&error, "", &name.to_string()))?;
                let port = usb.choose(ports).map_err(|reason| not_found(name, reason))?;
                self.open_path(&port.path, &format!("{name} ({})", port.path))
            }
        }
    }

    /// `shown` is what errors call it.
    fn open_path(&self, path: &str, shown: &str) -> Result<SerialLine, SerialError> {
        let flow = if self.hardware_flow_control { FlowControl::Hardware } else { FlowControl::None };
        let port = tokio_serial::new(path, self.baud_rate)
            .data_bits(DataBits::Eight)
            .parity(Parity::None)
            .stop_bits(StopBits::One)
            .flow_control(flow);
        SerialLine::open(&port).map_err(|error| explain(&error, path, shown))
    }
}

fn not_found(name: &PortName, reason: NotFound) -> SerialError {
    let name = name.clone();
    match reason {
        NotFound::None(found) => SerialError::NoSuchUsbPort { name, found },
        NotFound::Ambiguous(matching) => SerialError::Ambiguous { name, matching },
    }
}

fn explain(error: &Error, path: &str, shown: &str) -> SerialError {
    let reason = error.to_string();
    let shown = shown.to_owned();
    match error.kind() {
        _ if reason.contains("exclusive lock") => SerialError::InUse { path: shown },
        ErrorKind::Io(io::ErrorKind::NotFound) => SerialError::NotFound { path: shown },
        ErrorKind::NoDevice if !Path::new(path).exists() => SerialError::NotFound { path: shown },
        _ => SerialError::Failed { path: shown, reason },
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::error::Category;

    #[tokio::test]
    async fn a_missing_port_is_named() {
        let error = SerialPort::new("/nonexistent/tty").open().unwrap_err();
        assert_eq!(error, SerialError::NotFound { path: "/nonexistent/tty".into() });
        assert_eq!(error.to_string(), "no port /nonexistent/tty");
        assert_eq!(error.category(), Category::Link);
    }

    #[tokio::test]
    async fn a_name_that_is_none_is_the_callers_mistake() {
        let error = SerialPort::new("usb:telit").open().unwrap_err();
        assert_eq!(error.to_string(), "\"usb:telit\" is no name of a port: write usb:VENDOR:PRODUCT");
        assert_eq!(error.category(), Category::Usage);
    }

    const NAME: &str = "usb:1bc7:110a:0123@02";

    fn attached(ports: &[(u8, &str)]) -> impl FnOnce() -> Result<Vec<UsbPort>, Error> {
        let port = |&(interface, path): &(u8, &str)| UsbPort {
            vendor: 0x1bc7,
            product: 0x110a,
            serial_number: Some("0123".into()),
            interface: Some(interface),
            path: path.into(),
            place: None,
        };
        let ports: Vec<UsbPort> = ports.iter().map(port).collect();
        || Ok(ports)
    }

    #[tokio::test]
    async fn usb_names_that_lead_to_no_port_say_what_there_is() {
        let open = |name, ports: &[_]| SerialPort::new(name).open_among(attached(ports)).unwrap_err();
        let error = open(NAME, &[]);
        assert_eq!(error.to_string(), "no port usb:1bc7:110a:0123@02; there is no USB serial port at all");
        assert_eq!(error.category(), Category::Link);
        let error = open(NAME, &[(0, "/dev/ttyUSB3")]);
        let found = "there is usb:1bc7:110a:0123@00 (/dev/ttyUSB3)";
        assert_eq!(error.to_string(), format!("no port usb:1bc7:110a:0123@02; {found}"));
        let error = open("usb:1bc7:110a", &[(0, "/dev/ttyUSB3"), (2, "/dev/ttyUSB4")]);
        let matching = "usb:1bc7:110a:0123@00 (/dev/ttyUSB3), usb:1bc7:110a:0123@02 (/dev/ttyUSB4)";
        assert_eq!(error.to_string(), format!("usb:1bc7:110a is more than one port: {matching}"));
        assert_eq!(error.category(), Category::Usage);
        let error = open(NAME, &[(2, "/nonexistent/ttyUSB4")]);
        assert_eq!(error.to_string(), "no port usb:1bc7:110a:0123@02 (/nonexistent/ttyUSB4)");
        let unlisted = || Err(Error::new(ErrorKind::Unknown, "no list"));
        let error = SerialPort::new(NAME).open_among(unlisted).unwrap_err();
        assert_eq!(error.to_string(), "port usb:1bc7:110a:0123@02 cannot be opened: no list");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_usb_port_is_found_again_under_another_name() {
        let (mut first, mut second) = (Device::plug_in(), Device::plug_in());
        let port = SerialPort::new(NAME);
        let mut line = port.open_among(attached(&[(0, &second.path), (2, &first.path)])).unwrap();
        line.write_all(b"before").await.unwrap();
        first.must_hear(b"before");
        drop(line);
        let mut line = port.open_among(attached(&[(2, &second.path), (0, &first.path)])).unwrap();
        line.write_all(b"after").await.unwrap();
        second.must_hear(b"after");
    }

    /// The device's end of a serial line.
    #[cfg(unix)]
    struct Device {
        end: serialport::TTYPort,
        path: String,
    }

    #[cfg(unix)]
    impl Device {
        fn plug_in() -> Self {
            let (mut end, line) = serialport::TTYPort::pair().unwrap();
            serialport::SerialPort::set_timeout(&mut end, std::time::Duration::from_secs(10)).unwrap();
            Self { end, path: serialport::SerialPort::name(&line).unwrap() }
        }

        fn must_hear(&mut self, expected: &[u8]) {
            let mut heard = vec![0; expected.len()];
            io::Read::read_exact(&mut self.end, &mut heard).unwrap();
            assert_eq!(heard, expected);
        }
    }
}
