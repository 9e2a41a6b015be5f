//! A reader of a socket to whom nothing comes any more, and whom nothing tells why.

use telit_core::Modem;
use telit_core::commands::ConnectionMode;

use super::bench::Bench;
use super::fault::Fault;
use super::outcome::{Broken, Ending};
use super::strike::Strike;

/// What a reader has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The bytes, or an error.
    Told(Ending),
    /// Nothing, since the module has restarted and is not asked: closing has to tell.
    Silence,
}

/// What finds out that more is wrong than a peer that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// The bytes are counted: block by block, as in command mode, or by the module, which is asked.
    Counts,
    /// The module is asked whether it is still online.
    Asks,
    /// Nothing: the question would reach the peer.
    Nothing,
}

impl Watch {
    /// As `TlsConnector::mode` and `idle_check` say. Source: M37 p165, p910-911.
    pub(super) async fn of(mode: ConnectionMode, bench: &Bench, modem: &Modem) -> Self {
        let profile = modem.profile();
        if mode == ConnectionMode::Command {
            return Self::Counts;
        }
        match bench.has(profile.escape.skip_escape, "#SKIPESC").await {
            true if bench.has(profile.tls.counters, "#SSLI").await => Self::Counts,
            true => Self::Asks,
            false => Self::Nothing,
        }
    }

    /// What `got` of `wanted` comes to. Only what nobody can find out is excused.
    pub(super) fn judge_silence(
        self,
        strike: Option<&Strike>,
        wanted: &[u8],
        got: &[u8],
    ) -> Result<Reading, Broken> {
        let lost = |strike: &Strike| loses(strike, wanted, got) || self.is_held_back(strike, wanted, got);
        let damaged = self != Self::Counts && strike.is_some_and(lost);
        let restarted = strike.is_some_and(|strike| strike.fault == Fault::Reboot);
        if damaged {
            Ok(Reading::Told(Ending::Damaged))
        } else if self == Self::Nothing && restarted && wanted.starts_with(got) {
            Ok(Reading::Silence)
        } else {
            Err(Broken::Untold(format!("{} bytes came back, and nothing tells", got.len())))
        }
    }

    /// The line keeps all of the payload until the host says something, and nothing makes it.
    fn is_held_back(self, strike: &Strike, wanted: &[u8], got: &[u8]) -> bool {
        self == Self::Nothing && strike.fault == Fault::TooLate && strike.piece == *wanted && got.is_empty()
    }
}

/// The line has lost a byte of the payload, or all of it, and nothing else is missing.
fn loses(strike: &Strike, wanted: &[u8], got: &[u8]) -> bool {
    let all = matches!(strike.fault, Fault::Swallow | Fault::Mute) && strike.piece == *wanted;
    strike.makes(wanted, got) || (all && got.is_empty())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::point::Kind;
    use super::super::tape::Speaker;
    use super::*;

    fn strike(fault: Fault) -> Strike {
        let piece = Bytes::from_static(b"abc");
        Strike { speaker: Speaker::Host, at: 0, kind: Kind::Data, piece, within: 0, fault }
    }

    fn judged(watch: Watch, fault: Fault, got: &[u8]) -> Option<Reading> {
        watch.judge_silence(Some(&strike(fault)), b"abc", got).ok()
    }

    #[test]
    fn a_restart_may_only_be_missed_by_whom_nothing_asks() {
        for got in [&b""[..], b"ab"] {
            assert_eq!(judged(Watch::Nothing, Fault::Reboot, got), Some(Reading::Silence));
            assert_eq!(judged(Watch::Asks, Fault::Reboot, got), None);
            assert_eq!(judged(Watch::Counts, Fault::Reboot, got), None);
        }
        assert_eq!(judged(Watch::Nothing, Fault::Reboot, b"b"), None);
        for other in [Fault::NetworkLoss, Fault::Late(std::time::Duration::ZERO), Fault::Garbage] {
            assert_eq!(judged(Watch::Nothing, other, b""), None, "{other}");
        }
        assert!(Watch::Nothing.judge_silence(None, b"abc", b"").is_err());
    }

    #[test]
    fn what_waits_for_a_word_of_the_host_comes_where_he_asks() {
        assert_eq!(judged(Watch::Nothing, Fault::TooLate, b""), Some(Reading::Told(Ending::Damaged)));
        assert_eq!(judged(Watch::Nothing, Fault::TooLate, b"ab"), None);
        assert_eq!(judged(Watch::Asks, Fault::TooLate, b""), None);
        assert_eq!(judged(Watch::Counts, Fault::TooLate, b""), None);
    }

    #[test]
    fn a_byte_may_only_be_missed_where_nobody_counts() {
        let damaged = Some(Reading::Told(Ending::Damaged));
        for watch in [Watch::Nothing, Watch::Asks] {
            assert_eq!(judged(watch, Fault::Drop, b"bc"), damaged);
            assert_eq!(judged(watch, Fault::Swallow, b""), damaged);
            assert_eq!(judged(watch, Fault::Mute, b""), damaged);
            assert_eq!(judged(watch, Fault::Drop, b"c"), None);
            assert_eq!(judged(watch, Fault::Swallow, b"a"), None);
        }
        assert_eq!(judged(Watch::Counts, Fault::Drop, b"bc"), None);
        assert_eq!(judged(Watch::Counts, Fault::Swallow, b""), None);
    }
}
