//! Bytes that got lost on the line of a connection in online mode: the module has counted fewer than were written, or
//! more than came.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use super::error::SocketError;
use crate::commands::SocketCounters;

/// What module and host have counted at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) module: SocketCounters,
    /// Bytes that were written to the port.
    pub(super) written: u64,
    /// Bytes that have come from it.
    pub(super) received: u64,
}

/// What does not add up is believed when it was the same the last time: until then it may be on its way.
#[derive(Debug, Default)]
pub(super) struct Account {
    last: Option<Count>,
}

impl Account {
    /// Takes the next count. The connection was silent since the last one, or that is not the same.
    pub(super) fn check(&mut self, count: Count) -> Result<(), SocketError> {
        let same = self.last.replace(count) == Some(count);
        match count.lost() {
            Some(lost) if same => Err(lost),
            _ => Ok(()),
        }
    }
}

impl Count {
    fn lost(&self) -> Option<SocketError> {
        // A peer that takes nothing leaves bytes in the module.
        let to_module =
            if self.module.unacknowledged { 0 } else { self.written.saturating_sub(self.module.sent) };
        let come = self.received.saturating_add(self.module.pending);
        let from_module = self.module.received.saturating_sub(come);
        (to_module > 0 || from_module > 0).then_some(SocketError::BytesLost { to_module, from_module })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(sent: u64, received: u64, pending: u64, unacknowledged: bool) -> Count {
        let module = SocketCounters { sent, received, pending, unacknowledged };
        Count { module, written: 100, received: 50 }
    }

    #[test]
    fn what_adds_up_is_never_a_loss() {
        for fine in [
            count(100, 50, 0, false),
            count(100, 60, 10, false),
            count(100, 60, 90, false),
            count(90, 50, 0, true),
            // It counts what it does not have to; nothing is missing.
            count(120, 40, 0, false),
        ] {
            let mut account = Account::default();
            assert_eq!([(); 3].map(|()| account.check(fine)), [Ok(()), Ok(()), Ok(())], "{fine:?}");
        }
    }

    #[test]
    fn what_is_missing_twice_is_lost() {
        for (short, to_module, from_module) in [
            (count(90, 50, 0, false), 10, 0),
            (count(100, 57, 3, false), 0, 4),
            (count(0, 60, 0, false), 100, 10),
        ] {
            let mut account = Account::default();
            assert_eq!(account.check(short), Ok(()));
            assert_eq!(account.check(short), Err(SocketError::BytesLost { to_module, from_module }));
        }
    }

    #[test]
    fn as_long_as_something_moves_nothing_is_lost() {
        let mut account = Account::default();
        for sent in 90..100 {
            assert_eq!(account.check(count(sent, 50, 0, false)), Ok(()));
        }
    }
}
