//! What is kept in `fuzz/seeds`: that it holds, and that it is what the golden transcripts give.

mod golden;
mod multiplexer;
mod packets;
mod replay;

use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace").to_owned()
}

fn seeds(target: &str) -> PathBuf {
    workspace().join("fuzz/seeds").join(target)
}

/// The files of a folder by their names, in order; none if it is not there.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries.map(|entry| entry.expect("it is readable")).filter(|entry| entry.path().is_file());
    let mut read: Vec<_> = files
        .map(|file| {
            let name = file.file_name().into_string().expect("the name is text");
            (name, fs::read(file.path()).expect("it is readable"))
        })
        .collect();
    read.sort();
    read
}
