//! The services over `sim:37`, with real servers behind the virtual network.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sha2::{Digest, Sha256};
use telit_simulator::servers::{Authority, CertificateRequest, TestServers, pattern};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Ran, command, finish, run, telit};
use crate::simulate::Simulated;

/// Servers, the files the tool needs to reach them, and where they are.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) servers: TestServers,
    folder: TempDir,
}

impl World {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let servers = runtime.block_on(TestServers::start()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("ca.pem", &servers.authority().certificate_pem());
        write("cert.pem", servers.client().certificate_pem());
        write("key.pem", servers.client().key_pem());
        write("other.pem", &Authority::new().unwrap().certificate_pem());
        Self { runtime, servers, folder }
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Where the servers are.
    fn names(&self) -> Vec<String> {
        let names = [
            format!("{}:8883={}", TestServers::BROKER_NAME, self.servers.broker().addr()),
            format!("{}:1883={}", TestServers::BROKER_NAME, self.servers.broker().plain_addr()),
            format!("{}:443={}", TestServers::REST_NAME, self.servers.rest().addr()),
            format!("{}:21={}", TestServers::FILES_NAME, self.servers.ftps().addr()),
        ];
        names.into_iter().flat_map(|name| ["--resolve".to_owned(), name]).collect()
    }

    /// Options behind the command: a virtual module, where the servers are, and whom to trust.
    pub(crate) fn options(&self, ca: &str) -> Vec<String> {
        self.options_on("37", ca)
    }

    pub(crate) fn options_on(&self, platform: &str, ca: &str) -> Vec<String> {
        let mut options = vec!["--port".to_owned(), format!("sim:{platform}")];
        options.extend(self.names());
        options.extend(["--ca".to_owned(), self.file(ca)]);
        options
    }

    /// A virtual module in another process that reaches the servers.
    pub(crate) fn simulated(&self, options: &[&str]) -> Simulated {
        let names = self.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Simulated::start(&[&names[..], options].concat())
    }

    /// The same command for a real port.
    pub(crate) fn started(&self, words: &[&str], port: &str) -> Child {
        let mut command = command(words);
        command.args(["--port", port, "--ca", &self.file("ca.pem")]);
        command.env("FTP_PASSWORD", TestServers::FTP_PASSWORD);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn arguments(&self, words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).chain(self.options("ca.pem")).collect()
    }

    pub(crate) fn telit(&self, words: &[&str]) -> Ran {
        let mut command = command(&self.arguments(words));
        command.env("FTP_PASSWORD", TestServers::FTP_PASSWORD).env("WRONG_PASSWORD", "swordfish");
        run(&mut command)
    }

    /// The identity that the broker asks for.
    fn identity(&self) -> [String; 4] {
        ["--cert".to_owned(), self.file("cert.pem"), "--key".to_owned(), self.file("key.pem")]
    }

    fn mqtt(&self, words: &[&str]) -> Vec<String> {
        self.mqtt_on("37", words)
    }

    fn mqtt_on(&self, platform: &str, words: &[&str]) -> Vec<String> {
        let broker = ["--host", TestServers::BROKER_NAME];
        let words = words.iter().chain(&broker).map(|word| (*word).to_owned());
        words.chain(self.options_on(platform, "ca.pem")).chain(self.identity()).collect()
    }
}

#[test]
fn downloads() {
    let world = World::start();
    let image = pattern(300_000);
    world.servers.ftps().put_file("fw/image.bin", &image).unwrap();
    let target = world.file("image.bin");
    let hash = hex(&image);
    let url = "ftps://device@files.test/fw/image.bin";
    let get = ["ftps", "get", url, "--password-env", "FTP_PASSWORD", "--output", &target, "--json"];

    world.servers.ftps().cut_next_download_after(100_000);
    let cut = world.telit(&[&get[..], &["--retries", "0"]].concat()).failed(5);
    assert!(cut.stderr.contains("hint: run it again with --resume"), "{cut:?}");
    assert!(!fs::exists(&target).unwrap());

    let resumed = world.telit(&[&get[..], &["--resume", "--sha256", &hash]].concat()).ok().object();
    assert_eq!(resumed["bytes"], 300_000);
    assert_eq!(resumed["sha256"], hash);
    assert!(resumed["resumed_from"].as_u64().unwrap() > 0, "{resumed}");
    assert_eq!(resumed["attempts"], 1);
    assert_eq!(fs::read(&target).unwrap(), image);

    world.servers.ftps().cut_next_download_after(100_000);
    let again = world.telit(&get).ok();
    assert!(again.stderr.contains("attempt 2 follows: "), "{again:?}");
    let again = again.object();
    assert_eq!((&again["attempts"], &again["resumed_from"]), (&2.into(), &0.into()));
    assert_eq!(fs::read(&target).unwrap(), image);

    let other = world.file("other.bin");
    let wrong =
        ["ftps", "get", url, "--password-env", "FTP_PASSWORD", "--output", &other, "--sha256", &hex(b"")];
    world.telit(&wrong).failed(6);
    assert!(!fs::exists(&other).unwrap());
}

#[test]
fn files_on_the_server() {
    let world = World::start();
    fs::write(world.file("part"), "one\r\n").unwrap();
    let part = world.file("part");
    let ftps = |verb: &str, path: &str, options: &[&str]| {
        let url = format!("ftps://device@files.test/{path}");
        let words = ["ftps", verb, &url, "--password-env", "FTP_PASSWORD", "--json"];
        world.telit(&[&words[..], options].concat()).ok().object()
    };
    assert_eq!(ftps("put", "log.txt", &["--input", &part]), json!({ "bytes": 5 }));
    assert_eq!(ftps("append", "log.txt", &["--input", &part]), json!({ "bytes": 5 }));
    assert_eq!(world.servers.ftps().read_file("log.txt").unwrap(), b"one\r\none\r\n");
    assert_eq!(ftps("size", "log.txt", &[]), json!({ "bytes": 10 }));
    let listing = ftps("ls", "", &[]);
    let names: Vec<&str> =
        listing["entries"].as_array().unwrap().iter().filter_map(|entry| entry["name"].as_str()).collect();
    assert_eq!(names, ["log.txt"]);
    assert_eq!(ftps("rm", "log.txt", &[]), json!({ "removed": true }));
    assert!(world.servers.ftps().read_file("log.txt").is_err());
}

#[test]
fn names_on_the_server_do_not_move_the_cursor() {
    let world = World::start();
    world.servers.ftps().put_file("a\u{1b}[2Jb", b"x").unwrap();
    let listed =
        world.telit(&["ftps", "ls", "ftps://device@files.test/", "--password-env", "FTP_PASSWORD"]).ok();
    assert!(listed.stdout.contains("a\\u{1b}[2Jb"), "{listed:?}");
    assert!(!listed.stdout.contains('\u{1b}'), "{listed:?}");
}

#[test]
fn a_wrong_password_is_refused_and_not_repeated() {
    let world = World::start();
    let transcript = world.file("transcript");
    let words = ["ftps", "size", "ftps://device@files.test/f", "--password-env", "WRONG_PASSWORD"];
    let ran = world.telit(&[&words[..], &["--transcript", &transcript]].concat()).failed(4);
    assert!(ran.error().contains("login"), "{ran:?}");
    let transcript = fs::read_to_string(&transcript).unwrap();
    assert!(!ran.stderr.contains("swordfish") && !transcript.contains("swordfish"));
}

#[test]
fn messages_are_published_byte_by_byte() {
    let world = World::start();
    let payload: Vec<u8> = (0..=255).collect();
    fs::write(world.file("payload"), &payload).unwrap();
    let publish = |source: &[&str]| {
        let words = ["mqtt", "pub", "--client-id", "publisher", "--topic", "dt/test", "--json"];
        let mut child = command(&world.mqtt(&[&words[..], source].concat()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Nobody reads it unless the source is `-`.
        child.stdin.take().unwrap().write_all(b"from stdin").unwrap_or_default();
        finish(child).ok().object()
    };
    assert_eq!(publish(&["--message", "-1"]), json!({ "published": true, "topic": "dt/test", "bytes": 2 }));
    assert_eq!(publish(&["--file", &world.file("payload"), "--qos", "2"])["bytes"], 256);
    assert_eq!(publish(&["-", "--qos", "1", "--retain"])["bytes"], 10);
    let messages = world.runtime.block_on(world.servers.broker().wait_for_messages(3));
    let payloads: Vec<&[u8]> = messages.iter().map(|message| message.payload.as_ref()).collect();
    assert_eq!(payloads, [&b"-1"[..], &payload, b"from stdin"]);
}

#[test]
fn each_line_is_a_message_to_every_topic() {
    let world = World::start();
    let words = ["mqtt", "pub", "--client-id", "publisher", "--topic", "dt/a", "--topic", "dt/b", "--json"];
    let mut child = command(&world.mqtt(&[&words[..], &["--lines", "--qos", "0"]].concat()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"first\n\r\n \xff\r\nlast").unwrap();
    let objects = finish(child).ok().objects();
    let expected =
        [("dt/a", 5), ("dt/b", 5), ("dt/a", 0), ("dt/b", 0), ("dt/a", 2), ("dt/b", 2), ("dt/a", 4)];
    for (object, (topic, bytes)) in objects.iter().zip(expected) {
        assert_eq!(*object, json!({ "published": true, "topic": topic, "bytes": bytes }));
    }
    assert_eq!(objects.len(), 8);
    let messages = world.runtime.block_on(world.servers.broker().wait_for_messages(8));
    let to_a = messages.iter().filter(|message| message.topic == "dt/a");
    let payloads: Vec<&[u8]> = to_a.map(|message| message.payload.as_ref()).collect();
    assert_eq!(payloads, [&b"first"[..], b"", b" \xff", b"last"]);
}

/// Firmware without `#MQPUBSEXT` publishes neither quotes nor empty payloads.
#[test]
fn lines_of_any_kind_are_published_by_a_module_that_carries_plain_text_only() {
    let world = World::start();
    let publish = |words: &[&str], input: &[u8]| {
        let to = [
            "mqtt",
            "pub",
            "--client-id",
            "publisher",
            "--topic",
            "dt/a",
            "--json",
            "--cipher",
            "compatible",
        ];
        let mut child = command(&world.mqtt_on("30", &[&to[..], words].concat()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Nobody reads it with --message.
        child.stdin.take().unwrap().write_all(input).unwrap_or_default();
        finish(child).ok();
    };
    publish(&["--lines"], b"{\"celsius\":21.5}\n\n\xff\n");
    publish(&["--message", ""], b"");
    let messages = world.runtime.block_on(world.servers.broker().wait_for_messages(4));
    let payloads: Vec<&[u8]> = messages.iter().map(|message| message.payload.as_ref()).collect();
    assert_eq!(payloads, [&b"{\"celsius\":21.5}"[..], b"", b"\xff", b""]);
}

#[test]
fn a_message_that_belongs_to_several_topics_is_shown_once() {
    let world = World::start();
    let words = ["mqtt", "sub", "--client-id", "subscriber", "--count", "5", "--timeout", "60", "--json"];
    let filters = ["a/b", "a/#", "a/b", "x/+", "+/y", "c"].into_iter().flat_map(|filter| ["--topic", filter]);
    let arguments = world.mqtt(&words.into_iter().chain(filters).collect::<Vec<_>>());
    let mut subscriber = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(subscriber.stderr.take().unwrap());
    stderr.read_line(&mut String::new()).unwrap();
    for topic in ["a/b", "a/c", "x/y", "c"] {
        world.servers.broker().publish(topic, topic);
    }
    let objects = finish(subscriber).ok().objects();
    let mut topics: Vec<_> = objects.iter().map(|object| object["topic"].as_str().unwrap()).collect();
    topics.sort_unstable();
    // This broker sends a message once for each filter of a client.
    assert_eq!(topics, ["a/b", "a/c", "c", "x/y", "x/y"]);
}

#[test]
fn a_killed_subscriber_leaves_its_will_and_an_interrupted_one_does_not() {
    let world = World::start();
    for (signal, wills) in [(Signal::INT, 0), (Signal::KILL, 1)] {
        let words = ["mqtt", "sub", "--client-id", "subscriber", "--topic", "dt/+", "--keep-alive", "60"];
        let will =
            ["--will-topic", "gone", "--will-message", "{\"on\":false}", "--will-qos", "0", "--will-retain"];
        let arguments = world.mqtt(&[&words[..], &will].concat());
        let mut subscriber =
            command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(subscriber.stderr.take().unwrap());
        stderr.read_line(&mut String::new()).unwrap();
        let before = world.servers.broker().messages().len();
        kill_process(Pid::from_child(&subscriber), signal).unwrap();
        finish(subscriber);
        let words = ["mqtt", "pub", "--client-id", "publisher", "--topic", "marker", "--message", "m"];
        if wills > 0 {
            world.runtime.block_on(world.servers.broker().wait_for_messages(before + wills));
        }
        telit(&world.mqtt(&words)).ok();
        let seen = world.runtime.block_on(world.servers.broker().wait_for_messages(before + wills + 1));
        let gone: Vec<_> = seen.iter().filter(|message| message.topic == "gone").collect();
        assert_eq!(gone.len(), wills, "{signal:?}");
        assert!(gone.iter().all(|message| message.payload == "{\"on\":false}"));
    }
}

#[test]
fn messages_are_received_byte_by_byte() {
    let world = World::start();
    let payload = b"\r\nOK\r\n\x00\xff";
    let words = ["mqtt", "sub", "--client-id", "subscriber", "--count", "2", "--timeout", "60", "--json"];
    let arguments = world.mqtt(&[&words[..], &["--topic", "dt/+", "--topic", "cmd/#"]].concat());
    let mut subscriber = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(subscriber.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    assert_eq!(said, "subscribed to dt/+, cmd/#\n");
    world.servers.broker().publish("dt/one", "21.5");
    world.servers.broker().publish("cmd/a/b", payload.to_vec());
    let ran = finish(subscriber);
    let objects = ran.ok().objects();
    assert_eq!(objects.len(), 2);
    for object in objects {
        let bytes = BASE64.decode(object["payload_base64"].as_str().unwrap()).unwrap();
        assert_eq!(object["bytes"], bytes.len());
        match object["topic"].as_str().unwrap() {
            "dt/one" => assert_eq!(bytes, b"21.5"),
            "cmd/a/b" => assert_eq!(bytes, payload),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn an_endless_subscription_ends_in_order_when_it_is_interrupted() {
    let world = World::start();
    let words = ["mqtt", "sub", "--client-id", "subscriber", "--topic", "dt/+"];
    let mut subscriber =
        command(&world.mqtt(&words)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(subscriber.stderr.take().unwrap());
    stderr.read_line(&mut String::new()).unwrap();
    kill_process(Pid::from_child(&subscriber), Signal::INT).unwrap();
    finish(subscriber).ok();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn no_message_in_time_is_an_error_only_if_some_were_asked_for() {
    let world = World::start();
    let words = ["mqtt", "sub", "--client-id", "subscriber", "--topic", "silent", "--timeout", "1"];
    telit(&world.mqtt(&words)).ok();
    let ran = telit(&world.mqtt(&[&words[..], &["--count", "1"]].concat())).failed(5);
    assert!(ran.error().contains("0 of 1"), "{ran:?}");
}

#[test]
fn without_tls_there_is_a_warning() {
    let world = World::start();
    let words = ["mqtt", "pub", "--client-id", "publisher", "--topic", "t", "--message", "m", "--plain"];
    let ran = telit(&world.mqtt(&words)).ok();
    assert_eq!(ran.stderr.matches("the connection is not encrypted").count(), 1, "{ran:?}");
    assert!(ran.stderr.starts_with("WARN the connection") && !ran.stderr.contains("Danger"), "{ran:?}");
}

#[test]
fn a_broker_that_refuses_us() {
    let world = World::start();
    let words =
        ["mqtt", "pub", "--client-id", "c", "--topic", "t", "--message", "m", "--host", "broker.test"];
    assert!(world.telit(&words).failed(5).error().starts_with("broker.test:8883: "));
}

#[test]
fn a_broker_that_is_not_there_is_named() {
    let world = World::start();
    let words = ["mqtt", "pub", "--client-id", "c", "--topic", "t", "--message", "m", "--plain"];
    let broker = ["--host", "broker.test", "--port-number", "9999"];
    let ran = world.telit(&[&words[..], &broker].concat()).failed(5);
    assert!(ran.error().starts_with("broker.test:9999: "), "{ran:?}");
}

#[test]
fn an_expired_client_certificate_has_a_hint_of_its_own() {
    let world = World::start();
    let expired = world.servers.authority().issue(&CertificateRequest::client("old").expired()).unwrap();
    fs::write(world.file("cert.pem"), expired.certificate_pem()).unwrap();
    fs::write(world.file("key.pem"), expired.key_pem()).unwrap();
    let words = ["mqtt", "pub", "--client-id", "c", "--topic", "t", "--message", "m"];
    let ran = telit(&world.mqtt(&words)).failed(2);
    assert!(!ran.error().contains("; ") && !ran.stderr.contains("--help"), "{ran:?}");
}

#[test]
fn a_bad_status_is_an_error_only_if_asked_for() {
    let world = World::start();
    let target = world.file("answer");
    let words = ["https", "get", "https://rest.test/status/404", "--output", &target];
    let failed = world.telit(&[&words[..], &["--fail"]].concat()).failed(5);
    assert!(failed.error().contains("404"), "{failed:?}");
    assert!(!fs::exists(&target).unwrap());
    world.telit(&words).ok();
    assert!(fs::exists(&target).unwrap());
    let good = ["https", "get", "https://rest.test/health", "--fail"];
    assert_eq!(world.telit(&good).ok().stdout, r#"{"status":"ok"}"#);
}

#[test]
fn an_interrupted_download_leaves_the_port_in_command_mode() {
    let world = World::start();
    world.servers.ftps().put_file("image.bin", pattern(8_000_000)).unwrap();
    let module = world.simulated(&["--baud", "921600"]);
    let target = world.file("image.bin");
    let url = "ftps://device@files.test/image.bin";
    let transcript = world.file("transcript");
    let get = ["ftps", "get", url, "--password-env", "FTP_PASSWORD", "--output", &target];
    let get = [&get[..], &["--transcript", &transcript]].concat();
    let download = world.started(&get, module.port());
    // Only data grow the part file.
    let part = || {
        let mut files = fs::read_dir(world.folder.path()).unwrap().map(Result::unwrap);
        files.any(|file| {
            file.file_name().to_string_lossy().contains("image.bin")
                && file.metadata().is_ok_and(|metadata| metadata.len() > 10_000)
        })
    };
    while !part() {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&download), Signal::INT).unwrap();
    let ran = finish(download).failed(1);
    assert_eq!(ran.error(), "interrupted");
    assert!(ran.stderr.contains("--resume"), "{ran:?}");
    let transcript = fs::read_to_string(&transcript).unwrap();
    let (_, left) = transcript.rsplit_once(" > +++").unwrap();
    assert!(left.contains(" > AT\\r\n"), "{left}");
    assert!(!ran.stderr.contains("online mode"), "{ran:?}");
    let at = telit(&["at", "AT+CGMM", "--port", module.port()]).ok();
    assert!(at.stdout.starts_with("ME310G1"), "{at:?}");
}

#[test]
fn a_port_that_vanishes_is_no_fault_of_the_network() {
    let world = World::start();
    for signal in [Signal::KILL, Signal::TERM] {
        let module = world.simulated(&[]);
        let words = ["mqtt", "sub", "--plain", "--client-id", "c", "--host", "broker.test", "--topic", "t"];
        let mut subscriber = world.started(&words, module.port());
        let mut stderr = BufReader::new(subscriber.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("subscribed to") {
            said.clear();
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0);
        }
        module.signal(signal);
        assert_eq!(finish(subscriber).code, Some(3), "{signal:?}");
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("error: the link to the module is lost"), "{rest}");
        assert!(rest.contains("hint: ") && !rest.contains("client-id"), "{rest}");
    }
}

#[test]
fn a_port_that_vanishes_while_publishing_is_a_link_error_too() {
    let world = World::start();
    for command in ["AT#MQCONN=1", "AT#MQPUBS=1"] {
        let module = world.simulated(&["--latency", "200"]);
        let transcript = world.file("transcript");
        let words = ["mqtt", "pub", "--plain", "--client-id", "c", "--host", "broker.test", "--topic", "t"];
        let rest = ["--message", "m", "--transcript", &transcript];
        let publisher = world.started(&[&words[..], &rest].concat(), module.port());
        let sent = format!(" > {command}");
        while !fs::read_to_string(&transcript).is_ok_and(|said| said.contains(&sent)) {
            std::thread::yield_now();
        }
        module.signal(Signal::KILL);
        let ran = finish(publisher).failed(3);
        assert!(ran.error().contains("the link to the module is lost"), "{ran:?}");
        fs::remove_file(&transcript).unwrap();
    }
}

#[test]
fn an_interruption_before_enough_messages_is_an_error() {
    let world = World::start();
    let words = ["mqtt", "sub", "--client-id", "subscriber", "--topic", "dt/+", "--count", "1"];
    let mut subscriber =
        command(&world.mqtt(&words)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(subscriber.stderr.take().unwrap());
    stderr.read_line(&mut String::new()).unwrap();
    kill_process(Pid::from_child(&subscriber), Signal::TERM).unwrap();
    assert_eq!(finish(subscriber).code, Some(1));
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("error: interrupted: 0 of 1"), "{rest}");
}

#[test]
fn the_demonstration() {
    let folder = tempfile::tempdir().unwrap();
    let transcript = folder.path().join("transcript");
    let ran = telit(&["demo", "--json", "--transcript", transcript.to_str().unwrap()]).ok();
    let steps = ran.objects();
    assert!(steps.iter().all(|step| step["ok"] == true && step["ms"].is_u64()), "{ran:?}");
    for name in ["module", "provision", "mqtt", "https", "ftps", "shadow"] {
        assert!(steps.iter().any(|step| step["step"] == name), "{name}: {ran:?}");
    }
    let ftps = steps.iter().find(|step| step["step"] == "ftps").unwrap();
    assert_eq!(ftps["bytes"], 1024 * 1024);
    assert!(ftps["resumed_from"].as_u64().unwrap() > 0);
    assert!(fs::read_to_string(transcript).unwrap().contains(" > AT#MQPUBS"), "no publish in the transcript");
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_payload_that_the_module_cannot_carry_costs_no_connection() {
    let world = World::start();
    fs::write(world.file("large"), pattern(65_537)).unwrap();
    let large = world.file("large");
    let words = ["mqtt", "pub", "--client-id", "c", "--topic", "t", "--file", &large];
    let ran = telit(&world.mqtt(&[&words[..], &["--engine", "module"]].concat())).failed(2);
    assert_eq!(ran.error(), "the payload has 65537 bytes, the module takes at most 65536");
    assert!(world.servers.broker().handshakes().is_empty());
    telit(&world.mqtt(&words)).ok();
    let messages = world.runtime.block_on(world.servers.broker().wait_for_messages(1));
    assert_eq!(messages[0].payload, pattern(65_537));
    let ran = telit(&world.mqtt(&[
        "mqtt",
        "sub",
        "--client-id",
        "c",
        "--topic",
        "t",
        "--engine",
        "host",
        "--plain",
    ]));
    assert!(ran.failed(2).stderr.contains("MQTT on this computer runs over TLS sockets"));
}
