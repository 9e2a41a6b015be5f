//! Downloads to a file.

use std::fs;
use std::path::{Path, PathBuf};

use telit_core::Category;
use telit_ftps::{DownloadError, FtpsClient, Sha256Digest, TransferError, TransferMode};
use tempfile::TempDir;

use crate::scripted_module::Script;

const DATA: &[u8] = b"0123456789";
const HASH: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

struct Disk {
    directory: TempDir,
}

impl Disk {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn target(&self) -> PathBuf {
        self.path("fw.bin")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn hash() -> Sha256Digest {
    HASH.parse().unwrap()
}

fn whole() -> Script {
    Script::connected().size("fw.bin", 10).restart(0).get("fw.bin", DATA)
}

fn cut_after_4() -> Script {
    Script::connected().size("fw.bin", 10).restart(0).get("fw.bin", &DATA[..4]).last_message("426 aborted")
}

async fn resume(client: &mut FtpsClient, target: &Path) -> Result<u64, DownloadError> {
    let download = client.download_to_file("fw.bin", target).resume(true).sha256(hash());
    download.await.map(|report| report.resumed_from)
}

#[tokio::test(start_paused = true)]
async fn a_verified_file_gets_its_name() {
    for mode in [TransferMode::Online, TransferMode::Command] {
        let disk = Disk::new();
        fs::write(disk.target(), "old").unwrap();
        let script = match mode {
            TransferMode::Online => whole(),
            _ => Script::connected()
                .size("fw.bin", 10)
                .restart(0)
                .ok("AT#FTPGETPKT=\"fw.bin\",0")
                .block(10, &DATA[..6])
                .block(4, &DATA[6..])
                .says("AT#FTPGETPKT?", "#FTPGETPKT: fw.bin,0,1"),
        };
        let (mut client, module) = script.connect().await;
        let mut seen = Vec::new();
        let report = client
            .download_to_file("fw.bin", disk.target())
            .sha256(hash())
            .expected_size(10)
            .mode(mode)
            .progress(|progress| seen.push((progress.bytes, progress.total)))
            .await
            .unwrap();
        assert_eq!((report.bytes, report.sha256, report.resumed_from), (10, hash(), 0));
        assert_eq!(seen.last(), Some(&(10, 10)));
        assert_eq!(fs::read(disk.target()).unwrap(), DATA);
        assert_eq!(disk.names(), ["fw.bin"]);
        drop(client);
        module.done().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_keeps_the_part_and_nothing_is_downloaded_twice() {
    let disk = Disk::new();
    let script = cut_after_4()
        .closed_and_reopened()
        .size("fw.bin", 10)
        .restart(4)
        .get("fw.bin", &DATA[4..7])
        .last_message("426 aborted")
        .closed_and_reopened()
        .size("fw.bin", 10)
        .restart(7)
        .get("fw.bin", &DATA[7..]);
    let (mut client, module) = script.connect().await;
    for part in [4, 7] {
        let error = resume(&mut client, &disk.target()).await.unwrap_err();
        assert!(matches!(error, DownloadError::Transfer(TransferError::Truncated { .. })), "{error:?}");
        assert!(error.is_resumable());
        assert_eq!(disk.names(), ["fw.bin.part", "fw.bin.part.state"]);
        assert_eq!(fs::read(disk.path("fw.bin.part")).unwrap(), &DATA[..part]);
    }
    assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 7);
    assert_eq!(fs::read(disk.target()).unwrap(), DATA);
    assert_eq!(disk.names(), ["fw.bin"]);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_part_file_of_another_program_is_resumed_from_its_length() {
    let disk = Disk::new();
    fs::write(disk.path("fw.bin.part"), &DATA[..3]).unwrap();
    let script = Script::connected().size("fw.bin", 10).restart(3).get("fw.bin", &DATA[3..]);
    let (mut client, module) = script.connect().await;
    assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 3);
    assert_eq!(fs::read(disk.target()).unwrap(), DATA);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn part_files_that_cannot_belong_to_the_file_are_thrown_away() {
    // Longer than the file, or the file on the server has another size by now.
    for (part, size_before) in [(&b"0123456789abc"[..], None), (&b"xxx"[..], Some(9))] {
        let disk = Disk::new();
        fs::write(disk.path("fw.bin.part"), part).unwrap();
        if let Some(size) = size_before {
            let state =
                format!("telit-ftps part file 1\nsource files.example:21  fw.bin\nsize {size}\nsha256 \n");
            fs::write(disk.path("fw.bin.part.state"), state).unwrap();
        }
        let (mut client, module) = whole().connect().await;
        assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 0);
        assert_eq!(fs::read(disk.target()).unwrap(), DATA);
        drop(client);
        module.done().await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_resume_the_part_file_is_thrown_away() {
    let disk = Disk::new();
    fs::write(disk.path("fw.bin.part"), "xxx").unwrap();
    let (mut client, module) = whole().connect().await;
    let report = client.download_to_file("fw.bin", disk.target()).await.unwrap();
    assert_eq!((report.resumed_from, report.sha256), (0, hash()));
    assert_eq!(fs::read(disk.target()).unwrap(), DATA);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_complete_part_file_only_needs_its_name() {
    // Killed between the last byte and the renaming.
    let disk = Disk::new();
    fs::write(disk.path("fw.bin.part"), DATA).unwrap();
    let (mut client, module) = Script::connected().size("fw.bin", 10).connect().await;
    assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 10);
    assert_eq!(disk.names(), ["fw.bin"]);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn killed_between_any_two_steps_the_next_attempt_succeeds() {
    let state = "telit-ftps part file 1\nsource files.example:21  fw.bin\nsize 10\nsha256 \n";
    let kills: [(&str, &[(&str, &str)]); 4] = [
        ("the state was half written", &[("fw.bin.part.state", "telit-ftps pa")]),
        ("the state was written", &[("fw.bin.part.state", state)]),
        ("the part was created", &[("fw.bin.part.state", state), ("fw.bin.part", "")]),
        ("the part was renamed", &[("fw.bin.part.state", state), ("fw.bin", "0123456789")]),
    ];
    for (name, files) in kills {
        let disk = Disk::new();
        for (file, content) in files {
            fs::write(disk.path(file), content).unwrap();
        }
        let (mut client, module) = whole().connect().await;
        assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 0, "{name}");
        assert_eq!(fs::read(disk.target()).unwrap(), DATA, "{name}");
        assert_eq!(disk.names(), ["fw.bin"], "{name}");
        drop(client);
        module.done().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_hash_never_gets_the_name() {
    let disk = Disk::new();
    fs::write(disk.target(), "old").unwrap();
    let script = Script::connected().size("fw.bin", 10).restart(0).get("fw.bin", b"01234x6789");
    let (mut client, module) = script.connect().await;
    let error = resume(&mut client, &disk.target()).await.unwrap_err();
    let DownloadError::HashMismatch { expected, got } = error else { panic!("{error:?}") };
    assert_eq!(expected, hash());
    assert_ne!(got, hash());
    assert_eq!(error.category(), Category::Verification);
    assert!(!error.is_resumable());
    assert_eq!(disk.names(), ["fw.bin"]);
    assert_eq!(fs::read(disk.target()).unwrap(), b"old");
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_resumed_file_with_a_wrong_hash_is_downloaded_whole_once() {
    let disk = Disk::new();
    fs::write(disk.path("fw.bin.part"), "01x").unwrap();
    let script = Script::connected()
        .size("fw.bin", 10)
        .restart(3)
        .get("fw.bin", &DATA[3..])
        .restart(0)
        .get("fw.bin", DATA);
    let (mut client, module) = script.connect().await;
    assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 0);
    assert_eq!(fs::read(disk.target()).unwrap(), DATA);
    assert_eq!(disk.names(), ["fw.bin"]);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn another_size_than_promised_downloads_nothing() {
    let disk = Disk::new();
    let (mut client, module) = Script::connected().size("fw.bin", 10).connect().await;
    let error = client.download_to_file("fw.bin", disk.target()).expected_size(11).await.unwrap_err();
    assert_eq!(error, DownloadError::SizeMismatch { expected: 11, got: 10 });
    assert_eq!(error.category(), Category::Verification);
    assert!(disk.names().is_empty());
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_file_is_a_file() {
    let disk = Disk::new();
    let (mut client, module) = Script::connected().size("fw.bin", 0).connect().await;
    let report = client.download_to_file("fw.bin", disk.target()).resume(true).await.unwrap();
    assert_eq!(report.bytes, 0);
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(report.sha256.to_string(), empty);
    assert_eq!(fs::read(disk.target()).unwrap(), b"");
    assert_eq!(disk.names(), ["fw.bin"]);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_download_can_be_resumed() {
    let disk = Disk::new();
    let script = Script::connected()
        .size("fw.bin", 10)
        .restart(0)
        .on("AT#FTPGET=\"fw.bin\"", "\r\nCONNECT\r\n0123")
        .raw("+++", "\r\nNO CARRIER\r\n")
        .closed_and_reopened()
        .size("fw.bin", 10)
        .restart(4)
        .get("fw.bin", &DATA[4..]);
    let (mut client, module) = script.connect().await;
    let (sender, arrived) = tokio::sync::oneshot::channel();
    let mut sender = Some(sender);
    let download = client.download_to_file("fw.bin", disk.target()).progress(move |progress| {
        if progress.bytes == 4 {
            sender.take().unwrap().send(()).unwrap();
        }
    });
    tokio::select! {
        result = async { download.await } => panic!("{result:?}"),
        arrived = arrived => arrived.unwrap(),
    }
    assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 4);
    assert_eq!(fs::read(disk.target()).unwrap(), DATA);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn files_that_cannot_be_written_are_named() {
    let disk = Disk::new();
    let (mut client, module) = Script::connected().size("fw.bin", 10).connect().await;
    let target = disk.path("no/such/directory/fw.bin");
    let error = client.download_to_file("fw.bin", &target).await.unwrap_err();
    let DownloadError::File { kind, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*kind, std::io::ErrorKind::NotFound);
    assert!(error.to_string().contains("fw.bin.part"), "{error}");
    let error = client.download_to_file("fw.bin", "/").await.unwrap_err();
    assert_eq!(error.category(), Category::Usage);
    drop(client);
    module.done().await;
}
