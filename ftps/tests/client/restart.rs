//! The module restarts under a session.

use telit_core::exclusive::Service;
use telit_core::modem::{ServiceChange, ServiceEvents};
use telit_core::{Category, CommandError};
use telit_ftps::{ConnectError, TransferError, TransferMode};

use crate::scripted_module::{CLOSE, CONFIGURE, CONFIGURE_OFF, OPEN, Script};

/// What the services told so far.
async fn told(events: &mut ServiceEvents, count: usize) -> Vec<ServiceChange> {
    let mut changes = Vec::new();
    for _ in 0..count {
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event.service, Service::Ftp);
        changes.push(event.change);
    }
    changes
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_is_set_up_anew_and_returns_to_the_directory() {
    let script = Script::connected()
        .ok("AT#FTPCWD=\"/images\"")
        .restarted("AT#FTPFSIZE=\"f\"")
        .on("AT#FTPMSG", "\r\nERROR\r\n")
        .refuses(CLOSE, "FTP not connected")
        .ok(CONFIGURE_OFF)
        .reopened()
        .ok("AT#FTPCWD=\"/images\"")
        .size("f", 5);
    let (modem, mut client, module) = script.connect_watched().await;
    let mut events = modem.service_events();
    client.cwd("/images").await.unwrap();
    let before = module.lines().len();
    assert_eq!(client.size("f").await.unwrap(), 5);
    let lines = module.lines()[before..].to_vec();
    let position = |line: &str| lines.iter().position(|sent| sent.starts_with(line)).unwrap();
    let checked = position("AT#SSLSECCFG?");
    assert!(
        position(CLOSE) < checked && checked < position(CONFIGURE),
        "TLS is checked before the login: {lines:?}"
    );
    let changes = told(&mut events, 2).await;
    assert_eq!(changes[0], ServiceChange::Lost { reason: "the module has restarted".into() });
    assert!(matches!(changes[1], ServiceChange::Resumed { .. }), "{changes:?}");
    drop((modem, client));
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_others_have_noticed_is_no_surprise() {
    let script = Script::connected()
        .restarted("AT+CSQ")
        .refuses(CLOSE, "FTP not connected")
        .ok(CONFIGURE_OFF)
        .reopened()
        .size("f", 5);
    let (modem, mut client, module) = script.connect_watched().await;
    let signal = telit_core::at::CommandLine::execute("+CSQ");
    let exchange = telit_core::at::Exchange::new(signal, telit_core::at::Expect::result());
    modem.channel().execute(exchange).await.unwrap_err();
    assert_eq!(modem.health().now().restarts, 1);
    assert_eq!(client.size("f").await.unwrap(), 5);
    drop((modem, client));
    module.done().await;
}

/// The password never goes to a module that has not been told to use TLS.
#[tokio::test(start_paused = true)]
async fn a_restart_during_the_login_ends_it_before_the_password() {
    let script = Script::connected()
        .refuses("AT#FTPFSIZE=\"f\"", "607")
        .on("AT#FTPMSG", "\r\nOK\r\n")
        .ok(CLOSE)
        .restarts()
        .ok(CONFIGURE)
        .refuses(CLOSE, "FTP not connected")
        .ok(CONFIGURE_OFF)
        .reopened()
        .size("f", 5);
    let (modem, mut client, module) = script.connect_watched().await;
    let error = client.size("f").await.unwrap_err();
    assert_eq!(error, TransferError::Reopen(Box::new(ConnectError::ModuleRestarted)));
    assert!(error.is_resumable() && error.is_module_restart());
    assert_eq!(error.category(), Category::Link);
    assert_eq!(client.size("f").await.unwrap(), 5);
    drop((modem, client));
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_download_names_the_restart_and_the_next_operation_works() {
    for mode in [TransferMode::Command, TransferMode::Online] {
        let script = Script::connected().size("f", 10).restart(0);
        let script = match mode {
            TransferMode::Command => script
                .ok("AT#FTPGETPKT=\"f\",0")
                .block(10, b"0123")
                .restarted("AT#FTPRECV=6")
                .on("AT#FTPMSG", "\r\nERROR\r\n"),
            // Nobody notices until nothing has come for too long.
            _ => script.on("AT#FTPGET=\"f\"", "\r\nCONNECT\r\n0123").restarts().raw("+++", b""),
        };
        let script = script.refuses(CLOSE, "FTP not connected").ok(CONFIGURE_OFF).reopened().size("f", 10);
        let (modem, mut client, module) = script.connect_watched().await;
        let mut events = modem.service_events();
        let mut download = client.download("f").mode(mode).await.unwrap();
        assert_eq!(download.next().await.unwrap().unwrap(), &b"0123"[..]);
        let error = download.next().await.unwrap().unwrap_err();
        assert!(matches!(error, TransferError::ModuleRestarted { .. }), "{mode:?}: {error:?}");
        assert!(error.is_resumable());
        assert!(!error.may_have_taken_effect());
        assert!(download.next().await.is_none());
        drop(download);
        assert_eq!(client.size("f").await.unwrap(), 10);
        let changes = told(&mut events, 2).await;
        assert_eq!(changes[0], ServiceChange::Lost { reason: error.to_string() });
        assert!(matches!(changes[1], ServiceChange::Resumed { .. }), "{changes:?}");
        drop((modem, client));
        module.done().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_the_restart_swallowed_names_it() {
    let script = Script::connected()
        .on("AT#FTPDELE=\"f\"", "")
        .restarts()
        .refuses(CLOSE, "FTP not connected")
        .ok(CONFIGURE_OFF)
        .reopened()
        .size("g", 1);
    let (modem, mut client, module) = script.connect_watched().await;
    let error = client.remove("f").await.unwrap_err();
    let TransferError::ModuleRestarted { error: cause } = &error else { panic!("{error:?}") };
    assert!(matches!(**cause, TransferError::Link(CommandError::TimedOut { .. })), "{cause:?}");
    assert!(error.may_have_taken_effect(), "nobody knows whether the server deleted it");
    assert_eq!(client.size("g").await.unwrap(), 1);
    drop((modem, client));
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_says_that_the_server_may_have_a_part() {
    let script = Script::connected()
        .ok("AT#FTPPUT=\"f\",1")
        .on("AT#FTPAPPEXT=2", "\r\n> ")
        .raw("ab", "\r\n#FTPAPPEXT: 2\r\n\r\nOK\r\n")
        .restarted("AT#FTPAPPEXT=1,1")
        .on("AT#FTPMSG", "\r\nERROR\r\n");
    let (modem, mut client, module) = script.connect_watched().await;
    let error = client.upload("f", &b"abc"[..]).await.unwrap_err();
    let TransferError::UploadUnconfirmed { sent: 2, error: cause } = &error else { panic!("{error:?}") };
    assert!(matches!(**cause, TransferError::ModuleRestarted { .. }), "{cause:?}");
    assert!(error.may_have_taken_effect() && error.is_module_restart());
    assert!(!error.is_resumable(), "the data are gone");
    drop((modem, client));
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn connecting_names_the_restart() {
    let script = Script::new().ok(CONFIGURE).restarted(OPEN).on("AT#FTPMSG", "\r\nERROR\r\n");
    let (modem, module) = script.start_watched().await;
    let error = telit_ftps::FtpsClient::connect(&modem, crate::scripted_module::options()).await.unwrap_err();
    assert_eq!(error, ConnectError::ModuleRestarted);
    drop(modem);
    module.done().await;
}

/// A listing has no length: only the server's last word tells that it is whole.
#[tokio::test(start_paused = true)]
async fn a_listing_that_nobody_confirms_is_not_whole() {
    let script = Script::connected()
        .on("AT#FTPLIST", "\r\nCONNECT\r\na.bin\r\n\r\nNO CARRIER\r\n")
        .restarted("AT#FTPMSG");
    let (modem, mut client, module) = script.connect_watched().await;
    let error = client.list("").await.unwrap_err();
    assert!(matches!(error, TransferError::ModuleRestarted { .. }), "{error:?}");
    drop((modem, client));
    module.done().await;
}
