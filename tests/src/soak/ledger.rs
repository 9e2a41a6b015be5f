//! The books: what was asked, what came of it, what was told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use telit_core::supervisor::{SupervisorEvent, SupervisorEvents};

use super::world::World;

/// The topics that messages from and to the module have.
pub(super) const UP: &str = "soak/up";
pub(super) const DOWN: &str = "soak/down";

/// A report of a loss speaks for messages that were published at most so long before it: a lost connection may be
/// noticed at the next ping only.
const REACH: Duration = Duration::from_secs(45);

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
    repeated: u64,
    /// When something was told to be lost.
    losses: Vec<Instant>,
    faults: BTreeMap<&'static str, u64>,
    /// Operations by their name and what came of them.
    operations: BTreeMap<(&'static str, String), u64>,
    events: BTreeMap<&'static str, u64>,
    longest_recovery: Duration,
    bytes: u64,
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
                books.losses.push(Instant::now());
                "lost"
            }
            SupervisorEvent::Trying { .. } => "remedy tried",
            SupervisorEvent::Recovered { took, .. } => {
                books.longest_recovery = books.longest_recovery.max(*took);
                "recovered"
            }
            SupervisorEvent::GaveUp { reason, .. } => panic!("the module was given up: {reason}"),
            SupervisorEvent::Service(_) => "told by a service",
            _ => "other",
        };
        *books.events.entry(name).or_default() += 1;
    }

    pub(super) fn fault(&self, name: &'static str) {
        *self.books().faults.entry(name).or_default() += 1;
    }

    /// A client has told that messages may be missing.
    pub(super) fn loss_told(&self) {
        self.books().losses.push(Instant::now());
    }

    pub(super) fn operation(&self, name: &'static str, outcome: Result<usize, impl Debug>) {
        let mut books = self.books();
        let outcome = match outcome {
            Ok(bytes) => {
                books.bytes += bytes as u64;
                "right".to_owned()
            }
            Err(category) => format!("error ({category:?})"),
        };
        *books.operations.entry((name, outcome)).or_default() += 1;
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

    pub(super) fn received(&self, number: usize) {
        let mut books = self.books();
        assert!(number < books.sent_down.len(), "message {number} was never published");
        if !books.received.insert(number) {
            books.repeated += 1;
        }
    }

    pub(super) fn has_all_down(&self) -> bool {
        let books = self.books();
        books.received.len() == books.sent_down.len()
    }

    /// Everything is accounted for.
    pub(super) fn check(&self, world: &World) {
        let books = self.books();
        let arrived = arrived(world);
        for (number, outcome) in books.published.iter().enumerate() {
            match outcome {
                Published::Acknowledged => {
                    assert!(
                        arrived.contains(&number),
                        "message {number} was acknowledged and is not at the broker"
                    );
                }
                Published::NotSent => {
                    assert!(
                        !arrived.contains(&number),
                        "message {number} is at the broker and was told not to be"
                    );
                }
                Published::InDoubt => {}
            }
        }
        for (number, published) in books.sent_down.iter().enumerate() {
            let told =
                || books.losses.iter().any(|loss| *loss + REACH > *published && *loss < *published + REACH);
            assert!(
                books.received.contains(&number) || told(),
                "message {number} is missing, and no loss was told"
            );
        }
        assert!(books.operations.values().sum::<u64>() > 0, "nothing was done");
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
                "messages to the module: {} of {} delivered, {} repeated, the rest told to be lost",
                books.received.len(),
                books.sent_down.len(),
                books.repeated
            ),
            format!("bytes of transfers, all exact: {}", books.bytes),
        ];
        lines.extend(
            books.operations.iter().map(|((name, outcome), times)| format!("{name}: {outcome}: {times}")),
        );
        lines.join("\n")
    }
}

/// The numbers of the messages from the module that the broker has.
fn arrived(world: &World) -> BTreeSet<usize> {
    let messages = world.servers.broker().messages();
    let ours = messages.iter().filter(|message| message.topic == UP);
    ours.map(|message| number(&message.payload).expect("no byte of a payload differs")).collect()
}

/// A payload that shows every damage: its number, and the number repeated in another form.
pub(super) fn payload(number: usize) -> Vec<u8> {
    format!("{number}:{:x}:\r\nOK\r\n\"\u{1a}+++NO CARRIER\r\n", number.wrapping_mul(0x9e37_79b9))
        .into_bytes()
}

pub(super) fn number(bytes: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?;
    let number = text.split(':').next()?.parse().ok()?;
    (payload(number) == bytes).then_some(number)
}
