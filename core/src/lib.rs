//! AT engine, bring-up, TLS set-up and the exclusive rule of Telit cellular modules.

pub mod at;
mod backoff;
pub mod channels;
pub mod commands;
pub mod diagnosis;
#[cfg(feature = "download")]
pub mod download;
pub mod driver;
mod error;
pub mod exclusive;
pub mod fan_in;
pub mod fan_out;
pub mod modem;
pub mod multiplexer;
pub mod platform;
pub mod pool;
pub mod socket;
pub mod supervisor;
mod task;
pub mod tls;
pub mod transport;

pub use backoff::Backoff;
pub use error::{Category, CommandError, Outcome};
pub use modem::Modem;
