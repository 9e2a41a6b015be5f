//! What must go with every server.

use std::fs::metadata;

use bytes::{Bytes, BytesMut};
use telit_core::Category;
use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_ftps::{ConnectError, Download, EntryKind, FtpsClient, FtpsOptions, TransferError, TransferMode};
use telit_simulator::servers::Authority;

use super::server::{FtpServer, HOST, PASSWORD, Tls, content};

const LARGE: usize = 256 * 1024;
/// Around a packet, around a block of the module, and many of them.
const DOWNLOADS: [usize; 7] = [0, 1, 1500, 2999, 3000, 3001, LARGE];
const UPLOADS: [usize; 6] = [1, 1499, 1500, 1501, 3000, LARGE];
/// The escape sequence that ends a file needs silence around it, which takes its time.
const ONLINE_UPLOADS: [usize; 3] = [0, 3001, LARGE];
const MODES: [TransferMode; 2] = [TransferMode::Online, TransferMode::Command];
/// More than 32 bits count.
const BEYOND_4_GIB: u64 = 5 * 1024 * 1024 * 1024 + 3;

pub(super) async fn a_session_has_a_directory_and_gives_tls_back(server: &FtpServer) {
    let device = server.device().await;
    server.add_directory("logs");
    let mut client = server.connect(&device).await;
    let home = client.pwd().await.expect("it is somewhere");
    client.cwd("logs").await.expect("it is there");
    let inside = client.pwd().await.expect("it is somewhere");
    assert_eq!(inside.strip_prefix(&home).map(|name| name.trim_start_matches('/')), Some("logs"));
    let message = client.last_message().await.expect("the module tells it").expect("the server spoke");
    assert_eq!((message.code(), message.is_negative()), (Some(257), false));
    client.cwd(&home).await.expect("it goes back");
    assert_eq!(client.pwd().await.expect("it is somewhere"), home);
    client.close().await.expect("it closes");
    assert_eq!(device.modem.tls_holder(), None);
}

pub(super) async fn a_wrong_password_is_refused(server: &FtpServer) {
    let device = server.device().await;
    let refused = FtpsClient::connect(&device.modem, server.options("wrong")).await;
    let error = refused.expect_err("the password is wrong");
    assert!(matches!(error, ConnectError::LoginRefused { .. }), "{error:?}");
    assert_eq!(error.category(), Category::Refused);
    assert!(!format!("{error} {error:?}").contains("wrong"), "{error:?}");
    assert_eq!(device.modem.tls_holder(), None);
    server.connect(&device).await;
}

pub(super) async fn an_unknown_authority_is_refused(server: &FtpServer) {
    let device = server.device().await;
    let stranger = Authority::new().expect("keys can be made").certificate_pem();
    let ca = CaCertificate::from_pem(stranger.as_bytes()).expect("it is a CA certificate");
    let tls = TlsOptions::builder().ca(ca).build().expect("they fit together");
    let options = server.with_tls_as_it_is(FtpsOptions::new(HOST, server.user(), PASSWORD, tls));
    let error = FtpsClient::connect(&device.modem, options).await.expect_err("nobody knows that authority");
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
    assert_eq!(error.category(), Category::Network);
    assert!(error.hint().is_some_and(|hint| hint.contains("CA certificate")), "{error}: {:?}", error.hint());
    assert_eq!(device.modem.tls_holder(), None);
    server.connect(&device).await;
}

/// A server that waits for a handshake says nothing, so there is nobody to be told by.
pub(super) async fn nothing_goes_without_tls(server: &FtpServer) {
    if server.tls() == Tls::Implicit {
        return;
    }
    let device = server.device().await;
    let options = FtpsOptions::danger_plain(HOST, server.user(), PASSWORD);
    let error = FtpsClient::connect(&device.modem, options).await.expect_err("the server demands TLS");
    // A module that has no session any more does not tell what the server said.
    assert!(matches!(error, ConnectError::LoginRefused { reply: None }), "{error:?}");
    assert_eq!(error.category(), Category::Refused);
    assert!(error.hint().is_some_and(|hint| hint.contains("without TLS")), "{error}: {:?}", error.hint());
    server.connect(&device).await;
}

pub(super) async fn downloads_are_exact(server: &FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    for size in DOWNLOADS {
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

pub(super) async fn downloads_begin_where_they_should(server: &FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    server.add_file("file.bin", &content(LARGE));
    for mode in MODES {
        for offset in [1, 100_000, LARGE - 1, LARGE] {
            let download =
                client.download("file.bin").from(offset as u64).mode(mode).await.expect("it begins");
            assert_eq!((download.size(), download.offset()), (LARGE as u64, offset as u64));
            let got = collect(download).await;
            assert!(got == content(LARGE)[offset..], "{mode:?} from {offset}: {} bytes", got.len());
        }
    }
    let behind = client.download("file.bin").from(LARGE as u64 + 1).await.expect_err("it has no such place");
    assert!(matches!(behind, TransferError::BehindEnd { .. }), "{behind:?}");
}

pub(super) async fn a_download_that_was_dropped_is_resumed(server: &FtpServer) {
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

pub(super) async fn a_download_to_a_file_is_verified(server: &FtpServer) {
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

pub(super) async fn a_file_beyond_4_gib_has_its_size_and_its_end(server: &FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    let end = content(5000);
    server.add_sparse_file("big.bin", BEYOND_4_GIB, &end);
    assert_eq!(client.size("big.bin").await.expect("it is there"), BEYOND_4_GIB);
    for mode in MODES {
        let offset = BEYOND_4_GIB - end.len() as u64;
        let download = client.download("big.bin").from(offset).mode(mode).await.expect("it begins");
        let got = collect(download).await;
        assert!(got == end, "{mode:?}: {} bytes", got.len());
    }
    let listing = client.list("").await.expect("it is listed");
    let listed = listing.entries().iter().find(|entry| entry.name() == Some("big.bin"));
    assert_eq!(listed.and_then(telit_ftps::Entry::size), Some(BEYOND_4_GIB), "{listing:?}");
}

pub(super) async fn a_missing_file_is_told_and_the_session_goes_on(server: &FtpServer) {
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
    client.remove("file.bin").await.expect("it is removed");
    assert!(!server.file("file.bin").exists());
}

pub(super) async fn uploads_are_exact(server: &FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    for (mode, sizes) in [(TransferMode::Command, &UPLOADS[..]), (TransferMode::Online, &ONLINE_UPLOADS[..])]
    {
        for &size in sizes {
            let name = format!("up-{mode:?}-{size}.bin");
            let uploaded = client.upload(&name, &content(size)[..]).mode(mode).await;
            assert_eq!(uploaded.expect("it is uploaded"), size as u64);
            let stored = server.read(&name);
            assert!(stored == content(size), "{mode:?}: {} of {size} bytes", stored.len());
        }
    }
    client.upload("up-Command-3000.bin", &b"shorter"[..]).await.expect("it is uploaded");
    assert_eq!(server.read("up-Command-3000.bin"), b"shorter", "it is replaced");
    client.upload("empty.bin", &b""[..]).await.expect("it is uploaded");
    assert_eq!(server.read("empty.bin"), b"");
}

pub(super) async fn appending_goes_to_the_end(server: &FtpServer) {
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    let mut expected = Vec::new();
    for (size, mode) in
        [(1, TransferMode::Command), (1501, TransferMode::Command), (700, TransferMode::Online)]
    {
        let appended = client.append("log.txt", &content(size)[..]).mode(mode).await;
        assert_eq!(appended.expect("it is appended"), size as u64);
        expected.extend_from_slice(&content(size));
        assert!(server.read("log.txt") == expected, "{mode:?}: {size} bytes");
    }
}

pub(super) async fn listings_are_understood(server: &FtpServer) {
    let device = server.device().await;
    server.add_directory("images of old");
    server.add_file("images of old/a.bin", &content(7));
    server.add_file("fw 1.2.bin", &content(LARGE));
    server.add_file("empty", b"");
    let mut client = server.connect(&device).await;
    let listing = client.list("").await.expect("it is listed");
    let mut listed: Vec<_> = listing
        .entries()
        .iter()
        .map(|entry| {
            (entry.name(), entry.kind(), entry.size().filter(|_| entry.kind() == Some(EntryKind::File)))
        })
        .filter(|(name, ..)| !matches!(name, Some("." | "..")))
        .collect();
    listed.sort_by_key(|(name, ..)| *name);
    let expected = [
        (Some("empty"), Some(EntryKind::File), Some(0)),
        (Some("fw 1.2.bin"), Some(EntryKind::File), Some(LARGE as u64)),
        (Some("images of old"), Some(EntryKind::Directory), None),
    ];
    assert_eq!(listed, expected, "{:?}", listing.raw());
    client.cwd("images of old").await.expect("it is there");
    let inside = client.list("").await.expect("it is listed");
    let names: Vec<_> = inside.entries().iter().filter_map(|entry| entry.name()).collect();
    assert!(names.contains(&"a.bin"), "{inside:?}");
}

pub(super) async fn names_are_taken_as_they_are_or_refused(server: &FtpServer) {
    const NAMES: [&str; 4] = ["two words.bin", "a, b; c=d.bin", "100%'s (new) #1.bin", "Ctrl+Z ~2 +++.bin"];
    let device = server.device().await;
    let mut client = server.connect(&device).await;
    for name in NAMES {
        client.upload(name, name.as_bytes()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(server.read(name), name.as_bytes());
        let download = client.download(name).mode(TransferMode::Command).await.expect("it begins");
        assert_eq!(collect(download).await, name);
    }
    for name in ["a\"b.bin", "größe.bin", "a\r\nDELE b"] {
        let errors = [
            client.size(name).await.map(drop),
            client.upload(name, &b"data"[..]).await.map(drop),
            client.remove(name).await,
        ];
        for error in errors.map(|result| result.expect_err("it cannot be sent")) {
            assert!(matches!(error, TransferError::Invalid(_)), "{name:?}: {error:?}");
        }
    }
    assert_eq!(std::fs::read_dir(server.file("")).expect("it is there").count(), NAMES.len());
}

/// Some servers refuse to tell the size of a text.
pub(super) async fn sizes_are_asked_for_in_binary(server: &FtpServer) {
    let device = server.device().await;
    server.add_file("text.txt", b"one\ntwo\nthree\n");
    let mut client = server.connect(&device).await;
    let line = CommandLine::verbatim("AT#FTPTYPE=1").expect("it can be sent");
    let ascii = Exchange::new(line, Expect::result());
    device.modem.channel().execute(ascii).await.expect("somebody else chooses text");
    let size = client.size("text.txt").await.expect("it is told nevertheless");
    // Servers that do tell it may count the line ends as they would be sent.
    assert!([14, 17].contains(&size), "{size}");
}

pub(super) async fn renaming_and_directories_where_the_firmware_can(server: &FtpServer) {
    let device = server.device().await;
    server.add_file("fw.part", &content(3001));
    let mut client = server.connect(&device).await;
    if server.tls() == Tls::Implicit {
        let error = client.rename("fw.part", "fw.bin").await.expect_err("platform 52 has no command for it");
        assert_eq!(error.to_string(), "platform 52 cannot rename files");
        return;
    }
    client.rename("fw.part", "fw new.bin").await.expect("it is renamed");
    assert!(server.read("fw new.bin") == content(3001));
    assert!(!server.file("fw.part").exists());
    let error = client.rename("fw.part", "fw.bin").await.expect_err("it is gone");
    assert!(matches!(error, TransferError::NotFound { .. }), "{error:?}");
    client.make_directory("new logs").await.expect("it is made");
    assert!(metadata(server.file("new logs")).expect("it is there").is_dir());
    let error = client.make_directory("new logs").await.expect_err("it is there already");
    assert!(matches!(error, TransferError::Refused { .. }), "{error:?}");
    client.upload("new logs/a.txt", &b"a"[..]).await.expect("it is stored there");
    client.remove("new logs/a.txt").await.expect("it is removed");
    client.remove_directory("new logs").await.expect("it is removed");
    assert!(!server.file("new logs").exists());
    assert_eq!(client.size("fw new.bin").await.expect("the session goes on"), 3001);
}

async fn collect(mut download: Download<'_>) -> Bytes {
    let mut got = BytesMut::new();
    while let Some(bytes) = download.next().await {
        got.extend_from_slice(&bytes.expect("it arrives"));
    }
    got.freeze()
}
