//! Only what was signed, or has the hash that was asked for, gets the name.

use std::fs;

use ed25519_dalek::{Signer, SigningKey};
use telit_core::Category;
use telit_core::download::{DownloadError, Manifest, ManifestError, ManifestKey};

use crate::server::{DATA, Folder, HASH, Server};

fn maker() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn key() -> ManifestKey {
    ManifestKey::from_bytes(maker().verifying_key().as_bytes()).unwrap()
}

/// Of [`DATA`].
fn document() -> String {
    format!("{{\"size\": 10, \"sha256\": \"{HASH}\", \"version\": \"2.0\"}}")
}

fn manifest() -> Manifest {
    let signature = maker().sign(document().as_bytes()).to_bytes();
    Manifest::verify(document().as_bytes(), &signature, &key()).unwrap()
}

#[tokio::test]
async fn what_was_signed_gets_its_name() {
    let (server, folder) = (Server::new(DATA), Folder::new());
    server.state().tells_size = false;
    let report = server.download(&folder).manifest(&manifest()).await.unwrap();
    assert_eq!((report.bytes, report.sha256), (10, manifest().sha256()));
    folder.holds(DATA);
}

#[test]
fn a_manifest_of_somebody_else_is_none() {
    let signature = SigningKey::from_bytes(&[43; 32]).sign(document().as_bytes()).to_bytes();
    let error = Manifest::verify(document().as_bytes(), &signature, &key()).unwrap_err();
    assert_eq!(error, ManifestError::WrongSignature);
    assert_eq!(error.category(), Category::Verification);
}

#[tokio::test]
async fn a_damaged_swapped_or_truncated_image_never_gets_the_name() {
    for (image, tells_size) in [
        (&b"012345678x"[..], true),
        (b"9876543210", true),
        (b"012345678", true),
        (b"012345678", false),
        (b"0123456789x", true),
        (b"0123456789x", false),
        (b"", true),
        (b"", false),
    ] {
        let (server, folder) = (Server::new(image), Folder::new());
        server.state().tells_size = tells_size;
        fs::write(folder.target(), "old").unwrap();
        let error = server.download(&folder).resume(true).manifest(&manifest()).await.unwrap_err();
        assert_eq!(error.category(), Category::Verification, "{image:?}: {error:?}");
        assert_eq!(fs::read(folder.target()).unwrap(), b"old", "{image:?}");
        // What was left of it is not used either.
        server.state().data = DATA.into();
        server.download(&folder).resume(true).manifest(&manifest()).await.unwrap();
        folder.holds(DATA);
    }
}

/// Half of one image and half of another, in a part file that looks good.
#[tokio::test]
async fn pieces_of_two_images_are_fetched_again_once() {
    for (later, arrives) in [(DATA, true), (b"0123456zzz", false)] {
        let (server, folder) = (Server::new(b"abcdefghij"), Folder::new());
        server.leave(&folder, 4).await;
        server.state().data = later.into();
        let downloaded = server.download(&folder).resume(true).manifest(&manifest()).await;
        assert_eq!(server.state().begun, [4, 0]);
        assert_eq!(server.state().spoiled, [1], "told once, and before the second one begins");
        match downloaded {
            Ok(report) => assert_eq!((report.resumed_from, arrives), (0, true)),
            Err(error) => {
                assert!(matches!(error, DownloadError::HashMismatch { .. }) && !arrives, "{error:?}");
                assert!(folder.names().is_empty());
            }
        }
    }
}
