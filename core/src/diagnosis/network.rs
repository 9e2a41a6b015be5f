//! From the SIM to the clock.

use super::cause::{Cause, Judgement};
use super::examination::{Examination, Gone, is_gone};
use super::finding::{Finding, Step};
use crate::commands::{DefinedContexts, ReadContextAddress, Registration, SignalQuality};
use crate::error::Category;
use crate::modem::{BringUpError, ClockCheck, ClockError};

/// A clock that is off by no more than this is right for a person, too.
const A_MOMENT: u64 = 120;

impl Examination {
    /// Once more behind an answer that was lost, which says nothing about the clock.
    async fn clock_checked(&self) -> Result<ClockCheck, ClockError> {
        match self.modem.ensure_clock().await {
            Err(ClockError::Command(error)) if error.category() == Category::Link && !is_gone(&error) => {
                self.modem.ensure_clock().await
            }
            checked => checked,
        }
    }

    /// SIM, network and context. Gives whether the module is on line.
    pub(super) async fn examine_network(&mut self) -> Result<bool, Gone> {
        match self.modem.bring_up().await {
            Ok(up) => {
                self.note(Finding::ok(Step::Sim, "ready"));
                self.note_registration(up.registration).await?;
                self.note_context(up.address).await?;
                Ok(true)
            }
            Err(BringUpError::Command(error)) if is_gone(&error) => Err(Gone(error.to_string())),
            Err(BringUpError::Context { reason, .. }) if is_gone(&reason) => Err(Gone(reason.to_string())),
            Err(error) => {
                self.note_refusal(&error).await?;
                Ok(false)
            }
        }
    }

    async fn note_refusal(&mut self, error: &BringUpError) -> Result<(), Gone> {
        let text = error.to_string();
        let (step, cause, hint) = match error {
            BringUpError::Sim { .. } => (
                Step::Sim,
                Cause::Sim,
                "check that the SIM is in its holder, and give its PIN if it asks for one",
            ),
            BringUpError::LastPinAttempt => (
                Step::Sim,
                Cause::Sim,
                "enter the right PIN in a telephone: one more that is wrong blocks the SIM",
            ),
            BringUpError::NotRegistered { .. } => {
                (Step::Registration, Cause::Registration, "check the antenna and the SIM's subscription")
            }
            _ => {
                (Step::Context, Cause::Context, "check the access point name (--apn) and the context (--cid)")
            }
        };
        match error {
            BringUpError::Command(_) => {
                self.note(Finding::skipped(Step::Sim, "it is not known how far it came"))
            }
            _ if step != Step::Sim => self.note(Finding::ok(Step::Sim, "ready")),
            _ => {}
        }
        if step == Step::Context {
            let registration = self.asked(self.modem.registration().await)?.unwrap_or(Registration::Unknown);
            self.note_registration(registration).await?;
        }
        let signal = if step == Step::Registration { self.signal().await? } else { String::new() };
        self.note(Finding::failed(step, format!("{text}{signal}")).hint(hint));
        if step != Step::Context {
            self.note(Finding::skipped(Step::Context, "it needs a network"));
        }
        self.blame(Judgement::new(cause, error.category(), text).hint(hint));
        Ok(())
    }

    async fn note_registration(&mut self, registration: Registration) -> Result<(), Gone> {
        let signal = self.signal().await?;
        self.note(Finding::ok(Step::Registration, format!("{registration}{signal}")));
        Ok(())
    }

    /// Of LTE the numbers are a scale of their own, and the words as good a guess.
    async fn signal(&self) -> Result<String, Gone> {
        Ok(match self.asked(self.modem.run(SignalQuality).await)?.flatten() {
            Some(level) => format!(", signal {level} dBm ({})", strength(level)),
            None => String::new(),
        })
    }

    async fn note_context(&mut self, address: Option<String>) -> Result<(), Gone> {
        let id = self.modem.context_id();
        let address = match address {
            Some(address) => Some(address),
            None => self.asked(self.modem.run(ReadContextAddress(id)).await)?.flatten(),
        };
        let defined = self.asked(self.modem.run(DefinedContexts).await)?.unwrap_or_default();
        let apn = defined.into_iter().find(|context| context.id == id).map(|context| context.apn);
        let apn = apn.filter(|apn| !apn.is_empty()).map(|apn| format!(" by {apn}")).unwrap_or_default();
        let address = address.unwrap_or_else(|| "not told".to_owned());
        self.note(Finding::ok(Step::Context, format!("context {id}{apn} is active, address {address}")));
        Ok(())
    }

    /// Gives whether certificates can be judged, as far as they have to be.
    pub(super) async fn examine_clock(&mut self, on_line: bool) -> Result<bool, Gone> {
        let behind = self.asked(self.modem.clock_behind().await)?.flatten();
        let off = behind.map_or_else(|| "it was never set".to_owned(), told);
        let right = behind.is_some_and(|behind| behind.unsigned_abs() <= A_MOMENT);
        let finding = if right { Finding::ok } else { Finding::warning };
        if !self.tls.verifies() || !on_line {
            self.note(finding(Step::Clock, off));
            return Ok(true);
        }
        match self.clock_checked().await {
            Ok(ClockCheck::Right) => {
                self.note(finding(Step::Clock, off));
                Ok(true)
            }
            Ok(ClockCheck::Set) => {
                let hint = "software that talks to the module by itself has to set its clock first (AT+CCLK)";
                self.note(Finding::warning(Step::Clock, format!("{off}; it has been set now")).hint(hint));
                Ok(true)
            }
            Err(ClockError::Command(error)) if is_gone(&error) => Err(Gone(error.to_string())),
            Err(error) => {
                let hint = error.hint().unwrap_or("set the module's clock with AT+CCLK");
                self.note(Finding::failed(Step::Clock, error.to_string()).hint(hint));
                self.blame(Judgement::new(Cause::Clock, error.category(), error.to_string()).hint(hint));
                Ok(false)
            }
        }
    }
}

/// A choice: no source gives words to the numbers.
fn strength(level: i16) -> &'static str {
    match level {
        ..-105 => "very weak",
        -105..-95 => "weak",
        -95..-75 => "fair",
        -75.. => "good",
    }
}

fn told(behind: i64) -> String {
    let seconds = behind.unsigned_abs();
    if seconds <= A_MOMENT {
        return "it agrees with this computer's".to_owned();
    }
    let span = match seconds {
        ..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
    let way = if behind > 0 { "behind" } else { "ahead of" };
    format!("it is {span} {way} this computer's")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_in_words() {
        assert_eq!(told(-100), "it agrees with this computer's");
        assert_eq!(told(600), "it is 10 minutes behind this computer's");
        assert_eq!(told(-7_200), "it is 2 hours ahead of this computer's");
        assert_eq!(told(200_000), "it is 2 days behind this computer's");
        assert_eq!([-51, -90, -100, -113].map(strength), ["good", "fair", "weak", "very weak"]);
    }
}
