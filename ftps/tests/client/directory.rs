//! Directories, listings and deleting.

use telit_core::{Category, CommandError};
use telit_ftps::{EntryKind, TransferError};

use crate::scripted_module::Script;

#[tokio::test(start_paused = true)]
async fn directories() {
    let script = Script::connected()
        .says("AT#FTPPWD", "#FTPPWD: 257 \"/\"")
        .ok("AT#FTPCWD=\"images\"")
        .says("AT#FTPPWD", "257 \"/images\" is the current directory")
        .refuses("AT#FTPCWD=\"none\"", "FTP unexpected reply")
        .last_message("550 Failed to change directory.")
        .last_message("550 Failed to change directory.");
    let (mut client, module) = script.connect().await;
    assert_eq!(client.pwd().await.unwrap(), "/");
    client.cwd("images").await.unwrap();
    assert_eq!(client.pwd().await.unwrap(), "/images");
    assert!(matches!(client.cwd("none").await, Err(TransferError::NotFound { .. })));
    assert_eq!(client.last_message().await.unwrap().unwrap().code(), Some(550));
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn listings() {
    let lines = "total 4\r\n-rw-r--r-- 1 u g 329463 Jan 05 10:31 fw.bin\r\ndrwxr-xr-x 2 u g 4096 Jan 05 10:31 old\r\n";
    let script = Script::connected()
        .on("AT#FTPLIST", format!("\r\nCONNECT\r\n{lines}\r\nNO CARRIER\r\n"))
        .last_message("226 Directory send OK.")
        .on("AT#FTPLIST=\"none\"", "\r\nCONNECT\r\n\r\nNO CARRIER\r\n")
        .last_message("226 Transfer done (but failed to open directory).");
    let (mut client, module) = script.connect().await;
    let listing = client.list("").await.unwrap();
    assert_eq!(listing.raw(), lines.as_bytes());
    let entries = listing.entries();
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].name(), entries[0].size()), (Some("fw.bin"), Some(329_463)));
    assert_eq!(entries[1].kind(), Some(EntryKind::Directory));
    assert!(client.list("none").await.unwrap().entries().is_empty());
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_was_cut_is_no_listing() {
    let script = Script::connected()
        .on("AT#FTPLIST", "\r\nCONNECT\r\n-rw-r--r-- 1 u g 5 Jan\r\nNO CARRIER\r\n")
        .last_message("426 Failure writing network stream.")
        .closed_and_reopened()
        .on("AT#FTPLIST=\"d\"", "\r\nNO CARRIER\r\n")
        .last_message("425 Can't open data connection.");
    let (mut client, module) = script.connect().await;
    assert!(matches!(client.list("").await, Err(TransferError::Truncated { .. })));
    assert!(matches!(client.list("d").await, Err(TransferError::DataConnection { .. })));
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_listing_may_hold_what_looks_like_its_end() {
    let lines = "-rw-r--r-- 1 u g 5 Jan 05 10:31 a\r\nNO CARRIER\r\n-rw-r--r-- 1 u g 5 Jan 05 10:31 b\r\n";
    let script = Script::connected()
        .on("AT#FTPLIST", format!("\r\nCONNECT\r\n{lines}\r\nNO CARRIER\r\n"))
        .last_message("226 Directory send OK.")
        .size("next", 1);
    let (mut client, module) = script.connect().await;
    let listing = client.list("").await.unwrap();
    assert_eq!(listing.raw(), lines.as_bytes());
    assert_eq!(listing.entries().last().unwrap().name(), Some("b"));
    assert_eq!(client.size("next").await.unwrap(), 1, "the session is still good");
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn words_of_the_server_that_look_like_the_result_are_not_taken_for_it() {
    let script = Script::connected()
        .says("AT#FTPMSG", "230-Welcome\r\nOK\r\n230 Logged in")
        .says("AT#FTPPWD", "257-\"/a\"\r\nOK\r\n257 \"/b\"")
        .size("next", 1);
    let (mut client, module) = script.connect().await;
    let half_read = [client.last_message().await.map(drop), client.pwd().await.map(drop)];
    for result in half_read {
        assert!(matches!(result, Err(TransferError::Link(CommandError::Unexpected { .. }))), "{result:?}");
    }
    assert_eq!(client.size("next").await.unwrap(), 1, "the port is in step");
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn deleting() {
    let script = Script::connected()
        .ok("AT#FTPDELE=\"a\"")
        .refuses("AT#FTPDELE=\"b\"", "FTP unexpected reply")
        .last_message("550 Delete operation failed.");
    let (mut client, module) = script.connect().await;
    client.remove("a").await.unwrap();
    assert!(matches!(client.remove("b").await, Err(TransferError::NotFound { .. })));
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_late_server_has_the_last_word_on_deleting() {
    let late = |reply: &str| {
        Script::connected()
            .on("AT#FTPDELE=\"f\"", "\r\nERROR\r\n")
            .on("AT#FTPMSG", "\r\nOK\r\n")
            .on("AT#FTPMSG", "\r\nOK\r\n")
            .last_message(reply)
    };
    let done = late("250 Delete operation successful.")
        .refuses("AT#FTPFSIZE=\"f\"", "FTP file not found")
        .last_message("550 Could not get file size.");
    let (mut client, module) = done.connect().await;
    client.remove("f").await.unwrap();
    drop(client);
    module.done().await;

    let (mut client, module) = late("550 Delete operation failed.").connect().await;
    assert!(matches!(client.remove("f").await, Err(TransferError::NotFound { .. })));
    drop(client);
    module.done().await;

    let (mut client, module) = late("450 File busy.").size("f", 5).connect().await;
    assert!(matches!(client.remove("f").await, Err(TransferError::Refused { .. })));
    drop(client);
    module.done().await;
}

/// What could end a line or a string, and what modules and terminals edit with, anywhere in a path.
fn unsendable() -> impl Iterator<Item = String> {
    let bad = ["\r", "\n", "\0", "\u{1a}", "\u{1b}", "\u{8}", "\u{7f}", "\u{85}", "\"", "é", "\u{2028}"];
    bad.into_iter().flat_map(|bad| [format!("{bad}a/b"), format!("a/{bad}/b"), format!("a/b{bad}")])
}

#[tokio::test(start_paused = true)]
async fn paths_that_could_end_the_line_or_the_string_are_refused_before_a_byte_is_sent() {
    let (mut client, module) = Script::connected().connect().await;
    let said = module.lines().len();
    for path in unsendable() {
        let refused = [
            ("size", client.size(&path).await.map(drop)),
            ("download", client.download(&*path).await.map(drop)),
            ("upload", client.upload(&path, &b"data"[..]).await.map(drop)),
            ("append", client.append(&path, &b"data"[..]).await.map(drop)),
            ("list", client.list(&path).await.map(drop)),
            ("remove", client.remove(&path).await),
            ("cwd", client.cwd(&path).await),
        ];
        for (what, refused) in refused {
            let error = refused.expect_err(what);
            assert_eq!(error.category(), Category::Usage, "{what} {path:?}: {error:?}");
        }
        let part = std::env::temp_dir().join("telit-unsendable");
        client.download_to_file(&*path, &part).await.map(drop).expect_err("download to a file");
        assert!(!part.exists());
    }
    assert_eq!(module.lines().len(), said, "{:?}", module.lines());
    drop(client);
    module.done().await;
}
