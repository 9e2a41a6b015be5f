//! What a firmware takes.

use super::query;
use crate::at::{Command, CommandLine, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply};

/// `AT#X=?`: the ranges that this firmware takes, one entry a field. `None` if it lacks the command.
#[derive(Clone, Copy, Debug)]
pub struct TestForm(pub &'static str);

impl Command for TestForm {
    type Response = Vec<String>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::test(self.0), Expect::lines(self.0)))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<String>, UnexpectedReply> {
        let Some(line) = reply.value(self.0) else {
            return Ok(Vec::new());
        };
        let fields = Fields::parse(&line);
        Ok((0..fields.len()).filter_map(|index| fields.text(index).map(str::to_owned)).collect())
    }
}
