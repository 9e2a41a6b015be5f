//! `telit simulate --aws-broker`: AWS IoT Core for whoever has no account.

use std::fs;

use crate::harness::telit;
use crate::simulate::Simulated;

const HOST: &str = "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com";

#[test]
fn a_device_reaches_it_with_the_certificates_from_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (module, lines) = Simulated::start_with_lines(&["--aws-broker", &file("aws")], 1);
    let expected = format!("aws {HOST}:8883 is at 127.0.0.1:");
    assert!(lines[0].starts_with(&expected), "{lines:?}");
    let of = |name: &str| file(&format!("aws/{name}"));
    let rest = format!(
        ", its thing is device: --ca {} --cert {} --key {}\n",
        of("ca.pem"),
        of("device.pem"),
        of("device.key")
    );
    assert!(lines[0].ends_with(&rest), "{lines:?}");
    for name in ["ca.pem", "device.pem", "device.key", "claim.pem", "claim.key"] {
        let text = fs::read_to_string(folder.path().join("aws").join(name)).unwrap();
        assert!(text.starts_with("-----BEGIN "), "{name}");
    }

    let (ca, cert, key) = (file("aws/ca.pem"), file("aws/device.pem"), file("aws/device.key"));
    let words =
        ["mqtt", "pub", "--host", HOST, "--client-id", "device", "--qos", "1", "--port", module.port()];
    let words = [&words[..], &["--ca", &ca, "--cert", &cert, "--key", &key]].concat();
    telit(&[&words[..], &["--topic", "dt/device", "--message", "21"]].concat()).ok();
    // Its rules are known before anything is sent.
    let refused =
        telit(&[&words[..], &["--topic", "a/b/c/d/e/f/g/h/i", "--message", "21"]].concat()).failed(2);
    assert!(refused.error().contains("slashes"), "{refused:?}");
    // What an earlier start has written stays.
    let again =
        telit(&["simulate", "--platform", "37", "--link", &file("other"), "--aws-broker", &file("aws")]);
    assert_eq!(again.failed(2).error(), format!("{} exists already", file("aws/ca.pem")));
    // A start that cannot be writes nothing, which would be in the way of the next one.
    for wrong in [&[][..], &["--platform", "37", "--fault", "nonsense"]] {
        let other = ["simulate", "--link", &file("other"), "--aws-broker", &file("new")];
        telit(&[&other[..], wrong].concat()).failed(2);
        assert!(!fs::exists(file("new")).unwrap(), "{wrong:?}");
    }
    // Where no folder can be.
    let nowhere =
        telit(&["simulate", "--platform", "37", "--link", &file("other"), "--aws-broker", "/dev/null/a"]);
    assert!(nowhere.failed(2).error().starts_with("/dev/null/a cannot be made"));
    // Nobody may publish there.
    telit(&[&words[..], &["--topic", "$aws/events/x", "--message", "21"]].concat()).failed(5);
}
