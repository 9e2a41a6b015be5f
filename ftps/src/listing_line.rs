//! What a line of a listing most likely means. The form is up to the server.

use crate::listing::EntryKind;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// What was understood of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) kind: EntryKind,
    pub(crate) size: Option<u64>,
}

impl Details {
    pub(crate) fn parse(line: &str) -> Option<Self> {
        facts(line).or_else(|| unix(line)).or_else(|| dos(line))
    }
}

/// `type=file;size=1234;modify=20240123102000; name`: facts as MLSD has them, which some servers list by. Source:
/// RFC 3659 7.2.
fn facts(line: &str) -> Option<Details> {
    let (facts, name) = line.trim_start().split_once("; ")?;
    let fact = |wanted: &str| {
        let mut named = facts.split(';').filter_map(|fact| fact.split_once('='));
        named.find(|(fact, _)| fact.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let kind = match fact("type")?.to_ascii_lowercase().as_str() {
        "file" => EntryKind::File,
        "dir" | "cdir" | "pdir" => EntryKind::Directory,
        kind if kind.starts_with("os.unix=slink") || kind.starts_with("os.unix=symlink") => EntryKind::Link,
        _ => EntryKind::Other,
    };
    let size = fact("size").and_then(|size| size.parse().ok());
    (!name.is_empty()).then(|| Details { name: name.to_owned(), kind, size })
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
    let (date, date_words) = (2..words.len()).find_map(|at| Some((at, date_words(words.get(at - 1..)?)?)))?;
    let name_word = date + date_words;
    // The name begins one blank behind the time; further blanks belong to it.
    let (start, time) = words.get(name_word - 1)?;
    let name = line.get(start + time.len() + 1..)?;
    // A device has two numbers there.
    let size =
        words.get(date - 1).filter(|_| kind != EntryKind::Other).and_then(|(_, size)| size.parse().ok());
    let name = if kind == EntryKind::Link { name.split(" -> ").next()? } else { name };
    (!name.is_empty()).then(|| Details { name: name.to_owned(), kind, size })
}

/// How many words are a date, if one follows the first word, which must be a number: owners and groups may be named like
/// months.
fn date_words(words: &[(usize, &str)]) -> Option<usize> {
    let mut words = words.iter().map(|(_, word)| *word);
    let (number, date, next) = (words.next()?, words.next()?, words.next()?);
    if !is_of(number, |byte| byte.is_ascii_digit() || byte == b',') {
        return None;
    }
    if is_of(date, |byte| byte.is_ascii_digit() || byte == b'-') {
        return (date.len() == 10 && date.split('-').count() == 3 && is_time(next)).then_some(2);
    }
    let is_day = next.len() <= 2 && is_of(next, |byte| byte.is_ascii_digit());
    let is_month = MONTHS.contains(&date.to_ascii_lowercase().as_str());
    let last = words.next()?;
    let is_year = last.len() == 4 && is_of(last, |byte| byte.is_ascii_digit());
    (is_month && is_day && (is_year || is_time(last))).then_some(3)
}

fn is_time(word: &str) -> bool {
    word.contains(':') && word.starts_with(|first: char| first.is_ascii_digit())
}

fn is_of(word: &str, byte: impl Fn(u8) -> bool) -> bool {
    word.bytes().all(byte)
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
    use super::EntryKind::{Directory, File, Link, Other};
    use super::*;

    #[track_caller]
    fn assert_known(line: &str, name: &str, kind: EntryKind, size: Option<u64>) {
        assert_eq!(Details::parse(line), Some(Details { name: name.to_owned(), kind, size }), "{line}");
    }

    #[test]
    fn unix_lines() {
        let line = "-rw-r--r--    1 1000     1000       329463 Jan 05 10:31 fw 1.2.bin";
        assert_known(line, "fw 1.2.bin", File, Some(329_463));
        let line = "drwxr-xr-x 2 ftp ftp 4096 Dec 31  2023 images";
        assert_known(line, "images", Directory, Some(4096));
        let line = "lrwxrwxrwx 1 0 0 7 May 1 2024 latest -> fw.bin";
        assert_known(line, "latest", Link, Some(7));
        let line = "-rw-r--r-- 1 owner 12 2024-05-01 12:00 a";
        assert_known(line, "a", File, Some(12));
        let line = "-rw-r--r-- 1 owner group 5368709120 Jan 05 10:31 big.bin";
        assert_known(line, "big.bin", File, Some(5_368_709_120));
        let line = "-rw-r--r-- 1 owner group 12 2024-05-01 12:00:00.000 b";
        assert_known(line, "b", File, Some(12));
        let line = "crw-rw---- 1 root tty 4, 64 Jan 05 10:31 ttyS0";
        assert_known(line, "ttyS0", Other, None);
    }

    #[test]
    fn owners_and_groups_that_are_named_like_months() {
        let names = "Jan 05 10:31 fw.bin";
        for owners in ["1 jan users", "1 ftp may", "1 jun jun", "1 1000 may", "jan", "1 dec 31"] {
            assert_known(&format!("-rw-r--r-- {owners} 5 {names}"), "fw.bin", File, Some(5));
            let line = format!("-rw-r--r-- {owners} 5 Jan 05  2024 Feb 01 10:00 x");
            assert_known(&line, "Feb 01 10:00 x", File, Some(5));
        }
        assert_known("-rw-r--r-- 1 jan may 2024 2024-05-01 12:00 a", "a", File, Some(2024));
        assert_known("lrwxrwxrwx 1 may may 7 May 1 2024 latest -> fw.bin", "latest", Link, Some(7));
    }

    #[test]
    fn dos_lines() {
        assert_known("01-23-24  10:20AM       <DIR>          my images", "my images", Directory, None);
        assert_known("01-23-2024  10:20           329,463 fw.bin", "fw.bin", File, Some(329_463));
        assert_known("01-23-24  10:20PM    5368709120 big.bin", "big.bin", File, Some(5_368_709_120));
    }

    #[test]
    fn lines_of_facts() {
        let line = "type=file;size=329463;modify=20240123102000; fw 1.2.bin";
        assert_known(line, "fw 1.2.bin", File, Some(329_463));
        let line = "Modify=20240123102000;Perm=flcdmpe;Type=dir;Unique=FD01U1; images";
        assert_known(line, "images", Directory, None);
        assert_known("Type=cdir;Modify=20240123102000; .", ".", Directory, None);
        assert_known("type=OS.unix=slink:/fw.bin;size=7; latest", "latest", Link, Some(7));
        assert_known("type=OS.unix=socket; s", "s", Other, None);
        assert_known(" Type=file;Size=18446744073709551615; big", "big", File, Some(u64::MAX));
        assert_known("type=file;size=many; odd; name", "odd; name", File, None);
    }

    #[test]
    fn other_lines() {
        for line in [
            "",
            "fw.bin",
            "-",
            "d",
            "-rw",
            "01-23-24",
            "é ü",
            "-rw-r--r-- 1 a b 5 Jan",
            "Jan Jan Jan Jan",
            "-rw-r--r-- 1 jan users Jan 05 10:31 fw.bin",
            "-rw-r--r-- 1 a b 5 Jan 05 later fw.bin",
            "-rw-r--r-- 1 a b 5 Jan fw.bin 10:31 x",
            "-rw-r--r-- 1 a b 5 2024-05-01 fw.bin",
            "-rw-r--r-- 1 a b 5 a-b-cdefgh 12:00 x",
            "size=5; x",
            "type=file;size=5;",
            "type=file; ",
            "; x",
            "type; x",
        ] {
            assert_eq!(Details::parse(line), None, "{line}");
        }
    }
}
