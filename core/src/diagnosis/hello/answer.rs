//! What a server answers to a `ClientHello` in clear. Source: RFC 5246 6.2, 7.2, 7.4.

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
/// The longest record and the longest flight that are waited for: chains of certificates have a few thousand bytes.
const LONGEST_RECORD: usize = 16 * 1024 + 256;
const LONGEST_FLIGHT: usize = 64 * 1024;
const TLS12: u16 = 0x0303;
/// `SSL 3.0` and everything that came after it.
const MAJOR: u8 = 3;

/// What was understood of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::diagnosis) struct Answer {
    /// The version that the server chose, as on the wire: `0x0303` is TLS 1.2.
    pub(in crate::diagnosis) version: Option<u16>,
    /// The suite that it chose.
    pub(in crate::diagnosis) suite: Option<u16>,
    /// Its certificates, its own first.
    pub(in crate::diagnosis) certificates: Vec<Vec<u8>>,
    /// The names of the authorities from which it takes client certificates, if it asks for one; none is any.
    pub(in crate::diagnosis) client_authorities: Option<Vec<Vec<u8>>>,
    /// The alert that it ended with.
    pub(in crate::diagnosis) alert: Option<u8>,
}

/// How far the answer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diagnosis) enum Reading {
    /// More has to come behind this.
    Partial(Answer),
    /// Everything that comes in clear is there.
    Complete(Answer),
    /// It is not TLS.
    Foreign,
}

impl Answer {
    /// Reads everything that has come so far.
    pub(in crate::diagnosis) fn read(bytes: &[u8]) -> Reading {
        let mut answer = Self::default();
        let mut flight = Vec::new();
        let mut rest = bytes;
        while let Some((record, after)) = split_record(rest) {
            match record {
                Record::Foreign => return Reading::Foreign,
                Record::Alert(alert) => {
                    answer.alert = Some(alert);
                    return Reading::Complete(answer);
                }
                Record::Handshake(content) => flight.extend_from_slice(content),
            }
            rest = after;
            answer = Self { alert: answer.alert, ..Self::default() };
            match answer.take_messages(&flight) {
                Some(true) => return Reading::Complete(answer),
                Some(false) if flight.len() <= LONGEST_FLIGHT => {}
                _ => return Reading::Foreign,
            }
        }
        Reading::Partial(answer)
    }

    /// Whether the server has said everything; `None` if that is no handshake.
    fn take_messages(&mut self, mut flight: &[u8]) -> Option<bool> {
        while let Some((kind, rest)) = flight.split_first() {
            let Some((length, rest)) = split_length24(rest) else { return Some(false) };
            let Some((content, rest)) = rest.split_at_checked(length) else {
                return (length <= LONGEST_FLIGHT).then_some(false);
            };
            flight = rest;
            match *kind {
                SERVER_HELLO => self.take_hello(content)?,
                CERTIFICATE => self.certificates = list24(content)?,
                CERTIFICATE_REQUEST => {
                    let has_algorithms = self.version.is_none_or(|version| version >= TLS12);
                    self.client_authorities = Some(client_authorities(content, has_algorithms)?);
                }
                SERVER_HELLO_DONE => return Some(true),
                _ => {}
            }
        }
        Some(false)
    }

    fn take_hello(&mut self, content: &[u8]) -> Option<()> {
        let (version, rest) = split_u16(content)?;
        let (_random, rest) = rest.split_at_checked(32)?;
        let (session, rest) = rest.split_first()?;
        let (_session, rest) = rest.split_at_checked(usize::from(*session))?;
        let (suite, _) = split_u16(rest)?;
        (self.version, self.suite) = (Some(version), Some(suite));
        Some(())
    }
}

enum Record<'a> {
    Handshake(&'a [u8]),
    Alert(u8),
    Foreign,
}

/// The first record and what is behind it; `None` if it is not complete.
fn split_record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    if !matches!(*kind, ALERT | HANDSHAKE) || rest.first().is_some_and(|major| *major != MAJOR) {
        return Some((Record::Foreign, rest));
    }
    let (_version, rest) = split_u16(rest)?;
    let (length, rest) = split_u16(rest)?;
    let length = usize::from(length);
    if length == 0 || length > LONGEST_RECORD {
        return Some((Record::Foreign, rest));
    }
    let (content, rest) = rest.split_at_checked(length)?;
    let record = match (*kind, content) {
        (HANDSHAKE, content) => Record::Handshake(content),
        // A warning, such as that the name is not known, and the handshake goes on.
        (_, [1, 1..=255]) => Record::Handshake(&[]),
        (_, [_level, alert]) => Record::Alert(*alert),
        _ => Record::Foreign,
    };
    Some((record, rest))
}

/// The names behind the kinds of certificates and, since TLS 1.2, the algorithms of signatures.
/// Source: RFC 4346 7.4.4, RFC 5246 7.4.4.
fn client_authorities(content: &[u8], has_algorithms: bool) -> Option<Vec<Vec<u8>>> {
    let (kinds, rest) = content.split_first()?;
    let (_kinds, mut rest) = rest.split_at_checked(usize::from(*kinds))?;
    if has_algorithms {
        let (algorithms, behind) = split_u16(rest)?;
        (_, rest) = behind.split_at_checked(usize::from(algorithms))?;
    }
    let (length, rest) = split_u16(rest)?;
    let (mut names, _) = rest.split_at_checked(usize::from(length))?;
    let mut authorities = Vec::new();
    while !names.is_empty() {
        let (length, rest) = split_u16(names)?;
        let (name, rest) = rest.split_at_checked(usize::from(length))?;
        authorities.push(name.to_vec());
        names = rest;
    }
    Some(authorities)
}

/// A list of items, each behind its length of three bytes, the list too.
fn list24(content: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (length, rest) = split_length24(content)?;
    let (mut items, _) = rest.split_at_checked(length)?;
    let mut list = Vec::new();
    while !items.is_empty() {
        let (length, rest) = split_length24(items)?;
        let (item, rest) = rest.split_at_checked(length)?;
        list.push(item.to_vec());
        items = rest;
    }
    Some(list)
}

fn split_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*number), rest))
}

fn split_length24(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let ([high, middle, low], rest) = bytes.split_first_chunk::<3>()?;
    let length = u32::from_be_bytes([0, *high, *middle, *low]);
    Some((usize::try_from(length).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&[kind], &length[1..], content].concat()
    }

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[kind, 3, 3], &length[..], content].concat()
    }

    fn hello() -> Vec<u8> {
        let content = [&[3, 3][..], &[7; 32], &[1, 9], &[0xc0, 0x2f], &[0]].concat();
        message(SERVER_HELLO, &content)
    }

    fn flight() -> Vec<u8> {
        let certificates = [&[0, 0, 9][..], &[0, 0, 2, 1, 2], &[0, 0, 1, 3]].concat();
        let request = [&[1, 1][..], &[0, 2, 4, 1], &[0, 5], &[0, 3, 0x30, 1, 0]].concat();
        [
            hello(),
            message(CERTIFICATE, &certificates),
            message(12, &[0; 40]),
            message(CERTIFICATE_REQUEST, &request),
            message(SERVER_HELLO_DONE, &[]),
        ]
        .concat()
    }

    fn complete() -> Answer {
        Answer {
            version: Some(0x0303),
            suite: Some(0xc02f),
            certificates: vec![vec![1, 2], vec![3]],
            client_authorities: Some(vec![vec![0x30, 1, 0]]),
            alert: None,
        }
    }

    #[test]
    fn a_flight_is_read_however_it_is_cut() {
        let flight = flight();
        let whole = record(HANDSHAKE, &flight);
        assert_eq!(Answer::read(&whole), Reading::Complete(complete()));
        for end in 0..whole.len() {
            assert_eq!(Answer::read(&whole[..end]), Reading::Partial(Answer::default()), "{end}");
        }
        for size in [1, 3, 50] {
            let records: Vec<u8> = flight.chunks(size).flat_map(|piece| record(HANDSHAKE, piece)).collect();
            assert_eq!(Answer::read(&records), Reading::Complete(complete()), "{size}");
        }
    }

    #[test]
    fn what_has_come_of_a_flight_is_not_lost() {
        let begun = [record(HANDSHAKE, &hello()), vec![HANDSHAKE, 3, 3]].concat();
        let answer = Answer { version: Some(0x0303), suite: Some(0xc02f), ..Answer::default() };
        assert_eq!(Answer::read(&begun), Reading::Partial(answer));
    }

    /// Its request for a certificate has no algorithms of signatures. Source: RFC 4346 7.4.4.
    #[test]
    fn a_request_of_an_older_version() {
        let hello = [&[3, 1][..], &[7; 32], &[0], &[0, 0x2f], &[0]].concat();
        let request = [&[1, 1][..], &[0, 5], &[0, 3, 0x30, 1, 0]].concat();
        let flight = [
            message(SERVER_HELLO, &hello),
            message(CERTIFICATE_REQUEST, &request),
            message(SERVER_HELLO_DONE, &[]),
        ]
        .concat();
        let answer = Answer {
            version: Some(0x0301),
            suite: Some(0x002f),
            client_authorities: Some(vec![vec![0x30, 1, 0]]),
            ..Answer::default()
        };
        assert_eq!(Answer::read(&record(HANDSHAKE, &flight)), Reading::Complete(answer));
    }

    #[test]
    fn an_alert_ends_it() {
        let refused = record(ALERT, &[2, 70]);
        let answer = Answer { alert: Some(70), ..Answer::default() };
        assert_eq!(Answer::read(&refused), Reading::Complete(answer));
        let late = [record(HANDSHAKE, &hello()), record(ALERT, &[2, 40])].concat();
        let answer =
            Answer { version: Some(0x0303), suite: Some(0xc02f), alert: Some(40), ..Answer::default() };
        assert_eq!(Answer::read(&late), Reading::Complete(answer));
    }

    #[test]
    fn a_warning_ends_nothing() {
        let warned = [record(ALERT, &[1, 112]), record(HANDSHAKE, &flight())].concat();
        assert_eq!(Answer::read(&warned), Reading::Complete(complete()));
        let closed = record(ALERT, &[1, 0]);
        assert!(matches!(Answer::read(&closed), Reading::Complete(Answer { alert: Some(0), .. })));
    }

    #[test]
    fn what_is_not_tls_is_foreign() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"220 files.test ready\r\n",
            b"SSH-2.0-x\r\n",
            &[HANDSHAKE, 9, 9, 0, 1, 0],
            &[HANDSHAKE, 3, 3, 0, 0],
            &[HANDSHAKE, 3, 3, 0xff, 0xff],
            &[ALERT, 3, 3, 0, 1, 0],
            &record(HANDSHAKE, &message(CERTIFICATE, &[0, 0, 9, 0])),
        ] {
            assert_eq!(Answer::read(bytes), Reading::Foreign, "{bytes:?}");
        }
        assert_eq!(Answer::read(b""), Reading::Partial(Answer::default()));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            Answer::read(&bytes);
            Answer::read(&record(HANDSHAKE, &bytes));
        }
    }
}
