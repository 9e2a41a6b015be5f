//! One file a behaviour.

mod line_states;
mod mqtt;
mod ownership;
mod provision;
mod refused_peers;
mod transcripts;
