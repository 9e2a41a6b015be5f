//! Data mode: the port carries payload, and `+++` between two silences leaves it.
//!
//! Source: M37 p131, p138 (S2, S12), p165 (`#SKIPESC`), p168 (`#E2ESC`).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

/// What the port is joined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joined {
    TlsSocket(u8),
    FtpDownload,
    FtpUpload,
}

/// The state of a port in data mode.
#[derive(Debug)]
pub(crate) struct Online {
    pub(crate) joined: Joined,
    /// Bytes from the host that are not yet on their way.
    pub(crate) unsent: BytesMut,
    /// Bytes given to the connection that it has not taken yet.
    pub(crate) in_flight: usize,
    /// The host has escaped; the rest is being sent.
    pub(crate) leaving: bool,
    escape: Escape,
}

impl Online {
    pub(crate) fn new(joined: Joined, escape: Escape) -> Self {
        Self { joined, unsent: BytesMut::new(), in_flight: 0, leaving: false, escape }
    }

    /// Takes bytes from the host.
    pub(crate) fn push(&mut self, bytes: &[u8], now: Instant) {
        self.escape.push(bytes, now, &mut self.unsent);
    }

    /// When a silence may complete an escape, or release held characters.
    pub(crate) fn escape_due(&self) -> Option<Instant> {
        self.escape.due()
    }

    /// Looks at the silence so far. `true`: the host has escaped.
    pub(crate) fn is_escaped(&mut self, now: Instant) -> bool {
        self.escape.is_complete(now, &mut self.unsent)
    }
}

/// Watches for the escape sequence.
#[derive(Debug)]
pub(crate) struct Escape {
    character: u8,
    guard: Duration,
    /// The characters are not forwarded.
    swallow: bool,
    last: Instant,
    seen: usize,
}

impl Escape {
    pub(crate) fn new(character: u8, guard: Duration, swallow: bool, now: Instant) -> Self {
        // The silence is also required after CONNECT.
        Self { character, guard, swallow, last: now, seen: 0 }
    }

    fn push(&mut self, bytes: &[u8], now: Instant, unsent: &mut BytesMut) {
        let quiet = now.duration_since(self.last) >= self.guard;
        self.last = now;
        let run = bytes.iter().all(|byte| *byte == self.character);
        let fresh_start = self.seen == 0 && quiet;
        let continued = self.seen > 0 && !quiet;
        if run && (fresh_start || continued) && self.seen + bytes.len() <= 3 {
            self.seen += bytes.len();
            if !self.swallow {
                unsent.extend_from_slice(bytes);
            }
            return;
        }
        self.release(unsent);
        unsent.extend_from_slice(bytes);
    }

    /// The characters were data after all.
    fn release(&mut self, unsent: &mut BytesMut) {
        if self.swallow {
            unsent.extend_from_slice(&vec![self.character; self.seen]);
        }
        self.seen = 0;
    }

    fn due(&self) -> Option<Instant> {
        (self.seen > 0).then(|| self.last + self.guard)
    }

    fn is_complete(&mut self, now: Instant, unsent: &mut BytesMut) -> bool {
        if self.seen == 0 || now.duration_since(self.last) < self.guard {
            return false;
        }
        if self.seen == 3 {
            self.seen = 0;
            return true;
        }
        self.release(unsent);
        false
    }
}

/// Takes from `unsent` what the packet size allows to go now.
///
/// Source: M37 p875, p897: a packet goes when it is full, or when `<txTo>` is over.
pub(crate) fn full_packets(unsent: &mut BytesMut, packet: usize) -> Bytes {
    let whole = unsent.len() / packet * packet;
    unsent.split_to(whole).freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUARD: Duration = Duration::from_secs(1);

    struct Port {
        online: Online,
        now: Instant,
    }

    impl Port {
        fn new(swallow: bool) -> Self {
            let now = Instant::now();
            let online = Online::new(Joined::TlsSocket(1), Escape::new(b'+', GUARD, swallow, now));
            Self { online, now }
        }

        fn after(&mut self, milliseconds: u64, bytes: &[u8]) -> &mut Self {
            self.now += Duration::from_millis(milliseconds);
            self.online.push(bytes, self.now);
            self
        }

        fn escaped_after(&mut self, milliseconds: u64) -> bool {
            self.now += Duration::from_millis(milliseconds);
            self.online.is_escaped(self.now)
        }
    }

    #[test]
    fn three_characters_between_two_silences_escape() {
        let mut port = Port::new(true);
        port.after(0, b"data").after(1000, b"+").after(100, b"++");
        assert!(!port.escaped_after(999));
        assert!(port.escaped_after(1));
        assert_eq!(&port.online.unsent[..], b"data");
    }

    #[test]
    fn unless_they_are_skipped_they_reach_the_peer() {
        let mut port = Port::new(false);
        port.after(1000, b"+++");
        assert!(port.escaped_after(1000));
        assert_eq!(&port.online.unsent[..], b"+++");
    }

    #[test]
    fn without_silence_around_they_are_data() {
        let mut port = Port::new(true);
        port.after(0, b"a").after(500, b"+++");
        assert!(!port.escaped_after(5000));
        assert_eq!(&port.online.unsent[..], b"a+++");
        let mut port = Port::new(true);
        port.after(1500, b"+++").after(500, b"b");
        assert!(!port.escaped_after(5000));
        assert_eq!(&port.online.unsent[..], b"+++b");
    }

    #[test]
    fn two_or_four_characters_are_data() {
        let mut port = Port::new(true);
        port.after(1500, b"++");
        assert!(!port.escaped_after(2000));
        port.after(2000, b"++++");
        assert!(!port.escaped_after(2000));
        assert_eq!(&port.online.unsent[..], b"++++++");
    }
}
