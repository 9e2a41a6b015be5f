//! `telit provision` writes only what differs.

use serde_json::json;

use crate::harness::telit;
use crate::simulate::Simulated;

fn file(name: &str) -> String {
    format!("{}/../core/tests/credentials/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn what_the_module_holds_is_not_written_again() {
    let module = Simulated::start(&[]);
    let (ca, cert, key) = (file("ca.pem"), file("client.pem"), file("client_key.pem"));
    let provision = |files: &[&str]| {
        let mut arguments = vec!["provision", "--json", "--port", module.port()];
        arguments.extend(files);
        telit(&arguments).ok().object()
    };
    let only_ca = provision(&["--ca", &ca]);
    assert_eq!(only_ca, json!({ "ca": "stored", "cert": "absent", "key": "absent" }));
    let identity = provision(&["--cert", &cert, "--key", &key]);
    assert_eq!(identity, json!({ "ca": "absent", "cert": "stored", "key": "stored" }));
    let again = provision(&["--ca", &ca, "--cert", &cert, "--key", &key]);
    assert_eq!(again, json!({ "ca": "unchanged", "cert": "unchanged", "key": "unchanged" }));
}

#[test]
fn keys_are_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transcript.txt");
    let (cert, key) = (file("client.pem"), file("client_key.pem"));
    let transcript = path.to_str().unwrap();
    let files = ["--cert", &cert, "--key", &key, "--transcript", transcript];
    let arguments: Vec<&str> = ["provision", "--port", "sim:37", "-vv"].into_iter().chain(files).collect();
    let ran = telit(&arguments).ok();
    let transcript = std::fs::read_to_string(&path).unwrap();
    let secret = std::fs::read_to_string(&key).unwrap();
    let secret = secret.lines().nth(1).unwrap();
    for text in [&transcript, &ran.stdout, &ran.stderr] {
        assert!(!text.contains(secret));
    }
    assert!(transcript.contains("[redacted"), "{transcript}");
}
