//! The multiplexer of 27.010 by people who know nothing of the one here, at the host's end of the virtual module's line.
//!
//! Three of them: the crate `at-cmux` for embedded devices, `gsm0710muxd` for phones with Linux, and the line discipline of
//! the Linux kernel, where there is one.

mod at_cmux;
mod kernel;
mod muxd;
