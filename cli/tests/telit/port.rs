//! Ports without a module.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::harness::telit;

#[test]
fn a_port_that_does_not_exist() {
    let ran = telit(&["info", "--port", "/nonexistent/tty"]).failed(3);
    assert_eq!((ran.error(), ran.stdout.as_str()), ("no port /nonexistent/tty", ""));
}

#[test]
fn a_port_that_nobody_answers_on() {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let mut attributes = tcgetattr(&master).unwrap();
    attributes.make_raw();
    tcsetattr(&master, OptionalActions::Now, &attributes).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let ran = telit(&["info", "--port", &path]).failed(3);
    assert_eq!(ran.error(), "no module answers on this port");
    assert!(ran.stderr.contains("hint: "));
}

#[test]
fn a_file_is_no_port() {
    let file = tempfile::NamedTempFile::new().unwrap();
    telit(&["info".as_ref(), "--port".as_ref(), file.path().as_os_str()]).failed(3);
}
