//! Firmware that arrives whole.

use sha2::{Digest, Sha256};
use telit_core::Category;
use telit_ftps::{FtpsClient, FtpsOptions, Retry, Sha256Digest, TransferMode};
use telit_simulator::servers::{TestServers, pattern};

use crate::rig::{Rig, hostile_payloads};

const NAME: &str = "firmware.bin";

fn hash(data: &[u8]) -> Sha256Digest {
    Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(data)))
}

async fn connect(rig: &Rig) -> FtpsClient {
    FtpsClient::connect(&rig.modem, rig.ftps()).await.expect("it logs in")
}

async fn download(client: &mut FtpsClient, offset: u64, mode: TransferMode) -> Vec<u8> {
    let mut download = client.download(NAME).from(offset).mode(mode).await.expect("it begins");
    let mut data = Vec::new();
    while let Some(piece) = download.next().await {
        data.extend_from_slice(&piece.expect("it goes on"));
    }
    data
}

#[tokio::test]
async fn hostile_files_arrive_exact_in_both_modes() {
    let rig = Rig::start().await;
    let mut client = connect(&rig).await;
    for content in hostile_payloads() {
        rig.servers.ftps().put_file(NAME, &content).expect("it is stored");
        for mode in [TransferMode::Online, TransferMode::Command] {
            assert!(download(&mut client, 0, mode).await == content, "{mode:?}: {content:?}");
        }
    }
    client.close().await.expect("it closes");
    assert_eq!(rig.modem.tls_holder(), None);
}

#[tokio::test]
async fn every_size_around_the_block_and_every_offset() {
    let rig = Rig::start().await;
    let mut client = connect(&rig).await;
    for size in [1, 2999, 3000, 3001, 100_000] {
        let content = pattern(size);
        rig.servers.ftps().put_file(NAME, &content).expect("it is stored");
        assert_eq!(client.size(NAME).await.expect("it is told"), size as u64);
        for mode in [TransferMode::Online, TransferMode::Command] {
            for offset in [0, size / 2, size - 1] {
                let data = download(&mut client, offset as u64, mode).await;
                assert!(data == content[offset..], "{mode:?}: {size} from {offset}");
            }
        }
    }
}

#[tokio::test]
async fn a_cut_download_resumes_where_it_stopped() {
    let rig = Rig::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("fw.bin");
    let image = pattern(300_000);
    rig.servers.ftps().put_file(NAME, &image).expect("it is stored");
    let mut client = connect(&rig).await;
    rig.servers.ftps().cut_next_download_after(120_000);
    let cut = client.download_to_file(NAME, &target).resume(true).sha256(hash(&image));
    let cut = cut.retry(Retry::never()).await;
    let cut = cut.expect_err("the server cut it");
    assert!(cut.is_resumable(), "{cut}");
    assert!(!target.exists(), "an incomplete file has the final name");
    drop(client);
    let mut client = connect(&rig).await;
    let report =
        client.download_to_file(NAME, &target).resume(true).sha256(hash(&image)).await.expect("it resumes");
    assert!(report.resumed_from > 0 && report.resumed_from <= 120_000, "{report:?}");
    assert_eq!(report.bytes, 300_000);
    assert!(std::fs::read(&target).expect("it is there") == image);
    let transfers = rig.servers.ftps().transfers();
    assert_eq!(transfers.last().expect("there were some").offset, report.resumed_from);
    client.close().await.expect("it closes");
}

#[tokio::test]
async fn a_wrong_hash_or_size_never_gets_the_final_name() {
    let rig = Rig::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("fw.bin");
    rig.servers.ftps().put_file(NAME, pattern(10_000)).expect("it is stored");
    let mut client = connect(&rig).await;
    let error = client.download_to_file(NAME, &target).sha256(hash(b"another image")).await;
    assert_eq!(error.expect_err("the hash differs").category(), Category::Verification);
    let error = client.download_to_file(NAME, &target).expected_size(9_999).await;
    assert_eq!(error.expect_err("the size differs").category(), Category::Verification);
    assert!(!target.exists());
}

#[tokio::test]
async fn refused_logins_and_missing_files_are_told_apart() {
    let rig = Rig::start().await;
    let wrong = FtpsOptions::new(TestServers::FILES_NAME, TestServers::FTP_USER, "swordfish", rig.tls());
    let error = FtpsClient::connect(&rig.modem, wrong).await.expect_err("the password is wrong");
    assert_eq!(error.category(), Category::Refused, "{error}");
    assert!(!format!("{error} {error:?}").contains("swordfish"));
    let mut client = connect(&rig).await;
    let error = client.size("missing.bin").await.expect_err("it is not there");
    assert!(matches!(error.category(), Category::Refused | Category::Network), "{error}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    client.download_to_file("missing.bin", folder.path().join("x")).await.expect_err("it is not there");
    rig.servers.ftps().put_file(NAME, b"still usable").expect("it is stored");
    assert_eq!(download(&mut client, 0, TransferMode::Auto).await, b"still usable");
}

#[tokio::test]
async fn uploads_lists_and_removals() {
    let rig = Rig::start().await;
    let mut client = connect(&rig).await;
    for (number, content) in hostile_payloads().into_iter().filter(|content| !content.is_empty()).enumerate()
    {
        let name = format!("up-{number}.bin");
        client.upload(&name, &content[..]).await.expect("it is stored");
        assert!(rig.servers.ftps().read_file(&name).expect("it is there") == content, "{name}");
    }
    client.append("up-0.bin", &b"tail"[..]).await.expect("it is appended");
    assert!(rig.servers.ftps().read_file("up-0.bin").expect("it is there").ends_with(b"tail"));
    let listing = client.list("").await.expect("it is listed");
    assert!(format!("{listing:?}").contains("up-3.bin"));
    client.remove("up-3.bin").await.expect("it is removed");
    rig.servers.ftps().read_file("up-3.bin").expect_err("it is gone");
    assert_eq!(client.pwd().await.expect("it is told"), "/");
}
