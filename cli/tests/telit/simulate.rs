//! `telit simulate`: a virtual module for other programs.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::{command, telit};

/// A running virtual module with two ports.
pub(crate) struct Simulated {
    process: Child,
    stdout: BufReader<ChildStdout>,
    links: [PathBuf; 2],
    _folder: TempDir,
}

impl Simulated {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_with_lines(options, 0).0
    }

    /// The same, for one that has so many lines to say before.
    pub(crate) fn start_with_lines(options: &[&str], count: usize) -> (Self, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let links = ["first", "second"].map(|name| folder.path().join(name));
        let mut process = command(&["simulate", "--platform", "37"])
            .args(links.iter().flat_map(|link| ["--link".as_ref(), link.as_os_str()]))
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut simulated = Self { process, stdout, links, _folder: folder };
        let lines = (0..count).map(|_| simulated.line()).collect();
        for link in simulated.links.clone() {
            assert_eq!(simulated.line(), format!("ready {}\n", link.display()));
        }
        (simulated, lines)
    }

    pub(crate) fn port(&self) -> &str {
        self.links[0].to_str().unwrap()
    }

    pub(crate) fn second_port(&self) -> &str {
        self.links[1].to_str().unwrap()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_child(&self.process);
        kill_process(id, signal).unwrap();
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().unwrap_or_default();
        self.process.wait().map(drop).unwrap_or_default();
    }
}

#[test]
fn it_serves_until_it_is_told_to_end_and_leaves_nothing_behind() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut module = Simulated::start(&[]);
        for port in [module.port(), module.second_port()] {
            let object = telit(&["info", "--json", "--port", port]).ok().object();
            assert_eq!(object["platform"], "37");
        }
        module.signal(signal);
        assert_eq!(module.process.wait().unwrap().code(), Some(0), "{signal:?}");
        assert!(module.links.iter().all(|link| !link.is_symlink()), "{signal:?}");
    }
}

#[test]
fn tls_of_one_port_is_busy_for_the_other() {
    let module = Simulated::start(&[]);
    telit(&["at", "AT#SSLEN=1,1", "--port", module.port()]).ok();
    let info = telit(&["info", "--json", "--port", module.second_port()]).ok().object();
    assert_eq!(info["tls_owner"], "socket");
    let ca = format!("{}/../core/tests/credentials/ca.pem", env!("CARGO_MANIFEST_DIR"));
    let busy = telit(&["provision", "--ca", &ca, "--port", module.second_port()]).failed(7);
    assert!(busy.error().contains("socket"), "{busy:?}");
    // On the port itself it is a remainder of a program that is gone.
    telit(&["provision", "--ca", &ca, "--port", module.port()]).ok();
}

#[test]
fn a_command_that_asks_for_data_is_refused_and_the_port_stays_usable() {
    let module = Simulated::start(&[]);
    telit(&["at", "AT#SSLEN=1,1", "--port", module.port()]).ok();
    let refused = telit(&["at", "AT#SSLSECDATA=1,1,1,10", "--port", module.port()]).failed(2);
    assert!(refused.error().contains("the module asks for data"), "{refused:?}");
    telit(&["at", "AT#SSLEN=1,0", "--port", module.port()]).ok();
}

#[test]
fn faults_happen_and_the_memory_survives() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let state = state.to_str().unwrap();
    let module = Simulated::start(&["--state", state, "--fault", "error:command=+CCID,code=13"]);
    let refused = telit(&["at", "AT+CCID", "--port", module.port()]).failed(4);
    assert!(refused.error().contains("+CME ERROR"), "{refused:?}");
    telit(&["at", "AT+CGDCONT=3,\"IP\",\"kept.example\"", "--port", module.port()]).ok();
    module.signal(Signal::TERM);
    drop(module);
    let module = Simulated::start(&["--state", state]);
    let contexts = telit(&["at", "AT+CGDCONT?", "--port", module.port()]).ok();
    assert!(contexts.stdout.contains("kept.example"), "{contexts:?}");
}

#[test]
fn wrong_inputs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    let link = link.to_str().unwrap();
    let refused = |options: &[&str]| {
        let arguments: Vec<&str> =
            ["simulate", "--link", link].into_iter().chain(options.iter().copied()).collect();
        telit(&arguments).failed(2);
        assert!(!Path::new(link).is_symlink(), "{options:?}");
    };
    refused(&[]);
    refused(&["--platform", "99"]);
    refused(&["--platform", "37", "--fault", "explode"]);
    refused(&["--platform", "37", "--resolve", "nonsense"]);
    refused(&["--platform", "37", "--link", link]);
    refused(&["--platform", "37", "--state", "/nonexistent/folder/state"]);
    refused(&["--platform", "37", "--state", folder.path().to_str().unwrap()]);
    telit(&["simulate", "--platform", "37", "--link", "/nonexistent/folder/link"]).failed(3);
}

#[test]
fn only_the_link_of_a_dead_module_is_used_again() {
    let module = Simulated::start(&[]);
    let link = Path::new(module.port());
    let target = link.read_link().unwrap();
    let in_use = telit(&["simulate", "--platform", "37", "--link", module.port()]).failed(2);
    assert!(in_use.error().contains("may be in use"), "{in_use:?}");
    assert_eq!(link.read_link().unwrap(), target);

    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    std::os::unix::fs::symlink("/nonexistent/precious", &other).unwrap();
    telit(&["simulate", "--platform", "37", "--link", other.to_str().unwrap()]).failed(2);
    assert_eq!(other.read_link().unwrap(), Path::new("/nonexistent/precious"));

    let dead = folder.path().join("dead");
    std::os::unix::fs::symlink("/dev/pts/99999", &dead).unwrap();
    let again = Simulated::start(&["--link", dead.to_str().unwrap()]);
    telit(&["info", "--port", dead.to_str().unwrap()]).ok();
    drop(again);
}

#[test]
fn a_network_that_takes_long_is_told_once() {
    let module = Simulated::start(&["--latency", "600"]);
    let words = ["https", "get", "https://nowhere.invalid/", "--danger-no-verify", "--port", module.port()];
    let mut request = command(&words).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(request.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("waiting for the network") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    kill_process(Pid::from_child(&request), Signal::TERM).unwrap();
    assert_eq!(request.wait().unwrap().code(), Some(1));
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("waiting") && rest.contains("error: interrupted\nhint: "), "{rest}");
}

#[test]
fn files_are_not_replaced_by_links() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "precious").unwrap();
    telit(&["simulate", "--platform", "37", "--link", file.path().to_str().unwrap()]).failed(2);
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "precious");
}
