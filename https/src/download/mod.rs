//! Downloads to a file that go on where they were cut, and are verified before the file gets its name.

mod answer;
mod error;
mod remote;

use std::fmt::{self, Display};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::choice::Engine;
use crate::request_builder::RequestBuilder;
use crate::shared::Shared;
use crate::socket;

pub use error::FetchError;
use remote::Remote;
use telit_core::download::FileDownload;
pub use telit_core::download::{DownloadReport, InvalidDigest, Progress, Retry, Sha256Digest};
#[cfg(feature = "manifest")]
pub use telit_core::download::{Manifest, ManifestError, ManifestKey};
use telit_core::socket::ConnectionMode;

/// A download to a file failed. The final name was not touched, unless it is a `File` error that came behind renaming: then
/// the whole verified file has it, and what failed is flushing the folder or removing the state file.
pub type DownloadError = telit_core::download::DownloadError<FetchError>;

/// A download was cut and will go on where it stopped.
pub type Retrying = telit_core::download::Retrying<FetchError>;

/// A download to a file that is about to begin; awaiting it runs it.
///
/// The bytes go to `<name>.part` beside the target, with a small file `<name>.part.state` that tells what
/// they belong to and how many of them are on the disk for sure. When all have come, size and SHA-256 of what
/// is *on the disk* are checked, the file is flushed to the disk, renamed to its final name in one step, and
/// the directory is flushed. So the final name never belongs to an incomplete file, and with a hash to none that is damaged,
/// whenever the process is killed or the power goes.
///
/// - After a cut, a silent server, a lost line, a restarted module or a status of 408, 429, 500, 502, 503 or 504 it goes on
///   by itself behind what has come, as often as [`retry`](Self::retry) says. It waits until the module can be used
///   ([`Modem::health`](telit_core::Modem::health)); a [supervisor](telit_core::supervisor) gets it back.
///   It leaves a server alone for as long as that asks with such a status (`Retry-After` in seconds, which only
///   [`Engine::Socket`] sees), up to the client's [`max_retry_after`](crate::Retry::max_retry_after).
/// - After an error, a dropped future, a killed process or a power cut, the next call goes on with
///   [`resume(true)`](Self::resume) behind what was recorded: all, or all but the last 64 KiB or the last second.
/// - It asks for the rest of a file (`Range`) only where bytes of two files cannot get into one: if the server told a strong
///   entity tag, or a date at which it last changed, and the rest is of the same (`If-Range`), or if the hash is
///   known. Everything else is fetched from its first byte on. So is a file whose server ignores `Range`, or offers
///   another one by now.
/// - Files with the same [`sha256`](Self::sha256) are the same one, whatever their URLs: a presigned URL may be
///   another one each time. Without a hash, the URL has to be the same.
/// - What does not fit on the disk is not begun ([`DownloadError::NoSpace`]), and no more is taken than was announced. A
///   server that announces no length has to be helped out with [`expected_size`](Self::expected_size) or a
///   `manifest` (a feature of this crate).
/// - A wrong hash removes the part file. If it was a resumed download, the whole file is downloaded once more first, in counted
///   blocks unless its mode was told: the line may have lost bytes.
/// - Two downloads to the same target at the same time are not supported.
///
/// Under [`Engine::Auto`] this computer speaks HTTP ([`Engine::Socket`]), since the module hides the headers that resuming
/// needs; without TLS it is the module. With [`Engine::Module`] a download resumes only with a hash: the module tells
/// status and length, and neither the place nor the version of what comes.
///
/// # Online and command mode
/// Over a TLS socket, a download whose hash is known ([`sha256`](Self::sha256), or a signed `manifest`) comes in
/// online mode: the port carries the file itself, and the whole line is used. **Meanwhile nothing else runs on the port**:
/// commands, other requests and announcements wait until the answer has ended. The connection is closed with it, also
/// where the client [keeps TLS](crate::HttpsOptions::keep_tls).
///
/// It comes in command mode, in blocks between which others have their turn, if
/// - its hash is not known: nobody counts bytes in online mode, and what the line lost before a cut would go unnoticed;
///   command mode counts every block;
/// - other TLS sockets of this program are open on the module when it connects: they would stand still;
/// - the client's [`connection_mode`](crate::HttpsOptions::connection_mode) or that of the download says so. Both are followed
///   in any case, the download's first.
///
/// It needs the module's TLS while it is under way: an MQTT client that holds it gives it away with its `pause()` before,
/// and comes back with its subscriptions with `resume()` afterwards.
///
/// ```no_run
/// # async fn example(client: telit_https::HttpsClient) -> Result<(), Box<dyn std::error::Error>> {
/// let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".parse()?;
/// let report = client
///     .download_to_file("https://files.example/fw.bin", "/var/lib/device/fw.bin")
///     .bearer_auth("t0ken")
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
pub struct HttpsDownload<'a>(FileDownload<'a, Remote>);

impl<'a> HttpsDownload<'a> {
    pub(crate) fn new(shared: &Shared, request: RequestBuilder, target: &Path) -> Self {
        let engine = match shared.options.engine {
            Engine::Auto if socket::BUILT && shared.tls.is_some() => Engine::Socket,
            Engine::Auto => Engine::Module,
            engine => engine,
        };
        // Left as it was, the refusal of what the module cannot tells what is missing.
        let request = if socket::BUILT { request.engine(engine) } else { request };
        let remote = Remote::new(request, engine, shared.modem.clone(), shared.options.retry);
        Self(FileDownload::new(remote, shared.disk.clone(), target))
    }

    /// Adds a header to the request; one of the same name stays. `Range` and `If-Range` are refused: see
    /// [`resume`](Self::resume).
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Display,
        V: TryInto<HeaderValue>,
        V::Error: Display,
    {
        self.request(|request| request.header(name, value))
    }

    /// Adds headers; those of the same names stay.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.request(|request| request.headers(headers))
    }

    /// `Authorization: Bearer ...`, in place of another one.
    pub fn bearer_auth(self, token: impl Display) -> Self {
        self.request(|request| request.bearer_auth(token))
    }

    /// `Authorization: Basic ...`, in place of another one.
    pub fn basic_auth(self, user: impl Display, password: impl Display) -> Self {
        self.request(|request| request.basic_auth(user, password))
    }

    /// How long the server may be silent before it counts as a cut, in place of the client's
    /// [`timeout`](crate::HttpsOptions::timeout).
    pub fn timeout(self, timeout: Duration) -> Self {
        self.request(|request| request.timeout(timeout))
    }

    /// Who speaks HTTP, in place of the client's [`engine`](crate::HttpsOptions::engine). [`Engine::Auto`] changes nothing.
    pub fn engine(mut self, engine: Engine) -> Self {
        if engine == Engine::Auto {
            return self;
        }
        self.0.source_mut().set_engine(engine);
        self
    }

    /// Who moves the bytes if this computer speaks HTTP, in place of the client's
    /// [`connection_mode`](crate::HttpsOptions::connection_mode). By default a download whose hash is known comes in online
    /// mode, see [above](Self#online-and-command-mode).
    ///
    /// Online mode without a hash: bytes that the line lost before a cut are missing in the file that goes on behind it,
    /// and nobody notices.
    pub fn connection_mode(mut self, mode: ConnectionMode) -> Self {
        self.0.source_mut().set_mode(mode);
        self
    }

    /// Whether to go on behind a part file of an earlier call. Default false: it is thrown away.
    pub fn resume(self, resume: bool) -> Self {
        Self(self.0.resume(resume))
    }

    /// The hash that the whole file must have.
    pub fn sha256(mut self, hash: Sha256Digest) -> Self {
        self.0.source_mut().hash_is_known();
        Self(self.0.sha256(hash))
    }

    /// The size that the file must have. If the server tells another one, nothing is downloaded.
    pub fn expected_size(self, size: u64) -> Self {
        Self(self.0.expected_size(size))
    }

    /// Size and hash that the file must have, from a manifest whose signature was verified.
    #[cfg(feature = "manifest")]
    pub fn manifest(mut self, manifest: &Manifest) -> Self {
        self.0.source_mut().hash_is_known();
        Self(self.0.manifest(manifest))
    }

    /// How often it goes on by itself after a cut. Default [`Retry::default`]: ten attempts in a row that bring nothing.
    pub fn retry(self, retry: Retry) -> Self {
        Self(self.0.retry(retry))
    }

    /// Called before it waits to go on after a cut.
    pub fn on_retry(self, on_retry: impl FnMut(&Retrying) + Send + 'a) -> Self {
        Self(self.0.on_retry(on_retry))
    }

    /// Called after every piece that was written.
    pub fn progress(self, progress: impl FnMut(Progress) + Send + 'a) -> Self {
        Self(self.0.progress(progress))
    }

    fn request(mut self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        self.0.source_mut().change_request(change);
        self
    }
}

impl<'a> IntoFuture for HttpsDownload<'a> {
    type Output = Result<DownloadReport, DownloadError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        self.0.into_future()
    }
}

impl fmt::Debug for HttpsDownload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpsDownload").field(&self.0).finish()
    }
}
