//! The settings that a module forgets when it restarts, and which of them have to be sent again.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::at::{Exchange, Failure};

#[derive(Debug, Default)]
pub(super) struct Restoring {
    /// Most ports have the same ones.
    settings: Cow<'static, [Exchange]>,
    /// Those that were found to be necessary later.
    more: Vec<Exchange>,
    /// Those that still have to be sent again.
    queue: VecDeque<Exchange>,
    /// The module answers nothing: they wait until it does.
    held: bool,
    /// The stream to the module is new, and nothing has shown yet whether the module has restarted meanwhile.
    unproven: bool,
    /// A command was answered without an echo since the settings were sent last. A module that never stops echoing has
    /// not restarted each time.
    quiet: bool,
    /// The command under way was echoed.
    echoed: bool,
}

impl Restoring {
    pub(super) fn new(settings: Cow<'static, [Exchange]>) -> Self {
        Self { settings, quiet: true, ..Self::default() }
    }

    /// Belongs to the settings from now on.
    pub(super) fn remember(&mut self, exchange: Exchange) {
        self.more.push(exchange);
    }

    fn has_settings(&self) -> bool {
        !self.settings.is_empty() || !self.more.is_empty()
    }

    /// Whether one has to go before the next request.
    pub(super) fn is_due(&self) -> bool {
        !self.held && !self.queue.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<Exchange> {
        self.queue.pop_front()
    }

    /// All of them have to be sent again.
    pub(super) fn begin(&mut self) {
        self.queue = self.settings.iter().chain(&self.more).cloned().collect();
    }

    /// The stream is a new one, and the module behind it in any state.
    pub(super) fn begin_on_new_stream(&mut self) {
        self.begin();
        self.held = false;
        self.unproven = self.has_settings();
    }

    /// The module echoed although it was told not to. `own` says that it echoed one of the settings. Gives whether
    /// that is news: it has restarted.
    ///
    /// A module that goes on echoing must not keep the task busy with nothing but its settings.
    pub(super) fn echo_seen(&mut self, own: bool) -> bool {
        if !self.has_settings() {
            return false;
        }
        self.echoed |= !own;
        if own || !self.queue.is_empty() {
            return std::mem::take(&mut self.unproven);
        }
        self.begin();
        std::mem::take(&mut self.quiet)
    }

    /// An exchange ended; `own` says that it was one of the settings.
    pub(super) fn completed(&mut self, own: bool, failure: Option<&Failure>) {
        let silent =
            matches!(failure, Some(Failure::NotResponding | Failure::TimedOut { .. } | Failure::Restarted));
        if own && silent {
            self.begin();
        }
        self.held = silent;
        let answered = matches!(failure, None | Some(Failure::Refused(_)));
        if !own && !std::mem::take(&mut self.echoed) && answered {
            self.quiet = true;
        }
        if own && !silent && self.queue.is_empty() {
            self.unproven = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{CommandLine, Expect};

    fn restoring() -> Restoring {
        let setting = |name| Exchange::new(CommandLine::execute(name), Expect::result());
        Restoring::new(vec![setting("E0"), setting("+X")].into())
    }

    fn names(restoring: &mut Restoring) -> Vec<String> {
        let mut names = Vec::new();
        while restoring.is_due() {
            names.extend(restoring.next().map(|exchange| exchange.line().name().to_owned()));
        }
        names
    }

    #[test]
    fn an_echo_is_a_restart_once() {
        let mut restoring = restoring();
        assert!(!restoring.is_due());
        assert!(restoring.echo_seen(false));
        assert!(!restoring.echo_seen(true), "of the first setting");
        assert_eq!(names(&mut restoring), ["E0", "+X"]);
        assert!(!restoring.echo_seen(true), "of the last one");
        restoring.completed(true, None);
        assert!(!restoring.echo_seen(false), "it goes on echoing");
        restoring.completed(false, None);
        assert_eq!(names(&mut restoring), ["E0", "+X"]);
        restoring.completed(true, None);
        restoring.completed(false, None);
        assert!(restoring.echo_seen(false), "it was quiet, and has restarted again");
    }

    #[test]
    fn on_a_new_stream_an_echo_of_the_settings_proves_the_restart() {
        let mut restoring = restoring();
        restoring.begin_on_new_stream();
        assert!(restoring.echo_seen(true));
        assert!(!restoring.echo_seen(true));
        restoring.begin_on_new_stream();
        assert_eq!(names(&mut restoring), ["E0", "+X"]);
        restoring.completed(true, None);
        assert!(!restoring.echo_seen(true), "it had not restarted");
    }

    #[test]
    fn settings_wait_for_a_module_that_answers() {
        let mut restoring = restoring();
        restoring.begin();
        assert!(restoring.next().is_some());
        restoring.completed(true, Some(&Failure::NotResponding));
        assert!(!restoring.is_due());
        restoring.completed(false, Some(&Failure::NotResponding));
        assert!(!restoring.is_due());
        restoring.completed(false, Some(&Failure::Unexpected("x")));
        assert_eq!(names(&mut restoring), ["E0", "+X"], "from the first one on");
    }

    #[test]
    fn nothing_to_restore_means_nothing_is_known() {
        let mut restoring = Restoring::default();
        restoring.begin_on_new_stream();
        assert!(!restoring.echo_seen(false));
        assert!(!restoring.is_due());
    }
}
