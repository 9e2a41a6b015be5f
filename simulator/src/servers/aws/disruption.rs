//! What AWS does rarely, and tests want now.

use std::time::Duration;

/// Something that goes differently from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disruption {
    /// The next connections are refused with this return code of CONNACK.
    RefuseConnects {
        /// How many.
        times: u32,
        /// 1 to 5, such as 3: server unavailable.
        code: u8,
    },
    /// The next connections end right behind their CONNACK.
    CloseAfterConnects {
        /// How many.
        times: u32,
    },
    /// The next messages with quality of service 1 are taken, but not acknowledged.
    WithholdPubacks {
        /// How many.
        times: u32,
    },
    /// The next deliveries come twice, under different packet ids and not marked as duplicates.
    DuplicateDeliveries {
        /// How many.
        times: u32,
    },
    /// The next answers and notifications of shadow, jobs and provisioning are lost on their way.
    DropAnswers {
        /// How many.
        times: u32,
    },
    /// All answers of shadow, jobs and provisioning come this late. Zero ends it.
    DelayAnswers {
        /// How late.
        by: Duration,
    },
}

/// What is still to go differently.
#[derive(Debug, Default)]
pub(super) struct Disruptions {
    pub(super) connects_refused: Countdown,
    pub(super) refusal: u8,
    pub(super) closed_after_connect: Countdown,
    pub(super) pubacks: Countdown,
    pub(super) duplicates: Countdown,
    pub(super) answers: Countdown,
    pub(super) delay: Duration,
}

impl Disruptions {
    pub(super) fn set(&mut self, disruption: Disruption) {
        match disruption {
            Disruption::RefuseConnects { times, code } => {
                self.connects_refused = Countdown(times);
                self.refusal = code;
            }
            Disruption::CloseAfterConnects { times } => self.closed_after_connect = Countdown(times),
            Disruption::WithholdPubacks { times } => self.pubacks = Countdown(times),
            Disruption::DuplicateDeliveries { times } => self.duplicates = Countdown(times),
            Disruption::DropAnswers { times } => self.answers = Countdown(times),
            Disruption::DelayAnswers { by } => self.delay = by,
        }
    }
}

/// How often something still happens.
#[derive(Debug, Default)]
pub(super) struct Countdown(u32);

impl Countdown {
    /// Whether it happens this time.
    pub(super) fn strikes(&mut self) -> bool {
        let strikes = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        strikes
    }
}
