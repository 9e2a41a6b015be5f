//! The files beside the target while a download is not yet complete.
//!
//! Invariants, at every moment at which the process may be killed:
//!
//! - the target is either what it was before or a complete, verified file;
//! - a part file belongs to what its state file says, or is thrown away: the part file goes first and the
//!   state file is written before the first byte of a new one.

use std::ffi::OsString;
use std::io::{self, Read, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::digest::Sha256Digest;
use crate::error::DownloadError;

const HEADER: &str = "telit-ftps part file 1";
const HASH_BLOCK: usize = 64 * 1024;

/// The target and its companions.
#[derive(Clone, Debug)]
pub(super) struct PartFile {
    target: PathBuf,
    part: PathBuf,
    state: PathBuf,
}

/// The part file, open for writing.
#[derive(Debug)]
pub(super) struct PartWriter {
    path: PathBuf,
    file: File,
}

/// What a part file belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) source: String,
    pub(super) size: u64,
    pub(super) sha256: Option<Sha256Digest>,
}

impl PartFile {
    pub(super) fn beside(target: &Path) -> Result<Self, DownloadError> {
        let Some(name) = target.file_name() else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it has no file name");
            return Err(DownloadError::file("download to", target, &error));
        };
        let companion = |suffix: &str| {
            let mut name = OsString::from(name);
            name.push(suffix);
            target.with_file_name(name)
        };
        Ok(Self { target: target.to_owned(), part: companion(".part"), state: companion(".part.state") })
    }

    /// How many bytes of this file an earlier attempt has left. What belongs to another file counts as
    /// nothing, and so does a part file that is longer than the file. A part file without state is taken
    /// for what it seems to be.
    pub(super) async fn resumable(&self, wanted: &Identity) -> Result<u64, DownloadError> {
        let length = match fs::metadata(&self.part).await {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(DownloadError::file("read", &self.part, &error)),
        };
        let fits = match fs::read(&self.state).await {
            Ok(text) => {
                Identity::parse(&String::from_utf8_lossy(&text)).is_some_and(|held| held.fits(wanted))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(DownloadError::file("read", &self.state, &error)),
        };
        Ok(if fits && length <= wanted.size { length } else { 0 })
    }

    /// An empty part file and its state.
    pub(super) async fn begin(&self, identity: &Identity) -> Result<PartWriter, DownloadError> {
        self.discard().await?;
        let mut state = create(&self.state).await?;
        let failed = |error| DownloadError::file("write", &self.state, &error);
        state.write_all(identity.to_text().as_bytes()).await.map_err(failed)?;
        state.flush().await.map_err(failed)?;
        state.sync_all().await.map_err(failed)?;
        Ok(PartWriter { path: self.part.clone(), file: create(&self.part).await? })
    }

    /// The part file, to be written on behind `offset`. Writing at a position, instead of appending, is
    /// what makes a write harmless that a dropped attempt still has under way: it puts the same bytes to
    /// the same place.
    pub(super) async fn go_on(&self, offset: u64) -> Result<PartWriter, DownloadError> {
        let failed = |error| DownloadError::file("open", &self.part, &error);
        let mut file = OpenOptions::new().write(true).open(&self.part).await.map_err(failed)?;
        file.seek(SeekFrom::Start(offset)).await.map_err(failed)?;
        Ok(PartWriter { path: self.part.clone(), file })
    }

    /// Hash and length of what is on the disk.
    pub(super) async fn hash(&self) -> Result<(Sha256Digest, u64), DownloadError> {
        let path = self.part.clone();
        let hashed = tokio::task::spawn_blocking(move || hash_file(&path)).await;
        let hashed = hashed.unwrap_or_else(|error| Err(io::Error::other(error.to_string())));
        hashed.map_err(|error| DownloadError::file("read", &self.part, &error))
    }

    /// Gives the part file its final name, in one step and for good.
    pub(super) async fn publish(&self) -> Result<(), DownloadError> {
        let failed = |error| DownloadError::file("rename the part file to", &self.target, &error);
        fs::rename(&self.part, &self.target).await.map_err(failed)?;
        self.sync_directory().await?;
        remove(&self.state).await
    }

    pub(super) async fn discard(&self) -> Result<(), DownloadError> {
        remove(&self.part).await?;
        remove(&self.state).await
    }

    #[cfg(unix)]
    async fn sync_directory(&self) -> Result<(), DownloadError> {
        let parent = self.target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or_else(|| Path::new(".")).to_owned();
        let path = directory.clone();
        let synced = tokio::task::spawn_blocking(move || std::fs::File::open(&path)?.sync_all()).await;
        let synced = synced.unwrap_or_else(|error| Err(io::Error::other(error.to_string())));
        synced.map_err(|error| DownloadError::file("flush", &directory, &error))
    }

    /// Elsewhere directories cannot be flushed, and renaming is as durable as the system makes it.
    #[cfg(not(unix))]
    async fn sync_directory(&self) -> Result<(), DownloadError> {
        Ok(())
    }
}

impl PartWriter {
    /// Writes, and waits until the system has taken the bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        let failed = |error| DownloadError::file("write", &self.path, &error);
        self.file.write_all(bytes).await.map_err(failed)?;
        self.file.flush().await.map_err(failed)
    }

    /// Waits until the bytes are on the disk.
    pub(super) async fn sync(&self) -> Result<(), DownloadError> {
        let synced = self.file.sync_all().await;
        synced.map_err(|error| DownloadError::file("flush", &self.path, &error))
    }
}

impl Identity {
    /// Whether a part file of this identity can become the wanted file. A hash that is known on one side
    /// only decides nothing.
    fn fits(&self, wanted: &Self) -> bool {
        let same_hash = match (self.sha256, wanted.sha256) {
            (Some(held), Some(wanted)) => held == wanted,
            _ => true,
        };
        self.source == wanted.source && self.size == wanted.size && same_hash
    }

    fn to_text(&self) -> String {
        let hash = self.sha256.map(|hash| hash.to_string()).unwrap_or_default();
        format!("{HEADER}\nsource {}\nsize {}\nsha256 {hash}\n", self.source, self.size)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return None;
        }
        let source = lines.next()?.strip_prefix("source ")?.to_owned();
        let size = lines.next()?.strip_prefix("size ")?.parse().ok()?;
        let sha256 = match lines.next()?.strip_prefix("sha256 ")? {
            "" => None,
            hash => Some(hash.parse().ok()?),
        };
        Some(Self { source, size, sha256 })
    }
}

async fn create(path: &Path) -> Result<File, DownloadError> {
    File::create(path).await.map_err(|error| DownloadError::file("create", path, &error))
}

async fn remove(path: &Path) -> Result<(), DownloadError> {
    match fs::remove_file(path).await {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(DownloadError::file("remove", path, &error)),
    }
}

fn hash_file(path: &Path) -> io::Result<(Sha256Digest, u64)> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; HASH_BLOCK];
    let mut length = 0;
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(block.get(..count).unwrap_or_default());
        length += count as u64;
    }
    let digest: [u8; 32] = hasher.finalize().into();
    Ok((digest.into(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity { source: "h:21  fw.bin".into(), size: 10, sha256: Some([7; 32].into()) }
    }

    #[test]
    fn identities_survive_the_disk() {
        let without = Identity { sha256: None, ..identity() };
        for identity in [identity(), without] {
            assert_eq!(Identity::parse(&identity.to_text()), Some(identity));
        }
        for damaged in ["", HEADER, "other\nsource a\nsize 1\nsha256 \n", &identity().to_text()[..40]] {
            assert_eq!(Identity::parse(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn another_file_does_not_fit() {
        assert!(identity().fits(&identity()));
        assert!(identity().fits(&Identity { sha256: None, ..identity() }));
        assert!(!identity().fits(&Identity { size: 11, ..identity() }));
        assert!(!identity().fits(&Identity { source: "h:21  other".into(), ..identity() }));
        assert!(!identity().fits(&Identity { sha256: Some([8; 32].into()), ..identity() }));
    }

    #[tokio::test]
    async fn part_files_that_fit_are_resumed() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("fw.bin");
        let part = PartFile::beside(&target).unwrap();
        assert_eq!(part.resumable(&identity()).await.unwrap(), 0);
        let mut writer = part.begin(&identity()).await.unwrap();
        writer.write(b"abcd").await.unwrap();
        writer.sync().await.unwrap();
        assert_eq!(part.resumable(&identity()).await.unwrap(), 4);
        assert_eq!(part.resumable(&Identity { size: 3, ..identity() }).await.unwrap(), 0);
        std::fs::write(directory.path().join("fw.bin.part.state"), "damaged").unwrap();
        assert_eq!(part.resumable(&identity()).await.unwrap(), 0);
        std::fs::remove_file(directory.path().join("fw.bin.part.state")).unwrap();
        assert_eq!(part.resumable(&identity()).await.unwrap(), 4);
        assert_eq!(part.resumable(&Identity { size: 3, ..identity() }).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn publishing_leaves_only_the_target() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("fw.bin");
        std::fs::write(&target, "old").unwrap();
        let part = PartFile::beside(&target).unwrap();
        let mut writer = part.begin(&identity()).await.unwrap();
        writer.write(b"new").await.unwrap();
        writer.sync().await.unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"old");
        part.publish().await.unwrap();
        let names: Vec<_> =
            std::fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["fw.bin"]);
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn targets_without_a_name_are_refused() {
        assert!(PartFile::beside(Path::new("/")).is_err());
        assert!(PartFile::beside(Path::new("a/..")).is_err());
    }
}
