//! Signed manifests: what a downloaded file must be, read and verified before the port is opened.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use telit_core::download::{Manifest, ManifestError, ManifestKey};

use crate::failure::Failure;
use crate::transfer;

/// What stands for standard input.
const STDIN: &str = "-";
/// An Ed25519 public key, bare and as a `SubjectPublicKeyInfo`. Source: RFC 8410.
const BARE_KEY: usize = 32;
const WRAPPED_KEY: usize = 44;
/// Makes a key that can be given here.
const MAKE_KEY: &str =
    "make it from your private key: openssl pkey -in signing.pem -pubout -out verifying.pem";

/// Options of downloads whose file a signed manifest describes.
#[derive(Args, Debug)]
pub(crate) struct ManifestArguments {
    /// Signed manifest that tells size and SHA-256 of the file, - for standard input
    #[arg(long, value_name = "FILE", requires_all = ["output", "manifest_key"], conflicts_with = "sha256")]
    manifest: Option<PathBuf>,
    /// Ed25519 public key that the manifest is signed for: a PEM file, or the key in base64
    #[arg(long, value_name = "FILE|BASE64", requires = "manifest")]
    manifest_key: Option<String>,
    /// Detached signature of the manifest [default: the manifest's name with .sig]
    #[arg(long, value_name = "FILE", requires = "manifest")]
    manifest_signature: Option<PathBuf>,
}

impl ManifestArguments {
    pub(crate) fn is_given(&self) -> bool {
        self.manifest.is_some()
    }

    /// The manifest, if there is one and its signature is right.
    pub(crate) fn read(&self) -> Result<Option<Manifest>, Failure> {
        let (Some(path), Some(key)) = (&self.manifest, &self.manifest_key) else { return Ok(None) };
        let key = read_key(key)?;
        let signature = self.signature(path)?;
        let (document, name) = match path.as_os_str() == STDIN {
            true => (read_stdin()?, "the manifest".to_owned()),
            false => (transfer::read_input(path)?, path.display().to_string()),
        };
        let manifest =
            Manifest::verify(&document, &signature, &key).map_err(|error| unusable(&error, &name))?;
        tracing::info!(version = manifest.version(), size = manifest.size(), "the manifest is signed");
        Ok(Some(manifest))
    }

    fn signature(&self, manifest: &Path) -> Result<Vec<u8>, Failure> {
        let path = match &self.manifest_signature {
            Some(path) => path.clone(),
            None if manifest.as_os_str() == STDIN => {
                return Err(Failure::usage("a manifest from standard input needs --manifest-signature")
                    .hint("give the file with its signature"));
            }
            None => beside(manifest),
        };
        transfer::read_input(&path).map_err(|failure| {
            failure.hint(
                "sign the manifest: openssl pkeyutl -sign -rawin -inkey signing.pem -in MANIFEST -out MANIFEST.sig; \
                 --manifest-signature names another file",
            )
        })
    }
}

fn beside(manifest: &Path) -> PathBuf {
    let mut name = OsString::from(manifest);
    name.push(".sig");
    name.into()
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut document = Vec::new();
    io::stdin().read_to_end(&mut document)?;
    Ok(document)
}

/// A file, or the key itself.
fn read_key(file_or_key: &str) -> Result<ManifestKey, Failure> {
    let file = fs::read_to_string(file_or_key);
    let text = file.as_deref().unwrap_or(file_or_key).trim();
    if text.contains("PRIVATE KEY") {
        return Err(Failure::usage(format!(
            "{file_or_key} holds a private key, which stays where manifests are signed"
        ))
        .hint(MAKE_KEY));
    }
    let key =
        if text.starts_with("-----BEGIN") { ManifestKey::from_pem(text).ok() } else { from_base64(text) };
    key.ok_or_else(|| match file {
        Ok(_) => Failure::usage(format!("{file_or_key} holds no usable Ed25519 public key")).hint(MAKE_KEY),
        Err(_) => Failure::usage(
            "--manifest-key is neither a file that can be read nor an Ed25519 public key in base64",
        )
        .hint(MAKE_KEY),
    })
}

fn from_base64(text: &str) -> Option<ManifestKey> {
    let bytes = BASE64.decode(text).ok()?;
    match bytes.len() {
        BARE_KEY => ManifestKey::from_bytes(&bytes.try_into().ok()?).ok(),
        WRAPPED_KEY => {
            ManifestKey::from_pem(&format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"))
                .ok()
        }
        _ => None,
    }
}

fn unusable(error: &ManifestError, name: &str) -> Failure {
    let hint = match error {
        ManifestError::WrongSignature => {
            "nothing was downloaded: the manifest was changed after it was signed, or it was signed with another key"
        }
        ManifestError::SignatureLength { .. } => {
            "give the signature as openssl pkeyutl writes it: 64 bytes, not as text"
        }
        ManifestError::Unreadable { .. } => {
            "it is JSON such as {\"size\": 200000, \"sha256\": \"64 hexadecimal digits\", \"version\": \"1.2.3\"}"
        }
        _ => return Failure::new(error.category(), error).about(name),
    };
    Failure::new(error.category(), error).about(name).hint(hint)
}

/// What a report tells of it.
pub(crate) fn version(manifest: Option<&Manifest>) -> Option<&str> {
    manifest.and_then(Manifest::version)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same key in both forms.
    const WRAPPED: &str = "MCowBQYDK2VwAyEAOLAtsSdZ7wshwgDeRnEWjmrbgyDQHxpuHnaUbOucqnc=";

    #[test]
    fn a_key_may_be_bare_wrapped_or_a_file() {
        let wrapped = read_key(WRAPPED).unwrap();
        let bare = BASE64.encode(&BASE64.decode(WRAPPED).unwrap()[12..]);
        assert_eq!(read_key(&bare).unwrap(), wrapped);
        let folder = tempfile::tempdir().unwrap();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{WRAPPED}\n-----END PUBLIC KEY-----\n");
        for (name, text) in [("pem", pem), ("text", format!("{bare}\n"))] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            assert_eq!(read_key(path.to_str().unwrap()).unwrap(), wrapped, "{name}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.pem");
        let name = path.to_str().unwrap();
        let refused = |text: &str| {
            fs::write(&path, text).unwrap();
            let failure = read_key(name).unwrap_err();
            assert_eq!(failure.exit_code(), 2);
            failure.to_string()
        };
        let private =
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAECAw==\n-----END PRIVATE KEY-----\n";
        assert_eq!(
            refused(private),
            format!("{name} holds a private key, which stays where manifests are signed")
        );
        for text in ["", "x", "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n"] {
            assert_eq!(refused(text), format!("{name} holds no usable Ed25519 public key"), "{text}");
        }
        let neither = "--manifest-key is neither a file that can be read nor an Ed25519 public key in base64";
        for text in ["nowhere.pem", "AAAA"] {
            assert_eq!(read_key(text).unwrap_err().to_string(), neither, "{text}");
        }
    }
}
