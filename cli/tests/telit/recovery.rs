//! `--recover`: the module is lost and the command goes on.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use telit_simulator::servers::{TestServers, pattern};

use crate::harness::{finish, telit};
use crate::services::World;

/// A subscriber that recovers, and what it says.
struct Subscriber {
    process: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Subscriber {
    /// Starts it and waits until it is subscribed.
    fn start(world: &World, port: &str, options: &[&str]) -> Self {
        let words =
            ["mqtt", "sub", "--plain", "--host", TestServers::BROKER_NAME, "--client-id", "subscriber"];
        let rest = [
            "--topic",
            "dt/+",
            "--count",
            "2",
            "--timeout",
            "150",
            "--json",
            "--recover",
            "--heartbeat",
            "1",
        ];
        let mut process = world.started(&[&words[..], &rest, options].concat(), port);
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let mut subscriber = Self { process, stdout, stderr };
        subscriber.must_say("subscribed to dt/+");
        subscriber
    }

    /// Reads on to the line that begins so.
    fn must_say(&mut self, beginning: &str) -> String {
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "{beginning:?} is missing: {said}");
            if line.starts_with(beginning) {
                return line;
            }
            said.push_str(&line);
        }
    }

    /// The topic of the next message.
    fn message(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        let message: serde_json::Value = serde_json::from_str(&line).unwrap();
        message["topic"].as_str().unwrap().to_owned()
    }

    fn must_succeed(mut self) {
        finish(self.process).ok();
        self.stdout.read_to_string(&mut String::new()).unwrap();
        self.stderr.read_to_string(&mut String::new()).unwrap();
    }
}

/// A command on the port, which a fault may wait for.
fn write_to(port: &str, line: &str) -> File {
    let mut port = File::options().read(true).write(true).open(port).unwrap();
    port.write_all(line.as_bytes()).unwrap();
    port
}

/// Another process writes files without telling.
fn wait_until(what: &str, there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_module_that_is_not_lost_needs_nothing() {
    let plain = telit(&["info", "--port", "sim:37", "--json"]).ok();
    let looked_after = telit(&["info", "--port", "sim:37", "--json", "--recover"]).ok();
    assert_eq!((looked_after.object(), looked_after.stderr.as_str()), (plain.object(), ""));
}

#[test]
fn a_subscriber_goes_on_after_a_restart_and_after_an_unplug() {
    let world = World::start();
    for (fault, lost) in [
        ("unplug:command=+CSQ", "recovery: the port is lost"),
        ("reboot:command=+CSQ", "recovery: the module has restarted"),
    ] {
        let module = world.simulated(&["--fault", fault]);
        let mut subscriber = Subscriber::start(&world, module.port(), &[]);
        world.servers.broker().publish("dt/one", "before");
        assert_eq!(subscriber.message(), "dt/one");
        // The other port of the same module.
        let _held = write_to(module.second_port(), "AT+CSQ\r");
        subscriber.must_say(lost);
        subscriber.must_say("recovery: the module is back after ");
        subscriber.must_say("recovery: mqtt is back after ");
        world.servers.broker().publish("dt/two", "after");
        assert_eq!(subscriber.message(), "dt/two");
        subscriber.must_succeed();
    }
}

#[test]
fn a_download_goes_on_after_an_unplug() {
    let world = World::start();
    let image = pattern(300_000);
    world.servers.ftps().put_file("fw.bin", image.clone()).unwrap();
    let module = world.simulated(&["--baud", "460800", "--fault", "unplug:command=+CSQ"]);
    let target = world.file("fw.bin");
    let url = format!("ftps://{}@{}/fw.bin", TestServers::FTP_USER, TestServers::FILES_NAME);
    let words =
        ["ftps", "get", &url, "--password-env", "FTP_PASSWORD", "--output", &target, "--json", "--recover"];
    let download = world.started(&words, module.port());
    let part = format!("{target}.part");
    wait_until("a part of the file", || fs::metadata(&part).is_ok_and(|part| part.len() > 50_000));
    let _held = write_to(module.second_port(), "AT+CSQ\r");
    let ran = finish(download).ok();
    assert!(ran.stderr.contains("recovery: the port is lost\n"), "{ran:?}");
    assert!(ran.stderr.contains("recovery: the module is back after "), "{ran:?}");
    let report = ran.object();
    assert_eq!(report["bytes"], 300_000);
    assert!(report["attempts"].as_u64().unwrap() > 1, "{report}");
    assert_eq!(fs::read(&target).unwrap(), image);
}

/// The reset of this hardware is somebody who starts it again.
#[test]
fn a_program_resets_what_does_not_come_back() {
    let world = World::start();
    let module = world.simulated(&[]);
    let port = module.port().to_owned();
    let asked = world.file("asked for a reset");
    let reset = format!("touch '{asked}'");
    let mut subscriber = Subscriber::start(&world, &port, &["--reset-command", &reset]);
    world.servers.broker().publish("dt/one", "before");
    assert_eq!(subscriber.message(), "dt/one");
    // Before the system gives what it led to to somebody else.
    fs::remove_file(&port).unwrap();
    module.signal(Signal::KILL);
    subscriber.must_say("recovery: the port is lost");
    let tried = subscriber.must_say("recovery: no port ");
    assert_eq!(tried, format!("recovery: no port {port}; attempt 1: opening the port again\n"));
    wait_until("the reset", || Path::new(&asked).exists());
    let again = world.simulated(&["--link", &port]);
    subscriber.must_say("recovery: mqtt is back after ");
    world.servers.broker().publish("dt/two", "after");
    assert_eq!(subscriber.message(), "dt/two");
    subscriber.must_succeed();
    drop((again, module));
}
