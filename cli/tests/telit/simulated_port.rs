//! `--port sim:37`: a virtual module in the process.

use serde_json::json;

use crate::harness::{command, finish, telit};

#[test]
fn info() {
    let object = telit(&["--port", "sim:37", "--json", "info"]).ok().object();
    assert!(object["model"].as_str().unwrap().starts_with("ME310G1"), "{object}");
    assert!(!object["firmware"].as_str().unwrap().is_empty());
    assert_eq!(object["platform"], "37");
    assert_eq!(object["registered"], true);
    assert_eq!((&object["tls_owner"], &object["channels"]), (&json!(null), &json!(1)));
    let text = telit(&["info", "--port", "sim:37"]).ok();
    assert!(text.stdout.contains("model") && text.stdout.contains("ME310G1"), "{text:?}");
    assert_eq!(text.stderr, "");
}

#[test]
fn several_channels_on_one_port() {
    let object = telit(&["--port", "sim:37", "--multiplex", "--json", "info"]).ok().object();
    assert_eq!((&object["channels"], &object["platform"]), (&json!(3), &json!("37")));
    let object = telit(&["--port", "sim:37", "--multiplex", "--recover", "--json", "info"]).ok().object();
    assert_eq!(object["channels"], 3);
    let ran = telit(&["at", "AT+CMUX=0", "--port", "sim:37", "--multiplex"]).failed(4);
    assert!(ran.error().contains("the module refused AT+CMUX"), "{ran:?}");
}

#[test]
fn one_command() {
    let ran = telit(&["at", "AT+CGMM", "--port", "sim:37"]).ok();
    let (answer, result) = ran.stdout.split_once('\n').unwrap();
    assert!(answer.starts_with("ME310G1"), "{ran:?}");
    assert_eq!(result, "OK\n");
    let object = telit(&["at", "AT+CMEE?", "--port", "sim:37", "--json"]).ok().object();
    assert_eq!(object, json!({ "lines": ["+CMEE: 2"], "ok": true }));
}

#[test]
fn a_refused_command_ends_with_the_words_of_the_module() {
    let ran = telit(&["at", "AT#SSLD=1,443,\"h\",0,1", "--port", "sim:37", "--json"]).failed(4);
    assert!(ran.error().contains("the module refused AT#SSLD: +CME ERROR: SSL not activated"), "{ran:?}");
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_platform_that_does_not_exist() {
    assert!(telit(&["info", "--port", "sim:99"]).failed(2).stderr.contains("sim:37"));
}

#[test]
fn the_platform_can_be_named_instead_of_found_out() {
    let ran = telit(&["info", "--port", "sim:37", "--platform", "30", "--json"]).ok();
    let warning = "WARN --platform 30 was given, but ME310G1-WW with firmware M0C.200006 is of platform 37\n";
    assert_eq!(ran.stderr, warning);
    let object = ran.object();
    assert_eq!((&object["model"], &object["platform"]), (&json!("ME310G1-WW"), &json!("30")));
    assert_eq!(telit(&["info", "--port", "sim:37", "--platform", "37"]).ok().stderr, "");
    assert_eq!(telit(&["info", "--port", "sim:25-linux", "--platform", "25-linux"]).ok().stderr, "");
}

#[test]
fn a_full_standard_output_is_named() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let child =
        command(&["info", "--port", "sim:37"]).stdout(full).stderr(std::process::Stdio::piped()).spawn();
    let ran = finish(child.unwrap()).failed(1);
    assert!(ran.error().starts_with("standard output cannot be written"), "{ran:?}");
}

#[test]
fn the_conversation_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transcript.txt");
    telit(&["info", "--port", "sim:37", "--transcript", path.to_str().unwrap()]).ok();
    let transcript = std::fs::read_to_string(&path).unwrap();
    assert!(transcript.lines().any(|line| line.ends_with(" > AT+CGMM\\r")), "{transcript}");
}

#[test]
fn logs_go_to_standard_error() {
    let object = telit(&["info", "--port", "sim:37", "--json", "-vv"]).ok().object();
    assert_eq!(object["platform"], "37");
}
