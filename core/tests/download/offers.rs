//! What a server offers decides what becomes of what is held.

use std::fs;
use std::sync::Mutex;
use std::time::Duration;

use telit_core::download::{DownloadError, Progress, Retry};

use crate::server::{Cut, DATA, Folder, Server, hash};

#[tokio::test]
async fn it_goes_on_behind_what_is_held_and_says_so() {
    let (server, folder) = (Server::new(DATA), Folder::new());
    server.state().version = Some("\"7\"".into());
    server.leave(&folder, 4).await;
    let report = server.download(&folder).resume(true).await.unwrap();
    assert_eq!((report.bytes, report.resumed_from, report.sha256), (10, 4, hash()));
    folder.holds(DATA);
    let state = server.state();
    let held = state.told[0].as_ref().unwrap();
    assert_eq!((held.bytes, held.size, held.version.as_deref()), (4, 10, Some("\"7\"")));
    assert!(!held.is_hash_known);
    assert_eq!(state.begun, [4]);
}

/// What is shown of it neither starts from zero nor counts what was there before as having come now.
#[tokio::test(start_paused = true)]
async fn a_resumed_download_is_shown_from_what_is_held_on() {
    let (server, folder) = (Server::new(DATA), Folder::new());
    server.leave(&folder, 4).await;
    server.state().pace = Duration::from_millis(700);
    server.state().cuts = [2].into();
    let shown = Mutex::new(Vec::new());
    let download = server.download(&folder).resume(true);
    let show = |progress: Progress| {
        let left = progress.left.map(|left| left.as_millis());
        shown.lock().unwrap().push((progress.bytes, progress.total, progress.rate, left));
    };
    download.progress(show).await.unwrap();
    let expected = [
        (4, 10, None, None),
        (5, 10, None, None),
        // Two bytes in 1.4 seconds.
        (6, 10, Some(1), Some(4000)),
        // Another attempt.
        (6, 10, None, None),
        (7, 10, None, None),
        (8, 10, Some(1), Some(2000)),
        (9, 10, Some(1), Some(1000)),
        (10, 10, Some(1), Some(0)),
    ];
    assert_eq!(*shown.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_server_that_does_not_resume_is_asked_for_all_of_it() {
    let (server, folder) = (Server::new(DATA), Folder::new());
    server.leave(&folder, 4).await;
    {
        let mut state = server.state();
        state.resumes = false;
        // Other bytes, so that a mixture would show.
        state.data = b"abcdefghij"[..].into();
        state.cuts = [3, 5].into();
    }
    let report = server.download(&folder).resume(true).await.unwrap();
    assert_eq!((report.resumed_from, report.attempts), (0, 3));
    folder.holds(b"abcdefghij");
    assert_eq!(server.state().begun, [0, 0, 0]);
}

#[tokio::test]
async fn another_version_is_another_file() {
    let (server, folder) = (Server::new(DATA), Folder::new());
    server.state().version = Some("\"7\"".into());
    server.leave(&folder, 4).await;
    server.state().version = Some("\"8\"".into());
    server.state().data = b"abcdefghij"[..].into();
    assert_eq!(server.download(&folder).resume(true).await.unwrap().resumed_from, 0);
    folder.holds(b"abcdefghij");
}

/// It is seen at the next attempt too, not at the next call only.
#[tokio::test]
async fn a_file_that_changes_between_two_attempts_is_downloaded_whole() {
    let (server, folder) = (Server::new(DATA), Folder::new());
    server.state().version = Some("\"7\"".into());
    server.state().cuts = [4].into();
    let changing = server.clone();
    let download = server.download(&folder).on_retry(move |retrying| {
        assert_eq!((retrying.attempt, retrying.because, retrying.bytes), (2, Cut, 4));
        changing.state().version = Some("\"8\"".into());
        changing.state().data = b"abcdefghij"[..].into();
    });
    assert_eq!(download.await.unwrap().attempts, 2);
    folder.holds(b"abcdefghij");
    assert_eq!(server.state().begun, [0, 0]);
}

#[tokio::test]
async fn another_name_is_another_file_unless_the_hash_is_the_same() {
    for (hash, resumed_from) in [(None, 0), (Some(hash()), 4)] {
        let (server, folder) = (Server::new(DATA), Folder::new());
        server.state().cuts = [4].into();
        let download = server.download(&folder).retry(Retry::never());
        let earlier = match hash {
            Some(hash) => download.sha256(hash).await,
            None => download.await,
        };
        assert_eq!(earlier, Err(DownloadError::Transfer(Cut)));
        server.state().name = "mirror fw-1.bin".into();
        let download = server.download(&folder).resume(true);
        let report = match hash {
            Some(hash) => download.sha256(hash).await,
            None => download.await,
        };
        assert_eq!(report.unwrap().resumed_from, resumed_from);
        folder.holds(DATA);
    }
}

#[tokio::test]
async fn a_size_that_nobody_tells_is_asked_for() {
    let (server, folder) = (Server::new(DATA), Folder::new());
    server.state().tells_size = false;
    assert_eq!(server.download(&folder).await, Err(DownloadError::SizeUnknown));
    assert!(folder.names().is_empty());
    server.download(&folder).expected_size(10).await.unwrap();
    folder.holds(DATA);
    for (expected, got) in [(11, 10), (9, 10)] {
        let error = server.download(&folder).expected_size(expected).await.unwrap_err();
        assert_eq!(error, DownloadError::SizeMismatch { expected, got });
    }
    assert_eq!(fs::read(folder.target()).unwrap(), DATA);
}

#[tokio::test]
async fn what_does_not_fit_is_not_begun() {
    let folder = Folder::new();
    let server = Server::new(DATA);
    server.state().tells_size = false;
    fs::write(folder.target(), "old").unwrap();
    // More than any disk has.
    let size = 1 << 62;
    let error = server.download(&folder).expected_size(size).await.unwrap_err();
    let DownloadError::NoSpace { folder: path, needed, free } = &error else { panic!("{error:?}") };
    assert_eq!(*path, folder.target().parent().unwrap());
    assert!(*needed > size && *free < size, "{error}");
    assert!(!error.is_resumable());
    assert!(server.state().begun.is_empty());
    assert_eq!(folder.names(), ["fw.bin"]);
    assert_eq!(fs::read(folder.target()).unwrap(), b"old");
}

#[tokio::test(start_paused = true)]
async fn attempts_in_vain_end_it_and_are_told() {
    let (server, folder) = (Server::new(DATA), Folder::new());
    server.state().cuts = [2, 0, 0, 0].into();
    let error = server.download(&folder).retry(Retry::default().max_attempts(3)).await.unwrap_err();
    assert_eq!(error, DownloadError::Transfer(Cut));
    assert_eq!(server.state().begun, [0, 2, 2, 2]);
    assert_eq!(server.state().gave_up, ["cut"]);
}
