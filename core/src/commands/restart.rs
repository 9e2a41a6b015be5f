//! Restarting the module or its radio, and telling whether it has restarted.

use std::time::Duration;

use super::{malformed, query, setting, value};
use crate::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

/// The radio takes its time to leave the network. Source: M37 p82 gives no bound; 180 s is that of the commands
/// that log in and out (M37 p192).
const RADIO: Duration = Duration::from_secs(180);

/// `AT#ENHRST=1,0`: restarts the module at once. After a command that writes to flash, 5 seconds must pass first.
///
/// Source: M37 p624-626.
#[derive(Clone, Copy, Debug)]
pub struct RestartModule;

/// `AT#REBOOT`: restarts the module at once, where there is no [`RestartModule`].
///
/// Source: M37 p623.
#[derive(Clone, Copy, Debug)]
pub struct RebootModule;

/// `AT+CFUN=<level>`: how much of the module works.
///
/// Source: M37 p82-84.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Functionality {
    /// 1: everything.
    Full,
    /// 4: neither sends nor receives; it has left the network, and the SIM is off.
    RadioOff,
}

/// `AT+CMEE?`: the error format, 2 on a module that [`VerboseErrors`](super::VerboseErrors) was sent to. After a
/// restart it is what the module's user profile says, 0 on a new one.
///
/// Source: M37 p97.
#[derive(Clone, Copy, Debug)]
pub struct ReadErrorFormat;

fn restart(line: CommandLine) -> Exchange {
    setting(line).effect(Effect::Once)
}

impl Command for RestartModule {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(restart(CommandLine::set("#ENHRST").number(1_u8).number(0_u8).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

impl Command for RebootModule {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(restart(CommandLine::execute("#REBOOT")))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

impl Command for Functionality {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let level = match self {
            Self::Full => 1_u8,
            Self::RadioOff => 4,
        };
        Ok(setting(CommandLine::set("+CFUN").number(level).build()?).deadline(RADIO))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

impl Command for ReadErrorFormat {
    type Response = u8;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("+CMEE"), Expect::lines("+CMEE")))
    }

    fn parse(&self, reply: &Reply) -> Result<u8, UnexpectedReply> {
        let format = value(reply, "+CMEE")?;
        format.trim().parse().map_err(|_| malformed("+CMEE", &format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(command: impl Command) -> String {
        command.exchange().unwrap().line().to_string()
    }

    #[test]
    fn as_the_manual_prints_them() {
        assert_eq!(sent(RestartModule), "AT#ENHRST=1,0");
        assert_eq!(sent(RebootModule), "AT#REBOOT");
        assert_eq!(sent(Functionality::RadioOff), "AT+CFUN=4");
        assert_eq!(sent(Functionality::Full), "AT+CFUN=1");
        assert_eq!(sent(ReadErrorFormat), "AT+CMEE?");
    }
}
