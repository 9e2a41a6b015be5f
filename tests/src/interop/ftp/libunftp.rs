//! libunftp, which is embedded in this program.

use telit_simulator::servers::{FtpsOptions, FtpsServer};

use super::server::{FtpServer, HOST, Manner, PASSWORD, Tls, USER};
use crate::interop::credentials::Credentials;

pub(super) async fn start(_: Tls, _: Manner) -> Option<FtpServer> {
    let credentials = Credentials::new(HOST);
    let options = FtpsOptions::new(credentials.server()).user(USER, PASSWORD);
    let server = FtpsServer::start(&options).await.expect("it starts");
    Some(FtpServer::embedded(server, credentials))
}
