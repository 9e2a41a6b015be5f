//! Downloads to a file.

use std::fs;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::time::Duration;

use telit_core::Category;
use telit_core::tls::TlsOptions;
use telit_ftps::{DownloadError, FtpsClient, FtpsOptions, Retry, Sha256Digest, TransferError, TransferMode};
use tempfile::TempDir;

use crate::scripted_module::{BINARY, CONFIGURE, OPEN, Script};

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

    /// What would be left if the power went now, and how many bytes of it are recorded: the state, and a part
    /// file in which all bytes behind the recorded ones are damaged.
    fn after_power_cut(&self) -> (Self, u64) {
        let left = Self::new();
        // The state first: it may be replaced while the part file is copied.
        let state = fs::read_to_string(self.path("fw.bin.part.state")).unwrap();
        let mut part = fs::read(self.path("fw.bin.part")).unwrap();
        let recorded = state.lines().find_map(|line| line.strip_prefix("safe ")).unwrap();
        let recorded: usize = recorded.parse().unwrap();
        part[recorded..].fill(0);
        fs::write(left.path("fw.bin.part.state"), state).unwrap();
        fs::write(left.path("fw.bin.part"), part).unwrap();
        (left, recorded as u64)
    }
}

/// An attempt that was cut after these bytes.
async fn leave(disk: &Disk, data: &[u8]) {
    let script = Script::connected().size("fw.bin", 10).restart(0).get("fw.bin", data);
    let (mut client, module) = script.last_message("426 aborted").connect().await;
    let download = client.download_to_file("fw.bin", disk.target()).retry(Retry::never());
    let error = download.await.unwrap_err();
    assert!(error.is_resumable(), "{error:?}");
    drop(client);
    module.done().await;
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
    let download =
        client.download_to_file("fw.bin", target).resume(true).sha256(hash()).retry(Retry::never());
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
                .nothing_more()
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
async fn what_a_power_cut_left_behind_the_recorded_bytes_is_downloaded_again() {
    // Without a hash, so that nothing but the record protects the file.
    for tail in [&b""[..], b"4", b"\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\0\0"] {
        let disk = Disk::new();
        leave(&disk, &DATA[..4]).await;
        fs::write(disk.path("fw.bin.part"), [&DATA[..4], tail].concat()).unwrap();
        let script = Script::connected().size("fw.bin", 10).restart(4).get("fw.bin", &DATA[4..]);
        let (mut client, module) = script.connect().await;
        let report = client.download_to_file("fw.bin", disk.target()).resume(true).await.unwrap();
        assert_eq!(report.resumed_from, 4);
        assert_eq!(fs::read(disk.target()).unwrap(), DATA);
        drop(client);
        module.done().await;
    }
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_moment_of_a_long_download_it_is_resumed() {
    let data: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    let size = data.len() as u64;
    let disk = Disk::new();
    let (mut client, module) =
        Script::connected().size("fw.bin", size).restart(0).get("fw.bin", &data).connect().await;
    let mut moments = Vec::new();
    client
        .download_to_file("fw.bin", disk.target())
        .progress(|progress| {
            if progress.bytes >= (moments.len() as u64 + 1) * 25_000 {
                moments.push(disk.after_power_cut());
            }
        })
        .await
        .unwrap();
    drop(client);
    module.done().await;
    assert!(moments.len() > 5, "{} moments", moments.len());
    let mut offsets = Vec::new();
    for (moment, recorded) in moments {
        let rest = &data[usize::try_from(recorded).unwrap()..];
        let script = Script::connected().size("fw.bin", size).restart(recorded).get("fw.bin", rest);
        let (mut client, module) = script.connect().await;
        let report = client.download_to_file("fw.bin", moment.target()).resume(true).await.unwrap();
        assert_eq!(report.resumed_from, recorded);
        assert!(fs::read(moment.target()).unwrap() == data, "resumed from {recorded}");
        assert_eq!(moment.names(), ["fw.bin"]);
        offsets.push(recorded);
        drop(client);
        module.done().await;
    }
    assert!(offsets.last() >= Some(&150_000), "{offsets:?}");
}

#[tokio::test(start_paused = true)]
async fn part_files_that_cannot_belong_to_the_file_are_thrown_away() {
    let damages: [fn(&Disk); 4] = [
        // The part file of another program, and one that has lost its state.
        |disk| fs::remove_file(disk.path("fw.bin.part.state")).unwrap(),
        |disk| fs::write(disk.path("fw.bin.part.state"), "damaged").unwrap(),
        |disk| {
            let state = fs::read_to_string(disk.path("fw.bin.part.state")).unwrap();
            fs::write(disk.path("fw.bin.part.state"), state.replace("safe 4", "safe 3")).unwrap();
        },
        |disk| fs::write(disk.path("fw.bin.part"), "xxx").unwrap(),
    ];
    for damage in damages {
        let disk = Disk::new();
        leave(&disk, &DATA[..4]).await;
        damage(&disk);
        let (mut client, module) = whole().connect().await;
        assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 0);
        assert_eq!(fs::read(disk.target()).unwrap(), DATA);
        drop(client);
        module.done().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_has_another_size_by_now_is_downloaded_whole() {
    let disk = Disk::new();
    leave(&disk, &DATA[..4]).await;
    let script = Script::connected().size("fw.bin", 9).restart(0).get("fw.bin", b"abcdefghi");
    let (mut client, module) = script.connect().await;
    let report = client.download_to_file("fw.bin", disk.target()).resume(true).await.unwrap();
    assert_eq!(report.resumed_from, 0);
    assert_eq!(fs::read(disk.target()).unwrap(), b"abcdefghi");
    drop(client);
    module.done().await;
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
    // A directory that gets that name meanwhile prevents the renaming.
    let disk = Disk::new();
    let target = disk.target();
    let (mut client, module) = whole().size("fw.bin", 10).connect().await;
    let download = client.download_to_file("fw.bin", &target).sha256(hash()).retry(Retry::never());
    let error = download.progress(|_| fs::create_dir_all(&target).unwrap()).await.unwrap_err();
    assert!(matches!(error, DownloadError::File { .. }), "{error:?}");
    fs::remove_dir(disk.target()).unwrap();
    assert_eq!(resume(&mut client, &disk.target()).await.unwrap(), 10);
    assert_eq!(fs::read(disk.target()).unwrap(), DATA);
    assert_eq!(disk.names(), ["fw.bin"]);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn killed_between_any_two_steps_the_next_attempt_succeeds() {
    let begun = Disk::new();
    leave(&begun, b"").await;
    let state = fs::read_to_string(begun.path("fw.bin.part.state")).unwrap();
    assert!(state.contains("safe 0\n"), "{state}");
    let kills: [(&str, &[(&str, &str)]); 5] = [
        ("the state was half written", &[("fw.bin.part.state.new", "telit-ftps pa")]),
        ("the state was written", &[("fw.bin.part.state.new", &state)]),
        ("the state got its name", &[("fw.bin.part.state", &state)]),
        ("the part was created", &[("fw.bin.part.state", &state), ("fw.bin.part", "")]),
        ("the part was renamed", &[("fw.bin.part.state", &state), ("fw.bin", "0123456789")]),
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
    leave(&disk, b"01x").await;
    let script = Script::connected()
        .size("fw.bin", 10)
        .restart(3)
        .get("fw.bin", &DATA[3..])
        .restart(0)
        .ok("AT#FTPGETPKT=\"fw.bin\",0")
        .block(10, DATA)
        .nothing_more()
        .says("AT#FTPGETPKT?", "#FTPGETPKT: fw.bin,0,1");
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
async fn a_file_that_does_not_fit_is_not_begun() {
    let disk = Disk::new();
    let (mut client, module) = Script::connected().size("fw.bin", 1 << 62).connect().await;
    let error = client.download_to_file("fw.bin", disk.target()).await.unwrap_err();
    let DownloadError::NoSpace { needed, free, .. } = error else { panic!("{error:?}") };
    assert!(needed >= 1 << 62 && free < needed);
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

/// A server without REST says so, or sends the file from its start; either way all of it is downloaded once more.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_resumed_is_downloaded_from_its_start() {
    let refused = Script::connected()
        .size("fw.bin", 10)
        .restart(4)
        .refuses("AT#FTPGETPKT=\"fw.bin\",0", "606")
        .last_message("502 REST not implemented");
    let not_obeyed = Script::connected()
        .size("fw.bin", 10)
        .restart(4)
        .ok("AT#FTPGETPKT=\"fw.bin\",0")
        .block(6, b"012345")
        .says("AT#FTPRECV?", "#FTPRECV: 4");
    for script in [refused, not_obeyed] {
        let disk = Disk::new();
        leave(&disk, b"0123").await;
        let script = script
            .closed_and_reopened()
            .size("fw.bin", 10)
            .restart(0)
            .ok("AT#FTPGETPKT=\"fw.bin\",0")
            .block(10, DATA)
            .nothing_more()
            .says("AT#FTPGETPKT?", "#FTPGETPKT: fw.bin,0,1");
        let (mut client, module) = script.connect().await;
        let download = client.download_to_file("fw.bin", disk.target()).resume(true).sha256(hash());
        let report = download.mode(TransferMode::Command).await.unwrap();
        assert_eq!((report.bytes, report.attempts), (10, 2));
        assert_eq!(fs::read(disk.target()).unwrap(), DATA);
        module.done_after(client).await;
    }
}

/// Bytes of another place in the file must not become a file by a later call that has nothing left to download.
#[tokio::test(start_paused = true)]
async fn nothing_is_kept_of_a_download_that_turned_out_too_long() {
    for mode in [TransferMode::Online, TransferMode::Command] {
        let disk = Disk::new();
        leave(&disk, b"0123").await;
        let script = Script::connected().size("fw.bin", 10).restart(4);
        let script = match mode {
            TransferMode::Online => script.get("fw.bin", DATA),
            _ => {
                script.ok("AT#FTPGETPKT=\"fw.bin\",0").block(6, b"012345").says("AT#FTPRECV?", "#FTPRECV: 4")
            }
        };
        let (mut client, module) = script.connect().await;
        let download = client.download_to_file("fw.bin", disk.target()).resume(true).mode(mode);
        let error = download.retry(Retry::never()).await.unwrap_err();
        assert!(
            matches!(error, DownloadError::Transfer(TransferError::TooLong { expected: 6 })),
            "{error:?}"
        );
        assert_eq!(disk.names(), [""; 0]);
        drop(client);
        module.done().await;
    }
}

/// A server that does not begin where it should, and a process that is killed when the last byte stands on the disk and
/// nobody knows yet that more comes: without a hash nothing but the server can tell.
#[tokio::test(start_paused = true)]
async fn killed_before_it_turns_out_too_long_it_finds_out_later() {
    for mode in [TransferMode::Online, TransferMode::Command] {
        let disk = Disk::new();
        leave(&disk, b"0123").await;
        let script = Script::connected().size("fw.bin", 10).restart(4);
        let script = match mode {
            TransferMode::Online => script.on("AT#FTPGET=\"fw.bin\"", "\r\nCONNECT\r\n012345"),
            _ => script.ok("AT#FTPGETPKT=\"fw.bin\",0").block(6, b"012345").on("AT#FTPRECV?", ""),
        };
        let (mut client, _module) = script.connect().await;
        let download = client.download_to_file("fw.bin", disk.target()).resume(true).mode(mode);
        let mut download = download.into_future();
        tokio::time::timeout(Duration::from_secs(5), &mut download).await.unwrap_err();
        assert_eq!(fs::read(disk.path("fw.bin.part")).unwrap(), b"0123012345");
        let (killed, recorded) = disk.after_power_cut();
        assert_eq!(recorded, 9, "{mode:?}");
        let script = Script::connected().size("fw.bin", 10).restart(9);
        let script = match mode {
            TransferMode::Online => script.get("fw.bin", DATA),
            _ => script.ok("AT#FTPGETPKT=\"fw.bin\",0").block(1, b"0").says("AT#FTPRECV?", "#FTPRECV: 9"),
        };
        let script = script.closed_and_reopened().size("fw.bin", 10).restart(0);
        let script = match mode {
            TransferMode::Online => script.get("fw.bin", DATA),
            _ => script
                .ok("AT#FTPGETPKT=\"fw.bin\",0")
                .block(10, DATA)
                .nothing_more()
                .says("AT#FTPGETPKT?", "#FTPGETPKT: fw.bin,0,1"),
        };
        let (mut client, module) = script.connect().await;
        let download = client.download_to_file("fw.bin", killed.target()).resume(true).mode(mode);
        assert_eq!(download.await.unwrap().attempts, 2, "{mode:?}");
        assert_eq!(fs::read(killed.target()).unwrap(), DATA);
        module.done_after(client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_file_belongs_to_one_file_of_one_user() {
    let disk = Disk::new();
    let begun = |script: Script, directory: &str, file: &str, data: &[u8]| {
        let cwd = script.ok(&format!("AT#FTPCWD=\"{directory}\""));
        cwd.says("AT#FTPPWD", &format!("257 \"/{directory}\"")).size(file, 10).restart(0).get(file, data)
    };
    let logged_in = |user: &str| {
        let open = OPEN.replace("user", user);
        Script::new().ok(CONFIGURE).ok(&open).ok(BINARY)
    };
    let cases = [("user", "a b", "c", 4), ("user", "a", "b c", 5), ("other", "a", "b c", 10)];
    for (user, directory, file, length) in cases {
        let script = begun(logged_in(user), directory, file, &DATA[..length]);
        let script = if length < 10 { script.last_message("426 aborted") } else { script };
        let (modem, module) = script.start();
        let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
        let options = FtpsOptions::new("files.example", user, "swordfish", tls);
        let mut client = FtpsClient::connect(&modem, options).await.unwrap();
        client.cwd(directory).await.unwrap();
        let download = client.download_to_file(file, disk.target()).resume(true).retry(Retry::never());
        let resumed_from = download.await.map(|report| report.resumed_from).ok();
        assert_eq!(resumed_from, (length == 10).then_some(0));
        drop((client, modem));
        module.done().await;
    }
    assert_eq!(fs::read(disk.target()).unwrap(), DATA);
}

#[tokio::test(start_paused = true)]
async fn only_a_file_is_replaced() {
    let disk = Disk::new();
    fs::create_dir(disk.target()).unwrap();
    let (mut client, module) = Script::connected().size("fw.bin", 10).connect().await;
    let error = client.download_to_file("fw.bin", disk.target()).await.unwrap_err();
    assert!(error.to_string().contains("it is no regular file"), "{error}");
    assert_eq!(disk.names(), ["fw.bin"]);
    drop(client);
    module.done().await;
}
