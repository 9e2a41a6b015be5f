//! `ProFTPD`. Unpacked beside an installed server it is found on `PATH`, and its modules beside it.

use std::path::Path;
use std::process::Command;

use super::server::{FtpServer, HOME, Manner, NOBODY, PASSWORD, PRIVATE_ADDRESS, Tls, Traits, USER, prepare};
use crate::interop::client;
use crate::interop::program::required;
use crate::interop::server::{OUTPUT, Server};

const TRAITS: Traits = Traits {
    reuse_setting: "TLSOptions NoSessionReuseRequired",
    idle_mark: (OUTPUT, "idle timeout"),
    directory: None,
};

pub(super) async fn start(tls: Tls, manner: Manner) -> Option<FtpServer> {
    let program = required("proftpd", "proftpd-core, its TLS module in proftpd-mod-crypto")?;
    let (folder, credentials) = prepare("ProFTPD")?;
    write_users(folder.path()).await;
    let server = Server::start(folder, |folder, [port]| {
        let file = folder.join("proftpd.conf");
        let modules = program.parent().and_then(Path::parent).expect("it is in a folder").join("lib/proftpd");
        let text = configuration(folder, port, &modules) + &more(tls, manner);
        std::fs::write(&file, text).expect("the folder is writable");
        let mut command = Command::new(&program);
        command.arg("-n").arg("-c").arg(file);
        command
    });
    Some(FtpServer::new(server.await, credentials, tls, TRAITS))
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

/// Of several `TLSOptions` the last one would count alone.
fn more(tls: Tls, manner: Manner) -> String {
    let reuse = if manner == Manner::DemandsSessionReuse { "" } else { "NoSessionReuseRequired" };
    let implicit = if tls == Tls::Implicit { "UseImplicitSSL" } else { "" };
    let options = format!("{reuse} {implicit}");
    let options = if options.trim().is_empty() { String::new() } else { format!("TLSOptions {options}\n") };
    let passive = if manner == Manner::NamesPrivateAddress { PRIVATE_ADDRESS } else { "127.0.0.1" };
    let idle = if manner == Manner::DropsWhoIsIdle { 1 } else { 600 };
    let restart = if manner == Manner::CannotRestart { "off" } else { "on" };
    format!("{options}MasqueradeAddress {passive}\nTimeoutIdle {idle}\nAllowRetrieveRestart {restart}\n")
}

fn configuration(folder: &Path, port: u16, modules: &Path) -> String {
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
TLSEngine on
TLSRequired on
TLSProtocol TLSv1.2 TLSv1.3
TLSLog {folder}/tls.log
TLSRSACertificateFile {folder}/server.pem
TLSRSACertificateKeyFile {folder}/server.key
"
    )
}
