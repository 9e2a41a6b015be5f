//! The USB serial ports that are there, and which of them a name means.

use std::fmt;
#[cfg(target_os = "linux")]
use std::fs::read_dir;
use std::io;
#[cfg(target_os = "linux")]
use std::path::Path;

use tokio_serial::{SerialPortInfo, SerialPortType};

use super::port_name::UsbName;
use super::usb_place;

/// A USB serial port that is there. It is shown as the name that means it and nothing else, and its path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct UsbPort {
    /// The vendor id of its device; Telit's is 0x1bc7.
    pub vendor: u16,
    /// The product id.
    pub product: u16,
    /// The serial number, if the device has one.
    pub serial_number: Option<String>,
    /// The number of its interface, if the operating system tells.
    pub interface: Option<u8>,
    /// What to open.
    pub path: String,
    /// Where its device is plugged in, as Linux calls it: the bus and the ports on the way, such as `1-1.4`. Other
    /// operating systems do not tell.
    pub place: Option<String>,
}

impl fmt::Display for UsbPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A device can call itself anything; messages stay in one line.
        let serial_number = self.serial_number.as_deref().map(|text| text.escape_debug().to_string());
        let Self { vendor, product, interface, .. } = *self;
        write!(f, "{} ({})", UsbName { vendor, product, serial_number, interface }, self.path)
    }
}

/// Why a name leads to no port.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotFound {
    /// None of those that are there.
    None(Vec<UsbPort>),
    /// To all of these.
    Ambiguous(Vec<UsbPort>),
}

impl UsbName {
    /// The one port that is meant. Several are never decided between.
    pub(super) fn choose(&self, ports: Vec<UsbPort>) -> Result<UsbPort, NotFound> {
        let (mut meant, others): (Vec<_>, Vec<_>) = ports.into_iter().partition(|port| self.means(port));
        match (meant.pop(), meant.is_empty()) {
            (None, _) => Err(NotFound::None(others)),
            (Some(port), true) => Ok(port),
            (Some(last), false) => {
                meant.push(last);
                Err(NotFound::Ambiguous(meant))
            }
        }
    }

    /// What the name leaves open fits everything; what the operating system does not tell fits nothing.
    fn means(&self, port: &UsbPort) -> bool {
        (self.vendor, self.product) == (port.vendor, port.product)
            && self.serial_number.as_ref().is_none_or(|wanted| port.serial_number.as_ref() == Some(wanted))
            && self.interface.is_none_or(|wanted| port.interface == Some(wanted))
    }
}

/// All that are there, in order. Reads the system's lists only: no port is opened.
pub(crate) fn attached() -> Result<Vec<UsbPort>, tokio_serial::Error> {
    if !can_list()? {
        return Ok(Vec::new());
    }
    let ports = usb_ports(tokio_serial::available_ports()?);
    // What ran out meanwhile made ports be left out.
    can_list()?;
    Ok(ports)
}

/// Where Linux lists its ports.
#[cfg(target_os = "linux")]
const LIST: &str = "/sys/class/tty";

#[cfg(target_os = "linux")]
fn can_list() -> io::Result<bool> {
    can_read(Path::new(LIST))
}

#[cfg(not(target_os = "linux"))]
fn can_list() -> io::Result<bool> {
    Ok(true)
}

/// The library panics where Linux does not show its devices, as in some containers: nothing is there then. It opens two
/// files at a time, and passes in silence over a port whose files it cannot open: where file descriptors have run out,
/// what is there is not known.
#[cfg(target_os = "linux")]
fn can_read(list: &Path) -> io::Result<bool> {
    let both = read_dir(list).and_then(|first| Ok((first, read_dir(list)?)));
    match both {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn usb_ports(infos: Vec<SerialPortInfo>) -> Vec<UsbPort> {
    let mut ports: Vec<UsbPort> = infos.into_iter().filter_map(usb_port).collect();
    ports.sort();
    // macOS shows each port twice; the one for dialling in waits for a carrier.
    let callouts: Vec<String> =
        ports.iter().filter_map(|port| port.path.strip_prefix("/dev/cu.")).map(str::to_owned).collect();
    ports.retain(|port| {
        port.path.strip_prefix("/dev/tty.").is_none_or(|name| !callouts.iter().any(|callout| callout == name))
    });
    ports
}

fn usb_port(info: SerialPortInfo) -> Option<UsbPort> {
    let SerialPortType::UsbPort(usb) = info.port_type else { return None };
    Some(UsbPort {
        vendor: usb.vid,
        product: usb.pid,
        serial_number: usb.serial_number.filter(|text| !text.is_empty()),
        interface: usb.interface,
        place: usb_place::of(&info.port_name),
        path: info.port_name,
    })
}

#[cfg(test)]
mod tests {
    use tokio_serial::UsbPortInfo;

    use super::super::port_name::{Kind, PortName};
    use super::*;

    /// What a name that means it looks like, and its path.
    fn port(name: &str, path: &str) -> UsbPort {
        let PortName(Kind::Usb(usb)) = name.parse().unwrap() else { panic!("{name}") };
        let UsbName { vendor, product, serial_number, interface } = usb;
        UsbPort { vendor, product, serial_number, interface, path: path.to_owned(), place: None }
    }

    /// Two modules of one kind, one of another, and an adapter that tells nothing but its ids.
    fn bench() -> Vec<UsbPort> {
        vec![
            port("usb:1bc7:110a:A@00", "/dev/ttyUSB0"),
            port("usb:1bc7:110a:A@02", "/dev/ttyUSB1"),
            port("usb:1bc7:110a:B@00", "/dev/ttyUSB2"),
            port("usb:1bc7:110a:B@02", "/dev/ttyUSB3"),
            port("usb:1bc7:1201:A@04", "/dev/ttyUSB4"),
            port("usb:0403:6001", "/dev/ttyUSB5"),
        ]
    }

    #[test]
    fn one_port_or_none_or_a_list_to_choose_from() {
        let table: &[(&str, &[&str])] = &[
            ("usb:1bc7:1201", &["/dev/ttyUSB4"]),
            ("usb:1bc7:1201:A@4", &["/dev/ttyUSB4"]),
            ("usb:0403:6001", &["/dev/ttyUSB5"]),
            ("usb:1bc7:110a:B@02", &["/dev/ttyUSB3"]),
            // Several interfaces, several devices, both.
            ("usb:1bc7:110a:A", &["/dev/ttyUSB0", "/dev/ttyUSB1"]),
            ("usb:1bc7:110a@02", &["/dev/ttyUSB1", "/dev/ttyUSB3"]),
            ("usb:1bc7:110a", &["/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyUSB2", "/dev/ttyUSB3"]),
            // Another vendor, product, serial number, interface.
            ("usb:1bc8:110a:A@00", &[]),
            ("usb:1bc7:110b", &[]),
            ("usb:1bc7:110a:C", &[]),
            ("usb:1bc7:110a:a@00", &[]),
            ("usb:1bc7:110a@04", &[]),
            // What is not told is not guessed.
            ("usb:0403:6001:A", &[]),
            ("usb:0403:6001@00", &[]),
        ];
        for (name, expected) in table {
            let PortName(Kind::Usb(usb)) = name.parse().unwrap() else { panic!("{name}") };
            let paths = |ports: Vec<UsbPort>| ports.into_iter().map(|port| port.path).collect::<Vec<_>>();
            match usb.choose(bench()) {
                Ok(port) => assert_eq!([port.path.as_str()], *expected, "{name}"),
                Err(NotFound::Ambiguous(ports)) => assert_eq!(paths(ports), *expected, "{name}"),
                Err(NotFound::None(found)) => {
                    assert!(expected.is_empty(), "{name}");
                    assert_eq!(found, bench(), "{name}");
                }
            }
        }
    }

    #[test]
    fn a_port_is_shown_as_the_name_that_means_it() {
        for port in bench() {
            let shown = port.to_string();
            let name = shown.split_whitespace().next().unwrap();
            let PortName(Kind::Usb(usb)) = name.parse().unwrap() else { panic!("{name}") };
            assert_eq!(shown, format!("{name} ({})", port.path));
            assert_eq!(usb.choose(bench()), Ok(port));
        }
        let odd = UsbPort { serial_number: Some("a\r\nb".into()), ..port("usb:1:2@3", "COM3") };
        assert_eq!(odd.to_string(), "usb:0001:0002:a\\r\\nb@03 (COM3)");
    }

    fn info(path: &str, serial_number: Option<&str>, interface: Option<u8>) -> SerialPortInfo {
        let usb = UsbPortInfo {
            vid: 0x1bc7,
            pid: 0x110a,
            serial_number: serial_number.map(str::to_owned),
            manufacturer: Some("Telit".to_owned()),
            product: None,
            interface,
        };
        SerialPortInfo { port_name: path.to_owned(), port_type: SerialPortType::UsbPort(usb) }
    }

    #[test]
    fn ports_of_other_kinds_are_left_out_and_the_rest_is_in_order() {
        let pci = SerialPortInfo { port_name: "/dev/ttyS0".into(), port_type: SerialPortType::PciPort };
        let infos =
            vec![info("/dev/ttyUSB9", Some("A"), Some(2)), pci, info("/dev/ttyUSB8", Some(""), Some(0))];
        let expected = [port("usb:1bc7:110a@00", "/dev/ttyUSB8"), port("usb:1bc7:110a:A@02", "/dev/ttyUSB9")];
        assert_eq!(usb_ports(infos), expected);
    }

    #[test]
    fn the_two_sides_of_one_port_are_one() {
        let names = ["/dev/tty.usbmodem1", "/dev/cu.usbmodem1", "/dev/tty.usbmodem2"];
        let ports = usb_ports(names.map(|name| info(name, None, Some(1))).to_vec());
        let paths: Vec<_> = ports.iter().map(|port| port.path.as_str()).collect();
        assert_eq!(paths, ["/dev/cu.usbmodem1", "/dev/tty.usbmodem2"]);
    }

    #[test]
    fn the_ports_of_this_computer_can_be_listed() {
        let ports = attached().unwrap();
        assert!(ports.is_sorted());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_a_list_that_is_not_there_is_empty() {
        assert!(!can_read(Path::new("/no/such/list")).unwrap());
        assert!(can_read(Path::new("/")).unwrap());
        can_read(Path::new("/dev/null")).unwrap_err();
    }

    /// In a process of its own, whose descriptors may run out.
    #[cfg(target_os = "linux")]
    #[test]
    fn where_file_descriptors_have_run_out_nothing_is_known() {
        const ALONE: &str = "TELIT_TEST_ALONE";
        if std::env::var_os(ALONE).is_none() {
            let module = module_path!().split_once("::").unwrap().1;
            let output = std::process::Command::new("sh")
                .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
                .arg(std::env::current_exe().unwrap())
                .arg("--exact")
                .arg(format!("{module}::where_file_descriptors_have_run_out_nothing_is_known"))
                .env(ALONE, "1")
                .output()
                .unwrap();
            let printed = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
            return;
        }
        let mut taken: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
        attached().unwrap_err();
        drop(taken.pop().unwrap());
        // Where there is no list, one is enough to know it.
        assert_eq!(attached().is_err(), Path::new(LIST).exists());
        drop(taken.pop().unwrap());
        attached().unwrap();
    }
}
