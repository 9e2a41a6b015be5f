//! Getting the bytes of one download out of the module, in either mode.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use telit_core::at::StreamEnd;
use telit_core::driver::DataStream;
use telit_core::modem::Basis;
use telit_core::{CommandError, Modem};
use tokio::time::{Instant, sleep, timeout};

use crate::commands::{Available, GetState, LastMessage, Receive};
use crate::error::{Operation, TransferError, transfer_error};
use crate::loss::explain;
use crate::server_reply::ServerReply;

/// First and longest pause while the module has nothing yet.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(1));
/// How long the module may take to notice that it has handed over everything.
const END_WAIT: Duration = Duration::from_secs(5);

/// One running download. It owns all it needs, so that the future of [`next`](Self::next) can be kept.
pub(crate) struct Pull {
    modem: Modem,
    basis: Basis,
    source: Source,
    path: String,
    got: u64,
    expected: u64,
    stall: Duration,
    tls: bool,
    clean: bool,
    in_blocks: bool,
}

pub(crate) enum Source {
    Online(DataStream),
    /// Blocks of at most so many bytes.
    Command(usize),
    Ended,
}

impl Pull {
    pub(crate) fn new(
        modem: Modem,
        basis: Basis,
        source: Source,
        path: String,
        expected: u64,
        stall: Duration,
        tls: bool,
    ) -> Self {
        let in_blocks = matches!(source, Source::Command(_));
        Self { modem, basis, in_blocks, source, path, got: 0, expected, stall, tls, clean: false }
    }

    /// Whether the data connection ended as it should, so that the session can be used on.
    pub(crate) fn ended_cleanly(&self) -> bool {
        self.clean
    }

    /// Whether it came in command mode.
    pub(crate) fn is_in_blocks(&self) -> bool {
        self.in_blocks
    }

    /// The next bytes; `None` once all expected ones have come.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, TransferError> {
        match self.step().await {
            Err(error) => Err(explain(&self.basis, error).await),
            result => result,
        }
    }

    async fn step(&mut self) -> Result<Option<Bytes>, TransferError> {
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Online(stream) => self.next_online(stream).await,
            Source::Command(block) => self.next_block(block).await,
            Source::Ended => Ok(None),
        }
    }

    async fn next_online(&mut self, mut stream: DataStream) -> Result<Option<Bytes>, TransferError> {
        match timeout(self.stall, stream.next()).await {
            Ok(Some(bytes)) => {
                self.source = Source::Online(stream);
                self.count(bytes)
            }
            Ok(None) => self.online_ended(stream.end().await).await,
            Err(_) if self.got == self.expected => Ok(None),
            Err(_) => {
                stream.close().await;
                stream.end().await;
                Err(self.stalled())
            }
        }
    }

    /// The end of the file and a broken link look the same, so only the count tells.
    /// Source: M37 p818; IPE28 p130.
    async fn online_ended(&mut self, end: StreamEnd) -> Result<Option<Bytes>, TransferError> {
        self.clean = matches!(end, StreamEnd::Closed { .. });
        if self.got == self.expected {
            return Ok(None);
        }
        if matches!(end, StreamEnd::Lost | StreamEnd::LinkLost { .. }) {
            return Err(TransferError::LineLost { got: self.got, expected: self.expected });
        }
        Err(self.cut().await)
    }

    async fn next_block(&mut self, block: usize) -> Result<Option<Bytes>, TransferError> {
        let left = self.expected - self.got;
        if left == 0 {
            return self.finish_blocks().await.map(|()| None);
        }
        let limit = usize::try_from(left).map_or(block, |left| left.min(block));
        let (mut pause, longest) = PAUSES;
        let started = Instant::now();
        let mut complete = false;
        loop {
            let bytes = match self.modem.run(Receive { limit }).await {
                Ok(bytes) => bytes,
                Err(error) => return Err(self.refused(error).await),
            };
            if !bytes.is_empty() {
                self.source = Source::Command(block);
                return self.count(bytes);
            }
            // The module had everything already before it was asked for the last time.
            if complete {
                return Err(self.cut().await);
            }
            complete = self.module_has_all().await?;
            if complete {
                continue;
            }
            if started.elapsed() >= self.stall {
                return Err(self.stalled());
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// The module closes the data connection when it is asked for the state after the last byte was
    /// read. Source: IPE28 p132.
    async fn finish_blocks(&mut self) -> Result<(), TransferError> {
        let (pause, _) = PAUSES;
        let started = Instant::now();
        loop {
            if self.has_more().await? {
                return Err(TransferError::TooLong { expected: self.expected });
            }
            match self.modem.run(GetState).await {
                Ok(true) => {
                    self.clean = true;
                    return Ok(());
                }
                Ok(false) if started.elapsed() < END_WAIT => sleep(pause).await,
                // All bytes are here; the session will be opened anew.
                Ok(false) | Err(CommandError::Refused { .. }) => return Ok(()),
                Err(error) => return Err(TransferError::Link(error)),
            }
        }
    }

    /// A closed data connection has nothing more.
    async fn has_more(&self) -> Result<bool, TransferError> {
        match self.modem.run(Available).await {
            Ok(bytes) => Ok(bytes > 0),
            Err(CommandError::Refused { .. }) => Ok(false),
            Err(error) => Err(TransferError::Link(error)),
        }
    }

    async fn module_has_all(&self) -> Result<bool, TransferError> {
        match self.modem.run(GetState).await {
            Ok(complete) => Ok(complete),
            Err(CommandError::Refused { .. }) => Ok(true),
            Err(error) => Err(TransferError::Link(error)),
        }
    }

    fn count(&mut self, bytes: Bytes) -> Result<Option<Bytes>, TransferError> {
        let got = self.got + bytes.len() as u64;
        if got > self.expected {
            return Err(TransferError::TooLong { expected: self.expected });
        }
        self.got = got;
        Ok(Some(bytes))
    }

    fn stalled(&self) -> TransferError {
        TransferError::Stalled { got: self.got, expected: self.expected, waited: self.stall }
    }

    /// A refused read, with bytes still to come: whatever the module calls it, the transfer was cut. Only what has to be
    /// changed first keeps its name.
    async fn refused(&self, error: CommandError) -> TransferError {
        if error.module_error().is_none() {
            return TransferError::Link(error);
        }
        let reply = self.reply().await;
        let operation = Operation { path: None, data: true, tls: self.tls };
        match transfer_error(error, reply.clone(), operation) {
            named @ (TransferError::Tls { .. } | TransferError::SessionReuseDemanded { .. }) => named,
            _ => self.cut_with(reply),
        }
    }

    async fn cut(&self) -> TransferError {
        self.cut_with(self.reply().await)
    }

    /// Servers that demand session reuse accept the data connection and drop it without a byte.
    fn cut_with(&self, reply: Option<ServerReply>) -> TransferError {
        match reply {
            Some(reply) if self.tls && self.got == 0 && reply.demands_session_reuse() => {
                TransferError::SessionReuseDemanded { reply }
            }
            reply => TransferError::Truncated { got: self.got, expected: self.expected, reply },
        }
    }

    async fn reply(&self) -> Option<ServerReply> {
        self.modem.run(LastMessage).await.ok().flatten()
    }
}

impl fmt::Debug for Pull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pull({}, {} of {} bytes)", self.path, self.got, self.expected)
    }
}
