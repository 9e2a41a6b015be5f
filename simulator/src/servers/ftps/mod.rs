//! A file server with explicit FTPS.

mod options;
mod ports;
mod storage;
mod users;

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdTcpListener};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use libunftp::ServerBuilder;
use libunftp::options::FtpsClientAuth;
use tempfile::TempDir;
use tokio::net::TcpListener;
use unftp_sbe_fs::Filesystem;

pub use self::options::FtpsOptions;
use self::ports::LoopbackPorts;
pub use self::storage::{Direction, Transfer};
use self::storage::{NO_CUT, Recording};
pub use self::users::LoginAttempt;
use self::users::Users;
use super::ServerError;
use super::background::Background;
use crate::journal::Journal;

/// libunftp on a loopback port, serving a folder of its own.
///
/// The control channel must be upgraded by `AUTH TLS` before the login and the data channel by `PROT P`. Passive
/// mode only, always binary, and `AUTH SSL` and implicit TLS are refused. As rustls is behind it, TLS 1.2 and 1.3
/// are served with ephemeral key exchange and AEAD suites only. Sessions are never resumed.
///
/// Dropping it closes its ports and removes the folder.
#[derive(Debug)]
pub struct FtpsServer {
    addr: SocketAddr,
    storage: Recording,
    attempts: Journal<LoginAttempt>,
    // Before the folders it uses.
    _server: Background,
    folder: TempDir,
    _credentials: TempDir,
}

impl FtpsServer {
    /// Starts the server; returns once it accepts connections.
    ///
    /// # Errors
    /// [`ServerError::Io`] when no port, thread or folder could be had; [`ServerError::NotStarted`] when rustls
    /// cannot use the certificate.
    pub async fn start(options: &FtpsOptions) -> Result<Self, ServerError> {
        use_ring();
        let folder = TempDir::new().map_err(ServerError::io("make a folder"))?;
        let credentials = options.write_credentials()?;
        let files = Filesystem::new(folder.path()).map_err(ServerError::io("open the served folder"))?;
        let storage = Recording::new(files);
        let attempts = Journal::new();
        let users = Arc::new(Users::new(options.users.clone(), attempts.clone()));
        let listener = bind()?;
        let addr = listener.local_addr().map_err(ServerError::io("read the port listened on"))?;

        let connection = Connection {
            storage: storage.clone(),
            users,
            credentials: credentials.path().to_owned(),
            options: options.clone(),
        };
        // libunftp reads the certificate anew for each connection: find out now whether it can.
        connection
            .builder()
            .build()
            .map_err(|error| ServerError::NotStarted { server: "FTPS server", reason: error.to_string() })?;
        let server = Background::spawn("ftps-server", move || accept_all(listener, connection))?;
        Ok(Self { addr, storage, attempts, _server: server, folder, _credentials: credentials })
    }

    /// The address of the control channel.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The served folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the served folder, with the folders above it.
    ///
    /// # Errors
    /// [`ServerError::InvalidFileName`] for a name that leaves the folder, [`ServerError::Io`] when it cannot be
    /// written.
    pub fn put_file(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), ServerError> {
        let path = self.path_of(name)?;
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(ServerError::io("make a folder"))?;
        }
        std::fs::write(path, content).map_err(ServerError::io("write a served file"))
    }

    /// Reads a file from the served folder.
    ///
    /// An upload is complete here once the client has its `226`; see also [`transfers`](Self::transfers).
    ///
    /// # Errors
    /// [`ServerError::InvalidFileName`] for a name that leaves the folder, [`ServerError::Io`] when there is no
    /// such file.
    pub fn read_file(&self, name: &str) -> Result<Vec<u8>, ServerError> {
        std::fs::read(self.path_of(name)?).map_err(ServerError::io("read a served file"))
    }

    /// Every ended upload and download, also those cut short, in the order they ended.
    pub fn transfers(&self) -> Vec<Transfer> {
        self.storage.transfers.all()
    }

    /// Waits until `count` transfers have ended since the start and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_transfers(&self, count: usize) -> Vec<Transfer> {
        self.storage.transfers.at_least(count).await
    }

    /// Every attempt to log in that came with a password.
    pub fn login_attempts(&self) -> Vec<LoginAttempt> {
        self.attempts.all()
    }

    /// Makes the next download fail after `bytes` bytes: the data channel closes early and the control channel
    /// says `450` or the like instead of `226`. The download after that is whole again.
    pub fn cut_next_download_after(&self, bytes: u64) {
        self.storage.cut_after.store(bytes.min(NO_CUT - 1), Ordering::SeqCst);
    }

    fn path_of(&self, name: &str) -> Result<PathBuf, ServerError> {
        let relative = Path::new(name.trim_start_matches('/'));
        if relative.components().all(|part| matches!(part, Component::Normal(_))) {
            Ok(self.folder.path().join(relative))
        } else {
            Err(ServerError::InvalidFileName { name: name.to_owned() })
        }
    }
}

/// rustls wants one cryptography provider for the process when client certificates are checked. Whoever chose one
/// before keeps it.
fn use_ring() {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a rustls provider was installed before");
    }
}

fn bind() -> Result<StdTcpListener, ServerError> {
    let listener = StdTcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .map_err(ServerError::io("listen on a loopback port"))?;
    listener.set_nonblocking(true).map_err(ServerError::io("set up the port listened on"))?;
    Ok(listener)
}

/// What serves one control connection. libunftp's own listener takes no port 0, therefore one server each.
#[derive(Debug, Clone)]
struct Connection {
    storage: Recording,
    users: Arc<Users>,
    credentials: PathBuf,
    options: FtpsOptions,
}

impl Connection {
    fn builder(&self) -> ServerBuilder<Recording, unftp_core::auth::DefaultUser> {
        let storage = self.storage.clone();
        let mut builder =
            ServerBuilder::with_authenticator(Box::new(move || storage.clone()), self.users.clone())
                .greeting("Simulator file server")
                .ftps(self.credentials.join(options::CERTIFICATE), self.credentials.join(options::KEY))
                .ftps_required(true, true)
                .ftps_tls_flags(self.options.tls_flags())
                .passive_host([127, 0, 0, 1])
                .binder(LoopbackPorts);
        if self.options.client_authority.is_some() {
            builder = builder
                .ftps_client_auth(FtpsClientAuth::Require)
                .ftps_trust_store(self.credentials.join(options::CLIENT_AUTHORITY));
        }
        builder
    }

    async fn serve(self, stream: tokio::net::TcpStream) {
        match self.builder().build() {
            Ok(server) => {
                if let Err(error) = server.service(stream).await {
                    tracing::warn!(%error, "a control connection failed");
                }
            }
            Err(error) => tracing::error!(%error, "cannot serve a control connection"),
        }
    }
}

async fn accept_all(listener: StdTcpListener, connection: Connection) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the FTPS server did not start"),
    };
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tracing::debug!(%peer, "control connection");
                tokio::spawn(connection.clone().serve(stream));
            }
            Err(error) => tracing::warn!(%error, "cannot accept"),
        }
    }
}
