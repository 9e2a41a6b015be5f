//! The head of an answer.

use bytes::{Buf, BytesMut};

use super::body::Framing;

/// The largest head that is taken.
pub(super) const LARGEST: usize = 64 * 1024;
const MOST_HEADERS: usize = 128;

/// What of a head matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub status: u16,
    pub content_type: Option<String>,
    pub content_length: Option<u64>,
    chunked: bool,
}

impl Head {
    /// How the body is delimited (RFC 9112, 6.3).
    pub(super) fn framing(&self, answers_head: bool, chunks_as_they_come: bool) -> Framing {
        if answers_head || matches!(self.status, 204 | 304) {
            Framing::length(0)
        } else if self.chunked && chunks_as_they_come {
            Framing::until_close()
        } else if self.chunked {
            Framing::chunked()
        } else {
            self.content_length.map_or_else(Framing::until_close, Framing::length)
        }
    }
}

/// Takes a whole head out of `input`, if it is there.
pub(super) fn take(input: &mut BytesMut) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    let length = match parsed.parse(input).map_err(|error| error.to_string())? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial if input.len() > LARGEST => return Err("the head is too large".to_owned()),
        httparse::Status::Partial => return Ok(None),
    };
    let head = understood(&parsed)?;
    input.advance(length);
    Ok(Some(head))
}

fn understood(parsed: &httparse::Response<'_, '_>) -> Result<Head, String> {
    let mut head =
        Head { status: parsed.code.unwrap_or(0), content_type: None, content_length: None, chunked: false };
    for header in parsed.headers.iter() {
        let value = String::from_utf8_lossy(header.value);
        let value = value.trim();
        if header.name.eq_ignore_ascii_case("content-type") {
            head.content_type.get_or_insert_with(|| value.to_owned());
        } else if header.name.eq_ignore_ascii_case("content-length") {
            let length = length(value)?;
            if head.content_length.is_some_and(|earlier| earlier != length) {
                return Err("contradicting Content-Length".to_owned());
            }
            head.content_length = Some(length);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if !value.eq_ignore_ascii_case("chunked") {
                return Err("unknown Transfer-Encoding".to_owned());
            }
            head.chunked = true;
        }
    }
    if head.chunked {
        head.content_length = None;
    }
    Ok(head)
}

fn length(value: &str) -> Result<u64, String> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let length = digits.then(|| value.parse().ok()).flatten();
    length.ok_or_else(|| "malformed Content-Length".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Option<Head>, String> {
        take(&mut BytesMut::from(text))
    }

    #[test]
    fn what_matters_is_taken_and_the_rest_stays() {
        let mut input = BytesMut::from(
            "HTTP/1.1 206 Partial\r\nDate: x\r\ncontent-TYPE:  text/plain \r\nContent-Length: 3\r\n\r\nabc",
        );
        let expected = Head {
            status: 206,
            content_type: Some("text/plain".into()),
            content_length: Some(3),
            chunked: false,
        };
        assert_eq!(take(&mut input), Ok(Some(expected)));
        assert_eq!(&input[..], b"abc");
    }

    #[test]
    fn half_a_head_is_no_head() {
        assert_eq!(parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"), Ok(None));
    }

    #[test]
    fn contradictions_and_garbage_are_refused() {
        for text in [
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn chunked_framing_overrides_a_length() {
        let head = parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n");
        let head = head.unwrap().unwrap();
        assert_eq!(head.content_length, None);
        assert_eq!(head.framing(false, false), Framing::chunked());
        assert_eq!(head.framing(true, false), Framing::length(0));
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut input = BytesMut::from("HTTP/1.1 200 OK\r\n");
            input.extend_from_slice(&bytes);
            prop_assert!(take(&mut input).is_ok_and(|head| head.is_none_or(|head| head.status == 200)) || !input.is_empty());
        }
    }
}
