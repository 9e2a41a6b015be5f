//! Async FTPS client over the FTP service inside Telit cellular modules.
//!
//! The module does TCP, TLS and FTP; this crate drives its `#FTP...` commands and makes them behave like
//! an ordinary client: streams of bytes, uploads with checked sizes, and downloads to a file that can be
//! resumed and are verified before the file gets its name.
//!
//! ```no_run
//! use telit_core::Modem;
//! use telit_core::tls::{CaCertificate, TlsOptions};
//! use telit_ftps::{FtpsClient, FtpsOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let modem = Modem::builder().apn("iot.example").open_serial("/dev/ttyUSB2").await?;
//! modem.bring_up().await?;
//!
//! let tls = TlsOptions::builder().ca(CaCertificate::from_pem(&std::fs::read("ca.pem")?)?).build()?;
//! let password = std::env::var("FTPS_PASSWORD")?;
//! let options = FtpsOptions::new("files.example", "device", password, tls);
//!
//! let mut client = FtpsClient::connect(&modem, options).await?;
//! let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".parse()?;
//! let download = client.download_to_file("fw.bin", "/var/lib/device/fw.bin").sha256(hash).resume(true);
//! let report = download.await?;
//! println!("{} bytes with SHA-256 {}", report.bytes, report.sha256);
//! client.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//!
//! - **TLS session reuse on data connections.** The module never resumes, so the server must not demand
//!   it: [`TransferError::SessionReuseDemanded`] names the setting to change. Source: SSL guide 9.
//! - **Implicit FTPS**, except where a firmware offers it, see [`FtpsOptions::implicit_tls`].
//! - **Going on without TLS.** If the server refuses TLS, connecting fails.
//! - **File names** with double quotes, control characters or anything outside ASCII: the module's command
//!   line cannot carry them, so they are refused before anything is sent.
//! - **Several things at once.** The module has one FTP session, with one transfer in it.
//!
//! The server must support SIZE: the module reports a complete and a broken transfer in the same way, so
//! only the count tells them apart. Source: M37 p818.

mod client;
mod commands;
mod context;
mod dialect;
mod directories;
mod download;
mod error;
mod final_reply;
mod firmware;
mod list;
mod listing;
mod listing_line;
mod loss;
mod options;
mod outage;
mod pull;
mod remote_url;
mod remove;
mod server_reply;
mod session;
mod transfer_mode;
mod upload;
mod upload_online;
mod working_directory;

pub use client::FtpsClient;
pub use download::{Download, DownloadReader, DownloadRequest};
pub use error::{ConnectError, TransferError};
pub use firmware::{DownloadError, FirmwareDownload, Retrying};
pub use listing::{Entry, EntryKind, Listing};
pub use options::FtpsOptions;
pub use remote_url::remote_path;
pub use server_reply::ServerReply;
pub use telit_core::download::{DownloadReport, InvalidDigest, Progress, Retry, Sha256Digest};
#[cfg(feature = "manifest")]
pub use telit_core::download::{Manifest, ManifestError, ManifestKey};
pub use transfer_mode::TransferMode;
pub use upload::UploadRequest;
