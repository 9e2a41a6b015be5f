//! The client against a scripted module on the other end of the line: exact bytes both ways, virtual time.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail by panicking, like the tests themselves"
)]

mod cancellation;
mod connect;
mod directory;
mod download;
mod firmware;
mod losses;
mod platforms;
mod recovery;
mod restart;
mod retry;
mod scripted_module;
mod upload;
