//! Downloads to a file that are verified before the file gets its name.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;

use bytes::Bytes;
use telit_core::Category;
use telit_core::download::{
    self, DownloadReport, FileDownload, Held, Offer, Progress, RangeSource, Retry, Sha256Digest, SourceError,
};
use telit_core::driver::ModuleDown;

use crate::download::{Transfer, TransferMode, file_size, open};
use crate::error::TransferError;
use crate::session::Session;

/// A download to a file failed. The final name was not touched, unless it is a `File` error that came behind renaming: then
/// the whole verified file has it, and what failed is flushing the folder or removing the state file.
pub type DownloadError = download::DownloadError<TransferError>;

/// A download was cut and will go on where it stopped.
pub type Retrying = download::Retrying<TransferError>;

/// A download to a file that is about to begin; awaiting it runs it.
///
/// The bytes go to `<name>.part` beside the target, with a small file `<name>.part.state` that tells what
/// they belong to and how many of them are on the disk for sure. When all have come, size and SHA-256 of what
/// is *on the disk* are checked, the file is flushed to the disk, renamed to its final name in one step, and
/// the directory is flushed. So the final name never belongs to an incomplete file, and with a hash to none that is damaged,
/// whenever the power goes.
///
/// - After a cut, a stall, failed TLS, a lost line or a restarted module it goes on by itself behind what has
///   come, as often as [`retry`](Self::retry) says: it waits until the module can be used
///   ([`Modem::health`](telit_core::Modem::health)), waits a little more, opens the session again with TLS and login,
///   and goes on. A [supervisor](telit_core::supervisor) gets the module back; without one a lost port is lost for
///   good, and a restarted module has no packet data context. What cannot get better by itself ends it at once: a
///   refused login, no such file, a wrong size or hash, the disk.
/// - After an error or a dropped future the part file stays, and all that has come is recorded. With
///   [`resume(true)`](Self::resume) the next call goes on behind it, if the server's file still has the size it had,
///   and the same hash is wanted.
/// - After a power cut or a killed process it goes on behind what was recorded last: all but the last 64 KiB
///   or the last second.
/// - A part file that belongs to another file, or has lost its state file, is thrown away.
/// - Two downloads to the same target at the same time are not supported.
/// - If more comes than the server announced, its bytes may be those of another place in the file: the part file is
///   removed, and all of it is downloaded once more.
/// - What does not fit on the disk is not begun ([`DownloadError::NoSpace`]).
/// - A wrong hash removes the part file: nothing in it can be trusted. If it was a resumed download, the
///   whole file is downloaded once more first, because the file may have changed on the server, the
///   server may have ignored where to begin, or the line may have lost bytes; none can be seen in another way. In
///   [`TransferMode::Auto`] it comes in blocks then, which are counted, so that a lost byte costs one block.
/// - Without [`sha256`](Self::sha256) or a signed `manifest` (a feature of this crate) only the size is verified, and FTP tells no
///   version of a file: if another one of the same size takes its place between two attempts, the target is put together
///   from both. Name a hash whenever there is one.
/// - It needs the module's TLS for itself. An MQTT client that holds it gives it away with its `pause()` before
///   [`FtpsClient::connect`](crate::FtpsClient::connect), and comes back with its subscriptions with `resume()` after
///   [`FtpsClient::close`](crate::FtpsClient::close): the example `job_update` does so around every download.
///
/// ```no_run
/// # async fn example(client: &mut telit_ftps::FtpsClient) -> Result<(), Box<dyn std::error::Error>> {
/// let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".parse()?;
/// let report = client
///     .download_to_file("fw.bin", "/var/lib/device/fw.bin")
///     .resume(true)
///     .sha256(hash)
///     .progress(|progress| println!("{} of {}", progress.bytes, progress.total))
///     .on_retry(|retrying| println!("attempt {}: {}", retrying.attempt, retrying.because))
///     .await?;
/// println!("{} bytes, {}", report.bytes, report.sha256);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens until it is awaited"]
pub struct FirmwareDownload<'a>(FileDownload<'a, RemoteFile<'a>>);

impl<'a> FirmwareDownload<'a> {
    pub(crate) fn new(session: &'a mut Session, path: String, target: &Path) -> Self {
        let disk = session.disk().clone();
        let (mode, transfer) = (TransferMode::Auto, None);
        let file = RemoteFile { session, path, mode, size: 0, resumes: true, transfer };
        Self(FileDownload::new(file, disk, target))
    }

    /// Whether to go on behind a part file of an earlier attempt. Default false: it is thrown away.
    pub fn resume(self, resume: bool) -> Self {
        Self(self.0.resume(resume))
    }

    /// The hash that the whole file must have.
    pub fn sha256(self, hash: Sha256Digest) -> Self {
        Self(self.0.sha256(hash))
    }

    /// The size that the file must have. If the server tells another one, nothing is downloaded.
    pub fn expected_size(self, size: u64) -> Self {
        Self(self.0.expected_size(size))
    }

    /// Size and hash that the file must have, from a manifest whose signature was verified.
    #[cfg(feature = "manifest")]
    pub fn manifest(self, manifest: &download::Manifest) -> Self {
        Self(self.0.manifest(manifest))
    }

    /// How the bytes come over the port.
    pub fn mode(mut self, mode: TransferMode) -> Self {
        self.0.source_mut().mode = mode;
        self
    }

    /// How often it goes on by itself after a cut. Default [`Retry::default`]: ten attempts in a row that bring nothing.
    pub fn retry(self, retry: Retry) -> Self {
        Self(self.0.retry(retry))
    }

    /// Called before it waits to go on after a cut.
    pub fn on_retry(self, on_retry: impl FnMut(&Retrying) + Send + 'a) -> Self {
        Self(self.0.on_retry(on_retry))
    }

    /// Called when a transfer has begun, with what is on the disk already, and after every piece that was written.
    pub fn progress(self, progress: impl FnMut(Progress) + Send + 'a) -> Self {
        Self(self.0.progress(progress))
    }
}

impl<'a> IntoFuture for FirmwareDownload<'a> {
    type Output = Result<DownloadReport, DownloadError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        self.0.into_future()
    }
}

impl fmt::Debug for FirmwareDownload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FirmwareDownload").field(&self.0).finish()
    }
}

/// A file on the server of a session.
struct RemoteFile<'a> {
    session: &'a mut Session,
    path: String,
    mode: TransferMode,
    /// As the server told it last.
    size: u64,
    /// It has not yet shown that it cannot begin in the middle.
    resumes: bool,
    transfer: Option<Transfer>,
}

/// An FTP server tells the size of a file and nothing else of it, and begins wherever it is told to, unless it refuses.
impl RangeSource for RemoteFile<'_> {
    type Error = TransferError;

    fn name(&self) -> String {
        let options = self.session.options();
        let (server, user, directories) = (options.server(), options.user(), self.session.directories());
        // Quoted, so that no two files are called the same. A login may lead elsewhere than another one.
        format!("{server} {user:?} {directories:?} {:?}", self.path)
    }

    async fn offer(&mut self, _: Option<&Held>) -> Result<Offer, TransferError> {
        self.size = file_size(self.session, &self.path).await?;
        Ok(Offer { size: Some(self.size), version: None, resumes: self.resumes })
    }

    async fn open(&mut self, offset: u64) -> Result<(), TransferError> {
        self.transfer = Some(open(self.session, &self.path, self.size, offset, self.mode).await?);
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Bytes, TransferError>> {
        self.transfer.as_mut()?.next(self.session).await
    }

    fn close(&mut self) {
        self.transfer = None;
    }

    async fn usable(&mut self) -> Result<(), ModuleDown> {
        self.session.modem().health().up().await.map(drop)
    }

    fn spoiled(&mut self) {
        self.mode = self.mode.counted();
    }

    fn failed(&mut self, because: &TransferError) {
        self.resumes &= !begins_at_the_start_only(because);
        self.session.outage().begin(because.to_string());
    }

    fn gave_up(&mut self, reason: String) {
        self.session.outage().give_up(reason);
    }
}

/// Not behind what has come; from the start it may well succeed.
fn begins_at_the_start_only(error: &TransferError) -> bool {
    matches!(error, TransferError::RestartRefused { .. } | TransferError::TooLong { .. })
}

impl SourceError for TransferError {
    fn category(&self) -> Category {
        self.category()
    }

    fn hint(&self) -> Option<&'static str> {
        self.hint()
    }

    fn is_resumable(&self) -> bool {
        self.is_resumable() || begins_at_the_start_only(self)
    }

    fn is_cut(&self) -> bool {
        matches!(
            self,
            Self::Truncated { .. }
                | Self::Stalled { .. }
                | Self::LineLost { .. }
                | Self::ModuleRestarted { .. }
        )
    }

    fn spoils_what_came(&self) -> bool {
        matches!(self, Self::TooLong { .. })
    }
}
