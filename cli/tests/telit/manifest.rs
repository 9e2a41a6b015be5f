//! Downloads whose file a signed manifest describes, from real servers through the virtual module.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use serde_json::json;
use telit_simulator::servers::{TestServers, pattern};

use crate::harness::{Ran, command, finish, telit};
use crate::services::{World, hex};

/// Whoever makes the firmware, with OpenSSL as the documentation says.
struct Maker(PKey<Private>);

impl Maker {
    fn new() -> Self {
        Self(PKey::generate_ed25519().unwrap())
    }

    /// Writes a manifest, its signature and the public key, and tells where they are.
    fn sign(&self, world: &World, image: &[u8]) -> Signed {
        let document = json!({ "size": image.len(), "sha256": hex(image), "version": "2.1.0" }).to_string();
        let signed = Signed { manifest: world.file("fw.json"), key: world.file("verifying.pem") };
        fs::write(&signed.manifest, &document).unwrap();
        fs::write(signed.signature(), self.signature(document.as_bytes())).unwrap();
        fs::write(&signed.key, self.0.public_key_to_pem().unwrap()).unwrap();
        signed
    }

    fn signature(&self, document: &[u8]) -> Vec<u8> {
        Signer::new_without_digest(&self.0).unwrap().sign_oneshot_to_vec(document).unwrap()
    }
}

/// The files of a maker.
struct Signed {
    manifest: String,
    key: String,
}

impl Signed {
    fn signature(&self) -> String {
        format!("{}.sig", self.manifest)
    }

    fn options(&self) -> [&str; 4] {
        ["--manifest", &self.manifest, "--manifest-key", &self.key]
    }
}

const BY_FTPS: [&str; 5] =
    ["ftps", "get", "ftps://device@files.test/fw.bin", "--password-env", "FTP_PASSWORD"];
const BY_HTTPS: [&str; 3] = ["https", "get", "https://rest.test/files/fw.bin"];

fn offer(world: &World, image: &[u8]) {
    world.servers.ftps().put_file("fw.bin", image).unwrap();
    world.servers.rest().put_file("fw.bin", image.to_vec());
}

fn get(world: &World, from: &[&str], target: &str, options: &[&str]) -> Ran {
    world.telit(&[from, &["--output", target, "--json"], options].concat())
}

#[test]
fn the_file_that_was_signed_arrives() {
    let (world, image) = (World::start(), pattern(20_000));
    offer(&world, &image);
    let signed = Maker::new().sign(&world, &image);
    for (from, name) in [(&BY_FTPS[..], "by_ftps"), (&BY_HTTPS, "by_https")] {
        let target = world.file(name);
        let object = get(&world, from, &target, &signed.options()).ok().object();
        let told = [&object["bytes"], &object["sha256"], &object["version"]];
        assert_eq!(told, [&json!(20_000), &json!(hex(&image)), &json!("2.1.0")], "{name}");
        assert_eq!(fs::read(&target).unwrap(), image, "{name}");
    }
}

#[test]
fn a_manifest_may_come_from_standard_input_and_the_key_from_the_command_line() {
    let (world, image) = (World::start(), pattern(5000));
    offer(&world, &image);
    let maker = Maker::new();
    let signed = maker.sign(&world, &image);
    let (target, key) = (world.file("fw.bin"), BASE64.encode(maker.0.raw_public_key().unwrap()));
    let signature = world.file("signature");
    fs::rename(signed.signature(), &signature).unwrap();
    let how = ["--manifest", "-", "--manifest-key", &key, "--manifest-signature", &signature];
    let words = [&BY_FTPS[..], &["--output", &target], &how].concat();
    let mut process = command(&world.arguments(&words))
        .env("FTP_PASSWORD", TestServers::FTP_PASSWORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(&fs::read(&signed.manifest).unwrap()).unwrap();
    finish(process).ok();
    assert_eq!(fs::read(&target).unwrap(), image);
}

/// Also where an earlier call has left a part of the right one.
#[test]
fn what_was_not_signed_gets_no_name() {
    let (world, image) = (World::start(), pattern(20_000));
    let signed = Maker::new().sign(&world, &image);
    let mut damaged = image.clone();
    damaged[19_999] ^= 1;
    let mut swapped = pattern(20_000);
    swapped.reverse();
    let (truncated, longer) = (&image[..19_999], [&image[..], &[0]].concat());
    for from in [&BY_FTPS[..], &BY_HTTPS] {
        for (image, wrong) in [
            (&damaged[..], "the file has the SHA-256 "),
            (&swapped, "the file has the SHA-256 "),
            (truncated, "the file has 19999 bytes, expected 20000"),
            (&longer, "the file has 20001 bytes, expected 20000"),
        ] {
            offer(&world, image);
            let target = world.file("fw.bin");
            let ran = get(&world, from, &target, &[&signed.options()[..], &["--resume"]].concat()).failed(6);
            assert!(ran.error().starts_with(wrong), "{ran:?}");
            assert!(
                ran.stderr.contains("hint: compare what the server offers with what the manifest promises")
            );
            assert!(!fs::exists(&target).unwrap(), "{wrong}");
        }
    }
}

/// Nothing is opened before the manifest is known to be right: no port is named here, and none is missed.
#[test]
fn a_manifest_that_cannot_be_trusted_stops_the_download() {
    let (world, image) = (World::start(), pattern(100));
    let (maker, target) = (Maker::new(), world.file("fw.bin"));
    let signed = maker.sign(&world, &image);
    let document = fs::read(&signed.manifest).unwrap();
    let get = |options: &[&str]| {
        let ca = world.file("ca.pem");
        let mut command = command(&[&BY_FTPS[..], &["--output", &target, "--ca", &ca], options].concat());
        crate::harness::run(command.env("FTP_PASSWORD", TestServers::FTP_PASSWORD))
    };
    let refused = |options: &[&str], code: i32, error: &str, hint: &str| {
        let ran = get(options).failed(code);
        assert_eq!(ran.error(), error);
        assert!(ran.stderr.contains(&format!("hint: {hint}")), "{ran:?}");
    };
    let (manifest, key) = (&signed.manifest, &signed.key);
    let wrong = format!("{manifest}: the signature of the manifest is wrong");
    let changed = "nothing was downloaded: the manifest was changed after it was signed, or it was signed with another key";

    let other = world.file("other.pem");
    fs::write(&other, Maker::new().0.public_key_to_pem().unwrap()).unwrap();
    refused(&["--manifest", manifest, "--manifest-key", &other], 6, &wrong, changed);

    fs::write(manifest, String::from_utf8(document.clone()).unwrap().replace("2.1.0", "9.9.9")).unwrap();
    refused(&signed.options(), 6, &wrong, changed);
    fs::write(manifest, &document).unwrap();

    fs::write(signed.signature(), [0; 63]).unwrap();
    let short = format!("{manifest}: an Ed25519 signature has 64 bytes, not 63");
    refused(&signed.options(), 6, &short, "give the signature as openssl pkeyutl writes it");

    fs::remove_file(signed.signature()).unwrap();
    let missing = format!("{} cannot be read: No such file or directory (os error 2)", signed.signature());
    refused(&signed.options(), 2, &missing, "sign the manifest: openssl pkeyutl -sign -rawin ");

    let no_document = b"size: 100";
    fs::write(manifest, no_document).unwrap();
    fs::write(signed.signature(), maker.signature(no_document)).unwrap();
    let ran = get(&signed.options()).failed(6);
    assert!(ran.error().starts_with(&format!("{manifest}: the manifest cannot be read: ")), "{ran:?}");

    let private = world.file("signing.pem");
    fs::write(&private, maker.0.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let held = format!("{private} holds a private key, which stays where manifests are signed");
    refused(
        &["--manifest", manifest, "--manifest-key", &private],
        2,
        &held,
        "make it from your private key: ",
    );
    let neither = "--manifest-key is neither a file that can be read nor an Ed25519 public key in base64";
    refused(
        &["--manifest", manifest, "--manifest-key", "no.pem"],
        2,
        neither,
        "make it from your private key: ",
    );
    let no_file = world.file("no.json");
    let gone = format!("{no_file}.sig cannot be read: No such file or directory (os error 2)");
    refused(&["--manifest", &no_file, "--manifest-key", key], 2, &gone, "sign the manifest: ");

    let from_stdin = "a manifest from standard input needs --manifest-signature";
    refused(&["--manifest", "-", "--manifest-key", key], 2, from_stdin, "give the file with its signature");
    for options in [
        &["--manifest", manifest][..],
        &["--manifest-key", key],
        &["--manifest-signature", &other],
        &[&signed.options()[..], &["--sha256", &hex(&image)]].concat(),
    ] {
        get(options).failed(2);
    }
    let ca = world.file("ca.pem");
    let include = [&BY_HTTPS[..], &["--output", &target, "-i", "--ca", &ca], &signed.options()].concat();
    assert_eq!(telit(&include).failed(2).error(), "--include has no place beside a file that is verified");
    assert!(!fs::exists(&target).unwrap());
}
