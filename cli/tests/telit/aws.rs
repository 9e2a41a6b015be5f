//! AWS IoT over `sim:37`, with a virtual AWS behind the virtual network.

use std::fs;

use serde_json::json;
use telit_simulator::servers::aws::{AwsIot, AwsIotOptions, Policy};
use telit_simulator::servers::{Authority, CertificateRequest};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Ran, telit};

const OTHERS: [&str; 6] = ["10", "13", "16", "12", "20", "23"];

const ENDPOINT: &str = "a1-ats.iot.eu-central-1.amazonaws.com";
const THING: &str = "thing-1";

struct World {
    _runtime: Runtime,
    cloud: AwsIot,
    folder: TempDir,
}

impl World {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let authority = Authority::new().unwrap();
        let certificate = authority.issue(&CertificateRequest::server(ENDPOINT)).unwrap();
        let cloud = runtime.block_on(AwsIot::start(&AwsIotOptions::new(&certificate, &authority))).unwrap();
        let device = cloud.create_device(THING, Policy::everything()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("ca.pem", &authority.certificate_pem());
        write("cert.pem", device.certificate_pem());
        write("key.pem", device.key_pem());
        Self { _runtime: runtime, cloud, folder }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The thing on a module of this platform, with other options than those for all of these tests.
    fn on(&self, platform: &str, words: &[&str]) -> Ran {
        let name = format!("{ENDPOINT}:8883={}", self.cloud.addr());
        let (port, cert, key) = (format!("sim:{platform}"), self.file("cert.pem"), self.file("key.pem"));
        let rest = ["--port", &port, "--resolve", &name, "--cert", &cert, "--key", &key];
        telit(&[words, &rest].concat())
    }

    fn telit(&self, words: &[&str]) -> Ran {
        let ca = self.file("ca.pem");
        let rest = ["--endpoint", ENDPOINT, "--thing", THING, "--ca", &ca, "--json"];
        self.on("37", &[words, &rest].concat())
    }
}

#[test]
fn shadows() {
    let world = World::start();
    let missing = world.telit(&["aws", "shadow", "get"]).failed(4);
    assert!(missing.error().starts_with("there is no such shadow"), "{missing:?}");
    let updated = world.telit(&["aws", "shadow", "update", "--reported", r#"{"celsius":20}"#]).ok().object();
    assert_eq!(updated, json!({ "version": 1 }));
    let wish = ["aws", "shadow", "update", "--desired", r#"{"celsius":21}"#, "--for-version", "1"];
    assert_eq!(world.telit(&wish).ok().object(), json!({ "version": 2 }));
    let conflict = world.telit(&wish).failed(4);
    assert!(conflict.error().starts_with("the shadow has another version"), "{conflict:?}");
    let shadow = world.telit(&["aws", "shadow", "get"]).ok().object();
    assert_eq!((&shadow["version"], &shadow["delta"]), (&json!(2), &json!({ "celsius": 21 })));
    let change = world.telit(&["aws", "shadow", "watch", "--count", "1", "--timeout", "60"]).ok().object();
    assert_eq!(change, json!({ "version": 2, "state": { "celsius": 21 } }));
    world.telit(&["aws", "shadow", "update", "--name", "config", "--reported", "{}"]).ok();
    assert!(world.cloud.shadow(THING, Some("config")).is_some());
}

#[test]
fn jobs() {
    let world = World::start();
    let none = world.telit(&["aws", "jobs"]).ok();
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "no jobs are pending\n"));
    let ca = world.file("ca.pem");
    let none = world.on("37", &["aws", "jobs", "--endpoint", ENDPOINT, "--thing", THING, "--ca", &ca]).ok();
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("no jobs are pending\n", ""));
    world.cloud.create_job("a", json!({ "do": "it" }), &[THING]).unwrap();
    world.cloud.create_job("b", json!({ "do": "that" }), &[THING]).unwrap();
    let jobs = world.telit(&["aws", "jobs"]).ok().objects();
    assert_eq!(jobs.len(), 2);
    assert_eq!((&jobs[0]["job"], &jobs[0]["status"]), (&json!("a"), &json!("QUEUED")));
    let job = world.telit(&["aws", "jobs", "b"]).ok().object();
    assert_eq!((&job["status"], &job["document"]), (&json!("QUEUED"), &json!({ "do": "that" })));
    let missing = world.telit(&["aws", "jobs", "c"]).failed(4);
    assert!(missing.error().starts_with("there is no such job"), "{missing:?}");
    assert!(missing.stderr.contains("hint: without JOB all that are not done are listed"), "{missing:?}");
}

#[test]
fn what_is_wrong_is_known_before_the_port_is_opened() {
    let refused = |words: &[&str]| telit(&[words, &["--port", "/nonexistent/tty"]].concat()).failed(2);
    let world = World::start();
    let (cert, key) = (world.file("cert.pem"), world.file("key.pem"));
    let identity = ["--cert", &cert, "--key", &key];
    let get = |endpoint| ["aws", "shadow", "get", "--thing", THING, "--endpoint", endpoint];
    assert!(refused(&get(ENDPOINT)).stderr.contains("--cert"));
    let jobs = refused(&[&get("a1.jobs.iot.eu-central-1.amazonaws.com")[..], &identity].concat());
    assert!(jobs.error().contains("iot:Jobs") && jobs.stderr.contains("describe-endpoint"), "{jobs:?}");
    let cipher = refused(&[&get(ENDPOINT)[..], &identity, &["--cipher", "compatible"]].concat());
    assert!(cipher.error().contains("--cipher"), "{cipher:?}");
}

#[test]
fn names_and_states_are_checked_before_the_port_is_opened() {
    let world = World::start();
    let (cert, key) = (world.file("cert.pem"), world.file("key.pem"));
    let with = ["--endpoint", ENDPOINT, "--cert", &cert, "--key", &key, "--port", "/nonexistent/tty"];
    let refused = |words: &[&str]| telit(&[words, &with].concat()).failed(2).error().to_owned();
    let deep = format!("{}1{}", r#"{"a":"#.repeat(9), "}".repeat(9));
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(8192));
    let update = |state| ["aws", "shadow", "update", "--thing", THING, "--reported", state];
    for (words, problem) in [
        (&["aws", "shadow", "get", "--thing", "a/b"][..], "invalid thing name: AWS IoT takes no '/' in it"),
        (&["aws", "jobs", "--thing", ""], "invalid thing name: AWS IoT takes 1 to 128 characters"),
        (
            &["aws", "shadow", "watch", "--thing", THING, "--name", "a b"],
            "invalid shadow name: AWS IoT takes no ' ' in it",
        ),
        (&["aws", "jobs", "a:b", "--thing", THING], "invalid job identifier: AWS IoT takes no ':' in it"),
        (&update(&deep), "the state has 9 levels, a shadow has at most 8"),
        (&update(&large), "the state has 8213 bytes, a shadow has at most 8192"),
        (&update(r#"{"a":[1,null]}"#), "the state has an array with null in it, which a shadow cannot have"),
    ] {
        assert_eq!(refused(words), problem);
    }
    assert!(refused(&update("[1]")).contains(r#"a state is an object, such as {"celsius":21.5}"#));
    assert!(refused(&update("{a:1}")).contains("it is no JSON"));
}

/// Advice that is good for brokers in general: the first two must not be followed, and the third leads nowhere.
#[track_caller]
fn no_wrong_advice(ran: &Ran) {
    for wrong in
        ["--danger-skip-host-check", "--cipher compatible (", "choose CipherPolicy", "CA of your own"]
    {
        assert!(!ran.stderr.contains(wrong), "{wrong}: {ran:?}");
    }
}

#[test]
fn advice_is_good_for_aws() {
    let world = World::start();
    let ca = world.file("ca.pem");
    let get = ["aws", "shadow", "get", "--endpoint", ENDPOINT, "--thing", THING, "--ca", &ca];
    for platform in OTHERS {
        let ran = world.on(platform, &get).failed(2);
        let expected =
            format!("AWS IoT is known by its host name only, which platform {platform} does not check");
        assert_eq!(ran.error(), expected);
        assert!(ran.stderr.contains("hint: use a module of platform 25, 30, 37 or 52"), "{ran:?}");
        no_wrong_advice(&ran);
    }
    let no_name = world.on("25-linux", &get).failed(2);
    assert!(no_name.stderr.ends_with("hint: connect without it: --no-sni\n"), "{no_name:?}");
    world.on("25-linux", &[&get[..], &["--no-sni"]].concat()).failed(4);
    let newer = world.on("30", &[&get[..], &["--min-tls", "1.3"]].concat()).failed(2);
    assert!(newer.stderr.contains("hint: leave --min-tls 1.3 out"), "{newer:?}");
    let amazon = world.on("37", &get[..7]).failed(5);
    assert!(amazon.stderr.contains("hint: without --ca Amazon's roots are trusted"), "{amazon:?}");
    for ran in [no_name, newer, amazon] {
        no_wrong_advice(&ran);
    }
}

#[test]
fn mqtt_with_an_endpoint_of_aws_gets_that_advice_too() {
    const SUITES: [&str; 6] = ["--cipher", "0x009C", "--cipher", "0x003C", "--cipher", "0x002F"];
    let world = World::start();
    let ca = world.file("ca.pem");
    let publish = ["mqtt", "pub", "--host", ENDPOINT, "--client-id", THING, "--topic", "t", "--ca", &ca];
    let publish = [&publish[..], &["--message", "m"]].concat();
    for (platform, more) in
        [("30", &[][..]), ("25-linux", &["--no-sni"]), ("30", &["--cipher", "compatible"])]
    {
        let ran = world.on(platform, &[&publish[..], more].concat()).failed(2);
        assert!(ran.stderr.contains(&format!("hint: give {}", SUITES.join(" "))), "{ran:?}");
        no_wrong_advice(&ran);
    }
    let ran = world.on("12", &publish).failed(2);
    assert!(ran.stderr.contains("hint: use a module of platform 25, 30, 37 or 52"), "{ran:?}");
    no_wrong_advice(&ran);
    let strange = world.on("37", &[&publish[..8], &publish[10..]].concat()).failed(5);
    assert!(strange.stderr.contains("hint: without --ca Amazon's roots are trusted"), "{strange:?}");
    // As it was told.
    world.on("30", &[&publish[..], &SUITES].concat()).ok();
    world.on("25-linux", &[&publish[..], &SUITES, &["--no-sni"]].concat()).ok();
}

#[test]
fn what_a_policy_forbids_is_told_as_such() {
    let world = World::start();
    let stranger = world.cloud.create_device("stranger", Policy::claim("template")).unwrap();
    fs::write(world.file("cert.pem"), stranger.certificate_pem()).unwrap();
    fs::write(world.file("key.pem"), stranger.key_pem()).unwrap();
    let ran = world.telit(&["aws", "shadow", "get"]).failed(5);
    assert!(ran.stderr.contains("hint: check that the policy allows iot:Subscribe"), "{ran:?}");
}
