//! What curl gets.

use tokio::process::Command;

use super::case::Case;
use super::seen::Seen;
use super::server::{HOST, Server};
use crate::interop::client;

/// Sends the request of a case with curl, which trusts the same authority.
pub(super) async fn curl(server: &impl Server, case: &Case) -> Seen {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (answer, sent) = (folder.path().join("answer"), folder.path().join("sent"));
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--http1.1", "--write-out", "%{http_code} %{content_type}"]);
    command.args(["--connect-to", &format!("{HOST}:443:127.0.0.1:{}", server.port())]);
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, server.credentials().authority().certificate_pem()).expect("it is writable");
    command.arg("--cacert").arg(authority).arg("--output").arg(&answer);
    match case.method {
        "HEAD" => command.arg("--head"),
        method => command.args(["--request", method]),
    };
    if let Some(body) = case.body() {
        std::fs::write(&sent, body).expect("it is writable");
        command.arg("--data-binary").arg(format!("@{}", sent.display()));
        // Without one of ours it would say something of its own.
        if !case.headers.iter().any(|(name, _)| *name == "Content-Type") {
            command.args(["--header", "Content-Type:"]);
        }
    }
    for (name, value) in case.headers {
        command.args(["--header", &format!("{name}: {value}")]);
    }
    command.arg(format!("https://{HOST}/{}", case.path));
    let printed = client::succeed(&mut command, b"").await;
    let printed = String::from_utf8_lossy(&printed);
    let (status, content_type) = printed.split_once(' ').expect("it prints as it was told");
    // Without a body there is no file, and with --head the header lines are in it.
    let body = if case.method == "HEAD" { Vec::new() } else { std::fs::read(answer).unwrap_or_default() };
    Seen {
        status: status.parse().expect("it is a number"),
        content_type: (!content_type.is_empty()).then(|| content_type.to_owned()),
        body: body.into(),
    }
}
