//! Listings: what the server sent, and what it most likely means.

use bytes::{Bytes, BytesMut};
use telit_core::at::StreamEnd;
use tokio::time::timeout;

use crate::commands::List;
use crate::error::TransferError;
use crate::session::Session;

/// Longest listing that is taken.
const LIMIT: usize = 1024 * 1024;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A directory as the server lists it. The form of a listing is up to the server; those of UNIX and DOS
/// are understood, and every line can be had as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    text: Bytes,
    entries: Vec<Entry>,
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    line: String,
    details: Option<Details>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// Something else.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    name: String,
    kind: EntryKind,
    size: Option<u64>,
}

impl Listing {
    pub(crate) fn parse(text: Bytes) -> Self {
        let lossy = String::from_utf8_lossy(&text);
        let lines = lossy.lines().filter(|line| !line.trim().is_empty() && !is_total(line));
        let entries = lines.map(Entry::parse).collect();
        Self { entries, text }
    }

    /// The bytes of the listing as they came.
    #[must_use]
    pub fn raw(&self) -> &Bytes {
        &self.text
    }

    /// Its entries, also those that were not understood.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Entry {
    fn parse(line: &str) -> Self {
        Self { line: line.to_owned(), details: unix(line).or_else(|| dos(line)) }
    }

    /// The line as it came.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The name, if the line was understood. Of a link, its own name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.details.as_ref().map(|details| details.name.as_str())
    }

    /// What it is, if the line was understood.
    #[must_use]
    pub fn kind(&self) -> Option<EntryKind> {
        self.details.as_ref().map(|details| details.kind)
    }

    /// The size in bytes, if the line tells one.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.details.as_ref().and_then(|details| details.size)
    }
}

pub(crate) async fn list(session: &mut Session, path: &str) -> Result<Listing, TransferError> {
    match fetch(session, path).await {
        Ok(text) => Ok(Listing::parse(text)),
        Err(error) => Err(session.explained(error).await),
    }
}

async fn fetch(session: &mut Session, path: &str) -> Result<Bytes, TransferError> {
    let path = if path.is_empty() { String::new() } else { session.check_path(path)? };
    let command = List { path: path.clone(), deadline: session.deadline() };
    session.ready().await?;
    let named = (!path.is_empty()).then_some(path.as_str());
    let mut stream = session.open_stream(command, named).await?;
    let stall = session.options().stall();
    let mut text = BytesMut::new();
    loop {
        match timeout(stall, stream.next()).await {
            Ok(Some(bytes)) if text.len() + bytes.len() > LIMIT => {
                return Err(TransferError::ListingTooLong { limit: LIMIT });
            }
            Ok(Some(bytes)) => text.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(_) => {
                let got = text.len() as u64;
                return Err(TransferError::Stalled { got, expected: got, waited: stall });
            }
        }
    }
    match stream.end().await {
        StreamEnd::Closed { .. } => {}
        _ => return Err(TransferError::LineLost { got: text.len() as u64, expected: text.len() as u64 }),
    }
    check_complete(session, named, text.len() as u64).await?;
    Ok(text.freeze())
}

/// A listing ends in the same way whether it is complete or was cut; only the server's reply tells.
async fn check_complete(session: &mut Session, path: Option<&str>, got: u64) -> Result<(), TransferError> {
    let reply = session.last_reply().await;
    if session.basis().loss().is_some() {
        // Nobody is left who could tell.
        return Err(TransferError::LineLost { got, expected: got });
    }
    let Some(reply) = reply.filter(crate::server_reply::ServerReply::is_negative) else {
        session.trust();
        return Ok(());
    };
    if session.options().uses_tls() && reply.demands_session_reuse() {
        return Err(TransferError::SessionReuseDemanded { reply });
    }
    match path {
        Some(path) if matches!(reply.code(), Some(450 | 550)) => {
            Err(TransferError::NotFound { path: path.to_owned(), reply: Some(reply) })
        }
        _ => Err(TransferError::Truncated { got, expected: got, reply: Some(reply) }),
    }
}

fn is_total(line: &str) -> bool {
    line.strip_prefix("total ").is_some_and(|rest| rest.trim().parse::<u64>().is_ok())
}

/// `-rw-r--r-- 1 owner group 1234 Jan 01 12:00 name`; group and link count may be missing.
fn unix(line: &str) -> Option<Details> {
    let kind = match line.as_bytes().first()? {
        b'-' => EntryKind::File,
        b'd' => EntryKind::Directory,
        b'l' => EntryKind::Link,
        b'b' | b'c' | b'p' | b's' => EntryKind::Other,
        _ => return None,
    };
    let words = words(line);
    let is_month = |word: &str| MONTHS.contains(&word.to_ascii_lowercase().as_str());
    let is_date = |word: &str| word.len() == 10 && word.split('-').count() == 3;
    let date = words.iter().skip(2).position(|(_, word)| is_month(word) || is_date(word))? + 2;
    let (_, word) = words.get(date)?;
    let name_word = date + if is_month(word) { 3 } else { 2 };
    // The name begins one blank behind the time; further blanks belong to it.
    let (start, time) = words.get(name_word - 1)?;
    let name = line.get(start + time.len() + 1..)?;
    let size = words.get(date - 1).and_then(|(_, size)| size.parse().ok());
    let name = if kind == EntryKind::Link { name.split(" -> ").next()? } else { name };
    (!name.is_empty()).then(|| Details { name: name.to_owned(), kind, size })
}

/// `01-23-24  10:20AM       <DIR>          name`.
fn dos(line: &str) -> Option<Details> {
    let words = words(line);
    let (_, date) = words.first()?;
    let is_date = date.len() >= 8 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let (_, time) = words.get(1)?;
    let (start, what) = words.get(2)?;
    if !is_date || !time.contains(':') {
        return None;
    }
    let (kind, size) = match what.eq_ignore_ascii_case("<dir>") {
        true => (EntryKind::Directory, None),
        false => (EntryKind::File, Some(what.replace(',', "").parse().ok()?)),
    };
    let name = line.get(start + what.len()..)?.trim();
    (!name.is_empty()).then(|| Details { name: name.to_owned(), kind, size })
}

/// The words of a line and where they begin.
fn words(line: &str) -> Vec<(usize, &str)> {
    let offset = |word: &str| word.as_ptr() as usize - line.as_ptr() as usize;
    line.split_ascii_whitespace().map(|word| (offset(word), word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(line: &str) -> (Option<String>, Option<EntryKind>, Option<u64>) {
        let entry = Entry::parse(line);
        (entry.name().map(str::to_owned), entry.kind(), entry.size())
    }

    fn known(
        name: &str,
        kind: EntryKind,
        size: Option<u64>,
    ) -> (Option<String>, Option<EntryKind>, Option<u64>) {
        (Some(name.to_owned()), Some(kind), size)
    }

    #[test]
    fn unix_lines() {
        use EntryKind::{Directory, File, Link};
        let line = "-rw-r--r--    1 1000     1000       329463 Jan 05 10:31 fw 1.2.bin";
        assert_eq!(entry(line), known("fw 1.2.bin", File, Some(329_463)));
        let line = "drwxr-xr-x 2 ftp ftp 4096 Dec 31  2023 images";
        assert_eq!(entry(line), known("images", Directory, Some(4096)));
        let line = "lrwxrwxrwx 1 0 0 7 May 1 2024 latest -> fw.bin";
        assert_eq!(entry(line), known("latest", Link, Some(7)));
        let line = "-rw-r--r-- 1 owner 12 2024-05-01 12:00 a";
        assert_eq!(entry(line), known("a", File, Some(12)));
    }

    #[test]
    fn dos_lines() {
        use EntryKind::{Directory, File};
        assert_eq!(
            entry("01-23-24  10:20AM       <DIR>          my images"),
            known("my images", Directory, None)
        );
        assert_eq!(entry("01-23-2024  10:20           329,463 fw.bin"), known("fw.bin", File, Some(329_463)));
    }

    #[test]
    fn other_lines_are_kept_as_they_are() {
        for line in
            ["fw.bin", "-", "d", "-rw", "01-23-24", "é ü", "-rw-r--r-- 1 a b 5 Jan", "Jan Jan Jan Jan"]
        {
            let entry = Entry::parse(line);
            assert_eq!((entry.line(), entry.name()), (line, None), "{line}");
        }
    }

    #[test]
    fn whole_listings() {
        let listing =
            Listing::parse(Bytes::from_static(b"total 8\r\n-rw-r--r-- 1 a b 5 Jan 01 2024 x\r\nodd\r\n"));
        assert_eq!(listing.entries().len(), 2);
        assert_eq!(listing.entries()[0].name(), Some("x"));
        assert_eq!(listing.entries()[1].line(), "odd");
        assert!(Listing::parse(Bytes::new()).entries().is_empty());
    }
}
