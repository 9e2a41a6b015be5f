//! The module's FTP commands, one struct a form.

mod context;
mod directory;
mod server;
mod session;
mod transfer;
mod upload;

use std::time::Duration;

use telit_core::at::{CommandLine, Effect, Exchange, Expect, Reply, UnexpectedReply};

pub(crate) use context::{BindContext, BoundContext, Protocol};
pub(crate) use directory::{ChangeDirectory, Delete, LastMessage, List, WorkingDirectory};
pub(crate) use server::{ServerCommand, Verb};
pub(crate) use session::{Close, Configure, Extension, Open, SetBinary};
pub(crate) use transfer::{Available, FileSize, Get, GetBuffered, GetState, Receive, SetRestart};
pub(crate) use upload::{AppendBlock, Put, PutOnline};

/// Settings that the module keeps to itself. Source: UC864 guide p17, at most 5 s.
const LOCAL: Duration = Duration::from_secs(5);

fn setting(line: CommandLine) -> Exchange {
    Exchange::new(line, Expect::result()).deadline(LOCAL).effect(Effect::Idempotent)
}

/// The value of the one information line that a command promises.
fn value(reply: &Reply, prefix: &str) -> Result<String, UnexpectedReply> {
    reply.value(prefix).ok_or_else(|| UnexpectedReply::new(format!("the line {prefix}: is missing")))
}

fn malformed(prefix: &str) -> UnexpectedReply {
    UnexpectedReply::new(format!("the line {prefix}: is malformed"))
}

#[cfg(test)]
fn encoded(command: &impl telit_core::at::Command) -> String {
    let exchange = command.exchange().expect("encodes");
    String::from_utf8(exchange.line().as_bytes().to_vec()).expect("is ASCII")
}
