//! Sessions that are gone.

use telit_ftps::{ConnectError, TransferError};

use crate::scripted_module::{CLOSE, CONFIGURE, OPEN, Script};

#[tokio::test(start_paused = true)]
async fn an_idle_session_that_was_dropped_is_opened_again() {
    let script = Script::connected()
        .refuses("AT#FTPFSIZE=\"f\"", "FTP not connected")
        .on("AT#FTPMSG", "\r\nOK\r\n")
        .closed_and_reopened()
        .size("f", 5)
        .refuses("AT#FTPFSIZE=\"f\"", "FTP read command error")
        .last_message("421 Timeout.")
        .refuses(CLOSE, "FTP not connected")
        .reopened()
        .size("f", 5);
    let (mut client, module) = script.connect().await;
    assert_eq!(client.size("f").await.unwrap(), 5);
    assert_eq!(client.size("f").await.unwrap(), 5);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_session_is_configured_and_returns_to_the_directory() {
    let script = Script::connected()
        .ok("AT#FTPCWD=\"a\"")
        .says("AT#FTPPWD", "257 \"/home/a\" is the current directory")
        .ok("AT#FTPCWD=\"/images\"")
        .ok("AT#FTPCWD=\"new\"")
        .says("AT#FTPPWD", "257 \"/images/new\" is the current directory")
        .refuses("AT#FTPFSIZE=\"f\"", "607")
        .on("AT#FTPMSG", "\r\nERROR\r\n")
        .closed_and_reopened()
        .ok("AT#FTPCWD=\"/images/new\"")
        .size("f", 5);
    let (mut client, module) = script.connect().await;
    for directory in ["a", "/images", "new"] {
        client.cwd(directory).await.unwrap();
    }
    assert_eq!(client.size("f").await.unwrap(), 5);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn going_to_and_fro_leaves_no_trail() {
    let mut script = Script::connected();
    for _ in 0..50 {
        script = script.ok("AT#FTPCWD=\"a\"").says("AT#FTPPWD", "257 \"/a\"");
        script = script.ok("AT#FTPCWD=\"..\"").says("AT#FTPPWD", "257 \"/\"");
    }
    let script = script.refuses("AT#FTPFSIZE=\"f\"", "607").on("AT#FTPMSG", "\r\nERROR\r\n");
    let script = script.closed_and_reopened().ok("AT#FTPCWD=\"/\"").size("f", 5);
    let (mut client, module) = script.connect().await;
    for directory in ["a", ".."].repeat(50) {
        client.cwd(directory).await.unwrap();
    }
    assert_eq!(client.size("f").await, Ok(5));
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_tell_where_it_is_makes_a_short_trail() {
    let mut script = Script::connected();
    for _ in 0..16 {
        script = script.ok("AT#FTPCWD=\"a\"").says("AT#FTPPWD", "257 \"C:\\a\"");
    }
    let script = script.ok("AT#FTPCWD=\"/b\"").ok("AT#FTPCWD=\"a\"").on("AT#FTPPWD", "\r\nERROR\r\n");
    let script = script.refuses("AT#FTPFSIZE=\"f\"", "607").on("AT#FTPMSG", "\r\nERROR\r\n");
    let script = script.closed_and_reopened().ok("AT#FTPCWD=\"/b\"").ok("AT#FTPCWD=\"a\"").size("f", 5);
    let (mut client, module) = script.connect().await;
    for _ in 0..16 {
        client.cwd("a").await.unwrap();
    }
    let error = client.cwd("a").await.unwrap_err();
    assert_eq!(error.category(), telit_core::Category::Usage);
    assert!(error.to_string().ends_with("give a path with a leading slash"), "{error}");
    client.cwd("/b").await.unwrap();
    client.cwd("a").await.unwrap();
    assert_eq!(client.size("f").await, Ok(5));
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_is_gone_is_left_by_an_absolute_path() {
    let gone = |script: Script| {
        let script = script.closed_and_reopened();
        script.refuses("AT#FTPCWD=\"/old\"", "FTP unexpected reply").last_message("550 no")
    };
    let script = Script::connected().ok("AT#FTPCWD=\"/old\"");
    let script = script.refuses("AT#FTPFSIZE=\"f\"", "607").on("AT#FTPMSG", "\r\nERROR\r\n");
    let script = gone(gone(script)).closed_and_reopened();
    let script = script.refuses("AT#FTPCWD=\"/none\"", "FTP unexpected reply").last_message("550 no");
    let script = gone(script).closed_and_reopened().ok("AT#FTPCWD=\"/new\"").size("f", 5);
    let (mut client, module) = script.connect().await;
    client.cwd("/old").await.unwrap();
    assert!(matches!(client.size("f").await, Err(TransferError::Reopen(_))));
    assert!(matches!(client.cwd("images").await, Err(TransferError::Reopen(_))));
    assert!(matches!(client.cwd("/none").await, Err(TransferError::NotFound { .. })));
    assert!(matches!(client.size("f").await, Err(TransferError::Reopen(_))), "it is not where it was");
    client.cwd("/new").await.unwrap();
    assert_eq!(client.size("f").await, Ok(5));
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_reply_was_lost_is_one() {
    let lost = |reply: &str| {
        let script =
            Script::connected().refuses("AT#FTPDELE=\"f\"", "616").last_message("250 to another command");
        let script = script.closed_and_reopened().refuses("AT#FTPDELE=\"f\"", "FTP unexpected reply");
        script.last_message(reply)
    };
    let script = lost("550 f: No such file").refuses("AT#FTPFSIZE=\"f\"", "632").last_message("550 no");
    let (mut client, module) = script.connect().await;
    assert_eq!(client.remove("f").await, Ok(()));
    module.done_after(client).await;

    let (mut client, module) = lost("550 Delete operation failed.").size("f", 5).connect().await;
    let error = client.remove("f").await.unwrap_err();
    assert!(
        matches!(&error, TransferError::SessionLost { .. }) && error.may_have_taken_effect(),
        "{error:?}"
    );
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_run_twice_may_have_been_done_by_the_first_run() {
    for (verb, first, said, in_doubt) in [
        ("MKD", "617", "226 earlier", true),
        ("MKD", "FTP unexpected reply", "421 Timeout", true),
        ("MKD", "FTP not connected", "226 earlier", false),
        ("RMD", "616", "226 earlier", true),
        ("RMD", "607", "226 earlier", false),
    ] {
        let line = format!("AT#FTPCMD=\"{verb} d\",2");
        let script = Script::connected().refuses(&line, first).last_message(said).closed_and_reopened();
        let script = script.refuses(&line, "FTP unexpected reply").last_message("550 d: says nothing");
        let (mut client, module) = script.connect().await;
        let made =
            if verb == "MKD" { client.make_directory("d").await } else { client.remove_directory("d").await };
        let error = made.unwrap_err();
        assert_eq!(matches!(error, TransferError::SessionLost { .. }), in_doubt, "{verb} {first}: {error:?}");
        assert_eq!(error.may_have_taken_effect(), in_doubt, "{verb} {first}: {error:?}");
        module.done_after(client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_stays_lost_leaves_the_command_in_doubt() {
    let script = Script::connected()
        .refuses("AT#FTPDELE=\"f\"", "616")
        .last_message("226 earlier")
        .ok(CLOSE)
        .ok(CONFIGURE)
        .refuses(OPEN, "Cannot resolve name")
        .on("AT#FTPMSG", "\r\nOK\r\n");
    let (mut client, module) = script.connect().await;
    let error = client.remove("f").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the session ended at #FTPDELE: +CME ERROR: 616; the server said: 226 earlier"
    );
    assert!(error.may_have_taken_effect() && error.is_resumable());
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_opened_again_says_why() {
    let script = Script::connected()
        .refuses("AT#FTPFSIZE=\"f\"", "607")
        .on("AT#FTPMSG", "\r\nOK\r\n")
        .ok(CLOSE)
        .ok(CONFIGURE)
        .refuses(OPEN, "Cannot resolve name")
        .on("AT#FTPMSG", "\r\nOK\r\n")
        .closed_and_reopened()
        .size("f", 5);
    let (mut client, module) = script.connect().await;
    let error = client.size("f").await.unwrap_err();
    let TransferError::Reopen(reason) = &error else { panic!("{error:?}") };
    assert!(matches!(**reason, ConnectError::Name { .. }), "{reason:?}");
    assert!(error.is_resumable());
    assert!(!format!("{error:?} {error}").contains("swordfish"));
    assert_eq!(client.size("f").await.unwrap(), 5);
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_port_is_an_error_not_a_hang() {
    let (mut client, module) = Script::connected().connect().await;
    module.unplug();
    let error = client.size("f").await.unwrap_err();
    assert_eq!(error.category(), telit_core::Category::Link);
}
