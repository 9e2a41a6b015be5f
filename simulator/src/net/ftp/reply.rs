//! Replies of an FTP server (RFC 959, 4.2).

use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

use bytes::{Buf, BytesMut};

/// The largest reply that is taken.
const LARGEST: usize = 64 * 1024;

/// A reply: its code, and all its lines as the server sent them, without line ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Three digits, 100 to 599.
    pub code: u16,
    /// At least one. The first starts with the code; of several, the last does, too, followed by a blank.
    pub lines: Vec<String>,
}

/// The first digit of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Preliminary,
    Completed,
    Intermediate,
    Failed,
}

impl Reply {
    pub(super) fn class(&self) -> Class {
        match self.code / 100 {
            1 => Class::Preliminary,
            2 => Class::Completed,
            3 => Class::Intermediate,
            _ => Class::Failed,
        }
    }

    /// The server says that it closes the control connection.
    pub(super) fn is_farewell(&self) -> bool {
        self.code == 421
    }

    /// The port of an answer to `EPSV`: `229 Entering Extended Passive Mode (|||6446|)` (RFC 2428, 3).
    pub(super) fn extended_passive_port(&self) -> Option<u16> {
        let (_, inner) = self.last_line().split_once('(')?;
        let mut fields = inner.split_once(')')?.0.split(inner.chars().next()?);
        fields.nth(3)?.parse().ok()
    }

    /// The address of an answer to `PASV`. Its form is not fixed: the first six numbers after the code count
    /// (RFC 1123, 4.1.2.6).
    pub(super) fn passive_address(&self) -> Option<SocketAddrV4> {
        let text = self.last_line().get(4..)?;
        let start = text.find(|letter: char| letter.is_ascii_digit())?;
        let numbers = text.get(start..)?;
        let end =
            numbers.find(|letter: char| !letter.is_ascii_digit() && letter != ',').unwrap_or(numbers.len());
        let fields: Vec<u8> =
            numbers.get(..end)?.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [a, b, c, d, high, low] = fields.try_into().ok()?;
        Some(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low])))
    }

    /// The number of an answer to `SIZE`: `213 174945` (RFC 3659, 4.1).
    pub(super) fn size(&self) -> Option<u64> {
        self.last_line().get(4..)?.trim().parse().ok()
    }

    fn last_line(&self) -> &str {
        self.lines.last().map_or("", String::as_str)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.last_line())
    }
}

/// Takes a whole reply out of `input`, if it is there. The error says what is wrong.
pub(super) fn take(input: &mut BytesMut) -> Result<Option<Reply>, &'static str> {
    let mut code = None;
    let mut lines = Vec::new();
    let mut taken = 0;
    for line in input.split_inclusive(|&byte| byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            break;
        };
        taken += line.len() + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (own_code, continues) = start_of(line);
        let code = match code {
            None => *code.insert(own_code.ok_or("a line without a code")?),
            Some(code) => code,
        };
        let ends = own_code == Some(code) && !continues;
        lines.push(String::from_utf8_lossy(line).into_owned());
        if ends {
            input.advance(taken);
            return Ok(Some(Reply { code, lines }));
        }
    }
    if input.len() > LARGEST { Err("the reply is too large") } else { Ok(None) }
}

/// The code that a line starts with, and whether the line says that more follow.
fn start_of(line: &[u8]) -> (Option<u16>, bool) {
    let code = line.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| {
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    });
    let code = code.filter(|code| (100..600).contains(code));
    match line.get(3) {
        None | Some(b' ') => (code, false),
        Some(b'-') => (code, true),
        Some(_) => (None, false),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(text: &str) -> Reply {
        take(&mut BytesMut::from(text)).unwrap().unwrap()
    }

    #[test]
    fn lines_of_a_long_reply_may_look_like_codes() {
        let mut input =
            BytesMut::from("211-Features:\r\n 211 x\r\n226 y\r\n211-z\r\n211 End\r\n200 next\r\n");
        let reply = take(&mut input).unwrap().unwrap();
        assert_eq!(reply.code, 211);
        assert_eq!(reply.lines, ["211-Features:", " 211 x", "226 y", "211-z", "211 End"]);
        assert_eq!(&input[..], b"200 next\r\n");
    }

    #[test]
    fn bare_codes_and_bare_line_feeds_are_taken() {
        assert_eq!(one("230\n"), Reply { code: 230, lines: vec!["230".into()] });
    }

    #[test]
    fn an_unfinished_reply_waits() {
        for text in ["", "2", "220 hello", "220-hello\r\n220-", "220-hello\r\n220 "] {
            assert_eq!(take(&mut BytesMut::from(text)), Ok(None), "{text}");
        }
    }

    #[test]
    fn garbage_is_refused() {
        for text in ["hello\r\n", "099 x\r\n", "600 x\r\n", "22 x\r\n", "220x\r\n", "\r\n"] {
            assert!(take(&mut BytesMut::from(text)).is_err(), "{text}");
        }
        let endless = vec![b'x'; LARGEST + 1];
        assert!(take(&mut BytesMut::from(&endless[..])).is_err());
    }

    #[test]
    fn addresses_and_sizes() {
        let passive = |text| one(text).passive_address();
        assert_eq!(
            passive("227 Entering Passive Mode (10,0,0,7,4,1).\r\n"),
            Some("10.0.0.7:1025".parse().unwrap())
        );
        assert_eq!(passive("227 =127,0,0,1,255,255\r\n"), Some("127.0.0.1:65535".parse().unwrap()));
        assert_eq!(passive("227 (1,2,3,4,5)\r\n"), None);
        assert_eq!(passive("227 (1,2,3,4,5,256)\r\n"), None);
        assert_eq!(one("229 Extended (|||6446|)\r\n").extended_passive_port(), Some(6446));
        assert_eq!(one("229 Extended (!!!80!)\r\n").extended_passive_port(), Some(80));
        assert_eq!(one("229 Extended (|||66000|)\r\n").extended_passive_port(), None);
        assert_eq!(one("213 174945\r\n").size(), Some(174_945));
        assert_eq!(one("213 big\r\n").size(), None);
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "(2|[0-9]|-| |\\(|\\)|,|\\||\r|\n|é){0,60}") {
            let mut input = BytesMut::from(text.as_str());
            while let Ok(Some(reply)) = take(&mut input) {
                let parts = (reply.size(), reply.passive_address(), reply.extended_passive_port());
                prop_assert!(!reply.lines.is_empty(), "{parts:?}");
            }
        }
    }
}
