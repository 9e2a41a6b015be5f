//! The embedded servers against clients written for these tests, byte by byte.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod all;
mod authority;
mod aws;
mod broker;
mod client;
mod front;
mod ftps;
mod mqtt;
mod rest;
