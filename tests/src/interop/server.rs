//! A foreign server for one test.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

const START_LIMIT: Duration = Duration::from_secs(10);
const LOG_LIMIT: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Where its standard output and error go.
pub(super) const OUTPUT: &str = "output.log";

/// A running server. It is killed on drop; if the test has failed, everything it logged is printed.
pub(super) struct Server<const PORTS: usize> {
    process: Child,
    command: Command,
    folder: TempDir,
    ports: [ReservedPort; PORTS],
}

impl<const PORTS: usize> Server<PORTS> {
    /// Runs the command that `configure` gives for a set of free ports, until all of them accept connections.
    pub(super) async fn start(folder: TempDir, configure: impl Fn(&Path, [u16; PORTS]) -> Command) -> Self {
        let ports = std::array::from_fn(|_| ReservedPort::new());
        let mut command = configure(folder.path(), ports.each_ref().map(ReservedPort::number));
        write_output_to(folder.path(), &mut command);
        let process = spawn(&mut command);
        let mut server = Self { process, command, folder, ports };
        assert!(server.accepts_connections().await, "the server does not start");
        server
    }

    /// Kills it on the spot.
    pub(super) fn kill(&mut self) {
        // Fails if it has ended by itself.
        self.process.kill().unwrap_or_default();
        self.process.wait().map(drop).unwrap_or_default();
    }

    /// Asks it to end, and waits until it has.
    pub(super) async fn terminate(&mut self) {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").arg(&id).status().expect("it runs");
        assert!(asked.success(), "the server is not there to be ended");
        let ended = async {
            while self.process.try_wait().expect("it is our process").is_none() {
                sleep(LOOK_AGAIN).await;
            }
        };
        timeout(START_LIMIT, ended).await.expect("it ends");
    }

    /// Runs it again on the same ports, and its output goes on where it was.
    pub(super) async fn start_again(&mut self) {
        self.process = spawn(&mut self.command);
        assert!(self.accepts_connections().await, "the server does not start again");
    }

    pub(super) fn ports(&self) -> [u16; PORTS] {
        self.ports.each_ref().map(ReservedPort::number)
    }

    /// A file in its folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The first line of its output that contains `text`. It may be written after the client was answered.
    pub(super) async fn printed(&self, text: &str) -> String {
        self.logged(OUTPUT, text).await
    }

    /// The first line of a log file that contains `text`.
    pub(super) async fn logged(&self, file: &str, text: &str) -> String {
        let found = async {
            loop {
                if let Some(line) = self.read(file).lines().find(|line| line.contains(text)) {
                    return line.to_owned();
                }
                sleep(LOOK_AGAIN).await;
            }
        };
        timeout(LOG_LIMIT, found).await.unwrap_or_else(|_| panic!("the server does not log {text:?}"))
    }

    /// Where a log file ends at the moment.
    pub(super) fn mark(&self, file: &str) -> usize {
        self.read(file).len()
    }

    /// What has been written to a log file since then.
    pub(super) fn since(&self, file: &str, mark: usize) -> String {
        self.read(file).split_off(mark)
    }

    /// Waits until a text is written to a log file since then; `false` if it does not come.
    pub(super) async fn says_since(&self, file: &str, mark: usize, text: &str) -> bool {
        let said = async {
            while !self.since(file, mark).contains(text) {
                sleep(LOOK_AGAIN).await;
            }
        };
        timeout(LOG_LIMIT, said).await.is_ok()
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What a log file holds.
    pub(super) fn read(&self, file: &str) -> String {
        let log = std::fs::read(self.file(file)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    async fn accepts_connections(&mut self) -> bool {
        let limit = Instant::now() + START_LIMIT;
        for port in self.ports() {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                let ended = self.process.try_wait().expect("it is our process").is_some();
                if ended || Instant::now() > limit {
                    return false;
                }
                sleep(LOOK_AGAIN).await;
            }
        }
        true
    }

    fn print_logs(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                println!("--- {}\n{}", path.display(), String::from_utf8_lossy(&std::fs::read(&path)?));
            }
        }
        Ok(())
    }
}

impl<const PORTS: usize> Drop for Server<PORTS> {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking()
            && let Err(error) = self.print_logs()
        {
            println!("the server's logs cannot be read: {error}");
        }
    }
}

fn write_output_to(folder: &Path, command: &mut Command) {
    let log = std::fs::File::create(folder.join(OUTPUT)).expect("the folder is writable");
    let errors = log.try_clone().expect("it is open");
    command.current_dir(folder).stdin(Stdio::null()).stdout(log).stderr(errors);
}

fn spawn(command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// A free port that nobody else will get: it stays bound, but not listened on, which leaves it to a server that binds
/// it with `SO_REUSEADDR`, as all do.
struct ReservedPort {
    socket: TcpSocket,
}

impl ReservedPort {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.set_reuseaddr(true).expect("it is a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("loopback has free ports");
        Self { socket }
    }

    fn number(&self) -> u16 {
        self.socket.local_addr().expect("it is bound").port()
    }
}
