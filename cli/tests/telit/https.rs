//! `telit https` over `sim:`, with a web server behind the virtual network.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::json;
use telit_simulator::servers::pattern;

use crate::harness::{Ran, command, finish, run, telit};
use crate::services::{World, hex};

#[test]
fn requests() {
    let world = World::start();
    let got = world.telit(&["https", "get", "https://rest.test/health"]).ok();
    assert_eq!(got.stdout, r#"{"status":"ok"}"#);

    let got = world.telit(&["https", "get", "https://rest.test/health", "--json"]).ok().object();
    assert_eq!(got["status"], 200);
    assert_eq!(got["content_type"], "application/json");
    assert_eq!(got["bytes"], 15);
    assert_eq!(got["sha256"], hex(br#"{"status":"ok"}"#));

    let body = "OK\r\nNO CARRIER\r\n+++";
    let echo = world.telit(&["https", "post", "https://rest.test/echo", "--data", body]).ok();
    assert_eq!(echo.stdout, body);

    let headers = world.telit(&["https", "get", "https://rest.test/headers", "-H", "X-Device: seven"]).ok();
    let headers: serde_json::Value = serde_json::from_str(&headers.stdout).unwrap();
    assert_eq!(headers["x-device"], "seven");

    let head = world.telit(&["https", "head", "https://rest.test/bytes/2000", "--json"]).ok().object();
    assert_eq!(
        (&head["status"], &head["bytes"], &head["content_length"]),
        (&json!(200), &json!(0), &json!(2000))
    );

    let missing = world.telit(&["https", "get", "https://rest.test/status/404", "--json"]).ok().object();
    assert_eq!(missing["status"], 404);
    let deleted = world.telit(&["https", "delete", "https://rest.test/telemetry", "--json"]).ok().object();
    assert_eq!(deleted["status"], 204);
}

#[test]
fn bodies_in_files() {
    let world = World::start();
    fs::write(world.file("body"), pattern(5000)).unwrap();
    let body = world.file("body");
    let target = world.file("answer");
    let put = ["https", "put", "https://rest.test/echo", "--data-file", &body, "--output", &target, "--json"];
    let put = world.telit(&put).ok().object();
    assert_eq!(put["bytes"], 5000);
    assert_eq!(put["sha256"], hex(&pattern(5000)));
    assert_eq!(fs::read(&target).unwrap(), pattern(5000));
}

#[test]
fn servers_are_verified() {
    let world = World::start();
    let get = |options: &[&str]| {
        let words = ["https", "get", "https://rest.test/health"].iter().chain(options);
        let words: Vec<String> =
            words.map(|word| (*word).to_owned()).chain(world.options("other.pem")).collect();
        telit(&words)
    };
    let refused = get(&[]).failed(5);
    assert!(refused.error().contains("TLS") && refused.stderr.contains("hint: "), "{refused:?}");
    assert_eq!(refused.stdout, "");
    assert!(world.servers.rest().requests().is_empty());
    let accepted = get(&["--danger-no-verify"]).ok();
    assert!(accepted.stderr.contains("not verified"), "{accepted:?}");
}

#[test]
fn a_host_that_does_not_exist() {
    let world = World::start();
    let ran = world.telit(&["https", "get", "https://nowhere.invalid/"]).failed(5);
    assert!(ran.error().contains("nowhere.invalid"), "{ran:?}");
}

const URL: &str = "https://rest.test";

impl World {
    pub(crate) fn https(&self, verb: &str, path: &str, options: &[&str]) -> Ran {
        self.telit(&[&["https", verb, &format!("{URL}{path}")], options].concat())
    }

    /// On a module of this platform, with a secret in the environment.
    pub(crate) fn https_with(&self, platform: &str, secret: (&str, &str), words: &[&str]) -> Ran {
        let words = words.iter().map(|word| (*word).to_owned()).chain(self.options_on(platform, "ca.pem"));
        run(command(&words.collect::<Vec<_>>()).env(secret.0, secret.1))
    }
}

/// The headers that the server has seen.
fn seen(ran: Ran) -> serde_json::Value {
    serde_json::from_str(&ran.ok().stdout).unwrap()
}

#[test]
fn either_engine_brings_the_same() {
    let world = World::start();
    for engine in ["module", "socket"] {
        let got = world.https("get", "/bytes/5000", &["--engine", engine, "--json"]).ok().object();
        assert_eq!((&got["engine"], &got["because"]), (&json!(engine), &json!("it was asked for")));
        assert_eq!((&got["bytes"], &got["sha256"]), (&json!(5000), &json!(hex(&pattern(5000)))));
        assert_eq!(got["url"], "https://rest.test/bytes/5000");
    }
    let got = world.https("get", "/health", &["--json"]).ok().object();
    assert_eq!(
        (&got["engine"], &got["because"]),
        (&json!("module"), &json!("the module can carry the request"))
    );
    // Longer than the module takes.
    let long = format!("/echo?{}", "x".repeat(300));
    let got = world.https("get", &long, &["--json"]).ok().object();
    assert_eq!((&got["engine"], &got["bytes"]), (&json!("socket"), &json!(300)));
    let refused = world.https("get", &long, &["--engine", "module"]).failed(2);
    assert!(refused.stderr.contains("hint: --engine auto or socket"), "{refused:?}");
    assert_eq!(world.servers.rest().requests().len(), 4);
}

#[test]
fn a_module_whose_http_has_no_tls_gets_it_from_this_computer() {
    let world = World::start();
    let get = |engine| {
        let words = ["https", "get", "https://rest.test/health", "--engine", engine, "--no-sni", "--json"];
        world.https_with("25-linux", ("A", ""), &[&words[..], &["--cipher", "compatible"]].concat())
    };
    assert_eq!(get("auto").ok().object()["engine"], "socket");
    let refused = get("module").failed(2);
    assert!(refused.stderr.contains("hint: --engine auto or socket"), "{refused:?}");
}

#[test]
fn redirects() {
    let world = World::start();
    for engine in ["auto", "socket"] {
        let got = world.https("get", "/status/302", &["--engine", engine, "--json"]).ok().object();
        assert_eq!((&got["status"], &got["url"]), (&json!(200), &json!("https://rest.test/health")));
    }
    let hidden = world.https("get", "/status/302", &["--engine", "module", "--json"]).ok();
    assert!(hidden.stderr.contains("--engine socket tells it"), "{hidden:?}");
    assert_eq!(hidden.object()["status"], 302);

    let none = world.https("get", "/status/302", &["--max-redirects", "0", "--engine", "socket"]).ok();
    assert_eq!(none.stderr, "status 302 Found: the client follows no redirects; --max-redirects lets it\n");
    let circle = ["--max-redirects", "1", "--engine", "socket"];
    let circle = world.https("get", "/redirect/302?/redirect/302?/redirect/302", &circle).failed(5);
    assert_eq!(circle.error(), "redirected more than 1 times");
    assert!(circle.stderr.contains("--max-redirects"), "{circle:?}");

    let away = "/redirect/307?https://localhost.test/health";
    let away_json = world.https("get", away, &["--engine", "socket", "--json"]).ok();
    let expected = "status 307 Temporary Redirect: the redirect leads to another server \
                    (https://localhost.test/health); --any-host follows it\n";
    assert_eq!(away_json.stderr, expected);
    let away_json = away_json.object();
    assert_eq!(
        (&away_json["status"], &away_json["redirect_not_followed"]),
        (&json!(307), &json!("the redirect leads to another server"))
    );
    // It goes there, where nobody is.
    let followed = world.https("get", away, &["--engine", "socket", "--any-host"]).failed(5);
    assert!(followed.error().contains("localhost.test"), "{followed:?}");
    let plain =
        world.https("get", "/redirect/307?http://rest.test/", &["--engine", "socket", "--any-host"]).ok();
    assert!(plain.stderr.contains("the redirect does not lead to https (http://rest.test/)"), "{plain:?}");
}

#[test]
fn secrets_come_from_the_environment_and_are_never_shown() {
    let world = World::start();
    let transcript = world.file("transcript");
    let words = ["https", "get", "https://rest.test/headers", "--transcript", &transcript, "-vv"];
    let token = "t0ken".repeat(60);
    for (secret, options, expected) in [
        (
            ("S3CRET", "pa55word"),
            &["--user", "device", "--password-env", "S3CRET"][..],
            "Basic ZGV2aWNlOnBhNTV3b3Jk".to_owned(),
        ),
        (("S3CRET", "t0ken"), &["--bearer-env", "S3CRET"], "Bearer t0ken".to_owned()),
        // Longer than the module takes.
        (("S3CRET", &token), &["--bearer-env", "S3CRET"], format!("Bearer {token}")),
    ] {
        let ran = world.https_with("37", secret, &[&words[..], options].concat());
        for shown in [&ran.stderr, &fs::read_to_string(&transcript).unwrap()] {
            assert!(!shown.contains(secret.1) && !shown.contains("ZGV2aWNl"), "{shown}");
        }
        assert_eq!(seen(ran)["authorization"], expected);
    }
}

#[test]
fn what_cannot_be_sent_is_known_before_the_port_is_opened() {
    let refused = |options: &[&str]| {
        let words = ["https", "post", "https://h/", "--danger-no-verify", "--port", "/nonexistent/tty"];
        let mut tool = command(&[&words[..], options].concat());
        run(tool.env("EMPTY", "").env("TWO_LINES", "t0ken\n").env("GOOD", "good")).failed(2)
    };
    for (options, problem) in [
        (&["--bearer-env", "EMPTY"][..], "the environment variable EMPTY holds no token"),
        (&["--bearer-env", "NONE"], "the environment variable NONE holds no token"),
        (&["--bearer-env", "TWO_LINES"], "the token in TWO_LINES has characters that are not allowed"),
        (&["--user", "u", "--password-env", "EMPTY"], "the environment variable EMPTY holds no password"),
        (&["--user", "u:v", "--password-env", "GOOD"], "the user name has a character that is not allowed"),
        (
            &["--bearer-env", "GOOD", "-H", "Authorization: Bearer a"],
            "there are two of the header authorization",
        ),
        (&["-H", "X-A: gr\u{fc}n"], "the value of the header x-a has characters that are not allowed"),
        (&["--data-file", "/"], "/ is a folder"),
        (
            &["--data-file", "/nonexistent"],
            "/nonexistent cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        let ran = refused(options);
        assert_eq!(ran.error(), problem);
        assert!(!ran.stderr.contains("t0ken"), "{ran:?}");
    }
    let schemeless =
        telit(&["https", "get", "h.test/path", "-q", "--danger-no-verify", "--port", "/nonexistent"])
            .failed(2);
    assert_eq!(
        schemeless.stderr,
        "error: invalid URL: it does not begin with a scheme\nhint: write https://HOST/PATH\n"
    );
    for options in [
        &["--user", "u"][..],
        &["--password-env", "GOOD"],
        &["--user", "u", "--password-env", "GOOD", "--bearer-env", "GOOD"],
        &["--engine", "both"],
        &["--timeout", "0"],
        &["--data", "a", "--data-file", "b"],
    ] {
        refused(options);
    }
}

#[test]
fn the_head_is_shown_on_request() {
    let world = World::start();
    let shown = world.https("get", "/health", &["--include", "--engine", "socket"]).ok();
    let (head, body) = shown.stdout.split_once("\n\n").unwrap();
    assert_eq!(body, r#"{"status":"ok"}"#);
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("HTTP/1.1 200 OK"));
    assert!(lines.any(|line| line == "content-type: application/json"), "{head}");
    assert!(head.contains("\ndate: "), "{head}");
    let head = world.https("head", "/bytes/7", &["-i", "--engine", "socket"]).ok();
    assert!(head.stdout.starts_with("HTTP/1.1 200 OK\n") && head.stdout.contains("content-length: 7\n"));

    let few = world.https("get", "/health", &["-i", "--engine", "module"]).ok();
    assert!(few.stdout.starts_with("HTTP/1.1 200 OK\ncontent-type: application/json\n"), "{few:?}");
    assert!(few.stderr.contains("--engine socket shows all of them"), "{few:?}");

    let json = world.https("get", "/status/404", &["-i", "--engine", "socket", "--json"]).ok().object();
    let headers = json["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["content-length", "11"])), "{json}");
    // The body alone goes into the file.
    let target = world.file("body");
    let split = world.https("get", "/health", &["-i", "--engine", "socket", "--output", &target]).ok();
    assert!(
        split.stdout.starts_with("HTTP/1.1 200 OK\n")
            && split.stdout.ends_with(&format!("bytes in {target}\n"))
    );
    assert_eq!(fs::read(&target).unwrap(), br#"{"status":"ok"}"#);
}

#[test]
fn standard_input_is_sent_as_it_comes() {
    let world = World::start();
    for (engine, size) in [("module", 3000), ("socket", 200_000)] {
        let words =
            ["https", "post", "https://rest.test/echo", "--data-file", "-", "--json", "--engine", engine];
        let arguments = world.arguments(&words);
        let piped =
            command(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = piped.unwrap();
        child.stdin.take().unwrap().write_all(&pattern(size)).unwrap();
        let echo = finish(child).ok().object();
        assert_eq!(
            (&echo["bytes"], &echo["sha256"]),
            (&json!(size), &json!(hex(&pattern(size)))),
            "{engine}"
        );
    }
}

#[test]
fn a_server_may_be_silent_for_as_long_as_it_is_told() {
    let world = World::start();
    for engine in ["module", "socket"] {
        let late = world.https("get", "/slow/60000", &["--timeout", "1", "--engine", engine]).failed(5);
        assert_eq!(late.error(), "rest.test did not answer within 1s", "{engine}");
        assert!(late.stderr.contains("hint: give the server more time with --timeout"), "{late:?}");
    }
}

#[test]
fn a_status_is_an_error_only_if_it_is_to_be_one() {
    let world = World::start();
    let shown = world.https("get", "/status/404", &[]).ok();
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), ("status 404\n", "status 404\n"));
    let target = world.file("body");
    let failed = world.https("get", "/status/503", &["--fail", "--output", &target]).failed(5);
    assert_eq!(failed.error(), "the server answered with status 503 Service Unavailable");
    assert!(!fs::exists(&target).unwrap());
}
