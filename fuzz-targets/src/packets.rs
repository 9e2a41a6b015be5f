//! MQTT on this computer, against a broker that says anything.

use std::collections::BTreeSet;
use std::time::Duration;

use telit_mqtt::QoS;
use telit_mqtt::bench::{SessionBench, SessionTerms, Told};

/// Bytes of one operation at most that are to be said.
pub const MOST_SAID: usize = 255;
/// Answers may wait up to a thousand and those of one block; each has four bytes.
const MOST_ANSWERS: usize = 4 * (1000 + MOST_SAID);
/// Bytes of one packet of ours at most.
const LARGEST: usize = 30;
/// Packets of ours that may wait for their acknowledgement, and be sent again.
const MOST_PACKETS: usize = 20 + 100 + 1;

/// What is done to a session. The first byte of an input says how the session begins, and operations follow.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// The broker says this.
    Says(&'a [u8]),
    /// Something is published.
    Publish(QoS),
    /// Subscribes.
    Subscribe,
    /// Unsubscribes.
    Unsubscribe,
    /// So many bytes are taken from what is to be sent.
    Sent(usize),
    /// So many seconds pass.
    After(u64),
    /// From now on messages are taken, or not.
    Room(bool),
    /// The connection is over, and the next one begins.
    Reconnect,
}

impl Operation<'_> {
    /// As it stands in an input.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::Says(bytes) => {
                let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
                [&[0, length], bytes.get(..usize::from(length)).unwrap_or_default()].concat()
            }
            Self::Publish(qos) => vec![1, qos.number()],
            Self::Subscribe => vec![2],
            Self::Unsubscribe => vec![3],
            Self::Sent(length) => vec![4, u8::try_from(length).unwrap_or(u8::MAX)],
            Self::After(seconds) => vec![5, u8::try_from(seconds).unwrap_or(u8::MAX)],
            Self::Room(room) => vec![6, u8::from(room)],
            Self::Reconnect => vec![7],
        }
    }
}

/// Lets a broker say the input, cut or not, to a session that is used meanwhile.
///
/// # Panics
/// Something that was begun ends twice, a message is acknowledged that was not taken, what cuts the bytes changes what
/// happens, or what waits to be sent is not bounded.
pub fn packets(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let terms = SessionTerms { clean: first & 1 != 0, owner_repeats: first & 2 != 0 };
    let operations: Vec<_> = operations(rest).collect();
    let whole = Conversation::new(terms).run(&operations, MOST_SAID);
    for piece in [1, 3] {
        assert_eq!(Conversation::new(terms).run(&operations, piece), whole, "in pieces of {piece} bytes");
    }
}

fn operations(mut input: &[u8]) -> impl Iterator<Item = Operation<'_>> {
    std::iter::from_fn(move || {
        let (kind, rest) = input.split_first()?;
        let argument = rest.first().copied().unwrap_or_default();
        let (operation, length) = match kind % 8 {
            0 => {
                let end = rest.len().min(1 + usize::from(argument));
                (Operation::Says(rest.get(1..end).unwrap_or_default()), end)
            }
            1 => (Operation::Publish(quality(argument)), 1),
            2 => (Operation::Subscribe, 0),
            3 => (Operation::Unsubscribe, 0),
            4 => (Operation::Sent(usize::from(argument)), 1),
            5 => (Operation::After(u64::from(argument)), 1),
            6 => (Operation::Room(argument % 2 == 1), 1),
            _ => (Operation::Reconnect, 0),
        };
        input = rest.get(length..).unwrap_or_default();
        Some(operation)
    })
}

fn quality(number: u8) -> QoS {
    match number % 3 {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}

/// Everything that can be seen from outside.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    told: Vec<Told>,
    sent: Vec<u8>,
    lost: Vec<String>,
}

struct Conversation {
    /// `None`: it is lost for good.
    session: Option<SessionBench>,
    room: bool,
    /// What was begun on this connection and has not ended.
    begun: BTreeSet<u64>,
    /// Messages at least once that were taken on this connection, and acknowledgements that are to be sent or were.
    taken: usize,
    acknowledged: Acknowledgements,
    over: bool,
    seen: Seen,
}

impl Conversation {
    fn new(terms: SessionTerms) -> Self {
        Self {
            session: SessionBench::new(terms),
            room: true,
            begun: BTreeSet::new(),
            taken: 0,
            acknowledged: Acknowledgements::default(),
            over: false,
            seen: Seen::default(),
        }
    }

    fn run(mut self, operations: &[Operation<'_>], piece: usize) -> Seen {
        for operation in operations {
            self.step(*operation, piece);
            self.hear();
        }
        self.settle();
        self.seen
    }

    fn step(&mut self, operation: Operation<'_>, piece: usize) {
        let Some(session) = &mut self.session else { return };
        match operation {
            // Whoever reads asks first: what is not welcome stays with the broker.
            Operation::Says(bytes) if session.listens() => {
                for bytes in bytes.chunks(piece) {
                    self.says(bytes);
                }
            }
            Operation::Says(_) => {}
            Operation::Publish(qos) => self.begun.extend(session.publish("t", b"payload", qos)),
            Operation::Subscribe => {
                self.begun.extend(session.subscribe(&[("a/#", QoS::ExactlyOnce), ("b", QoS::AtMostOnce)]));
            }
            Operation::Unsubscribe => self.begun.extend(session.unsubscribe("a/#")),
            Operation::Sent(length) => self.sent(length),
            Operation::After(seconds) => {
                if let Err(reason) = session.after(Duration::from_secs(seconds)) {
                    self.lost(reason);
                }
            }
            Operation::Room(room) => self.room = room,
            Operation::Reconnect => self.reconnect(),
        }
    }

    fn says(&mut self, bytes: &[u8]) {
        if let Some(session) = &mut self.session {
            session.received(bytes);
        }
        self.hear();
    }

    fn hear(&mut self) {
        while !self.over
            && let Some(session) = &mut self.session
        {
            match session.next(self.room) {
                Ok(None) => break,
                Ok(Some(told)) => self.told(told),
                Err(reason) => self.lost(reason),
            }
        }
        self.check();
    }

    fn told(&mut self, told: Told) {
        match &told {
            Told::Login(_) => {}
            Told::Done(number, _) => {
                assert!(self.begun.remove(number), "{number} ends twice, or never began")
            }
            Told::Message(message) => {
                assert!(self.room, "a message is taken for which there is no room");
                assert!(!message.topic.is_empty() && !message.topic.contains(['+', '#', '\0']));
                self.taken += usize::from(message.qos == Some(QoS::AtLeastOnce));
            }
        }
        self.seen.told.push(told);
    }

    fn lost(&mut self, reason: String) {
        self.over = true;
        self.seen.lost.push(reason);
    }

    fn sent(&mut self, length: usize) {
        let Some(session) = &mut self.session else { return };
        let length = length.min(session.to_send().len());
        let bytes = session.to_send().get(..length).unwrap_or_default().to_vec();
        session.sent(length);
        self.acknowledged.sent(&bytes);
        self.seen.sent.extend(bytes);
    }

    fn reconnect(&mut self) {
        self.session = self.session.take().and_then(SessionBench::reconnected);
        // Nobody hears any more of what was begun.
        self.begun.clear();
        (self.taken, self.over) = (0, false);
        self.acknowledged = Acknowledgements::default();
    }

    fn check(&self) {
        let Some(session) = &self.session else { return };
        let waiting = session.to_send();
        let acknowledged = self.acknowledged.with(waiting);
        assert_eq!(acknowledged, self.taken, "messages at least once are acknowledged when they are taken");
        let most = MOST_ANSWERS + (MOST_PACKETS + self.begun.len()) * LARGEST;
        assert!(waiting.len() <= most, "{} bytes wait to be sent", waiting.len());
    }

    /// With everything sent, the session sleeps, and does not wake without an end.
    fn settle(&mut self) {
        for _ in 0..4 {
            let Some(session) = &mut self.session else { return };
            let waiting = session.to_send().len();
            self.sent(waiting);
            let Some(session) = &mut self.session else { return };
            if self.over || session.sleeps().is_none_or(|time| !time.is_zero()) {
                return;
            }
            if let Err(reason) = session.after(Duration::ZERO) {
                self.lost(reason);
            }
            self.hear();
        }
        panic!("the session wakes again and again, and there is nothing to do");
    }
}

/// Counts acknowledgements of messages at least once in the packets of a client.
#[derive(Clone, Debug, Default)]
struct Acknowledgements {
    count: usize,
    /// Of a packet of which not everything has gone.
    begun: Vec<u8>,
}

impl Acknowledgements {
    fn sent(&mut self, bytes: &[u8]) {
        self.begun.extend(bytes);
        while let Some(packet) = take_packet(&mut self.begun) {
            self.count += usize::from(packet.first() == Some(&0x40));
        }
    }

    fn with(&self, waiting: &[u8]) -> usize {
        let mut all = self.clone();
        all.sent(waiting);
        assert!(all.begun.is_empty(), "a packet is not whole: {:02x?}", all.begun);
        all.count
    }
}

/// The first packet, if it is whole. What a client sends is shorter than 16 KiB here.
fn take_packet(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let (short, long) = (usize::from(*bytes.get(1)?), bytes.get(2).copied());
    let size = match (short, long) {
        (short, _) if short < 0x80 => 2 + short,
        (short, long) => 3 + (short & 0x7f) + (usize::from(long?) << 7),
    };
    (bytes.len() >= size).then(|| bytes.drain(..size).collect())
}
