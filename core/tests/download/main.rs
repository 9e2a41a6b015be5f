//! Downloads to a file: any source, a real disk.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail by panicking, like the tests themselves"
)]

mod kill;
mod offers;
mod server;
mod verification;
