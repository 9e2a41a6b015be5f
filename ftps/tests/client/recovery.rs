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
        .ok("AT#FTPCWD=\"/images\"")
        .ok("AT#FTPCWD=\"new\"")
        .refuses("AT#FTPFSIZE=\"f\"", "607")
        .on("AT#FTPMSG", "\r\nERROR\r\n")
        .closed_and_reopened()
        .ok("AT#FTPCWD=\"/images\"")
        .ok("AT#FTPCWD=\"new\"")
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
