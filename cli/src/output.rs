//! What goes to standard output, and what is only for people.

use std::io::{self, Write};

use serde_json::Value;
use telit_core::Category;

use crate::failure::Failure;

/// How results are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The result: as one object in a line for scripts, or as text for people.
    pub(crate) fn result(&self, object: &Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json { line(&object.to_string()) } else { line(&text()) }
    }

    /// A line of text that is no result: standard output for people, standard error for scripts.
    #[expect(clippy::print_stderr, reason = "people's text goes to standard error with --json")]
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        match (self.quiet, self.json) {
            (true, _) => Ok(()),
            (false, true) => {
                eprintln!("{text}");
                Ok(())
            }
            (false, false) => line(text),
        }
    }

    /// A remark on standard error.
    #[expect(clippy::print_stderr, reason = "remarks go to standard error")]
    pub(crate) fn remark(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }
}

/// Writes a line to standard output at once.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    raw(format!("{text}\n").as_bytes())
}

/// Writes bytes to standard output at once. That nobody reads any more is not an error.
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            Err(Failure::new(Category::Other, format!("standard output cannot be written: {error}"))
                .hint("check where it goes: a full disk, or a reader that failed"))
        }
        Ok(()) => Ok(()),
    }
}

/// Milliseconds as people read them.
pub(crate) fn duration(duration: std::time::Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// Control characters, which could confuse a terminal, as escapes.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}
