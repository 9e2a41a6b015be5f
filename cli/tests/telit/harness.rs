//! Runs the tool.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// Longer than any command of these tests may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A port that nobody answers on: it is there as long as the first of these.
pub(crate) fn silent_port() -> (OwnedFd, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let mut attributes = tcgetattr(&master).unwrap();
    attributes.make_raw();
    tcsetattr(&master, OptionalActions::Now, &attributes).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    (master, path)
}

/// The built tool, independent of the environment of the tests.
pub(crate) fn command(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telit"));
    command.args(arguments).env_remove("TELIT_PORT").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs the tool to its end.
pub(crate) fn telit(arguments: &[impl AsRef<OsStr>]) -> Ran {
    run(&mut command(arguments))
}

/// Runs a prepared command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    finish(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Waits for the end of a running tool, which is killed if it hangs.
pub(crate) fn finish(child: Child) -> Ran {
    let id = Pid::from_child(&child);
    let (ended, waiting) = mpsc::channel();
    let waiter = thread::spawn(move || {
        let output = child.wait_with_output().unwrap();
        ended.send(()).unwrap_or_default();
        output
    });
    if waiting.recv_timeout(PATIENCE).is_err() {
        kill_process(id, Signal::KILL).unwrap();
    }
    Ran::of(waiter.join().unwrap())
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// It failed with this exit code: one line that says what, one that says what to try.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        let said: Vec<&str> = self.stderr.lines().filter(|line| !is_log(line)).collect();
        let error = said.iter().position(|line| line.starts_with("error: "));
        let behind = error.map(|index| &said[index + 1..]);
        let a_hint = behind.is_some_and(|rest| rest.len() == 1 && rest[0].starts_with("hint: "));
        assert!(a_hint, "{self:#?}");
        assert!(!self.stderr.contains("backtrace") && !self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    /// The error line.
    pub(crate) fn error(&self) -> &str {
        self.stderr.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or_default()
    }

    /// Standard output as JSON, one object a line.
    #[cfg(feature = "simulator")]
    #[track_caller]
    pub(crate) fn objects(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Standard output as the one JSON object that it must be.
    #[cfg(feature = "simulator")]
    #[track_caller]
    pub(crate) fn object(&self) -> serde_json::Value {
        let mut objects = self.objects();
        assert_eq!(objects.len(), 1, "{self:#?}");
        objects.remove(0)
    }
}

/// Logs are asked for by options, and can come from other threads at any time.
fn is_log(line: &str) -> bool {
    ["WARN", "INFO", "DEBUG"].iter().any(|level| line.starts_with(level))
}
