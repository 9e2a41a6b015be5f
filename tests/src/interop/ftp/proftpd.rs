//! `ProFTPD`. Unpacked beside an installed server it is found on `PATH`, and its modules beside it.

use std::path::Path;
use std::process::Command;

use telit_core::Category;
use telit_ftps::TransferError;

use super::server::{FtpServer, HOME, NOBODY, PASSWORD, USER, is_root, prepare};
use crate::interop::client;
use crate::interop::program::{required, skip};
use crate::interop::server::Server;

const WITHOUT_REUSE: &str = "TLSOptions NoSessionReuseRequired";

scenarios! {
    downloads_are_exact
    downloads_begin_where_they_should
    a_download_that_was_dropped_is_resumed
    a_download_to_a_file_is_verified
    a_wrong_password_is_refused
    a_missing_file_is_told_and_the_session_goes_on
    uploads_are_exact
}

/// The module never resumes TLS sessions. Source: SSL guide 9.
#[tokio::test]
async fn a_server_that_demands_session_reuse_is_told() {
    let Some(server) = start_with("").await else { return };
    let device = server.device().await;
    server.add_file("file.bin", b"here");
    let mut client = server.connect(&device).await;
    let error = match client.download("file.bin").await {
        Err(error) => error,
        Ok(mut download) => download.next().await.expect("it fails").expect_err("it fails"),
    };
    assert!(matches!(error, TransferError::SessionReuseDemanded { .. }), "{error:?}");
    assert_eq!(error.category(), Category::Network);
    assert!(error.hint().is_some_and(|hint| hint.contains("NoSessionReuseRequired")), "{error}");
}

async fn start() -> Option<FtpServer> {
    start_with(WITHOUT_REUSE).await
}

async fn start_with(tls_options: &str) -> Option<FtpServer> {
    let program = required("proftpd", "proftpd-core, its TLS module in proftpd-mod-crypto")?;
    let (folder, credentials) = prepare();
    if !is_root(folder.path()) {
        skip("ProFTPD has to be started by root");
        return None;
    }
    write_users(folder.path()).await;
    let server = Server::start(folder, |folder, [port]| {
        let file = folder.join("proftpd.conf");
        let modules = program.parent().and_then(Path::parent).expect("it is in a folder").join("lib/proftpd");
        let text = configuration(folder, port, &modules, tls_options);
        std::fs::write(&file, text).expect("the folder is writable");
        let mut command = Command::new(&program);
        command.arg("-n").arg("-c").arg(file);
        command
    });
    Some(FtpServer::new(server.await, credentials))
}

async fn write_users(folder: &Path) {
    let mut hash = tokio::process::Command::new("openssl");
    let hash = client::succeed(hash.args(["passwd", "-6", "-stdin"]), PASSWORD.as_bytes()).await;
    let (hash, home) = (String::from_utf8_lossy(&hash).into_owned(), folder.join(HOME));
    let line = format!("{USER}:{}:{NOBODY}:{NOBODY}::{}:/bin/false\n", hash.trim(), home.display());
    let file = folder.join("users");
    std::fs::write(&file, line).expect("the folder is writable");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("it is our file");
}

fn configuration(folder: &Path, port: u16, modules: &Path, tls_options: &str) -> String {
    let (folder, modules) = (folder.display(), modules.display());
    format!(
        "
ModulePath {modules}
LoadModule mod_tls.c
ServerType standalone
DefaultAddress 127.0.0.1
Port {port}
UseIPv6 off
UseReverseDNS off
User root
Group root
WtmpLog off
DelayTable none
ControlsEngine off
ScoreboardFile none
PidFile {folder}/pid
SystemLog {folder}/system.log
AuthOrder mod_auth_file.c
AuthUserFile {folder}/users
RequireValidShell off
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
MasqueradeAddress 127.0.0.1
TLSEngine on
TLSRequired on
TLSProtocol TLSv1.2 TLSv1.3
TLSLog {folder}/tls.log
TLSRSACertificateFile {folder}/server.pem
TLSRSACertificateKeyFile {folder}/server.key
{tls_options}
"
    )
}
