//! A TLS socket to a peer that sends everything back, in command mode and in online mode.

use std::io;
use std::time::Duration;

use telit_core::Modem;
use telit_core::commands::ConnectionMode;
use telit_core::socket::{SocketError, TlsConnector, TlsSocket};
use telit_core::tls::TlsOptions;
use telit_simulator::peers::{Peers, SocketServer};
use telit_simulator::{Builder, Platform};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bench::{Bench, Bound};
use super::credentials::credentials;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, same_bytes, same_reading};
use super::payload;
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};

pub(super) const HOST: &str = "echo.test";
pub(super) const PORT: u16 = 7777;

/// As `TlsConnector::connect` says.
const CONNECT: Bound = Bound::new("socket connect", 15 * 60);
/// As `TlsSocket` says.
const WRITE: Bound = Bound::new("socket write and flush", 3 * 60);
const CLOSE: Bound = Bound::new("socket close", 3 * 60);

/// Longer than any command of the socket may take.
const READ: Duration = Duration::from_secs(3 * 60);

pub(super) trait Mode {
    const NAME: &'static str;
    const MODE: ConnectionMode;
}

pub(super) struct Command;

impl Mode for Command {
    const NAME: &'static str = "socket-command";
    const MODE: ConnectionMode = ConnectionMode::Command;
}

pub(super) struct Online;

impl Mode for Online {
    const NAME: &'static str = "socket-online";
    const MODE: ConnectionMode = ConnectionMode::Online;
}

pub(super) struct Echo<M> {
    peers: Peers,
    server: SocketServer,
    mode: std::marker::PhantomData<M>,
}

#[test]
fn socket_in_command_mode() {
    matrix::<Echo<Command>>(Platform::P37, SAMPLE);
}

#[test]
fn socket_in_online_mode() {
    matrix::<Echo<Online>>(Platform::P37, SAMPLE);
}

impl<M: Mode> Scenario for Echo<M> {
    const NAME: &'static str = M::NAME;

    fn new() -> Self {
        let peers = Peers::new();
        let server = peers.echo(HOST, PORT);
        Self { peers, server, mode: std::marker::PhantomData }
    }

    fn module(&self, module: Builder) -> Builder {
        module.peers(&self.peers)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let modem = on_line(bench).await?;
        bench.begin_job();
        let ending = self.exchange(bench, &modem, bench.fault()).await?;
        let modem = recover(bench, modem).await?;
        if self.works(bench, &modem).await.is_err() {
            after_misreading(bench, &modem).await?;
            self.works(bench, &modem).await?;
        }
        Ok(ending)
    }
}

impl<M: Mode> Echo<M> {
    pub(super) async fn connect(modem: &Modem) -> Result<TlsSocket, SocketError> {
        let tls = TlsOptions::builder().ca(credentials().ca()).build().expect("the options fit together");
        TlsConnector::new(modem, tls).mode(M::MODE).connect(HOST, PORT).await
    }

    pub(super) async fn works(&self, bench: &Bench, modem: &Modem) -> Result<(), Broken> {
        let ending = self.exchange(bench, modem, None).await?;
        same_reading("afterwards the socket", &Ending::Right, &ending, None).map(drop)
    }

    /// Connects, sends, gets back, closes.
    async fn exchange(&self, bench: &Bench, modem: &Modem, fault: Option<Fault>) -> Result<Ending, Broken> {
        let mut socket = match bench.within(CONNECT, Self::connect(modem)).await? {
            Ok(socket) => socket,
            Err(error) => return Ok(Ending::of(error.category())),
        };
        let sent = self.send(bench, &mut socket, fault).await?;
        let received = match sent {
            Ending::Right => self.receive(bench, &mut socket, fault).await?,
            failed => failed,
        };
        let closed = match bench.within(CLOSE, socket.close()).await? {
            Ok(()) => Ending::Right,
            Err(error) => Ending::of(error.category()),
        };
        Ok(received.and(closed))
    }

    async fn send(&self, bench: &Bench, socket: &mut TlsSocket, _: Option<Fault>) -> Result<Ending, Broken> {
        let before = self.received();
        let payload = payload::hostile();
        let write = async {
            socket.write_all(&payload).await?;
            socket.flush().await
        };
        match bench.within(WRITE, write).await? {
            Ok(()) => Ok(Ending::Right),
            Err(error) => {
                let gone = self.received() - before;
                let told = socket_error(&error).ok_or_else(|| Broken::wrong(format!("untyped: {error}")))?;
                match told {
                    SocketError::NotSent { may_have_gone: false, .. } if gone > 0 => {
                        Err(Broken::wrong(format!("{gone} bytes have gone although: {error}")))
                    }
                    _ => Ok(Ending::Unknown),
                }
            }
        }
    }

    async fn receive(
        &self,
        bench: &Bench,
        socket: &mut TlsSocket,
        fault: Option<Fault>,
    ) -> Result<Ending, Broken> {
        let wanted = payload::hostile();
        let mut got = Vec::new();
        let read = async {
            while got.len() < wanted.len() {
                if socket.read_buf(&mut got).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Ok(())
        };
        let ended: Option<io::Result<()>> = bench.wait(READ, read).await;
        let come = &wanted[..wanted.len().min(got.len())];
        match ended {
            Some(Ok(())) => same_bytes("what came back", &wanted, &got, fault),
            Some(Err(_)) if got == come => Ok(Ending::Unknown),
            // Nothing protects it; what the module has counted tells.
            Some(Err(error)) if is_loss_on_the_line(&error) => {
                same_bytes("what came back", &wanted, &got, fault)
            }
            Some(Err(_)) => same_bytes("what came back", come, &got, fault),
            None => Err(Broken::wrong(format!("{} bytes came back, and nothing tells", got.len()))),
        }
    }

    fn received(&self) -> u64 {
        self.server.connections().iter().map(|connection| connection.received).sum()
    }
}

fn is_loss_on_the_line(error: &io::Error) -> bool {
    matches!(socket_error(error), Some(SocketError::BytesLost { .. }))
}

fn socket_error(error: &io::Error) -> Option<&SocketError> {
    error.get_ref()?.downcast_ref()
}
