//! What the TLS options ask for, and what the tool says where a platform cannot do it.

use crate::harness::{Ran, telit};

fn ca() -> String {
    format!("{}/../core/tests/credentials/ca.pem", env!("CARGO_MANIFEST_DIR"))
}

/// A request to a host that nobody knows: whoever gets that far has a TLS set-up that the platform takes.
fn get(platform: &str, options: &[&str]) -> Ran {
    let (port, ca) = (format!("sim:{platform}"), ca());
    let mut arguments =
        vec!["--port", &port, "--apn", "iot.test", "https", "get", "https://nowhere.test/", "--ca", &ca];
    arguments.extend(options);
    telit(&arguments)
}

#[track_caller]
fn refused(platform: &str, options: &[&str], error: &str, hint: &str) {
    let ran = get(platform, options).failed(2);
    assert!(ran.error().contains(error), "{ran:#?}");
    let hints = ran.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default();
    assert!(hints.contains(hint), "{ran:#?}");
}

#[test]
fn a_platform_without_modern_suites_names_the_nearest() {
    refused(
        "30",
        &[],
        "platform 30 cannot choose a recommended cipher suite (ECDHE or DHE with AES-GCM) for servers with RSA \
         certificates",
        "the strongest that it can be pinned to is TLS_DHE_RSA_WITH_AES_256_CBC_SHA256: choose \
         CipherPolicy::Compatible (--cipher compatible)",
    );
    get("30", &["--cipher", "compatible"]).failed(5);
    get("30", &["--cipher", "TLS_RSA_WITH_AES_128_CBC_SHA256"]).failed(5);
    refused("30", &["--cipher", "compatible", "--server-key", "ecdsa"], "ECDSA", "(--server-key rsa)");
    refused("30", &["--min-tls", "1.3"], "platform 30 does not have TLS 1.3", "(--min-tls 1.2)");
}

#[test]
fn every_opt_out_is_named_by_the_refusal_before_it() {
    let mut options = Vec::new();
    for (error, hint, option) in [
        ("does not check host names", "--danger-skip-host-check", "--danger-skip-host-check"),
        ("does not send the server name (SNI)", "--no-sni", "--no-sni"),
        (
            "cannot choose a recommended cipher suite",
            "--danger-platform-ciphers",
            "--danger-platform-ciphers",
        ),
    ] {
        refused("12", &options, error, hint);
        options.push(option);
    }
    get("12", &options).failed(5);
}

#[test]
fn suites_are_chosen_in_one_way() {
    refused(
        "37",
        &["--cipher", "compatible", "--cipher", "0xC02F"],
        "--cipher has a policy",
        "alone, or suites",
    );
    refused(
        "37",
        &["--cipher", "0xC02F", "--danger-platform-ciphers"],
        "cipher suites are chosen in several ways",
        "give one of",
    );
    refused(
        "37",
        &["--cipher", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"],
        "the cipher suite TLS_RSA_WITH_3DES_EDE_CBC_SHA is not offered: 3DES is open to Sweet32",
        "(--danger-cipher)",
    );
    let unknown = get("37", &["--cipher", "modern"]).failed(2);
    assert!(unknown.error().contains("recommended, or compatible"), "{unknown:#?}");
    get("25-linux", &["--danger-cipher", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"]).failed(2);
}

#[test]
fn several_authorities_in_one_file_need_a_mask() {
    let bundle = tempfile::NamedTempFile::new().unwrap();
    let folder = format!("{}/../core/tests/credentials", env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
    std::fs::write(bundle.path(), [read("ca.pem"), read("self_signed.pem")].concat()).unwrap();
    let path = bundle.path().to_str().unwrap();
    refused(
        "30",
        &["--ca", path, "--cipher", "compatible"],
        "platform 30 uses at most 1 CA certificate at once",
        "leave out CN=pinned.test,O=Test only",
    );
    get("37", &["--ca", path]).failed(5);
}
