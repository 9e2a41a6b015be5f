//! The scenarios, the same for every server.

use bytes::BytesMut;
use telit_core::Category;
use telit_ftps::{ConnectError, Download, EntryKind, FtpsClient, TransferError, TransferMode};

use super::server::{FtpServer, PASSWORD, content};

const LARGE: usize = 200_000;
/// Around a block of the module, and around a packet.
const SIZES: [usize; 7] = [0, 1, 1500, 2999, 3000, 3001, LARGE];
const MODES: [TransferMode; 2] = [TransferMode::Online, TransferMode::Command];

pub(super) async fn downloads_are_exact(server: FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    for size in SIZES {
        server.add_file("file.bin", &content(size));
        assert_eq!(client.size("file.bin").await.expect("it is there"), size as u64);
        for mode in MODES {
            let download = client.download("file.bin").mode(mode).await.expect("it begins");
            let got = collect(download).await;
            assert!(got == content(size), "{mode:?}: {} of {size} bytes", got.len());
        }
    }
    client.close().await.expect("it closes");
    assert_eq!(device.modem.tls_holder(), None);
}

pub(super) async fn downloads_begin_where_they_should(server: FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    server.add_file("file.bin", &content(LARGE));
    for mode in MODES {
        for offset in [1, 100_000, LARGE - 1] {
            let download =
                client.download("file.bin").from(offset as u64).mode(mode).await.expect("it begins");
            assert_eq!((download.size(), download.offset()), (LARGE as u64, offset as u64));
            let got = collect(download).await;
            assert!(got == content(LARGE)[offset..], "{mode:?} from {offset}: {} bytes", got.len());
        }
    }
}

pub(super) async fn a_download_that_was_dropped_is_resumed(server: FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    server.add_file("file.bin", &content(LARGE));
    let mut download = client.download("file.bin").mode(TransferMode::Command).await.expect("it begins");
    let mut got = BytesMut::new();
    while got.len() < 50_000 {
        got.extend_from_slice(&download.next().await.expect("there is more").expect("it arrives"));
    }
    drop(download);
    let rest = client.download("file.bin").from(got.len() as u64).await.expect("it goes on");
    got.extend_from_slice(&collect(rest).await);
    assert!(got[..] == content(LARGE)[..], "{} bytes", got.len());
}

pub(super) async fn a_download_to_a_file_is_verified(server: FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    server.add_file("file.bin", &content(LARGE));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("file.bin");
    let report = client.download_to_file("file.bin", &target).resume(true).await.expect("it is downloaded");
    assert_eq!(report.bytes, LARGE as u64);
    assert!(std::fs::read(&target).expect("it is there") == content(LARGE));
    let wrong = "00".repeat(32).parse().expect("it is a hash");
    let other = folder.path().join("other.bin");
    let error =
        client.download_to_file("file.bin", &other).sha256(wrong).await.expect_err("the hash differs");
    assert_eq!(error.category(), Category::Verification, "{error}");
    assert!(!other.exists());
}

pub(super) async fn a_wrong_password_is_refused(server: FtpServer) {
    let device = server.device().await;
    let refused = FtpsClient::connect(&device.modem, server.options("wrong")).await;
    let error = refused.expect_err("the password is wrong");
    assert!(matches!(error, ConnectError::LoginRefused { .. }), "{error:?}");
    assert_eq!(error.category(), Category::Refused);
    assert!(!format!("{error} {error:?}").contains("wrong"), "{error:?}");
    assert_eq!(device.modem.tls_holder(), None);
    FtpsClient::connect(&device.modem, server.options(PASSWORD)).await.expect("the right one is accepted");
}

pub(super) async fn a_missing_file_is_told_and_the_session_goes_on(server: FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    let error = client.download("missing.bin").await.expect_err("it is missing");
    assert!(matches!(&error, TransferError::NotFound { path, .. } if path == "missing.bin"), "{error:?}");
    let error = client.size("missing.bin").await.expect_err("it is missing");
    assert!(matches!(error, TransferError::NotFound { .. }), "{error:?}");
    let error = client.cwd("missing").await.expect_err("it is missing");
    assert!(matches!(error, TransferError::NotFound { .. }), "{error:?}");
    let error = client.remove("missing.bin").await.expect_err("it is missing");
    assert!(matches!(error, TransferError::NotFound { .. }), "{error:?}");
    server.add_file("file.bin", b"here");
    assert_eq!(client.size("file.bin").await.expect("it is there"), 4);
}

pub(super) async fn uploads_are_exact(server: FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    for size in sizes() {
        let name = format!("up-{size}.bin");
        let bytes = client.upload(&name, &content(size)[..]).await.expect("it is uploaded");
        assert_eq!(bytes, size as u64);
        let stored = std::fs::read(server.file(&name)).expect("it is there");
        assert!(stored == content(size), "{} of {size} bytes", stored.len());
    }
    client.append("up-3001.bin", &content(1501)[..]).await.expect("it is appended");
    let both = [content(3001), content(1501)].concat();
    assert!(std::fs::read(server.file("up-3001.bin")).expect("it is there") == both);
    let listing = client.list("").await.expect("it is listed");
    for size in sizes() {
        let name = format!("up-{size}.bin");
        let entry = listing.entries().iter().find(|entry| entry.name() == Some(&name));
        let listed = entry.unwrap_or_else(|| panic!("{name} is not in {listing:?}"));
        let expected = std::fs::metadata(server.file(&name)).expect("it is there").len();
        assert_eq!((listed.kind(), listed.size()), (Some(EntryKind::File), Some(expected)), "{listed:?}");
    }
    client.remove("up-1.bin").await.expect("it is removed");
    assert!(!server.file("up-1.bin").exists());
}

/// An empty file cannot be uploaded. Source: M37 p808.
fn sizes() -> impl Iterator<Item = usize> {
    SIZES.into_iter().filter(|size| *size > 0)
}

async fn collect(mut download: Download<'_>) -> BytesMut {
    let mut got = BytesMut::new();
    while let Some(bytes) = download.next().await {
        got.extend_from_slice(&bytes.expect("it arrives"));
    }
    got
}
