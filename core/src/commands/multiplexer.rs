//! Switching the multiplexer on.

use std::time::Duration;

use super::{malformed, query, setting, value};
use crate::at::{Command, CommandLine, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply};

/// No source says how long the module takes. It opens a channel in 25 ms.
const START: Duration = Duration::from_secs(5);

/// `AT+CMUX?`: how the multiplexer is set.
///
/// Source: M37 p107-108.
#[derive(Clone, Copy, Debug)]
pub struct ReadMultiplexer;

/// The answer to [`ReadMultiplexer`], as far as the module gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MultiplexerSettings {
    /// The code of the line rate.
    pub speed: Option<u8>,
    /// N1: most octets of information in a frame.
    pub frame_size: Option<u16>,
}

/// `AT+CMUX=0[,0,<speed>,<N1>]`: frames of the basic option from now on. `None` leaves everything to the module.
///
/// Source: M37 p107-108; 27.007 5.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartMultiplexer(pub Option<(u8, u16)>);

/// `AT#CMUXMODE=<n>`: some firmware wants it before [`StartMultiplexer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetMultiplexerMode(pub u8);

impl Command for ReadMultiplexer {
    type Response = MultiplexerSettings;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("+CMUX"), Expect::lines("+CMUX")))
    }

    fn parse(&self, reply: &Reply) -> Result<MultiplexerSettings, UnexpectedReply> {
        let settings = value(reply, "+CMUX")?;
        let fields = Fields::parse(&settings);
        if fields.number::<u8>(0).is_none() {
            return Err(malformed("+CMUX", &settings));
        }
        Ok(MultiplexerSettings { speed: fields.number(2), frame_size: fields.number(3) })
    }
}

impl Command for StartMultiplexer {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("+CMUX").number(0_u8);
        let line = match self.0 {
            Some((speed, frame_size)) => line.number(0_u8).number(speed).number(frame_size),
            None => line,
        };
        Ok(setting(line.build()?).deadline(START))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

impl Command for SetMultiplexerMode {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#CMUXMODE").number(self.0).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_manual_prints_them() {
        let sent = |parameters| StartMultiplexer(parameters).exchange().unwrap().line().to_string();
        assert_eq!(sent(None), "AT+CMUX=0");
        assert_eq!(sent(Some((5, 512))), "AT+CMUX=0,0,5,512");
        let read = |line: &str| ReadMultiplexer.parse(&Reply::new([line], ""));
        let settings = |speed, frame_size| Ok(MultiplexerSettings { speed, frame_size });
        assert_eq!(read("+CMUX: 0,0,5,122"), settings(Some(5), Some(122)));
        assert_eq!(read("+CMUX: 0,0"), settings(None, None));
        assert!(read("+CMUX: on").is_err());
    }
}
