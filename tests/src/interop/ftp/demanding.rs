//! What must be told, or overcome, when a server is set up in a way that modules have trouble with.

use telit_core::Category;
use telit_ftps::{TransferError, TransferMode};

use super::server::{FtpServer, PASSWORD, content};

const MODES: [TransferMode; 2] = [TransferMode::Online, TransferMode::Command];

/// The module never resumes TLS sessions. Source: SSL guide 9.
pub(super) async fn session_reuse_is_told_with_the_setting(server: &FtpServer) {
    let device = server.device().await;
    server.add_file("file.bin", b"here");
    let mut client = server.connect(&device).await;
    let mut errors = Vec::new();
    for mode in MODES {
        errors.push(match client.download("file.bin").mode(mode).await {
            Err(error) => error,
            Ok(mut download) => download.next().await.expect("it fails").expect_err("it fails"),
        });
        errors.push(match client.upload("up.bin", &b"data"[..]).mode(mode).await.expect_err("it fails") {
            TransferError::UploadUnconfirmed { error, .. } => *error,
            error => error,
        });
    }
    errors.push(client.list("").await.expect_err("it fails"));
    for error in errors {
        assert!(matches!(error, TransferError::SessionReuseDemanded { .. }), "{error:?}");
        assert_eq!((error.category(), error.is_resumable()), (Category::Network, false));
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains(server.traits().reuse_setting), "{error}: {hint}");
    }
    assert_eq!(client.size("file.bin").await.expect("the session goes on"), 4);
}

pub(super) async fn an_idle_session_that_was_dropped_is_opened_again(server: &FtpServer) {
    let device = server.device().await;
    server.add_directory("logs");
    server.add_file("logs/file.bin", &content(5000));
    let mut client = server.connect(&device).await;
    client.cwd("logs").await.expect("it is there");
    server.drops_idle_session().await;
    assert_eq!(client.size("file.bin").await.expect("it is asked in a new session"), 5000);
    client.close().await.expect("it closes");
    assert_eq!(device.modem.tls_holder(), None);
}

pub(super) async fn a_private_passive_address_is_ignored(server: &FtpServer) {
    let device = server.device().await;
    server.add_file("file.bin", &content(5000));
    let mut client = server.connect(&device).await;
    let mut download = client.download("file.bin").await.expect("it begins");
    let mut got = Vec::new();
    while let Some(bytes) = download.next().await {
        got.extend_from_slice(&bytes.expect("it arrives"));
    }
    assert!(got == content(5000), "{} bytes", got.len());
    drop(download);
    client.close().await.expect("it closes");
    let options = server.options(PASSWORD).ignore_passive_address(false);
    let mut client = server.connect_with(&device, options).await;
    let error = client.download("file.bin").await.expect_err("nobody is at that address");
    assert!(matches!(error, TransferError::DataConnection { .. }), "{error:?}");
    assert!(error.hint().is_some_and(|hint| hint.contains("public address behind NAT")), "{error}");
}

pub(super) async fn a_server_that_cannot_begin_in_the_middle_is_told(server: &FtpServer) {
    let device = server.device().await;
    server.add_file("file.bin", &content(5000));
    let mut client = server.connect(&device).await;
    for mode in MODES {
        let error = client.download("file.bin").from(3000).mode(mode).await.expect_err("it is refused");
        assert!(matches!(error, TransferError::RestartRefused { offset: 3000, .. }), "{error:?}");
        assert_eq!(error.category(), Category::Refused);
        let mut download = client.download("file.bin").mode(mode).await.expect("it begins");
        let mut got = Vec::new();
        while let Some(bytes) = download.next().await {
            got.extend_from_slice(&bytes.expect("it arrives"));
        }
        assert!(got == content(5000), "{} bytes", got.len());
    }
}
