//! Code of the user that panics harms its own module alone.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use super::work::WorkError;

/// Runs a future; a panic in it is an error. It must not be polled again then.
///
/// # Cancel safety
/// The future goes on when it is given again.
pub(super) async fn contained<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Result<F::Output, String> {
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(words(panic))),
    })
    .await
}

/// Calls code of the user; a panic in it is an error.
pub(super) fn contain<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(words)
}

/// Drops what belongs to the user: that may panic, too.
pub(super) fn discard<T>(value: T) {
    if let Err(reason) = contain(|| drop(value)) {
        tracing::error!(reason, "what belongs to the user could not be dropped");
    }
}

/// What an error of the user says. It panics in its words or when it is dropped, or both, and neither goes any further.
pub(super) fn in_words(error: WorkError) -> String {
    let said = contain(|| error.to_string());
    discard(error);
    said.unwrap_or_else(|panic| panic)
}

fn words(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let words = format!("it panicked: {}", text.unwrap_or("without a message"));
    // What was thrown may itself panic when it is dropped, and so on.
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(another);
    }
    words
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_in_words() {
        assert_eq!(contained(pin!(async { 7 })).await, Ok(7));
        let panics = async { panic!("number {}", 7) };
        assert_eq!(
            contained::<dyn Future<Output = ()>>(pin!(panics)).await,
            Err("it panicked: number 7".to_owned())
        );
        let odd = async { std::panic::panic_any(7) };
        let expected = Err("it panicked: without a message".to_owned());
        assert_eq!(contained::<dyn Future<Output = ()>>(pin!(odd)).await, expected);
    }

    #[test]
    fn a_drop_that_panics_goes_no_further() {
        struct Bad;
        impl Drop for Bad {
            fn drop(&mut self) {
                panic!("bad");
            }
        }
        discard(Bad);
    }
}
