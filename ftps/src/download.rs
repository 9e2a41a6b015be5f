//! Downloads as streams of bytes.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use telit_core::platform::Availability;
use tokio::io::{AsyncRead, ReadBuf};

use crate::commands::{FileSize, Get, GetBuffered, SetBinary, SetRestart};
use crate::error::TransferError;
use crate::pull::{Pull, Source};
use crate::session::Session;
use crate::transfer_mode::Chosen;
pub(crate) use crate::transfer_mode::TransferMode;

/// A download that is about to begin; awaiting it begins it. See
/// [`FtpsClient::download`](crate::FtpsClient::download).
#[derive(Debug)]
#[must_use = "nothing happens until it is awaited"]
pub struct DownloadRequest<'a> {
    session: &'a mut Session,
    path: String,
    offset: u64,
    mode: TransferMode,
}

impl<'a> DownloadRequest<'a> {
    pub(crate) fn new(session: &'a mut Session, path: String) -> Self {
        Self { session, path, offset: 0, mode: TransferMode::Auto }
    }

    /// Begins behind so many bytes of the file.
    pub fn from(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// How the bytes come over the port.
    pub fn mode(mut self, mode: TransferMode) -> Self {
        self.mode = mode;
        self
    }

    async fn start(self) -> Result<Download<'a>, TransferError> {
        let Self { session, path, offset, mode } = self;
        let size = file_size(session, &path).await?;
        let transfer = open(session, &path, size, offset, mode).await?;
        Ok(Download { session, size, offset, transfer })
    }
}

impl<'a> IntoFuture for DownloadRequest<'a> {
    type Output = Result<Download<'a>, TransferError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

/// A running download: [`next`](Self::next) gives its bytes, and so does [`Stream`]; [`into_reader`](Self::into_reader)
/// makes it an [`AsyncRead`].
///
/// It ends with `None` only when exactly as many bytes have come as the server announced. Dropping it
/// before is fine: the next operation of the client closes the session and opens it again.
pub struct Download<'a> {
    session: &'a mut Session,
    size: u64,
    offset: u64,
    transfer: Transfer,
}

/// What is under way in a session. Whoever drops it before its end leaves a session that is not trusted.
pub(crate) struct Transfer(State);

/// The future of a step is kept here, not by the caller, so that no block is lost when the caller's
/// future is dropped.
enum State {
    Idle(Box<Pull>),
    Busy(Pin<Box<dyn Future<Output = Step> + Send>>),
    Ended,
}

type Step = (Box<Pull>, Result<Option<Bytes>, TransferError>);

impl<'a> Download<'a> {
    /// The size of the whole file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where in the file this download began.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next bytes; `None` after the last one of the file. After an error nothing more comes. Takes at most the
    /// [`stall_timeout`](crate::FtpsOptions::stall_timeout), and the time of four commands to end the transfer and to see
    /// what is left: ten minutes by default.
    ///
    /// # Errors
    /// See [`TransferError`]; [`TransferError::Truncated`] if the transfer was cut,
    /// [`TransferError::ModuleRestarted`] if the module restarted and answers again. Whoever asks it while it is still
    /// starting hears that it does not answer. Both are [resumable](TransferError::is_resumable).
    ///
    /// # Cancel safety
    /// No byte is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Bytes, TransferError>> {
        poll_fn(|context| self.poll_step(context)).await
    }

    /// The download as an [`AsyncRead`]. Errors are [`io::Error`]s that hold the [`TransferError`].
    #[must_use]
    pub fn into_reader(self) -> DownloadReader<'a> {
        DownloadReader { download: self, chunk: Bytes::new() }
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransferError>>> {
        self.transfer.poll_next(self.session, context)
    }
}

impl Transfer {
    pub(crate) async fn next(&mut self, session: &mut Session) -> Option<Result<Bytes, TransferError>> {
        poll_fn(|context| self.poll_next(session, context)).await
    }

    fn poll_next(
        &mut self,
        session: &mut Session,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, TransferError>>> {
        loop {
            match std::mem::replace(&mut self.0, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Idle(mut pull) => {
                    self.0 = State::Busy(Box::pin(async move {
                        let result = pull.next().await;
                        (pull, result)
                    }));
                }
                State::Busy(mut step) => {
                    let Poll::Ready((pull, result)) = step.as_mut().poll(context) else {
                        self.0 = State::Busy(step);
                        return Poll::Pending;
                    };
                    return Poll::Ready(self.step_ended(session, pull, result));
                }
            }
        }
    }

    fn step_ended(
        &mut self,
        session: &mut Session,
        pull: Box<Pull>,
        result: Result<Option<Bytes>, TransferError>,
    ) -> Option<Result<Bytes, TransferError>> {
        match result {
            Ok(Some(bytes)) => {
                self.0 = State::Idle(pull);
                Some(Ok(bytes))
            }
            Ok(None) => {
                let spent = pull.is_in_blocks() && session.profile().one_download_a_session;
                if pull.ended_cleanly() && !spent {
                    session.trust();
                }
                None
            }
            Err(error) => {
                session.lost(&error);
                Some(Err(error))
            }
        }
    }
}

impl Stream for Download<'_> {
    type Item = Result<Bytes, TransferError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_step(context)
    }
}

impl fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, offset, .. } = self;
        f.debug_struct("Download").field("size", size).field("offset", offset).finish_non_exhaustive()
    }
}

/// A [`Download`] as an [`AsyncRead`].
#[derive(Debug)]
pub struct DownloadReader<'a> {
    download: Download<'a>,
    chunk: Bytes,
}

impl AsyncRead for DownloadReader<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.chunk.is_empty() {
            match self.download.poll_step(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(io_error(error))),
                Poll::Ready(Some(Ok(chunk))) => self.chunk = chunk,
            }
        }
        let count = self.chunk.len().min(buffer.remaining());
        buffer.put_slice(&self.chunk.split_to(count));
        Poll::Ready(Ok(()))
    }
}

pub(crate) async fn file_size(session: &mut Session, path: &str) -> Result<u64, TransferError> {
    let command = FileSize { path: session.check_path(path)?, deadline: session.deadline() };
    match session.run(command.clone(), Some(path)).await {
        // Somebody else has changed the type of the transfers, in which sizes are not what they seem.
        Err(TransferError::Refused { reply: Some(reply), .. }) if reply.refuses_ascii() => {
            session.run_once(SetBinary { deadline: session.deadline() }, None, false).await?;
            session.run_once(command, Some(path), false).await
        }
        result => result,
    }
}

/// Begins a download of a file whose size was just asked for.
pub(crate) async fn open(
    session: &mut Session,
    path: &str,
    size: u64,
    offset: u64,
    mode: TransferMode,
) -> Result<Transfer, TransferError> {
    if offset > size {
        return Err(TransferError::BehindEnd { offset, size });
    }
    let length = size - offset;
    if length == 0 {
        return Ok(Transfer(State::Ended));
    }
    let path = session.check_path(path)?;
    session.distrust();
    set_restart(session, offset).await?;
    let deadline = session.deadline();
    let source = match mode.for_download(session.dialect()) {
        Chosen::Online => {
            let get = Get { path: path.clone(), length, deadline };
            let opened = session.open_stream(get, Some(&path)).await;
            Source::Online(opened.map_err(|error| restart_refused(offset, error))?)
        }
        Chosen::Blocks(most) => {
            let get = GetBuffered { path: path.clone(), deadline };
            let opened = session.run_once(get, Some(&path), true).await;
            opened.map_err(|error| restart_refused(offset, error))?;
            Source::Command(most)
        }
    };
    let (stall, tls) = (session.options().stall(), session.options().uses_tls());
    let (modem, basis) = (session.modem().clone(), session.basis().clone());
    let pull = Pull::new(modem, basis, source, path, length, stall, tls);
    Ok(Transfer(State::Idle(Box::new(pull))))
}

async fn set_restart(session: &mut Session, offset: u64) -> Result<(), TransferError> {
    match (session.profile().restart, offset) {
        (Availability::No, 0) => Ok(()),
        (Availability::No, _) => Err(TransferError::Unsupported {
            platform: session.modem().profile().id,
            what: "cannot begin a download in the middle of a file",
        }),
        (Availability::Yes | Availability::Probe, _) => {
            session.run_once(SetRestart(offset), None, false).await
        }
    }
}

/// The module asks the server for the position when the download begins, so that is when a server without REST says so.
fn restart_refused(offset: u64, error: TransferError) -> TransferError {
    match error {
        TransferError::Refused { reply: Some(reply), .. }
        | TransferError::DataConnection { reply: Some(reply), .. }
            if offset > 0 && reply.refuses_restart() =>
        {
            TransferError::RestartRefused { offset, reply }
        }
        other => other,
    }
}

fn io_error(error: TransferError) -> io::Error {
    let kind = match &error {
        TransferError::Truncated { .. } => io::ErrorKind::UnexpectedEof,
        TransferError::Stalled { .. } => io::ErrorKind::TimedOut,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
