//! `gsm0710muxd`: a daemon that makes pseudo-terminals of the channels, and is told to over D-Bus.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use openssl::sha::sha256;
use telit_simulator::peers::{Peers, pattern};
use telit_simulator::{Platform, Pty, VirtualModule};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::super::client::{run, succeed};
use super::super::program::required;
use super::super::serial_line::python_with_pyserial;

/// A bus of the test's own, on which everything is allowed.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:tmpdir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"#;

/// Stands between the daemon and the module: the daemon switches the radio off with `AT+CFUN=0` before it begins, which on a
/// Telit module ends the service of the port. Behind `+CMUX` everything passes as it is.
const RELAY: &str = r"
import os, select, sys, tty
module = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
tty.setraw(module)
host, other = os.openpty()
tty.setraw(other)
print(os.ttyname(other), flush=True)
plain = True
while True:
    ready, _, _ = select.select([host, module], [], [])
    if module in ready:
        os.write(host, os.read(module, 4096))
    if host in ready:
        data = os.read(host, 4096)
        if plain:
            data = data.replace(b'AT+CFUN=0', b'AT+CFUN=1')
            plain = b'+CMUX=' not in data
        os.write(module, data)
";

/// Shows that each channel has a parser with settings of its own; then downloads on one while another one is asked again
/// and again, and prints the digest. All in one process: the daemon gives a channel up when its client closes it.
const CLIENT: &str = r#"
import hashlib, serial, sys, threading
def ask(port, line, answer):
    port.write(line.encode() + b'\r')
    heard = port.read(len(answer))
    if heard != answer:
        sys.exit(line + ': ' + repr(heard))
ports = [serial.Serial(path, 115200, timeout=20) for path in sys.argv[2:]]
for number, port in enumerate(ports):
    ask(port, 'ATE0', b'ATE0\r\r\nOK\r\n')
    ask(port, 'AT+CMEE=%d' % number, b'\r\nOK\r\n')
for number, port in enumerate(ports):
    ask(port, 'AT+CMEE?', b'\r\n+CMEE: %d\r\n\r\nOK\r\n' % number)
commands, data, _ = ports
for line in ['AT+CGDCONT=1,"IP","a"', 'AT#SSLEN=1,1', 'AT#SSLCFG=1,1,300,90,100,1', 'AT#SSLSECCFG=1,0xC02F,0']:
    ask(data, line, b'\r\nOK\r\n')
ask(data, 'AT#SGACT=1,1', b'\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n')
ask(data, 'AT#SSLD=1,443,"peer.test",0,0', b'\r\nCONNECT\r\n')
body = b''
def download():
    global body
    body = data.read(int(sys.argv[1]))
thread = threading.Thread(target=download)
thread.start()
while thread.is_alive():
    ask(commands, 'AT+CMEE?', b'\r\n+CMEE: 0\r\n\r\nOK\r\n')
print(hashlib.sha256(body).hexdigest())
"#;

const SIZE: u64 = 30_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_makes_ports_of_the_channels() {
    let peers = Peers::new();
    peers.source("peer.test", 443, SIZE);
    let Some(daemon) = Daemon::start(&peers).await else { return };
    let channels = [daemon.channel().await, daemon.channel().await, daemon.channel().await];
    // The module has three parsers and no more.
    assert_eq!(daemon.try_channel().await, None);
    let mut command = Command::new(&daemon.python);
    command.arg("-c").arg(CLIENT).arg(SIZE.to_string()).args(&channels);
    let digest = String::from_utf8(succeed(&mut command, b"").await).expect("it is text");
    let expected: String = sha256(&pattern(usize::try_from(SIZE).expect("it fits")))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(digest.trim(), expected);
}

/// The daemon on the line of a virtual module.
struct Daemon {
    bus: String,
    send: PathBuf,
    python: PathBuf,
    _processes: [Child; 3],
    _pty: Pty,
    _module: VirtualModule,
    _folder: TempDir,
}

impl Daemon {
    async fn start(peers: &Peers) -> Option<Self> {
        let program = required("gsm0710muxd", "gsm0710muxd")?;
        let (bus, send) = (required("dbus-daemon", "dbus-daemon")?, required("dbus-send", "dbus-bin")?);
        let python = python_with_pyserial().await?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        // At the rate of a real line: the daemon drops what its clients read too slowly.
        let builder = VirtualModule::builder(Platform::P37).peers(peers).baud(Some(115_200));
        let module = builder.build().expect("the module starts");
        let pty = module.attach_pty(Some(&folder.path().join("module"))).expect("it gets a terminal");

        let configuration = folder.path().join("bus.conf");
        let text = BUS.replace("FOLDER", &folder.path().display().to_string());
        std::fs::write(&configuration, text).expect("the folder is writable");
        let mut command = Command::new(bus);
        command.arg("--config-file").arg(configuration).args(["--nofork", "--nopidfile", "--print-address"]);
        let (bus_process, address) = first_line(&mut command).await;

        let mut command = Command::new(&python);
        let (relay, line) = first_line(command.arg("-c").arg(RELAY).arg(pty.path())).await;

        let mut command = Command::new(program);
        command.args(["-m", "basic", "-s", &line]).env("DBUS_SYSTEM_BUS_ADDRESS", &address);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let process = command.spawn().expect("it starts");
        let daemon = Self {
            bus: address,
            send,
            python,
            _processes: [process, relay, bus_process],
            _pty: pty,
            _module: module,
            _folder: folder,
        };
        let powered = patiently(async || {
            let switched = daemon.call("SetPower", &["string:test", "boolean:true"]).await;
            switched.then_some(())
        });
        powered.await;
        Some(daemon)
    }

    /// A channel more, as soon as there is one: the daemon takes some seconds to begin.
    async fn channel(&self) -> PathBuf {
        patiently(async || self.try_channel().await).await
    }

    async fn try_channel(&self) -> Option<PathBuf> {
        let answer = run(&mut self.message("GetDevice", &["string:test"]), b"").await;
        let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
        let (_, path) = answer.split_once("file://")?;
        let path = path.trim().trim_end_matches('"');
        (!path.is_empty()).then(|| Path::new(path).to_owned())
    }

    async fn call(&self, method: &str, arguments: &[&str]) -> bool {
        run(&mut self.message(method, arguments), b"").await.status.success()
    }

    fn message(&self, method: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.send);
        command.env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus);
        command.args(["--system", "--print-reply", "--type=method_call", "--dest=org.pyneo.mux"]);
        command.arg("/org/pyneo/Muxer").arg(format!("org.pyneo.Powered.{method}")).args(arguments);
        command
    }
}

/// Starts a process; its first line.
async fn first_line(command: &mut Command) -> (Child, String) {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut process = command.spawn().expect("it starts");
    let output = BufReader::new(process.stdout.take().expect("it is piped"));
    let line = output.lines().next_line().await.expect("it can be read").expect("there is a line");
    (process, line)
}

/// Asks again until there is an answer.
async fn patiently<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asked = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asked).await.expect("it comes in time")
}
