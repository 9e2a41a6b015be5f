//! `#HTTPCFG`: server and TLS flag of a profile.

use std::time::Duration;

use telit_core::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply,
};

const NAME: &str = "#HTTPCFG";

/// What we set in a profile. Everything else in it keeps its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProfileSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) timeout_seconds: u16,
    pub(crate) context_id: u8,
}

/// `AT#HTTPCFG=<profile>,"host",<port>,0,,,<tls>,<timeout>,<cid>`, kept in flash by the command itself.
///
/// Authentication is off: a password would be kept in flash too, and cannot be compared afterwards.
///
/// Source: SSL guide 8.2; M37 p857-859.
#[derive(Clone, Debug)]
pub(crate) struct Configure {
    pub(crate) profile: u8,
    pub(crate) settings: ProfileSettings,
    pub(crate) deadline: Duration,
}

impl Command for Configure {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let ProfileSettings { host, port, tls, timeout_seconds, context_id } = &self.settings;
        let line = CommandLine::set(NAME)
            .number(self.profile)
            .text("host", host)
            .number(*port)
            .number(0_u8)
            .omitted()
            .omitted()
            .number(u8::from(*tls))
            .number(*timeout_seconds)
            .number(*context_id)
            .build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Idempotent))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#HTTPCFG=<profile>`: gives a profile its default values. Source: M37 p859.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResetProfile {
    pub(crate) profile: u8,
    pub(crate) deadline: Duration,
}

impl Command for ResetProfile {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set(NAME).number(self.profile).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(self.deadline).effect(Effect::Idempotent))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#HTTPCFG?`: the settings of one profile; `None` if it is not listed, or holds what we never set.
///
/// Source: M37 p859.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadProfile {
    pub(crate) profile: u8,
    pub(crate) deadline: Duration,
}

impl Command for ReadProfile {
    type Response = Option<ProfileSettings>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let exchange = Exchange::new(CommandLine::read(NAME), Expect::lines(NAME));
        Ok(exchange.deadline(self.deadline).effect(Effect::Query))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<ProfileSettings>, UnexpectedReply> {
        let lines = reply.values(NAME);
        let ours = lines.iter().map(|line| Fields::parse(line));
        let ours = ours.into_iter().find(|fields| fields.number::<u8>(0) == Some(self.profile));
        Ok(ours.and_then(|fields| settings(&fields)))
    }
}

fn settings(fields: &Fields<'_>) -> Option<ProfileSettings> {
    let without_authentication = fields.number::<u8>(3) == Some(0);
    without_authentication.then_some(())?;
    Some(ProfileSettings {
        host: fields.text(1)?.to_owned(),
        port: fields.number(2)?,
        tls: fields.number::<u8>(6)? == 1,
        timeout_seconds: fields.number(7)?,
        context_id: fields.number(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::commands::line;

    const LOCAL: Duration = Duration::from_secs(5);

    fn settings(tls: bool) -> ProfileSettings {
        let host = "api.example".to_owned();
        ProfileSettings { host, port: 443, tls, timeout_seconds: 120, context_id: 1 }
    }

    fn read(lines: &[&str]) -> Option<ProfileSettings> {
        let reply = Reply::new(lines.iter().copied(), "");
        ReadProfile { profile: 0, deadline: LOCAL }.parse(&reply).unwrap()
    }

    #[test]
    fn exact_lines() {
        let configure = |tls| Configure { profile: 0, settings: settings(tls), deadline: LOCAL };
        assert_eq!(line(&configure(true)), "AT#HTTPCFG=0,\"api.example\",443,0,,,1,120,1");
        assert_eq!(line(&configure(false)), "AT#HTTPCFG=0,\"api.example\",443,0,,,0,120,1");
        assert_eq!(line(&ResetProfile { profile: 1, deadline: LOCAL }), "AT#HTTPCFG=1");
        assert_eq!(line(&ReadProfile { profile: 0, deadline: LOCAL }), "AT#HTTPCFG?");
    }

    #[test]
    fn stored_settings_with_and_without_blank() {
        for answer in [
            "#HTTPCFG: 0,\"api.example\",443,0,\"\",\"******\",1,120,1,1500,0,0",
            "#HTTPCFG:0,\"api.example\",443,0,\"\",\"******\",1,120,1",
            "#HTTPCFG: 0,api.example,443,0,,,1,120,1,300,0,0",
        ] {
            let other = "#HTTPCFG: 1,\"\",80,0,\"\",\"******\",0,120,1";
            assert_eq!(read(&[other, answer]), Some(settings(true)), "{answer}");
        }
    }

    #[test]
    fn what_cannot_be_ours_does_not_compare() {
        assert_eq!(read(&["#HTTPCFG: 0,\"api.example\",443,1,\"user\",\"******\",1,120,1"]), None);
        assert_eq!(read(&["#HTTPCFG: 0,\"api.example\",70000,0,,,1,120,1"]), None);
        assert_eq!(read(&["#HTTPCFG: 0,\"api.example\""]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_host_cannot_end_the_line() {
        let mut hostile = settings(true);
        hostile.host = "a\",80\r".to_owned();
        assert!(Configure { profile: 0, settings: hostile, deadline: LOCAL }.exchange().is_err());
    }
}
