//! What is said of one command: its name, whether it needs a SIM, its test form.

use super::Profile;

/// One command that the platform has.
#[derive(Debug)]
pub(crate) struct CommandSpec {
    pub(crate) name: &'static str,
    /// Refused while no SIM is inserted.
    pub(crate) needs_sim: bool,
    pub(crate) test: TestAnswer,
}

/// The answer to `=?`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TestAnswer {
    /// `OK` alone.
    Ok,
    /// `ERROR`
    Error,
    /// This line, with its prefix, then `OK`.
    Line(&'static str),
    /// This line, made from the profile, then `OK`.
    Profiled(fn(&Profile) -> String),
    /// The handler answers.
    Computed,
}

impl CommandSpec {
    pub(super) const fn local(name: &'static str, test: TestAnswer) -> Self {
        Self { name, needs_sim: false, test }
    }

    pub(super) const fn with_sim(name: &'static str, test: TestAnswer) -> Self {
        Self { name, needs_sim: true, test }
    }
}
