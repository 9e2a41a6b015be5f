//! Several commands on one line, and whose the lines of their answer are.
//!
//! The module executes them from left to right and sends the information lines of each, then one final result for all of
//! them. At the first one that fails it stops, and does not tell which one that was. Source: M37 p19.

use std::sync::Arc;
use std::time::Duration;

use super::command_line::CommandLine;
use super::exchange::{Effect, Exchange, Expect, Shape};
use super::fields::after_prefix;
use super::reply::{Line, Reply};

impl Exchange {
    /// All of them on one line of at most `limit` characters. `None` if there are less than two, the line is too long, or
    /// one of them must stand alone: it carries a secret, asks for data or opens a stream.
    pub(crate) fn chain(members: &[Self], limit: usize) -> Option<Self> {
        let [_, _, ..] = members else { return None };
        if !members.iter().all(Self::may_be_chained) {
            return None;
        }
        let line = CommandLine::chain(members.iter().map(|member| &member.line));
        let shapes: Arc<[Shape]> = members.iter().map(|member| member.expect.0.clone()).collect();
        let mut chain = Self::new(line, Expect(Shape::Several(shapes)))
            .deadline(members.iter().map(|member| member.deadline).sum::<Duration>())
            .effect(joint_effect(members));
        chain.secret_answer = members.iter().any(|member| member.secret_answer);
        chain.numeric_result = members.iter().any(|member| member.numeric_result);
        (chain.line.as_bytes().len() <= limit).then_some(chain)
    }

    fn may_be_chained(&self) -> bool {
        let plain =
            matches!(self.expect.0, Shape::Final | Shape::Lines { .. } | Shape::Text { foreign: false });
        plain && !self.line.has_secrets() && !self.refuse_prompt
    }

    /// Whether this line is the first of the answer.
    fn is_headed_by(&self, text: &str) -> bool {
        let text: String = text.chars().filter(|c| *c != ' ').collect();
        self.head
            .as_ref()
            .is_some_and(|head| text == *head || (head.ends_with(':') && text.starts_with(head)))
    }

    /// Whether a line can be told to be part of the answer by its own look.
    fn claims(&self, text: &str) -> bool {
        match &self.expect.0 {
            Shape::Lines { prefix, accept } => {
                after_prefix(text, prefix).is_some_and(|rest| accept.is_none_or(|accept| accept(rest)))
            }
            _ => self.is_headed_by(text),
        }
    }

    fn takes_any_line(&self) -> bool {
        matches!(self.expect.0, Shape::Text { .. })
    }
}

fn joint_effect(members: &[Exchange]) -> Effect {
    let has = |effect| members.iter().any(|member| member.effect == effect);
    match () {
        () if has(Effect::Once) => Effect::Once,
        () if has(Effect::Idempotent) => Effect::Idempotent,
        () => Effect::Query,
    }
}

/// The answer of each member. `None` if a line belongs to none of them, or if one that reads has none: a module that
/// stops in the middle of a line and says `OK` has not done what stands behind.
pub(crate) fn shares(reply: &Reply, members: &[Exchange]) -> Option<Vec<Reply>> {
    let mut shares = vec![Reply::default(); members.len()];
    let mut current = 0;
    for line in reply.lines() {
        current = owner(line, members, current)?;
        shares.get_mut(current)?.lines.push(line.clone());
    }
    let mut reads = members.iter().zip(&shares).filter(|(member, _)| member.effect == Effect::Query);
    reads.all(|(_, share)| !share.lines.is_empty()).then_some(shares)
}

/// Answers come in the order of the commands: the line is of the current one or of one behind it.
fn owner(line: &Line, members: &[Exchange], current: usize) -> Option<usize> {
    let text = line.text();
    let text = text.trim();
    let behind = || members.iter().enumerate().skip(current + 1);
    let now = members.get(current)?;
    // The head of an answer looks like a line of the state that was asked for before it.
    let headed = behind().find(|(_, member)| member.is_headed_by(text));
    if let Some((index, _)) = headed {
        return Some(index);
    }
    if now.claims(text) || (now.takes_any_line() && !behind().any(|(_, member)| member.claims(text))) {
        return Some(current);
    }
    let claimed = behind().find(|(_, member)| member.claims(text));
    let bare = || behind().find(|(_, member)| member.takes_any_line() && member.head.is_none());
    claimed.or_else(bare).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn read(name: &'static str) -> Exchange {
        Exchange::new(CommandLine::read(name), Expect::lines(name)).effect(Effect::Query)
    }

    fn headed(line: &'static str, head: &str) -> Exchange {
        Exchange::new(CommandLine::execute(line), Expect::text()).effect(Effect::Query).headed(head)
    }

    fn lines(shares: &[Reply]) -> Vec<Vec<String>> {
        shares.iter().map(|share| share.lines().iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn extended_commands_are_separated_and_basic_ones_are_not() {
        let basic = Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result();
        let set = CommandLine::set("+CMEE").number(2_u8).build().unwrap();
        let set = Exchange::new(set, Expect::result()).effect(Effect::Idempotent);
        let chain = Exchange::chain(&[basic, set, read("#X"), read("#Y")], 400).unwrap();
        assert_eq!(chain.line.as_bytes(), b"ATE0V1Q0+CMEE=2;#X?;#Y?");
        assert!(chain.numeric_result && !chain.secret_answer);
        assert_eq!((chain.effect, chain.deadline), (Effect::Once, Duration::from_secs(20)));
    }

    #[test]
    fn what_must_stand_alone_is_not_chained() {
        let secret = CommandLine::set("#X").secret_text("password", "swordfish").build().unwrap();
        let prompt = Expect::counted_prompt(Bytes::from_static(b"x"), None);
        for alone in [
            Exchange::new(secret, Expect::result()),
            Exchange::new(CommandLine::execute("#X"), prompt),
            Exchange::new(CommandLine::execute("#X"), Expect::foreign_text()),
        ] {
            assert!(Exchange::chain(&[read("#Y"), alone], 400).is_none());
        }
        assert!(Exchange::chain(&[read("#Y")], 400).is_none(), "one is no chain");
        assert!(Exchange::chain(&[read("#Y"), read("#Z")], 8).is_none(), "AT#Y?;#Z? has nine characters");
        assert!(Exchange::chain(&[read("#Y"), read("#Z")], 9).is_some());
    }

    #[test]
    fn each_line_goes_to_its_command() {
        let members = [
            read("#SSLCFG"),
            headed("#SSLSECCS=1", "#SSLSECCS:"),
            read("#SSLSECDATA"),
            headed("#SSLSECDATA=1,2,1", "#SSLSECDATA:1,1"),
            headed("#SSLSECDATA=1,2,0", "#SSLSECDATA:1,0"),
        ];
        let reply = [
            "#SSLCFG:1,1",
            "#SSLSECCS:",
            "01: 0x1302",
            "#SSLSECDATA: 1,1,1,1,0,1",
            "#SSLSECDATA: 2,0,0,0,0,0",
            "#SSLSECDATA: 1,1",
            "MIIB",
            "#SSLSECDATA: 1,0",
            "MIIC",
        ];
        assert_eq!(
            lines(&shares(&Reply::new(reply, ""), &members).unwrap()),
            [
                vec!["#SSLCFG:1,1"],
                vec!["#SSLSECCS:", "01: 0x1302"],
                vec!["#SSLSECDATA: 1,1,1,1,0,1", "#SSLSECDATA: 2,0,0,0,0,0"],
                vec!["#SSLSECDATA: 1,1", "MIIB"],
                vec!["#SSLSECDATA: 1,0", "MIIC"],
            ]
        );
    }

    #[test]
    fn a_line_of_nobody_spoils_the_answer() {
        let members = [read("#X"), read("#Y")];
        assert!(shares(&Reply::new(["#X: 1", "noise", "#Y: 2"], ""), &members).is_none());
        assert!(shares(&Reply::new(["#Y: 2", "#X: 1"], ""), &members).is_none(), "the order is theirs");
        assert!(shares(&Reply::new(["#X: 1"], ""), &members).is_none(), "the second was not done");
        assert!(shares(&Reply::default(), &members).is_none());
        let bare = [read("#X"), Exchange::new(CommandLine::execute("#Z"), Expect::text())];
        let shares = shares(&Reply::new(["#X: 1", "any", "line"], ""), &bare).unwrap();
        assert_eq!(lines(&shares), [vec!["#X: 1"], vec!["any", "line"]]);
    }
}
