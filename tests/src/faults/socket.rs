//! A TLS socket to a peer that sends everything back, in command mode and in online mode.

use std::io;
use std::time::Duration;

use sha2::{Digest, Sha256};
use telit_core::Modem;
use telit_core::commands::ConnectionMode;
use telit_core::socket::{SocketError, TlsConnector, TlsSocket};
use telit_simulator::peers::{Peers, SocketServer};
use telit_simulator::{Builder, Platform};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bench::{Bench, Bound};
use super::credentials::tls;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, held_against, same_beginning, same_bytes, same_reading};
use super::payload;
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};
use super::silence::{Reading, Watch};
use super::strike::Strike;

pub(super) const HOST: &str = "echo.test";
pub(super) const PORT: u16 = 7777;

/// As `TlsConnector::connect` says.
const CONNECT: Bound = Bound::new("socket connect", 15 * 60);
/// As `TlsSocket` says.
const WRITE: Bound = Bound::new("socket write and flush", 3 * 60);
const CLOSE: Bound = Bound::new("socket close", 3 * 60);

/// As `TlsConnector::mode` and `idle_check` say: bytes that got lost are found by the second question of two in a row, each
/// due after 60 s of silence and answered 50 s later.
const READ: Duration = Duration::from_secs(2 * (60 + 50));

pub(super) trait Mode {
    const NAME: &'static str;
    const MODE: ConnectionMode;
    /// What the host says to send.
    const SENDS: &'static str;
}

pub(super) struct Command;

impl Mode for Command {
    const NAME: &'static str = "socket-command";
    const MODE: ConnectionMode = ConnectionMode::Command;
    const SENDS: &'static str = "AT#SSLSEND";
}

pub(super) struct Online;

impl Mode for Online {
    const NAME: &'static str = "socket-online";
    const MODE: ConnectionMode = ConnectionMode::Online;
    const SENDS: &'static str = "NO CARRIER";
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
        let ending = self.exchange(bench, &modem, bench.strike()).await?;
        let modem = recover(bench, modem).await?;
        let mut worked = self.works(bench, &modem).await;
        if bench.may_retry(&worked) {
            after_misreading(bench, &modem).await?;
            worked = self.works(bench, &modem).await;
        }
        worked.map(|()| ending)
    }
}

impl<M: Mode> Echo<M> {
    pub(super) async fn connect(modem: &Modem) -> Result<TlsSocket, SocketError> {
        TlsConnector::new(modem, tls(modem)).mode(M::MODE).connect(HOST, PORT).await
    }

    pub(super) async fn works(&self, bench: &Bench, modem: &Modem) -> Result<(), Broken> {
        let ending = self.exchange(bench, modem, None).await?;
        same_reading("afterwards the socket", &Ending::Right, &ending, None).map(drop)
    }

    /// Connects, sends, gets back, closes.
    async fn exchange(
        &self,
        bench: &Bench,
        modem: &Modem,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let (connections, bytes) = (self.server.connections().len(), self.received());
        let mut socket = match bench.within(CONNECT, Self::connect(modem)).await? {
            Ok(socket) => socket,
            Err(error) => return self.not_connected(connections, strike, &error),
        };
        let sent = self.send(bench, &mut socket, strike).await?;
        let received = match sent {
            Ending::Right => self.receive(bench, modem, &mut socket, strike).await?,
            failed => Reading::Told(failed),
        };
        let closed = bench.within(CLOSE, socket.close()).await?;
        match (received, closed) {
            (Reading::Told(received), Ok(())) => Ok(received),
            (Reading::Told(received), Err(error)) => Ok(received.and(told(&error, true))),
            (Reading::Silence, Err(error @ SocketError::ModuleRestarted)) => {
                let gone = usize::from(self.received() > bytes);
                held_against("sending", Ending::InDoubt, gone, bench.fault(), &error)
            }
            (Reading::Silence, closed) => {
                Err(Broken::Untold(format!("the module has restarted, and closing says {closed:?}")))
            }
        }
    }

    fn not_connected(
        &self,
        before: usize,
        strike: Option<&Strike>,
        error: &SocketError,
    ) -> Result<Ending, Broken> {
        let seen = self.server.connections().len() - before;
        let told = match error {
            SocketError::Tls(error) => error.outcome().into(),
            SocketError::AllInUse { .. } => Ending::NotSent,
            SocketError::Connect { error, .. } | SocketError::Command(error) => error.outcome().into(),
            _ => Ending::InDoubt,
        };
        held_against("connecting", told, seen, strike.map(|strike| strike.fault), error)
    }

    async fn send(
        &self,
        bench: &Bench,
        socket: &mut TlsSocket,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let (before, mark) = (self.received(), bench.mark());
        let payload = payload::hostile();
        let write = async {
            socket.write_all(&payload).await?;
            socket.flush().await
        };
        match bench.within(WRITE, write).await? {
            Ok(()) => Ok(Ending::Right),
            Err(error) => {
                let said = bench.has_said(mark, M::SENDS);
                let told = told(typed(&error)?, said);
                if told == Ending::InDoubt && !said {
                    return Err(Broken::wrong(format!("in doubt, and nothing was sent: {error}")));
                }
                let gone = usize::from(self.received() > before);
                held_against("sending", told, gone, strike.map(|strike| strike.fault), &error)
            }
        }
    }

    async fn receive(
        &self,
        bench: &Bench,
        modem: &Modem,
        socket: &mut TlsSocket,
        strike: Option<&Strike>,
    ) -> Result<Reading, Broken> {
        let wanted = payload::hostile();
        let mut got = Vec::new();
        let read = async {
            while got.len() < wanted.len() {
                if socket.read_buf(&mut got).await? == 0 {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        let ended: Option<io::Result<bool>> = bench.wait(READ, read).await;
        match ended {
            Some(Ok(true)) => same_bytes("what came back", &wanted, &got, strike).map(Reading::Told),
            Some(Ok(false)) => Err(Broken::Untold(format!(
                "the stream ends after {} of {} bytes, and the peer has not closed",
                got.len(),
                wanted.len()
            ))),
            Some(Err(error)) => {
                let ending = same_beginning("what came back", &wanted, &got, strike)?;
                let error = typed(&error)?;
                counted_right(error, wanted.len() - got.len())?;
                // What was sent has come back in part.
                Ok(Reading::Told(ending.and(told(error, true))))
            }
            None => Watch::of(M::MODE, bench, modem).await.judge_silence(strike, &wanted, &got),
        }
    }

    /// How many bytes the peer has got. A module without `#SKIPESC` passes the escape sequence on, of which the user knows
    /// nothing. Source: M37 p165.
    fn received(&self) -> u64 {
        let escape: [u8; 32] = Sha256::digest(b"+++").into();
        let connections = self.server.connections();
        let of_the_user = connections.iter().filter(|connection| connection.sha256 != escape);
        of_the_user.map(|connection| connection.received).sum()
    }
}

/// What an error says about the bytes that were written; most say that the connection has ended, and no more.
fn told(error: &SocketError, said: bool) -> Ending {
    match error {
        SocketError::NotSent { may_have_gone: true, .. } => Ending::InDoubt,
        SocketError::NotSent { error, .. } if error.module_error().is_some() => Ending::Refused,
        SocketError::Command(error) if error.module_error().is_some() => Ending::Refused,
        SocketError::NotSent { .. } => Ending::NotSent,
        _ if said => Ending::InDoubt,
        _ => Ending::NotSent,
    }
}

/// What the module has counted tells how many bytes are missing.
fn counted_right(error: &SocketError, missing: usize) -> Result<(), Broken> {
    match error {
        SocketError::BytesLost { to_module, from_module } => {
            same_reading("how many bytes were lost", &(missing as u64), &(to_module + from_module), None)
                .map(drop)
        }
        _ => Ok(()),
    }
}

fn typed(error: &io::Error) -> Result<&SocketError, Broken> {
    let told = error.get_ref().and_then(|error| error.downcast_ref());
    told.ok_or_else(|| Broken::wrong(format!("untyped: {error}")))
}
