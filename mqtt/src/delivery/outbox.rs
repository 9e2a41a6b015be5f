//! The messages that wait to be sent, in order. It reads no clock and sends nothing.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::options::WhenFull;
use crate::error::PublishError;
use crate::message::Publish;

/// A message that waits; `R` is who hears what becomes of it.
#[derive(Debug)]
pub(crate) struct Entry<R> {
    id: u64,
    pub(crate) publish: Publish,
    pub(crate) reader: R,
    expires_at: Option<Instant>,
    /// What came of the last attempt after which the broker may have it.
    pub(crate) doubt: Option<PublishError>,
}

/// What bounds the messages that wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    pub(crate) when_full: WhenFull,
    pub(crate) expiry: Option<Duration>,
}

/// What came of handing a message in.
#[derive(Debug)]
pub(crate) enum Taken<R> {
    /// It waits; these had to make room.
    Waits(Vec<Entry<R>>),
    /// It was dropped itself.
    Dropped(R),
    /// It was not taken: so many messages and bytes wait.
    Refused { messages: usize, bytes: usize },
}

/// The queue, and the one message that is being sent.
#[derive(Debug)]
pub(crate) struct Outbox<R> {
    limits: Limits,
    waiting: VecDeque<Entry<R>>,
    bytes: usize,
    next_id: u64,
    under_way: Option<u64>,
}

impl<R> Entry<R> {
    fn size(&self) -> usize {
        size(&self.publish)
    }
}

fn size(publish: &Publish) -> usize {
    publish.topic.len() + publish.payload.len()
}

impl<R> Outbox<R> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, waiting: VecDeque::new(), bytes: 0, next_id: 0, under_way: None }
    }

    /// Hands a message in, behind all others. `is_wanted` tells which of those that wait still have somebody to
    /// whom their fate matters; the others make room first.
    pub(crate) fn push(
        &mut self,
        now: Instant,
        publish: Publish,
        reader: R,
        is_wanted: impl Fn(&R) -> bool,
    ) -> Taken<R> {
        let size = size(&publish);
        if !self.has_room(size) {
            self.forget(|reader| !is_wanted(reader));
        }
        let mut dropped = Vec::new();
        if !self.has_room(size) {
            match self.limits.when_full {
                _ if size > self.limits.bytes => return self.refused(),
                WhenFull::Refuse => return self.refused(),
                WhenFull::DropNewest => return Taken::Dropped(reader),
                WhenFull::DropOldest => {
                    while !self.has_room(size)
                        && let Some(oldest) = self.pop()
                    {
                        dropped.push(oldest);
                    }
                }
            }
        }
        let expires_at = self.limits.expiry.and_then(|expiry| now.checked_add(expiry));
        self.waiting.push_back(Entry { id: self.next_id, publish, reader, expires_at, doubt: None });
        self.next_id += 1;
        self.bytes += size;
        Taken::Waits(dropped)
    }

    /// The message whose turn it is. It is given back or settled before the next one is taken.
    pub(crate) fn take(&mut self) -> Option<Entry<R>> {
        let entry = self.pop()?;
        self.under_way = Some(entry.id);
        Some(entry)
    }

    /// The message goes first again.
    pub(crate) fn give_back(&mut self, entry: Entry<R>) {
        self.under_way = None;
        self.bytes += entry.size();
        self.waiting.push_front(entry);
    }

    /// The message that was taken has ended.
    pub(crate) fn settled(&mut self) {
        self.under_way = None;
    }

    /// The messages whose time is over.
    pub(crate) fn expired(&mut self, now: Instant) -> Vec<Entry<R>> {
        let is_over = |entry: &Entry<R>| entry.expires_at.is_some_and(|at| at <= now);
        if !self.waiting.iter().any(is_over) {
            return Vec::new();
        }
        let (over, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(is_over);
        self.waiting = waiting.into();
        self.count_bytes();
        over
    }

    /// When the next message expires.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|entry| entry.expires_at).min()
    }

    /// All that wait.
    pub(crate) fn drain(&mut self) -> Vec<Entry<R>> {
        self.bytes = 0;
        self.waiting.drain(..).collect()
    }

    /// The message whose turn it is.
    pub(crate) fn first(&self) -> Option<&Publish> {
        self.waiting.front().map(|entry| &entry.publish)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The number of the oldest message that has not ended; all with smaller numbers have.
    pub(crate) fn oldest(&self) -> u64 {
        self.under_way.or_else(|| self.waiting.front().map(|entry| entry.id)).unwrap_or(self.next_id)
    }

    /// The number that the next message gets.
    pub(crate) fn next_id(&self) -> u64 {
        self.next_id
    }

    fn has_room(&self, size: usize) -> bool {
        self.waiting.len() < self.limits.messages && self.bytes.saturating_add(size) <= self.limits.bytes
    }

    /// How many messages wait, and their bytes.
    pub(crate) fn load(&self) -> (usize, usize) {
        (self.waiting.len(), self.bytes)
    }

    fn refused(&self) -> Taken<R> {
        let (messages, bytes) = self.load();
        Taken::Refused { messages, bytes }
    }

    /// Takes those away that nobody wants any more.
    pub(crate) fn forget(&mut self, is_unwanted: impl Fn(&R) -> bool) {
        self.waiting.retain(|entry| !is_unwanted(&entry.reader));
        self.count_bytes();
    }

    fn pop(&mut self) -> Option<Entry<R>> {
        let entry = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(entry.size());
        Some(entry)
    }

    fn count_bytes(&mut self) {
        self.bytes = self.waiting.iter().map(Entry::size).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an Instant can be made in no other way")]
    fn start() -> Instant {
        Instant::now()
    }

    fn outbox(messages: usize, bytes: usize, when_full: WhenFull) -> Outbox<&'static str> {
        Outbox::new(Limits { messages, bytes, when_full, expiry: Some(Duration::from_secs(60)) })
    }

    /// Each message is its own reader; one with an exclamation mark is not wanted any more.
    fn push(outbox: &mut Outbox<&'static str>, at: Instant, name: &'static str) -> Taken<&'static str> {
        let publish = Publish::new("t", name);
        outbox.push(at, publish, name, |reader| !reader.ends_with('!'))
    }

    fn names(entries: &[Entry<&'static str>]) -> Vec<&'static str> {
        entries.iter().map(|entry| entry.reader).collect()
    }

    fn dropped(taken: Taken<&'static str>) -> Vec<&'static str> {
        match taken {
            Taken::Waits(entries) => names(&entries),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn messages_go_in_order_and_one_that_comes_back_goes_first() {
        let mut outbox = outbox(9, 999, WhenFull::Refuse);
        for name in ["a", "b", "c"] {
            assert_eq!(dropped(push(&mut outbox, start(), name)), [""; 0]);
        }
        let first = outbox.take().unwrap();
        assert_eq!(first.reader, "a");
        outbox.give_back(first);
        for name in ["a", "b", "c"] {
            assert_eq!(outbox.take().unwrap().reader, name);
            outbox.settled();
        }
        assert!(outbox.take().is_none() && outbox.is_empty());
    }

    #[test]
    fn the_oldest_make_room_but_never_the_one_under_way() {
        let mut outbox = outbox(2, 999, WhenFull::DropOldest);
        for name in ["a", "b", "c"] {
            push(&mut outbox, start(), name);
        }
        assert_eq!(outbox.take().unwrap().reader, "b", "the first was dropped");
        push(&mut outbox, start(), "d");
        assert_eq!(dropped(push(&mut outbox, start(), "e")), ["c"]);
        assert_eq!(names(&outbox.drain()), ["d", "e"]);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut outbox = outbox(9, 12, WhenFull::DropOldest);
        for name in ["123", "456", "789"] {
            assert_eq!(dropped(push(&mut outbox, start(), name)), [""; 0]);
        }
        assert_eq!(dropped(push(&mut outbox, start(), "12345")), ["123", "456"]);
        assert_eq!(dropped(push(&mut outbox, start(), "0")), [""; 0]);
        let refused = push(&mut outbox, start(), "larger than everything");
        assert!(matches!(refused, Taken::Refused { messages: 3, bytes: 12 }), "{refused:?}");
        assert_eq!(names(&outbox.drain()), ["789", "12345", "0"]);
    }

    #[test]
    fn the_other_policies() {
        let mut newest = outbox(1, 999, WhenFull::DropNewest);
        push(&mut newest, start(), "a");
        assert!(matches!(push(&mut newest, start(), "b"), Taken::Dropped("b")));
        let mut refuse = outbox(1, 999, WhenFull::Refuse);
        push(&mut refuse, start(), "a");
        assert!(matches!(push(&mut refuse, start(), "b"), Taken::Refused { messages: 1, bytes: 2 }));
        assert_eq!((names(&newest.drain()), names(&refuse.drain())), (vec!["a"], vec!["a"]));
    }

    #[test]
    fn what_nobody_wants_any_more_makes_room_first() {
        let mut outbox = outbox(2, 999, WhenFull::Refuse);
        push(&mut outbox, start(), "gone!");
        push(&mut outbox, start(), "a");
        assert_eq!(dropped(push(&mut outbox, start(), "b")), [""; 0]);
        assert_eq!(names(&outbox.drain()), ["a", "b"]);
    }

    #[test]
    fn messages_expire_in_their_own_time() {
        let begin = start();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let mut outbox = outbox(9, 999, WhenFull::Refuse);
        push(&mut outbox, begin, "a");
        push(&mut outbox, after(30), "b");
        assert_eq!(outbox.next_expiry(), Some(after(60)));
        assert_eq!(names(&outbox.expired(after(59))), [""; 0]);
        assert_eq!(names(&outbox.expired(after(60))), ["a"]);
        assert_eq!(outbox.next_expiry(), Some(after(90)));
        let taken = outbox.take().unwrap();
        assert_eq!(names(&outbox.expired(after(9999))), [""; 0], "what is under way is not called back");
        outbox.give_back(taken);
        assert_eq!(names(&outbox.expired(after(9999))), ["b"]);
        assert_eq!(outbox.next_expiry(), None);
    }

    #[test]
    fn it_is_known_how_far_it_got() {
        let mut outbox = outbox(9, 999, WhenFull::Refuse);
        assert_eq!((outbox.oldest(), outbox.next_id()), (0, 0));
        push(&mut outbox, start(), "a");
        push(&mut outbox, start(), "b");
        assert_eq!((outbox.oldest(), outbox.next_id()), (0, 2));
        let first = outbox.take().unwrap();
        assert_eq!(outbox.oldest(), 0, "it is not over while it is under way");
        outbox.give_back(first);
        assert_eq!(outbox.oldest(), 0);
        outbox.take();
        outbox.settled();
        assert_eq!(outbox.oldest(), 1);
        outbox.drain();
        assert_eq!(outbox.oldest(), 2);
    }
}
