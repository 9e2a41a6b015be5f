//! `mosquitto_sub`.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use super::broker::SOON;

const TRY_AGAIN: Duration = Duration::from_millis(100);

/// A running `mosquitto_sub`.
pub(in crate::interop) struct Observer {
    command: Command,
    /// It gives up when a broker goes away at a bad moment.
    starts_again: bool,
    process: (Child, Lines<BufReader<ChildStdout>>),
}

/// A message as `mosquitto_sub` saw it.
pub(in crate::interop) struct Seen {
    pub(in crate::interop) topic: String,
    pub(in crate::interop) qos: u8,
    pub(in crate::interop) retained: bool,
    pub(in crate::interop) payload: Vec<u8>,
}

impl Observer {
    /// Waits until the broker has acknowledged the subscription.
    pub(super) async fn start(mut command: Command) -> Self {
        command.args(["-d", "-F", "message %t %q %r %x"]).stdout(Stdio::piped()).kill_on_drop(true);
        let process = run(&mut command);
        let mut observer = Self { command, starts_again: false, process };
        observer.line("Subscribed ", SOON).await;
        observer
    }

    /// Outlives its broker. Its session has to be a persistent one.
    pub(super) fn starts_again(mut self) -> Self {
        self.starts_again = true;
        self
    }

    pub(in crate::interop) async fn next(&mut self) -> Seen {
        self.next_within(SOON).await
    }

    pub(in crate::interop) async fn next_within(&mut self, limit: Duration) -> Seen {
        let line = self.line("message ", limit).await;
        let mut fields = line.split(' ').skip(1);
        let mut field = || fields.next().unwrap_or_else(|| panic!("{line}")).to_owned();
        let (topic, qos, retained, payload) = (field(), field(), field(), field());
        let byte = |at| u8::from_str_radix(&payload[at..at + 2], 16).expect("it is hexadecimal");
        let payload = (0..payload.len()).step_by(2).map(byte).collect();
        Seen { topic, qos: qos.parse().expect("a number"), retained: retained == "1", payload }
    }

    /// The next line that begins like this.
    async fn line(&mut self, beginning: &str, limit: Duration) -> String {
        let found = async {
            loop {
                let Some(line) = self.process.1.next_line().await.expect("it is text") else {
                    assert!(self.starts_again, "mosquitto_sub has ended");
                    sleep(TRY_AGAIN).await;
                    // That there is no broker is no news.
                    self.command.stderr(Stdio::null());
                    self.process = run(&mut self.command);
                    continue;
                };
                if line.starts_with(beginning) {
                    return line;
                }
            }
        };
        timeout(limit, found).await.unwrap_or_else(|_| panic!("no line begins with {beginning:?}"))
    }
}

fn run(command: &mut Command) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut process = command.spawn().expect("it runs");
    let output = process.stdout.take().expect("it is piped");
    (process, BufReader::new(output).lines())
}
