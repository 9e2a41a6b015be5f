//! Panics of background tasks, which a runtime keeps to itself.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Forgets what this thread has panicked about, and listens from now on.
pub(super) fn forget() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            LAST.with(|last| *last.borrow_mut() = Some(panic.to_string()));
            others(panic);
        }));
    });
    LAST.with(|last| *last.borrow_mut() = None);
}

/// What this thread has panicked about last.
pub(super) fn last() -> Option<String> {
    LAST.with(|last| last.borrow().clone())
}
