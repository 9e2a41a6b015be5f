//! Users and files.

use std::collections::{BTreeMap, BTreeSet};

/// Whole paths begin with `/` and have no `.`, `..` or `/` at the end.
#[derive(Default)]
pub(super) struct Files {
    pub(super) users: BTreeMap<String, String>,
    /// The next transfer breaks after so many bytes.
    pub(super) cut: Option<u64>,
    /// There is no `REST`.
    pub(super) refuses_restart: bool,
    /// `REST` is taken, and downloads begin at the start.
    pub(super) ignores_restart: bool,
    /// What the next command of a name is answered with; `None` is nothing.
    pub(super) answers: Vec<(String, Option<String>)>,
    /// What the next upload is answered with in the end, while the file stays as it was.
    pub(super) rejection: Option<String>,
    files: BTreeMap<String, Vec<u8>>,
    directories: BTreeSet<String>,
}

/// The whole path of what is called `path` in `directory`.
pub(super) fn resolved(directory: &str, path: &str) -> String {
    let start = if path.starts_with('/') { "" } else { directory };
    let mut parts = Vec::new();
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        None | Some(("", _)) => "/",
        Some((parent, _)) => parent,
    }
}

impl Files {
    /// What a command is answered with instead of being obeyed.
    pub(super) fn take_answer(&mut self, command: &str) -> Option<Option<String>> {
        let place = self.answers.iter().position(|(name, _)| name == command)?;
        Some(self.answers.remove(place).1)
    }

    pub(super) fn get(&self, path: &str) -> Option<&Vec<u8>> {
        self.files.get(path)
    }

    /// Stores a file and makes the directories above it.
    pub(super) fn put(&mut self, path: &str, content: Vec<u8>) {
        let mut directory = parent(path);
        while directory != "/" {
            self.directories.insert(directory.to_owned());
            directory = parent(directory);
        }
        self.files.insert(path.to_owned(), content);
    }

    /// Whether a file can be stored there.
    pub(super) fn can_store(&self, path: &str) -> bool {
        self.is_directory(parent(path)) && !self.is_directory(path)
    }

    pub(super) fn append(&mut self, path: &str, bytes: &[u8]) {
        self.files.entry(path.to_owned()).or_default().extend_from_slice(bytes);
    }

    /// Cuts a file off at `length`, or makes an empty one.
    pub(super) fn truncate(&mut self, path: &str, length: usize) {
        self.files.entry(path.to_owned()).or_default().truncate(length);
    }

    pub(super) fn remove(&mut self, path: &str) -> bool {
        self.files.remove(path).is_some()
    }

    pub(super) fn is_directory(&self, path: &str) -> bool {
        path == "/" || self.directories.contains(path)
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.is_directory(path)
    }

    /// A file, or an empty directory. `false`: it cannot be called so.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> bool {
        if !self.can_store(to) {
            return false;
        }
        if self.remove_directory(from) {
            return self.make_directory(to);
        }
        let content = self.files.remove(from);
        content.map(|content| self.files.insert(to.to_owned(), content)).is_some()
    }

    /// `false`: something is called so, or there is no directory above it.
    pub(super) fn make_directory(&mut self, path: &str) -> bool {
        self.can_store(path) && !self.files.contains_key(path) && self.directories.insert(path.to_owned())
    }

    /// `false`: there is none, or it is not empty.
    pub(super) fn remove_directory(&mut self, path: &str) -> bool {
        let inside = |name: &String| parent(name) == path;
        let empty = !self.files.keys().any(inside) && !self.directories.iter().any(inside);
        empty && self.directories.remove(path)
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    /// The entries of a directory, or the one file, as `LIST` shows them (or `NLST`, which has the names alone).
    pub(super) fn list(&self, path: &str, names_only: bool) -> Option<String> {
        let entries: BTreeMap<&str, Option<usize>> = match self.files.get(path) {
            Some(content) => BTreeMap::from([(name(path), Some(content.len()))]),
            None if self.is_directory(path) => {
                let files = self.files.iter().map(|(file, content)| (file, Some(content.len())));
                let directories = self.directories.iter().map(|directory| (directory, None));
                let inside = files.chain(directories).filter(|(entry, _)| parent(entry) == path);
                inside.map(|(entry, size)| (name(entry), size)).collect()
            }
            None => return None,
        };
        let line = |(name, size): (&str, Option<usize>)| match size {
            _ if names_only => format!("{name}\r\n"),
            Some(size) => format!("-rw-r--r-- 1 user group {size:>8} Jan 01 00:00 {name}\r\n"),
            None => format!("drwxr-xr-x 1 user group {:>8} Jan 01 00:00 {name}\r\n", 0),
        };
        Some(entries.into_iter().map(line).collect())
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// LF becomes CR LF, as type A sends it.
pub(super) fn to_network(content: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(content.len());
    for byte in content {
        if *byte == b'\n' {
            text.push(b'\r');
        }
        text.push(*byte);
    }
    text
}

/// CR LF becomes LF. `held` is a CR at the end of the last piece.
pub(super) fn from_network(piece: &[u8], held: &mut bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(piece.len() + 1);
    for byte in piece {
        if std::mem::take(held) && *byte != b'\n' {
            text.push(b'\r');
        }
        match *byte {
            b'\r' => *held = true,
            byte => text.push(byte),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved() {
        for (directory, path, whole) in [
            ("/", "a", "/a"),
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "../c/./d/", "/a/c/d"),
            ("/a", "/x//y", "/x/y"),
            ("/a", "../../..", "/"),
            ("/a", "", "/a"),
        ] {
            assert_eq!(resolved(directory, path), whole, "{directory} {path}");
        }
    }

    #[test]
    fn directories_come_and_go() {
        let mut files = Files::default();
        files.put("/a/b/file", b"12345".to_vec());
        assert!(files.is_directory("/a") && files.is_directory("/a/b") && !files.is_directory("/a/b/file"));
        assert!(!files.remove_directory("/a/b"));
        assert!(files.remove("/a/b/file") && files.remove_directory("/a/b") && !files.is_directory("/a/b"));
        assert!(
            files.make_directory("/a/c") && !files.make_directory("/a/c") && !files.make_directory("/x/y")
        );
        assert_eq!(files.list("/a", true).as_deref(), Some("c\r\n"));
        assert_eq!(files.list("/nothing", true), None);
    }

    #[test]
    fn line_ends_change_and_change_back() {
        let text = b"one\ntwo\rthree\n\r";
        let sent = to_network(text);
        assert_eq!(sent, b"one\r\ntwo\rthree\r\n\r");
        for cut in 0..sent.len() {
            let mut held = false;
            let mut back = from_network(&sent[..cut], &mut held);
            back.extend(from_network(&sent[cut..], &mut held));
            if held {
                back.push(b'\r');
            }
            assert_eq!(back, text, "cut at {cut}");
        }
    }
}
