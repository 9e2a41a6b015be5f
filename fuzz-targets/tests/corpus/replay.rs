//! Every input that is kept is run again.

use std::panic::catch_unwind;

use crate::{files, seeds, workspace};

/// Runs them all, and names those that fail.
fn replay(target: fn(&[u8]), inputs: &[(String, Vec<u8>)]) {
    assert!(!inputs.is_empty(), "no inputs");
    let failed = inputs.iter().filter(|(_, input)| catch_unwind(|| target(input)).is_err());
    let failed: Vec<&str> = failed.map(|(name, _)| name.as_str()).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn codec() {
    replay(telit_fuzz_targets::codec, &files(&seeds("codec")));
}

#[test]
fn engine() {
    replay(telit_fuzz_targets::engine, &files(&seeds("engine")));
}

#[test]
fn values() {
    replay(telit_fuzz_targets::values, &files(&seeds("values")));
}

#[test]
fn clients() {
    replay(telit_fuzz_targets::clients, &files(&seeds("clients")));
}

#[test]
fn packets() {
    replay(telit_fuzz_targets::packets, &files(&seeds("packets")));
}

#[test]
fn multiplexer() {
    replay(telit_fuzz_targets::multiplexer, &files(&seeds("multiplexer")));
}

#[test]
fn transcript() {
    let golden = files(&workspace().join("tests/transcripts"));
    let recorded = files(&workspace().join("tests/transcripts/sdk"));
    replay(telit_fuzz_targets::transcript, &[golden, recorded, files(&seeds("transcript"))].concat());
}
