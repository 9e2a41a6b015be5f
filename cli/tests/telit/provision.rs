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

/// A virtual module that holds an authority and an identity, and `telit provision` on it.
fn provisioned() -> (Simulated, impl Fn(&[&str]) -> crate::harness::Ran) {
    let module = Simulated::start(&[]);
    let port = module.port().to_owned();
    let provision = move |arguments: &[&str]| {
        let mut all = vec!["provision", "--port", &port];
        all.extend(arguments);
        telit(&all)
    };
    let (ca, cert, key) = (file("ca.pem"), file("client.pem"), file("client_key.pem"));
    provision(&["--ca", &ca, "--cert", &cert, "--key", &key]).ok();
    (module, provision)
}

const CA_SHA256: &str = "4bd8785138de5f565c592cda5511f44d8abd147acd124426e9dad0bc3c83fa67";

#[test]
fn what_the_module_holds_is_listed_without_its_key() {
    let (_module, provision) = provisioned();
    let listed = provision(&["--list", "--json"]).ok().object();
    let own: Vec<_> = listed["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|credential| credential["store"] == "own")
        .cloned()
        .collect();
    assert_eq!(
        own[0],
        json!({
            "store": "own", "slot": 1, "kind": "ca",
            "subject": "CN=Test only CA,O=Test only,C=IT", "issuer": "CN=Test only CA,O=Test only,C=IT",
            "not_before": "2020-01-01", "not_after": "2049-12-31", "sha256": CA_SHA256,
        })
    );
    assert_eq!((&own[1]["kind"], &own[1]["subject"]), (&json!("cert"), &json!("CN=device\\, 1,O=Test only")));
    assert_eq!(own[2], json!({ "store": "own", "slot": 1, "kind": "key" }));
    let text = provision(&["--list"]).ok().stdout;
    let first = format!(
        "CA certificate      slot 1  CN=Test only CA,O=Test only,C=IT, 2020-01-01 to 2049-12-31, SHA-256 {CA_SHA256}"
    );
    assert_eq!(text.lines().next(), Some(first.as_str()));
}

#[test]
fn only_what_is_named_is_removed() {
    let (_module, provision) = provisioned();
    let removed = provision(&["--json", "--remove", "key", "--remove", "ca:2"]).ok().object();
    assert_eq!(
        removed,
        json!({
            "removed": [{ "store": "own", "slot": 1, "kind": "key" }],
            "absent": [{ "store": "own", "slot": 2, "kind": "ca" }],
        })
    );
    let text = provision(&["--remove", "cert", "--remove", "cert:1"]).ok().stdout;
    assert_eq!(text, "client certificate  slot 1  removed\nclient certificate  slot 1  removed\n");
    let left = provision(&["--list", "--json"]).ok().object();
    let kinds: Vec<_> = left["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|credential| credential["store"] == "own")
        .map(|credential| credential["kind"].clone())
        .collect();
    assert_eq!(kinds, ["ca"]);
    let again = provision(&["--json", "--remove", "cert"]).ok().object();
    assert_eq!(again, json!({ "removed": [], "absent": [{ "store": "own", "slot": 1, "kind": "cert" }] }));
}

#[test]
fn a_preloaded_authority_is_replaced_by_name_only() {
    let (_module, provision) = provisioned();
    let ca = file("ca.pem");
    let store = |files: &[&str]| provision(files).ok().object();
    let first = store(&["--json", "--ca", &ca, "--preloaded", "3"]);
    assert_eq!(first, json!({ "ca": "stored", "cert": "absent", "key": "absent" }));
    assert_eq!(store(&["--json", "--ca", &ca, "--preloaded", "3"])["ca"], "unchanged");
    let listed = provision(&["--list", "--json"]).ok().object();
    let third =
        |credential: &&serde_json::Value| credential["store"] == "preloaded" && credential["slot"] == 3;
    let credentials = listed["credentials"].as_array().unwrap();
    assert_eq!(credentials.iter().find(third).unwrap()["sha256"], CA_SHA256);
    let removed = provision(&["--json", "--remove", "preloaded:3"]).ok().object();
    assert_eq!(removed["removed"], json!([{ "store": "preloaded", "slot": 3, "kind": "ca" }]));
    let none = provision(&["--ca", &ca, "--preloaded", "4"]).failed(2);
    assert_eq!(none.error(), "platform 37 has no slot 4 of preloaded CA certificates");
    let (cert, key) = (file("client.pem"), file("client_key.pem"));
    let more = provision(&["--preloaded", "1", "--ca", &ca, "--cert", &cert, "--key", &key]).failed(2);
    assert_eq!(
        more.error(),
        "platform 37 takes one CA certificate into a preloaded slot, as PEM and into flash"
    );
}

#[test]
fn files_of_either_form_are_stored_in_either_form() {
    let module = Simulated::start(&[]);
    let provision = |arguments: &[&str]| {
        let mut all = vec!["provision", "--json", "--port", module.port()];
        all.extend(arguments);
        telit(&all).ok().object()["ca"].clone()
    };
    let (pem, der) = (file("ca.pem"), file("ca.der"));
    assert_eq!(provision(&["--ca", &der]), "stored");
    assert_eq!(provision(&["--ca", &pem]), "unchanged");
    assert_eq!(provision(&["--ca", &pem, "--ca", &der]), "unchanged", "it is one and the same");
    let binary = Simulated::start(&[]);
    let arguments = ["provision", "--json", "--port", binary.port(), "--ca", &pem, "--format", "der"];
    assert_eq!(telit(&arguments).ok().object()["ca"], "stored");
    assert_eq!(telit(&arguments).ok().object()["ca"], "unchanged");
}

#[test]
fn what_cannot_be_stored_is_refused_before_anything_is_sent() {
    let on = |platform: &str, arguments: &[&str]| {
        let port = format!("sim:{platform}");
        let mut all = vec!["provision", "--port", &port];
        all.extend(arguments);
        telit(&all).failed(2)
    };
    let (ca, leaf) = (file("ca.pem"), file("client.pem"));
    let refused = on("37", &["--ca", &leaf]);
    assert_eq!(
        refused.error(),
        "the certificate CN=device\\, 1,O=Test only was given as a CA certificate, but it is no authority's"
    );
    assert!(refused.stderr.contains("hint: give the certificate of CN=Test only CA,O=Test only,C=IT"));
    assert_eq!(on("37", &[]).error(), "nothing to store");
    assert!(
        on("37", &["--list", "--ca", &ca]).error().starts_with("credentials are stored, listed or removed")
    );
    assert!(on("37", &["--remove", "everything"]).error().contains("use ca, cert or key"));
    assert!(on("37", &["--list", "--remove", "ca"]).error().contains("cannot be used with"));
}
