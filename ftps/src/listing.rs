//! Listings: what the server sent, and what it most likely means.

use bytes::{Bytes, BytesMut};
use telit_core::at::StreamEnd;
use tokio::time::timeout;

use crate::commands::List;
use crate::error::TransferError;
use crate::listing_line::Details;
use crate::session::Session;

/// Longest listing that is taken.
const LIMIT: usize = 1024 * 1024;

/// A directory as the server lists it. The form of a listing is up to the server; those of UNIX and DOS, and facts as
/// in RFC 3659, are understood, and every line can be had as it came.
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
        Self { line: line.to_owned(), details: Details::parse(line) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_not_understood_are_kept_as_they_are() {
        for line in
            ["fw.bin", "-", "d", "-rw", "01-23-24", "é ü", "-rw-r--r-- 1 a b 5 Jan", "Jan Jan Jan Jan"]
        {
            let entry = Entry::parse(line);
            assert_eq!((entry.line(), entry.name(), entry.kind(), entry.size()), (line, None, None, None));
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
