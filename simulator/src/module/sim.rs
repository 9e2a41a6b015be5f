//! The SIM card: there or not, and its PIN. Source: M37 p355-359, p369-370.

use crate::nvm::Secret;

/// Wrong PINs before the PUK is asked for. Source: M37 p358.
const PIN_ATTEMPTS: u8 = 3;
/// Wrong PUKs before the card is blocked. Source: M37 p358.
const PUK_ATTEMPTS: u8 = 10;

/// A card. Its counters outlive a restart of the module.
pub(crate) struct Sim {
    inserted: bool,
    /// `None`: the card does not ask for a PIN.
    pin: Option<Secret>,
    puk: Secret,
    pin_attempts: u8,
    puk_attempts: u8,
    unlocked: bool,
}

/// What the card waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SimState {
    Absent,
    Ready,
    PinRequired,
    PukRequired,
    /// Ten wrong PUKs: nothing helps.
    Blocked,
}

/// A password that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IncorrectPassword;

impl Sim {
    pub(crate) fn new(inserted: bool, pin: Option<Secret>, puk: Secret) -> Self {
        let unlocked = pin.is_none();
        Self { inserted, pin, puk, pin_attempts: PIN_ATTEMPTS, puk_attempts: PUK_ATTEMPTS, unlocked }
    }

    pub(crate) fn state(&self) -> SimState {
        match (self.inserted, self.unlocked) {
            (false, _) => SimState::Absent,
            (true, true) => SimState::Ready,
            (true, false) if self.pin_attempts > 0 => SimState::PinRequired,
            (true, false) if self.puk_attempts > 0 => SimState::PukRequired,
            (true, false) => SimState::Blocked,
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.state() == SimState::Ready
    }

    /// The module has been restarted: the card asks again.
    pub(crate) fn power_cycle(&mut self) {
        self.unlocked = self.pin.is_none() && self.pin_attempts > 0;
    }

    /// What is left of the attempts at what the card waits for.
    pub(crate) fn attempts(&self) -> u8 {
        if self.pin_attempts > 0 { self.pin_attempts } else { self.puk_attempts }
    }

    /// The PIN is given.
    pub(crate) fn unlock(&mut self, pin: &str) -> Result<(), IncorrectPassword> {
        self.check_pin(pin)?;
        self.unlocked = true;
        Ok(())
    }

    /// The PUK is given, with a new PIN.
    pub(crate) fn unblock(&mut self, puk: &str, new_pin: &str) -> Result<(), IncorrectPassword> {
        if self.puk != Secret::from(puk) {
            self.puk_attempts = self.puk_attempts.saturating_sub(1);
            return Err(IncorrectPassword);
        }
        (self.pin_attempts, self.puk_attempts) = (PIN_ATTEMPTS, PUK_ATTEMPTS);
        (self.pin, self.unlocked) = (Some(Secret::from(new_pin)), true);
        Ok(())
    }

    /// Another PIN in place of the old one.
    pub(crate) fn change_pin(&mut self, pin: &str, new_pin: &str) -> Result<(), IncorrectPassword> {
        self.check_pin(pin)?;
        (self.pin, self.unlocked) = (Some(Secret::from(new_pin)), true);
        Ok(())
    }

    fn check_pin(&mut self, pin: &str) -> Result<(), IncorrectPassword> {
        if self.pin == Some(Secret::from(pin)) {
            self.pin_attempts = PIN_ATTEMPTS;
            return Ok(());
        }
        self.pin_attempts = self.pin_attempts.saturating_sub(1);
        if self.pin_attempts == 0 {
            self.unlocked = false;
        }
        Err(IncorrectPassword)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked() -> Sim {
        Sim::new(true, Some("1234".into()), "12345678".into())
    }

    #[test]
    fn three_wrong_pins_ask_for_the_puk_and_ten_wrong_puks_block() {
        let mut sim = locked();
        for left in [2, 1] {
            assert_eq!(sim.unlock("0000"), Err(IncorrectPassword));
            assert_eq!((sim.state(), sim.attempts()), (SimState::PinRequired, left));
        }
        assert_eq!(sim.unlock("0000"), Err(IncorrectPassword));
        assert_eq!((sim.state(), sim.attempts()), (SimState::PukRequired, 10));
        for _ in 0..10 {
            assert_eq!(sim.unblock("0", "1111"), Err(IncorrectPassword));
        }
        assert_eq!((sim.state(), sim.attempts()), (SimState::Blocked, 0));
    }

    #[test]
    fn the_puk_sets_a_new_pin() {
        let mut sim = locked();
        for _ in 0..3 {
            assert_eq!(sim.unlock("0000"), Err(IncorrectPassword));
        }
        assert_eq!(sim.unblock("12345678", "1111"), Ok(()));
        assert!(sim.is_ready());
        sim.power_cycle();
        assert_eq!(sim.state(), SimState::PinRequired);
        assert_eq!(sim.unlock("1111"), Ok(()));
    }

    #[test]
    fn a_card_without_a_pin_is_ready_after_every_restart() {
        let mut sim = Sim::new(true, None, Secret::default());
        sim.power_cycle();
        assert!(sim.is_ready());
    }
}
