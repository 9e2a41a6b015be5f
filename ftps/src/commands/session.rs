//! Configuring, opening and closing a session.

use std::time::Duration;

use telit_core::at::{Command, CommandLine, Effect, Exchange, Expect, InvalidValue, Reply, UnexpectedReply};

use super::setting;
use crate::options::Password;

/// `<FTPext>`: which commands open data connections. Source: M37 p838; the last one is in no public document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extension {
    /// EPSV and EPRT even with IPv4.
    ExtendedCommands,
    /// PASV and PORT with IPv4.
    PlainCommands,
    /// TLS from the first byte on.
    ImplicitTls,
}

impl Extension {
    fn number(self) -> u8 {
        match self {
            Self::ExtendedCommands => 0,
            Self::PlainCommands => 1,
            Self::ImplicitTls => 2,
        }
    }
}

/// `AT#FTPCFG=<tout>,<IPPignoring>,<FTPSEn>[,<FTPext>]`. Lost at every reboot of the module, so it is
/// sent before every `#FTPOPEN`.
///
/// Source: M37 p837-839; SSL guide 9.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Configure {
    /// How long opening a connection may take.
    pub(crate) timeout: Duration,
    /// Whether a private address in the answer to PASV is replaced by the server's.
    pub(crate) ignore_passive_address: bool,
    /// Whether the next session uses TLS.
    pub(crate) tls: bool,
    /// `None` where the platform lacks the field.
    pub(crate) extension: Option<Extension>,
}

impl Command for Configure {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let tenths = u64::try_from(self.timeout.as_millis() / 100).unwrap_or(u64::MAX);
        let mut line = CommandLine::set("#FTPCFG")
            .number(tenths)
            .number(u8::from(self.ignore_passive_address))
            .number(u8::from(self.tls));
        if let Some(extension) = self.extension {
            line = line.number(extension.number());
        }
        Ok(setting(line.build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPOPEN=<server:port>,<username>,<password>,<mode>[,<cid>]`: connects, starts TLS and logs in.
///
/// Source: M37 p825; SSL guide 9.1.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// Host and port as one string, IPv6 in brackets.
    pub(crate) server: String,
    pub(crate) user: String,
    pub(crate) password: Password,
    pub(crate) passive: bool,
    /// `None` where the platform lacks the field.
    pub(crate) context: Option<u8>,
    pub(crate) deadline: Duration,
}

impl Command for Open {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let mut line = CommandLine::set("#FTPOPEN")
            .text("host", &self.server)
            .text("user", &self.user)
            .secret_text("password", self.password.reveal())
            .number(u8::from(self.passive));
        if let Some(context) = self.context {
            line = line.number(context);
        }
        Ok(Exchange::new(line.build()?, Expect::result()).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPCLOSE`. Source: M37 p811.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Close {
    pub(crate) deadline: Duration,
}

impl Command for Close {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::execute("#FTPCLOSE");
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Idempotent))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#FTPTYPE=0`: bytes as they are. The default of a session is printed nowhere, so it is always sent.
///
/// Source: M37 p835.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetBinary {
    pub(crate) deadline: Duration,
}

impl Command for SetBinary {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#FTPTYPE").number(0_u8).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Idempotent))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoded;
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    #[test]
    fn configuration_is_in_tenths_of_a_second() {
        let mut configure = Configure {
            timeout: Duration::from_secs(60),
            ignore_passive_address: true,
            tls: true,
            extension: Some(Extension::PlainCommands),
        };
        assert_eq!(encoded(&configure), "AT#FTPCFG=600,1,1,1");
        configure.extension = Some(Extension::ExtendedCommands);
        configure.tls = false;
        assert_eq!(encoded(&configure), "AT#FTPCFG=600,1,0,0");
        configure.extension = None;
        assert_eq!(encoded(&configure), "AT#FTPCFG=600,1,0");
        configure.tls = true;
        configure.extension = Some(Extension::ImplicitTls);
        assert_eq!(encoded(&configure), "AT#FTPCFG=600,1,1,2");
    }

    #[test]
    fn opening_hides_the_password() {
        let open = Open {
            server: "ftp.example:21".into(),
            user: "user".into(),
            password: Password::new("swordfish"),
            passive: true,
            context: Some(1),
            deadline: WAIT,
        };
        assert_eq!(encoded(&open), "AT#FTPOPEN=\"ftp.example:21\",\"user\",\"swordfish\",1,1");
        assert!(!format!("{open:?} {:?}", open.exchange()).contains("swordfish"));
        let without_context = Open { context: None, passive: false, ..open };
        assert_eq!(encoded(&without_context), "AT#FTPOPEN=\"ftp.example:21\",\"user\",\"swordfish\",0");
    }

    #[test]
    fn passwords_that_cannot_be_sent_are_refused_without_being_shown() {
        let open = Open {
            server: "h:21".into(),
            user: "u".into(),
            password: Password::new("sword\"fish"),
            passive: true,
            context: None,
            deadline: WAIT,
        };
        let error = open.exchange().unwrap_err();
        assert_eq!(error.field(), "password");
        assert!(!format!("{error} {error:?}").contains("fish"));
    }

    #[test]
    fn small_ones() {
        assert_eq!(encoded(&Close { deadline: WAIT }), "AT#FTPCLOSE");
        assert_eq!(encoded(&SetBinary { deadline: WAIT }), "AT#FTPTYPE=0");
    }
}
