//! Looking for a few bytes. `memchr::memmem` is made for long texts, and takes 17 kB of code.

use memchr::{memchr_iter, memrchr_iter};

/// Where they stand first.
pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    memchr_iter(first, text).find(|at| stands_at(text, *at, wanted))
}

/// Where they stand last.
pub(super) fn find_last(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    memrchr_iter(first, text).find(|at| stands_at(text, *at, wanted))
}

fn stands_at(text: &[u8], at: usize, wanted: &[u8]) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_found() {
        let text = b"\r\r\nOK\r\n\r\nOK\r";
        assert_eq!((find(text, b"\r\n"), find_last(text, b"\r\n")), (Some(1), Some(7)));
        assert_eq!((find(text, b"\r\nOK\r\n"), find_last(text, b"\r\nOK\r\n")), (Some(1), Some(1)));
        assert_eq!((find(text, b"\r\nOK\r\r"), find_last(text, b"X")), (None, None));
        assert_eq!((find(b"", b"X"), find_last(b"", b"X"), find(b"X", b"")), (None, None, None));
    }
}
