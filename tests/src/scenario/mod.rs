//! One file a behaviour.

mod ftps;
mod https;
mod line_states;
mod mqtt;
mod ownership;
mod provision;
mod refused_peers;
mod transcripts;
