//! A process that is killed at any moment, and starts again, and again.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use telit_core::download::{Disk, FileDownload, Held, Offer, RangeSource, Retry};
use telit_core::driver::ModuleDown;

use crate::server::{Cut, Folder};

const SERVER: &str = "TELIT_TEST_DOWNLOAD_SERVER";
const TARGET: &str = "TELIT_TEST_DOWNLOAD_TARGET";
/// The server waits for a word behind each, so that it counts what has come and not what is on its way.
const BLOCK: usize = 4096;
/// What the process may have written without having recorded it.
const UNRECORDED: u64 = 64 * 1024 + BLOCK as u64;

fn image(size: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..size).map(|_| random.u8(..)).collect()
}

/// The image at the other end of a connection: it is sent where to begin, and a byte for every block.
struct Remote {
    server: SocketAddr,
    size: u64,
    connection: Option<TcpStream>,
}

/// It blocks: nobody else is in the process.
impl RangeSource for Remote {
    type Error = Cut;

    fn name(&self) -> String {
        "image".to_owned()
    }

    async fn offer(&mut self, _: Option<&Held>) -> Result<Offer, Cut> {
        Ok(Offer { size: Some(self.size), version: None, resumes: true })
    }

    async fn open(&mut self, offset: u64) -> Result<(), Cut> {
        let mut connection = TcpStream::connect(self.server).map_err(|_| Cut)?;
        connection.write_all(&offset.to_be_bytes()).map_err(|_| Cut)?;
        self.connection = Some(connection);
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Bytes, Cut>> {
        // Lets the writer have its turn.
        tokio::task::yield_now().await;
        let connection = self.connection.as_mut()?;
        let mut length = [0; 2];
        let came = connection.read_exact(&mut length).and_then(|()| {
            let mut block = vec![0; u16::from_be_bytes(length).into()];
            connection.read_exact(&mut block)?;
            connection.write_all(b"!")?;
            Ok(block)
        });
        match came {
            Ok(block) if block.is_empty() => None,
            Ok(block) => Some(Ok(block.into())),
            Err(_) => Some(Err(Cut)),
        }
    }

    fn close(&mut self) {
        self.connection = None;
    }

    async fn usable(&mut self) -> Result<(), ModuleDown> {
        Ok(())
    }

    fn spoiled(&mut self) {}

    fn failed(&mut self, _: &Cut) {}

    fn gave_up(&mut self, _: String) {}
}

/// The process that is killed.
#[test]
#[ignore = "the tests of this file run it as a process of its own"]
fn the_process_that_is_killed() {
    let (Ok(server), Ok(target)) = (env::var(SERVER), env::var(TARGET)) else { return };
    let (server, size) = server.split_once('/').unwrap();
    let remote = Remote { server: server.parse().unwrap(), size: size.parse().unwrap(), connection: None };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build();
    let download = FileDownload::new(remote, Disk::default(), Path::new(&target));
    let download = download.resume(true).retry(Retry::never());
    runtime.unwrap().block_on(download.into_future()).unwrap();
}

/// What happens at the server.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Begun(u64),
    /// So many bytes have come in this transfer.
    Came(u64),
    Ended,
}

/// Until so many bytes of a transfer have come, or it has ended.
fn wait_for(events: &mpsc::Receiver<Event>, bytes: u64) -> Event {
    loop {
        match events.recv().unwrap() {
            Event::Came(came) if came >= bytes => return Event::Came(came),
            Event::Ended => return Event::Ended,
            _ => {}
        }
    }
}

/// Serves one transfer after the other, for as long as the test lives.
fn serve(image: Vec<u8>) -> (SocketAddr, mpsc::Receiver<Event>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (events, receiver) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            // The process at the other end is killed: an error is no surprise.
            drop(connection.and_then(|connection| transfer(connection, &image, &events)));
            if events.send(Event::Ended).is_err() {
                break;
            }
        }
    });
    (address, receiver)
}

fn transfer(mut connection: TcpStream, image: &[u8], events: &mpsc::Sender<Event>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut offset = [0; 8];
    connection.read_exact(&mut offset)?;
    let offset = u64::from_be_bytes(offset);
    events.send(Event::Begun(offset)).map_err(io::Error::other)?;
    let mut came = 0;
    for block in image[usize::try_from(offset).unwrap()..].chunks(BLOCK).chain([&[][..]]) {
        let length = u16::try_from(block.len()).unwrap();
        connection.write_all(&length.to_be_bytes())?;
        connection.write_all(block)?;
        connection.read_exact(&mut [0])?;
        came += block.len() as u64;
        events.send(Event::Came(came)).map_err(io::Error::other)?;
    }
    Ok(())
}

fn start(server: SocketAddr, size: usize, target: &Path) -> Child {
    let child = Command::new(env::current_exe().unwrap())
        .args(["kill::the_process_that_is_killed", "--exact", "--ignored"])
        .env(SERVER, format!("{server}/{size}"))
        .env(TARGET, target)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.unwrap()
}

/// What the state file promises.
fn recorded(folder: &Folder) -> u64 {
    let state = fs::read_to_string(folder.path("fw.bin.part.state")).unwrap_or_default();
    let safe = state.lines().find_map(|line| line.strip_prefix("safe "));
    safe.map_or(0, |safe| safe.parse().unwrap())
}

fn written(folder: &Folder) -> u64 {
    fs::metadata(folder.path("fw.bin.part")).map_or(0, |part| part.len())
}

/// Killed when so many bytes have come, and a moment later, as long as it runs that far.
#[test]
fn killed_at_any_moment_it_downloads_nothing_again_that_is_recorded() {
    const SIZE: usize = 1_500_000;
    const KILLS: usize = 12;
    let image = image(SIZE);
    let (server, events) = serve(image.clone());
    let folder = Folder::new();
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    for kills in 0.. {
        assert!(!folder.target().exists(), "seed {seed}");
        let (promised, there) = (recorded(&folder), written(&folder));
        assert!(promised <= there && there <= promised + UNRECORDED, "{promised} {there}, seed {seed}");
        let mut child = start(server, SIZE, &folder.target());
        assert_eq!(events.recv(), Ok(Event::Begun(promised)), "seed {seed}");
        let kill_at = if kills < KILLS { random.u64(0..SIZE as u64 / KILLS as u64 * 2) } else { u64::MAX };
        if wait_for(&events, kill_at) == Event::Ended {
            // It has all of it. The next test kills it from here on.
            assert!(child.wait().unwrap().success(), "seed {seed}");
            break;
        }
        thread::sleep(Duration::from_micros(random.u64(0..3000)));
        child.kill().unwrap();
        child.wait().unwrap();
        wait_for(&events, u64::MAX);
        if folder.target().exists() {
            break;
        }
    }
    // The name may have been there before the rest was tidied up.
    assert!(start(server, SIZE, &folder.target()).wait().unwrap().success(), "seed {seed}");
    folder.holds(&image);
}

/// Killed when all has come, while it is verified and gets its name.
#[test]
fn killed_at_the_end_the_name_belongs_to_the_old_file_or_to_the_whole_new_one() {
    const SIZE: usize = 100_000;
    let image = image(SIZE);
    let (server, events) = serve(image.clone());
    for round in 0..20 {
        let folder = Folder::new();
        fs::write(folder.target(), "old").unwrap();
        let mut child = start(server, SIZE, &folder.target());
        wait_for(&events, u64::MAX);
        thread::sleep(Duration::from_micros(round * 300));
        child.kill().unwrap();
        child.wait().unwrap();
        let target = fs::read(folder.target()).unwrap();
        assert!(target == b"old" || target == image, "round {round}: {} bytes", target.len());
        let promised = if folder.names().contains(&"fw.bin.part".to_owned()) { recorded(&folder) } else { 0 };
        assert!(start(server, SIZE, &folder.target()).wait().unwrap().success(), "round {round}");
        assert_eq!(events.recv(), Ok(Event::Begun(promised)), "round {round}");
        wait_for(&events, u64::MAX);
        folder.holds(&image);
    }
}
