//! How far a body has been read, and whether more is to come. No I/O in here.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

/// The state of reading one body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BodyProgress {
    expected: Option<u64>,
    received: u64,
    block: usize,
    ended: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextRead {
    /// Ask for a block; `length` is what must come, if that is known.
    Block { length: Option<usize> },
    /// The body is complete.
    Complete,
    /// The body has ended before its announced length.
    Truncated { received: u64, expected: u64 },
}

impl BodyProgress {
    /// A body of an announced or unknown length that is read in blocks of at most `block` bytes.
    pub(crate) fn new(expected: Option<u64>, block: usize) -> Self {
        Self { expected, received: 0, block, ended: false }
    }

    /// A body that does not exist, whatever the headers announce.
    pub(crate) fn absent() -> Self {
        Self { expected: Some(0), received: 0, block: 0, ended: false }
    }

    pub(crate) fn next(&self) -> NextRead {
        match self.expected {
            Some(expected) if self.received >= expected => NextRead::Complete,
            Some(expected) if self.ended => NextRead::Truncated { received: self.received, expected },
            None if self.ended => NextRead::Complete,
            Some(expected) => {
                let rest = usize::try_from(expected - self.received).unwrap_or(usize::MAX);
                NextRead::Block { length: Some(rest.min(self.block)) }
            }
            None => NextRead::Block { length: None },
        }
    }

    /// A block has come; an empty one ends the body. A short one does not: the manual promises no full
    /// blocks. Source: M37 p869.
    pub(crate) fn received(&mut self, length: usize) {
        self.received += length as u64;
        self.ended = length == 0;
    }

    /// The module refused to give more, with no other reason than that nothing is left. Source: M37 p870.
    pub(crate) fn refused(&mut self) {
        self.ended = true;
    }

    /// How many bytes have come.
    pub(crate) fn so_far(&self) -> u64 {
        self.received
    }

    /// How many bytes are still to come at least; `None` if unknown.
    pub(crate) fn remaining(&self) -> Option<u64> {
        self.expected.map(|expected| expected.saturating_sub(self.received))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(length: usize) -> NextRead {
        NextRead::Block { length: Some(length) }
    }

    #[test]
    fn an_announced_body_is_read_by_count() {
        let mut progress = BodyProgress::new(Some(3001), 1500);
        for length in [1500, 1500, 1] {
            assert_eq!(progress.next(), block(length));
            progress.received(length);
        }
        assert_eq!(progress.next(), NextRead::Complete);
        assert_eq!(progress.remaining(), Some(0));
    }

    #[test]
    fn a_short_block_is_no_end_but_an_empty_one_is() {
        let mut progress = BodyProgress::new(Some(100), 64);
        progress.received(10);
        assert_eq!(progress.next(), block(64));
        progress.received(64);
        assert_eq!(progress.next(), block(26));
        progress.received(0);
        assert_eq!(progress.next(), NextRead::Truncated { received: 74, expected: 100 });
    }

    #[test]
    fn a_refusal_truncates_an_announced_body() {
        let mut progress = BodyProgress::new(Some(5), 64);
        progress.refused();
        assert_eq!(progress.next(), NextRead::Truncated { received: 0, expected: 5 });
    }

    #[test]
    fn an_unannounced_body_ends_with_an_empty_block_or_a_refusal() {
        let mut progress = BodyProgress::new(None, 64);
        progress.received(64);
        progress.received(3);
        assert_eq!(progress.next(), NextRead::Block { length: None });
        let mut emptied = progress.clone();
        emptied.received(0);
        assert_eq!(emptied.next(), NextRead::Complete);
        progress.refused();
        assert_eq!(progress.next(), NextRead::Complete);
    }

    #[test]
    fn an_absent_body_is_never_asked_for() {
        assert_eq!(BodyProgress::absent().next(), NextRead::Complete);
    }
}
