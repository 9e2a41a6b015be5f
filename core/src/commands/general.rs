//! Echo, error format, identity.

use super::{malformed, query, setting, value};
use crate::at::{Command, CommandLine, Exchange, Expect, InvalidValue, Line, Reply, UnexpectedReply};

/// `ATE0V1Q0`: no echo, results as words. Understood in whatever format the module is.
///
/// Source: M37 p144-148.
#[derive(Clone, Copy, Debug)]
pub struct EchoOff;

impl Command for EchoOff {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::execute("E0V1Q0")).numeric_result())
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT+CMEE=2`: errors as text, which firmware agrees about more than about numbers.
///
/// Source: M37 p97.
#[derive(Clone, Copy, Debug)]
pub struct VerboseErrors;

impl Command for VerboseErrors {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("+CMEE").number(2_u8).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SELINT=2`: the newest command syntax, which 2G modules do not start with.
///
/// Source: SW13 2.3; M37 p54.
#[derive(Clone, Copy, Debug)]
pub struct SelectSyntax;

impl Command for SelectSyntax {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#SELINT").number(2_u8).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SKIPESC=1`: the escape sequence is not forwarded to the peer.
///
/// Source: M37 p165.
#[derive(Clone, Copy, Debug)]
pub struct SkipEscape;

impl Command for SkipEscape {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#SKIPESC").number(1_u8).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `ATS12?`: the guard time around the escape sequence, in the platform's steps of 20 ms.
///
/// Source: M37 p138.
#[derive(Clone, Copy, Debug)]
pub struct ReadEscapeRegister;

impl Command for ReadEscapeRegister {
    type Response = u8;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("S12"), Expect::text()))
    }

    /// Three digits without a prefix.
    fn parse(&self, reply: &Reply) -> Result<u8, UnexpectedReply> {
        let value = reply.lines().first().map(|line| line.to_string()).unwrap_or_default();
        value.trim().parse().map_err(|_| malformed("S12", &value))
    }
}

/// `AT#E2ESC?`: a guard time in seconds that stands above register S12; 0 for none.
///
/// Source: M37 p168.
#[derive(Clone, Copy, Debug)]
pub struct ReadEscapeOverride;

impl Command for ReadEscapeOverride {
    type Response = u8;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#E2ESC"), Expect::lines("#E2ESC")))
    }

    /// The parameter is a string; quotes are optional.
    fn parse(&self, reply: &Reply) -> Result<u8, UnexpectedReply> {
        let value = value(reply, "#E2ESC")?;
        value.trim().trim_matches('"').parse().map_err(|_| malformed("#E2ESC", &value))
    }
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $command:literal, $parse:path) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Command for $name {
            type Response = String;

            fn exchange(&self) -> Result<Exchange, InvalidValue> {
                Ok(query(CommandLine::execute($command), Expect::text()))
            }

            fn parse(&self, reply: &Reply) -> Result<String, UnexpectedReply> {
                $parse($command, reply.lines())
            }
        }
    };
}

/// A name stands alone, in plain characters. Noise or a code that nobody knows would pass for one otherwise.
fn only_line(command: &str, lines: &[Line]) -> Result<String, UnexpectedReply> {
    match lines {
        [_] => first_line(command, lines),
        lines => Err(UnexpectedReply::new(format!("{} lines instead of one from {command}", lines.len()))),
    }
}

fn first_line(command: &str, lines: &[Line]) -> Result<String, UnexpectedReply> {
    let name = lines.first().map(|line| line.text().trim().to_owned()).unwrap_or_default();
    match !name.is_empty() && name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        true => Ok(name),
        false => Err(malformed(command, &name)),
    }
}

identity! {
    /// `AT+CGMM`: the model, such as `ME310G1-WW`. Source: M37 p71.
    Model, "+CGMM", only_line
}

identity! {
    /// `AT+CGMR`: the firmware revision. Source: M37 p72.
    FirmwareRevision, "+CGMR", only_line
}

identity! {
    /// `AT+CGSN`: the IMEI. Source: M37 p73.
    SerialNumber, "+CGSN", only_line
}

identity! {
    /// `AT#SWPKGV`: the software package, whose number starts with the platform's: the first of four lines.
    /// Source: M37 p78.
    SoftwarePackage, "#SWPKGV", first_line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_plain_characters() {
        let model = |lines: &[&str]| Model.parse(&Reply::new(lines.iter().copied(), ""));
        assert_eq!(model(&["ME310G1-WW"]), Ok("ME310G1-WW".to_owned()));
        for lines in
            [&[][..], &["~U", "ME310G1-WW"], &["ME310G1-WW", "J"], &["ME310\u{7}1-WW"], &["\u{fffd}~U"]]
        {
            assert!(model(lines).is_err(), "{lines:?}");
        }
    }

    #[test]
    fn of_the_packages_the_first_counts() {
        let lines = ["37.00.217-P0C.210001", "M0C.200006", "P0C.210001", "A0C.210001"];
        assert_eq!(SoftwarePackage.parse(&Reply::new(lines, "")), Ok(lines[0].to_owned()));
    }
}
