//! Ports without a module.

use crate::harness::{silent_port, telit};

#[test]
fn a_port_that_does_not_exist() {
    let ran = telit(&["info", "--port", "/nonexistent/tty"]).failed(3);
    assert_eq!((ran.error(), ran.stdout.as_str()), ("no port /nonexistent/tty", ""));
}

#[test]
fn a_usb_port_that_is_not_there() {
    // No device has these ids.
    let ran = telit(&["info", "--port", "usb:0000:0000:none@2"]).failed(3);
    assert!(ran.error().starts_with("no port usb:0000:0000:none@02; there is "), "{ran:?}");
}

#[test]
fn a_name_that_is_none() {
    let ran = telit(&["info", "--port", "usb:1bc7"]).failed(2);
    assert_eq!(ran.error(), "\"usb:1bc7\" is no name of a port: write usb:VENDOR:PRODUCT");
    assert!(ran.stderr.contains("usb:1bc7:110a@02"), "{ran:?}");
}

#[test]
fn a_port_that_nobody_answers_on() {
    let (_master, path) = silent_port();
    let ran = telit(&["info", "--port", &path]).failed(3);
    assert_eq!(ran.error(), "no module answers on this port");
    assert!(ran.stderr.contains("hint: "));
}

#[test]
fn a_file_is_no_port() {
    let file = tempfile::NamedTempFile::new().unwrap();
    telit(&["info".as_ref(), "--port".as_ref(), file.path().as_os_str()]).failed(3);
}
