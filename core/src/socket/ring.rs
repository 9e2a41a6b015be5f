//! Reading `SSLSRING`, with or without its data.

use bytes::Bytes;

use crate::at::Line;

const PREFIX: &[u8] = b"SSLSRING:";

/// One announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ring {
    pub(super) socket: u8,
    /// How much is ready; encrypted bytes are counted too, so it is no length. Source: M37 p879.
    pub(super) ready: u64,
    /// The data themselves, in ring mode 2.
    pub(super) data: Option<Bytes>,
}

impl Ring {
    pub(super) fn parse(line: &Line) -> Option<Self> {
        let rest = line.as_bytes().strip_prefix(PREFIX)?;
        let (socket, rest) = number(rest)?;
        let (ready, rest) = number(rest.strip_prefix(b",")?)?;
        let socket = u8::try_from(socket).ok()?;
        let data = rest.strip_prefix(b",").map(Bytes::copy_from_slice);
        Some(Self { socket, ready, data })
    }
}

/// A number, blanks in front of it, and what follows.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let bytes = bytes.trim_ascii_start();
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &'static [u8]) -> Option<Ring> {
        Ring::parse(&Line::new(line))
    }

    #[test]
    fn both_modes() {
        let announced = Ring { socket: 1, ready: 400, data: None };
        assert_eq!(parse(b"SSLSRING: 1,400"), Some(announced.clone()));
        assert_eq!(parse(b"SSLSRING:1, 400"), Some(announced));
        let data = Some(Bytes::from_static(b"\r\n,OK\xff"));
        assert_eq!(parse(b"SSLSRING: 10,6,\r\n,OK\xff"), Some(Ring { socket: 10, ready: 6, data }));
    }

    #[test]
    fn nonsense_is_no_ring() {
        for line in [&b"SSLSRING:"[..], b"SSLSRING: 1", b"SSLSRING: ,1", b"SRING: 1,2", b"SSLSRING: 999,1"] {
            assert_eq!(parse(line), None);
        }
    }
}
