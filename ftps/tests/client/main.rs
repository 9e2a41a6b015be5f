//! The client against a scripted module on the other end of the line: exact bytes both ways, virtual time.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod cancellation;
mod connect;
mod directory;
mod download;
mod firmware;
mod recovery;
mod scripted_module;
mod upload;
