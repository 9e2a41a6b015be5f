//! AT engine, bring-up, TLS set-up and the exclusive rule of Telit cellular modules.

pub mod at;
pub mod commands;
pub mod driver;
mod error;
pub mod exclusive;
pub mod modem;
pub mod platform;
pub mod socket;
pub mod tls;
pub mod transport;

pub use error::{Category, CommandError, Outcome};
pub use modem::Modem;
