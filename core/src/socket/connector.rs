//! Making connections.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::buffers::Buffers;
use super::error::SocketError;
use super::limits::{Sending, SocketLimits};
use super::link::{Keep, Link, Shelf};
use super::loss;
use super::options::{Arrival, SocketOptions, within_reason};
use super::slot::OpenSlot;
use super::tls_socket::TlsSocket;
use crate::at::{Command, CommandLine, StreamEnding};
use crate::commands::{ConnectionMode, DialSocket, ReadSocketState, RedialSocket, SkipEscape};
use crate::driver::DataStream;
use crate::error::CommandError;
use crate::exclusive::SocketTurn;
use crate::modem::{Basis, Modem};
use crate::platform::Availability;
use crate::tls::{TlsError, TlsOptions, apply_with};
use futures_core::future::BoxFuture;

/// Added to the time for a connection until the host gives up.
const DIAL_MARGIN: Duration = Duration::from_secs(10);

/// A question takes three seconds.
const SHORTEST_IDLE_CHECK: Duration = Duration::from_secs(10);

/// Makes TLS connections through the module.
///
/// Several sockets can be open at once, as many as the module has. They share the module's TLS, which no other
/// service has meanwhile: one that waits for it gets it when all sockets are closed, not before sockets that are
/// opened later.
///
/// ```no_run
/// # async fn example(modem: telit_core::Modem, tls: telit_core::tls::TlsOptions)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use telit_core::socket::TlsConnector;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// let mut socket = TlsConnector::new(&modem, tls).connect("echo.example", 7777).await?;
/// socket.write_all(b"hello").await?;
/// let mut answer = [0; 5];
/// socket.read_exact(&mut answer).await?;
/// socket.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TlsConnector {
    modem: Modem,
    tls: TlsOptions,
    options: SocketOptions,
    /// The number that a socket gets; `None` takes one that is free.
    number: Option<u8>,
    /// Shared with clones that set sockets up in the same way.
    shelf: Arc<Shelf>,
}

impl TlsConnector {
    /// A connector in command mode, for data that the module announces.
    #[must_use]
    pub fn new(modem: &Modem, tls: TlsOptions) -> Self {
        let options = SocketOptions::default();
        Self { modem: modem.clone(), tls, options, number: None, shelf: Arc::default() }
    }

    /// Every socket gets this number, a clean one or not.
    pub(crate) fn on_socket(mut self, number: u8) -> Self {
        self.number = Some(number);
        self
    }

    /// Who moves the bytes. Default [`ConnectionMode::Command`].
    ///
    /// In online mode the port carries nothing but the connection: fast, and nothing else can use the module until
    /// the socket is [suspended](TlsSocket::suspend) or closed. In command mode other commands and other sockets go
    /// on.
    ///
    /// A serial line does not tell that the module has left online mode, so the module is asked when nothing has come
    /// for a while: see [`idle_check`](Self::idle_check). Nor does anybody count bytes on the line itself, which has no
    /// checksum: use hardware flow control. Bytes that get lost there are found by the second of those questions in a
    /// row, where the module can be asked what it has counted (`#SSLI`, platform 37); elsewhere, and while the
    /// connection is never silent, nobody can tell. In command mode every block is counted.
    ///
    /// In online mode the module tells the end of a connection among its data. Where a peer sends the same bytes and
    /// pauses, the module is asked, and the connection goes on with them, some seconds later.
    #[must_use]
    pub fn mode(mut self, mode: ConnectionMode) -> Self {
        self.options.mode = mode;
        self.shelf = Arc::default();
        self
    }

    /// How data come in command mode. Default [`Arrival::Announced`].
    #[must_use]
    pub fn arrival(mut self, arrival: Arrival) -> Self {
        self.options.arrival = arrival.within_reason();
        self.shelf = Arc::default();
        self
    }

    /// How long a connection may take, handshake included: 100 ms to a day. Default 60 s.
    ///
    /// Where the module has no bound of its own for that (`<connTo>`), it is the bound for each packet of the
    /// handshake, and the host gives up 10 s later. Source: M37 p877, p896.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = within_reason(timeout);
        self.shelf = Arc::default();
        self
    }

    /// How long the module tries to get rid of one block, at most 4096 bytes, while the peer does not read.
    /// Meanwhile the port does nothing else. Then the connection fails, in online mode with
    /// [`SocketError::Stalled`]. 100 ms to a day, default 60 s.
    #[must_use]
    pub fn send_timeout(mut self, timeout: Duration) -> Self {
        self.options.send_timeout = within_reason(timeout);
        self
    }

    /// How long nothing may come from the peer in online mode before the module is asked whether the connection still
    /// stands: 10 s to a day, `None` never asks. Default 60 s.
    ///
    /// A module that restarts in online mode tells nothing on a serial line, and takes what is written for command
    /// lines from then on. The question is the escape sequence, then `#SSLI` where the module has it, and `#SSLO` to go
    /// on, which holds up the data of both directions for about five seconds; no byte is lost. So a restart is told, as
    /// [`SocketError::ModuleRestarted`], or as [`SocketError::Stuck`] by a module that is not back yet, at most 50
    /// seconds after the question is due: within two minutes by default, with a supervisor and without.
    ///
    /// Modules that send the escape sequence to the peer (without `#SKIPESC`) are never asked, since that would alter
    /// the data. There a restart is told when the socket is closed or suspended; use command mode if that is too late.
    /// Source: M37 p138, p165.
    #[must_use]
    pub fn idle_check(mut self, interval: Option<Duration>) -> Self {
        self.options.idle_check = interval.map(|interval| within_reason(interval.max(SHORTEST_IDLE_CHECK)));
        self
    }

    /// Keeps the TLS session when a connection ends, so that the next one to the same host and port needs no full
    /// handshake. 2G modules only; the others refuse to connect. Default off.
    ///
    /// A session that is kept keeps the module's TLS too. Drop the connector and its clones to give it back. Clones
    /// share it, except those that are given another mode, arrival or connection time.
    /// Source: SSL guide 7.3.
    #[must_use]
    pub fn keep_session(mut self, keep: bool) -> Self {
        self.options.keep_session = keep;
        self
    }

    /// Takes the module's TLS for sockets, waiting in turn if another service has it, and connects to nobody yet. A
    /// socket that is opened while the turn is held waits for nobody.
    ///
    /// # Errors
    /// Another AT port of the module holds TLS, or the module cannot be asked.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue.
    pub async fn turn(&self) -> Result<SocketTurn, SocketError> {
        let turn = self.modem.sockets().turn(self.modem.channel().as_ref()).await?;
        self.modem.forget_tls_read_ahead();
        Ok(turn)
    }

    /// Like [`turn`](Self::turn), but refuses at once if another service of this program has TLS.
    ///
    /// # Errors
    /// As [`turn`](Self::turn), and busy.
    ///
    /// # Cancel safety
    /// As [`turn`](Self::turn).
    pub async fn try_turn(&self) -> Result<SocketTurn, SocketError> {
        let turn = self.modem.sockets().try_turn(self.modem.channel().as_ref()).await?;
        self.modem.forget_tls_read_ahead();
        Ok(turn)
    }

    /// How many TLS sockets of this program are open on the module, suspended ones and kept sessions included. A connection
    /// in online mode would hold up those in command mode on the same port.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.modem.sockets().in_use()
    }

    /// Connects to a server by name or address, waiting in turn if another service has TLS, or if another
    /// connection of this module is being made.
    ///
    /// After that wait it takes at most the [`connect_timeout`](Self::connect_timeout) and 14 minutes, 11 of which are for
    /// credentials that have to be stored.
    ///
    /// The task of the connection lives in the `tracing` span that is current now, and holds it until the connection is over.
    ///
    /// # Errors
    /// See [`SocketError`]; [`SocketError::AllInUse`] if no socket is left.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened so far, in the background.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TlsSocket, SocketError> {
        check_host(host)?;
        let mut basis = Basis::now(&self.modem);
        match self.establish(host, port, &mut basis).await {
            Ok(socket) => Ok(socket),
            Err(error) => Err(loss::explain(&basis, error).await),
        }
    }

    /// `basis` is renewed when it is this connection's turn.
    fn establish<'a>(
        &'a self,
        host: &'a str,
        port: u16,
        basis: &'a mut Basis,
    ) -> BoxFuture<'a, Result<TlsSocket, SocketError>> {
        Box::pin(async move {
            let mut limits = SocketLimits::of(&self.modem).await?;
            if let Some(number) = self.number {
                limits.ids = number..=number;
            }
            let limits = Arc::new(limits);
            self.check(&limits).await?;
            let _alone = self.modem.sockets().set_up_alone().await;
            *basis = Basis::now(&self.modem);
            let (slot, kept) = match self.slot(host, port, &limits).await {
                // The last number was being given back, and has kept its session in the end.
                Err(SocketError::AllInUse { .. }) if self.keeps_one() => {
                    self.slot(host, port, &limits).await?
                }
                slot => slot?,
            };
            let hides_escape = self.options.mode == ConnectionMode::Online && self.hides_escape().await?;
            let end = self.end_of_stream(&limits, hides_escape);
            let tls13 = self.modem.profile().tls.tls13 != Availability::No;
            let buffers = Arc::new(Buffers::new(self.refuses_editing(&limits), tls13));
            // Before dialling: a server that speaks first is announced before the answer.
            let lines = self.modem.channel().unsolicited();
            let link = Link {
                modem: self.modem.clone(),
                slot,
                basis: basis.clone(),
                lines,
                buffers,
                limits,
                options: self.options,
                end,
                hides_escape,
                keep: self.keep(host, port),
            };
            // TLS may have been set up for a module that has restarted since: such a connection must not be used.
            let dialled = match loss::check(basis) {
                Ok(()) => self.dial(&link, host, port, kept).await,
                Err(error) => {
                    give_up(link.slot).await;
                    return Err(error);
                }
            };
            match (dialled, loss::loss(basis)) {
                (Ok(_), Some(error)) => {
                    give_up(link.slot).await;
                    Err(error)
                }
                (Ok(None), None) => {
                    self.settle(&link).await;
                    Ok(TlsSocket::in_command_mode(link))
                }
                (Ok(Some(stream)), None) => Ok(TlsSocket::online(link, stream)),
                (Err(error), _) => {
                    give_up(link.slot).await;
                    Err(SocketError::connect(host, port, error))
                }
            }
        })
    }

    /// Refuses what this module cannot do, before anything is changed.
    async fn check(&self, limits: &SocketLimits) -> Result<(), SocketError> {
        let unsupported = |what: &str| {
            let platform = self.modem.profile().id;
            Err(TlsError::Unsupported { platform, what: what.to_owned() }.into())
        };
        let command_mode = self.options.mode == ConnectionMode::Command;
        if command_mode && self.options.arrival == Arrival::Delivered && !limits.delivers {
            return unsupported("does not deliver data with SSLSRING; let it announce them");
        }
        if self.options.keep_session && !self.keeps_sessions().await? {
            return unsupported("keeps no TLS sessions (#SSLFASTD)");
        }
        Ok(())
    }

    async fn keeps_sessions(&self) -> Result<bool, CommandError> {
        match self.modem.profile().tls.fast_dial {
            Availability::Yes => Ok(true),
            Availability::No => Ok(false),
            Availability::Probe => Ok(self.modem.test_form("#SSLFASTD").await?.is_some()),
        }
    }

    fn refuses_editing(&self, limits: &SocketLimits) -> bool {
        self.options.mode == ConnectionMode::Command && limits.sending == Sending::Terminated
    }

    fn keep(&self, host: &str, port: u16) -> Option<Keep> {
        self.options.keep_session.then(|| Keep {
            shelf: Arc::downgrade(&self.shelf),
            host: host.to_owned(),
            port,
        })
    }

    fn keeps_one(&self) -> bool {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// A number with TLS set up, and whether it has a session for this server.
    async fn slot(
        &self,
        host: &str,
        port: u16,
        limits: &SocketLimits,
    ) -> Result<(OpenSlot, bool), SocketError> {
        match self.kept_session(host, port).await {
            Some(slot) => Ok((slot, true)),
            None => Ok((self.set_up(host, limits).await?, false)),
        }
    }

    /// The session that was kept for this server; one for another server is given up.
    async fn kept_session(&self, host: &str, port: u16) -> Option<OpenSlot> {
        let kept = self.shelf.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        if kept.host == host && kept.port == port && kept.basis.loss().is_none() {
            return Some(kept.slot);
        }
        give_up(kept.slot).await;
        None
    }

    async fn set_up(&self, host: &str, limits: &SocketLimits) -> Result<OpenSlot, SocketError> {
        let slot = OpenSlot::enable(&self.modem, limits).await?;
        let Some(lease) = slot.lease() else {
            return Ok(slot);
        };
        let settings = self.options.settings(limits);
        match apply_with(&self.modem, lease, slot.id(), &self.tls.for_host(host), settings).await {
            Ok(_) => Ok(slot),
            Err(error) => {
                give_up(slot).await;
                Err(error.into())
            }
        }
    }

    /// Dials with the kept session if there is one, and afresh if that fails.
    async fn dial(
        &self,
        link: &Link,
        host: &str,
        port: u16,
        kept: bool,
    ) -> Result<Option<DataStream>, CommandError> {
        let (socket, mode, end) = (link.socket(), self.options.mode, link.end);
        let deadline = self.options.connect_timeout + DIAL_MARGIN;
        if kept {
            match self.open(RedialSocket { socket, mode, end, deadline }).await {
                Err(CommandError::Refused { error, .. }) => {
                    tracing::debug!(%error, "the kept session is of no use any more");
                }
                outcome => return outcome,
            }
        }
        let timeout = link.limits.dial_timeout(self.options.connect_timeout);
        let keep_session = self.options.keep_session;
        let host = host.to_owned();
        self.open(DialSocket { socket, host, port, keep_session, mode, end, timeout, deadline }).await
    }

    async fn open(
        &self,
        dial: impl Command<Response = ()> + Send + Sync,
    ) -> Result<Option<DataStream>, CommandError> {
        match self.options.mode {
            ConnectionMode::Command => self.modem.run(dial).await.map(|()| None),
            ConnectionMode::Online => self.modem.open_stream(dial.exchange()?).await.map(Some),
        }
    }

    /// What ends a stream beyond doubt. Where the escape sequence does not reach the peer, it proves what a mark is.
    fn end_of_stream(&self, limits: &SocketLimits, hides_escape: bool) -> StreamEnding {
        let online = self.options.mode == ConnectionMode::Online;
        match online && !hides_escape && limits.tells_cause {
            true => StreamEnding::NamedMarkAndSilence,
            false => StreamEnding::ProvenMarkAndSilence,
        }
    }

    /// Keeps the escape sequence from the peer, where the module can.
    async fn hides_escape(&self) -> Result<bool, CommandError> {
        if self.modem.profile().escape.skip_escape == Availability::No {
            return Ok(false);
        }
        match self.modem.run(SkipEscape).await {
            Ok(()) => Ok(true),
            Err(CommandError::Refused { error, .. }) => {
                tracing::debug!(%error, "the escape sequence will reach the peer");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// A module may need the question to notice that it is connected, as public drivers do.
    async fn settle(&self, link: &Link) {
        match self.modem.run(ReadSocketState { socket: link.socket() }).await {
            Ok(report) => tracing::debug!(?report, "connected"),
            Err(error) => tracing::debug!(%error, "connected, the state cannot be read"),
        }
    }
}

/// Refuses a host that no command can carry, before the first command is sent.
fn check_host(host: &str) -> Result<(), CommandError> {
    CommandLine::set("#SSLD").text("host", host).build()?;
    Ok(())
}

/// Closes what was opened in vain. What went wrong before is what the caller needs to know.
async fn give_up(slot: OpenSlot) {
    if let Err(error) = slot.hang_up().await {
        tracing::debug!(%error, "a TLS socket could not be closed in order");
    }
}
