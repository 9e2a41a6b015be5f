//! Every example runs as it stands, on the virtual module.

use std::path::PathBuf;
use std::process::Command;

/// Cargo builds the examples of a package before its tests run, two folders up from them; for a single test it has to
/// be told to, by `--examples --tests`.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("it is in target/PROFILE/deps");
    profile.join("examples").join(name)
}

fn run(name: &str) -> String {
    let output = Command::new(example(name)).output().expect("the example was built");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}

#[test]
fn mqtt_publish() {
    assert_eq!(run("mqtt_publish"), "thing-1/telemetry: {\"celsius\":21.5}\n");
}

#[test]
fn mqtt_large() {
    let expected = "host: the module takes payloads of at most 65536 bytes, 100000 are wanted\n\
                    100000 bytes with quality of service Some(ExactlyOnce)\n";
    assert_eq!(run("mqtt_large"), expected);
}

#[test]
fn resilient_mqtt() {
    let expected =
        "the connection was lost and is back, with 1 subscription\nthing-1/telemetry: {\"celsius\":21.5}\n";
    assert_eq!(run("resilient_mqtt"), expected);
}

/// A module without the identity that it was to have must not go on line.
#[test]
fn gateway_with_half_an_identity() {
    let halves = [
        ("certificate", "the broker has a certificate and no key"),
        ("key", "the broker has a key and no certificate"),
    ];
    for (half, error) in halves {
        let config =
            serde_json::json!({ "broker": { "host": "broker.test", "ca": "ca.pem", half: "m.pem" } });
        let path = std::env::temp_dir().join(format!("telit-gateway-{}-{half}.json", std::process::id()));
        std::fs::write(&path, config.to_string()).expect("there is room");
        let output = Command::new(example("gateway")).arg(&path).output().expect("the example was built");
        std::fs::remove_file(&path).expect("it is there");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && printed.contains(error), "{printed}");
    }
}

#[test]
fn gateway() {
    let printed = run("gateway");
    let count = |line: &str| printed.lines().filter(|printed| *printed == line).count();
    for module in ["m1", "m2", "m3"] {
        let started = format!("{module}: Started {{ model: \"ME310G1-WW\" }}");
        let figure = format!("telit_module_starts_total{{module=\"{module}\"}} 1");
        for line in [&format!("{module}: Added"), &started, &format!("{module}: Removed"), &figure] {
            assert_eq!(count(line), 1, "{line}\n{printed}");
        }
    }
    let lost = ["port_losses", "sessions_lost", "recoveries", "reconnects"];
    let lost = lost.map(|figure| format!("telit_module_{figure}_total{{module=\"m1\"}} 1"));
    for line in lost.iter().map(String::as_str).chain(["m1: Vanished", "m1: Returned"]) {
        assert_eq!(count(line), 1, "{line}\n{printed}");
    }
    assert_eq!(count("telit_module_port_losses_total{module=\"m2\"} 0"), 1, "{printed}");
    assert_eq!(count("telit_pool_modules{state=\"up\"} 0"), 1, "{printed}");
    assert!(!printed.contains("Failed") && !printed.contains("goodbye"), "{printed}");
}

#[test]
fn shadow_thermostat() {
    let expected = "21.5 degrees are desired\nand reported: the shadow has version 2 now\n";
    assert_eq!(run("shadow_thermostat"), expected);
}

#[test]
fn job_update() {
    let expected = "firmware-7: download firmware.bin\n\
                    200000 bytes, SHA-256 38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362\n\
                    the job is SUCCEEDED\n";
    assert_eq!(run("job_update"), expected);
}

#[test]
fn https_get() {
    assert_eq!(run("https_get"), "200 OK\n{\"status\":\"ok\"}\n201 Created\n");
}

#[test]
fn rest_client() {
    let expected = "boiler is number 1\nroom is number 2\nboiler: 61.5 °C\nroom: 21 °C\n";
    assert_eq!(run("rest_client"), expected);
}

#[test]
fn https_firmware() {
    let printed = run("https_firmware");
    let mut lines = printed.lines();
    let cut = lines.next().expect("it was cut");
    assert!(cut.contains(" bytes are safe: the body ended after "), "{cut}");
    let expected = "200000 bytes in 2 attempts, SHA-256 38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362";
    assert_eq!(lines.next(), Some(expected));
    assert_eq!(lines.next(), None);
}

#[test]
fn multiplexed() {
    let printed = run("multiplexed");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines.first(), lines.last()), (Some(&"3 channels on one port"), Some(&"200000 bytes")));
    assert!(lines[1].ends_with(" dBm, asked meanwhile"), "{printed}");
}

#[test]
fn diagnosis() {
    let printed = run("diagnosis");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.first(), Some(&"none: the module connects to broker.test:8883 as it was asked to"));
    assert!(lines.iter().any(|line| line.starts_with("failed   handshake     ")), "{printed}");
    let last = "client-certificate: give one with --cert and --key (TlsOptionsBuilder::identity)";
    assert_eq!(lines.last(), Some(&last));
}

#[test]
fn tls_echo() {
    let printed = run("tls_echo");
    let (first, last) = printed.split_once('\n').expect("it prints two lines");
    assert!(first.starts_with("connected with "), "{first}");
    assert_eq!(last, "Is anybody there?\n");
}

#[test]
fn https_over_socket() {
    assert_eq!(run("https_over_socket"), "200 OK, 15 bytes\n200 OK, 2000 bytes\n");
}

#[test]
fn ftps_download() {
    let printed = run("ftps_download");
    let last = printed.lines().last().expect("it prints a report");
    assert!(last.starts_with("200000 bytes in "), "{last}");
    assert!(last.ends_with("38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362"), "{last}");
}

#[test]
fn ftps_upload_log() {
    let expected = "1500 bytes sent\n3000 bytes sent\n4500 bytes sent\n4599 bytes sent\n4600 bytes sent\n\
                    device.log has 4600 bytes\ndevice.log has 4623 bytes\n";
    assert_eq!(run("ftps_upload_log"), expected);
}

#[test]
fn firmware_update() {
    let printed = run("firmware_update");
    let (first, last) = (printed.lines().next(), printed.lines().last());
    assert!(first.expect("it was cut").contains(" bytes are safe: "), "{printed}");
    let last = last.expect("it prints a report");
    assert!(last.starts_with("200000 bytes in "), "{last}");
    assert!(!last.contains(" in 1 attempts"), "{last}");
    assert!(last.ends_with("38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362"), "{last}");
}

#[test]
fn signed_firmware() {
    let expected = "version 2.1.0 has 200000 bytes\n\
                    200000 bytes, SHA-256 38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362\n";
    assert_eq!(run("signed_firmware"), expected);
}

/// The lines that the README shows are those of an example that compiles.
#[test]
fn the_readme_shows_what_compiles() {
    let example = include_str!("../aws_publish.rs");
    let (_, lines) = example.split_once("// README begins\n").expect("the mark is there");
    let (lines, _) = lines.split_once("    // README ends").expect("the mark is there");
    let shown: String =
        lines.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    assert!(
        include_str!("../../README.md").contains(&format!("```rust\n{shown}```")),
        "the README shows other lines"
    );
}
