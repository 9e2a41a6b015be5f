//! Connecting and closing.

use std::time::Duration;

use telit_core::Category;
use telit_core::exclusive::{Holder, Service};
use telit_core::tls::{TlsFailure, TlsOptions};
use telit_ftps::{ConnectError, FtpsClient, FtpsOptions};
use tokio::time::timeout;

use crate::scripted_module::{BINARY, CLOSE, CONFIGURE, CONFIGURE_OFF, OPEN, Script, options};

#[tokio::test(start_paused = true)]
async fn the_sequence_of_the_guide_and_back() {
    let (modem, module) = Script::connected().ok(CLOSE).ok(CONFIGURE_OFF).start();
    let client = FtpsClient::connect(&modem, options()).await.unwrap();
    assert_eq!(modem.tls_holder(), Some(Service::Ftp));
    let lines = module.lines();
    let at = |wanted: &str| lines.iter().position(|line| line == wanted).unwrap();
    let order = [at("AT#SSLEN=1,1"), at("AT#SSLEN=1,0"), at(CONFIGURE), at(OPEN), at(BINARY)];
    assert!(order.is_sorted(), "{lines:?}");
    assert!(lines[order[0]..order[1]].iter().any(|line| line.starts_with("AT#SSLSECCFG=")));
    client.close().await.unwrap();
    assert_eq!(modem.tls_holder(), None);
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn options_become_parameters() {
    let open = "AT#FTPOPEN=\"[2001:db8::7]:2121\",\"user\",\"swordfish\",0,1";
    let script = Script::new().ok("AT#FTPCFG=905,0,1,0").ok(open).ok(BINARY);
    let (modem, module) = script.start();
    let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
    let options = FtpsOptions::new("2001:db8::7", "user", "swordfish", tls)
        .port(2121)
        .active()
        .ignore_passive_address(false)
        .extended_commands(true)
        .timeout(Duration::from_millis(90_500));
    drop(FtpsClient::connect(&modem, options).await.unwrap());
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn plain_ftp_touches_no_tls() {
    let script = Script::new().ok(CONFIGURE_OFF).ok(OPEN).ok(BINARY).ok(CLOSE);
    let (modem, module) = script.start();
    let options = FtpsOptions::danger_plain("files.example", "user", "swordfish");
    FtpsClient::connect(&modem, options).await.unwrap().close().await.unwrap();
    let lines = module.lines();
    assert!(!lines.iter().any(|line| line.starts_with("AT#SSL") && !line.ends_with('?')), "{lines:?}");
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_left_behind_is_closed_first() {
    let script = Script::new().ok(CONFIGURE).refuses(OPEN, "Already connected").ok(CLOSE).ok(OPEN).ok(BINARY);
    let (client, module) = script.connect().await;
    drop(client);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_shows_the_reply_and_never_the_password() {
    let script = Script::new()
        .ok(CONFIGURE)
        .refuses(OPEN, "FTP login incorrect")
        .last_message("530 Login incorrect.")
        // The next owner finds and ends what is left.
        .says("AT#FTPCFG?", "#FTPCFG: 600,1,1,1")
        .ok(CLOSE)
        .ok("AT#FTPCFG=600,1,0")
        .reopened();
    let (modem, module) = script.start();
    let error = FtpsClient::connect(&modem, options()).await.unwrap_err();
    assert_eq!(error.to_string(), "the server refuses the login; the server said: 530 Login incorrect.");
    assert_eq!(error.category(), Category::Refused);
    assert!(!format!("{error:?} {:?}", error.hint()).contains("swordfish"));
    assert_eq!(modem.tls_holder(), None);
    drop(FtpsClient::connect(&modem, options()).await.unwrap());
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_without_tls_is_never_used_without_it() {
    let script = Script::new()
        .ok(CONFIGURE)
        .refuses(OPEN, "FTP unexpected reply")
        .last_message("502 Not implemented.");
    let (modem, module) = script.start();
    let error = FtpsClient::connect(&modem, options()).await.unwrap_err();
    assert!(matches!(error, ConnectError::AuthTlsRefused { .. }), "{error:?}");
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_handshake_is_explained() {
    let script = Script::new()
        .ok(CONFIGURE)
        .refuses(OPEN, "SSL error during handshake")
        .on("AT#FTPMSG", "\r\nERROR\r\n");
    let (modem, module) = script.start();
    let error = FtpsClient::connect(&modem, options()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { failure: TlsFailure::Handshake, .. }), "{error:?}");
    assert_eq!(error.category(), Category::Network);
    assert!(error.hint().unwrap().contains("CA certificate"));
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn unusable_options_send_nothing() {
    let tls = || TlsOptions::builder().danger_skip_verification().build().unwrap();
    let (modem, module) = Script::new().start();
    let unusable = [
        FtpsOptions::new("files.example", "user", "sword\"fish", tls()),
        FtpsOptions::new("files.example:21", "user", "swordfish", tls()),
        FtpsOptions::new("files.example", "us\rer", "swordfish", tls()),
        FtpsOptions::new("files.example", "", "swordfish", tls()),
        FtpsOptions::new("files.example", "user", "p".repeat(400), tls()),
        options().timeout(Duration::from_secs(9)),
        options().timeout(Duration::from_secs(501)),
        options().implicit_tls(),
    ];
    for options in unusable {
        let error = FtpsClient::connect(&modem, options).await.unwrap_err();
        assert_eq!(error.category(), Category::Usage, "{error}");
        assert!(!format!("{error} {error:?}").contains("fish"));
    }
    assert_eq!(module.lines(), Vec::<String>::new());
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_module_is_an_error_at_once_or_after_the_wait() {
    let (modem, module) = Script::connected().start();
    let lease = modem.acquire_tls(Service::Mqtt).await.unwrap();
    let before = module.lines().len();
    let error = FtpsClient::connect(&modem, options()).await.unwrap_err();
    let ConnectError::Busy(busy) = &error else { panic!("{error:?}") };
    assert_eq!(busy.holder, Holder::Here(Service::Mqtt));
    let waiting = options().tls_wait(Duration::from_secs(5));
    assert!(matches!(FtpsClient::connect(&modem, waiting.clone()).await, Err(ConnectError::Busy(_))));
    assert_eq!(module.lines().len(), before);
    let (client, ()) = tokio::join!(FtpsClient::connect(&modem, waiting), async { lease.release() });
    drop(client.unwrap());
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connect_is_cleaned_up_by_the_next() {
    let script = Script::new()
        .ok(CONFIGURE)
        .ok(OPEN)
        .after(Duration::from_secs(10))
        .says("AT#FTPCFG?", "#FTPCFG: 600,1,1,1")
        .ok(CLOSE)
        .ok("AT#FTPCFG=600,1,0")
        .reopened();
    let (modem, module) = script.start();
    let connecting = timeout(Duration::from_secs(5), FtpsClient::connect(&modem, options()));
    assert!(connecting.await.is_err());
    assert_eq!(modem.tls_holder(), None);
    drop(FtpsClient::connect(&modem, options()).await.unwrap());
    drop(modem);
    module.done().await;
}
