//! Whether a file fits.

use std::io;
use std::path::Path;

use super::disk_error::DiskError;

/// For the state file, and what the file system needs for itself.
const BESIDES: u64 = 64 * 1024;

/// Fails if so many bytes more do not fit in this folder. A file system that does not tell is taken at its word when it
/// is full.
pub(super) fn check_space(folder: &Path, bytes: u64) -> Result<(), DiskError> {
    let free = match available_space(folder) {
        Ok(free) => free,
        Err(error) => {
            tracing::debug!(%error, folder = %folder.display(), "how much is free is not known");
            return Ok(());
        }
    };
    let needed = bytes.saturating_add(BESIDES);
    if free < needed {
        return Err(DiskError::NoSpace { folder: folder.to_owned(), needed, free });
    }
    Ok(())
}

#[cfg(unix)]
fn available_space(folder: &Path) -> io::Result<u64> {
    let file_system = nix::sys::statvfs::statvfs(folder)?;
    // Their widths differ from system to system.
    #[allow(clippy::useless_conversion, reason = "not on every system")]
    Ok(u64::from(file_system.blocks_available()).saturating_mul(u64::from(file_system.fragment_size())))
}

#[cfg(not(unix))]
fn available_space(folder: &Path) -> io::Result<u64> {
    fs4::available_space(folder)
}
