//! Listings: what the server sent, and what it most likely means.

use bytes::Bytes;

use crate::listing_line::Details;

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
