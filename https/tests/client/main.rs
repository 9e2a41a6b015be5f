//! The client against a module that the test plays: real port and engine, exact bytes, paused clock.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail by panicking, like the tests themselves")]

mod bodies;
mod builder;
mod cancellation;
mod platforms;
mod requests;
mod restart;
mod retries;
mod support;
#[cfg(not(feature = "socket"))]
mod without_socket;
