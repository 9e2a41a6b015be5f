//! The files beside the target while a download is not yet complete.
//!
//! Invariants, at every moment at which the process may be killed or the power may go:
//!
//! - the target is either what it was before or a complete, verified file;
//! - the state file tells how many bytes of the part file are on the disk for sure, and what they belong to.
//!   It is replaced in one step, after the bytes were flushed, so it never promises too much. It promises the last byte
//!   of the file only when the transfer has ended as it should: if it turns out to be too long, the bytes are not those of
//!   their places, and whoever is killed before he knows must ask the server once more;
//! - nothing else in the part file counts: bytes behind the promised ones may be anything after a power cut,
//!   and a part file without a sound state file is thrown away.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::digest::{Sha256Digest, hash_file};
use super::disk::Turn;
use super::disk_error::DiskError;
use super::part_state::{Identity, PartState};
use super::space::check_space;

/// The target and its companions. All methods block.
#[derive(Clone, Debug)]
pub(super) struct PartFile {
    target: PathBuf,
    part: PathBuf,
    state: PathBuf,
    new_state: PathBuf,
}

/// The part file, open for writing.
#[derive(Debug)]
pub(super) struct PartWriter {
    files: PartFile,
    file: File,
    identity: Identity,
    written: u64,
    recorded: u64,
    _turn: Turn,
}

impl PartFile {
    pub(super) fn beside(target: &Path) -> Result<Self, DiskError> {
        let Some(name) = target.file_name() else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it has no file name");
            return Err(DiskError::file("download to", target, &error));
        };
        let companion = |suffix: &str| {
            let mut name = OsString::from(name);
            name.push(suffix);
            target.with_file_name(name)
        };
        Ok(Self {
            target: target.to_owned(),
            part: companion(".part"),
            state: companion(".part.state"),
            new_state: companion(".part.state.new"),
        })
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// What an earlier attempt has left for sure. A part file that is shorter than its state promises counts as
    /// nothing.
    pub(super) fn held(&self) -> Result<Option<PartState>, DiskError> {
        let Some(text) = found(fs::read(&self.state), &self.state)? else {
            return Ok(None);
        };
        let Some(part) = found(fs::metadata(&self.part), &self.part)? else {
            return Ok(None);
        };
        let state = PartState::parse(&String::from_utf8_lossy(&text));
        Ok(state.filter(|state| state.safe <= part.len()))
    }

    /// An empty part file and its state. The directory is flushed before the first byte comes: a new part file
    /// must never be found beside an old state.
    pub(super) fn begin(self, identity: Identity, turn: Turn) -> Result<PartWriter, DiskError> {
        self.check_target()?;
        self.discard()?;
        check_space(self.folder(), identity.size)?;
        self.write_state(&identity, 0)?;
        let file = create(&self.part)?;
        self.sync_directory()?;
        Ok(PartWriter { files: self, file, identity, written: 0, recorded: 0, _turn: turn })
    }

    /// The part file, to be written on behind `offset`; what it holds there is cut off. If the rest does not fit, the
    /// part file stays as it is.
    pub(super) fn go_on(self, identity: Identity, offset: u64, turn: Turn) -> Result<PartWriter, DiskError> {
        self.check_target()?;
        check_space(self.folder(), identity.size.saturating_sub(offset))?;
        let failed = |error| DiskError::file("open", &self.part, &error);
        let mut file = OpenOptions::new().write(true).open(&self.part).map_err(failed)?;
        file.set_len(offset).map_err(failed)?;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        Ok(PartWriter { files: self, file, identity, written: offset, recorded: offset, _turn: turn })
    }

    /// Hash and length of what is on the disk.
    pub(super) fn hash(&self) -> Result<(Sha256Digest, u64), DiskError> {
        hash_file(&self.part).map_err(|error| DiskError::file("read", &self.part, &error))
    }

    /// The transfer has ended as it should, and all bytes are recorded.
    pub(super) fn complete(&self, identity: &Identity) -> Result<(), DiskError> {
        self.write_state(identity, identity.size)
    }

    /// Gives the part file its final name, in one step and for good.
    pub(super) fn publish(&self) -> Result<(), DiskError> {
        let failed = |error| DiskError::file("rename the part file to", &self.target, &error);
        fs::rename(&self.part, &self.target).map_err(failed)?;
        self.sync_directory()?;
        remove(&self.new_state)?;
        remove(&self.state)
    }

    pub(super) fn discard(&self) -> Result<(), DiskError> {
        remove(&self.new_state)?;
        remove(&self.state)?;
        remove(&self.part)
    }

    /// Replaces the state file in one step. That the replacement itself is not flushed loses nothing: the old
    /// state promises less.
    fn write_state(&self, identity: &Identity, safe: u64) -> Result<(), DiskError> {
        let text = PartState { identity: identity.clone(), safe }.to_text();
        let failed = |error| DiskError::file("write", &self.new_state, &error);
        let mut file = create(&self.new_state)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        drop(file);
        let failed = |error| DiskError::file("replace", &self.state, &error);
        fs::rename(&self.new_state, &self.state).map_err(failed)
    }

    /// A file is replaced, and so is a link to one. Anything else, such as a device, would be gone for everybody.
    fn check_target(&self) -> Result<(), DiskError> {
        match found(fs::metadata(&self.target), &self.target)? {
            Some(target) if !target.is_file() => {
                let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
                Err(DiskError::file("replace", &self.target, &error))
            }
            _ => Ok(()),
        }
    }

    fn folder(&self) -> &Path {
        let parent = self.target.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.unwrap_or_else(|| Path::new("."))
    }

    #[cfg(unix)]
    fn sync_directory(&self) -> Result<(), DiskError> {
        let directory = self.folder();
        let synced = File::open(directory).and_then(|file| file.sync_all());
        synced.map_err(|error| DiskError::file("flush", directory, &error))
    }

    /// Elsewhere directories cannot be flushed, and renaming is as durable as the system makes it.
    #[cfg(not(unix))]
    fn sync_directory(&self) -> Result<(), DiskError> {
        Ok(())
    }
}

impl PartWriter {
    pub(super) fn path(&self) -> &Path {
        &self.files.part
    }

    /// The length of the part file.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// How much of it a power cut may take.
    pub(super) fn unrecorded(&self) -> u64 {
        self.written - self.recorded
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| DiskError::file("write", &self.files.part, &error))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Waits until all bytes are on the disk, then records how many there are, but for the last one of the file.
    pub(super) fn record(&mut self) -> Result<(), DiskError> {
        let synced = self.file.sync_all();
        synced.map_err(|error| DiskError::file("flush", &self.files.part, &error))?;
        let safe = self.written.min(self.identity.size.saturating_sub(1));
        self.files.write_state(&self.identity, safe)?;
        self.recorded = self.written;
        Ok(())
    }
}

fn create(path: &Path) -> Result<File, DiskError> {
    File::create(path).map_err(|error| DiskError::file("create", path, &error))
}

fn remove(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(DiskError::file("remove", path, &error)),
    }
}

/// `None` if there is no such file.
fn found<T>(result: io::Result<T>, path: &Path) -> Result<Option<T>, DiskError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DiskError::file("read", path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::Disk;
    use super::*;

    struct Folder {
        directory: tempfile::TempDir,
        part: PartFile,
    }

    impl Folder {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let part = PartFile::beside(&directory.path().join("fw.bin")).unwrap();
            Self { directory, part }
        }

        /// The files as they are now, elsewhere.
        fn copy(&self) -> Self {
            let copy = Self::new();
            for name in self.names() {
                fs::copy(self.directory.path().join(&name), copy.directory.path().join(&name)).unwrap();
            }
            copy
        }

        fn names(&self) -> Vec<OsString> {
            let entries = fs::read_dir(self.directory.path()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        }

        fn resumable(&self) -> u64 {
            self.resumable_as(&identity())
        }

        fn resumable_as(&self, wanted: &Identity) -> u64 {
            let held = self.part.held().unwrap();
            held.and_then(|state| state.safe_for(wanted)).unwrap_or(0)
        }

        async fn begin(&self) -> PartWriter {
            Disk::default().run(&self.part, |part, turn| part.begin(identity(), turn)).await.unwrap()
        }

        async fn go_on(&self, offset: u64) -> PartWriter {
            let going_on = move |part: PartFile, turn| part.go_on(identity(), offset, turn);
            Disk::default().run(&self.part, going_on).await.unwrap()
        }
    }

    fn identity() -> Identity {
        Identity { source: "h:21  fw.bin".into(), size: 10, version: None, sha256: Some([7; 32].into()) }
    }

    #[tokio::test]
    async fn only_what_was_recorded_counts() {
        let folder = Folder::new();
        assert_eq!(folder.resumable(), 0);
        let mut writer = folder.begin().await;
        assert_eq!(folder.resumable(), 0);
        writer.write(b"0123").unwrap();
        assert_eq!((folder.resumable(), writer.unrecorded()), (0, 4));
        writer.record().unwrap();
        assert_eq!((folder.resumable(), writer.unrecorded()), (4, 0));
        writer.write(b"45").unwrap();
        assert_eq!((folder.resumable(), writer.written()), (4, 6));
        let other = Identity { size: 11, ..identity() };
        assert_eq!(folder.resumable_as(&other), 0);
    }

    #[tokio::test]
    async fn the_last_byte_counts_when_the_transfer_has_ended() {
        let folder = Folder::new();
        let mut writer = folder.begin().await;
        writer.write(b"0123456789").unwrap();
        writer.record().unwrap();
        assert_eq!((folder.resumable(), writer.unrecorded()), (9, 0));
        folder.part.complete(&identity()).unwrap();
        assert_eq!(folder.resumable(), 10);
        drop(writer);
        let empty = Identity { size: 0, ..identity() };
        let begun = empty.clone();
        let mut writer =
            Disk::default().run(&folder.part, |part, turn| part.begin(begun, turn)).await.unwrap();
        writer.record().unwrap();
        assert_eq!(folder.part.held().unwrap().unwrap().safe_for(&empty), Some(0));
    }

    #[tokio::test]
    async fn the_tail_that_a_power_cut_took_is_cut_off() {
        let folder = Folder::new();
        let mut writer = folder.begin().await;
        writer.write(b"0123").unwrap();
        writer.record().unwrap();
        writer.write(b"456789").unwrap();
        for tail in [&b""[..], b"4", b"\0\0\0\0\0\0", b"4\0\0\0\0\0", b"longer than the file"] {
            let cut = folder.copy();
            fs::write(&cut.part.part, [b"0123", tail].concat()).unwrap();
            assert_eq!(cut.resumable(), 4);
            let mut writer = cut.go_on(4).await;
            assert_eq!(fs::read(&cut.part.part).unwrap(), b"0123");
            writer.write(b"45").unwrap();
            writer.record().unwrap();
            assert_eq!(cut.resumable(), 6);
            assert_eq!(fs::read(&cut.part.part).unwrap(), b"012345");
        }
    }

    #[tokio::test]
    async fn a_lost_or_damaged_state_or_a_lost_part_means_the_beginning() {
        let folder = Folder::new();
        let mut writer = folder.begin().await;
        writer.write(b"0123").unwrap();
        writer.record().unwrap();
        let damages: [fn(&PartFile); 4] = [
            |part| fs::remove_file(&part.state).unwrap(),
            |part| fs::write(&part.state, fs::read(&part.state).unwrap().split_last().unwrap().1).unwrap(),
            |part| fs::remove_file(&part.part).unwrap(),
            |part| fs::write(&part.part, "012").unwrap(),
        ];
        for (number, damage) in damages.iter().enumerate() {
            let cut = folder.copy();
            damage(&cut.part);
            assert_eq!(cut.resumable(), 0, "damage {number}");
            drop(cut.begin().await);
            assert_eq!(fs::read(&cut.part.part).unwrap(), b"", "damage {number}");
        }
    }

    #[tokio::test]
    async fn a_half_written_new_state_does_not_touch_the_old_one() {
        let folder = Folder::new();
        let mut writer = folder.begin().await;
        writer.write(b"0123").unwrap();
        writer.record().unwrap();
        fs::write(&folder.part.new_state, "telit part fi").unwrap();
        assert_eq!(folder.resumable(), 4);
        drop(writer);
        drop(folder.begin().await);
        assert_eq!(folder.names(), ["fw.bin.part", "fw.bin.part.state"]);
    }

    #[tokio::test]
    async fn publishing_leaves_only_the_target() {
        let folder = Folder::new();
        fs::write(&folder.part.target, "old").unwrap();
        let mut writer = folder.begin().await;
        writer.write(b"new").unwrap();
        writer.record().unwrap();
        fs::write(&folder.part.new_state, "left by a killed process").unwrap();
        assert_eq!(fs::read(&folder.part.target).unwrap(), b"old");
        folder.part.publish().unwrap();
        assert_eq!(folder.names(), ["fw.bin"]);
        assert_eq!(fs::read(&folder.part.target).unwrap(), b"new");
    }

    #[tokio::test]
    async fn only_a_file_or_a_link_to_one_is_replaced() {
        let folder = Folder::new();
        let refused = |result: Result<PartWriter, DiskError>| {
            let Err(DiskError::File { action, path, text, .. }) = result else { panic!("{result:?}") };
            assert_eq!(
                (action, path, text.as_str()),
                ("replace", folder.part.target.clone(), "it is no regular file")
            );
        };
        drop(folder.begin().await);
        fs::create_dir(&folder.part.target).unwrap();
        let disk = Disk::default();
        refused(disk.run(&folder.part, |part, turn| part.begin(identity(), turn)).await);
        refused(disk.run(&folder.part, |part, turn| part.go_on(identity(), 0, turn)).await);
        assert_eq!(folder.names(), ["fw.bin", "fw.bin.part", "fw.bin.part.state"]);
        fs::remove_dir(&folder.part.target).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/dev/null", &folder.part.target).unwrap();
            refused(disk.run(&folder.part, |part, turn| part.begin(identity(), turn)).await);
            fs::remove_file(&folder.part.target).unwrap();
            fs::write(folder.directory.path().join("old.bin"), "old").unwrap();
            std::os::unix::fs::symlink("old.bin", &folder.part.target).unwrap();
        }
        drop(folder.begin().await);
        folder.part.publish().unwrap();
        assert!(fs::symlink_metadata(&folder.part.target).unwrap().is_file());
    }

    #[test]
    fn targets_without_a_name_are_refused() {
        assert!(PartFile::beside(Path::new("/")).is_err());
        assert!(PartFile::beside(Path::new("a/..")).is_err());
    }
}
