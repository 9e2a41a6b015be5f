//! Whether a file fits.

use std::path::Path;

use super::disk_error::DiskError;

/// For the state file, and what the file system needs for itself.
const BESIDES: u64 = 64 * 1024;

/// Fails if so many bytes more do not fit in this folder. A file system that does not tell is taken at its word when it
/// is full.
pub(super) fn check_space(folder: &Path, bytes: u64) -> Result<(), DiskError> {
    let free = match fs4::available_space(folder) {
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
