//! An FTP and FTPS client: a control connection and at most one data connection (RFC 959, 2228, 2428, 3659, 4217).

mod control;
mod data;
mod endpoint;
mod error;
mod options;
mod reply;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use data::{DataReceiver, DataSender};
pub(crate) use error::FtpError;
pub(crate) use options::{Options, TransferType};
pub(crate) use reply::Reply;
pub(crate) use session::Session;
