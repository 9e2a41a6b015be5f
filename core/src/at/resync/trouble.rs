//! How the engine got out of step.

use std::time::{Duration, Instant};

use super::ladder::{ESCAPE_FIRST, ESCAPE_KEY_FIRST, LADDER, PROBES_ONLY, Remedy};
use crate::at::command_line::CommandLine;
use crate::at::entry::OpenEntry;
use crate::at::event::Failure;
use crate::at::pending::OpenPrompt;
use crate::at::reply::Reply;
use crate::at::settings::Settings;

/// How many times the quiet time a late prompt gets before the first probe could fall into it.
const LATE_PROMPT_PATIENCE: u32 = 15;

/// How the engine got out of step, as far as it matters for the way back.
#[derive(Default)]
pub(crate) struct Trouble {
    /// A prompt that may still open.
    pub(crate) late_prompt: Option<OpenPrompt>,
    /// A counted entry that may stand open, or open yet.
    pub(crate) entry: Option<OpenEntry>,
    /// What arrives may be secret.
    pub(crate) secret: bool,
    /// The command, if it has secrets.
    pub(crate) command: Option<CommandLine>,
    pub(crate) cause: Cause,
    /// An answer that counts only if nothing follows it.
    pub(crate) held: Option<Result<Reply, Failure>>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    #[default]
    Unknown,
    /// A counted payload was sent, and the module may still wait for the rest of it.
    PayloadSent,
    /// A stream with a peer may stand open: it ended as if the module had ended it, and its peer can send what looks like
    /// that; or the answer to the dial was lost. The peer would get what is sent meanwhile.
    StreamOpen,
    /// A prompt opened that nobody has an answer for.
    PromptOpen,
    /// The end of an answer was recognised by the silence behind it.
    Silence,
}

impl Trouble {
    /// How long the silence before the first probe has to be.
    pub(super) fn patience(&self, settings: &Settings) -> Duration {
        let patience = settings.quiet
            * match self.cause {
                // The silence has already passed.
                Cause::Silence => 0,
                _ if self.late_prompt.is_some() => LATE_PROMPT_PATIENCE,
                _ => 1,
            };
        self.entry.map_or(patience, |entry| entry.patience().max(patience))
    }

    /// What can be tried without making it worse.
    pub(super) fn ladder(&self, now: Instant) -> &'static [Remedy] {
        match self.cause {
            _ if self.entry.is_some_and(|entry| entry.is_kept(now)) => PROBES_ONLY,
            Cause::PayloadSent => PROBES_ONLY,
            Cause::StreamOpen => ESCAPE_FIRST,
            Cause::PromptOpen => ESCAPE_KEY_FIRST,
            Cause::Unknown | Cause::Silence => LADDER,
        }
    }
}
