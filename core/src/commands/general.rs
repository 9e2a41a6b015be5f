//! Echo, error format, identity.

use super::{query, setting};
use crate::at::{Command, CommandLine, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

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

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $command:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Command for $name {
            type Response = String;

            fn exchange(&self) -> Result<Exchange, InvalidValue> {
                Ok(query(CommandLine::execute($command), Expect::text()))
            }

            fn parse(&self, reply: &Reply) -> Result<String, UnexpectedReply> {
                let line = reply.lines().first();
                line.map(|line| line.to_string())
                    .ok_or_else(|| UnexpectedReply::new(concat!("the ", $what, " is missing")))
            }
        }
    };
}

identity! {
    /// `AT+CGMM`: the model, such as `ME310G1-WW`. Source: M37 p71.
    Model, "+CGMM", "model"
}

identity! {
    /// `AT+CGMR`: the firmware revision. Source: M37 p72.
    FirmwareRevision, "+CGMR", "firmware revision"
}

identity! {
    /// `AT+CGSN`: the IMEI. Source: M37 p73.
    SerialNumber, "+CGSN", "serial number"
}

identity! {
    /// `AT#SWPKGV`: the software package, whose number starts with the platform's. Source: M37 p78.
    SoftwarePackage, "#SWPKGV", "software package"
}
