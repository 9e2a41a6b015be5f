//! SIM state and PIN.

use super::{SIM, malformed, query, value};
use crate::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

/// `AT+CPIN?`. Without a SIM the module refuses with error 10.
///
/// Source: M37 p355-357.
#[derive(Clone, Copy, Debug)]
pub struct SimStatus;

/// What the SIM waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimState {
    /// Nothing: it can be used.
    Ready,
    /// Its PIN.
    PinRequired,
    /// Its PUK, after three wrong PINs.
    PukRequired,
    /// Something else, in the module's words.
    Other(String),
}

impl Command for SimStatus {
    type Response = SimState;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("+CPIN"), Expect::lines("+CPIN")).deadline(SIM))
    }

    fn parse(&self, reply: &Reply) -> Result<SimState, UnexpectedReply> {
        Ok(match value(reply, "+CPIN")?.as_str() {
            "READY" => SimState::Ready,
            "SIM PIN" => SimState::PinRequired,
            "SIM PUK" => SimState::PukRequired,
            other => SimState::Other(other.to_owned()),
        })
    }
}

/// `AT+CPIN="<pin>"`. A wrong PIN uses up one of three tries, so it is never sent twice.
///
/// Source: M37 p355-357.
#[derive(Clone)]
pub struct EnterPin(pub String);

impl std::fmt::Debug for EnterPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnterPin([redacted])")
    }
}

impl Command for EnterPin {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("+CPIN").secret_text("PIN", &self.0).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(SIM).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#PCT`: how many wrong PINs the SIM takes before it asks for its PUK, 3 at most; wrong PUKs, 10 at most, if that is
/// what it asks for. `None` if the module does not tell.
///
/// Source: M37 p358.
#[derive(Clone, Copy, Debug)]
pub struct RemainingPinAttempts;

impl Command for RemainingPinAttempts {
    type Response = Option<u8>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::execute("#PCT"), Expect::lines("#PCT")).deadline(SIM))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<u8>, UnexpectedReply> {
        let Some(left) = reply.value("#PCT") else { return Ok(None) };
        left.trim().parse().map(Some).map_err(|_| malformed("#PCT", &left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states() {
        let state = |line| SimStatus.parse(&Reply::new([line], "")).unwrap();
        assert_eq!(state("+CPIN: READY"), SimState::Ready);
        assert_eq!(state("+CPIN: SIM PIN"), SimState::PinRequired);
        assert_eq!(state("+CPIN:SIM PUK"), SimState::PukRequired);
        assert_eq!(state("+CPIN: PH-SIM PIN"), SimState::Other("PH-SIM PIN".into()));
        assert!(SimStatus.parse(&Reply::default()).is_err());
    }

    #[test]
    fn remaining_attempts() {
        assert_eq!(RemainingPinAttempts.exchange().unwrap().line().as_bytes(), b"AT#PCT");
        let left = |lines: &[&str]| RemainingPinAttempts.parse(&Reply::new(lines.iter().copied(), ""));
        assert_eq!(left(&["#PCT: 3"]), Ok(Some(3)));
        assert_eq!(left(&["#PCT:0"]), Ok(Some(0)));
        assert_eq!(left(&[]), Ok(None));
        for damaged in ["#PCT: ", "#PCT: x", "#PCT: 300", "#PCT: -1"] {
            assert!(left(&[damaged]).is_err(), "{damaged}");
        }
    }

    #[test]
    fn the_pin_is_never_shown() {
        let exchange = EnterPin("1234".into()).exchange().unwrap();
        assert_eq!(exchange.line().as_bytes(), b"AT+CPIN=\"1234\"");
        assert_eq!(exchange.line().to_string(), "AT+CPIN=\"[redacted]\"");
        assert!(!format!("{:?}", EnterPin("1234".into())).contains("1234"));
    }
}
