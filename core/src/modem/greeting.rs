//! The first line of a start: everything that has to be known of a module that was switched on just now.

use std::time::Duration;

use super::Modem;
use super::bring_up::first_reads;
use super::builder::{Names, NetworkOptions};
use crate::at::{Command, CommandLine, Effect, Exchange, Expect, Reply, shares};
use crate::commands::{EchoOff, ReadClock, VerboseErrors};
use crate::driver::{AtChannel, AtPort};
use crate::exclusive;
use crate::platform::Profile;

/// How long the first answer may take: all of it is what the module knows by itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// The identity in forms with a prefix, by which answers are told apart. Source: M37 p74-76, p120.
const IDENTITY: [&str; 3] = ["#CGMM", "#CGMR", "#CGSN"];

/// Asked for leftovers, and again before a client is created.
const CLIENTS: &str = "#MQEN";

/// What is asked.
pub(super) struct Greeting {
    members: Vec<Exchange>,
    line: Exchange,
}

/// What the module has answered.
pub(super) struct Greeted {
    pub(super) names: Names,
    pub(super) serial_number: String,
    members: Vec<Exchange>,
    replies: Vec<Reply>,
}

impl Greeting {
    /// Settings and identity; with a profile also what bring-up and the first owner of TLS will ask.
    pub(super) fn new(profile: Option<&Profile>, network: &NetworkOptions) -> Option<Self> {
        let mut members = vec![EchoOff.exchange().ok()?, VerboseErrors.exchange().ok()?];
        members.extend(IDENTITY.map(|name| {
            Exchange::new(CommandLine::execute(name), Expect::lines(name)).effect(Effect::Query)
        }));
        if let Some(profile) = profile {
            members.extend(first_reads(profile, network));
            members.extend(ReadClock.exchange());
            members.extend(exclusive::reads(profile));
        }
        let limit = profile.map_or(crate::at::DEFAULT_LINE_LIMIT, |profile| profile.line.command_length);
        let line = Exchange::chain(&members, limit)?.deadline(PATIENCE);
        Some(Self { members, line })
    }

    /// `None`: the module has not answered all of it, for whatever reason.
    pub(super) async fn run(self, port: &AtPort) -> Option<Greeted> {
        let reply = port.execute(self.line).await.map_err(|error| {
            tracing::debug!(%error, "the first line failed");
        });
        let replies = shares(&reply.ok()?, &self.members)?;
        let told = |index: usize, name: &str| {
            let value = replies.get(index)?.value(name)?.trim().to_owned();
            let is_name =
                !value.is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            is_name.then_some(value)
        };
        let [model, firmware, serial] = IDENTITY;
        let names = Names { model: told(2, model)?, firmware: told(3, firmware)? };
        let serial_number = told(4, serial)?;
        Some(Greeted { names, serial_number, members: self.members, replies })
    }
}

impl Modem {
    /// What was answered ahead.
    pub(super) fn keep_greeting(&self, greeted: Greeted) {
        let mut known = self.known();
        known.ahead.taken = true;
        let asked_twice = CommandLine::read(CLIENTS);
        let again = greeted.members.iter().filter(|member| *member.line() == asked_twice);
        let all: Vec<Exchange> = greeted.members.iter().chain(again).cloned().collect();
        known.ahead.keep(&all, &greeted.members, &greeted.replies);
    }
}
