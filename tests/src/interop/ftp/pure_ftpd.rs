//! Pure-FTPd.

use std::process::Command;

use super::server::{FtpServer, HOME, Manner, NOBODY, PASSWORD, PRIVATE_ADDRESS, Tls, Traits, USER, prepare};
use crate::interop::client;
use crate::interop::program::required;
use crate::interop::server::Server;

/// Refuses everything without TLS, data connections as well.
const TLS_EVERYWHERE: &str = "3";

pub(super) async fn start(tls: Tls, manner: Manner) -> Option<FtpServer> {
    let program = required("pure-ftpd", "pure-ftpd")?;
    let (folder, credentials) = prepare("pure-ftpd")?;
    let mut add_user = tokio::process::Command::new("pure-pw");
    add_user.current_dir(folder.path()).args([
        "useradd",
        USER,
        "-u",
        &NOBODY.to_string(),
        "-g",
        &NOBODY.to_string(),
    ]);
    add_user.arg("-d").arg(folder.path().join(HOME)).args(["-f", "users", "-F", "users.pdb", "-m"]);
    client::succeed(&mut add_user, format!("{PASSWORD}\n{PASSWORD}\n").as_bytes()).await;
    let passive = if manner == Manner::NamesPrivateAddress { PRIVATE_ADDRESS } else { "127.0.0.1" };
    let server = Server::start(folder, |folder, [port]| {
        let mut command = Command::new(&program);
        command.args(["--bind", &format!("127.0.0.1,{port}"), "--forcepassiveip", passive]);
        command.arg("--login").arg(format!("puredb:{}", folder.join("users.pdb").display()));
        command.arg("--certfile").arg(folder.join("server-both.pem"));
        command.arg("--pidfile").arg(folder.join("pid"));
        command.args(["--tls", TLS_EVERYWHERE, "--noanonymous", "--dontresolve", "--verboselog"]);
        command
    });
    Some(FtpServer::new(server.await, credentials, tls, Traits::default()))
}
