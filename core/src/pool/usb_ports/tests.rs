use std::sync::Mutex;

use tokio::time::{Instant, timeout};

use super::*;

/// `VENDOR:PRODUCT:SERIAL@INTERFACE PATH PLACE`
fn port(text: &str) -> UsbPort {
    let mut words = text.split(' ');
    let mut word = || words.next().filter(|word| *word != "-").map(str::to_owned);
    let (ids, path, place) = (word().unwrap(), word().unwrap(), word());
    let (ids, interface) = ids.split_once('@').unwrap();
    let ids: Vec<&str> = ids.split(':').collect();
    let [vendor, product, serial_number] = ids[..] else { panic!("{text}") };
    let number = |text| u16::from_str_radix(text, 16).unwrap();
    UsbPort {
        vendor: number(vendor),
        product: number(product),
        serial_number: Some(serial_number.to_owned()).filter(|text| !text.is_empty()),
        interface: interface.parse().ok(),
        path,
        place,
    }
}

fn ports(texts: &[&str]) -> Vec<UsbPort> {
    texts.iter().map(|text| port(text)).collect()
}

fn names(ports: &UsbPorts, texts: &[&str]) -> Vec<String> {
    let name = |text: &&str| {
        ports.rules.name_of(&port(text)).map_or_else(|| "-".to_owned(), |name| name.to_string())
    };
    texts.iter().map(name).collect()
}

#[test]
fn a_module_is_its_at_port_and_is_known_by_its_number_or_its_place() {
    let plugged = [
        "1bc7:110a:A1@0 /dev/ttyUSB0 1-1.4",
        "1bc7:110a:A1@2 /dev/ttyUSB2 1-1.4",
        "1bc7:110a:@2 /dev/ttyUSB5 1-1.3",
        "1bc7:110a:two_words,\"odd\"@2 /dev/ttyUSB6 1-1.2",
        "1bc7:110a:@2 COM7 -",
        "1bc7:1201:B@2 /dev/ttyUSB8 2-1",
        "1bc7:1201:B@4 /dev/ttyUSB9 2-1",
        "0403:6001:F@0 /dev/ttyUSB10 2-2",
        "10c4:ea60:S@x COM9 -",
    ];
    let usb =
        UsbPorts::telit(2).product(0x1201, 4).device(0x0403, 0x6001, Some(0)).device(0x10c4, 0xea60, None);
    let expected = [
        "-",
        "usb:1bc7:110a:A1",
        "usb@1-1.3",
        "usb@1-1.2",
        "COM7",
        "-",
        "usb:1bc7:1201:B",
        "usb:0403:6001:F",
        "usb:10c4:ea60:S",
    ];
    assert_eq!(names(&usb, &plugged), expected);
    let expected = ["-", "usb@1-1.4", "usb@1-1.3", "usb@1-1.2", "COM7", "-", "usb@2-1", "usb@2-2", "COM9"];
    assert_eq!(names(&usb.known_by_place(), &plugged), expected);
    let expected = ["usb:1bc7:110a:A1", "-", "-", "-", "-", "-", "-", "-", "-"];
    assert_eq!(names(&UsbPorts::telit(0), &plugged), expected);
}

fn changes(found: &mut Found, texts: &[&str]) -> Vec<String> {
    let changes = found.update(&UsbPorts::telit(2).rules, &ports(texts));
    let show = |change| match change {
        Change::Appeared(name) => format!("+{name}"),
        Change::Vanished(name) => format!("-{name}"),
    };
    changes.into_iter().map(show).collect()
}

#[test]
fn what_comes_and_goes_and_moves_is_noticed() {
    let mut found = Found::default();
    let (a, b) = ("1bc7:110a:A@2 /dev/ttyUSB2 1-1", "1bc7:110a:B@2 /dev/ttyUSB5 1-2");
    assert_eq!(changes(&mut found, &[a, "1bc7:110a:A@0 /dev/ttyUSB0 1-1"]), ["+usb:1bc7:110a:A"]);
    assert_eq!(changes(&mut found, &[a]), [""; 0]);
    assert_eq!(changes(&mut found, &[a, b]), ["+usb:1bc7:110a:B"]);
    assert_eq!(changes(&mut found, &[b]), ["-usb:1bc7:110a:A"]);
    // Gone and come back between two looks, under another name.
    let moved = "1bc7:110a:B@2 /dev/ttyUSB7 1-2";
    assert_eq!(
        changes(&mut found, &[moved, a]),
        ["-usb:1bc7:110a:B", "+usb:1bc7:110a:A", "+usb:1bc7:110a:B"]
    );
    assert_eq!(changes(&mut found, &[]), ["-usb:1bc7:110a:A", "-usb:1bc7:110a:B"]);
}

#[test]
fn of_two_with_one_number_the_one_that_was_there_stays() {
    let mut found = Found::default();
    let (first, second) = ("1bc7:110a:0@2 /dev/ttyUSB5 1-1", "1bc7:110a:0@2 /dev/ttyUSB2 1-2");
    assert_eq!(changes(&mut found, &[first]), ["+usb:1bc7:110a:0"]);
    assert_eq!(changes(&mut found, &[second, first]), [""; 0]);
    assert_eq!(changes(&mut found, &[first, second]), [""; 0]);
    assert_eq!(changes(&mut found, &[second]), ["-usb:1bc7:110a:0", "+usb:1bc7:110a:0"]);
}

/// A computer whose list of ports is what one says.
#[derive(Clone, Default)]
struct Computer(Arc<Mutex<Option<Vec<UsbPort>>>>);

impl Computer {
    fn has(&self, texts: &[&str]) {
        *self.0.lock().unwrap() = Some(ports(texts));
    }

    fn is_broken(&self) {
        *self.0.lock().unwrap() = None;
    }

    fn usb_ports(&self) -> UsbPorts {
        let computer = self.clone();
        let list = move || computer.0.lock().unwrap().clone().ok_or_else(|| io::Error::other("no list"));
        UsbPorts::telit(2).listed_by(list)
    }
}

async fn next(ports: &mut UsbPorts) -> String {
    match timeout(Duration::from_secs(60), ports.next()).await {
        Err(_) => "nothing".to_owned(),
        Ok(Some(PortChange::Appeared { name, .. })) => format!("+{name}"),
        Ok(Some(PortChange::Vanished { name })) => format!("-{name}"),
        Ok(None) => "the end".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_once_a_second_and_a_list_that_fails_changes_nothing() {
    let computer = Computer::default();
    computer.has(&["1bc7:110a:A@2 /dev/ttyUSB2 1-1", "1bc7:110a:B@2 /dev/ttyUSB5 1-2"]);
    let mut ports = computer.usb_ports();
    let began = Instant::now();
    assert_eq!(next(&mut ports).await, "+usb:1bc7:110a:A");
    assert_eq!(next(&mut ports).await, "+usb:1bc7:110a:B");
    assert_eq!(began.elapsed(), Duration::ZERO);
    computer.is_broken();
    assert_eq!(next(&mut ports).await, "nothing");
    computer.has(&["1bc7:110a:B@2 /dev/ttyUSB5 1-2"]);
    let mended = Instant::now();
    assert_eq!(next(&mut ports).await, "-usb:1bc7:110a:A");
    assert!(mended.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_port_is_opened_wherever_its_module_is() {
    let computer = Computer::default();
    computer.has(&["1bc7:110a:A@2 /dev/no-such-port 1-1"]);
    let mut ports = computer.usb_ports().baud_rate(921_600);
    let Some(PortChange::Appeared { port, .. }) = ports.next().await else { panic!("it is there") };
    assert_eq!(port.line_rate(), Some(921_600));
    let open = async || port.open().await.map(drop).unwrap_err().to_string();
    assert_eq!(open().await, "no port /dev/no-such-port");
    computer.has(&["1bc7:110a:B@2 /dev/x 1-1", "1bc7:110a:A@2 /dev/another 1-1"]);
    assert_eq!(open().await, "no port /dev/another");
    computer.has(&["1bc7:110a:A@2 /dev/x 1-1", "1bc7:110a:A@2 /dev/another 1-2"]);
    let reason = "several modules are called usb:1bc7:110a:A, let them be known by their places";
    assert_eq!(open().await, reason);
    computer.has(&[]);
    assert_eq!(open().await, "usb:1bc7:110a:A is not plugged in");
}
