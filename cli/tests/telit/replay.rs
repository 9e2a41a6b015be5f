//! `telit simulate --replay`: a module that says again what another one has said.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::{Ran, command, finish, telit};

/// A recorded module behind a port.
struct Replayed {
    process: Child,
    stdout: BufReader<ChildStdout>,
    link: PathBuf,
    _folder: TempDir,
}

impl Replayed {
    fn start(transcript: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("port");
        let mut process = command(&["simulate", "--json", "--replay"])
            .arg(transcript)
            .arg("--link")
            .arg(&link)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut replayed = Self { process, stdout, link, _folder: folder };
        assert_eq!(replayed.line(), format!("{{\"ready\":\"{}\"}}\n", replayed.link.display()));
        replayed
    }

    fn port(&self) -> &str {
        self.link.to_str().unwrap()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// Interrupts it, if it has not ended by itself.
    fn end(self) -> Ran {
        // It may have ended by itself.
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap_or_default();
        finish(self.process)
    }
}

/// A transcript of `telit info`, and what it printed.
fn recorded(folder: &TempDir) -> (PathBuf, serde_json::Value) {
    let transcript = folder.path().join("info.txt");
    let told = telit(&["--port", "sim:30", "--json", "--transcript", transcript.to_str().unwrap(), "info"]);
    (transcript, told.ok().object())
}

#[test]
fn the_same_command_gets_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (transcript, recorded) = recorded(&folder);
    let mut module = Replayed::start(&transcript);
    assert_eq!(telit(&["info", "--json", "--port", module.port()]).ok().object(), recorded);
    let lines = fs::read_to_string(&transcript).unwrap().lines().count();
    assert_eq!(module.line(), format!("{{\"lines\":{lines},\"replayed\":true}}\n"));
    module.end().ok();
}

#[test]
fn another_command_is_shown_with_the_line_where_it_differs() {
    let folder = tempfile::tempdir().unwrap();
    let transcript = folder.path().join("other.txt");
    fs::write(&transcript, "0.000 > AT+CGSN\\r\n0.010 < \\r\\nOK\\r\\n\n").unwrap();
    let module = Replayed::start(&transcript);
    telit(&["info", "--port", module.port()]).failed(3);
    let ended = finish(module.process).failed(1);
    assert!(ended.error().starts_with("line 1: the host was to say `AT+CGSN\\r` and said `AT"), "{ended:?}");
}

#[test]
fn an_interruption_before_the_end_says_what_was_to_come() {
    let folder = tempfile::tempdir().unwrap();
    let (transcript, _) = recorded(&folder);
    let ended = Replayed::start(&transcript).end().failed(1);
    assert!(ended.error().contains("not played to its end: line 1, `"), "{ended:?}");
}

#[test]
fn wrong_inputs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (link, transcript, silent) = (path("link"), path("transcript"), path("silent"));
    fs::write(&transcript, "0.000 > AT\\r\n0.010 < OK\n").unwrap();
    fs::write(&silent, "0.000 > AT\\r\n").unwrap();
    let refused = |file: &str, options: &[&str], why: &str| {
        let arguments = ["simulate", "--link", &link, "--replay", file];
        let arguments: Vec<&str> = arguments.into_iter().chain(options.iter().copied()).collect();
        let ran = telit(&arguments);
        assert!(ran.code == Some(2) && ran.stderr.contains(why), "{ran:?}");
        assert!(!Path::new(&link).is_symlink());
    };
    refused(&path("none"), &[], "cannot be read");
    refused(&silent, &[], "the module says nothing");
    refused(&transcript, &["--platform", "37"], "--platform has no effect");
    refused(&transcript, &["--resolve", "a:1=127.0.0.1:1"], "--resolve has no effect");
    refused(&transcript, &["--link", &path("second")], "on one port");
    refused(&transcript, &["--fault", "reboot:nth=1"], "cannot be used with");
}
