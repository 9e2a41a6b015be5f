//! AWS IoT over `sim:37`, with a virtual AWS behind the virtual network.

use std::fs;

use serde_json::json;
use telit_simulator::servers::aws::{AwsIot, AwsIotOptions, Policy};
use telit_simulator::servers::{Authority, CertificateRequest};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Ran, telit};

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

    fn telit(&self, words: &[&str]) -> Ran {
        let file = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        let name = format!("{ENDPOINT}:8883={}", self.cloud.addr());
        let (ca, cert, key) = (file("ca.pem"), file("cert.pem"), file("key.pem"));
        let rest = [
            "--endpoint",
            ENDPOINT,
            "--thing",
            THING,
            "--port",
            "sim:37",
            "--resolve",
            &name,
            "--ca",
            &ca,
            "--cert",
            &cert,
            "--key",
            &key,
            "--json",
        ];
        telit(&[words, &rest].concat())
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
    assert_eq!(world.telit(&["aws", "jobs"]).ok().stdout, "");
    world.cloud.create_job("a", json!({ "do": "it" }), &[THING]).unwrap();
    world.cloud.create_job("b", json!({ "do": "that" }), &[THING]).unwrap();
    let jobs = world.telit(&["aws", "jobs"]).ok().objects();
    assert_eq!(jobs.len(), 2);
    assert_eq!((&jobs[0]["job"], &jobs[0]["status"]), (&json!("a"), &json!("QUEUED")));
    let job = world.telit(&["aws", "jobs", "b"]).ok().object();
    assert_eq!((&job["status"], &job["document"]), (&json!("QUEUED"), &json!({ "do": "that" })));
    assert!(world.telit(&["aws", "jobs", "c"]).failed(4).error().starts_with("there is no such job"));
}

#[test]
fn what_is_wrong_is_known_before_the_port_is_opened() {
    let refused = |words: &[&str]| telit(&[words, &["--port", "/nonexistent/tty"]].concat()).failed(2);
    let world = World::start();
    let file = |name: &str| world.folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let identity = ["--cert", &cert, "--key", &key];
    let get = |endpoint| ["aws", "shadow", "get", "--thing", THING, "--endpoint", endpoint];
    assert!(refused(&get(ENDPOINT)).stderr.contains("--cert"));
    let jobs = refused(&[&get("a1.jobs.iot.eu-central-1.amazonaws.com")[..], &identity].concat());
    assert!(jobs.error().contains("iot:Jobs") && jobs.stderr.contains("describe-endpoint"), "{jobs:?}");
    let cipher = refused(&[&get(ENDPOINT)[..], &identity, &["--cipher", "compatible"]].concat());
    assert!(cipher.error().contains("--cipher"), "{cipher:?}");
}
