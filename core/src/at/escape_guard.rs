//! Keeps payload in online mode from being taken for the escape sequence.
//!
//! A module leaves online mode when exactly `+++` stands alone between two silences of the guard time, with
//! no such silence inside. So the last of three lone plus signs is held back until either other bytes make
//! them harmless, or a silence inside does.
//!
//! Source: M37 p138.

use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};

const PLUS: u8 = b'+';
/// Length of the escape sequence.
const SEQUENCE: usize = 3;

pub(crate) struct EscapeGuard {
    /// The module's guard time.
    guard: Duration,
    /// When the last bytes left at the earliest: the port took them then, or nobody has said so yet.
    taken_at: Instant,
    /// When they had crossed the line at the latest.
    left_at: Instant,
    /// Bytes were given out, and the port has not taken all of them.
    leaving: bool,
    /// `lone[n]`: the module may have seen exactly n plus signs, and nothing else, since a silence.
    lone: [bool; SEQUENCE],
    /// How many plus signs wait for a silence.
    held: usize,
}

impl EscapeGuard {
    pub(crate) fn new(now: Instant, guard: Duration) -> Self {
        // The silence behind CONNECT counts too.
        Self { guard, taken_at: now, left_at: now, leaving: false, lone: [true, false, false], held: 0 }
    }

    /// The port has taken everything now, and it will have crossed the line at `left_at`.
    pub(crate) fn left(&mut self, now: Instant, left_at: Instant) {
        self.taken_at = now;
        self.left_at = left_at.max(now);
        self.leaving = false;
    }

    /// What waits for a silence is not sent any more.
    pub(crate) fn forget_held(&mut self) {
        self.held = 0;
    }

    /// Whether plus signs wait for a silence.
    pub(crate) fn is_holding(&self) -> bool {
        self.held > 0
    }

    /// When [`release`](Self::release) has something to give; `None` also while bytes are still leaving.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        (self.held > 0).then(|| self.silent_until()).flatten()
    }

    /// When the silence before the escape sequence will have been long enough, if nothing else is written;
    /// `None` while anything has not left.
    pub(crate) fn escape_at(&self) -> Option<Instant> {
        (self.held == 0).then(|| self.silent_until()).flatten()
    }

    fn silent_until(&self) -> Option<Instant> {
        (!self.leaving).then(|| self.left_at + self.certain_silence())
    }

    /// What of these bytes may leave now; plus signs may stay behind.
    pub(crate) fn write(&mut self, now: Instant, bytes: Bytes) -> Bytes {
        if bytes.is_empty() {
            return bytes;
        }
        let bytes = joined(std::mem::take(&mut self.held), bytes);
        self.pass(now, bytes)
    }

    /// What was held back, once the silence before it is long enough.
    pub(crate) fn release(&mut self, now: Instant) -> Option<Bytes> {
        self.held_until().filter(|until| *until <= now)?;
        let held = joined(std::mem::take(&mut self.held), Bytes::new());
        Some(self.pass(now, held))
    }

    fn pass(&mut self, now: Instant, mut bytes: Bytes) -> Bytes {
        self.note_silence(now);
        if only_plus(&bytes) {
            let length = bytes.len();
            bytes.truncate(self.harmless(length));
            self.held = length - bytes.len();
        }
        if !bytes.is_empty() {
            (self.taken_at, self.left_at, self.leaving) = (now, now, true);
            self.note_written(&bytes);
        }
        bytes
    }

    /// How many of so many plus signs may leave: the most that cannot complete the sequence.
    fn harmless(&self, length: usize) -> usize {
        let completes = |count: &usize| {
            let seen = SEQUENCE.checked_sub(*count).and_then(|seen| self.lone.get(seen));
            seen.copied().unwrap_or_default()
        };
        (0..=length).rev().find(|count| !completes(count)).unwrap_or_default()
    }

    /// The module's clock is not ours, and bytes may still be on the line when the port has taken them: between
    /// the two bounds nobody knows what the module saw.
    fn note_silence(&mut self, now: Instant) {
        if self.silent_until().is_some_and(|until| until <= now) {
            self.lone = [true, false, false];
        } else if now.saturating_duration_since(self.taken_at) >= self.guard / 2 {
            self.lone[0] = true;
        }
    }

    fn certain_silence(&self) -> Duration {
        self.guard + self.guard / 5
    }

    fn note_written(&mut self, bytes: &[u8]) {
        if !only_plus(bytes) {
            self.lone = [false; SEQUENCE];
            return;
        }
        let before = self.lone;
        for (seen, lone) in self.lone.iter_mut().enumerate() {
            let earlier = seen.checked_sub(bytes.len()).and_then(|earlier| before.get(earlier));
            *lone = earlier.copied().unwrap_or_default();
        }
    }
}

fn only_plus(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == PLUS)
}

/// So many plus signs in front of the bytes.
fn joined(pluses: usize, bytes: Bytes) -> Bytes {
    if pluses == 0 {
        return bytes;
    }
    let mut joined = BytesMut::with_capacity(pluses + bytes.len());
    joined.put_bytes(PLUS, pluses);
    joined.put(bytes);
    joined.freeze()
}

/// The guard time and a fifth, since the module's clock is not ours.
pub(crate) fn guard(escape_guard: Duration) -> Duration {
    escape_guard + escape_guard / 5
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test needs some point in time")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GUARD: Duration = Duration::from_secs(1);

    /// What left, when, under the given writes; what is held leaves at its time.
    fn written(writes: &[(u64, &[u8])]) -> Vec<(u64, Vec<u8>)> {
        let start = Instant::now();
        let mut guard = EscapeGuard::new(start, GUARD);
        let mut left = Vec::new();
        let release = |guard: &mut EscapeGuard, left: &mut Vec<(u64, Vec<u8>)>, until: Option<Instant>| {
            while let Some(at) = guard.held_until().filter(|at| until.is_none_or(|until| *at <= until)) {
                let bytes = guard.release(at).expect("it is due");
                guard.left(at, at);
                left.push((millis(at - start), bytes.to_vec()));
            }
        };
        let mut now = start;
        for (pause, bytes) in writes {
            now += Duration::from_millis(*pause);
            release(&mut guard, &mut left, Some(now));
            let bytes = guard.write(now, Bytes::copy_from_slice(bytes));
            if !bytes.is_empty() {
                guard.left(now, now);
                left.push((millis(now - start), bytes.to_vec()));
            }
        }
        release(&mut guard, &mut left, None);
        left
    }

    fn millis(time: Duration) -> u64 {
        u64::try_from(time.as_millis()).unwrap()
    }

    /// Whether a module with this guard time would leave online mode.
    fn escapes(left: &[(u64, Vec<u8>)], guard: u64) -> bool {
        let bytes: Vec<(u64, u8)> =
            left.iter().flat_map(|(at, bytes)| bytes.iter().map(|byte| (*at, *byte))).collect();
        let mut bursts: Vec<Vec<u8>> = Vec::new();
        let mut last = None;
        for (at, byte) in bytes {
            match (bursts.last_mut(), last) {
                (Some(burst), Some(before)) if at - before < guard => burst.push(byte),
                _ => bursts.push(vec![byte]),
            }
            last = Some(at);
        }
        bursts.iter().any(|burst| burst == b"+++")
    }

    #[test]
    fn a_lone_sequence_is_torn_apart() {
        assert_eq!(written(&[(5000, b"+++")]), [(5000, b"++".to_vec()), (6200, b"+".to_vec())]);
        assert_eq!(written(&[(0, b"+++")]), [(0, b"++".to_vec()), (1200, b"+".to_vec())]);
    }

    #[test]
    fn one_by_one_is_the_same() {
        let left = written(&[(5000, b"+"), (100, b"+"), (100, b"+")]);
        assert_eq!(left, [(5000, b"+".to_vec()), (5100, b"+".to_vec()), (6300, b"+".to_vec())]);
    }

    #[test]
    fn what_follows_takes_the_held_byte_along() {
        let left = written(&[(5000, b"+++"), (50, b"abc")]);
        assert_eq!(left, [(5000, b"++".to_vec()), (5050, b"+abc".to_vec())]);
        let left = written(&[(5000, b"+++"), (50, b"++")]);
        assert_eq!(left, [(5000, b"++".to_vec()), (5050, b"+++".to_vec())]);
    }

    #[test]
    fn a_second_sequence_behind_the_held_byte_is_torn_apart_too() {
        let left = written(&[(5000, b"+++"), (1500, b"++")]);
        assert_eq!(
            left,
            [(5000, b"++".to_vec()), (6200, b"+".to_vec()), (6500, b"+".to_vec()), (7700, b"+".to_vec())]
        );
    }

    #[test]
    fn other_bytes_pass_at_once() {
        for bytes in [&b"++++"[..], b"a+++", b"+++\r", b"++", b"payload"] {
            assert_eq!(written(&[(5000, bytes)]), [(5000, bytes.to_vec())]);
        }
        let left = written(&[(5000, b"text"), (10, b"+++")]);
        assert_eq!(left, [(5000, b"text".to_vec()), (5010, b"+++".to_vec())]);
    }

    #[test]
    fn a_silence_that_the_module_may_have_seen_counts() {
        let left = written(&[(5000, b"text"), (700, b"+++")]);
        assert_eq!(left, [(5000, b"text".to_vec()), (5700, b"++".to_vec()), (6900, b"+".to_vec())]);
    }

    #[test]
    fn the_silence_counts_from_when_the_line_is_free() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut guard = EscapeGuard::new(start, GUARD);
        guard.write(start, Bytes::from_static(b"block"));
        assert_eq!(guard.escape_at(), None, "the port has not taken it");
        guard.left(at(300), at(500));
        assert_eq!(guard.escape_at(), Some(at(1700)));
        // The line may have been faster: the module may have seen a silence, and may have seen none.
        assert_eq!(guard.write(at(1000), Bytes::from_static(b"+++")), "++");
        assert_eq!(guard.held_until(), None, "two of them are leaving");
        guard.left(at(1000), at(1002));
        assert_eq!((guard.held_until(), guard.escape_at()), (Some(at(2202)), None));
    }

    #[test]
    fn no_silence_is_certain_while_bytes_are_leaving() {
        let start = Instant::now();
        let mut guard = EscapeGuard::new(start, GUARD);
        assert_eq!(guard.write(start, Bytes::from_static(b"++")), "++");
        assert_eq!(guard.write(start + 3 * GUARD, Bytes::from_static(b"+")), "", "it would be the third");
    }

    proptest! {
        #[test]
        fn nothing_escapes_and_nothing_is_lost(
            writes in proptest::collection::vec((0_u64..3000, "[+]{0,4}|[+]{3}|[a+]{1,5}"), 0..12)
        ) {
            let writes: Vec<(u64, &[u8])> =
                writes.iter().map(|(pause, text)| (*pause, text.as_bytes())).collect();
            let left = written(&writes);
            let sent: Vec<u8> = writes.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
            let arrived: Vec<u8> = left.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            prop_assert_eq!(sent, arrived);
            // A module whose clock is a little slower or faster.
            for guard in [850, 1000, 1150] {
                prop_assert!(!escapes(&left, guard), "{:?}", left);
            }
        }
    }
}
