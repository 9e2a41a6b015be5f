//! Ends the process when a run stands still in real time, which no virtual clock can see.

use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// A run takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Told of every run that begins. Dropping it ends the watch.
pub(super) struct Watchdog {
    begun: Sender<String>,
}

impl Watchdog {
    pub(super) fn start() -> Self {
        let (begun, runs) = channel::<String>();
        thread::spawn(move || {
            let mut under_way = "nothing".to_owned();
            loop {
                match runs.recv_timeout(PATIENCE) {
                    Ok(run) => under_way = run,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        // What is printed by a test is kept until the test ends, and this one does not.
                        drop(writeln!(io::stderr(), "stands still: {under_way}"));
                        std::process::exit(101);
                    }
                }
            }
        });
        Self { begun }
    }

    pub(super) fn begin(&self, run: String) {
        // Without a watch nobody is warned, and the tests' own time limit counts.
        self.begun.send(run).unwrap_or_default();
    }
}
