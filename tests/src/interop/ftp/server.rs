//! What the scenarios need of an FTP server.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use telit_ftps::{FtpsClient, FtpsOptions};
use tempfile::TempDir;

use crate::interop::credentials::Credentials;
use crate::interop::device::Device;
use crate::interop::server::Server;
use crate::rig::{FTP, hostile_payloads};

pub(super) const HOST: &str = "files.test";
pub(super) const USER: &str = "device";
pub(super) const PASSWORD: &str = "let-me-in";
/// The login directory, below the server's folder.
pub(super) const HOME: &str = "home";
/// Debian's `nobody`, as whom files are served.
pub(super) const NOBODY: u32 = 65534;

pub(super) struct FtpServer {
    server: Server<1>,
    credentials: Credentials,
}

impl FtpServer {
    pub(super) fn new(server: Server<1>, credentials: Credentials) -> Self {
        Self { server, credentials }
    }

    pub(super) async fn device(&self) -> Device {
        let [port] = self.server.ports();
        Device::online(&[(HOST, FTP, port)]).await
    }

    pub(super) fn options(&self, password: &str) -> FtpsOptions {
        FtpsOptions::new(HOST, USER, password, self.credentials.anonymous_tls())
    }

    pub(super) async fn connect(&self, device: &Device) -> FtpsClient {
        FtpsClient::connect(&device.modem, self.options(PASSWORD)).await.expect("it connects")
    }

    /// A file in the login directory.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.server.file(HOME).join(name)
    }

    pub(super) fn add_file(&self, name: &str, content: &[u8]) {
        let path = self.file(name);
        std::fs::write(&path, content).expect("the folder is writable");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).expect("it is our file");
    }
}

/// A folder with certificates and a login directory that every user can read and write.
pub(super) fn prepare() -> (TempDir, Credentials) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let credentials = Credentials::new(HOST);
    credentials.write_to(folder.path());
    let home = folder.path().join(HOME);
    std::fs::create_dir(&home).expect("the folder is writable");
    let allow = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode));
    allow(folder.path(), 0o711).expect("it is our folder");
    allow(&home, 0o777).expect("it is our folder");
    (folder, credentials)
}

/// Both servers become [`NOBODY`] for a session, which root alone can.
pub(super) fn is_root(folder: &Path) -> bool {
    std::fs::metadata(folder).expect("it exists").uid() == 0
}

/// So many bytes that hold everything a parser could stumble over, again and again.
pub(super) fn content(size: usize) -> Bytes {
    hostile_payloads().concat().into_iter().cycle().take(size).collect()
}
