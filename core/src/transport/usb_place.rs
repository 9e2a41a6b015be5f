//! Where a USB serial port is plugged in.

use std::path::Path;

/// As Linux tells it, whatever the port is called at the moment.
pub(super) fn of(port: &str) -> Option<String> {
    let name = Path::new(port).file_name()?;
    let device = Path::new("/sys/class/tty").join(name).join("device");
    in_path(&std::fs::canonicalize(device).ok()?)
}

/// The devices of one interface are below it, and it is called `PLACE:CONFIGURATION.INTERFACE`.
fn in_path(device: &Path) -> Option<String> {
    let names = device.components().rev().filter_map(|component| component.as_os_str().to_str());
    let places = names.filter_map(|name| name.split_once(':').map(|(place, _)| place));
    places.into_iter().find(|place| is_place(place)).map(str::to_owned)
}

/// `BUS-PORT[.PORT...]`
fn is_place(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(bus, ports)| is_number(bus) && ports.split('.').all(is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_in_the_path_of_the_device() {
        let table = [
            ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.4/1-1.4:1.2/ttyUSB2", Some("1-1.4")),
            ("/sys/devices/pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.0", Some("2-3")),
            (
                "/sys/devices/platform/soc/3f980000.usb/usb1/1-1/1-1.2/1-1.2.7/1-1.2.7:1.0/ttyUSB0",
                Some("1-1.2.7"),
            ),
            ("/sys/devices/pci0000:00/0000:00:16.3", None),
            ("/sys/devices/platform/serial8250/serial8250:0/serial8250:0.0", None),
        ];
        for (path, place) in table {
            assert_eq!(in_path(Path::new(path)).as_deref(), place, "{path}");
        }
    }

    #[test]
    fn what_is_no_port_has_none() {
        assert_eq!(of("/dev/no-such-port"), None);
        assert_eq!(of(""), None);
    }
}
