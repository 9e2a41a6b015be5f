//! A counted entry that the module may hold open although the host has given up: whatever is sent then becomes a part
//! of the payload.

use std::time::{Duration, Instant};

/// What a module does with an announced payload of which not every byte comes, because the line has lost some, or the
/// prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShortPayload {
    /// It waits for the rest, and gives whatever completes it to somebody else. The ordinary case: no manual names a
    /// way out, so the engine does not complete the payload with bytes that are none of it: for five minutes it asks with
    /// short questions, as long as they are fewer bytes than are missing if none has come, and then not at all. The
    /// module answers nothing meanwhile; to restart its hardware helps. Only then the engine fills the entry up.
    ///
    /// What cannot be kept out: bytes of the payload itself got lost, and a question takes their place; or the payload is
    /// so short that the first question is as long. Source: M37 p808, p865, p912.
    Waits,
    /// It gives up after so long without a byte. For so long nothing is sent.
    GivesUp(Duration),
    /// It waits, and what completes it does no harm, since what came of it is compared anyway.
    Harmless,
}

/// How long nobody completes an entry: longer than a server waits for the rest of what it was promised, and enough
/// for a supervisor to have the hardware reset.
const KEPT: Duration = Duration::from_secs(300);
/// How long the module has for a late prompt or answer before it is asked. One command is documented to give up after
/// ten seconds, others may. Source: M37 p1034.
const PATIENCE: Duration = Duration::from_secs(10);
/// A payload that was sent and is not longer than so many has come whole, rather than not at all: the questions of one
/// look for the line are as long.
const SHORT: usize = 54;
/// Between the end of the module's patience and the first byte.
const MARGIN: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenEntry {
    short: ShortPayload,
    /// How many bytes can be sent before they would complete it, if none of the payload has come; `None` if some has.
    budget: Option<usize>,
    kept_until: Instant,
    /// Something was sent that is none of the payload.
    spoiled: bool,
}

impl OpenEntry {
    /// An entry for so many bytes. `sent` tells that they were given to the port.
    pub(crate) fn new(now: Instant, short: ShortPayload, announced: usize, sent: bool) -> Option<Self> {
        let some_has_come = sent && announced <= SHORT;
        let budget = (!some_has_come).then(|| announced.saturating_sub(1));
        (announced > 0).then_some(Self { short, budget, kept_until: now + KEPT, spoiled: false })
    }

    /// How long nothing is sent, counted from the last byte.
    pub(crate) fn patience(&self) -> Duration {
        match self.short {
            ShortPayload::Waits => PATIENCE,
            ShortPayload::GivesUp(after) => after + MARGIN,
            ShortPayload::Harmless => Duration::ZERO,
        }
    }

    /// Nothing but short questions may be sent.
    pub(crate) fn is_kept(&self, now: Instant) -> bool {
        self.short == ShortPayload::Waits && now < self.kept_until
    }

    /// Whether a question of so many bytes may be sent; it is counted then. The first always may: that the module has
    /// never seen the command is likelier than that it waits.
    pub(crate) fn admits(&mut self, now: Instant, question: usize) -> bool {
        let fits = self.budget.is_none_or(|budget| question <= budget);
        let admitted = !self.is_kept(now) || !self.spoiled || fits;
        if admitted {
            self.spoiled = true;
            self.budget = self.budget.map(|budget| budget.saturating_sub(question));
        }
        admitted
    }

    /// The payload would not be the first thing that the module gets.
    pub(crate) fn is_spoiled(&self) -> bool {
        self.spoiled
    }
}
