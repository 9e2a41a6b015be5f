//! The events that wait to be taken, in order.

use std::collections::VecDeque;

use super::event::Event;
use super::reply::Line;

/// A queue that has grown beyond this gives its memory back when it is empty.
const KEPT: usize = 16;

/// Most events are lines that no command asked for. They wait in a queue of their own, since other events are twice as
/// large, and to move one in and out is work.
pub(super) struct Events {
    codes: VecDeque<Line>,
    others: VecDeque<Other>,
    /// How many of the codes come before one of the others.
    before_others: usize,
}

struct Other {
    event: Event,
    /// How many codes come before it, and behind the one before it.
    behind: usize,
}

impl Events {
    /// Most of the time one waits.
    pub(super) fn new() -> Self {
        Self { codes: VecDeque::with_capacity(1), others: VecDeque::with_capacity(1), before_others: 0 }
    }

    #[inline]
    pub(super) fn push_code(&mut self, line: Line) {
        self.codes.push_back(line);
    }

    pub(super) fn push(&mut self, event: Event) {
        if let Event::Unsolicited(line) = event {
            return self.push_code(line);
        }
        let behind = self.codes.len() - self.before_others;
        self.before_others += behind;
        self.others.push_back(Other { event, behind });
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.others.is_empty()
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<Event> {
        match self.others.front_mut() {
            Some(Other { behind: 0, .. }) => return next(&mut self.others).map(|other| other.event),
            Some(Other { behind, .. }) => {
                *behind -= 1;
                self.before_others -= 1;
            }
            None => {}
        }
        next(&mut self.codes).map(Event::Unsolicited)
    }
}

/// Takes the first one. With the last one the memory is given back.
#[inline]
pub(super) fn next<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let next = queue.pop_front();
    if queue.is_empty() && queue.capacity() > KEPT {
        queue.shrink_to(1);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(number: u32) -> Event {
        Event::Unsolicited(Line::new(number.to_string().into_bytes()))
    }

    #[test]
    fn events_come_in_the_order_in_which_they_happened() {
        let others = [Event::EchoSeen, Event::EchoWasOn, Event::OutputAbandoned];
        // Every order of codes and others, taken in pieces of every size.
        for order in 0_u32..1 << 9 {
            for taken in 1..4 {
                let event = |at: u32| match order >> at & 1 {
                    0 => code(at),
                    _ => others[at as usize % 3].clone(),
                };
                let (mut events, mut seen) = (Events::new(), Vec::new());
                for at in 0..9 {
                    events.push(event(at));
                    if at % 3 == 2 {
                        seen.extend((0..taken).map_while(|_| events.next()));
                    }
                }
                seen.extend(std::iter::from_fn(|| events.next()));
                assert!(seen.into_iter().eq((0..9).map(event)), "{order:b}, {taken} at once");
            }
        }
    }

    #[test]
    fn a_burst_leaves_no_memory_behind() {
        let mut events = Events::new();
        events.push(Event::EchoSeen);
        events.push(code(0));
        assert_eq!((events.codes.capacity(), events.others.capacity()), (1, 1));
        (0..1000).for_each(|number| events.push(code(number)));
        (0..1000).for_each(|_| events.push(Event::EchoSeen));
        assert_eq!(std::iter::from_fn(|| events.next()).count(), 2002);
        assert!(events.codes.capacity() <= 1 && events.others.capacity() <= 1);
    }
}
