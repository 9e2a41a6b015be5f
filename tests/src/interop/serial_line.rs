//! Programs that know modems only as serial ports: pyserial, picocom, gammu.

use std::path::{Path, PathBuf};

use telit_simulator::{Platform, Pty, VirtualModule};
use tempfile::TempDir;
use tokio::process::Command;

use super::client::succeed;
use super::program::{missing, required};

/// Sends each line given as an argument and prints, in hexadecimal, what comes up to the final result. Opens the port
/// anew for every `--again`.
const PYTHON: &str = r"
import re, serial, sys
port = serial.Serial(sys.argv[1], 115200, timeout=10)
for line in sys.argv[2:]:
    if line == '--again':
        port.close()
        port.open()
        continue
    port.write(line.encode() + b'\r')
    answer = bytearray()
    while not re.search(rb'\r\n(OK|ERROR|\+CME ERROR: [^\r]*)\r\n$', answer):
        byte = port.read(1)
        if not byte:
            sys.exit('no answer to ' + line + ' but ' + repr(bytes(answer)))
        answer += byte
    print(answer.hex())
port.timeout = 0.2
print(port.read(1000).hex())
";

#[tokio::test]
async fn pyserial_gets_exact_answers() {
    let Some(python) = python_with_pyserial().await else { return };
    let port = Port::new();
    let lines =
        ["AT", "ATE0", "AT+CGMI", "AT+CGMM", "ati", "AT+CGMM;+CGMI", "AT+NOSUCH", "AT+CMEE=2", "AT#SSLCFG?"];
    let answers = talk(&python, port.path(), &lines).await;
    let expected: [&[u8]; 10] = [
        b"AT\r\r\nOK\r\n",
        b"ATE0\r\r\nOK\r\n",
        b"\r\nTelit\r\n\r\nOK\r\n",
        b"\r\nME310G1-WW\r\n\r\nOK\r\n",
        b"\r\n332\r\n\r\nOK\r\n",
        b"\r\nME310G1-WW\r\n\r\nTelit\r\n\r\nOK\r\n",
        b"\r\nERROR\r\n",
        b"\r\nOK\r\n",
        b"\r\n+CME ERROR: SSL not activated\r\n",
        b"",
    ];
    let shown =
        |answers: &[Vec<u8>]| answers.iter().map(|a| a.escape_ascii().to_string()).collect::<Vec<_>>();
    assert_eq!(shown(&answers), expected.map(|answer| answer.escape_ascii().to_string()));
}

#[tokio::test]
async fn pyserial_opens_the_port_again_and_again() {
    let Some(python) = python_with_pyserial().await else { return };
    let port = Port::new();
    let lines = ["ATE0", "--again", "AT", "--again", "--again", "AT+CGMI"];
    let answers = talk(&python, port.path(), &lines).await;
    let expected: [&[u8]; 4] = [b"ATE0\r\r\nOK\r\n", b"\r\nOK\r\n", b"\r\nTelit\r\n\r\nOK\r\n", b""];
    assert_eq!(answers, expected);
    // Another process, and a client of another kind.
    assert_eq!(talk(&python, port.path(), &["AT"]).await, [&b"\r\nOK\r\n"[..], b""]);
}

/// pyserial throws away what waits when it opens a port; this client does not.
const UNREAD: &str = r"
import os, select, sys, tty
def open_port():
    port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    return port
port = open_port()
os.write(port, b'AT+CGMI\r')
assert select.select([port], [], [], 10)[0]
os.close(port)
port = open_port()
os.write(port, b'ATE0\r')
answer = b''
while not answer.endswith(b'OK\r\n'):
    assert select.select([port], [], [], 10)[0], answer
    answer += os.read(port, 1000)
print(answer.hex())
";

#[tokio::test]
async fn what_was_not_read_is_gone_when_the_port_is_opened_again() {
    let Some(python) = required("python3", "python3") else { return };
    let port = Port::new();
    let output = succeed(Command::new(python).arg("-c").arg(UNREAD).arg(port.path()), b"").await;
    let answers = from_hexadecimal(output);
    assert_eq!(answers[0].escape_ascii().to_string(), r"ATE0\r\r\nOK\r\n");
}

#[tokio::test]
async fn picocom_shows_what_the_module_says() {
    let Some(picocom) = required("picocom", "picocom") else { return };
    let port = Port::new();
    let mut command = Command::new(&picocom);
    command.args(["--quiet", "--baud", "115200", "--noinit", "--exit-after", "1000"]).arg(port.path());
    let output = succeed(&mut command, b"AT+CGMM\r").await;
    assert_eq!(output.escape_ascii().to_string(), r"AT+CGMM\r\r\nME310G1-WW\r\n\r\nOK\r\n");
    let output = succeed(&mut command, b"ATE0\r").await;
    assert_eq!(output.escape_ascii().to_string(), r"ATE0\r\r\nOK\r\n");
}

#[tokio::test]
async fn gammu_identifies_the_module() {
    let Some(gammu) = required("gammu", "gammu") else { return };
    let port = Port::new();
    let configuration = port.folder.path().join("gammurc");
    let text = format!("[gammu]\ndevice = {}\nconnection = at115200\n", port.path().display());
    std::fs::write(&configuration, text).expect("the folder is writable");
    let mut command = Command::new(gammu);
    let output = succeed(command.arg("-c").arg(configuration).arg("--identify"), b"").await;
    let output = String::from_utf8_lossy(&output).into_owned();
    let value = |name: &str| {
        let line = output.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{output}"));
        line.split_once(" : ").unwrap_or_else(|| panic!("{output}")).1.to_owned()
    };
    assert_eq!(value("Manufacturer"), "Telit");
    assert!(value("Model").contains("ME310G1-WW"), "{output}");
    assert!(value("Firmware").contains("M0C.200006"), "{output}");
    assert_eq!(value("IMEI"), "356938035643809");
    assert_eq!(value("SIM IMSI"), "901288001234567");
}

/// The pseudo-terminal of a virtual module.
pub(super) struct Port {
    pty: Pty,
    _module: VirtualModule,
    folder: TempDir,
}

impl Port {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let module = VirtualModule::builder(Platform::P37).build().expect("the module starts");
        let pty = module.attach_pty(Some(&folder.path().join("module"))).expect("it gets a terminal");
        Self { pty, _module: module, folder }
    }

    pub(super) fn path(&self) -> &Path {
        self.pty.path()
    }
}

/// The answers to the lines, and at last what came unasked.
pub(super) async fn talk(python: &Path, port: &Path, lines: &[&str]) -> Vec<Vec<u8>> {
    let mut command = Command::new(python);
    let output = succeed(command.arg("-c").arg(PYTHON).arg(port).args(lines), b"").await;
    from_hexadecimal(output)
}

fn from_hexadecimal(output: Vec<u8>) -> Vec<Vec<u8>> {
    let output = String::from_utf8(output).expect("it is hexadecimal");
    let byte = |line: &str, at| u8::from_str_radix(&line[at..at + 2], 16).expect("it is hexadecimal");
    output.lines().map(|line| (0..line.len()).step_by(2).map(|at| byte(line, at)).collect()).collect()
}

/// Debian's Python knows Debian's packages; another one that comes first on `PATH` may not.
pub(super) async fn python_with_pyserial() -> Option<PathBuf> {
    for python in ["/usr/bin/python3", "python3"] {
        let mut command = Command::new(python);
        if let Ok(output) = command.args(["-c", "import serial"]).output().await
            && output.status.success()
        {
            return Some(PathBuf::from(python));
        }
    }
    missing("pyserial", "python3-serial");
    None
}
