//! Planted secrets go through every door of the SDK, on good days and bad ones, and are looked for in everything
//! that it shows: transcripts, logs, errors with their sources, and `Debug` of what a user holds.

mod bench;
mod collector;
mod doors;
mod planted;

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use telit_core::driver::Recorder;
use telit_simulator::Platform;
use tokio::task::JoinSet;
use tracing::subscriber::set_default;

use self::bench::{Bench, Servers};
use self::collector::Collector;
use self::planted::Planted;

/// Everything that was shown.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<String>>);

impl Shown {
    fn text(&self) -> String {
        self.0.lock().expect("no holder panics").clone()
    }

    fn push(&self, text: &str) {
        let mut shown = self.0.lock().expect("no holder panics");
        writeln!(shown, "{text}").expect("a string takes everything");
    }

    fn debug(&self, value: &impl std::fmt::Debug) {
        self.push(&format!("{value:?} {value:#?}"));
    }

    /// An error in every form, with all that caused it.
    fn error(&self, error: &(dyn std::error::Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.push(&format!("{error} {error:#} {error:?} {error:#?}"));
            next = error.source();
        }
    }

    fn outcome<T, E: std::error::Error + 'static>(&self, outcome: Result<T, E>) -> Option<T> {
        outcome.inspect_err(|error| self.error(error)).ok()
    }
}

impl io::Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no holder panics").push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens every door on modules with these faults, all at once; what must not be shown is not. Gives each platform's
/// transcript.
async fn nothing_leaks(platforms: &[Platform], faults: &[&str]) -> Vec<(Platform, String)> {
    let shown = Shown::default();
    // For everything on this thread, which is where all tasks run.
    let logging = set_default(Collector::new(shown.clone()));
    let servers = Arc::new(Servers::start(Planted::new()).await);
    let mut running = JoinSet::new();
    for platform in platforms.iter().copied() {
        let bench = Bench::start(platform, Arc::clone(&servers), faults);
        let shown = shown.clone();
        running.spawn(async move {
            let (recorder, transcript) = recorder();
            bench.open_every_door(&shown, recorder).await;
            (platform, transcript.text())
        });
    }
    let transcripts = running.join_all().await;
    drop(logging);
    for (_, transcript) in &transcripts {
        shown.push(transcript);
    }
    assert!(shown.text().contains("TRACE telit_core::driver"), "the logs are caught");
    let leaks = servers.planted.found_in(&shown.text());
    assert!(leaks.is_empty(), "with {faults:?}:\n{}", leaks.join("\n"));
    transcripts
}

fn recorder() -> (Recorder, Shown) {
    let transcript = Shown::default();
    (Recorder::new(transcript.clone()), transcript)
}

#[tokio::test]
async fn on_a_good_day() {
    for (platform, transcript) in nothing_leaks(&Platform::ALL, &[]).await {
        let missing = commands_with_secrets(platform).into_iter();
        let missing: Vec<&str> =
            missing.filter(|command| !transcript.contains(&format!("> AT{command}="))).collect();
        assert!(missing.is_empty(), "{platform} was never sent {missing:?}: {transcript}");
    }
}

/// What the doors of a platform lead to: the HTTP client of 25 has no TLS, and not every platform has an MQTT client.
fn commands_with_secrets(platform: Platform) -> Vec<&'static str> {
    let mut commands = vec!["+CPIN", "#SSLSECDATA", "#SSLD", "#FTPOPEN"];
    if !matches!(platform, Platform::P25Linux | Platform::P25ThreadX) {
        commands.push("#HTTPQRY");
    }
    if let Platform::P25Linux | Platform::P25ThreadX | Platform::P30 | Platform::P37 | Platform::P52 =
        platform
    {
        commands.push("#MQCONN");
    }
    commands
}

/// What came first behind each line that begins like this, its echo left out.
fn answers<'a>(transcript: &'a str, line: &str) -> Vec<&'a str> {
    let events: Vec<&str> =
        transcript.lines().filter_map(|event| event.split_once(' ')).map(|(_, event)| event).collect();
    let (sent, echo) = (format!("> AT{line}"), format!("< AT{line}"));
    let sent = (0..events.len()).filter(|at| events[*at].starts_with(&sent));
    sent.filter_map(|at| events[at + 1..].iter().find(|event| !event.starts_with(&echo)).copied()).collect()
}

/// As behind a restart of the module: the echo is on, and shows what was sent.
#[tokio::test]
async fn in_the_echo() {
    for (platform, transcript) in nothing_leaks(&[Platform::P37], &["echo-on:times=0"]).await {
        for command in commands_with_secrets(platform) {
            assert!(transcript.contains(&format!("< AT{command}=")), "{command}: {transcript}");
        }
    }
}

/// Behind the echo stands what is no line, and so ends nothing.
#[tokio::test]
async fn in_an_echo_with_garbage_behind_it() {
    let commands = ["#MQCONN=1", "#FTPOPEN=\"", "#HTTPQRY=0", "#SSLSECDATA=1"];
    let garbage = |command: &str| format!("garbage:command={command},bytes=20,seed=7,times=0");
    let faults = commands.map(garbage);
    let faults: Vec<&str> = faults.iter().map(String::as_str).chain(["echo-on:times=0"]).collect();
    for (_, transcript) in nothing_leaks(&[Platform::P37], &faults).await {
        for command in commands {
            let answers = answers(&transcript, command);
            let hit = answers.iter().all(|answer| !answer.starts_with(r"< \r\n"));
            assert!(hit && !answers.is_empty(), "{command}: {answers:#?}");
        }
    }
}

#[tokio::test]
async fn in_refused_commands() {
    let refused = |command: &str| format!("error:command={command},times=0,code=4");
    for commands in
        [&["#SSLSECDATA=1", "+CPIN="][..], &["#MQCONN=1", "#FTPOPEN=\"", "#HTTPQRY=0", "#HTTPSND=0"]]
    {
        let faults: Vec<String> = commands.iter().map(|command| refused(command)).collect();
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        for (_, transcript) in nothing_leaks(&[Platform::P37], &faults).await {
            for command in commands {
                let answers = answers(&transcript, command);
                // What comes when a key is read is not shown, even if it is a refusal.
                let hit = answers.first().is_some_and(|answer| answer.starts_with(r"< \r\n+CME ERROR: "));
                assert!(hit, "{command}: {answers:#?}");
            }
        }
    }
}

#[tokio::test]
async fn the_search_finds_what_is_planted() {
    let planted = Planted::new();
    for form in planted.samples() {
        assert!(!planted.found_in(&format!("before {form} behind")).is_empty(), "{form}");
    }
    assert_eq!(planted.found_in("nothing of the kind"), Vec::<String>::new());
}
