//! Uploads that the server confirms, and whose size is checked: in command mode, and online where the firmware cannot do better.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep};

use crate::commands::{AppendBlock, Put};
use crate::download::file_size;
use crate::error::TransferError;
use crate::final_reply::check_taken;
use crate::session::Session;
use crate::transfer_mode::{Chosen, TransferMode};
use crate::upload_online::send_online;

/// How often, and how far apart, the server is asked for the size of what it has got.
const SIZE_CHECKS: u32 = 5;
const SIZE_PAUSE: Duration = Duration::from_secs(1);
/// Pause when the module took nothing of a block.
const FULL_PAUSE: Duration = Duration::from_millis(500);

/// An upload that is about to begin; awaiting it sends everything that the source gives, and gives the number of bytes
/// once the server has confirmed its size. See [`FtpsClient::upload`](crate::FtpsClient::upload).
///
/// # Errors
/// See [`TransferError`]. Once it has begun, errors are [`TransferError::UploadUnconfirmed`]: the server may have a part
/// of the file. Servers may empty the file that they have before there is a data connection, so an upload that gets none
/// counts as begun; what was to be appended does not. It is confirmed when the server says that it has taken the file (226
/// or 250), and then tells the right size: what it says in between, or a file of that size alone, which may have been there
/// before, confirms nothing. Only with firmware that has no `#FTPMSG` the size has to do. If the line has lost bytes, a few
/// other bytes can stand in their place at its end: upload it anew. Each block of 1500 bytes takes at most the
/// [`timeout`](crate::FtpsOptions::timeout) plus one minute, as do the command that begins and those that ask for the size;
/// the server's word is waited for during ten seconds.
///
/// # Cancel safety
/// The server may keep a part of the file, or of what was to be appended.
#[must_use = "nothing happens until it is awaited"]
pub struct UploadRequest<'a, R> {
    session: &'a mut Session,
    path: String,
    source: R,
    append: bool,
    mode: TransferMode,
    progress: Option<Box<dyn FnMut(u64) + Send + 'a>>,
}

impl<'a, R> UploadRequest<'a, R> {
    pub(crate) fn new(session: &'a mut Session, path: String, source: R, append: bool) -> Self {
        Self { session, path, source, append, mode: TransferMode::Auto, progress: None }
    }

    /// How the bytes go over the port.
    pub fn mode(mut self, mode: TransferMode) -> Self {
        self.mode = mode;
        self
    }

    /// Called with the number of bytes that the module has taken, after each piece.
    pub fn progress(mut self, progress: impl FnMut(u64) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }
}

impl<'a, R: AsyncRead + Unpin + Send + 'a> IntoFuture for UploadRequest<'a, R> {
    type Output = Result<u64, TransferError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(upload(self))
    }
}

impl<R> fmt::Debug for UploadRequest<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, append, mode, .. } = self;
        let mut shown = f.debug_struct("UploadRequest");
        shown.field("path", path).field("append", append).field("mode", mode).finish_non_exhaustive()
    }
}

async fn upload<R>(request: UploadRequest<'_, R>) -> Result<u64, TransferError>
where
    R: AsyncRead + Unpin + Send,
{
    let UploadRequest { session, path, source, append, mode, progress } = request;
    let path = session.check_path(&path)?;
    let mut blocks = Blocks { source, buffer: BytesMut::new(), ended: false };
    blocks.fill(1).await?;
    let chosen = mode.for_upload(session.dialect(), blocks.buffer.is_empty());
    let mode = chosen.ok_or_else(|| impossible(session, &blocks))?;
    let before = if append { size_or_nothing(session, &path).await? } else { 0 };
    session.ready().await?;
    let job = Job { path: &path, append, mode };
    let mut sent = Sent { bytes: 0, progress };
    let mut stored = send(session, job, &mut blocks, &mut sent).await;
    if matches!(stored, Err(Broken::NotBegun(TransferError::SessionLost { .. }))) {
        // The server or the network had dropped it while it was idle.
        session.ready().await?;
        stored = send(session, job, &mut blocks, &mut sent).await;
    }
    let taken = match stored {
        Ok(()) => check_taken(session, sent.bytes).await,
        Err(Broken::NotBegun(error)) => return Err(error),
        Err(Broken::Begun(error)) => Err(error),
    };
    match taken {
        Ok(()) => session.trust(),
        Err(error) => return Err(unconfirmed(session, sent.bytes, error).await),
    }
    match check_size(session, &path, before + sent.bytes).await {
        Ok(()) => Ok(sent.bytes),
        Err(error @ TransferError::UploadDiffers { .. }) => Err(error),
        Err(error) => Err(unconfirmed(session, sent.bytes, error).await),
    }
}

/// Why there is no command mode.
fn impossible<R>(session: &Session, blocks: &Blocks<R>) -> TransferError {
    match blocks.buffer.is_empty() {
        true => TransferError::EmptyUpload,
        false => TransferError::Unsupported {
            platform: session.modem().profile().id,
            what: "has no command mode for uploads in this firmware (#FTPAPPEXT)",
        },
    }
}

/// What is uploaded, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) path: &'a str,
    pub(crate) append: bool,
    mode: Chosen,
}

/// What the module has taken.
pub(crate) struct Sent<'a> {
    pub(crate) bytes: u64,
    progress: Option<Box<dyn FnMut(u64) + Send + 'a>>,
}

impl Sent<'_> {
    pub(crate) fn add(&mut self, count: usize) {
        self.bytes += count as u64;
        if let Some(progress) = &mut self.progress {
            progress(self.bytes);
        }
    }
}

/// What became of an upload that failed.
pub(crate) enum Broken {
    /// The server's file is as it was, unless the session was lost on the way.
    NotBegun(TransferError),
    /// The server may have something of it.
    Begun(TransferError),
}

impl Broken {
    /// The command that begins it failed. Servers may empty the file when they hear of it, before there is a data
    /// connection; what is to be appended empties nothing. A lost session is no end yet: what has sent no byte can begin
    /// anew.
    pub(crate) fn at_the_beginning(error: TransferError, job: Job<'_>) -> Self {
        let begun = match &error {
            TransferError::SessionLost { .. } => false,
            error if error.is_of_data_connection() => !job.append,
            error => error.may_have_taken_effect(),
        };
        if begun { Self::Begun(error) } else { Self::NotBegun(error) }
    }
}

impl From<TransferError> for Broken {
    fn from(error: TransferError) -> Self {
        Self::Begun(error)
    }
}

async fn unconfirmed(session: &mut Session, sent: u64, error: TransferError) -> TransferError {
    let error = Box::new(session.explained(error).await);
    TransferError::UploadUnconfirmed { sent, error }
}

async fn send<R>(
    session: &mut Session,
    job: Job<'_>,
    blocks: &mut Blocks<R>,
    sent: &mut Sent<'_>,
) -> Result<(), Broken>
where
    R: AsyncRead + Unpin + Send,
{
    session.distrust();
    match job.mode {
        Chosen::Blocks(limit) => send_blocks(session, job, blocks, limit, sent).await,
        Chosen::Online => send_online(session, job, blocks, sent).await,
    }
}

/// The last byte goes alone: the block that closes the data connection must not be sent in part, because
/// its rest could not follow. Source: M37 p808-809.
async fn send_blocks<R>(
    session: &mut Session,
    job: Job<'_>,
    blocks: &mut Blocks<R>,
    limit: usize,
    total: &mut Sent<'_>,
) -> Result<(), Broken>
where
    R: AsyncRead + Unpin + Send,
{
    let put = Put { path: job.path.to_owned(), append: job.append, deadline: session.deadline() };
    let begun = session.run_once(put, Some(job.path), true).await;
    begun.map_err(|error| Broken::at_the_beginning(error, job))?;
    let mut progress = Instant::now();
    loop {
        blocks.fill(limit).await?;
        let (block, last) = blocks.peek(limit);
        let command = AppendBlock { block, last, deadline: session.deadline() };
        let sent = session.run_once(command, Some(job.path), true).await?;
        blocks.buffer.advance(sent);
        total.add(sent);
        if sent > 0 {
            progress = Instant::now();
            if last {
                return Ok(());
            }
        } else if last || progress.elapsed() >= session.options().stall() {
            let waited = progress.elapsed();
            let expected = total.bytes + blocks.buffer.len() as u64;
            return Err(TransferError::Stalled { got: total.bytes, expected, waited }.into());
        } else {
            sleep(FULL_PAUSE).await;
        }
    }
}

/// The data to upload, read ahead so that the last byte is known to be the last.
pub(crate) struct Blocks<R> {
    source: R,
    buffer: BytesMut,
    ended: bool,
}

impl<R: AsyncRead + Unpin + Send> Blocks<R> {
    /// Reads until there is a whole block and one byte more, or everything.
    pub(crate) async fn fill(&mut self, block: usize) -> Result<(), TransferError> {
        while !self.ended && self.buffer.len() <= block {
            let read = self.source.read_buf(&mut self.buffer).await;
            let read =
                read.map_err(|error| TransferError::Source { kind: error.kind(), text: error.to_string() })?;
            self.ended = read == 0;
        }
        Ok(())
    }

    /// Whether this is all that there is to upload.
    pub(crate) fn is_all(&self, data: &[u8]) -> bool {
        self.ended && self.buffer == data
    }

    /// Takes a piece of at most `most` bytes and leaves at least `rest` for the next one, unless everything fits in
    /// the last one. `None` at the end.
    pub(crate) fn take(&mut self, most: usize, rest: usize) -> Option<Bytes> {
        let length = self.buffer.len();
        let piece = if self.ended && length <= most { length } else { length.saturating_sub(rest).min(most) };
        (piece > 0).then(|| self.buffer.split_to(piece).freeze())
    }

    fn peek(&self, block: usize) -> (Bytes, bool) {
        let all_but_one = self.buffer.len().saturating_sub(1);
        let (length, last) = if all_but_one == 0 { (1, true) } else { (all_but_one.min(block), false) };
        let bytes = self.buffer.get(..length).unwrap_or_default();
        (Bytes::copy_from_slice(bytes), last)
    }
}

async fn size_or_nothing(session: &mut Session, path: &str) -> Result<u64, TransferError> {
    match file_size(session, path).await {
        Err(TransferError::NotFound { .. }) => Ok(0),
        result => result,
    }
}

/// The module does not tell whether the server took everything, and the server may need a moment.
async fn check_size(session: &mut Session, path: &str, expected: u64) -> Result<(), TransferError> {
    let mut stored = file_size(session, path).await?;
    for _ in 1..SIZE_CHECKS {
        if stored == expected {
            break;
        }
        sleep(SIZE_PAUSE).await;
        stored = file_size(session, path).await?;
    }
    if stored != expected {
        return Err(TransferError::UploadDiffers { stored, expected });
    }
    Ok(())
}
