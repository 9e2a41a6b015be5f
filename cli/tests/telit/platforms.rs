//! Every platform: what the tool says of it, and what it refuses there.

use serde_json::json;

use crate::harness::{Ran, telit};

const ALL: [&str; 11] = ["10", "13", "16", "12", "20", "23", "25-linux", "25-threadx", "30", "37", "52"];

/// Runs a command on a virtual module of this platform, which is found out or named: refusals are the same.
fn refused(platform: &str, words: &[&str]) -> Ran {
    let port = format!("sim:{platform}");
    let words = [words, &["--apn", "iot.test", "--port", &port]].concat();
    let found = telit(&words).failed(2);
    let named = telit(&[&words[..], &["--platform", platform]].concat()).failed(2);
    assert_eq!(found.stderr, named.stderr);
    found
}

#[test]
fn info_says_which_it_is_and_what_it_can() {
    for platform in ALL {
        let object = telit(&["info", "--json", "--port", &format!("sim:{platform}")]).ok().object();
        assert_eq!(object["platform"], platform);
        let product = object["products"][0].as_str().unwrap();
        let capabilities = object["capabilities"].as_array().unwrap();
        assert!(capabilities.iter().any(|one| one["capability"] == "TLS sockets"), "{object}");
        assert!(!product.is_empty());
    }
    let text = telit(&["info", "--port", "sim:25-linux"]).ok().stdout;
    assert!(text.contains("\nplatform   25-linux (LE910Cx)\n"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("no       server name (SNI) ")), "{text}");
}

#[test]
fn mqtt_without_a_client_in_the_module() {
    let words =
        ["mqtt", "pub", "--host", "h", "--client-id", "c", "--topic", "t", "--message", "m", "--plain"];
    for platform in ["10", "23"] {
        let ran = refused(platform, &words);
        let expected = format!(
            "error: this module (platform {platform}) has no MQTT client of its own\nhint: let MQTT run on this computer: \
             engine auto or host (MqttOptions::engine, --engine), with TLS\n"
        );
        assert_eq!(ran.stderr, expected);
        // It does not take a network to know that.
        let port = format!("sim:{platform}");
        let words =
            ["mqtt", "sub", "--host", "h", "--client-id", "c", "--topic", "t", "--plain", "--port", &port];
        assert_eq!(telit(&words).failed(2).stderr, expected);
    }
}

#[test]
fn https_without_tls_in_the_modules_client_goes_from_this_computer() {
    for platform in ["25-linux", "25-threadx"] {
        let port = format!("sim:{platform}");
        let words = [
            "https",
            "get",
            "https://h.test/",
            "--danger-no-verify",
            "--no-sni",
            "--cipher",
            "compatible",
            "-q",
            "--apn",
            "iot.test",
            "--port",
            &port,
        ];
        let ran = telit(&words).failed(5);
        assert!(ran.stderr.starts_with("error: h.test was not found: "), "{}", ran.stderr);
    }
}

#[test]
fn implicit_tls_where_it_is_not_offered() {
    let words = ["ftps", "size", "ftps+implicit://h/f", "--danger-no-verify", "-q"];
    for platform in ["12", "37"] {
        let ran = refused(platform, &words);
        let expected =
            format!("error: platform {platform} cannot do implicit TLS\nhint: use explicit TLS (AUTH TLS)\n");
        assert_eq!(ran.stderr, expected);
    }
}

#[test]
fn what_the_platform_cannot_verify_has_to_be_waived_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, telit_simulator::servers::Authority::new().unwrap().certificate_pem()).unwrap();
    let words = ["https", "get", "https://h/", "--ca", ca.to_str().unwrap(), "-q"];
    let ran = refused("12", &words);
    assert!(ran.error().contains("platform 12"), "{ran:?}");
    assert!(ran.stderr.contains("--"), "{ran:?}");
    assert_eq!(ran.stdout, "");
    assert_eq!(json!(ran.code), json!(2));
}
