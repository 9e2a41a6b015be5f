//! The test server of `GnuTLS`, which has what others have thrown away.

use std::process::Command;

use crate::interop::credentials::Credentials;
use crate::interop::program::required;
use crate::interop::server::{OUTPUT, Server};

/// A web server that answers every request with what it knows about the connection. It has both certificates of
/// the credentials and asks for none.
pub(in crate::interop) struct GnutlsServ {
    server: Server<1>,
}

/// What `gnutls-serv` says about a connection.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::interop) struct Described {
    /// `TLS1.2`.
    pub(in crate::interop) version: String,
    /// `RSA_AES_128_CBC_SHA1`; of TLS 1.3 the cipher, `AES-128-GCM`.
    pub(in crate::interop) suite: String,
}

impl GnutlsServ {
    /// With a priority string, see `gnutls-cli --list` and the `GnuTLS` manual.
    pub(in crate::interop) async fn start(
        credentials: &Credentials,
        priority: &str,
        options: &[&str],
    ) -> Option<Self> {
        let program = required("gnutls-serv", "gnutls-bin")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        credentials.write_to(folder.path());
        let server = Server::start(folder, |_, [port]| {
            // Its output would wait for a buffer to be full.
            let mut command = Command::new("stdbuf");
            command.arg("--output=L").arg(&program).args(["--http", "--nodb", "--noticket"]);
            command.args(["--port", &port.to_string(), "--priority", priority]);
            for name in ["server", "server-ecdsa"] {
                command.args([format!("--x509certfile={name}.pem"), format!("--x509keyfile={name}.key")]);
            }
            command.args(options);
            command
        });
        Some(Self { server: server.await })
    }

    pub(in crate::interop) fn port(&self) -> u16 {
        let [port] = self.server.ports();
        port
    }

    /// Where its output ends at the moment.
    pub(in crate::interop) fn mark(&self) -> usize {
        self.server.mark(OUTPUT)
    }

    /// What it has said since then.
    pub(in crate::interop) fn since(&self, mark: usize) -> String {
        self.server.since(OUTPUT, mark)
    }

    /// Waits until it says this after the mark; `false` if it does not.
    pub(in crate::interop) async fn says_since(&self, mark: usize, text: &str) -> bool {
        self.server.says_since(OUTPUT, mark, text).await
    }
}

impl Described {
    /// Reads its answer to a request.
    pub(in crate::interop) fn read(page: &str) -> Option<Self> {
        let version = value(page, "Protocol version:")?;
        // It has no word for the suites of TLS 1.3.
        let suite = value(page, "Ciphersuite").or_else(|| value(page, "Cipher"))?;
        Some(Self { version: version.to_owned(), suite: suite.to_owned() })
    }
}

/// `<TR><TD>name</TD><TD>value</TD></TR>`.
fn value<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("<TD>{name}</TD><TD>"))?;
    rest.split_once("</TD>").map(|(value, _)| value)
}
