//! What the scenarios need of an FTP server.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use telit_ftps::{FtpsClient, FtpsOptions};
use telit_simulator::Platform;
use telit_simulator::servers::FtpsServer;
use tempfile::TempDir;

use crate::interop::credentials::Credentials;
use crate::interop::device::Device;
use crate::interop::program::skip;
use crate::interop::server::Server;
use crate::rig::{FTP, hostile_payloads};

pub(super) const HOST: &str = "files.test";
const IMPLICIT_FTP: u16 = 990;
pub(super) const USER: &str = "device";
pub(super) const PASSWORD: &str = "let-me-in";
/// The login directory, below the server's folder.
pub(super) const HOME: &str = "home";
/// Debian's `nobody`, as whom files are served.
pub(super) const NOBODY: u32 = 65534;
/// An address that the servers behind address translation name, and where nobody is.
pub(super) const PRIVATE_ADDRESS: &str = "10.87.65.43";

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    /// With `AUTH TLS`.
    Explicit,
    /// With the first byte, which platform 52 alone can.
    Implicit,
}

/// How a server is set up. All demand TLS for everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Usual,
    /// Data connections have to resume the TLS session.
    DemandsSessionReuse,
    /// After a second.
    DropsWhoIsIdle,
    /// In its answer to `PASV`: [`PRIVATE_ADDRESS`].
    NamesPrivateAddress,
    /// No download begins in the middle of a file.
    CannotRestart,
}

pub(super) struct FtpServer {
    process: Process,
    credentials: Credentials,
    tls: Tls,
    user: &'static str,
    traits: Traits,
}

/// In what a server is its own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits {
    /// The setting by which it stops to demand session reuse.
    pub(super) reuse_setting: &'static str,
    /// A log file, and what is written to it when an idle session is dropped.
    pub(super) idle_mark: (&'static str, &'static str),
    /// Where the files are, below the login directory.
    pub(super) directory: Option<&'static str>,
}

enum Process {
    Program(Server<1>),
    Embedded(FtpsServer),
}

impl FtpServer {
    pub(super) fn new(server: Server<1>, credentials: Credentials, tls: Tls, traits: Traits) -> Self {
        Self { process: Process::Program(server), credentials, tls, user: USER, traits }
    }

    pub(super) fn embedded(server: FtpsServer, credentials: Credentials) -> Self {
        let (process, traits) = (Process::Embedded(server), Traits::default());
        Self { process, credentials, tls: Tls::Explicit, user: USER, traits }
    }

    /// A server that knows users by another name.
    pub(super) fn with_user(self, user: &'static str) -> Self {
        Self { user, ..self }
    }

    pub(super) fn tls(&self) -> Tls {
        self.tls
    }

    pub(super) fn traits(&self) -> Traits {
        self.traits
    }

    /// A module that finds it.
    pub(super) async fn device(&self) -> Device {
        let (platform, port) = match self.tls {
            Tls::Explicit => (Platform::P37, FTP),
            Tls::Implicit => (Platform::P52, IMPLICIT_FTP),
        };
        Device::online_in_haste(platform, &[(HOST, port, self.port())]).await
    }

    pub(super) fn options(&self, password: &str) -> FtpsOptions {
        let options = FtpsOptions::new(HOST, self.user, password, self.credentials.anonymous_tls());
        self.with_tls_as_it_is(options)
    }

    pub(super) fn with_tls_as_it_is(&self, options: FtpsOptions) -> FtpsOptions {
        match self.tls {
            Tls::Explicit => options,
            Tls::Implicit => options.implicit_tls(),
        }
    }

    pub(super) fn user(&self) -> &'static str {
        self.user
    }

    pub(super) async fn connect(&self, device: &Device) -> FtpsClient {
        self.connect_with(device, self.options(PASSWORD)).await
    }

    pub(super) async fn connect_with(&self, device: &Device, options: FtpsOptions) -> FtpsClient {
        let mut client = FtpsClient::connect(&device.modem, options).await.expect("it connects");
        if let Some(directory) = self.traits.directory {
            client.cwd(directory).await.expect("it is there");
        }
        client
    }

    /// A file in the login directory.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).expect("it is there")
    }

    pub(super) fn add_file(&self, name: &str, content: &[u8]) {
        let path = self.file(name);
        std::fs::write(&path, content).expect("the folder is writable");
        allow(&path, 0o666);
    }

    /// A file of which the end alone takes room.
    pub(super) fn add_sparse_file(&self, name: &str, size: u64, end: &[u8]) {
        let path = self.file(name);
        let file = File::create(&path).expect("the folder is writable");
        file.write_all_at(end, size - end.len() as u64).expect("files may have holes");
        allow(&path, 0o666);
    }

    pub(super) fn add_directory(&self, name: &str) {
        let path = self.file(name);
        std::fs::create_dir(&path).expect("the folder is writable");
        allow(&path, 0o777);
    }

    /// Waits until an idle session was dropped.
    pub(super) async fn drops_idle_session(&self) {
        let (Process::Program(server), (file, text)) = (&self.process, self.traits.idle_mark) else {
            panic!("it drops nobody");
        };
        server.logged(file, text).await;
    }

    fn home(&self) -> PathBuf {
        match &self.process {
            Process::Program(server) => server.file(HOME),
            Process::Embedded(server) => server.folder().to_owned(),
        }
    }

    fn port(&self) -> u16 {
        match &self.process {
            Process::Program(server) => {
                let [port] = server.ports();
                port
            }
            Process::Embedded(server) => server.addr().port(),
        }
    }
}

/// A folder with certificates and a login directory that every user can read and write. `None` if this is not root,
/// whom servers must be to become [`NOBODY`] for a session.
pub(super) fn prepare(server: &str) -> Option<(TempDir, Credentials)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if std::fs::metadata(folder.path()).expect("it exists").uid() != 0 {
        skip(&format!("{server} has to be started by root"));
        return None;
    }
    let credentials = Credentials::new(HOST);
    credentials.write_to(folder.path());
    let home = folder.path().join(HOME);
    std::fs::create_dir(&home).expect("the folder is writable");
    allow(folder.path(), 0o711);
    allow(&home, 0o777);
    Some((folder, credentials))
}

fn allow(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
}

/// So many bytes that hold everything a parser could stumble over, again and again.
pub(super) fn content(size: usize) -> Bytes {
    hostile_payloads().concat().into_iter().cycle().take(size).collect()
}
