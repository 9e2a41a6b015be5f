//! The books: what was asked, what came of it, what was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use telit_core::Category;
use telit_core::supervisor::{SupervisorEvent, SupervisorEvents};

use super::timeline::{Timeline, Told};
use super::world::World;

/// The topics that messages from and to the module have.
pub(super) const UP: &str = "soak/up";
pub(super) const DOWN: &str = "soak/down";

/// Clones are the same books.
#[derive(Clone)]
pub(super) struct Ledger(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    /// What became of each message from the module.
    published: Vec<Published>,
    /// When each message to the module was published.
    sent_down: Vec<Instant>,
    received: BTreeSet<usize>,
    timeline: Timeline,
    /// Messages that were told to be lost one by one.
    told_missing: u64,
    faults: BTreeMap<&'static str, u64>,
    /// Operations by their name: how often they were right, and the errors.
    operations: BTreeMap<&'static str, (u64, BTreeMap<String, u64>)>,
    events: BTreeMap<&'static str, u64>,
    longest_recovery: Duration,
    bytes: u64,
    /// What must never happen.
    failures: Vec<String>,
}

/// What the publisher was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Published {
    Acknowledged,
    NotSent,
    InDoubt,
}

impl Ledger {
    pub(super) fn new(mut events: SupervisorEvents) -> Self {
        let ledger = Self(Arc::default());
        let books = ledger.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                books.event(&event);
            }
        });
        ledger
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn event(&self, event: &SupervisorEvent) {
        let mut books = self.books();
        let name = match event {
            SupervisorEvent::Lost { .. } => {
                books.timeline.told(Instant::now(), Told::Lost);
                "lost"
            }
            SupervisorEvent::Trying { .. } => "remedy tried",
            SupervisorEvent::Recovered { took, .. } => {
                books.longest_recovery = books.longest_recovery.max(*took);
                "recovered"
            }
            SupervisorEvent::GaveUp { reason, .. } => {
                books.failures.push(format!("the module was given up: {reason}"));
                "given up"
            }
            SupervisorEvent::Service(_) => "told by a service",
            SupervisorEvent::Missed(missed) => {
                books.failures.push(format!("{missed} events were missed"));
                "missed"
            }
            _ => "other",
        };
        *books.events.entry(name).or_default() += 1;
    }

    /// Something that must never happen has.
    pub(super) fn failure(&self, what: impl Into<String>) {
        self.books().failures.push(what.into());
    }

    pub(super) fn fault(&self, name: &'static str) {
        let mut books = self.books();
        books.timeline.fault(Instant::now());
        *books.faults.entry(name).or_default() += 1;
    }

    /// The client has told what became of its connection.
    pub(super) fn told(&self, what: Told) {
        self.books().timeline.told(Instant::now(), what);
    }

    /// The client has told that so many messages are lost.
    pub(super) fn told_missing(&self, count: u64) {
        self.books().told_missing += count;
    }

    pub(super) fn operation(&self, name: &'static str, outcome: Result<usize, Category>) {
        let mut books = self.books();
        let (right, errors) = books.operations.entry(name).or_default();
        match outcome {
            Ok(bytes) => {
                *right += 1;
                books.bytes += bytes as u64;
            }
            Err(category) => *errors.entry(format!("{category:?}")).or_default() += 1,
        }
    }

    /// The number of the next message from the module.
    pub(super) fn next_up(&self) -> usize {
        self.books().published.len()
    }

    pub(super) fn published(&self, outcome: Published) {
        self.books().published.push(outcome);
    }

    /// A message to the module is about to be published; gives its number.
    pub(super) fn sending_down(&self) -> usize {
        let mut books = self.books();
        books.sent_down.push(Instant::now());
        books.sent_down.len() - 1
    }

    /// A message arrived at a subscriber.
    pub(super) fn received(&self, payload: &[u8]) {
        let mut books = self.books();
        match number(payload).filter(|number| *number < books.sent_down.len()) {
            None => books.failures.push("a message arrived that nobody has published".to_owned()),
            Some(number) if !books.received.insert(number) => {
                books.failures.push(format!("message {number} arrived twice"));
            }
            Some(_) => {}
        }
    }

    pub(super) fn has_down(&self, number: usize) -> bool {
        self.books().received.contains(&number)
    }

    /// How many of the messages to the module have not arrived.
    pub(super) fn missing(&self) -> usize {
        let books = self.books();
        books.sent_down.len() - books.received.len()
    }

    /// Everything is accounted for.
    pub(super) fn check(&self, world: &World) {
        let books = self.books();
        assert_eq!(books.failures, [""; 0], "what must never happen");
        books.check_published(&arrived(world));
        books.check_received();
        for name in ["GET", "POST", "download", "TLS socket", "publish", "resume"] {
            let right = books.operations.get(name).map_or(0, |(right, _)| *right);
            assert!(right > 0, "{name} was never right");
        }
    }

    pub(super) fn report(&self) -> String {
        let books = self.books();
        let count = |outcome| books.published.iter().filter(|published| **published == outcome).count();
        let mut lines = vec![
            format!("faults: {:?}", books.faults),
            format!("supervisor: {:?}, longest recovery {:?}", books.events, books.longest_recovery),
            format!(
                "messages from the module: {} acknowledged, {} not sent, {} in doubt",
                count(Published::Acknowledged),
                count(Published::NotSent),
                count(Published::InDoubt)
            ),
            format!(
                "messages to the module: {} of {} delivered, {} lost in outages that were told, {} told one by one",
                books.received.len(),
                books.sent_down.len(),
                books.sent_down.len() - books.received.len() - books.unexcused(),
                books.unexcused(),
            ),
            format!("bytes of transfers, all exact: {}", books.bytes),
        ];
        let operations = books.operations.iter();
        lines.extend(
            operations.map(|(name, (right, errors))| format!("{name}: right {right}, errors {errors:?}")),
        );
        lines.join("\n")
    }
}

impl Books {
    fn check_published(&self, arrived: &BTreeMap<usize, u64>) {
        for (number, outcome) in self.published.iter().enumerate() {
            let times = arrived.get(&number).copied().unwrap_or_default();
            match outcome {
                Published::Acknowledged => assert_eq!(times, 1, "message {number} was acknowledged once"),
                Published::NotSent => assert_eq!(times, 0, "message {number} was told not to be sent"),
                Published::InDoubt => assert!(times <= 1, "message {number} was sent once"),
            }
        }
    }

    fn check_received(&self) {
        let unexcused = self.unexcused() as u64;
        let told = self.told_missing;
        assert!(unexcused <= told, "{unexcused} messages are missing outside of outages, {told} were told");
    }

    /// Messages that are missing although no outage was told for when they were published.
    fn unexcused(&self) -> usize {
        let numbered = self.sent_down.iter().enumerate();
        let missing = numbered.filter(|(number, _)| !self.received.contains(number));
        missing.filter(|(_, published)| !self.timeline.is_out(**published)).count()
    }
}

/// The numbers of the messages from the module that the broker has, and how often.
fn arrived(world: &World) -> BTreeMap<usize, u64> {
    let mut arrived = BTreeMap::new();
    for message in world.servers.broker().messages().iter().filter(|message| message.topic == UP) {
        let number = number(&message.payload).expect("no byte of a payload differs");
        *arrived.entry(number).or_default() += 1;
    }
    arrived
}

/// A payload that shows every damage: its number, and the number again in another form.
pub(super) fn payload(number: usize) -> Vec<u8> {
    format!("{number}:{:x}:\r\nOK\r\n\"\u{1a}+++NO CARRIER\r\n", number.wrapping_mul(0x9e37_79b9))
        .into_bytes()
}

fn number(bytes: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?;
    let number = text.split(':').next()?.parse().ok()?;
    (payload(number) == bytes).then_some(number)
}
