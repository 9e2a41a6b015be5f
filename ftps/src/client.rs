//! The client.

use std::path::Path;

use telit_core::Modem;
use tokio::io::AsyncRead;

use crate::commands::WorkingDirectory;
use crate::directories::{make_directory, remove_directory, rename};
use crate::download::{DownloadRequest, file_size};
use crate::error::{ConnectError, TransferError};
use crate::firmware::FirmwareDownload;
use crate::list::list;
use crate::listing::Listing;
use crate::options::FtpsOptions;
use crate::remove::remove;
use crate::server_reply::ServerReply;
use crate::session::Session;
use crate::upload::UploadRequest;
use crate::working_directory::change_directory;

/// A session with an FTPS server, held by the module.
///
/// A module has one FTP session and does one thing at a time in it, so every operation borrows the client
/// mutably. While the client lives it holds the module's TLS. [`close`](Self::close) gives it back;
/// dropping the client gives it back too, but then the session stays open until the server gives it up or
/// the next service that wants TLS ends it.
///
/// # Cancel safety
///
/// Every operation may be dropped at any time. If that can leave something half done, the next operation
/// closes the session and opens it again, in the same directory, before it begins. The same happens after
/// errors of a transfer, and when the server has dropped an idle session.
///
/// # When the module restarts
///
/// The client watches [`Modem::health`]. When the module has restarted or its port was lost, what is under way ends
/// with an error that is [resumable](TransferError::is_resumable) and names a restart as soon as it is known
/// ([`TransferError::is_module_restart`]). The next operation compares the TLS set-up, logs in again and returns to
/// the working directory; the client need not be made anew. It does not wait for the module: for that there is
/// [`HealthWatch::up`](telit_core::driver::HealthWatch::up), and [`download_to_file`](Self::download_to_file) does it
/// by itself. A [supervisor](telit_core::supervisor) is told about losing and regaining the session.
///
/// # Time
///
/// A command that waits for the server ends after the
/// [`timeout`](FtpsOptions::timeout) plus one minute at the latest, a transfer that stands still after the
/// [`stall_timeout`](FtpsOptions::stall_timeout).
#[derive(Debug)]
pub struct FtpsClient {
    session: Session,
}

impl FtpsClient {
    /// Takes the module's TLS, sets it up, and logs in. Takes at most [`tls_wait`](FtpsOptions::tls_wait), the time to
    /// store credentials ([`provision`](telit_core::tls::provision)), and four minutes.
    ///
    /// The packet data context must be active: see [`Modem::bring_up`].
    ///
    /// Source: SSL guide 9.1.
    ///
    /// # Errors
    /// See [`ConnectError`]. If the server refuses TLS, that is an error; nothing is ever sent without it.
    ///
    /// # Cancel safety
    /// Whatever was configured until then is undone by the next service that wants TLS.
    pub async fn connect(modem: &Modem, options: FtpsOptions) -> Result<Self, ConnectError> {
        let session = Box::pin(Session::start(modem.clone(), options)).await?;
        Ok(Self { session })
    }

    /// The size of a file.
    ///
    /// # Errors
    /// See [`TransferError`]; [`TransferError::NotFound`] if there is no such file.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn size(&mut self, path: &str) -> Result<u64, TransferError> {
        file_size(&mut self.session, path).await
    }

    /// Downloads a file as a stream of bytes. The server must support SIZE, and REST to begin in the
    /// middle.
    ///
    /// ```no_run
    /// # async fn example(client: &mut telit_ftps::FtpsClient) -> Result<(), telit_ftps::TransferError> {
    /// let mut download = client.download("log.txt").from(1000).await?;
    /// while let Some(bytes) = download.next().await {
    ///     println!("{} bytes", bytes?.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&mut self, path: impl Into<String>) -> DownloadRequest<'_> {
        DownloadRequest::new(&mut self.session, path.into())
    }

    /// Downloads a file to `target`, which gets its name only after size and hash were verified.
    /// See [`FirmwareDownload`].
    pub fn download_to_file(
        &mut self,
        path: impl Into<String>,
        target: impl AsRef<Path>,
    ) -> FirmwareDownload<'_> {
        FirmwareDownload::new(&mut self.session, path.into(), target.as_ref())
    }

    /// Uploads everything that `source` gives, replacing what the server has, and gives the number of
    /// bytes. Byte slices and files are sources. The server must confirm it, and the size on the server is checked
    /// afterwards, so it must support SIZE. See [`UploadRequest`] for errors and cancel safety.
    ///
    /// ```no_run
    /// # async fn example(client: &mut telit_ftps::FtpsClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let log = tokio::fs::File::open("/var/log/device.log").await?;
    /// let bytes = client.upload("device.log", log).progress(|sent| println!("{sent} bytes")).await?;
    /// println!("all {bytes} bytes are there");
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload<R>(&mut self, path: &str, source: R) -> UploadRequest<'_, R>
    where
        R: AsyncRead + Unpin + Send,
    {
        UploadRequest::new(&mut self.session, path.to_owned(), source, false)
    }

    /// Like [`upload`](Self::upload), to the end of what the server has; a file that is not there begins.
    pub fn append<R>(&mut self, path: &str, source: R) -> UploadRequest<'_, R>
    where
        R: AsyncRead + Unpin + Send,
    {
        UploadRequest::new(&mut self.session, path.to_owned(), source, true)
    }

    /// Lists a directory, or tells about one file; an empty path is the working directory. A listing is given only if the
    /// server has confirmed that it is whole.
    ///
    /// # Errors
    /// [`TransferError::Truncated`] if the server has not confirmed it; [`TransferError::ListingTooLong`] behind 1 MiB,
    /// [`TransferError::ListingTooSlow`] after 20 minutes. See [`TransferError`].
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn list(&mut self, path: &str) -> Result<Listing, TransferError> {
        list(&mut self.session, path).await
    }

    /// Deletes a file. When the server is late, the module says that it failed; so the server's reply is
    /// awaited, and in doubt it is asked whether the file is still there. Source: M37 p816.
    ///
    /// # Errors
    /// See [`TransferError`].
    ///
    /// # Cancel safety
    /// The file may be deleted or not.
    pub async fn remove(&mut self, path: &str) -> Result<(), TransferError> {
        remove(&mut self.session, path).await
    }

    /// Gives a file or directory another name. With it an upload appears at once and whole: upload it under another
    /// name, then rename it.
    ///
    /// Platform 37 alone is known to have the command. Source: M37 p812.
    ///
    /// # Errors
    /// [`TransferError::Unsupported`] where the firmware cannot; [`TransferError::NotFound`] if `from` is missing. See
    /// [`TransferError`].
    ///
    /// # Cancel safety
    /// It may have been renamed or not.
    pub async fn rename(&mut self, from: &str, to: &str) -> Result<(), TransferError> {
        rename(&mut self.session, from, to).await
    }

    /// Makes a directory. Where as [`rename`](Self::rename).
    ///
    /// # Errors
    /// As [`rename`](Self::rename); [`TransferError::Refused`] if it is there already.
    ///
    /// # Cancel safety
    /// It may have been made or not.
    pub async fn make_directory(&mut self, path: &str) -> Result<(), TransferError> {
        make_directory(&mut self.session, path).await
    }

    /// Removes a directory, which must be empty. Where as [`rename`](Self::rename).
    ///
    /// # Errors
    /// As [`rename`](Self::rename).
    ///
    /// # Cancel safety
    /// It may have been removed or not.
    pub async fn remove_directory(&mut self, path: &str) -> Result<(), TransferError> {
        remove_directory(&mut self.session, path).await
    }

    /// The working directory.
    ///
    /// # Errors
    /// See [`TransferError`].
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn pwd(&mut self) -> Result<String, TransferError> {
        let command = WorkingDirectory { deadline: self.session.deadline() };
        self.session.run(command, None).await
    }

    /// Changes the working directory. A session that has to be opened again returns to it; if it is gone by then,
    /// operations fail with [`TransferError::Reopen`] until this one is called with an absolute path.
    ///
    /// # Errors
    /// [`TransferError::Invalid`] after sixteen relative paths if the server does not tell its working directory as a
    /// path. See [`TransferError`].
    ///
    /// # Cancel safety
    /// The directory may be changed or not.
    pub async fn cwd(&mut self, path: &str) -> Result<(), TransferError> {
        change_directory(&mut self.session, path).await
    }

    /// What the server said last; `None` if it said nothing.
    ///
    /// # Errors
    /// See [`TransferError`].
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn last_message(&mut self) -> Result<Option<ServerReply>, TransferError> {
        self.session.run_once(crate::commands::LastMessage, None, false).await
    }

    /// Ends the session, switches the service's TLS off and gives TLS back.
    ///
    /// # Errors
    /// The module did not confirm. TLS is given back nevertheless; its next owner cleans up.
    ///
    /// # Cancel safety
    /// As dropping the client.
    pub async fn close(self) -> Result<(), TransferError> {
        self.session.close().await
    }
}
