//! The name of a serial port.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// What a serial port is called: by a path, or by the USB device behind it.
///
/// | form | what it stands for |
/// |---|---|
/// | `/dev/ttyUSB2`, `/dev/serial/by-id/...`, `COM3` | this path, as the operating system has it whenever it is opened |
/// | `usb:VENDOR:PRODUCT` | the one USB serial port with these ids |
/// | `usb:VENDOR:PRODUCT@INTERFACE` | the one on this interface of the device |
/// | `usb:VENDOR:PRODUCT:SERIAL` | the one of the device with this serial number |
/// | `usb:VENDOR:PRODUCT:SERIAL@INTERFACE` | both |
///
/// Vendor and product are hexadecimal numbers of up to 4 digits, the interface one of up to 2, as `lsusb` and the
/// names in `/dev/serial/by-id` (`-if0a` is `@0a`) show them. The serial number is compared as it stands; it can hold
/// colons, and `@` where an interface follows. Telit's vendor id is `1bc7`; a module of platform 37 has the product
/// `110a` or `110b`, see `AT#USBCFG`. Source: M37 p109.
///
/// # Names that outlive re-enumeration
///
/// A module that restarts leaves the USB bus and comes back. What was `/dev/ttyUSB2` may be `/dev/ttyUSB5` then, and
/// `/dev/ttyUSB2` another port of the module or somebody else's. These names stay:
///
/// - `usb:1bc7:110a@02`, when there is one such module;
/// - `usb:1bc7:110a:0123456789@02`, or its link in `/dev/serial/by-id`, when there are several, each with a serial number
///   of its own;
/// - a link in `/dev/serial/by-path`, which names the place where the module is plugged in, when their serial numbers
///   are missing or the same.
///
/// A module shows several ports, and not all of them take AT commands. Which do is a matter of `AT#PORTCFG`: interface
/// 00, and with most of its variants 06, on HE910, UE910 and UL865; elsewhere the error of a name without an
/// interface lists what there is to try. A path stands for itself even if it begins with `usb:` when it is written
/// `./usb:...`.
///
/// ```
/// use telit_core::transport::PortName;
///
/// let name: PortName = "usb:1BC7:110a:0123456789@2".parse()?;
/// assert_eq!(name.to_string(), "usb:1bc7:110a:0123456789@02");
/// assert!("usb:1bc7".parse::<PortName>().is_err());
/// # Ok::<(), telit_core::transport::InvalidPortName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortName(pub(super) Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Path(String),
    Usb(UsbName),
}

/// What is known of a USB serial port that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct UsbName {
    pub(super) vendor: u16,
    pub(super) product: u16,
    pub(super) serial_number: Option<String>,
    pub(super) interface: Option<u8>,
}

/// The text names no port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no name of a port: {reason}")]
pub struct InvalidPortName {
    /// What was given.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl FromStr for PortName {
    type Err = InvalidPortName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = match text.strip_prefix("usb:") {
            Some(ids) => parse_usb(ids).map(Kind::Usb),
            None if text.is_empty() => Err("it is empty"),
            None => Ok(Kind::Path(text.to_owned())),
        };
        kind.map(Self).map_err(|reason| InvalidPortName { name: text.to_owned(), reason })
    }
}

/// `VENDOR:PRODUCT[:SERIAL][@INTERFACE]`.
fn parse_usb(ids: &str) -> Result<UsbName, &'static str> {
    let (ids, interface) = match ids.rsplit_once('@') {
        Some((ids, interface)) => (ids, Some(interface)),
        None => (ids, None),
    };
    let (vendor, rest) = ids.split_once(':').ok_or("write usb:VENDOR:PRODUCT")?;
    let (product, serial_number) = match rest.split_once(':') {
        Some((product, serial_number)) => (product, Some(serial_number)),
        None => (rest, None),
    };
    Ok(UsbName {
        vendor: parse_id(vendor)?,
        product: parse_id(product)?,
        serial_number: serial_number.map(check_serial_number).transpose()?,
        interface: interface.map(parse_interface).transpose()?,
    })
}

fn parse_id(text: &str) -> Result<u16, &'static str> {
    const WRONG: &str = "vendor and product are hexadecimal numbers of up to 4 digits";
    check_digits(text, WRONG)?;
    u16::from_str_radix(text, 16).map_err(|_| WRONG)
}

fn parse_interface(text: &str) -> Result<u8, &'static str> {
    const WRONG: &str = "the interface behind @ is a hexadecimal number of up to 2 digits";
    check_digits(text, WRONG)?;
    u8::from_str_radix(text, 16).map_err(|_| WRONG)
}

/// A sign is no digit, whatever the standard library says.
fn check_digits(text: &str, wrong: &'static str) -> Result<(), &'static str> {
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) { Ok(()) } else { Err(wrong) }
}

fn check_serial_number(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("the serial number is empty") } else { Ok(text.to_owned()) }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Path(path) => f.write_str(path),
            Kind::Usb(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for UsbName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "usb:{:04x}:{:04x}", self.vendor, self.product)?;
        if let Some(serial_number) = &self.serial_number {
            write!(f, ":{serial_number}")?;
        }
        match self.interface {
            Some(interface) => write!(f, "@{interface:02x}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<&str> for PortName {
    type Error = InvalidPortName;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for PortName {
    type Error = InvalidPortName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<&String> for PortName {
    type Error = InvalidPortName;

    fn try_from(text: &String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A [`PortName`] is one already.
impl From<Infallible> for InvalidPortName {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usb(
        vendor: u16,
        product: u16,
        serial_number: Option<&str>,
        interface: Option<u8>,
    ) -> Result<PortName, InvalidPortName> {
        let serial_number = serial_number.map(str::to_owned);
        Ok(PortName(Kind::Usb(UsbName { vendor, product, serial_number, interface })))
    }

    #[test]
    fn paths_are_taken_as_they_are() {
        for path in
            ["/dev/ttyUSB2", "/dev/serial/by-id/usb-Telit_ME310G1_0123-if02-port0", "COM3", "./usb:x", "usb"]
        {
            let name: PortName = path.parse().unwrap();
            assert_eq!(name, PortName(Kind::Path(path.to_owned())));
            assert_eq!(name.to_string(), path);
        }
    }

    #[test]
    fn usb_ports_are_named_by_their_ids() {
        assert_eq!("usb:1bc7:110a".parse(), usb(0x1bc7, 0x110a, None, None));
        assert_eq!("usb:1BC7:21".parse(), usb(0x1bc7, 0x21, None, None));
        assert_eq!("usb:1bc7:110a@2".parse(), usb(0x1bc7, 0x110a, None, Some(2)));
        assert_eq!("usb:1bc7:110a@0A".parse(), usb(0x1bc7, 0x110a, None, Some(10)));
        assert_eq!("usb:1bc7:110a:0123".parse(), usb(0x1bc7, 0x110a, Some("0123"), None));
        assert_eq!("usb:1bc7:110a:00:1a@b@ff".parse(), usb(0x1bc7, 0x110a, Some("00:1a@b"), Some(255)));
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        let reason = |text: &str| text.parse::<PortName>().unwrap_err().reason;
        assert_eq!(reason(""), "it is empty");
        for text in ["usb:", "usb:1bc7", "usb:1bc7@2"] {
            assert_eq!(reason(text), "write usb:VENDOR:PRODUCT", "{text}");
        }
        for text in
            ["usb::110a", "usb:1bc7:", "usb:1bc7:xyz", "usb:+1bc:110a", "usb:1bc70:110a", "usb:1bc7:110a "]
        {
            let expected = "vendor and product are hexadecimal numbers of up to 4 digits";
            assert_eq!(reason(text), expected, "{text}");
        }
        for text in ["usb:1bc7:110a@", "usb:1bc7:110a@+2", "usb:1bc7:110a@100", "usb:1bc7:110a:A@B@x"] {
            let expected = "the interface behind @ is a hexadecimal number of up to 2 digits";
            assert_eq!(reason(text), expected, "{text}");
        }
        for text in ["usb:1bc7:110a:", "usb:1bc7:110a:@2"] {
            assert_eq!(reason(text), "the serial number is empty", "{text}");
        }
        let error = "usb:1bc7".parse::<PortName>().unwrap_err();
        assert_eq!(error.to_string(), "\"usb:1bc7\" is no name of a port: write usb:VENDOR:PRODUCT");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same(
            vendor: u16,
            product: u16,
            serial_number in proptest::option::of("[^@]{1,12}"),
            interface: Option<u8>,
        ) {
            let name = usb(vendor, product, serial_number.as_deref(), interface).unwrap();
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }

        #[test]
        fn every_text_is_a_name_or_is_refused(text in "(usb:)?[0-9a-f:@]{0,12}.{0,12}") {
            if let Ok(name) = text.parse::<PortName>() {
                prop_assert_eq!(name.to_string().parse(), Ok(name));
            }
        }
    }
}
