//! Every example runs as it stands, on the virtual module.

use std::path::PathBuf;
use std::process::Command;

/// Cargo builds the examples of a package before its tests run, two folders up from them.
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
fn https_get() {
    assert_eq!(run("https_get"), "200 OK\n{\"status\":\"ok\"}\n201 Created\n");
}

#[test]
fn ftps_download() {
    let printed = run("ftps_download");
    let last = printed.lines().last().expect("it prints a report");
    assert!(last.starts_with("200000 bytes in "), "{last}");
    assert!(last.ends_with("38b2f7cf459e18e9f488b5164cd553ba6c0dc286df97c0121e319ca601730362"), "{last}");
}
