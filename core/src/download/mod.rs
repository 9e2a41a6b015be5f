//! Downloads to a file that are verified before the file gets its name, wherever they come from.
//!
//! The bytes go to `<name>.part` beside the target, with a small file `<name>.part.state` that tells what
//! they belong to and how many of them are on the disk for sure. When all have come, size and SHA-256 of what
//! is *on the disk* are checked, the file is flushed to the disk, renamed to its final name in one step, and
//! the directory is flushed. So the final name never belongs to a damaged or incomplete file, whenever the
//! process is killed or the power goes.
//!
//! A service brings a [`RangeSource`]; [`FileDownload`] does the rest. What is fetched is known by name, size and the
//! version that the server tells, or by its hash: bytes of files that differ in these never get into one. Where the server
//! tells no version, as in FTP, and no hash is wanted, nothing shows that a file of the same size has taken the other's
//! place between two attempts.

mod digest;
mod disk;
mod disk_error;
mod error;
mod file_download;
#[cfg(feature = "manifest")]
mod manifest;
mod part_file;
mod part_state;
mod progress;
mod retry;
mod run;
mod source;
mod space;
mod writing;

pub use digest::{InvalidDigest, Sha256Digest};
pub use disk::Disk;
pub use error::{DownloadError, SourceError};
pub use file_download::{DownloadReport, FileDownload};
#[cfg(feature = "manifest")]
pub use manifest::{Manifest, ManifestError, ManifestKey};
pub use progress::Progress;
pub use retry::{Retry, Retrying};
pub use source::{Held, Offer, RangeSource};
