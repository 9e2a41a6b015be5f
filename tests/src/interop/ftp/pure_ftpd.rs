//! Pure-FTPd.

use std::process::Command;

use super::server::{FtpServer, HOME, NOBODY, PASSWORD, USER, is_root, prepare};
use crate::interop::client;
use crate::interop::program::{required, skip};
use crate::interop::server::Server;

/// Refuses everything without TLS, data connections as well.
const TLS_EVERYWHERE: &str = "3";

scenarios! {
    downloads_are_exact
    downloads_begin_where_they_should
    a_download_that_was_dropped_is_resumed
    a_download_to_a_file_is_verified
    a_wrong_password_is_refused
    a_missing_file_is_told_and_the_session_goes_on
    uploads_are_exact
}

async fn start() -> Option<FtpServer> {
    let program = required("pure-ftpd", "pure-ftpd")?;
    let (folder, credentials) = prepare();
    if !is_root(folder.path()) {
        skip("pure-ftpd has to be started by root");
        return None;
    }
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
    let server = Server::start(folder, |folder, [port]| {
        let mut command = Command::new(&program);
        command.args(["--bind", &format!("127.0.0.1,{port}"), "--forcepassiveip", "127.0.0.1"]);
        command.arg("--login").arg(format!("puredb:{}", folder.join("users.pdb").display()));
        command.arg("--certfile").arg(folder.join("server-both.pem"));
        command.arg("--pidfile").arg(folder.join("pid"));
        command.args(["--tls", TLS_EVERYWHERE, "--noanonymous", "--dontresolve", "--verboselog"]);
        command
    });
    Some(FtpServer::new(server.await, credentials))
}
