//! Directories, listings and deleting.

use std::time::Duration;

use telit_core::{Category, CommandError};
use telit_ftps::{EntryKind, TransferError};
use tokio::time::Instant;

use crate::scripted_module::Script;

#[tokio::test(start_paused = true)]
async fn directories() {
    let script = Script::connected()
        .says("AT#FTPPWD", "#FTPPWD: 257 \"/\"")
        .ok("AT#FTPCWD=\"images\"")
        .says("AT#FTPPWD", "257 \"/images\" is the current directory")
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
async fn a_listing_is_whole_when_the_server_says_so() {
    const LISTING: &str = "\r\nCONNECT\r\n-rw-r--r-- 1 u g 5 Jan 05 10:31 a\r\n\r\nNO CARRIER\r\n";
    let late = Script::connected()
        .on("AT#FTPLIST", LISTING)
        .last_message("150 Here comes the directory listing.")
        .on("AT#FTPMSG", "\r\nOK\r\n")
        .last_message("226 Directory send OK.")
        .size("next", 1);
    let (mut client, module) = late.connect().await;
    assert_eq!(client.list("").await.unwrap().entries().len(), 1);
    assert_eq!(client.size("next").await, Ok(1), "the session is still good");
    module.done_after(client).await;

    for (said, code) in
        [("\r\n150 Here it comes\r\n", Some(150)), ("", None), ("\r\n200 Type set\r\n", Some(200))]
    {
        let mut script = Script::connected().on("AT#FTPLIST", LISTING);
        for _ in 0..11 {
            script = script.on("AT#FTPMSG", format!("{said}\r\nOK\r\n"));
        }
        let (mut client, module) = script.closed_and_reopened().size("next", 1).connect().await;
        let error = client.list("").await.unwrap_err();
        let TransferError::Truncated { reply, .. } = &error else { panic!("{error:?}") };
        assert_eq!(reply.as_ref().and_then(telit_ftps::ServerReply::code), code);
        assert_eq!(client.size("next").await, Ok(1));
        module.done_after(client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_listing_in_a_session_that_was_dropped_opens_it_again_once() {
    let dropped =
        |script: Script| script.refuses("AT#FTPLIST", "FTP not connected").last_message("421 Timeout.");
    let script = dropped(Script::connected())
        .closed_and_reopened()
        .on("AT#FTPLIST", "\r\nCONNECT\r\na.bin\r\n\r\nNO CARRIER\r\n")
        .last_message("226 Done");
    let script = dropped(dropped(script).closed_and_reopened());
    let (mut client, module) = script.connect().await;
    assert_eq!(client.list("").await.unwrap().raw(), &b"a.bin\r\n"[..]);
    assert!(matches!(client.list("").await, Err(TransferError::SessionLost { .. })));
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_listing_without_end_has_one() {
    let mut script = Script::connected().on("AT#FTPLIST", "\r\nCONNECT\r\n");
    for _ in 0..50 {
        script = script.raw("", "a").after(Duration::from_secs(51));
    }
    let (modem, module) = script.start();
    let mut client =
        telit_ftps::FtpsClient::connect(&modem, crate::scripted_module::options()).await.unwrap();
    let begun = Instant::now();
    let error = client.list("").await.unwrap_err();
    let waited = Duration::from_secs(20 * 60);
    assert_eq!(error, TransferError::ListingTooSlow { got: 23, waited });
    assert_eq!(begun.elapsed().as_secs(), waited.as_secs());
    module.unplug();
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
async fn listings_of_facts_and_of_dos() {
    let facts = "type=file;size=5368709120;modify=20240123102000; big one.bin\r\ntype=dir; old\r\n";
    let dos = "01-23-24  10:20AM       <DIR>          old\r\n01-23-24  10:20AM       329463 fw.bin\r\n";
    let listing = |script: Script, lines: &str| {
        let answer = format!("\r\nCONNECT\r\n{lines}\r\nNO CARRIER\r\n");
        script.on("AT#FTPLIST", answer).last_message("226 Done")
    };
    let (mut client, module) = listing(listing(Script::connected(), facts), dos).connect().await;
    let of_facts = client.list("").await.unwrap();
    assert_eq!(of_facts.raw(), facts.as_bytes());
    let [big, old] = of_facts.entries() else { panic!("{of_facts:?}") };
    assert_eq!((big.name(), big.size()), (Some("big one.bin"), Some(5_368_709_120)));
    assert_eq!((old.name(), old.kind()), (Some("old"), Some(EntryKind::Directory)));
    let of_dos = client.list("").await.unwrap();
    assert_eq!(of_dos.raw(), dos.as_bytes());
    let [old, firmware] = of_dos.entries() else { panic!("{of_dos:?}") };
    assert_eq!((old.name(), old.kind()), (Some("old"), Some(EntryKind::Directory)));
    assert_eq!((firmware.name(), firmware.size()), (Some("fw.bin"), Some(329_463)));
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn renaming_and_directories() {
    let script = Script::connected()
        .says("AT#FTPCMD=\"RNFR a.part\",3", "350 File exists, ready for destination name")
        .says("AT#FTPCMD=\"RNTO a b\",2", "250 Rename successful")
        .says("AT#FTPCMD=\"MKD logs\",2", "257 \"/logs\" - Directory successfully created")
        .says("AT#FTPCMD=\"RMD logs\",2", "250 RMD command successful");
    let (mut client, module) = script.connect().await;
    client.rename("a.part", "a b").await.unwrap();
    client.make_directory("logs").await.unwrap();
    client.remove_directory("logs").await.unwrap();
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_server_says_to_renaming_and_to_directories() {
    let refused = |script: Script, line: &str, reply: &str| {
        script.refuses(&format!("AT#FTPCMD={line}"), "FTP unexpected reply").last_message(reply)
    };
    let script = refused(Script::connected(), "\"RNFR a\",3", "550 a: No such file or directory");
    let script = script.says("AT#FTPCMD=\"RNFR a\",3", "350 Ready");
    let script = refused(script, "\"RNTO b\",2", "550 Rename failed.");
    let script = refused(script, "\"MKD d\",2", "550 d: File exists");
    let script = refused(script, "\"RMD d\",2", "550 d: No such file or directory");
    let (mut client, module) = script.size("f", 1).connect().await;
    let missing = client.rename("a", "b").await.unwrap_err();
    assert!(matches!(&missing, TransferError::NotFound { path, .. } if path == "a"), "{missing:?}");
    let refused = client.rename("a", "b").await.unwrap_err();
    assert!(matches!(refused, TransferError::Refused { .. }), "{refused:?}");
    let exists = client.make_directory("d").await.unwrap_err();
    assert!(matches!(exists, TransferError::Refused { .. }), "{exists:?}");
    assert!(exists.to_string().ends_with("; the server said: 550 d: File exists"), "{exists}");
    let missing = client.remove_directory("d").await.unwrap_err();
    assert!(matches!(&missing, TransferError::NotFound { path, .. } if path == "d"), "{missing:?}");
    assert_eq!(client.size("f").await.unwrap(), 1, "the session is still good");
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn firmware_that_passes_nothing_on_cannot_rename() {
    let script = Script::connected().on("AT#FTPCMD=?", "\r\nERROR\r\n");
    let (mut client, module) = script.connect().await;
    let errors = [
        client.rename("a", "b").await.unwrap_err(),
        client.make_directory("a").await.unwrap_err(),
        client.remove_directory("a").await.unwrap_err(),
    ];
    let texts = errors.map(|error| error.to_string());
    let expected = [
        "platform 37 cannot rename files",
        "platform 37 cannot make directories",
        "platform 37 cannot remove directories",
    ];
    assert_eq!(texts, expected);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_path_has_room_for_its_command() {
    let (mut client, module) = Script::connected().connect().await;
    let error = client.make_directory(&"d".repeat(197)).await.unwrap_err();
    let expected = "invalid path: with its command it has 201 characters, the module takes at most 200";
    assert_eq!(error.to_string(), expected);
    module.done_after(client).await;
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
            ("rename", client.rename(&path, "to").await),
            ("rename to", client.rename("from", &path).await),
            ("make_directory", client.make_directory(&path).await),
            ("remove_directory", client.remove_directory(&path).await),
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
