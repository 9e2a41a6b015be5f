//! Files and progress of long transfers.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use telit_core::download::Progress;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::output::Output;

/// A file that gets its name only when it is whole.
#[derive(Debug)]
pub(crate) struct OutputFile {
    path: PathBuf,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Temporary(NamedTempFile),
    /// A device such as `/dev/null`, which must not be replaced by a file.
    Direct(File),
}

impl OutputFile {
    /// Opens a temporary file beside `path`.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        let sink =
            if special { File::options().write(true).open(path).map(Sink::Direct) } else { temporary(path) };
        let sink = sink.map_err(|error| no_target(path, &error))?;
        Ok(Self { path: path.to_owned(), sink })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.sink {
            Sink::Temporary(file) => file.write_all(bytes),
            Sink::Direct(file) => file.write_all(bytes),
        };
        written.map_err(|error| unwritable(&self.path, &error))
    }

    /// Gives the file its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.sink {
            Sink::Direct(_) => Ok(()),
            Sink::Temporary(file) => {
                let persisted = file.as_file().sync_all().and_then(|()| Ok(file.persist(&self.path)?));
                persisted.map(drop).map_err(|error| unwritable(&self.path, &error))
            }
        }
    }
}

/// Whether a file can be written here, to be known before anything is sent.
pub(crate) fn check_target(path: &Path) -> Result<(), Failure> {
    OutputFile::create(path).map(drop)
}

/// The user named a place where no file can be.
fn no_target(path: &Path, error: &io::Error) -> Failure {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        // The kind alone: the rest would name the temporary file.
        kind => kind.to_string(),
    };
    Failure::usage(format!("{} cannot be written: {reason}", path.display()))
        .hint("give a file in a folder that exists and that you may write to")
}

fn temporary(path: &Path) -> io::Result<Sink> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".telit-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As every new file; the umask takes off what the user does not want.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map(Sink::Temporary)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::from(io::Error::new(error.kind(), format!("{} cannot be written: {error}", path.display())))
}

/// Bytes of a file that the user named on the command line.
pub(crate) fn read_input(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::usage(format!("{} cannot be read: {error}", path.display()))
            .hint("check the name of the file, and that you may read it")
    })
}

/// A progress bar, which only a person at a terminal sees.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Nothing is seen before the first progress is shown.
    pub(crate) fn for_download(output: &Output) -> Self {
        Self(visible(output).with_style(style("{bar:30} {bytes}/{total_bytes} {msg}")))
    }

    /// For what starts at zero. Without a total it counts only.
    pub(crate) fn counting(output: &Output, total: Option<u64>) -> Self {
        let bar = visible(output);
        let Some(total) = total else {
            return Self(bar.with_style(style("{spinner} {bytes} {bytes_per_sec}")));
        };
        let bar = bar.with_style(style("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}"));
        bar.set_length(total);
        Self(bar)
    }

    /// How far a download is, with the rate and the time left as it tells them: what was there before has no part in these.
    pub(crate) fn show(&self, progress: &Progress) {
        // In one, so that what was there before is never drawn as missing.
        self.0.update(|state| {
            state.set_len(progress.total);
            state.set_pos(progress.bytes);
        });
        self.0.set_message(speed(progress));
    }

    /// So many bytes are done.
    pub(crate) fn reach(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

fn visible(output: &Output) -> ProgressBar {
    match output.is_quiet() || !io::stderr().is_terminal() {
        true => ProgressBar::hidden(),
        false => ProgressBar::no_length(),
    }
}

fn speed(progress: &Progress) -> String {
    let rate = progress.rate.map(|rate| format!("{}/s", HumanBytes(rate))).unwrap_or_default();
    match progress.left {
        // Whole seconds, as the clock at the wall counts them.
        Some(left) => format!("{rate} {:#}", HumanDuration(Duration::from_secs(left.as_secs()))),
        None => rate,
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The SHA-256 of what passes by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hash(Sha256);

impl Hash {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn hexadecimal(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

/// The SHA-256 of these bytes.
#[cfg(feature = "simulator")]
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.bin");
        fs::write(&path, "old").unwrap();
        let mut file = OutputFile::create(&path).unwrap();
        file.write(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_abandoned_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = OutputFile::create(&folder.path().join("image.bin")).unwrap();
        file.write(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_place_where_no_file_can_be_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none/image.bin");
        let failure = check_target(&missing).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        let expected = format!("{} cannot be written: its folder does not exist", missing.display());
        assert_eq!(failure.to_string(), expected);
        assert_eq!(check_target(folder.path()).unwrap_err().exit_code(), 2);
        check_target(&folder.path().join("image.bin")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_written_to_and_stay() {
        let mut file = OutputFile::create(Path::new("/dev/null")).unwrap();
        file.write(b"gone").unwrap();
        file.finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn hashes() {
        let mut hash = Hash::default();
        hash.update(b"a");
        hash.update(b"bc");
        assert_eq!(hash.hexadecimal(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
